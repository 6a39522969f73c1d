package pseudonym

import (
	"encoding/base32"
	"encoding/binary"
)

const (
	prefix = "psn_"

	headerSize = 2  // one bit for reversible, 15 for the key version
	prfSize    = 14 // 112 bits
	tagSize    = 4  // of a one-way token
	scopeSize  = 6  // of a reversible token, inside the encryption
	sivSize    = 16 // the synthetic initialization vector, which authenticates

	oneWaySize        = headerSize + prfSize + tagSize   // 20 bytes, 32 letters
	minReversibleSize = headerSize + sivSize + scopeSize // that of an empty text

	reversibleBit = 1 << 15

	// maxInline is the length of a text, and so of its bytes, for which reading a
	// token needs no memory beyond the stack.
	maxInline = 128
)

// letters is the base32 of RFC 4648 in lower case: 32 characters that need no
// escaping anywhere and survive a change of case.
var letters = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const oneWayLength = len(prefix) + oneWaySize*8/5

// appendHeader appends the first two bytes of a token.
func appendHeader(b []byte, number uint16, reversible bool) []byte {
	if reversible {
		number |= reversibleBit
	}
	return binary.BigEndian.AppendUint16(b, number)
}

// header reads the first two bytes of a token.
func header(raw []byte) (number uint16, reversible bool) {
	h := binary.BigEndian.Uint16(raw)
	return h &^ reversibleBit, h&reversibleBit != 0
}

// parse decodes the text of a token, with dst for its memory, and reports
// whether it has the form of one. Every token has one spelling but for the case
// of its letters.
func parse(dst []byte, token string) (raw []byte, ok bool) {
	if len(token) < oneWayLength {
		return nil, false
	}
	for i := range len(prefix) {
		if lower(token[i]) != prefix[i] {
			return nil, false
		}
	}
	token = token[len(prefix):]
	var space [maxInline]byte
	text := space[:0]
	for i := range len(token) {
		text = append(text, lower(token[i]))
	}
	if n := letters.DecodedLen(len(text)); n <= cap(dst) {
		raw = dst[:n]
	} else {
		raw = make([]byte, n)
	}
	n, err := letters.Decode(raw, text)
	if err != nil {
		return nil, false
	}
	raw = raw[:n]
	// The decoder skips line ends and ignores spare bits, so several texts could
	// stand for one token. Only the one that we would write counts.
	// With that, so many letters stand for at least the bytes of a one-way token.
	if !spells(text, raw) {
		return nil, false
	}
	number, reversible := header(raw)
	if number == 0 || reversible && len(raw) < minReversibleSize || !reversible && len(raw) != oneWaySize {
		return nil, false
	}
	return raw, true
}

// spells reports whether text is the encoding of raw.
func spells(text, raw []byte) bool {
	var space [maxInline]byte
	return string(letters.AppendEncode(space[:0], raw)) == string(text)
}

// lower folds ASCII only: a letter that Unicode folds to an ASCII one, such as
// the Kelvin sign, is none of ours.
func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
