package detect

import (
	"strings"
	"unicode/utf8"
)

// minOpaque and maxOpaque are the lengths of the shortest and longest id that is taken, in bytes. What is longer is
// content.
const minOpaque, maxOpaque = 16, 256

// findOpaque takes ids that machines made. Each run of letters, digits, dashes and underscores is looked at by itself;
// UUIDs in it count first, then the pieces between its dashes and underscores, then the run as a whole.
func findOpaque(dst []Span, s string, _ set, _ *dialling) []Span {
	for i := 0; i < len(s); {
		if !isPart(s[i]) {
			i++
			continue
		}
		end := i + 1
		for end < len(s) && isPart(s[end]) {
			end++
		}
		// A letter of another script makes it a word.
		if end-i >= minOpaque && !wordBefore(s, i) && !wordAfter(s, end) {
			dst = opaqueIn(dst, s, i, end)
		}
		i = end
	}
	return dst
}

func isPart(c byte) bool { return isWord(c) || c == '-' || c == '_' }

func opaqueIn(dst []Span, s string, from, end int) []Span {
	base := len(dst)
	words, longest := false, 0
	rest := from
	for i := from; i < end; {
		if !isWord(s[i]) {
			i++
			continue
		}
		if isUUID(s[i:end]) && (i+uuidLen == end || !isWord(s[i+uuidLen])) {
			dst = appendOpaque(dst, s, i, i+uuidLen)
			i += uuidLen
			rest = i
			continue
		}
		stop := i
		for stop < end && isWord(s[stop]) {
			stop++
		}
		longest = max(longest, stop-i)
		if stop-i >= minOpaque && random(s[i:stop]) {
			dst = appendOpaque(dst, s, i, stop)
		} else if wordLike(s[i:stop]) {
			words = true
		}
		i = stop
	}
	// base64url uses dashes and underscores as digits, but few of them. Words between them, or numbers, say that somebody
	// chose the text, and short pieces are a hardware address.
	const enough = 8
	if len(dst) == base && !words && longest >= enough && rest == from && random(strings.Trim(s[from:end], "-_")) {
		dst = appendOpaque(dst, s, from, end)
	}
	return dst
}

// appendOpaque appends an id, unless it is the number of an account, a person or a device: those are machine-made too, and
// what is opaque is kept.
func appendOpaque(dst []Span, s string, from, end int) []Span {
	const longest = 34 // of an account's number, the longest of them
	if end-from > longest && strings.IndexByte(s[from:end], '-') < 0 && strings.IndexByte(s[from:end], '_') < 0 {
		return append(dst, Span{Start: from, End: end, Kind: Opaque})
	}
	label := max(0, from-maxOpaque)
	for _, find := range [...]func([]Span, string, set, *dialling) []Span{findIBANs, findNationalIDs, findMACs} {
		for _, sp := range find(nil, s[label:end], 0, nil) {
			if label+sp.End > from {
				return dst
			}
		}
	}
	return append(dst, Span{Start: from, End: end, Kind: Opaque})
}

const uuidLen = 36

// isUUID reports whether s begins with the 36 characters of RFC 9562, section 4, with letters and digits among them.
func isUUID(s string) bool {
	if len(s) < uuidLen {
		return false
	}
	letters, digits := 0, 0
	for i := range uuidLen {
		c := s[i]
		switch {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case isDigit(c):
			digits++
		case bytesOf[c]&hexByte != 0:
			letters++
		default:
			return false
		}
	}
	return letters > 0 && digits > 0
}

// wordLike reports whether a piece may be a word, a name or a number that means something.
func wordLike(s string) bool {
	lower, upper, digits := 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case c&0x20 != 0:
			lower++
		default:
			upper++
		}
	}
	switch {
	case digits == len(s):
		return len(s) >= 4
	case digits > 0:
		return false
	}
	return len(s) >= 3 && (lower == len(s) || upper == len(s) || lower == len(s)-1 && s[0]&0x20 == 0)
}

// random reports whether the text looks drawn by lot: letters and digits change places often, and no stretch of it can
// be read as a word. Names with years in them do not: AnnaVirtanen1984Helsinki changes 6 times in 23.
func random(s string) bool {
	if len(s) < minOpaque || len(s) > maxOpaque {
		return false
	}
	lower, upper, digits, hex, changes, stretch, longest := 0, 0, 0, 0, 0, 0, 0
	last := byte(0)
	for i := range len(s) {
		c := s[i]
		class := byte('-')
		switch {
		case isDigit(c):
			class = '0'
			digits++
		case isLetter(c) && c&0x20 != 0:
			class = 'a'
			lower++
		case isLetter(c):
			class = 'A'
			upper++
		}
		if bytesOf[c]&hexByte != 0 {
			hex++
		}
		if i > 0 && class != last {
			changes++
		}
		switch {
		case class != 'a' && class != 'A':
			stretch = 0
		case class == last, class == 'a' && last == 'A' && stretch == 1:
			stretch++
		default:
			stretch = 1
		}
		longest = max(longest, stretch)
		last = class
	}
	if digits == 0 || lower+upper == 0 {
		return false
	}
	n := len(s)
	if readable(s, hex == n) {
		return false
	}
	switch {
	case hex == n && (lower == 0 || upper == 0):
		// Expected: 10 digits of 16, a change at 47 of 100 places.
		return digits*5 >= n && changes*5 >= n && longest <= 10
	case lower > 0 && upper > 0:
		// Expected in base 62: a change at 62 of 100 places. A long text may hold a long stretch by chance.
		return changes*100 >= 42*(n-1) && longest <= 5+n/16
	default:
		// One case and digits (base 32 and 36): a change at 40 of 100 places. Shorter ones are the numbers that states and
		// makers give to people and things, the Italian tax number and that of a vehicle among them.
		const shortest = 20
		return n >= shortest && digits*4 >= n && changes*100 >= 33*(n-1) && longest <= 6
	}
}

// readable reports whether the text decodes to text, from hexadecimal or base64: that is data in a wrapper, and no id.
func readable(s string, hex bool) bool {
	var text [maxOpaque]byte
	n, bits, acc := 0, 0, uint32(0)
	width := 6
	if hex {
		width = 4
	}
	for i := range len(s) {
		acc = acc<<width | uint32(digitOf(s[i], hex))
		if bits += width; bits >= 8 {
			bits -= 8
			text[n] = byte(acc >> bits)
			if n++; text[n-1] < ' ' || text[n-1] == 0x7F {
				return false
			}
		}
	}
	return utf8.Valid(text[:n])
}

// digitOf returns the value of a hexadecimal or base64url digit.
func digitOf(c byte, hex bool) byte {
	switch {
	case hex && isDigit(c):
		return c - '0'
	case hex:
		return c | 0x20 - 'a' + 10
	case isDigit(c):
		return c - '0' + 52
	case c == '-':
		return 62
	case c == '_':
		return 63
	case c&0x20 != 0:
		return c - 'a' + 26
	}
	return c - 'A'
}
