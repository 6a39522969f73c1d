package rules

import (
	"html"
	"slices"
	"strings"
	"unicode/utf8"
)

// escapeKinds are kinds of escapes that are undone at once.
type escapeKinds uint8

const (
	percentEscapes  escapeKinds = 1 << iota // of URLs and forms (RFC 3986)
	htmlEscapes                             // of HTML and XML
	jsonEscapes                             // of JSON (RFC 8259)
	hexEscapes                              // \x2b, in which web servers write a byte into their logs
	wideEscapes                             // of percent and HTML, what only lenient readers undo: %u002b, &#43 (loose.go)
	unicodePercents                         // %u002b, as unescape() of JavaScript and some servers do
	quotedEscapes                           // =2B, quoted-printable, in which mail is (RFC 2045, section 6.7)
)

// A dialect is what one reader undoes at once. Behind a backslash, readers differ most.
type dialect struct {
	kinds escapeKinds
	loose *backslashes // what else the reader has behind a backslash (loose.go), or nil
}

// everyday is the dialect of a reader who undoes all that clients encode values with. Any
// two of its escapes can be told apart, so the order does not matter.
var everyday = dialect{percentEscapes | unicodePercents | htmlEscapes | jsonEscapes | hexEscapes, nil}

// unescaped returns a layer with every escape in y that the dialect has undone once, or
// nil where there is none, or it is too deep. What only looks like an escape is left.
//
// All kinds are undone at once. It does not matter which was the outer one: the
// next layer undoes what this one brought to light.
func unescaped(y *layer, d dialect) *layer {
	if y.depth >= maxDecodings || !mayEscape(y.text) {
		return nil
	}
	var escapes []escape
	text, met := d.decode(nil, &escapes, y.text)
	if met == 0 {
		return nil
	}
	return &layer{text: view(text), from: y, depth: y.depth + 1, escapes: escapes}
}

// decode appends s with its escapes undone once to an empty buffer, and where they were
// in s to places, unless that is nil; of a text without an escape, nothing. It returns the
// kinds that it met, none where there was no escape.
func (d dialect) decode(buf []byte, places *[]escape, s string) ([]byte, escapeKinds) {
	copied := 0
	var met escapeKinds
	var spelled [maxSpelled]byte
	for i := nextEscape(s, 0); i < len(s); {
		b, size := d.undo(spelled[:0], s[i:])
		if size == 0 {
			i = nextEscape(s, i+1)
			continue
		}
		if met == 0 {
			buf = slices.Grow(buf, len(s))
		}
		met |= kindsOf[s[i]]
		buf = append(buf, s[copied:i]...)
		if places != nil {
			*places = append(*places, escape{int32(len(buf)), int32(i), int32(size), uint8(len(b))})
		}
		buf = append(buf, b...)
		copied = i + size
		i = nextEscape(s, copied)
	}
	if met != 0 {
		buf = append(buf, s[copied:]...)
	}
	return buf, met
}

// kindsOf are the kinds of the escapes that a byte begins.
var kindsOf = [256]escapeKinds{'%': percentEscapes, '&': htmlEscapes, '\\': jsonEscapes, '=': quotedEscapes}

// nextEscape returns where in s, from i on, an escape may begin.
func nextEscape(s string, i int) int {
	for i < len(s) && kindsOf[s[i]] == 0 {
		i++
	}
	return i
}

// hasEscape says whether there is an escape in a text.
func hasEscape(s string) bool {
	d := dialect{kinds: everyday.kinds | quotedEscapes}
	var spelled [maxSpelled]byte
	for i := nextEscape(s, 0); i < len(s); i = nextEscape(s, i+1) {
		if _, size := d.undo(spelled[:0], s[i:]); size > 0 {
			return true
		}
	}
	return false
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
		if b, size := unpercentOne(dst, s); size > 0 || d.kinds&(wideEscapes|unicodePercents) == 0 {
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
	case c == '=' && d.kinds&quotedEscapes != 0:
		return unquotedPrintable(dst, s)
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

// unquotedPrintable undoes =2B, and the line break that =, at the end of a line, is none
// of (RFC 2045, section 6.7).
func unquotedPrintable(dst []byte, s string) ([]byte, int) {
	switch {
	case len(s) >= 3 && hexByte(s[1], s[2]) >= 0:
		return append(dst, byte(hexByte(s[1], s[2]))), 3
	case strings.HasPrefix(s, "=\r\n"):
		return dst, 3
	case strings.HasPrefix(s, "=\n"):
		return dst, 2
	}
	return dst, 0
}

// isName says whether these are letters and digits, as names of HTML are. Of what else
// stands before a semicolon, some may be an escape of another kind, or another &.
func isName(s string) bool {
	for i := range len(s) {
		if !isAlphanumeric(s[i]) {
			return false
		}
	}
	return true
}

// longestName is the length of &CounterClockwiseContourIntegral;
const longestName = 33

// unentity undoes a character reference of HTML and XML: any name that ends in a
// semicolon, and any number, of which many readers forgive that it does not.
func unentity(dst []byte, s string) ([]byte, int) {
	if len(s) > 2 && s[1] == '#' {
		b, end := unentityNumber(dst, s)
		if end < len(s) && s[end-min(end, 1)] != ';' && (s[end] == '%' || s[end] == '\\') {
			return dst, 0 // the rest of the number, or the semicolon, is encoded
		}
		return b, end
	}
	end := strings.IndexByte(s[:min(len(s), longestName)], ';')
	if end < 0 || !isName(s[1:end]) {
		return dst, 0
	}
	text := html.UnescapeString(s[:end+1])
	if text == s[:end+1] || strings.HasSuffix(text, ";") && s[:end+1] != "&semi;" { // of a shorter name, without its own
		return dst, 0
	}
	return append(dst, text...), end + 1
}
