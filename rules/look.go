package rules

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/statveil/statveil/rules/detect"
	"golang.org/x/text/unicode/norm"
)

// Found is one piece of personal data in a line of text. However it is printed,
// it shows none of it.
type Found struct {
	Kind       string // phone, email ...; the name of a detector that is no built-in one
	Start, End int    // line[Start:End] spells it, in whatever encoding

	secret **secret
}

// Text returns the finding as the line spells it.
func (f *Found) Text() string { return strings.Clone((*f.secret).text) }

// Canonical returns the one form of all spellings of this value, as
// Finding.Canonical does.
func (f *Found) Canonical() string { return norm.NFC.String((*f.secret).canonical) }

// Format prints the kind and the place for every verb, and no text.
func (f Found) Format(s fmt.State, _ rune) {
	io.WriteString(s, fmt.Sprintf("%s at %d to %d", f.Kind, f.Start, f.End))
}

// Look returns what f finds in a line, sorted. It looks through the encodings
// in it, up to five on top of each other: escapes (escape.go), and base64 and hex
// that spell a text (spelled.go).
//
// Where a place says one thing as written and another one decoded, the deepest
// reading counts: only it knows what is said. So no two findings overlap, but
// that neighbours in base64 may share the characters that spell the end of one
// and the beginning of the other.
func Look(line string, f *detect.Finder) []Found {
	l := looker{finder: f, dialects: everyone}
	all := l.look(&layer{text: line})
	if len(all) == 0 {
		return nil
	}
	found := make([]Found, len(all))
	for i, c := range all {
		s := &secret{text: line[c.start:c.end], canonical: c.canonical}
		found[i] = Found{Kind: c.kind, Start: c.start, End: c.end, secret: &s}
	}
	return found
}

// A looker holds what is used again from layer to layer.
type looker struct {
	finder   *detect.Finder
	dialects []dialect
	spans    []detect.Span
	speller  speller

	deep *deepLook // nil: each text has one reading, in one dialect
}

// everyone is the one dialect of who undoes all.
var everyone = []dialect{everyday}

// A candidate is a finding in text[start:end] of the layer that is looked at, or
// in what that decodes to.
type candidate struct {
	start, end      int
	kind, canonical string
}

// look searches a layer: first what is encoded in it, then, where nothing was
// found in that, the text as it is, and last with + for spaces, as in a form.
func (l *looker) look(y *layer) []candidate {
	var found []candidate
	var more []dialect
	if l.deep != nil {
		if l.deep.hidden = l.deep.hidden || hides(y); l.deep.hidden {
			return nil // it is refused
		}
		if differs(y.text) {
			more = moreDialects
		}
	}
	escaped := false
	for _, all := range [2][]dialect{l.dialects, more} {
		for _, d := range all {
			if l.deep != nil && (l.deep.hidden || l.deep.spare < 0) {
				return nil // it is refused
			}
			inner := unescaped(y, d)
			if escaped = escaped || inner != nil; inner != nil && l.deep.first(inner.text) {
				if !l.deep.holds(inner, 1) {
					return found
				}
				found = inner.add(found, l.look(inner)) // it sees what else is encoded here, and sees it whole
				l.deep.holds(inner, -1)
			}
		}
	}
	if escaped {
		return l.search(found, y.text)
	}
	found = l.search(l.spelled(y), y.text)
	if joins(y.text) {
		found = l.search(found, numbersPlus(y.text, asSpaces(y.text)))
	}
	return found
}

// search adds what is found in the text of a layer.
func (l *looker) search(found []candidate, text string) []candidate {
	l.spans = l.finder.Find(l.spans[:0], text)
	if len(l.spans) == 0 {
		return found
	}
	more := make([]candidate, len(l.spans))
	for i, s := range l.spans {
		c := candidate{s.Start, s.End, kindOf(s), s.Canonical}
		switch {
		case c.canonical != "":
		case l.deep != nil:
			c.canonical = canonical(l.deep.any, text[s.Start:s.End])
		default:
			c.canonical = strings.Clone(text[s.Start:s.End])
		}
		more[i] = c
	}
	return merge(found, more)
}

// joins says whether a + stands where it may be the space between two words.
func joins(text string) bool {
	for i := 1; i < len(text); i++ {
		if text[i] == '+' && isAlphanumeric(text[i-1]) {
			return true
		}
	}
	return false
}

// add adds what was found in a layer to what was found in the one that it was
// decoded from. Where that overlaps it, both are readings of one place, and the
// first stays.
func (y *layer) add(found, inner []candidate) []candidate {
	for i := range inner {
		inner[i].start, inner[i].end = y.outer(inner[i].start, inner[i].end)
	}
	return merge(found, inner)
}

// merge adds those of more that overlap nothing that was found. In both, both ends
// ascend, and neighbours may share a group of base64.
func merge(found, more []candidate) []candidate {
	if len(found) == 0 || len(more) == 0 {
		return append(found, more...)
	}
	first := sort.Search(len(found), func(i int) bool { return found[i].end > more[0].start })
	rest := slices.Clone(found[first:])
	found = found[:first]
	for _, c := range more {
		n := 0
		for n < len(rest) && rest[n].end <= c.start {
			n++
		}
		found, rest = append(found, rest[:n]...), rest[n:]
		if len(rest) == 0 || c.end <= rest[0].start {
			found = append(found, c)
		}
	}
	return append(found, rest...)
}
