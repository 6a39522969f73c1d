package detect

import "strings"

// Hint is a set of properties of bytes. OR the Hints of all bytes of a string to learn what Find could find in it.
type Hint uint16

const (
	hasPlus     Hint = 1 << iota // +
	hasAt                        // @
	hasColon                     // :
	hasDot                       // .
	hasDigit                     // 0-9
	hasZero                      // 0
	hasFoldable                  // begins a character that may say something in ASCII
	hasTell                      // a letter that every telling word holds
	hasGap                       // what may stand between a telling word and a number, or between its groups
	hasDashP                     // p, the last letter of "ip-"
	hasLetter                    // a letter, or a byte of one that is not ASCII
	hasDegree                    // the first byte of a sign of degrees
	hintBits    = iota
)

// Hints holds the Hint of each byte. It must not be changed.
var Hints = makeHints()

func makeHints() (hints [256]Hint) {
	for b := range hints {
		var h Hint
		c := byte(b)
		switch {
		case strings.IndexByte(foldableLeads, c) >= 0:
			h = hasFoldable
			if c == "°"[0] {
				h |= hasDegree
			}
		case c == '+':
			h = hasPlus
		case c == '@':
			h = hasAt
		case isDigit(c):
			h = hasDigit
			if c == '0' {
				h |= hasZero
			}
		case c == 'p':
			h = hasDashP
		case isTellLetter(c):
			h = hasTell
		}
		if inLabel(c) {
			h |= hasLetter
		}
		if c == ':' {
			h |= hasColon
		}
		if c == '.' {
			h |= hasDot
		}
		if isGap(c) || isSep(c) {
			h |= hasGap
		}
		hints[b] = h
	}
	return hints
}

// foldableLeads are the first bytes, in UTF-8, of the characters that folding makes another or nothing of. Most letters of
// Latin, Greek and Cyrillic begin with none of them.
const foldableLeads = "\xC2\xCC\xCD\xD6\xD8\xD9\xDB\xDF\xE0\xE1\xE2\xE3\xE4\xE5\xEA\xEF\xF0\xF3"

// candidates holds, for every hint, the kinds of which a text with these bytes may hold a finding.
var candidates = makeCandidates()

func makeCandidates() (kinds [1 << hintBits]set) {
	for h := range kinds {
		for k, d := range detectors {
			for _, need := range d.needs {
				if Hint(h)&need == need || Hint(h)&hasFoldable != 0 {
					kinds[h] |= 1 << k
				}
			}
		}
	}
	return kinds
}

// anySet is Any as a set.
var anySet = setOf(Any)

// Possible reports whether Find with Any could find something in a string with these bytes. False is certain.
func (h Hint) Possible() bool {
	return candidates[h&(1<<hintBits-1)]&anySet != 0
}
