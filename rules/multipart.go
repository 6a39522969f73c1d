package rules

import (
	"bytes"
	"fmt"
	"strings"
)

// This file is the framing of multipart bodies (RFC 2046, section 5.1.1; RFC
// 7578): where the parts begin and end. Readers of such bodies differ in what
// they forgive, so nothing is forgiven here that two of them would take for two
// things: what reads a body more leniently must still find these parts.

const maxPartHeader = 8 << 10

// A span is body[start:end].
type span struct{ start, end int }

func (s span) of(b []byte) []byte { return b[s.start:s.end] }

// splitMultipart returns the parts of a multipart/form-data body, and where its
// first boundary line begins and its closing one ends. What stands before and
// behind means nothing and must not be sent on: some collector may read it. An
// empty line before the first boundary, which old clients write, counts as part
// of it. More than so many parts are an error.
//
// The boundary may stand nowhere else in the body, not even within a line: RFC
// 2046 lets no line begin with it, and some readers just split the text at it.
func splitMultipart(body []byte, boundary string, most int) (parts []formPart, start, end int, err error) {
	if !isBoundary(boundary) {
		return nil, 0, 0, badForm("its boundary is missing or not 1 to 70 of the characters of RFC 2046")
	}
	delimiter := []byte("--" + boundary)
	from, at, closed := -1, 0, false // from: where the open part begins
	for {
		next := bytes.Index(body[at:], delimiter)
		if next < 0 {
			break
		}
		next += at
		rest := body[next+len(delimiter):]
		rest, last := bytes.CutPrefix(rest, []byte("--"))
		rest, line := bytes.CutPrefix(rest, []byte("\r\n"))
		switch {
		case closed:
			return nil, 0, 0, badForm("a boundary stands behind the closing one")
		case next > 0 && !bytes.HasSuffix(body[:next], []byte("\r\n")):
			return nil, 0, 0, badForm("a boundary stands within a line, or behind a line end that is not CRLF")
		case !line && !(last && len(rest) == 0):
			return nil, 0, 0, badForm("a line that begins with the boundary goes on with something else")
		case from < 0:
			start = next
		case len(parts) == most:
			return nil, 0, 0, tooMany("parts of the form", most, true)
		default:
			p, err := readPart(body, from, next-len("\r\n"), len(parts)+1)
			if err != nil {
				return nil, 0, 0, err
			}
			parts = append(parts, p)
		}
		at = len(body) - len(rest)
		from, closed, end = at, last, at
	}
	if !closed {
		return nil, 0, 0, badForm("it has no closing boundary")
	}
	if start == 2 && body[0] == '\r' && body[1] == '\n' {
		start = 0
	}
	return parts, start, end, nil
}

// isBoundary says whether s is one by RFC 2046, section 5.1.1.
func isBoundary(s string) bool {
	if len(s) < 1 || len(s) > 70 || s[len(s)-1] == ' ' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && strings.IndexByte("'()+_,-./:=? ", c) < 0 {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c-'0' <= 9 }

func badForm(format string, args ...any) error {
	return badBody("the form cannot be read: "+format, args...)
}

func badPart(n int, what string) error { return badForm("part %d %s", n, what) }

// unsafePart is a part that is well-formed, but that two readers may read as
// two texts: whatever stands for it, one of them may see the person.
func unsafePart(n int, what string) error {
	return &Error{Reason: Unsafe, Detail: fmt.Sprintf("part %d of the form %s", n, what)}
}
