package rules

import (
	"html"
	"strings"
)

// respell spells a text so that it says the same once all escapes of these kinds, the
// outermost first, are undone. Pseudonyms need no spelling anywhere.
func respell(text string, via [maxDecodings + 1]escapeKinds) string {
	if !strings.ContainsFunc(text, mayNeedEscape) {
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

func mayNeedEscape(r rune) bool { return !isPlain(r) }

// isPlain says whether a character stands for itself in all encodings.
func isPlain(r rune) bool {
	return r < 0x80 && (isAlphanumeric(byte(r)) || strings.ContainsRune("_*.-@:,;()!$~ ", r))
}

// percentSpecial percent-encodes what may mean something in a URL or form.
func percentSpecial(s string) string {
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if c := s[i]; c != ' ' && isPlain(rune(c)) {
			b = append(b, c)
		} else {
			b = appendPercent(b, c)
		}
	}
	return string(b)
}
