package proxy

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/url"
	"strings"
)

// A whole is a value of an answer with nothing around it but its quotes: b[start:end].
type whole struct {
	start, end   int
	quoted, name bool // a string of JSON; the name of a member
}

// shapesIn yields where in b the shapes of this exchange stand. A shape looks like a
// value, and a value that looks like it may be part of anything: so it must be all
// that there is, where a token may stand anywhere.
func (x *exchange) shapesIn(b []byte, e encoding) iter.Seq[replacement] {
	return func(yield func(replacement) bool) {
		for w := range e.wholes(b) {
			if w.end-w.start > mostEscaped*x.longest {
				continue
			}
			o, ok := x.shapes[e.read(b[w.start:w.end])]
			if !ok {
				continue
			}
			r := replacement{start: w.start, end: w.end, original: o}
			switch {
			case e.json && !w.quoted:
				if r.raw = true; !isNumber(o.text) {
					continue
				}
			case w.quoted && o.number && !w.name: // its reader takes either
				r.start, r.end, r.raw = w.start-1, w.end+1, true
			}
			if !yield(r) {
				return
			}
		}
	}
}

func isNumber(s string) bool {
	return s != "" && (s[0] == '-' || '0' <= s[0] && s[0] <= '9') && json.Valid([]byte(s))
}

// jsonWholes yields the strings and integers of JSON, or of what holds some. A
// string ends with its line at the latest: a quote in other text is no matter
// beyond that.
func jsonWholes(b []byte) iter.Seq[whole] {
	return func(yield func(whole) bool) {
		for i := 0; i < len(b); i++ {
			switch c := b[i]; {
			case c == '"':
				end := stringEnd(b, i+1)
				if end < 0 {
					n := bytes.IndexByte(b[i:], '\n')
					if n < 0 {
						return
					}
					i += n
					continue
				}
				after := bytes.TrimLeft(b[end+1:], " \t\r\n")
				if !yield(whole{start: i + 1, end: end, quoted: true, name: len(after) > 0 && after[0] == ':'}) {
					return
				}
				i = end
			case c == '-' || '0' <= c && c <= '9':
				start := i
				for i+1 < len(b) && b[i+1] >= '0' && b[i+1] <= '9' {
					i++
				}
				if (start == 0 || strings.IndexByte(" \t\r\n\x1e[,:", b[start-1]) >= 0) && (i+1 == len(b) || strings.IndexByte(" \t\r\n,]}", b[i+1]) >= 0) &&
					!yield(whole{start: start, end: i + 1}) {
					return
				}
			}
		}
	}
}

// stringEnd returns where the string ends that goes on at i, or -1.
func stringEnd(b []byte, i int) int {
	for ; i < len(b); i++ {
		switch b[i] {
		case '"':
			return i
		case '\\':
			i++
		case '\n':
			return -1
		}
	}
	return -1
}

// readJSON reads the inside of a string of JSON.
func readJSON(b []byte) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b)
	}
	var s string
	if json.Unmarshal([]byte(`"`+string(b)+`"`), &s) != nil {
		return ""
	}
	return s
}

// lines yields the lines of a text, without the space around them.
func lines(b []byte) iter.Seq[whole] {
	return func(yield func(whole) bool) {
		at := 0
		for line := range bytes.Lines(b) {
			text := bytes.TrimLeft(line, " \t")
			start := at + len(line) - len(text)
			at += len(line)
			if text = bytes.TrimRight(text, " \t\r\n"); !yield(whole{start: start, end: start + len(text)}) {
				return
			}
		}
	}
}

// pairs yields the names and the values of a form.
func pairs(b []byte) iter.Seq[whole] {
	return func(yield func(whole) bool) {
		for at := 0; at <= len(b); {
			end := len(b)
			if i := bytes.IndexByte(b[at:], '&'); i >= 0 {
				end = at + i
			}
			name, value, ok := bytes.Cut(b[at:end], []byte("="))
			if !yield(whole{start: at, end: at + len(name)}) || ok && !yield(whole{start: end - len(value), end: end}) {
				return
			}
			at = end + 1
		}
	}
}

// oneValue yields all of it.
func oneValue(b []byte) iter.Seq[whole] {
	return func(yield func(whole) bool) { yield(whole{end: len(b)}) }
}

func readText(b []byte) string { return string(b) }

// readForm reads percent-encoding, and + as the space that it is in a form.
func readForm(b []byte) string {
	s, _ := url.QueryUnescape(string(b)) // what cannot be read is "", which is no shape
	return s
}

// readURL reads percent-encoding; what cannot be read is as it is written.
func readURL(b []byte) string {
	s, err := url.PathUnescape(string(b))
	if err != nil {
		return string(b)
	}
	return s
}
