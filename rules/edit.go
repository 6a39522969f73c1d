package rules

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/statveil/statveil/rules/detect"
)

// An edit is what one rule takes of one value: text[start:end].
type edit struct {
	start, end int
	rule       *Rule
	kind       string
	canonical  string
	says       string                        // what it spells in an encoding; "": it is none
	instead    string                        // what takes its place where the Replacer does not say it: masked, generalized, the guard's
	general    bool                          // as general already as generalize would make it
	rest       bool                          // of a finding that an earlier rule took in part
	spaced     bool                          // found where a bare + is read as a space
	via        [maxDecodings + 1]escapeKinds // what was undone to find it
	enclosed   *enclosed                     // what is found stands in base64 or hex, which this is all of
	dropped    bool                          // another finding counts instead
	was        string                        // what the Replacer was shown
	with       string                        // what takes its place
	done       bool                          // the Replacer has been asked
}

// unchanged says that the text stays: a rule keeps it, or it is a pseudonym already.
func (e *edit) unchanged() bool { return e.with == e.was }

// by says whether a rule took it, or something in it.
func (e *edit) by(rule *Rule) bool {
	return e.rule == rule || e.enclosed != nil && slices.ContainsFunc(e.enclosed.edits, func(in edit) bool { return in.by(rule) })
}

// partial says whether there is something in it that nobody took.
func (e *edit) partial() bool { return e.enclosed != nil && !e.enclosed.settled }

// take lets a rule take text[start:end] whole: what earlier rules found in it
// too, unless they have every character.
func (t *treater) take(rule *Rule, start, end int, text string) {
	if start == end || t.covered(start, end) {
		return
	}
	if rule.Do != Keep {
		for i := range t.edits { // half of what is in base64 cannot be taken
			if e := &t.edits[i]; e.partial() && e.start < end && start < e.end {
				start, end = min(start, e.start), max(end, e.end)
			}
		}
		t.edits = slices.DeleteFunc(t.edits, func(e edit) bool { return start <= e.start && e.end <= end })
	}
	piece := edit{start: start, end: end, rule: rule, kind: "value"}
	i := 0
	for i < len(t.edits) && t.edits[i].end <= start {
		i++
	}
	n := i
	for n < len(t.edits) && t.edits[n].start < end {
		n++
	}
	if n == i {
		t.edits = append(t.edits, piece)
	} else {
		t.addRest(piece, t.edits[i:n], &reading{text: text})
	}
	slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
}

// covered says whether every character of text[at:end] is taken already.
func (t *treater) covered(at, end int) bool {
	for _, e := range t.edits {
		if e.end <= at {
			continue
		}
		if e.start > at || e.partial() {
			return false
		}
		at = e.end
	}
	return at >= end && len(t.edits) > 0
}

// add takes the spans of one reading for a rule. Of a span that overlaps what an
// earlier rule took, the rest is taken: half a phone number is personal. But
// only the deepest reading knows what is said; what another finds across that is
// an accident of the encoding, as hello%20anna@example.com is an address. What is
// found around base64 counts instead of what the same rule found in it.
func (t *treater) add(rule *Rule, r, deepest *reading) {
	before, i, drops := len(t.edits), 0, false
	for _, s := range t.spans {
		start, end := deepest.snap(r.at(s.Start), r.at(s.End))
		if start >= end {
			continue
		}
		e := r.edit(rule, s)
		e.start, e.end = start, end
		for i < before && t.edits[i].end <= e.start {
			i++
		}
		n, mine, around := i, false, true // t.edits[i:n] overlap e
		for ; n < before && t.edits[n].start < e.end; n++ {
			have := &t.edits[n]
			mine = mine || have.rule == rule
			around = around && have.rule == rule && have.enclosed != nil && e.start <= have.start && have.end <= e.end
		}
		switch {
		case t.byGuard(rule) && t.number && (e.start > 0 || e.end < len(r.text)): // a piece of a number is another one
		case n == i:
			t.edits = append(t.edits, e)
		case t.byGuard(rule):
			drops = t.overtake(e, i, n, deepest) || drops
		case around:
			for k := i; k < n; k++ {
				t.edits[k].dropped, drops = true, true
			}
			t.edits = append(t.edits, e)
		case !mine && len(r.text) == len(deepest.text):
			t.addRest(e, t.edits[i:n], deepest)
		}
	}
	clear(t.spans)
	if drops {
		t.edits = slices.DeleteFunc(t.edits, func(e edit) bool { return e.dropped })
	}
	if drops || len(t.edits) > before {
		slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
	}
}

// edit is what a rule takes by a finding in this reading.
func (r *reading) edit(rule *Rule, s detect.Span) edit {
	e := edit{start: r.at(s.Start), end: r.at(s.End), rule: rule, kind: kindOf(s), canonical: s.Canonical, spaced: r.spaced}
	copy(e.via[:], r.via)
	if rule.Do == Mask && r.decoded() {
		e.instead = strings.Clone(mask(r.text[s.Start:s.End])) // the text may be in a buffer
	}
	if rule.Do == Generalize && r.decoded() {
		e.generalize(r.text[s.Start:s.End])
	}
	if len(r.escapes) > 0 { // it counts as what it says, not as it is spelled
		e.canonical = strings.Clone(e.canonical) // it may be a view of the text, which is in a buffer
		if e.says = strings.Clone(r.text[s.Start:s.End]); e.canonical == "" {
			e.canonical = canonical(rule.any, e.says)
		}
	}
	return e
}

// between looks once more at what stands between the edits. Glued to a number,
// an address looked like a part of it: +12025550143:2001:db8::17.
func (t *treater) between(look *Rule, text string) {
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
			r := t.findIn(look, look.find, text, at, end)
			for _, s := range t.spans {
				t.edits = append(t.edits, r.edit(look, s))
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

// addRest adds what of e no other edit has, in as many pieces, as the deepest
// reading has them. A piece is a value of its own: it has not the canonical form of
// the whole.
func (t *treater) addRest(e edit, taken []edit, deepest *reading) {
	piece := e
	piece.canonical, piece.says, piece.rest = "", "", true
	if e.rule.Do == Generalize {
		piece.instead, piece.general = "", false
	}
	dumb := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }
	add := func(start, end int) {
		if start >= end { // what was taken goes further than what this rule is about
			return
		}
		first, last := deepest.span(start, end)
		says := strings.TrimFunc(deepest.text[first:last], dumb) // the @ or the point at its end is none of it
		if says == "" {
			return
		}
		first += strings.Index(deepest.text[first:last], says)
		if piece.start, piece.end = deepest.at(first), deepest.at(first+len(says)); len(deepest.escapes) > 0 {
			piece.canonical, piece.says = canonical(e.rule.any, says), strings.Clone(says)
		}
		t.edits = append(t.edits, piece)
	}
	at := e.start
	for _, have := range taken {
		add(at, have.start)
		at = have.end
	}
	add(at, e.end)
}

// difference returns the edit that makes after of text: of all that is not the same
// at its beginning and end.
func difference(text, after string) edit {
	start, end := 0, 0
	for start < min(len(text), len(after)) && text[start] == after[start] {
		start++
	}
	for end < min(len(text), len(after))-start && text[len(text)-1-end] == after[len(after)-1-end] {
		end++
	}
	inside := func(s string, at int) bool { return at < len(s) && !utf8.RuneStart(s[at]) } // a character
	for start > 0 && (inside(text, start) || inside(after, start)) {
		start--
	}
	for end > 0 && !utf8.RuneStart(text[len(text)-end]) {
		end--
	}
	return edit{start: start, end: len(text) - end, was: text[start : len(text)-end], with: after[start : len(after)-end], done: true}
}

// apply returns text with the edits of the treater.
func (t *treater) apply(text string) string { return apply(text, t.edits) }

// apply returns text with edits, which are in order.
func apply(text string, edits []edit) string {
	if len(edits) == 0 {
		return text
	}
	size := len(text)
	for _, e := range edits {
		size += len(e.with) - (e.end - e.start)
	}
	var b strings.Builder
	b.Grow(max(size, 0))
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.start])
		if e.unchanged() {
			b.WriteString(text[e.start:e.end])
		} else {
			b.WriteString(e.with)
		}
		at = e.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// taken says whether one edit holds text[start:end].
func (t *treater) taken(start, end int) bool {
	i, _ := slices.BinarySearchFunc(t.edits, start, func(e edit, at int) int { return cmp.Compare(e.end, at+1) })
	return i < len(t.edits) && t.edits[i].start <= start && end <= t.edits[i].end
}
