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
		if len(s) < i+3 || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			return "", false
		}
		b = append(b, s[:i]...)
		b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
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
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isBase64url(c) || c == '.' || c == '~' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte("0123456789ABCDEF"[c>>4])
		b.WriteByte("0123456789ABCDEF"[c&15])
	}
	return b.String()
}
