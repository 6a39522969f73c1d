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
	word64 = 1 << iota // letters and digits
	mark64             // + / of base64, - _ of base64url
	hexDigit
)

var alphabets, values64 = makeAlphabets()

func makeAlphabets() (kinds, values [256]uint8) {
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
type speller struct{ text []byte }

// each calls do for every text that is spelled in s, with as much of it as is text. That
// is valid until do returns. It ends where do returns false.
func (p *speller) each(s string, do func(spelt, []byte) bool) {
	hex, start := 0, 0 // where a run of hex digits, and one of base64, begins
	for i := 0; i <= len(s); i++ {
		kind := uint8(0)
		if i < len(s) {
			kind = alphabets[s[i]]
		}
		if kind&hexDigit == 0 {
			if i-hex >= 2*shortest {
				if text := p.decodeHex(s[hex:i]); len(text) >= shortest && !do(spelt{at: hex, end: i, hex: true}, text) {
					return
				}
			}
			hex = i + 1
		}
		if kind&(word64|mark64) == 0 {
			if i-start >= shortest64 && !p.each64(s, start, i, do) {
				return
			}
			start = i + 1
		}
	}
}

// each64 is each for a run of the characters of base64.
func (p *speller) each64(s string, start, end int, do func(spelt, []byte) bool) bool {
	var read [4]int // up to where a text was read that began at this place in a group
	for at := start; end-at >= shortest64; at++ {
		if at > start && alphabets[s[at-1]] != mark64 {
			continue
		}
		if read[at%4] > at {
			continue // it was seen, as the end of a longer text
		}
		text, padded := p.decode64(s[at:end]), end
		for (padded-at)%4 != 0 && padded < len(s) && s[padded] == '=' {
			padded++
		}
		read[at%4] = at + len(text)/3*4
		found := spelt{at: at, end: padded}
		if len(text) < shortest {
			if found.packed = packed(s[at:end]); found.packed == 0 {
				continue
			}
			text, read[at%4] = nil, end
		}
		if !do(found, text) {
			return false
		}
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
		head[0] == 0x78 && (uint(head[0])<<8|uint(head[1]))%31 == 0 && head[1]&0x20 == 0:
		return head[0]
	}
	return 0
}

// spells says whether anything may be spelled in s. It reads one byte of eight where
// words are short.
func spells(s string) bool {
	for i := 0; i+shortest64 <= len(s); {
		last := i + shortest64 - 1
		for last >= i && alphabets[s[last]] != 0 {
			last--
		}
		if last >= i { // no run of the length begins before it
			i = last + 1
			continue
		}
		if leads64[s[i]] && mayBegin(s[i:]) {
			return true
		}
		// In the rest of the run, a text may begin behind each mark, or where hex does.
		for hex := 0; i < len(s); i++ {
			kind := alphabets[s[i]]
			if kind&hexDigit != 0 {
				if hex++; hex == 2*shortest && hexBegins(s[i+1-2*shortest:]) {
					return true
				}
				continue
			}
			if hex = 0; kind == 0 {
				break
			}
			if kind == mark64 && len(s)-i > shortest64 && leads64[s[i+1]] && mayBegin(s[i+1:]) {
				return true
			}
		}
	}
	return false
}

// leads64 are the characters of base64 that the first byte of a text, or of what is
// packed, begins with.
var leads64 = func() (leads [256]bool) {
	for c := range leads {
		if alphabets[c] != 0 {
			for low := range byte(4) {
				b := values64[c]<<2 | low
				leads[c] = leads[c] || textual(b) && (b < utf8.RuneSelf || utf8.RuneStart(b)) || c == 'H'
			}
		}
	}
	return leads
}()

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

// textual says whether a byte may be one of a text.
func textual(c byte) bool { return c >= ' ' && c != 0x7F || c == '\t' || c == '\n' || c == '\r' }

// spelled returns what is found in all texts that are spelled in y.
func (l *looker) spelled(y *layer) (found []candidate) {
	if !spells(y.text) {
		return nil
	}
	l.speller.each(y.text, func(s spelt, text []byte) bool {
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
	t := prefix{text: p.text[:0]}
	var bits uint32
	for i := range len(s) {
		bits = bits<<6 | uint32(values64[s[i]])
		if i%4 > 0 && !t.add(byte(bits>>(6-2*(i%4)))) {
			break
		}
	}
	p.text = t.text
	return t.text[:t.whole]
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
	t := prefix{text: p.text[:0]}
	for i := 0; i+1 < len(s) && t.add(byte(hexByte(s[i], s[i+1]))); i += 2 {
	}
	p.text = t.text
	return t.text[:t.whole]
}

// A prefix is the beginning of some bytes that is text: UTF-8 without control
// characters other than tabs and line ends.
type prefix struct {
	text  []byte
	whole int // how much of it is whole characters
}

// add adds a byte. It is false where that is none of a text.
func (p *prefix) add(c byte) bool {
	p.text = append(p.text, c)
	rest := p.text[p.whole:]
	if c < utf8.RuneSelf {
		if len(rest) > 1 || c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F {
			return false
		}
		p.whole++
		return true
	}
	if !utf8.FullRune(rest) {
		return true
	}
	r, size := utf8.DecodeRune(rest)
	if r == utf8.RuneError && size == 1 {
		return false
	}
	p.whole += size
	return true
}
