package rules

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/statveil/statveil/rules/detect"
)

// An edit is what one rule takes of one value: text[start:end].
type edit struct {
	start, end int
	rule       *Rule
	kind       string
	canonical  string
	spaced     bool   // found where + is read as a space
	was        string // what the Replacer was shown
	with       string // what takes its place
}

// A treater applies the rules that cover one value, in order. It is reused from
// value to value, so that what is not replaced costs no memory.
type treater struct {
	replace Replacer
	number  bool   // the value is a JSON number
	plus    bool   // the value is from a URL: + may be a space
	spaced  string // the value with + read as a space; "" where that changes nothing
	place   func() string

	layers [2]layer // percent-decoded
	edits  []edit
	whole  bool // the last value was taken or kept to its last character
	spans  []detect.Span

	f      Finding
	secret *secret // of f
}

// treat collects in t.edits what the rules take of text, sorted, with what
// takes its place; kept text gives no edit. As names, rules without find search
// for any: a member name is not replaced whole unasked.
func (t *treater) treat(rules []*Rule, text string, names bool) error {
	t.forget()
	for _, rule := range rules {
		kinds := rule.find
		if kinds == nil && names {
			kinds = detect.Any
		}
		if kinds == nil {
			if !t.covered(len(text)) {
				clear(t.edits)
				t.edits = append(t.edits[:0], edit{end: len(text), rule: rule, kind: "value"})
			}
			break
		}
		if t.number {
			continue // digits alone are nobody's number
		}
		t.find(rule, kinds, text)
		if rule == lastLook && t.tokenIn(text) {
			return &Error{Unsafe, "a JWT holds personal data; name it in a rule, or keep it"}
		}
	}
	t.whole = t.covered(len(text))
	return t.ask(text)
}

// forget drops what is held of the value before.
func (t *treater) forget() {
	clear(t.edits)
	t.edits = t.edits[:0]
	if t.secret != nil {
		*t.secret = secret{}
	}
}

// covered says whether every character is taken already.
func (t *treater) covered(n int) bool {
	at := 0
	for _, e := range t.edits {
		if e.start > at {
			return false
		}
		at = max(at, e.end)
	}
	return at >= n && len(t.edits) > 0
}

// find adds the findings of one rule that no earlier rule took. Percent-encoded
// text is searched as written and decoded, as often as it was encoded.
func (t *treater) find(rule *Rule, kinds []detect.Kind, text string) {
	t.spans = detect.Find(t.spans[:0], text, kinds...)
	t.add(rule, nil, false)
	if t.spaced != "" {
		t.spans = detect.Find(t.spans[:0], t.spaced, kinds...)
		t.add(rule, nil, true)
	}
	var offsets []int
	for i := range maxDecodings {
		l := &t.layers[i%2] // the other one is being read
		if !l.decode(text, offsets) {
			return
		}
		decoded, starts := view(l.text), l.offsets
		t.spans = detect.Find(t.spans[:0], decoded, kinds...)
		t.add(rule, starts, false)
		if strings.IndexByte(text, '+') >= 0 { // as forms are encoded: %2B1+202+555+0143
			var spaced layer
			spaced.decode(strings.ReplaceAll(text, "+", " "), nil)
			t.spans = detect.Find(t.spans[:0], view(spaced.text), kinds...)
			t.add(rule, starts, false)
		}
		text, offsets = decoded, starts
	}
}

// maxDecodings is how many percent-encodings on top of each other are undone.
const maxDecodings = 5

// add keeps the spans that overlap nothing taken, mapped back by offsets.
func (t *treater) add(rule *Rule, offsets []int, spaced bool) {
	taken, i := len(t.edits), 0
	for _, s := range t.spans {
		e := edit{start: s.Start, end: s.End, rule: rule, kind: s.Kind.String(), canonical: s.Canonical, spaced: spaced}
		if offsets != nil {
			e.start, e.end = offsets[s.Start], offsets[s.End]
		}
		for i < taken && t.edits[i].end <= e.start {
			i++
		}
		if i == taken || t.edits[i].start >= e.end {
			t.edits = append(t.edits, e)
		}
	}
	clear(t.spans)
	if len(t.edits) > taken {
		slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
	}
}

// ask calls the Replacer for every finding, and drops the ones that are kept.
func (t *treater) ask(text string) error {
	if len(t.edits) == 0 {
		return nil
	}
	if t.secret == nil {
		t.secret = &secret{}
	}
	n := 0
	for _, e := range t.edits {
		t.f = Finding{Rule: e.rule, Kind: e.kind, Number: t.number, secret: &t.secret}
		switch e.was = text[e.start:e.end]; {
		case t.number:
			e.was = decimal(e.was)
		case e.spaced:
			e.was = t.spaced[e.start:e.end]
		case t.spaced != "" && e.kind == "value":
			e.was = plusOrSpace(e.was, t.spaced)
		}
		*t.secret = secret{e.was, e.canonical, t.place}
		with, err := t.replace(&t.f)
		if err != nil {
			return err
		}
		if e.rule.Do == Keep {
			continue
		}
		e.with = with
		t.edits[n] = e
		n++
	}
	clear(t.edits[n:])
	t.edits = t.edits[:n]
	return nil
}

// urlText decodes a part of a path or query. It says false where unpercent does.
func urlText(raw string) (string, bool) {
	text, ok := unpercent(raw)
	if spaced := withSpaces(raw); ok && spaced != "" {
		text = plusOrSpace(text, spaced)
	}
	return text, ok
}

// withSpaces decodes a part of a URL as forms are: a bare + is a space. Where
// there is none it returns "".
func withSpaces(raw string) string {
	if strings.IndexByte(raw, '+') < 0 {
		return ""
	}
	text, _ := unpercent(strings.ReplaceAll(raw, "+", " "))
	return text
}

// plusOrSpace reads the bare + of a URL: as a plus where that gives a finding,
// else as the space that form encoders mean by it.
func plusOrSpace(text, spaced string) string {
	for _, s := range detect.Find(nil, text, detect.Any...) {
		if text[s.Start:s.End] != spaced[s.Start:s.End] {
			return text
		}
	}
	return spaced
}

// A layer is a text with one percent-encoding undone where there was one, and
// what only looks like one left. offsets[i] is where byte i of it began in the
// outermost text.
type layer struct {
	text    []byte
	offsets []int
}

// decode makes the layer of s, and says whether there was anything to undo.
// before is the offsets of s itself, nil for the outermost text.
func (l *layer) decode(s string, before []int) bool {
	if strings.IndexByte(s, '%') < 0 {
		return false
	}
	l.text, l.offsets = l.text[:0], l.offsets[:0]
	for i := 0; i < len(s); {
		at := i
		if before != nil {
			at = before[i]
		}
		l.offsets = append(l.offsets, at)
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			l.text = append(l.text, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 3
			continue
		}
		l.text = append(l.text, s[i])
		i++
	}
	end := len(s)
	if before != nil {
		end = before[end]
	}
	l.offsets = append(l.offsets, end)
	return len(l.text) < len(s)
}

// jwtLike is false for most texts without a JWT: one has two dots, and begins
// with the base64url of { and what may follow it in JSON, a quote or white space.
func jwtLike(text string) bool {
	return strings.Count(text, ".") >= 2 && (strings.Contains(text, "ey") || strings.Contains(text, "ew"))
}

// tokenIn says whether a JWT (RFC 7519) in text, outside what is taken, holds
// personal data: to rewrite one unasked would break its signature.
func (t *treater) tokenIn(text string) bool {
	if !jwtLike(text) {
		return false
	}
	for start := 0; start < len(text); start++ {
		end, dots := start, 0
		for end < len(text) && (isBase64url(text[end]) || text[end] == '.') {
			if text[end] == '.' {
				dots++
			}
			end++
		}
		// More than 2 dots: the end of a sentence, or one token after the other.
		if dots >= 2 && !t.taken(start, end) {
			for part := range strings.SplitSeq(text[start:end], ".") {
				// { and what may follow it in JSON: " or a space, or a line end or tab.
				if !strings.HasPrefix(part, "ey") && !strings.HasPrefix(part, "ew") {
					continue
				}
				if claims, err := base64.RawURLEncoding.DecodeString(part); err == nil && personal(claims) {
					return true
				}
			}
		}
		start = end
	}
	return false
}

// taken says whether one edit holds text[start:end].
func (t *treater) taken(start, end int) bool {
	i, _ := slices.BinarySearchFunc(t.edits, start, func(e edit, at int) int { return cmp.Compare(e.end, at+1) })
	return i < len(t.edits) && t.edits[i].start <= start && end <= t.edits[i].end
}

func isBase64url(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// personal says whether the last look finds anything in decoded bytes: in the
// values of a JSON text, else in the bytes as they are.
func personal(b []byte) bool {
	found := false
	look := func(*Finding) (string, error) { found = true; return "", nil }
	w := getWalker()
	defer w.release()
	if _, _, err := w.rewrite(nil, b, DefaultDepth, noRules, look); err != nil && !found {
		if !utf8.Valid(b) {
			return false
		}
		t := treater{replace: look, place: func() string { return "" }}
		return t.treat([]*Rule{lastLook}, string(b), false) != nil || found
	}
	return found
}

// decimal writes a JSON number by its exact value, so that 1e3, 1000 and 1000.0
// are one: without exponent where that takes at most 64 zeros, else as 1e65. An
// exponent of millions stays as it was written: no text of the value has room.
func decimal(s string) string {
	const huge, zeros = 1 << 27, 64
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		negative := false
		for _, c := range s[i+1:] {
			switch {
			case c == '-':
				negative = true
			case c != '+' && exp < huge:
				exp = exp*10 + int(c-'0')
			}
		}
		if negative {
			exp = -exp
		}
	}
	sign := ""
	if mantissa[0] == '-' {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits != "" && (exp >= huge || exp <= -huge) {
		return strings.Clone(s)
	}
	exp -= len(fraction)
	for strings.HasSuffix(digits, "0") {
		digits, exp = digits[:len(digits)-1], exp+1
	}
	switch {
	case digits == "":
		return "0"
	case exp >= 0 && exp <= zeros:
		return sign + digits + strings.Repeat("0", exp)
	case exp < 0 && -exp < len(digits):
		return sign + digits[:len(digits)+exp] + "." + digits[len(digits)+exp:]
	case exp < 0 && -exp-len(digits) <= zeros:
		return sign + "0." + strings.Repeat("0", -exp-len(digits)) + digits
	}
	return sign + digits + "e" + strconv.Itoa(exp)
}
