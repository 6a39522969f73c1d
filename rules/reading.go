package rules

import (
	"bytes"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A reading is one way to understand a text: as written, or with escapes undone,
// or with + as the space that form encoders mean by it.
type reading struct {
	text    string        // may alias buf
	escapes []escape      // which bytes of text are spelled otherwise in the value, in order
	via     []escapeKinds // what was undone to read it: the outermost first
	spaced  bool          // the value itself with bare + read as spaces
	base    int           // where in the value it begins

	buf    []byte // of text
	places []escape
	kinds  [maxDecodings + 1]escapeKinds // of via
}

// decoded says whether the text is another one than the value.
func (r *reading) decoded() bool { return len(r.via) > 0 }

// at returns where in the value the byte i of the reading began.
func (r *reading) at(i int) int {
	k := sort.Search(len(r.escapes), func(k int) bool { return int(r.escapes[k].at) > i }) - 1
	if k < 0 {
		return r.base + i
	}
	e := r.escapes[k]
	if i < int(e.at)+int(e.bytes) {
		return int(e.from)
	}
	return i + e.shift()
}

// snap moves the ends of a span of the value inwards to where a character of
// this reading begins: the 22 of %22anna@example.com is no part of the address,
// and neither is the 20 of %2520anna@example.com.
func (r *reading) snap(start, end int) (int, int) {
	if len(r.escapes) == 0 && r.base == 0 {
		return start, end
	}
	first, last := r.span(start, end)
	return r.at(first), r.at(last)
}

// span returns what of the reading a span of the value says: the characters that
// are whole in it.
func (r *reading) span(start, end int) (first, last int) {
	e, inside := r.before(start)
	if first = start - e.shift(); inside {
		first = int(e.at) + int(e.bytes)
	}
	e, inside = r.before(end)
	if last = end - e.shift(); inside {
		last = int(e.at)
	}
	first = min(max(first, 0), len(r.text)) // of what stands outside of it, it says nothing
	return first, min(max(first, last), len(r.text))
}

// before returns the last escape that begins before a place in the value, and whether
// the place is inside of it.
func (r *reading) before(place int) (e escape, inside bool) {
	k := sort.Search(len(r.escapes), func(k int) bool { return int(r.escapes[k].from) >= place }) - 1
	if k < 0 {
		return escape{from: int32(r.base)}, false
	}
	e = r.escapes[k]
	return e, place < int(e.from)+int(e.size)
}

// readings are the ways to understand one value, made once for all rules and
// in buffers that are used again.
type readings struct {
	all    [maxDecodings + 2]reading
	mail   reading // with quoted-printable undone, too
	joined reading // without the ends of lines in base64
	n      int
	used   int      // the most that n was since forget
	own    []escape // of the last step
	room   *room
}

// maxDecodings is how many encodings on top of each other are undone.
const maxDecodings = 5

// of returns the readings of text, which stands at this place of a value: the deepest
// last, and before that the deepest with + as spaces, since what is encoded is decoded
// before anyone asks what + means.
// bare is what a part of a URL is with its bare + as spaces, "" where there is
// none.
func (rs *readings) of(text, bare string, base int) []reading {
	if rs.n > 0 {
		return rs.all[:rs.n]
	}
	first := rs.next()
	r := &rs.all[first]
	r.text, r.escapes, r.via, r.spaced, r.base = text, nil, nil, false, base
	if !utf8.ValidString(text) {
		r.latin1(text)
	}
	last := first
	for range maxDecodings {
		n := rs.next()
		if !rs.decode(&rs.all[n], &rs.all[last], everyday) {
			rs.n--
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

// lines returns the deepest reading without the ends of lines that MIME and PEM put into
// base64 (RFC 2045, section 6.8, and RFC 7468), or nil where there are none.
func (rs *readings) lines(deepest *reading) *reading {
	s := deepest.text
	if strings.IndexByte(s, '\n') < 0 {
		return nil
	}
	r := &rs.joined
	buf, err := rs.room.grow(r.buf, len(s))
	if err != nil {
		return nil
	}
	rs.own = rs.own[:0]
	copied, run := 0, 0 // how many characters of base64 stand before
	for i := 0; i < len(s); i++ {
		if alphabets[s[i]] != apart {
			run++
			continue
		}
		end := i
		if s[end] == '\r' && end+1 < len(s) {
			end++
		}
		if s[end] == '\n' && run >= leastLine && run%4 == 0 && end+1 < len(s) && alphabets[s[end+1]] != apart {
			buf = append(buf, s[copied:i]...)
			rs.own = append(rs.own, escape{at: int32(len(buf)), from: int32(i), size: int32(end + 1 - i)})
			copied = end + 1
			i = end
		}
		run = 0
	}
	r.buf = append(buf, s[copied:]...)
	if len(rs.own) == 0 {
		return nil
	}
	r.text, r.spaced, r.base = view(r.buf), false, deepest.base
	r.lead(deepest, rs.own)
	r.kinds, r.via = deepest.kinds, r.kinds[:len(deepest.via)]
	return r
}

// leastLine is how long a line of base64 is at least.
const leastLine = 32

// inMail returns the deepest reading with quoted-printable undone, or nil. What looks
// like that is more often a parameter (id=49...), so it is another reading of its own.
func (rs *readings) inMail(deepest *reading) *reading {
	if strings.IndexByte(deepest.text, '=') < 0 || !rs.decode(&rs.mail, deepest, dialect{kinds: quotedEscapes}) {
		return nil
	}
	return &rs.mail
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
	r, plus := &rs.all[last], &rs.all[n]
	plus.via = plus.kinds[:len(plus.via)]
	r.text, r.escapes, r.base, r.kinds, r.via = numbersPlus(plus.text, spaces), plus.escapes, plus.base, plus.kinds, r.kinds[:len(plus.via)]
}

// perEscape is what an escape takes in memory, with what a slice of them leaves free.
const perEscape = 24

// decode makes of r what the other reading says with its escapes undone once. It is
// false where there are none, or no room.
func (rs *readings) decode(r, from *reading, d dialect) bool {
	s := from.text
	if d.kinds == everyday.kinds && !mayEscape(s) {
		return false
	}
	n := 0
	for i := nextEscape(s, 0); i < len(s); i = nextEscape(s, i+1) {
		n++
	}
	if n == 0 {
		return false
	}
	if more := n + len(from.escapes) - cap(r.places); more > 0 && rs.room.take(2*perEscape*more) != nil {
		return false
	}
	buf, err := rs.room.grow(r.buf, len(s))
	if err != nil {
		return false
	}
	rs.own = rs.own[:0]
	var met escapeKinds
	if r.buf, met = d.decode(buf, &rs.own, s); met == 0 {
		return false
	}
	r.text, r.spaced, r.base = view(r.buf), false, from.base
	r.lead(from, rs.own)
	r.kinds = from.kinds
	r.kinds[len(from.via)] = met
	r.via = r.kinds[:len(from.via)+1]
	return true
}

// lead makes the escapes of the reading, which were found in the text of another one,
// lead to the value, as the other's do.
func (r *reading) lead(from *reading, own []escape) {
	r.places = r.places[:0]
	old, shift := from.escapes, 0 // how much further back a byte stands here than in the other text
	for _, e := range own {
		for len(old) > 0 && old[0].at < e.from {
			have := old[0]
			have.at += int32(shift)
			r.places, old = append(r.places, have), old[1:]
		}
		end := e.from + e.size
		for len(old) > 0 && old[0].at < end {
			old = old[1:]
		}
		start, stop := from.at(int(e.from)), from.at(int(end))
		shift += int(e.bytes) - int(e.size)
		r.places = append(r.places, escape{e.at, int32(start), int32(stop - start), e.bytes})
	}
	for _, have := range old {
		have.at += int32(shift)
		r.places = append(r.places, have)
	}
	r.escapes = r.places
}

// latin1 reads a text that is not UTF-8 as ISO 8859-1, as HTTP once did: every
// byte is a character.
func (r *reading) latin1(s string) {
	r.buf, r.places = r.buf[:0], r.places[:0]
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			r.places = append(r.places, escape{int32(len(r.buf)), int32(r.base + i), 1, 2})
		}
		r.buf = utf8.AppendRune(r.buf, rune(s[i]))
	}
	r.text, r.escapes = view(r.buf), r.places
}

// forget drops what the readings hold of the text, but not their buffers.
func (rs *readings) forget() {
	for i := range rs.all[:rs.used] {
		rs.all[i].text, rs.all[i].escapes = "", nil
	}
	rs.mail.text, rs.mail.escapes = "", nil
	rs.joined.text, rs.joined.escapes = "", nil
	rs.n, rs.used, rs.room = 0, 0, nil
}

// large says whether the buffers are too large to be kept.
func (rs *readings) large() bool {
	for i := range rs.all {
		if rs.all[i].large() {
			return true
		}
	}
	return rs.mail.large() || rs.joined.large() || cap(rs.own) > 1<<14
}

func (r *reading) large() bool { return cap(r.buf) > 1<<16 || cap(r.places) > 1<<14 }

// numbersPlus chooses between text and bare, which has spaces for some of its +:
// a + stays where it may begin a number, before a digit (of a calling code, which
// begins with no 0, in any script) and behind neither a letter nor a digit, nor an area code in the
// middle of one: +1 (202) 555-0143.
func numbersPlus(text, bare string) string {
	b := []byte(bare)
	for i := range b {
		if b[i] == text[i] || i+1 == len(text) {
			continue
		}
		next, _ := utf8.DecodeRuneInString(text[i+1:])
		if (next == '(' || next != '0' && unicode.IsDigit(next)) && (i == 0 || !isBase64url(text[i-1]) || text[i-1] == '-' || text[i-1] == '_') && !areaCode(b[:i]) {
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
