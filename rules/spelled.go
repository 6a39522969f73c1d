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

// spelled returns what is found in all texts that are spelled in y.
func (l *looker) spelled(y *layer) (found []candidate) {
	s := y.text
	hex, start := 0, 0 // where a run of hex digits, and one of base64, begins
	for i := 0; i <= len(s); i++ {
		kind := uint8(0)
		if i < len(s) {
			kind = alphabets[s[i]]
		}
		if kind&hexDigit == 0 {
			if i-hex >= 2*shortest {
				found = l.group(found, y, layer{at: hex, end: i, bytes: 1, chars: 2}, l.decodeHex(s[hex:i]))
			}
			hex = i + 1
		}
		if kind&(word64|mark64) == 0 {
			if i-start >= shortest64 {
				found = l.spelled64(found, y, start, i)
			}
			start = i + 1
		}
	}
	return found
}

// spelled64 looks at all texts in a run of the characters of base64.
func (l *looker) spelled64(found []candidate, y *layer, start, end int) []candidate {
	s := y.text
	var read [4]int // up to where a text was read that began at this place in a group
	for at := start; end-at >= shortest64; at++ {
		if at > start && alphabets[s[at-1]] != mark64 {
			continue
		}
		if read[at%4] > at {
			continue // it was seen, as the end of a longer text
		}
		text := l.decode64(s[at:end])
		read[at%4] = at + len(text)/3*4
		padded := end
		for (padded-at)%4 != 0 && padded < len(s) && s[padded] == '=' {
			padded++
		}
		found = l.group(found, y, layer{at: at, end: padded, bytes: 3, chars: 4}, text)
	}
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
func (l *looker) decode64(s string) []byte {
	t := prefix{text: l.text[:0]}
	var bits uint32
	for i := range len(s) {
		bits = bits<<6 | uint32(values64[s[i]])
		if i%4 > 0 && !t.add(byte(bits>>(6-2*(i%4)))) {
			break
		}
	}
	l.text = t.text
	return t.text[:t.whole]
}

// decodeHex is decode64 for hex.
func (l *looker) decodeHex(s string) []byte {
	t := prefix{text: l.text[:0]}
	for i := 0; i+1 < len(s) && t.add(byte(hexByte(s[i], s[i+1]))); i += 2 {
	}
	l.text = t.text
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
