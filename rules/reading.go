package rules

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A reading is one way to understand a text: as written, or with a
// percent-encoding undone, or with + as the space that form encoders mean by it.
type reading struct {
	text    string // may alias buf
	offsets []int  // where each byte of text, and its end, began in the value; nil: at the same place
	spaced  bool   // the value itself with bare + read as spaces

	buf   []byte
	froms []int // the buffer of offsets
}

// at returns where in the value the byte i of the reading began.
func (r *reading) at(i int) int {
	if r.offsets == nil {
		return i
	}
	return r.offsets[i]
}

// snap moves the ends of a span of the value inwards to where a character of
// this reading begins: the 22 of %22anna@example.com is no part of the address,
// and neither is the 20 of %2520anna@example.com.
func (r *reading) snap(start, end int) (int, int) {
	if r.offsets == nil {
		return start, end
	}
	i, _ := slices.BinarySearch(r.offsets, start)
	j, exact := slices.BinarySearch(r.offsets, end)
	if !exact {
		j--
	}
	return r.offsets[i], r.offsets[max(j, 0)]
}

// readings are the ways to understand one value, made once for all rules and
// in buffers that are used again.
type readings struct {
	all []reading
	n   int
}

// maxDecodings is how many percent-encodings on top of each other are undone.
const maxDecodings = 5

// of returns the readings of text, the deepest last, and before that the deepest
// with + as spaces: what is encoded is decoded before anyone asks what + means.
// bare is what a part of a URL is with its bare + as spaces, "" where there is
// none.
func (rs *readings) of(text, bare string) []reading {
	if rs.n > 0 {
		return rs.all[:rs.n]
	}
	first := rs.next()
	if r := &rs.all[first]; utf8.ValidString(text) {
		r.text, r.offsets, r.spaced = text, nil, false
	} else {
		r.latin1(text)
	}
	last := first
	for range maxDecodings {
		n := rs.decode(last)
		if n < 0 {
			break
		}
		last = n
	}
	spaces := bare
	if last != first {
		spaces = asSpaces(rs.all[last].text)
	}
	if spaces != "" {
		rs.fork(last, spaces)
		rs.all[last].spaced = last == first
	}
	return rs.all[:rs.n]
}

// asSpaces returns text with spaces for its +, "" where there is none.
func asSpaces(text string) string {
	if strings.IndexByte(text, '+') < 0 {
		return ""
	}
	return strings.ReplaceAll(text, "+", " ")
}

// next returns the index of a reading to fill.
func (rs *readings) next() int {
	if rs.n == len(rs.all) {
		rs.all = append(rs.all, reading{})
	}
	rs.n++
	return rs.n - 1
}

// fork puts before the last reading the same one with spaces for some of its +.
func (rs *readings) fork(last int, spaces string) {
	n := rs.next()
	rs.all[n], rs.all[last] = rs.all[last], rs.all[n]
	r := &rs.all[last]
	r.text, r.offsets, r.spaced = numbersPlus(rs.all[n].text, spaces), rs.all[n].offsets, false
}

// decode adds the reading i with one percent-encoding undone, where there is
// one, and what only looks like one left. It returns its index, -1 where there
// was nothing to undo.
func (rs *readings) decode(i int) int {
	if strings.IndexByte(rs.all[i].text, '%') < 0 {
		return -1
	}
	n := rs.next()
	r, from := &rs.all[n], &rs.all[i]
	s := from.text
	r.buf, r.froms = r.buf[:0], r.froms[:0]
	for k := 0; k < len(s); {
		r.froms = append(r.froms, from.at(k))
		if s[k] == '%' && k+2 < len(s) && unhex(s[k+1]) >= 0 && unhex(s[k+2]) >= 0 {
			r.buf = append(r.buf, byte(unhex(s[k+1])<<4|unhex(s[k+2])))
			k += 3
			continue
		}
		r.buf = append(r.buf, s[k])
		k++
	}
	r.froms = append(r.froms, from.at(len(s)))
	if len(r.buf) == len(s) {
		rs.n--
		return -1
	}
	r.text, r.offsets, r.spaced = view(r.buf), r.froms, false
	return n
}

// latin1 reads a text that is not UTF-8 as ISO 8859-1, as HTTP once did: every
// byte is a character.
func (r *reading) latin1(s string) {
	r.buf, r.froms = r.buf[:0], r.froms[:0]
	for i := range len(s) {
		for range utf8.RuneLen(rune(s[i])) {
			r.froms = append(r.froms, i)
		}
		r.buf = utf8.AppendRune(r.buf, rune(s[i]))
	}
	r.froms = append(r.froms, len(s))
	r.text, r.offsets, r.spaced = view(r.buf), r.froms, false
}

// numbersPlus chooses between text and bare, which has spaces for some of its +:
// a + stays where it may begin a number, before a digit and behind neither a
// letter nor a digit.
func numbersPlus(text, bare string) string {
	b := []byte(bare)
	for i := range b {
		number := b[i] != text[i] && i+1 < len(text) && (text[i+1]-'0' <= 9 || text[i+1] == '(')
		if number && (i == 0 || !isBase64url(text[i-1]) || text[i-1] == '-' || text[i-1] == '_') {
			b[i] = '+'
		}
	}
	return string(b)
}
