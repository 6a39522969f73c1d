package rules

import (
	"hash/maphash"

	"github.com/statveil/statveil/rules/detect"
)

// This file finds personal data in a text of which nobody knows how it will be read:
// which escapes its reader undoes, and how often. Where one undoes what another
// leaves, they read different things: \u002b12025550143%31 is a phone number, or one
// with a digit more, which is none. So it is read in every way.

// dialects are those of a reader who undoes all, of JSON and HTML in forms, of
// a loose JSON, of JSON, forms, unescape(), and HTML.
var dialects = []dialect{
	{percentEscapes | htmlEscapes | jsonEscapes | hexEscapes | wideEscapes, looseJSON},
	{percentEscapes | htmlEscapes | jsonEscapes, nil},
	{jsonEscapes | hexEscapes, looseJSON},
	{jsonEscapes, nil},
	{percentEscapes, nil},
	{percentEscapes | wideEscapes, nil},
	{htmlEscapes | wideEscapes, nil},
}

// moreDialects are those of readers who have other things behind a backslash.
var moreDialects = []dialect{
	{jsonEscapes | hexEscapes, javaScript},
	{jsonEscapes | hexEscapes, json5},
	{jsonEscapes | hexEscapes, php},
	{jsonEscapes | hexEscapes, ruby},
	{jsonEscapes | hexEscapes, python},
	{jsonEscapes | hexEscapes, yamlLike},
	{jsonEscapes | hexEscapes, lua},
	{0, perl},
	{0, css},
	{0, ldap},
}

// A deepLook is what all readings of one text have in common.
type deepLook struct {
	any   *detect.Finder // says what counts as one value
	seed  maphash.Seed
	seen  map[uint64]bool // texts, by their hash
	spare int             // how many bytes may still be read
	room  *room

	hidden bool // there is what nobody here can read
}

// first says whether a text has not been read yet.
func (d *deepLook) first(text string) bool {
	if d == nil {
		return true
	}
	hash := maphash.String(d.seed, text)
	if d.seen[hash] {
		return false
	}
	d.seen[hash] = true
	d.spare -= len(text)
	return d.spare >= 0
}

// holds says whether there is room for a layer, or gives it back.
func (d *deepLook) holds(y *layer, sign int) bool {
	return d == nil || d.room.take(sign*(len(y.text)+perEscape*len(y.escapes))) == nil
}

// A text with more readings than these is not what people write. Some escapes, nested,
// have thousands.
const (
	maxReadings  = 16      // of a large text
	spareReading = 1 << 20 // bytes, for all texts
)

// findDeep finds in text[start:end] what any reader may read there, by the places
// in text: in t.spans. Where findings overlap, the first of the deepest reading stays.
func (t *treater) findDeep(rule *Rule, find *detect.Finder, text string, start, end int) {
	d := &deepLook{rule.any, maphash.MakeSeed(), map[uint64]bool{}, maxReadings*(end-start) + spareReading, t.room, false}
	d.first(text[start:end])
	l := looker{finder: find, dialects: dialects, deep: d}
	t.spans = t.spans[:0]
	for _, c := range l.look(&layer{text: text[start:end]}) {
		t.spans = append(t.spans, detect.Span{Name: c.kind, Start: start + c.start, End: start + c.end, Canonical: c.canonical})
	}
	t.tangled, t.hidden = t.tangled || d.spare < 0, t.hidden || d.hidden
}

// maxRounds is how often what stands between the findings is looked at. Once is
// enough for what people write.
const maxRounds = 4

var (
	errHidden = &Error{Reason: Unsafe, Detail: "the text has an escape of a kind that is not known, or too many on top of each other", Body: true}
	errDeep   = &Error{Reason: Unsafe, Detail: "the text is encoded in too many ways to be searched in all of them", Body: true}
)

// lookDeep looks at what stands between what was found, until there is nothing.
func (t *treater) lookDeep(look *Rule, text string) error {
	for range maxRounds {
		before := len(t.edits)
		if !t.hidden && !t.tangled { // what stands between has no more readings than the whole
			t.between(look, text)
		}
		switch {
		case t.hidden:
			return errHidden
		case t.tangled:
			return errDeep
		case len(t.edits) == before:
			return t.refuseTokens(look, text)
		}
	}
	return errDeep
}
