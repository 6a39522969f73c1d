package rules

import (
	"strings"
)

// This file reads and writes the parameters in the header of a form's part: the
// two names a person may stand in. Browsers, curl and libraries quote them in
// their own ways each, so what is read is what all readers agree about.

// A param is one parameter of a header field.
type param struct {
	name  string // in lower case
	value span   // inside its quotes
}

// readParams reads a value such as form-data; name="a"; filename=b.txt. It is
// false for what is malformed, and for a name that stands there twice.
func readParams(body []byte, field span) (first string, params []param, ok bool) {
	s := string(field.of(body))
	at := strings.IndexByte(s, ';')
	if at < 0 {
		at = len(s)
	}
	first = strings.TrimRight(s[:at], " ")
	seen := make(map[string]bool)
	for at < len(s) {
		at++ // the semicolon
		for at < len(s) && s[at] == ' ' {
			at++
		}
		if at == len(s) {
			break // nothing behind the last one: all readers forgive it
		}
		equals := strings.IndexByte(s[at:], '=')
		if equals < 0 {
			return "", nil, false
		}
		name := strings.ToLower(s[at : at+equals])
		at += equals + 1
		start, end, next := readValue(s, at)
		if next < 0 || !isToken(name) || seen[name] {
			return "", nil, false
		}
		seen[name] = true
		params = append(params, param{name, span{field.start + start, field.start + end}})
		for at = next; at < len(s) && s[at] == ' '; at++ {
		}
		if at < len(s) && s[at] != ';' {
			return "", nil, false
		}
	}
	return first, params, isToken(strings.Replace(first, "/", "", 1))
}

// readValue returns where the value at s[at] begins and ends inside its quotes,
// and what stands behind it; -1 where it is malformed.
//
// To a reader that knows no escapes, a\" is all of the value, and what follows a
// semicolon behind it the next parameter: such a value is malformed.
func readValue(s string, at int) (start, end, next int) {
	if at == len(s) || s[at] != '"' {
		for end = at; end < len(s) && isTokenByte(s[end]); end++ {
		}
		if end == at {
			return 0, 0, -1
		}
		return at, end, end
	}
	at++
	escaped := false
	for i := at; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return at, i, i + 1
		case escapes(s, i):
			i++
			escaped = escaped || s[i] == '"'
		case s[i] == ';' && escaped:
			return 0, 0, -1
		}
	}
	return 0, 0, -1
}

// escapes says whether the backslash at s[i] is one that escapes. Before a
// letter or a digit it stands for itself, as in C:\log.txt: whoever escapes,
// escapes what needs it.
func escapes(s string, i int) bool {
	return s[i] == '\\' && i+1 < len(s) && strings.IndexByte(tspecials, s[i+1]) >= 0
}

const tspecials = `()<>@,;:\"/[]?=` // RFC 2045, section 5.1

// partText decodes a name: backslash escapes, and the three characters that
// browsers percent-encode (RFC 7578, section 2, and HTML): " and the line ends.
// Any other percent may be one that the user typed.
func partText(raw []byte) string {
	s := string(raw)
	if !strings.ContainsAny(s, `\%`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if escapes(s, i) {
			i++
		} else if i+2 < len(s) && s[i] == '%' {
			switch strings.ToUpper(s[i+1 : i+3]) {
			case "22":
				b.WriteByte('"')
				i += 2
				continue
			case "0D":
				b.WriteByte('\r')
				i += 2
				continue
			case "0A":
				b.WriteByte('\n')
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// escapePartName appends s as the inside of a quoted name, as browsers write it.
// A backslash is doubled only where it would be taken for an escape.
func escapePartName(dst []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c < ' ' || c == 0x7F:
			dst = appendPercent(dst, c)
		case c == '\\' && (i+1 == len(s) || strings.IndexByte(tspecials, s[i+1]) >= 0):
			dst = append(dst, c, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// appendPartName appends what is to stand for body[s.start:s.end], a name as
// spelled. Where the client wrote it without quotes, and it needs them, they
// come with it.
func appendPartName(dst, body []byte, s span, name string) []byte {
	if body[s.start-1] == '"' || isToken(name) {
		return escapePartName(dst, name)
	}
	dst = escapePartName(append(dst, '"'), name)
	return append(dst, '"')
}

// isToken says whether s is a token of RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	return isAlphanumeric(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
