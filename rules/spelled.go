package rules

import "unicode/utf8"

// This file finds text that is spelled in other characters altogether, base64 or
// base64url (RFC 4648) or hex, inside of any text and without a mark of it.
//
// Where such a spelling begins and ends nobody says: a slash may be one of its
// characters, or stand before it in a path. So it is tried behind each
// character that may be a separator, and read for as long as it says text.

// shortest is how many bytes a text must have to be looked at: less is no
// personal data, but often an accident.
const (
	shortest   = 6
	shortest64 = (4*shortest + 2) / 3
)

const (
	hexDigit = 1 << iota
	word64   // letters and digits
	mark64   // + / of base64, - _ of base64url
	apart    // none of base64
)

const none64 = 0xFF // the value of what is apart

var alphabets, values64 = makeAlphabets()

func makeAlphabets() (kinds, values [256]uint8) {
	for c := range kinds {
		kinds[c], values[c] = apart, none64
	}
	const standard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	for i := range len(standard) {
		c := standard[i]
		kinds[c], values[c] = word64, uint8(i)
		if unhex(c) >= 0 {
			kinds[c] |= hexDigit
		}
	}
	values['-'], values['_'] = values['+'], values['/']
	for _, c := range "+/-_" {
		kinds[c] = mark64
	}
	return kinds, values
}

// A spelt is where in a text another one is spelled.
type spelt struct {
	at, end int
	hex     bool
	packed  byte // of base64: the first byte of a gzip or zlib stream that holds the text, or 0
}

// A speller reads what is spelled. It is reused from text to text.
type speller struct {
	text  []byte
	quick bool  // what is harmless is of no interest
	room  *room // nil: for everybody. Without room, texts end early, and it knows
}

// spare says whether there is room for a text to grow.
func (p *speller) spare(text []byte) bool {
	return len(text) < askFrom || p.room.take(2*len(text)) == nil
}

// each calls do for every text that is spelled in s, with as much of it as is text: those
// in base64 first. That is valid until do returns. It ends where do returns false, and
// returns that.
//
// Where words are short, it reads one byte of eight (as Boyer and Moore 1977 do).
func (p *speller) each(s string, do func(spelt, []byte) bool) bool {
	for i := 0; i+shortest64 <= len(s); {
		last := i + shortest64 - 1
		for last >= i && alphabets[s[last]] != apart {
			last--
		}
		if last >= i { // no run of the length begins before it
			i = last + 1
			continue
		}
		// In this run, a text may begin here and behind each mark, and behind what Engine.IO
		// puts before base64.
		r := run{}
		if s[i] == 'b' && !p.behindB(s, i, &r, do) {
			return false
		}
		for at := i; ; at = i {
			if r.read[at%4] <= at && leads64[s[at]] && mayBegin(s[at:]) && !p.from64(s, at, &r, do) {
				return false
			}
			for i < len(s) && alphabets[s[i]] < mark64 {
				i++
			}
			if i == len(s) || alphabets[s[i]] == apart {
				break
			}
			if i++; i+shortest64 > len(s) {
				break
			}
		}
	}
	for i := 0; i+2*shortest <= len(s); {
		last := i + 2*shortest - 1
		for last >= i && alphabets[s[last]]&hexDigit != 0 {
			last--
		}
		if last >= i {
			i = last + 1
			continue
		}
		if hexBegins(s[i:]) && !p.fromHex(s, i, do) {
			return false
		}
		for i < len(s) && alphabets[s[i]]&hexDigit != 0 {
			i++
		}
	}
	return true
}

// behindB calls do with the text that may be spelled in base64 behind the b or b4 at s[i],
// as in a binary packet of Engine.IO.
func (p *speller) behindB(s string, i int, r *run, do func(spelt, []byte) bool) bool {
	for _, at := range [...]int{i + 1, i + 2} {
		if len(s)-at >= shortest64 && leads64[s[at]] && mayBegin(s[at:]) && !p.from64(s, at, r, do) {
			return false
		}
		if s[i+1] != '4' {
			break
		}
	}
	return true
}

// A run is of characters of base64.
type run struct {
	end  int    // where it ends; 0: nobody has looked yet
	read [4]int // up to where a text was read that began at this place in a group
}

// from64 calls do with the text that may be spelled in base64 from s[at] on.
func (p *speller) from64(s string, at int, r *run, do func(spelt, []byte) bool) bool {
	text := p.decode64(s[at:])
	if p.quick && len(text) >= shortest && harmless(text) {
		r.read[at%4] = at + len(text)/3*4
		return true
	}
	if r.end == 0 {
		for r.end = at; r.end < len(s) && alphabets[s[r.end]] != apart; {
			r.end++
		}
	}
	end := r.end
	if end-at < shortest64 {
		return true
	}
	padded := end
	for (padded-at)%4 != 0 && padded < len(s) && s[padded] == '=' {
		padded++
	}
	r.read[at%4] = at + len(text)/3*4
	found := spelt{at: at, end: padded}
	if len(text) < shortest {
		if found.packed = packed(s[at:end]); found.packed == 0 {
			return true
		}
		text, r.read[at%4] = nil, end
	}
	return do(found, text)
}

// fromHex calls do with the text that is spelled in hex from s[at] on.
func (p *speller) fromHex(s string, at int, do func(spelt, []byte) bool) bool {
	end := at
	for end < len(s) && alphabets[s[end]]&hexDigit != 0 {
		end++
	}
	if text := p.decodeHex(s[at:end]); len(text) >= shortest {
		return do(spelt{at: at, end: end, hex: true}, text)
	}
	return true
}

// packed returns the first byte of what base64 spells where it is that of a gzip (RFC
// 1952) or zlib stream (RFC 1950), else 0. Both begin with bytes that no text has.
func packed(s string) byte {
	if len(s) < 16 || s[0] != 'H' && s[0] != 'e' {
		return 0
	}
	var head [3]byte
	decode64(head[:0], s[:4])
	switch {
	case head == [3]byte{0x1F, 0x8B, 8},
		head[0] == inZlib && (uint(head[0])<<8|uint(head[1]))%31 == 0 && head[1]&0x20 == 0:
		return head[0]
	}
	return 0
}

// leads64 are the characters of base64 that the first byte of a text, or of what is
// packed, begins with.
var leads64 = func() (leads [256]bool) {
	for c := range leads {
		if alphabets[c] != apart {
			for low := range byte(4) {
				b := values64[c]<<2 | low
				leads[c] = leads[c] || textual(b) && (b < utf8.RuneSelf || utf8.RuneStart(b)) || c == 'H'
			}
		}
	}
	return leads
}()

// leadPairs says the same of the first two characters.
var leadPairs = func() (pairs [1 << 12]bool) {
	for i := range pairs {
		first := byte(i >> 4) // the first byte, and half of the second
		for low := range byte(16) {
			pairs[i] = pairs[i] || follows[' ']&(follows[first]>>4) != 0 && follows[first]&(follows[byte(i)<<4|low]>>4) != 0
		}
	}
	for _, packed := range []string{"H4", "eA", "eF", "eJ", "eN"} {
		pairs[int(values64[packed[0]])<<6|int(values64[packed[1]])] = true
	}
	return pairs
}()

// wordLeads says whether base64 may stand in a string of letters alone: it would begin
// where the word does.
func wordLeads(word []byte) bool {
	return len(word) >= shortest64 && leadPairs[uint(values64[word[0]]&63)<<6|uint(values64[word[1]]&63)]
}

// mayBegin says whether s may begin with base64 of a text, or of what is packed.
func mayBegin(s string) bool {
	v1, v2 := values64[s[1]], values64[s[2]]
	a, b, c := values64[s[0]]<<2|v1>>4, v1<<4|v2>>2, v2<<6|values64[s[3]]
	if follows[a]&(follows[b]>>4) == 0 || follows[b]&(follows[c]>>4) == 0 {
		return packed(s) != 0
	}
	v4, v5, v6 := values64[s[4]], values64[s[5]], values64[s[6]]
	d, e, f := v4<<2|v5>>4, v5<<4|v6>>2, v6<<6|values64[s[7]]
	return follows[c]&(follows[d]>>4) != 0 && follows[d]&(follows[e]>>4) != 0 && follows[e]&(follows[f]>>4) != 0
}

// follows says in its low bits what may follow a byte in a text: another character, or
// the rest of this one; and in its high bits, which of that the byte is. It is too kind
// to characters of three bytes and more.
var follows = func() (all [256]uint8) {
	const begins, goesOn = 1, 2
	for c := range all {
		switch {
		case !textual(byte(c)) || c == 0xC0 || c == 0xC1 || c > 0xF4:
		case c < utf8.RuneSelf:
			all[c] = begins | begins<<4
		case utf8.RuneStart(byte(c)):
			all[c] = goesOn | begins<<4
		default:
			all[c] = begins | goesOn | goesOn<<4
		}
	}
	return all
}()

// hexBegins says whether s begins with hex digits that spell the shortest text.
func hexBegins(s string) bool {
	for i := 0; i < 2*shortest; i += 2 {
		if !textual(byte(hexByte(s[i], s[i+1]))) {
			return false
		}
	}
	return true
}

// textual says whether a byte may be one of a text: what ends lines and pages, begins
// colours and separates records too.
func textual(c byte) bool { return c >= 0x1B || '\t' <= c && c <= '\r' }

// spelled returns what is found in all texts that are spelled in y.
func (l *looker) spelled(y *layer) (found []candidate) {
	l.speller.each(y.text, func(s spelt, text []byte) bool {
		if s.packed != 0 && l.deep != nil {
			l.deep.hidden = true
		}
		g := layer{at: s.at, end: s.end, bytes: 3, chars: 4}
		if s.hex {
			g.bytes, g.chars = 1, 2
		}
		found = l.group(found, y, g, text)
		return true
	})
	return found
}

// group adds what is found in a text that is spelled in groups, as g says.
func (l *looker) group(found []candidate, y *layer, g layer, text []byte) []candidate {
	if len(text) < shortest {
		return found
	}
	depth := y.depthOf(g.at, g.end) + 1
	if depth > maxDecodings {
		if l.deep != nil {
			l.deep.hidden = true
		}
		return found
	}
	inner := g // this copy is kept, and costs memory
	inner.text, inner.from, inner.depth = string(text), y, depth
	return inner.add(found, l.look(&inner))
}

// decode64 decodes base64 for as long as it spells text. The result is valid
// until the next call.
func (p *speller) decode64(s string) []byte {
	text := p.text[:0]
	var bits uint32
	before, seen := byte(' '), byte(0)
	for i := range len(s) {
		v := values64[s[i]]
		if v == none64 {
			break
		}
		if bits = bits<<6 | uint32(v); i%4 == 0 {
			continue
		}
		c := byte(bits >> (6 - 2*(i%4)))
		if follows[before]&(follows[c]>>4) == 0 || len(text) == cap(text) && !p.spare(text) {
			break
		}
		text = append(text, c)
		before, seen = c, seen|c
	}
	p.text = text
	return whole(text, seen)
}

// whole returns the beginning of some bytes that is UTF-8. No byte is of more than ASCII
// unless seen is.
func whole(text []byte, seen byte) []byte {
	if seen < utf8.RuneSelf || utf8.Valid(text) {
		return text
	}
	n := 0
	for n < len(text) {
		r, size := utf8.DecodeRune(text[n:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	return text[:n]
}

// decode64 appends the bytes that characters of base64, of either alphabet, spell.
func decode64(dst []byte, s string) []byte {
	var bits uint32
	for i := range len(s) {
		if bits = bits<<6 | uint32(values64[s[i]]); i%4 > 0 {
			dst = append(dst, byte(bits>>(6-2*(i%4))))
		}
	}
	return dst
}

// decodeHex is decode64 for hex.
func (p *speller) decodeHex(s string) []byte {
	text := p.text[:0]
	before, seen := byte(' '), byte(0)
	for i := 0; i+1 < len(s); i += 2 {
		c := byte(hexByte(s[i], s[i+1]))
		if follows[before]&(follows[c]>>4) == 0 || len(text) == cap(text) && !p.spare(text) {
			break
		}
		text = append(text, c)
		before, seen = c, seen|c
	}
	p.text = text
	return whole(text, seen)
}
