package rules

import (
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// As is the form of a rule's pseudonyms.
type As uint8

const (
	AsUsual As = iota // tokens, and in place of JSON numbers shapes
	AsToken           // tokens
	AsShape           // what looks like the value, where it has a shape
)

var asNames = []string{"token", "shape"}

// Shape reports whether the rule wants a pseudonym that looks like the finding, and
// as ShapeOf does how much of its canonical form stays. In place of a JSON number
// it must be a number that JSON can have; of a part of one there is no shape. In a
// body that is broken there is none either: only a token means the same however the
// body is read.
func (f *Finding) Shape() (keep int, ok bool) {
	r := f.Rule
	if f.token || f.Action() != Pseudonymize || r.Reversible || r.As == AsToken || r.As == AsUsual && !f.Number {
		return 0, false
	}
	return ShapeOf(f.Canonical())
}

// ShapeOf reports whether a value in its canonical form may have a shape, and how
// many bytes at its beginning stay in that: of a phone number in E.164 form the +
// and the country code.
func ShapeOf(canonical string) (keep int, ok bool) {
	if strings.Contains(canonical, "@") {
		found := detect.Find(nil, canonical, detect.Email)
		return 0, len(found) == 1 && found[0].Start == 0 && found[0].End == len(canonical)
	}
	return detect.CallingCode(canonical), true
}
