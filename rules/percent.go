package rules

import (
	"strings"
	"unicode/utf8"
)

// unpercent decodes percent-encoding strictly: a % that is not followed by two
// hexadecimal digits, and a result that is not UTF-8, is refused. + stays.
func unpercent(s string) (string, bool) {
	i := strings.IndexByte(s, '%')
	if i < 0 {
		return s, utf8.ValidString(s)
	}
	b := make([]byte, 0, len(s))
	for ; i >= 0; i = strings.IndexByte(s, '%') {
		if len(s) < i+3 || hexByte(s[i+1], s[i+2]) < 0 {
			return "", false
		}
		b = append(b, s[:i]...)
		b = append(b, byte(hexByte(s[i+1], s[i+2])))
		s = s[i+3:]
	}
	b = append(b, s...)
	return string(b), utf8.Valid(b)
}

// unhex returns the value of a hexadecimal digit, or -1.
func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// hexByte returns the byte that two hexadecimal digits spell, or -1.
func hexByte(high, low byte) int {
	h, l := unhex(high), unhex(low)
	if h < 0 || l < 0 {
		return -1
	}
	return h<<4 | l
}

// percentOffset returns where the byte stands that is n decoded bytes after raw[i].
func percentOffset(raw string, i, n int) int {
	for ; n > 0; n-- {
		if raw[i] == '%' {
			i += 2
		}
		i++
	}
	return i
}

// percent encodes all but the unreserved characters of RFC 3986, section 2.3.
func percent(s string) string {
	b := make([]byte, 0, len(s)+16)
	for i := range len(s) {
		if c := s[i]; isBase64url(c) || c == '.' || c == '~' {
			b = append(b, c)
		} else {
			b = appendPercent(b, c)
		}
	}
	return string(b)
}

func appendPercent(dst []byte, c byte) []byte {
	return append(dst, '%', "0123456789ABCDEF"[c>>4], "0123456789ABCDEF"[c&15])
}
