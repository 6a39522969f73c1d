package rules

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/statveil/statveil/rules/detect"
)

// An edit is what one rule takes of one value: text[start:end].
type edit struct {
	start, end int
	rule       *Rule
	kind       string
	canonical  string
	spaced     bool   // found where a bare + is read as a space
	was        string // what the Replacer was shown
	with       string // what takes its place
}

// A treater applies the rules that cover one value, in order. It is reused from
// value to value, so that what is not replaced costs no memory.
type treater struct {
	replace Replacer
	number  bool   // the value is a JSON number
	bare    string // of a URL part: the value with each + that is not encoded read as a space, or ""
	place   func() string

	readings readings
	gaps     readings // of what stands between edits
	edits    []edit
	whole    bool // the last value was taken or kept to its last character
	spans    []detect.Span

	f      Finding
	secret *secret // of f
}

// treat collects in t.edits what the rules take of text, sorted, with what
// takes its place; kept text gives no edit. As names, rules without find search
// for any: a member name is not replaced whole unasked.
func (t *treater) treat(rules []*Rule, text string, names bool) error {
	t.forget()
	kept := false
	for _, rule := range rules {
		kinds := rule.find
		if kinds == nil && names {
			kinds = detect.Any
		}
		if kinds == nil {
			// What an earlier rule found is personal, whatever a later one keeps.
			if kept = rule.Do == Keep && len(t.edits) > 0; !kept && !t.covered(len(text)) {
				clear(t.edits)
				t.edits = append(t.edits[:0], edit{end: len(text), rule: rule, kind: "value"})
			}
			break
		}
		if t.number {
			continue // digits alone are nobody's number
		}
		// The deepest reading first: what is half of a percent-encoding is no finding.
		all := t.readings.of(text, t.bare)
		for i := len(all) - 1; i >= 0; i-- {
			t.spans = detect.Find(t.spans[:0], all[i].text, kinds...)
			t.add(rule, &all[i], &all[len(all)-1], text)
		}
		if rule != lastLook {
			continue
		}
		t.between(text)
		for i := range all {
			if t.tokenIn(&all[i]) {
				return &Error{Reason: Unsafe, Detail: "a JWT holds personal data; name it in a rule, or keep it"}
			}
		}
	}
	t.whole = kept || t.covered(len(text))
	return t.ask(text)
}

// forget drops what is held of the value before.
func (t *treater) forget() {
	clear(t.edits)
	t.edits = t.edits[:0]
	t.readings.n = 0
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

// add takes the spans of one reading for a rule. Of a span that overlaps what an
// earlier rule took, the rest is taken: half a phone number is personal. But
// only the deepest reading knows what is said; what another finds across that is
// an accident of the encoding, as hello%20anna@example.com is an address.
func (t *treater) add(rule *Rule, r, deepest *reading, text string) {
	before, i := len(t.edits), 0
	for _, s := range t.spans {
		start, end := deepest.snap(r.at(s.Start), r.at(s.End))
		if start >= end {
			continue
		}
		e := edit{start: start, end: end, rule: rule, kind: s.Kind.String(), canonical: s.Canonical, spaced: r.spaced}
		for i < before && t.edits[i].end <= e.start {
			i++
		}
		n, mine := i, false // t.edits[i:n] overlap e
		for n < before && t.edits[n].start < e.end {
			mine = mine || t.edits[n].rule == rule
			n++
		}
		switch {
		case n == i:
			t.edits = append(t.edits, e)
		case !mine && len(r.text) == len(deepest.text):
			t.addRest(e, t.edits[i:n], text)
		}
	}
	clear(t.spans)
	if len(t.edits) > before {
		slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
	}
}

// between looks once more at what stands between the edits. Glued to a number,
// an address looked like a part of it: +12025550143:2001:db8::17.
func (t *treater) between(text string) {
	n, at := len(t.edits), 0
	if n == 0 {
		return
	}
	for i := 0; i <= n; i++ {
		end := len(text)
		if i < n {
			end = t.edits[i].start
		}
		if at < end {
			bare := ""
			if t.bare != "" {
				bare = t.bare[at:end]
			}
			t.gaps.n = 0
			all := t.gaps.of(text[at:end], bare)
			deepest := &all[len(all)-1]
			t.spans = detect.Find(t.spans[:0], deepest.text, detect.Any...)
			for _, s := range t.spans {
				t.edits = append(t.edits, edit{start: at + deepest.at(s.Start), end: at + deepest.at(s.End), rule: lastLook, kind: s.Kind.String(), canonical: s.Canonical})
			}
			clear(t.spans)
		}
		if i < n {
			at = t.edits[i].end
		}
	}
	if len(t.edits) > n {
		slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
	}
}

// addRest adds what of e no other edit has, in as many pieces. A piece is a
// value of its own: it has not the canonical form of the whole.
func (t *treater) addRest(e edit, taken []edit, text string) {
	piece := e
	piece.canonical = ""
	add := func(start, end int) {
		if start < end && strings.ContainsFunc(text[start:end], func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
			piece.start, piece.end = start, end
			t.edits = append(t.edits, piece)
		}
	}
	at := e.start
	for _, have := range taken {
		add(at, have.start)
		at = have.end
	}
	add(at, e.end)
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
			e.canonical = strings.Clone(decimal(e.was))
		case e.spaced:
			e.was = numbersPlus(text, t.bare)[e.start:e.end]
		case t.bare != "" && e.kind == "value":
			e.was = plusOrSpace(e.was, t.bare)
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
