package rules

import (
	"cmp"
	"slices"
	"strings"

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

// taken says whether one edit holds text[start:end].
func (t *treater) taken(start, end int) bool {
	i, _ := slices.BinarySearchFunc(t.edits, start, func(e edit, at int) int { return cmp.Compare(e.end, at+1) })
	return i < len(t.edits) && t.edits[i].start <= start && end <= t.edits[i].end
}
