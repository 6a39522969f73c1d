package rules

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/statveil/statveil/rules/detect"
)

// This file is the strict scanner of JSON text (RFC 8259): the lexical part.
// It accepts what encoding/json accepts, and in strings only UTF-8 (RFC 3629)
// and escapes of whole characters: no lone surrogates.

// hint says of every byte what a search would hope to see in a string. Of 0
// it says nothing: no string holds one.
var hint [256]uint32

const (
	allHints = 1<<16 - 1 // detect.Hints
	seenCode = 1 << 16   // what may begin an escape, in the text that the string spells
	seenDot  = 1 << 17
	seenMark = 1 << 18   // what is no letter and hints at nothing
	anything = 1<<19 - 1 // what an escape may spell

	seenEscape = 1 << 20 // the string must be unescaped to be read
	seenHigh   = 1 << 21 // it holds more than ASCII
)

// letters is what any ASCII letters may hint at.
var letters uint32

func init() {
	for b := 1; b < len(hint); b++ {
		hint[b] = uint32(detect.Hints[b])
	}
	for b := 'a'; b <= 'z'; b++ {
		letters |= hint[b] | hint[b-'a'+'A']
	}
	for b := range hint {
		if kindsOf[b] != 0 {
			hint[b] |= seenCode
		}
	}
	hint['.'] |= seenDot
	for b := byte(1); b < utf8.RuneSelf; b++ {
		if hint[b]&^letters == 0 && (b|0x20 < 'a' || b|0x20 > 'z') {
			hint[b] |= seenMark
		}
	}
}

// scanString reads the string whose first character is d[i]. It returns where
// its closing quote stands, or -1 if the string is broken, and the hints of all
// its bytes together.
//
// Eight bytes are looked at in one word. Letters up to the quote are most of
// what there is, names of members above all; they are told by two additions.
// Else "has zero byte" (Mycroft 1987) tells where the first quote, backslash,
// control or high byte stands, and those before it are looked up without a
// branch.
func scanString(d []byte, i int) (int, uint32) {
	const (
		low  = 0x0101010101010101
		high = 0x8080808080808080
	)
	var seen uint32
	for i < len(d) {
		if i+8 <= len(d) {
			x := binary.LittleEndian.Uint64(d[i:])
			lower := (x | low*0x20) &^ high
			other := ^((lower + low*(0x80-'a')) &^ (lower + low*(0x7F-'z')) &^ x) & high
			if other == 0 {
				seen |= letters
				i += 8
				continue
			}
			if n := bits.TrailingZeros64(other) / 8; byte(x>>(8*n)) == '"' {
				return i + n, seen | letters
			}
			quote, slash := x^low*'"', x^low*'\\'
			stop := ((quote-low)&^quote | (slash-low)&^slash | (x-low*0x20)&^x | x) & high
			n := 8
			if stop != 0 {
				n = bits.TrailingZeros64(stop) / 8
				x &= 1<<(8*n) - 1
			}
			seen |= hint[x&0xFF] | hint[x>>8&0xFF] | hint[x>>16&0xFF] | hint[x>>24&0xFF] |
				hint[x>>32&0xFF] | hint[x>>40&0xFF] | hint[x>>48&0xFF] | hint[x>>56]
			if i += n; n == 8 {
				continue
			}
		}
		switch c := d[i]; {
		case c == '"':
			return i, seen
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRune(d[i:])
			if r == utf8.RuneError && size == 1 {
				return -1, 0
			}
			for _, b := range d[i : i+size] {
				seen |= hint[b]
			}
			seen |= seenHigh
			i += size
		case c == '\\':
			n, spelled := scanEscape(d, i)
			if n == 0 {
				return -1, 0
			}
			seen |= seenEscape | spelled
			i += n
		case c < 0x20:
			return -1, 0
		default: // one of the last seven bytes
			seen |= hint[c]
			i++
		}
	}
	return -1, 0
}

// scanEscape returns the length of the escape at d[i], or 0, and the hints of
// what it spells.
func scanEscape(d []byte, i int) (int, uint32) {
	if i+1 >= len(d) {
		return 0, 0
	}
	switch c := d[i+1]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, hint[simpleEscape(c)]
	case 'u':
		_, n := unicodeEscape(d, i)
		return n, anything
	}
	return 0, 0
}

func simpleEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

// unicodeEscape reads an escape such as \u00e9 at d[i], with its other half
// where it is one of a surrogate pair. It returns the character and the length of
// its spelling, or 0.
func unicodeEscape(d []byte, i int) (rune, int) {
	r := hex4(d, i)
	switch {
	case r < 0 || r >= 0xDC00 && r < 0xE000:
		return 0, 0
	case r < 0xD800 || r >= 0xE000:
		return r, 6
	}
	low := hex4(d, i+6)
	if low < 0xDC00 || low >= 0xE000 {
		return 0, 0
	}
	return (r-0xD800)<<10 + (low - 0xDC00) + 0x10000, 12
}

func hex4(d []byte, i int) rune {
	if i+6 > len(d) || d[i] != '\\' || d[i+1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range d[i+2 : i+6] {
		h := unhex(c)
		if h < 0 {
			return -1
		}
		r = r<<4 | rune(h)
	}
	return r
}

// unescape appends the text of a string that scanString accepted.
func unescape(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		if raw[i+1] != 'u' {
			dst = append(dst, simpleEscape(raw[i+1]))
			i += 2
			continue
		}
		r, n := unicodeEscape(raw, i)
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}

// rawOffset returns where in raw the byte of the text stands that is n bytes
// after the one that raw[i] spells. It never ends inside an escape.
func rawOffset(raw []byte, i, n int) int {
	for n > 0 {
		if raw[i] != '\\' {
			i++
			n--
			continue
		}
		if raw[i+1] != 'u' {
			i += 2
			n--
			continue
		}
		r, size := unicodeEscape(raw, i)
		i += size
		n -= utf8.RuneLen(r)
	}
	return i
}

// scanNumber returns the end of the number that begins at d[i], or -1, and whether it
// has an exponent.
func scanNumber(d []byte, i int) (end int, exponent bool) {
	if d[i] == '-' {
		i++
	}
	whole := skipDigits(d, i)
	if whole == i || d[i] == '0' && whole > i+1 {
		return -1, false
	}
	i = whole
	if i < len(d) && d[i] == '.' {
		fraction := skipDigits(d, i+1)
		if fraction == i+1 {
			return -1, false
		}
		i = fraction
	}
	if i < len(d) && d[i]|0x20 == 'e' {
		i++
		if i < len(d) && (d[i] == '+' || d[i] == '-') {
			i++
		}
		power := skipDigits(d, i)
		if power == i {
			return -1, false
		}
		return power, true
	}
	return i, false
}

func skipDigits(d []byte, i int) int {
	for i < len(d) && d[i]-'0' <= 9 {
		i++
	}
	return i
}

// scanLiteral returns the end of true, false or null at d[i], or -1.
func scanLiteral(d []byte, i int) int {
	for _, word := range [...]string{"true", "false", "null"} {
		if len(d) >= i+len(word) && string(d[i:i+len(word)]) == word {
			return i + len(word)
		}
	}
	return -1
}

// skipSpace returns the first byte from i on that is no white space.
func skipSpace(d []byte, i int) int {
	for i < len(d) && d[i] <= ' ' && (d[i] == ' ' || d[i] == '\n' || d[i] == '\r' || d[i] == '\t') {
		i++
	}
	return i
}

// jsonText returns s as the inside of a JSON string.
func jsonText(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return string(appendEscaped(nil, s))
		}
	}
	return s
}

// appendEscaped appends s as the inside of a JSON string.
func appendEscaped(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[r>>4], "0123456789abcdef"[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
