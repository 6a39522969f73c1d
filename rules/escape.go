package rules

import (
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
	wideEscapes                            // of percent and HTML, what only lenient readers undo: %u002b, &#43 (loose.go)
)

// A dialect is what one reader undoes at once. Behind a backslash, readers differ most.
type dialect struct {
	kinds escapeKinds
	loose *backslashes // what else the reader has behind a backslash (loose.go), or nil
}

// unescaped returns a layer with every escape in y that the dialect has undone once, or
// nil where there is none, or it is too deep. What only looks like an escape is left.
//
// All kinds are undone at once. It does not matter which was the outer one: the
// next layer undoes what this one brought to light.
func unescaped(y *layer, d dialect) *layer {
	s := y.text
	if y.depth >= maxDecodings || !mayEscape(s) {
		return nil
	}
	inner := &layer{from: y, depth: y.depth + 1}
	var text []byte
	copied := 0
	var spelled [maxSpelled]byte
	for i := 0; i < len(s); {
		b, size := d.undo(spelled[:0], s[i:])
		if size == 0 {
			i++
			continue
		}
		if text == nil {
			text = make([]byte, 0, len(s))
		}
		text = append(text, s[copied:i]...)
		inner.escapes = append(inner.escapes, escape{int32(len(text)), int32(i), uint8(len(b)), uint16(size)})
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

func mayEscape(s string) bool {
	return strings.IndexByte(s, '%') >= 0 || strings.IndexByte(s, '\\') >= 0 || strings.IndexByte(s, '&') >= 0
}

// maxSpelled is how many bytes one escape spells at most: &nGtv; are two characters,
// and what follows a name of HTML is taken with it.
const maxSpelled = 64

// undo appends what the escape spells that s begins with. It returns the length of the
// escape, 0 where s begins with none; so do the others.
func (d dialect) undo(dst []byte, s string) ([]byte, int) {
	switch c := s[0]; {
	case c == '%' && d.kinds&percentEscapes != 0:
		if b, size := unpercentOne(dst, s); size > 0 || d.kinds&wideEscapes == 0 {
			return b, size
		}
		return unpercentWide(dst, s)
	case c == '\\':
		size := 0
		if d.kinds&jsonEscapes != 0 {
			dst, size = unbackslash(dst, s, d.kinds&hexEscapes != 0)
		}
		if size == 0 && d.loose != nil {
			return d.loose.undo(dst, s)
		}
		return dst, size
	case c == '&' && d.kinds&htmlEscapes != 0:
		if d.kinds&wideEscapes != 0 {
			return unentityLoose(dst, s)
		}
		return unentity(dst, s)
	}
	return dst, 0
}

// unpercentOne appends the byte of a percent-encoding (RFC 3986).
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
