package rules

import (
	"strings"
	"unicode"
)

// mask puts * for every letter and digit but the last four, and for all of them
// where there are fewer than twelve: of a short value four would be too much.
func mask(text string) string {
	shown := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) }
	hide := 0
	for _, r := range text {
		if shown(r) {
			hide++
		}
	}
	if hide >= 12 {
		hide -= 4
	}
	return strings.Map(func(r rune) rune {
		if hide == 0 || !shown(r) {
			return r
		}
		hide--
		return '*'
	}, text)
}
