package rules

import (
	"cmp"
	"encoding/base64"
	"slices"
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
	with       string // what takes its place
}

// A treater applies the rules that cover one value, in order. It is reused from
// value to value, so that what is not replaced costs no memory.
type treater struct {
	replace Replacer
	number  bool // the value is a JSON number
	plus    bool // the value is from a URL: + may be a space
	place   func() string

	edits []edit
	whole bool // the last value was taken or kept to its last character
	spans []detect.Span

	f      Finding
	secret secret // of f
}

// treat collects in t.edits what the rules take of text, sorted, with what
// takes its place; kept text gives no edit. As names, rules without find search
// for any: a member name is not replaced whole unasked.
func (t *treater) treat(rules []*Rule, text string, names bool) error {
	t.edits = t.edits[:0]
	for _, rule := range rules {
		kinds := rule.find
		if kinds == nil && names {
			kinds = detect.Any
		}
		if kinds == nil {
			if !t.covered(len(text)) {
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
	t.add(rule, nil)
	if t.plus && strings.IndexByte(text, '+') >= 0 {
		t.spans = detect.Find(t.spans[:0], strings.ReplaceAll(text, "+", " "), kinds...)
		t.add(rule, nil)
	}
	var offsets []int
	for range maxDecodings {
		decoded, starts, ok := looseUnpercent(text, offsets)
		if !ok {
			return
		}
		text, offsets = decoded, starts
		t.spans = detect.Find(t.spans[:0], text, kinds...)
		t.add(rule, offsets)
	}
}

// maxDecodings is how many percent-encodings on top of each other are undone.
const maxDecodings = 5

// add keeps the spans that overlap nothing taken, mapped back by offsets.
func (t *treater) add(rule *Rule, offsets []int) {
	taken, i := len(t.edits), 0
	for _, s := range t.spans {
		e := edit{start: s.Start, end: s.End, rule: rule, kind: s.Kind.String(), canonical: s.Canonical}
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
	n := 0
	for _, e := range t.edits {
		t.f = Finding{Rule: e.rule, Kind: e.kind, Number: t.number, secret: &t.secret}
		t.secret = secret{text[e.start:e.end], e.canonical, t.place}
		if t.number {
			t.secret.text = decimal(t.secret.text)
		}
		if t.plus && e.kind == "value" {
			t.secret.text = plusText(t.secret.text)
		}
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
	t.secret = secret{}
	return nil
}

// plusText reads a bare + of a URL: as a plus where that gives a finding that
// covers the value, else as the space that form encoders mean by it.
func plusText(s string) string {
	if strings.IndexByte(s, '+') < 0 {
		return s
	}
	if _, ok := detect.Canonical(s); ok {
		return s
	}
	return strings.ReplaceAll(s, "+", " ")
}

// looseUnpercent undoes one percent-encoding where there is one, and leaves
// what only looks like one. offsets[i] is where byte i of the result began in
// the outermost text; before is those of s itself, nil for the identity.
func looseUnpercent(s string, before []int) (string, []int, bool) {
	if !strings.Contains(s, "%") {
		return "", nil, false
	}
	out := make([]byte, 0, len(s))
	offsets := make([]int, 0, len(s)+1)
	for i := 0; i < len(s); {
		offsets = append(offsets, i)
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 3
			continue
		}
		out = append(out, s[i])
		i++
	}
	offsets = append(offsets, len(s))
	if len(out) == len(s) {
		return "", nil, false
	}
	if before != nil {
		for i, o := range offsets {
			offsets[i] = before[o]
		}
	}
	return string(out), offsets, true
}

// tokenIn says whether a JWT (RFC 7519) in text, outside what is taken, holds
// personal data: to rewrite one unasked would break its signature.
func (t *treater) tokenIn(text string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], "eyJ") // {" in base64url
		if i < 0 {
			return false
		}
		start := at + i
		end := start
		for end < len(text) && (isBase64url(text[end]) || text[end] == '.') {
			end++
		}
		at = end
		if t.taken(start, end) || strings.Count(text[start:end], ".") < 2 {
			continue // more than 2: the end of a sentence, or one token after the other
		}
		for part := range strings.SplitSeq(text[start:end], ".") {
			if claims, err := base64.RawURLEncoding.DecodeString(part); err == nil && personal(claims) {
				return true
			}
		}
	}
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
// are one: an integer without exponent where that takes at most 64 digits, else
// the number as it was written.
func decimal(s string) string {
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		negative := false
		for _, c := range s[i+1:] {
			switch {
			case c == '-':
				negative = true
			case c != '+' && exp < 1<<27: // no mantissa is as long
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
	digits, exp := whole+fraction, exp-len(fraction)
	digits = strings.TrimLeft(digits, "0")
	for strings.HasSuffix(digits, "0") {
		digits, exp = digits[:len(digits)-1], exp+1
	}
	switch {
	case digits == "":
		return "0"
	case exp >= 0 && len(digits)+exp <= 64:
		return sign + digits + strings.Repeat("0", exp)
	case exp < 0 && -exp < len(digits):
		return sign + digits[:len(digits)+exp] + "." + digits[len(digits)+exp:]
	case exp < 0 && -exp <= 64:
		return sign + "0." + strings.Repeat("0", -exp-len(digits)) + digits
	}
	return strings.Clone(s)
}
