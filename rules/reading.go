package rules

import (
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

// wholeEscapes moves the ends of a span inwards to where they split no
// percent-encoding: the 22 of %22anna@example.com is no part of the address.
func (r *reading) wholeEscapes(start, end int) (int, int) {
	escape := func(i int) bool {
		return i >= 0 && i+2 < len(r.text) && r.text[i] == '%' && unhex(r.text[i+1]) >= 0 && unhex(r.text[i+2]) >= 0
	}
	for _, back := range []int{1, 2} {
		if escape(start - back) {
			start += 3 - back
			break
		}
	}
	for _, back := range []int{1, 2} {
		if escape(end - back) {
			end -= back
			break
		}
	}
	return start, end
}

// readings are the ways to understand one value, made once for all rules and
// in buffers that are used again.
type readings struct {
	all []reading
	n   int
}

// maxDecodings is how many percent-encodings on top of each other are undone.
const maxDecodings = 5

// of returns the readings of text, the deepest last. bare is what a part of a
// URL is with its bare + as spaces, "" where there is none.
func (rs *readings) of(text, bare string) []reading {
	if rs.n > 0 {
		return rs.all[:rs.n]
	}
	plus := rs.next()
	if r := &rs.all[plus]; utf8.ValidString(text) {
		r.text, r.offsets, r.spaced = text, nil, false
	} else {
		r.latin1(text)
	}
	encoded := strings.IndexByte(text, '%') >= 0
	if bare == "" && !encoded {
		return rs.all[:rs.n]
	}
	// Two chains: + is a plus all the way down, or a space wherever it can be.
	space := plus
	if bare != "" {
		plus, space = rs.fork(plus, bare)
		rs.all[space].spaced = true
	} else if spaces := asSpaces(text); spaces != "" && utf8.ValidString(text) {
		plus, space = rs.fork(plus, spaces)
	}
	for range maxDecodings {
		if space != plus {
			if space = rs.decode(space); space < 0 {
				break
			}
			if spaces := asSpaces(rs.all[space].text); spaces != "" {
				rs.all[space].text = numbersPlus(rs.all[space].text, spaces)
			}
			plus = rs.decode(plus) // the same escapes: there is one if there was one
			continue
		}
		if plus = rs.decode(plus); plus < 0 {
			break
		}
		space = plus
		if spaces := asSpaces(rs.all[plus].text); spaces != "" {
			plus, space = rs.fork(plus, spaces)
		}
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

// fork adds, before the last reading, the same one with spaces for some of its
// +, and returns where both are.
func (rs *readings) fork(last int, spaces string) (plus, space int) {
	plus, space = rs.next(), last
	rs.all[plus], rs.all[space] = rs.all[space], rs.all[plus]
	r := &rs.all[space]
	r.text, r.offsets, r.spaced = numbersPlus(rs.all[plus].text, spaces), rs.all[plus].offsets, false
	return plus, space
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
		if b[i] != text[i] && i+1 < len(text) && (text[i+1]-'0' <= 9 || text[i+1] == '(') && (i == 0 || !isBase64url(text[i-1])) {
			b[i] = '+'
		}
	}
	return string(b)
}
