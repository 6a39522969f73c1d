package rules

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// A reading is one way to understand a text: as written, or with a
// percent-encoding undone, or with + as the space that form encoders mean by it.
type reading struct {
	text    string   // may alias buf
	from    *reading // what was decoded; nil: the value itself
	escapes []int32  // which bytes of text were an escape there, in order
	offsets []int    // of a value that is not UTF-8: where each byte of text, and its end, began
	spaced  bool     // the value itself with bare + read as spaces

	buf    []byte // of text
	places []int32
}

// at returns where in the value the byte i of the reading began.
func (r *reading) at(i int) int {
	for ; r.from != nil; r = r.from {
		before, _ := slices.BinarySearch(r.escapes, int32(i))
		i += 2 * before
	}
	if r.offsets != nil {
		return r.offsets[i]
	}
	return i
}

// snap moves the ends of a span of the value inwards to where a character of
// this reading begins: the 22 of %22anna@example.com is no part of the address,
// and neither is the 20 of %2520anna@example.com.
func (r *reading) snap(start, end int) (int, int) {
	if r.from == nil && r.offsets == nil {
		return start, end
	}
	first, last := r.span(start, end)
	return r.at(first), r.at(last)
}

// span returns what of the reading a span of the value says: the characters that
// are whole in it.
func (r *reading) span(start, end int) (first, last int) {
	first = sort.Search(len(r.text), func(i int) bool { return r.at(i) >= start })
	last = sort.Search(len(r.text), func(i int) bool { return r.at(i+1) > end })
	return first, max(first, last)
}

// readings are the ways to understand one value, made once for all rules and
// in buffers that are used again.
type readings struct {
	all  [maxDecodings + 2]reading
	n    int
	used int // the most that n was since forget
	room *room
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
		r.text, r.from, r.offsets, r.spaced = text, nil, nil, false
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
	if deepest := rs.all[last].text; len(deepest) > askFrom && strings.IndexByte(deepest, '+') >= 0 && rs.room.take(3*len(deepest)) != nil {
		return rs.all[:rs.n]
	}
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
	rs.n++
	rs.used = max(rs.used, rs.n)
	return rs.n - 1
}

// fork puts before the last reading the same one with spaces for some of its +.
func (rs *readings) fork(last int, spaces string) {
	n := rs.next()
	rs.all[n], rs.all[last] = rs.all[last], rs.all[n]
	r := &rs.all[last]
	plus := &rs.all[n]
	r.text, r.from, r.escapes, r.offsets = numbersPlus(plus.text, spaces), plus.from, plus.escapes, plus.offsets
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
	buf, err := rs.room.grow(r.buf, len(s))
	if err != nil {
		rs.n--
		return -1
	}
	r.buf, r.places = buf, r.places[:0]
	for k := 0; k < len(s); {
		if s[k] == '%' && k+2 < len(s) && hexByte(s[k+1], s[k+2]) >= 0 {
			if len(r.places) == cap(r.places) && rs.room.take(2*4*len(r.places)) != nil {
				break
			}
			r.places = append(r.places, int32(len(r.buf)))
			r.buf = append(r.buf, byte(hexByte(s[k+1], s[k+2])))
			k += 3
			continue
		}
		r.buf = append(r.buf, s[k])
		k++
	}
	if len(r.places) == 0 {
		rs.n--
		return -1
	}
	r.text, r.from, r.escapes, r.offsets, r.spaced = view(r.buf), from, r.places, nil, false
	return n
}

// latin1 reads a text that is not UTF-8 as ISO 8859-1, as HTTP once did: every
// byte is a character.
func (r *reading) latin1(s string) {
	var offsets []int // rare: it is not worth a buffer
	r.buf = r.buf[:0]
	for i := range len(s) {
		for range utf8.RuneLen(rune(s[i])) {
			offsets = append(offsets, i)
		}
		r.buf = utf8.AppendRune(r.buf, rune(s[i]))
	}
	r.text, r.from, r.offsets, r.spaced = view(r.buf), nil, append(offsets, len(s)), false
}

// forget drops what the readings hold of the text, but not their buffers.
func (rs *readings) forget() {
	for i := range rs.all[:rs.used] {
		r := &rs.all[i]
		r.text, r.from, r.escapes, r.offsets = "", nil, nil, nil
	}
	rs.n, rs.used, rs.room = 0, 0, nil
}

// large says whether the buffers are too large to be kept.
func (rs *readings) large() bool {
	for i := range rs.all {
		if cap(rs.all[i].buf) > 1<<16 || cap(rs.all[i].places) > 1<<16 {
			return true
		}
	}
	return false
}

// numbersPlus chooses between text and bare, which has spaces for some of its +:
// a + stays where it may begin a number, before a digit (of a calling code, which
// begins with no 0) and behind neither a letter nor a digit, nor an area code in the
// middle of one: +1 (202) 555-0143.
func numbersPlus(text, bare string) string {
	b := []byte(bare)
	for i := range b {
		number := b[i] != text[i] && i+1 < len(text) && (text[i+1]-'1' < 9 || text[i+1] == '(')
		if number && (i == 0 || !isBase64url(text[i-1]) || text[i-1] == '-' || text[i-1] == '_') && !areaCode(b[:i]) {
			b[i] = '+'
		}
	}
	return string(b)
}

// areaCode says whether a text ends in digits in parentheses, behind a + and more
// digits.
func areaCode(b []byte) bool {
	inside := bytes.TrimRight(bytes.TrimSuffix(b, []byte(")")), "0123456789 ")
	if len(b) == 0 || b[len(b)-1] != ')' || len(inside) >= len(b)-1 || len(inside) == 0 || inside[len(inside)-1] != '(' {
		return false
	}
	before := bytes.TrimRight(inside[:len(inside)-1], "0123456789 -.")
	return len(before) > 0 && before[len(before)-1] == '+'
}
