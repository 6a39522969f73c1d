package rules

import (
	"html"
	"strings"
	"unicode/utf8"
)

// This file knows the escapes of readers that forgive. No two of them have the same:
// \v is a tab to JSON5 and YAML, and the letter v to others; \53 is a + in octal.

// backslashes are what a reader has behind a backslash. Any character that it does not
// know stands for itself, or is left with its backslash.
type backslashes struct {
	numbers string // letters that begin the number of a character: u in \u{2b}
	apart   string // letters that are a control character or a space; "*": all that are nothing else
	gone    string // letters that are nothing: they change the case of what follows, or quote it
	base    int    // of a number without a letter, 0: there are none
	digits  int    // how many it has at most
	most    int    // what it is at most
	few     bool   // after u and U, fewer digits are enough
	byte    bool   // it is a byte: of what is more, the rest
	exact   bool   // it has as many digits
	ended   bool   // a blank behind it ends it
	marks   string // characters that stand for themselves, where no others do
	folds   string // blanks that go with an escaped end of a line, or with what is nothing
	leaves  bool   // what it does not know is left
}

var (
	looseJSON  = &backslashes{numbers: "ux", base: 8, digits: 3, most: 0xFF}
	javaScript = &backslashes{numbers: "ux", apart: "v", base: 8, digits: 3, most: 0xFF}
	json5      = &backslashes{numbers: "ux", apart: "v0"}
	perl       = &backslashes{numbers: "xoN", apart: "abefnrtxc", gone: "EFLQUlu", base: 8, digits: 3, most: 0x1FF}
	ruby       = &backslashes{numbers: "uUxoN", few: true, apart: "aevsc", base: 8, digits: 3, most: 0x1FF} // shells, too
	php        = &backslashes{numbers: "ux", apart: "aev", base: 8, digits: 3, most: 0x1FF, byte: true}
	python     = &backslashes{numbers: "uUxN", apart: "av", base: 8, digits: 3, most: 0x1FF, leaves: true}
	yamlLike   = &backslashes{numbers: "uUxoN", apart: "*", folds: " \t", leaves: true} // and whoever else
	lua        = &backslashes{numbers: "ux", apart: "av", gone: "z", base: 10, digits: 3, most: 999, folds: " \t\r\n", leaves: true}
	css        = &backslashes{base: 16, digits: 6, most: 0xFFFFFF, ended: true}
	ldap       = &backslashes{base: 16, digits: 2, most: 0xFF, exact: true, marks: ` "#+,;<=>\\`} // RFC 4514
)

// maxDigits is how long an escape may be. Nobody needs more zeros in front, but some
// readers take any number; what is longer is opaque.
const maxDigits = 4096

func (k *backslashes) undo(dst []byte, s string) ([]byte, int) {
	if len(s) < 2 {
		return dst, 0
	}
	switch c := s[1]; {
	case k.base > 0 && k.number(s) > 0:
		size := k.number(s)
		r := character(s[1:size], k.base)
		if k.byte {
			return append(dst, byte(r)), size
		}
		if k.ended && size < len(s) && strings.IndexByte(" \t\n", s[size]) >= 0 {
			size++
		}
		return utf8.AppendRune(dst, r), size
	case k.marks != "":
		if strings.IndexByte(k.marks, c) < 0 {
			return dst, 0
		}
		return append(dst, c), 2
	case c == '\n' || c == '\r' || strings.HasPrefix(s[1:], "\u2028") || strings.HasPrefix(s[1:], "\u2029") || strings.HasPrefix(s[1:], "\u0085"):
		size := 2
		switch {
		case strings.HasPrefix(s[1:], "\r\n"):
			size = 3
		case c >= utf8.RuneSelf:
			_, n := utf8.DecodeRuneInString(s[1:])
			size = 1 + n
		}
		return dst, k.blanks(s, size)
	}
	if strings.IndexByte(k.numbers, s[1]) >= 0 {
		if r, size := numbered(s, k.few); size > 0 {
			return utf8.AppendRune(dst, r), size
		}
	}
	switch c := s[1]; {
	case strings.IndexByte(k.gone, c) >= 0:
		return dst, k.blanks(s, 2)
	case strings.IndexByte(k.apart, c) >= 0, k.apart == "*" && (isAlphanumeric(c) || c == '_' || c == ' '):
		size := 2
		if c == 'c' && len(s) > 2 && s[2] < utf8.RuneSelf && k.apart != "*" {
			size = 3 // \cK is the key with Ctrl
		}
		return utf8.AppendRune(dst, separator(c)), size
	case k.leaves && c != '\'':
		return dst, 0
	}
	_, size := utf8.DecodeRuneInString(s[1:])
	return append(dst, s[1:1+size]...), 1 + size
}

// separator returns the control character or space that a letter is.
func separator(c byte) rune {
	switch c {
	case 'v':
		return '\v'
	case 's', ' ':
		return ' '
	case '_':
		return '\u00A0'
	case 'N':
		return '\u0085'
	case 'L', 'P':
		return '\u2028'
	case 'b', 'f', 'n', 'r', 't':
		return rune(simpleEscape(c))
	}
	return '\a'
}

// blanks returns where in s the blanks end that begin at i, where they go too.
func (k *backslashes) blanks(s string, i int) int {
	for i < min(len(s), maxDigits) && strings.IndexByte(k.folds, s[i]) >= 0 {
		i++
	}
	return i
}

// number returns where the number ends that s begins with, behind its backslash, or 0.
func (k *backslashes) number(s string) int {
	n, end := 0, 1
	for end < len(s) && end <= k.digits {
		d := unhex(s[end])
		if d < 0 || d >= k.base || n*k.base+d > k.most {
			break
		}
		n = n*k.base + d
		end++
	}
	if end == 1 || k.exact && end <= k.digits {
		return 0
	}
	return end
}

// character returns the character of this number, U+FFFD where there is none.
func character(digits string, base int) rune {
	r := rune(0)
	for i := range len(digits) {
		if r = r*rune(base) + rune(unhex(digits[i])); r > utf8.MaxRune {
			return utf8.RuneError
		}
	}
	if !utf8.ValidRune(r) {
		return utf8.RuneError
	}
	return r
}

// numbered reads an escape that says by itself that it is a number: \u{2b}, \x{2b},
// \o{53}, \N{U+2b}, \U0000002b, Java's \uu002b, \xb, and half of a surrogate pair. It
// returns the character and the length of the escape, or 0.
func numbered(s string, few bool) (rune, int) {
	c, at, base, least := s[1], 2, 16, 1
	switch c {
	case 'o':
		base = 8
	case 'N', 'x':
	case 'u':
		for at < min(len(s), maxDigits) && s[at] == 'u' {
			at++
		}
		least = 4
	case 'U':
		least = 8
	default:
		return 0, 0
	}
	if at < len(s) && s[at] == '{' {
		if at++; c == 'N' {
			if !strings.HasPrefix(s[at:], "U+") {
				return 0, 0
			}
			at += 2
		}
		end := hexEnd(s, at, base)
		if end == at || end == len(s) || s[end] != '}' {
			return 0, 0
		}
		return character(s[at:end], base), end + 1
	}
	most := least
	if c == 'x' {
		most = 2
	}
	end := hexEnd(s[:min(len(s), at+most)], at, base)
	if c == 'N' || c == 'o' || end == at || end < at+least && !few {
		return 0, 0
	}
	return character(s[at:end], base), end
}

// hexEnd returns where in s the digits end that begin at i.
func hexEnd(s string, i, base int) int {
	for i < min(len(s), maxDigits) && unhex(s[i]) >= 0 && unhex(s[i]) < base {
		i++
	}
	return i
}

// unpercentWide undoes %u002b, as unescape() of JavaScript and some servers do.
func unpercentWide(dst []byte, s string) ([]byte, int) {
	if len(s) < 6 || s[1]|0x20 != 'u' || hexEnd(s[:6], 2, 16) < 6 {
		return dst, 0
	}
	if len(s) >= 12 && s[6] == '%' && s[7]|0x20 == 'u' && hexEnd(s[:12], 8, 16) == 12 {
		if r, n := unicodeEscape([]byte(`\u`+s[2:6]+`\u`+s[8:12]), 0); n == 12 {
			return utf8.AppendRune(dst, r), 12
		}
	}
	return utf8.AppendRune(dst, character(s[2:6], 16)), 6
}

// unentityLoose undoes a character reference as browsers do: with any name of HTML,
// with any number of zeros, and many without the semicolon. After a name without one
// come letters, which are taken along.
func unentityLoose(dst []byte, s string) ([]byte, int) {
	if len(s) > 2 && s[1] == '#' {
		return unentityNumber(dst, s)
	}
	end := 1
	for end < min(len(s), longestName) && isAlphanumeric(s[end]) {
		end++
	}
	if end < len(s) && s[end] == ';' {
		end++
	}
	text := html.UnescapeString(s[:end])
	if text == s[:end] {
		return dst, 0
	}
	return append(dst, text...), end
}

// unentityNumber undoes &#43; and &#x2b; with any number of zeros, and without the semicolon.
func unentityNumber(dst []byte, s string) ([]byte, int) {
	at, base := 2, 10
	if s[2]|0x20 == 'x' {
		at, base = 3, 16
	}
	end := hexEnd(s, at, base)
	if end == at {
		return dst, 0
	}
	r := character(s[at:end], base)
	if end < len(s) && s[end] == ';' {
		end++
	}
	return utf8.AppendRune(dst, r), end
}

// opaque says whether s, that begins with a backslash or percent sign, begins with what
// is an escape to somebody but none that is known here, and may spell anything. What
// has no decimal digit spells no character of ASCII that matters, and what is cut off
// at the end of the text spells nothing.
func opaque(s string) bool {
	if len(s) < 3 {
		return false
	}
	switch c := s[1]; {
	case s[0] == '%' && c|0x20 != 'u':
		return false
	case s[0] == '%':
		if _, size := unpercentWide(nil, s); size > 0 {
			return false
		}
	case (c == '\n' || c == '\r' || c == 'z') && lua.blanks(s, 2) == maxDigits:
		return true
	case !isAlphanumeric(c):
		return false
	default:
		if _, size := numbered(s, false); size > 0 {
			return c == 'x' && strings.HasPrefix(s, `\x00`) && len(s) > 4 && unhex(s[4]) >= 0 // C takes all digits
		}
		if strings.HasPrefix(s, `\C-`) || strings.HasPrefix(s, `\M-`) { // of Emacs and Ruby
			return true
		}
	}
	at := 2
	for at < len(s) && s[1] == 'u' && s[at] == 'u' && at < maxDigits {
		at++
	}
	switch c := s[1]; {
	case at < len(s) && s[at] == '{' && strings.IndexByte("uUxoN", c) >= 0:
		return hexEnd(s, at+1, 16) < len(s)
	case c|0x20 != 'u':
		return false
	}
	end := hexEnd(s, at, 16)
	return end < len(s) && strings.ContainsAny(s[at:end], "0123456789")
}

// hides says whether a text has an escape that is opaque, a character in too many
// bytes, or is encoded too deep to be read.
func hides(y *layer) bool {
	s := y.text
	if !utf8.ValidString(s) && overlong(s) {
		return true
	}
	for i := strings.IndexAny(s, `\%`); i >= 0; {
		if opaque(s[i:]) {
			return true
		}
		next := strings.IndexAny(s[i+1:], `\%`)
		if next < 0 {
			break
		}
		i += 1 + next
	}
	if y.depth < maxDecodings {
		return false
	}
	return unescaped(&layer{text: s}, dialects[0]) != nil
}

// overlong says whether a character is spelled in more bytes than it needs, as in
// %c0%ab: RFC 3629 forbids it, and some readers take it for a +.
func overlong(s string) bool {
	for i := 0; i+1 < len(s); i++ {
		long := i+2 < len(s) && s[i+2]&0xC0 == 0x80
		switch c, next := s[i], s[i+1]; {
		case c == 0xC0 && next&0xC0 == 0x80, c == 0xC1 && next&0xC0 == 0x80, c == 0xE0 && next&0xE0 == 0x80 && long, c == 0xF0 && next&0xF0 == 0x80 && long:
			return true
		}
	}
	return false
}

// differs says whether readers differ in what stands behind a backslash in s.
func differs(s string) bool {
	for {
		i := strings.IndexByte(s, '\\')
		if i < 0 || i+1 == len(s) {
			return false
		}
		if c := s[i+1]; c == '_' || c == '\n' || c == '\r' || isAlphanumeric(c) && strings.IndexByte("bfnrt", c) < 0 {
			return true
		}
		s = s[i+2:]
	}
}
