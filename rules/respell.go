package rules

import (
	"html"
	"strings"
)

// respell spells a text so that it says the same once all escapes of these kinds, the
// outermost first, are undone. Pseudonyms need no spelling anywhere.
func respell(text string, via [maxDecodings + 1]escapeKinds) string {
	if via[0] == 0 || allPlain(text) {
		return text
	}
	for i := len(via) - 1; i >= 0; i-- {
		switch k := via[i]; {
		case k&percentEscapes != 0:
			text = percentSpecial(text)
		case k&htmlEscapes != 0:
			text = html.EscapeString(text)
		case k&jsonEscapes != 0:
			text = jsonText(text)
		case k&quotedEscapes != 0:
			text = strings.ReplaceAll(text, "=", "=3D")
		}
	}
	return text
}

// plain are the characters that stand for themselves in all encodings.
var plain = func() (all [256]bool) {
	for c := range all {
		all[c] = isAlphanumeric(byte(c)) || strings.IndexByte("_*.-@:,;()!$~ ", byte(c)) >= 0
	}
	return all
}()

func allPlain(s string) bool {
	for i := range len(s) {
		if !plain[s[i]] {
			return false
		}
	}
	return true
}

// percentSpecial percent-encodes what may mean something in a URL or form.
func percentSpecial(s string) string {
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if c := s[i]; c != ' ' && plain[c] {
			b = append(b, c)
		} else {
			b = appendPercent(b, c)
		}
	}
	return string(b)
}
