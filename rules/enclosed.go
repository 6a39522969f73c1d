package rules

import (
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/statveil/statveil/rules/detect"
)

// This file finds personal data in what a value spells in base64 or hex, and spells
// what takes its place in the same way. Steps of addresses into base64 are another
// thing: they know that it is there, and what of it is meant.

// An enclosed text is what stands in a value in base64 or hex.
type enclosed struct {
	text    string // that it spells
	spell   func(text string) string
	edits   []edit // of the text
	settled bool   // each character of the text is taken
}

// errEnclosed is about a value of which more is spelled in other ways than people do.
var errEnclosed = &Error{Reason: Unsafe, Detail: "a value holds more base64 or hex, one in the other, than can be searched"}

// errHalf is about one of which a rule takes or keeps a part, as it is spelled.
var errHalf = &Error{Reason: Unsafe, Detail: "a rule takes or keeps a part of some base64 or hex in which there is personal data; name the whole value, or go inside with @base64"}

// spareSpelled is how many bytes may be decoded of a value for one rule in any case, and
// spelledOften how many times its length.
const (
	spareSpelled = 64 << 10
	spelledOften = 8
)

// inEnclosed lets a rule take what it finds in what is enclosed in text[start:end]. The
// deepest reading knows best where that begins, but what undoes an escape may eat it:
// \x2b31 is one byte to some, and hex behind \x to others.
func (t *treater) inEnclosed(rule *Rule, find *detect.Finder, text string, start, end int) error {
	if t.deep || t.number || t.plain { // what is deep is looked through in other ways
		return nil
	}
	if t.depth64 == 0 {
		t.spare = spareSpelled + spelledOften*len(text)
	}
	t.plain = true
	all := t.read(text)
	deepest := &all[len(all)-1]
	if r := t.readings.lines(deepest); r != nil {
		if err := t.enclosedBy(r, rule, find, start, end); err != nil {
			return err
		}
	}
	for i := len(all) - 1; i >= 0; i-- {
		if err := t.enclosedBy(&all[i], rule, find, start, end); err != nil {
			return err
		}
	}
	if r := t.readings.inMail(deepest); r != nil {
		return t.enclosedBy(r, rule, find, start, end)
	}
	return nil
}

// enclosedBy is inEnclosed for one reading.
func (t *treater) enclosedBy(r *reading, rule *Rule, find *detect.Finder, start, end int) error {
	var tokens []span
	var looked bool // for them
	before := len(t.edits)
	var err error
	t.speller.room = t.room
	t.speller.each(r.text, func(s spelt, decoded []byte) bool {
		t.plain = false
		from, to := r.at(s.at), r.at(s.end)
		if !looked {
			tokens, looked = jwtSpans(r.text), true
		}
		if from < start || to > end || inToken(tokens, s) {
			return true
		}
		if t.spare -= len(decoded); t.spare <= 0 || t.depth64 >= maxDecodings {
			err = errEnclosed
			return false
		}
		taken := t.over(t.edits[:before], from, to)
		switch {
		case taken == nil:
		case taken.enclosed != nil && taken.start == from && taken.end == to:
			_, err = t.enclosedIn(taken.enclosed, rule, find)
			return err == nil
		case taken.enclosed != nil || taken.start <= from && to <= taken.end: // it is done
			return true
		}
		if t.guard.see(decoded); s.packed == 0 && !t.mayHold(find, view(decoded)) {
			return true
		}
		size := 3 * (s.end - s.at) // of the bytes, of the text, and of what is packed in them
		if err = t.room.take(size); err != nil {
			return false
		}
		p := s.enclosed(r.text, decoded)
		if s.packed != 0 {
			if p, err = t.unpacked(s, r.text); p == nil {
				_ = t.room.take(-size)
				return err == nil
			}
		}
		var found bool
		if found, err = t.enclosedIn(p, rule, find); !found || err != nil {
			_ = t.room.take(-size)
			return err == nil
		}
		if taken != nil { // the rest can still be read
			err = errHalf
			return false
		}
		e := edit{start: from, end: to, rule: rule, enclosed: p}
		copy(e.via[:], r.via)
		t.edits = append(t.edits, e)
		err = t.room.take(len(p.text)) // it stays until the value is done
		return err == nil
	})
	if err == nil {
		err = t.room.take(0)
	}
	if err != nil || len(t.edits) == before {
		return err
	}
	slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
	for i := 1; i < len(t.edits); i++ {
		if t.edits[i].start < t.edits[i-1].end { // two readings of one place: who knows which counts?
			return errEnclosed
		}
	}
	return nil
}

// over returns the first of edits, which are in order, that overlaps text[start:end], or nil.
func (t *treater) over(edits []edit, start, end int) *edit {
	i, _ := slices.BinarySearchFunc(edits, start, func(e edit, at int) int {
		if e.end <= at {
			return -1
		}
		return 1
	})
	if i < len(edits) && edits[i].start < end {
		return &edits[i]
	}
	return nil
}

// encloses says whether anything may be found in what a text spells.
func (t *treater) encloses(find *detect.Finder, text string) bool {
	if len(text) < shortest64 {
		return false
	}
	t.speller.quick, t.speller.room = true, t.room
	found := !t.speller.each(text, func(s spelt, decoded []byte) bool {
		t.guard.see(decoded)
		return s.packed == 0 && !t.mayHold(find, view(decoded))
	})
	t.speller.quick = false
	return found || t.room.take(0) != nil // who treats it is told
}

// harmless says whether a text is too short to enclose another one, and has too little in
// it to be personal data: an id or a word that happens to spell some characters.
func harmless(b []byte) bool {
	if len(b) >= shortest64 {
		return false
	}
	weight := 0
	for _, c := range b {
		weight += int(weights[c])
	}
	return weight < tellingDigits
}

// tellingDigits is from how many digits on a text may be a number or an address.
const tellingDigits = 4

// weights are of bytes of which one is enough, and of digits.
var weights = func() (all [256]uint8) {
	for c := range all {
		switch {
		case c == '@' || c == ':' || c == '\\' || c >= utf8.RuneSelf && detect.Hints[c].Possible(): // other escapes would leave too little
			all[c] = tellingDigits
		case '0' <= c && c <= '9':
			all[c] = 1
		}
	}
	return all
}()

// mayHold says whether anything may be found in a text.
func (t *treater) mayHold(find *detect.Finder, text string) bool {
	if len(text) >= crowd || hasEscape(text) || jwtLike(text) { // a crowd needs room first
		return true
	}
	inner := speller{room: t.room} // the text is in the buffer of the outer one
	if !inner.each(text, func(spelt, []byte) bool { return false }) {
		return true
	}
	t.spans = find.Find(t.spans[:0], text)
	return len(t.spans) > 0
}

// enclosedIn lets a rule take what it finds in one enclosed text, and says whether it took
// anything.
func (t *treater) enclosedIn(p *enclosed, rule *Rule, find *detect.Finder) (bool, error) {
	w := t.inner()
	defer w.release()
	w.t.edits = append(w.t.edits, p.edits...)
	if err := t.room.take(passing * len(p.text)); err != nil {
		return false, err
	}
	err := w.t.search(rule, find, p.text, 0, len(p.text))
	t.spare = w.t.spare
	if err != nil {
		return false, err
	}
	found := len(w.t.edits) > 0
	p.edits = slices.Clone(w.t.edits)
	p.settled = w.t.covered(0, len(p.text))
	return found, t.room.take(perEdit*len(p.edits) - passing*len(p.text))
}

// inner returns a walker for what is enclosed in the value.
func (t *treater) inner() *walker {
	w := getWalker()
	w.t.replace, w.t.depth, w.t.room, w.t.place, w.t.told, w.t.issued, w.t.marks = t.replace, t.depth, t.room, t.place, t.told, t.issued, true
	w.t.spare, w.t.depth64 = t.spare, t.depth64+1
	w.t.guard, w.t.unguarded, w.t.inJWT = t.guard, t.unguarded, t.inJWT
	return w
}

// askEnclosed calls the Replacer for what was found in an enclosed text, and says what
// that spells then.
func (t *treater) askEnclosed(e *edit, text string) error {
	e.was = text[e.start:e.end]
	e.with, e.done = e.was, true
	w := t.inner()
	defer w.release()
	w.t.edits = append(w.t.edits, e.enclosed.edits...)
	if err := w.t.ask(e.enclosed.text); err != nil {
		return err
	}
	if slices.ContainsFunc(w.t.edits, func(e edit) bool { return !e.unchanged() }) {
		e.with = respell(e.enclosed.spell(w.t.apply(e.enclosed.text)), e.via)
	}
	return t.room.take(perPatch + len(e.with))
}

// enclosed returns what a spelt in text says. It holds no view of the text, which may be
// in a buffer that somebody else is given before the text is spelled again.
func (s spelt) enclosed(text string, decoded []byte) *enclosed {
	said := string(decoded)
	if s.hex {
		encode := hex.EncodeToString
		if strings.ContainsAny(text[s.at:s.end], "ABCDEF") {
			encode = func(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
		}
		rest := strings.Clone(text[s.at+2*len(said) : s.end])
		return &enclosed{text: said, spell: func(with string) string { return encode([]byte(with)) + rest }}
	}
	spelled := text[s.at:s.end]
	bare := strings.TrimRight(spelled, "=")
	enc := base64Of(spelled)
	own := base64.RawStdEncoding.EncodedLen(len(said))
	if own < len(bare) && s.packed == 0 {
		// What follows is not of the text, or spells none. Where it begins with a mark, that
		// may have been read as a character.
		enc = enc.WithPadding(base64.NoPadding)
		if m := strings.LastIndexAny(bare[:own], "+/-_"); m >= own-3 && m%4 > 1 {
			own, said = m, string(decode64(nil, bare[:m]))
		}
	}
	switch {
	case own == len(bare) || s.packed != 0:
		return &enclosed{text: said, spell: func(with string) string { return enc.EncodeToString([]byte(with)) }}
	case alphabets[bare[own]] == mark64:
		rest := strings.Clone(spelled[own:])
		return &enclosed{text: said, spell: func(with string) string { return enc.EncodeToString([]byte(with)) + rest }}
	}
	enc = base64Of(spelled)
	all, odd := bare, ""
	if len(bare)%4 == 1 {
		all, odd, enc = bare[:len(bare)-1], strings.Clone(bare[len(bare)-1:]), enc.WithPadding(base64.NoPadding)
	}
	b := decode64(nil, all)
	rest := b[len(said):]
	return &enclosed{text: said, spell: func(with string) string {
		return enc.EncodeToString(append([]byte(with), rest...)) + odd
	}}
}

// base64Of says in which of its forms base64 is. Where nothing tells whether it would be
// padded, it is: most readers want that, but for those of base64url.
func base64Of(text string) *base64.Encoding {
	url := strings.ContainsAny(text, "-_")
	enc := base64.RawStdEncoding
	if url {
		enc = base64.RawURLEncoding
	}
	if strings.HasSuffix(text, "=") || len(text)%4 == 0 && !url {
		return enc.WithPadding('=')
	}
	return enc
}
