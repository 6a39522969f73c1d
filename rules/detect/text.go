package detect

import (
	"unicode"
	"unicode/utf8"
)

// The properties of a byte that the detectors ask for in their loops.
const (
	digitByte  uint8 = 1 << iota
	letterByte       // A-Z a-z
	hexByte          // 0-9 A-F a-f
	hostByte         // a letter, digit or dash: a label of a domain name
	localByte        // what stands unquoted in the local part of an address
	userByte         // what stands in the user part of a SIP URI, password and parameters included
)

var bytesOf = makeBytes()

func makeBytes() (t [256]uint8) {
	for b := range t {
		c := byte(b)
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if '0' <= c && c <= '9' {
			t[b] |= digitByte | hexByte | hostByte | localByte | userByte
		}
		if letter {
			t[b] |= letterByte | hostByte | localByte | userByte
			if c|0x20 <= 'f' {
				t[b] |= hexByte
			}
		}
		if c >= 0x80 {
			t[b] |= localByte | userByte
		}
		switch c {
		case '-':
			t[b] |= hostByte | localByte | userByte
		case '.', '_', '+', '\'', '~', '#', '%', '!':
			t[b] |= localByte | userByte
		case '*', '(', ')', '&', '=', '$', ',', ';', '?', '/', ':', '[', ']', '|', '^', '`', '{', '}':
			t[b] |= userByte
		}
	}
	return t
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return bytesOf[c]&letterByte != 0 }
func isWord(c byte) bool   { return bytesOf[c]&(letterByte|digitByte) != 0 }

// wordBefore reports whether a letter or digit of any script ends at i: what begins there is glued to it.
func wordBefore(s string, i int) bool {
	if i == 0 {
		return false
	}
	if c := s[i-1]; c < utf8.RuneSelf {
		return isWord(c)
	}
	r, _ := utf8.DecodeLastRuneInString(s[max(0, i-utf8.UTFMax):i])
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// wordAfter reports whether a letter or digit of any script begins at i.
func wordAfter(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	if c := s[i]; c < utf8.RuneSelf {
		return isWord(c)
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// hasFold reports whether s has the lower-case ASCII text at i, in any case.
func hasFold(s string, i int, text string) bool {
	if i < 0 || len(s)-i < len(text) {
		return false
	}
	return equalFold(s[i:i+len(text)], text)
}

// equalFold compares s with a lower-case ASCII text.
func equalFold(s, text string) bool {
	if len(s) != len(text) {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != text[i] {
			return false
		}
	}
	return true
}

// oneOf reports whether s is one of the lower-case words, in any case.
func oneOf(s string, words []string) bool {
	for _, w := range words {
		if equalFold(s, w) {
			return true
		}
	}
	return false
}
