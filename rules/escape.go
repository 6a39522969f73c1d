package rules

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escapeKinds are kinds of escapes that are undone at once.
type escapeKinds uint8

const (
	percentEscapes escapeKinds = 1 << iota // of URLs and forms (RFC 3986)
	htmlEscapes                            // of HTML and XML
	jsonEscapes                            // of JSON (RFC 8259)
	hexEscapes                             // \x2b, in which web servers write a byte into their logs
	looseEscapes                           // what else JavaScript and its relatives have behind a backslash
)

// unescaped returns a layer with every escape in y of these kinds undone once, or
// nil where there is none, or it is too deep. What only looks like an escape is left.
//
// All kinds are undone at once. It does not matter which was the outer one: the
// next layer undoes what this one brought to light.
func unescaped(y *layer, kinds escapeKinds) *layer {
	s := y.text
	if y.depth >= maxDecodings || strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '\\') < 0 && strings.IndexByte(s, '&') < 0 {
		return nil
	}
	inner := &layer{from: y, depth: y.depth + 1}
	var text []byte
	copied := 0
	var spelled [utf8.UTFMax]byte
	for i := 0; i < len(s); {
		var b []byte
		size := 0
		switch c := s[i]; {
		case c == '%' && kinds&percentEscapes != 0:
			b, size = unpercentOne(spelled[:0], s[i:])
		case c == '\\' && kinds&jsonEscapes != 0:
			if b, size = unbackslash(spelled[:0], s[i:], kinds&hexEscapes != 0); size == 0 && kinds&looseEscapes != 0 {
				b, size = unbackslashLoose(spelled[:0], s[i:])
			}
		case c == '&' && kinds&htmlEscapes != 0:
			b, size = unentity(spelled[:0], s[i:])
		}
		if size == 0 {
			i++
			continue
		}
		if text == nil {
			text = make([]byte, 0, len(s))
		}
		text = append(text, s[copied:i]...)
		inner.escapes = append(inner.escapes, escape{int32(len(text)), int32(i), uint8(len(b)), uint8(size)})
		text = append(text, b...)
		i += size
		copied = i
	}
	if text == nil {
		return nil
	}
	inner.text = view(append(text, s[copied:]...))
	return inner
}

// unpercentOne appends the byte of a percent-encoding (RFC 3986) that s begins
// with. It returns the length of the escape, 0 where s begins with none; so do
// the others.
func unpercentOne(dst []byte, s string) ([]byte, int) {
	if len(s) < 3 || hexByte(s[1], s[2]) < 0 {
		return dst, 0
	}
	return append(dst, byte(hexByte(s[1], s[2]))), 3
}

// unbackslash undoes an escape of JSON, or one such as \x2b.
func unbackslash(dst []byte, s string, hex bool) ([]byte, int) {
	if len(s) < 2 {
		return dst, 0
	}
	switch c := s[1]; c {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return append(dst, simpleEscape(c)), 2
	case 'u':
		if r, n := unicodeEscape([]byte(s[:min(len(s), 12)]), 0); n > 0 {
			return utf8.AppendRune(dst, r), n
		}
	case 'x':
		if hex && len(s) >= 4 && hexByte(s[2], s[3]) >= 0 {
			return append(dst, byte(hexByte(s[2], s[3]))), 4
		}
	}
	return dst, 0
}

// unbackslashLoose undoes what JavaScript and lenient readers of JSON (JSON5) take
// for an escape too: an octal number, \u{2b}, the end of a line, which is left out
// with it, and any other character, which stands for itself.
func unbackslashLoose(dst []byte, s string) ([]byte, int) {
	if len(s) < 2 {
		return dst, 0
	}
	switch c := s[1]; {
	case c-'0' <= 7:
		n, size := 0, 1
		for size < min(len(s), 4) && s[size]-'0' <= 7 && n < 32 {
			n = n*8 + int(s[size]-'0')
			size++
		}
		return utf8.AppendRune(dst, rune(n)), size
	case c == '\r' && strings.HasPrefix(s[2:], "\n"):
		return dst, 3
	case c == '\n', c == '\r':
		return dst, 2
	case c == 'u' || c == 'x': // without its digits it is none to anybody
		end := strings.IndexByte(s[:min(len(s), 12)], '}')
		if end < 4 || !strings.HasPrefix(s, `\u{`) {
			return dst, 0
		}
		r, err := strconv.ParseUint(s[3:end], 16, 32)
		if err != nil || !utf8.ValidRune(rune(r)) {
			return dst, 0
		}
		return utf8.AppendRune(dst, rune(r)), end + 1
	}
	_, size := utf8.DecodeRuneInString(s[1:])
	return append(dst, s[1:1+size]...), 1 + size
}

// entityNames are the names that HTML gives to characters which matter in an
// identifier, or next to one.
var entityNames = map[string]rune{
	"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\'', "nbsp": ' ', "Tab": '\t', "NewLine": '\n',
	"plus": '+', "commat": '@', "period": '.', "colon": ':', "sol": '/', "equals": '=', "semi": ';', "comma": ',',
	"lpar": '(', "rpar": ')', "lowbar": '_', "UnderBar": '_', "hyphen": '-', "dash": '-', "shy": '\u00AD', "percnt": '%', "bsol": '\\',
}

// unentity undoes a character reference of HTML and XML.
func unentity(dst []byte, s string) ([]byte, int) {
	end := strings.IndexByte(s[:min(len(s), 12)], ';')
	if end < 3 && (end < 2 || s[1] == '#') {
		return dst, 0
	}
	name := s[1:end]
	if name[0] != '#' {
		if r, ok := entityNames[name]; ok {
			return utf8.AppendRune(dst, r), end + 1
		}
		return dst, 0
	}
	digits, base := name[1:], 10
	if digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	var r rune
	for i := range len(digits) {
		d := unhex(digits[i])
		if d < 0 || d >= base || r > utf8.MaxRune {
			return dst, 0
		}
		r = r*rune(base) + rune(d)
	}
	if digits == "" || r == 0 || !utf8.ValidRune(r) {
		return dst, 0
	}
	return utf8.AppendRune(dst, r), end + 1
}
