package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	cutDigits = 3 + maxDigits + 1 // an international prefix and a trunk zero may come on top
	cutGroups = cutDigits
	// maxGap is how many separators may stand between two groups of digits, as in "+44 (0)20".
	maxGap = 3
)

// cut is a candidate: the digits from one place on, in the groups in which they are written.
type cut struct {
	n      int // digits
	groups int
	zero   int // the place of a "(0)" among the digits, or -1
	digits [cutDigits]byte
	upto   [cutGroups]uint8 // digits up to the end of the group
	sep    [cutGroups]byte  // what stands before the group, 0 for the first
	end    [cutGroups]int   // where the group ends in the text
}

// read cuts a candidate out of s, beginning at i. It ends at what is neither digit nor separator, and at a group that
// would be too much for any number.
func (c *cut) read(s string, i int) {
	c.n, c.groups, c.zero = 0, 0, -1
	for c.groups < cutGroups {
		before := byte(0)
		if c.groups > 0 {
			var ok bool
			if i, before, ok = gapAt(s, i); !ok {
				return
			}
		}
		first := c.n
		for {
			d, size := digitAt(s, i)
			if size == 0 {
				// Zero-width characters are no separators; they are pasted into the middle of groups.
				skip := invisibleAt(s, i)
				if _, size = digitAt(s, i+skip); skip == 0 || size == 0 {
					break
				}
				i += skip
				continue
			}
			if c.n == cutDigits {
				c.n = first
				return
			}
			c.digits[c.n] = d
			c.n++
			i += size
		}
		if c.n == first {
			return
		}
		if before == '(' && c.zero < 0 && c.n == first+1 && c.digits[first] == '0' && closesAt(s, i) {
			c.zero = first
		}
		c.sep[c.groups], c.end[c.groups], c.upto[c.groups] = before, i, uint8(c.n)
		c.groups++
	}
}

// gapAt reads the separators between two groups of digits. The one that says most stands for all of them.
func gapAt(s string, i int) (next int, sep byte, ok bool) {
	seps, invisible := 0, 0
	for i < len(s) {
		c, size := sepAt(s, i)
		if size == 0 {
			if size = invisibleAt(s, i); size == 0 || invisible == maxGap {
				break
			}
			invisible++
			i += size
			continue
		}
		if seps == maxGap {
			return i, 0, false
		}
		if sep == 0 || sep == ' ' || c == '(' {
			sep = c
		}
		seps++
		i += size
	}
	_, size := digitAt(s, i)
	return i, sep, seps > 0 && size > 0
}

// digitAt returns the digit at i, of any script, as ASCII. size is 0 where there is none.
func digitAt(s string, i int) (digit byte, size int) {
	if i >= len(s) {
		return 0, 0
	}
	if c := s[i]; c < utf8.RuneSelf {
		if isDigit(c) {
			return c, 1
		}
		return 0, 0
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	if r == utf8.RuneError || !unicode.IsDigit(r) {
		return 0, 0
	}
	return '0' + digitValue(r), size
}

// digitValue relies on Unicode's promise that the digits of a script are ten characters in order.
func digitValue(r rune) byte {
	for _, t := range unicode.Nd.R16 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return byte((r - rune(t.Lo)) % 10)
		}
	}
	return 0
}

// sepAt returns the separator at i in its ASCII form. A line break is none.
func sepAt(s string, i int) (sep byte, size int) {
	if c := s[i]; c < utf8.RuneSelf {
		switch c {
		case ' ', '-', '.', '/', '(', ')', '_':
			return c, 1
		}
		return 0, 0
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	switch {
	case r == 0x2043, r == 0x2212, r == 0x30FC, r == 0xFE58, r == 0xFE63, r == 0xFF0D, 0x2010 <= r && r <= 0x2015:
		return '-', size
	case r == 0xA0, r == 0x1680, r == 0x202F, r == 0x205F, r == 0x3000, 0x2000 <= r && r <= 0x200A:
		return ' ', size
	case 0xFF08 <= r && r <= 0xFF0F && r != 0xFF0A && r != 0xFF0B && r != 0xFF0C: // ( ) - . / in full width
		return byte(r - 0xFF08 + '('), size
	}
	return 0, 0
}

// invisibleAt returns the size of the zero-width character at i, 0 where there is none.
func invisibleAt(s string, i int) int {
	if i >= len(s) || s[i] < 0xC2 {
		return 0
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	if r == 0xAD || r == 0x2060 || r == 0xFEFF || r == 0x061C || 0x200B <= r && r <= 0x200F || 0x202A <= r && r <= 0x202E {
		return size
	}
	return 0
}

func closesAt(s string, i int) bool {
	return i < len(s) && (s[i] == ')' || strings.HasPrefix(s[i:], "）"))
}

// endsClean reports whether a number may end with the g-th group: what follows is not glued to it, or an extension.
func (c *cut) endsClean(s string, g int) bool {
	return g < c.groups-1 || !wordAfter(s, c.end[g]) || extensionAt(s, c.end[g])
}

// extensionAt reports whether "x12", "ext12" or the like begins at i, in ASCII or full width.
func extensionAt(s string, i int) bool {
	var word [4]byte
	n := 0
	for i < len(s) && n < len(word) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if 0xFF21 <= r && r <= 0xFF5A {
			r -= 0xFF00 - 0x20
		}
		if r |= 0x20; r < 'a' || r > 'z' {
			break
		}
		word[n] = byte(r)
		n++
		i += size
	}
	switch string(word[:n]) {
	case "x", "xt", "xtn", "ext", "extn":
	default:
		return false
	}
	if i < len(s) && (s[i] == ':' || s[i] == '.') {
		i++
	}
	end := i
	for end < len(s) && isDigit(s[end]) {
		end++
		if end-i > 7 {
			return false
		}
	}
	return end > i && !wordAfter(s, end)
}

// choose returns how many groups make a number, taking digits from skip on; 0 means none. Valid numbers come before
// possible ones, and those only count where least allows it.
func (c *cut) choose(s string, skip int, least grade) (groups, drop int) {
	drop = -1
	likely := 0
	for g := range c.groups {
		n := int(c.upto[g]) - skip
		if n < minDigits || !c.endsClean(s, g) {
			continue
		}
		how, out := international(c.digits[skip:c.upto[g]], c.zero-skip)
		if how == wrong || c.decimal(skip, g) {
			continue
		}
		if how == valid {
			groups, drop = g+1, out
		} else if n > minDigits && (likely == 0 || groups == 0 && c.upto[0] < 10) {
			likely = g + 1
		}
		if (groups == g+1 || likely == g+1 && least == possible) && c.enough(g, n) {
			break
		}
	}
	if groups == 0 && least == possible && likely > 0 {
		_, drop = international(c.digits[skip:c.upto[likely-1]], c.zero-skip)
		return likely, drop
	}
	return groups, drop
}

// enough reports whether a number that fits ends with group g although more groups follow: "+358401234567-1" is a
// number and a device, though a longer number would fit the plan as well.
func (c *cut) enough(g, n int) bool {
	if g == c.groups-1 {
		return true
	}
	next := c.sep[g+1]
	if g == 0 {
		return n >= 11 || n >= 9 && next != ' '
	}
	if next == ' ' || next == '(' || next == ')' || n < 10 {
		return false
	}
	for i := 1; i <= g; i++ {
		if c.sep[i] == next {
			return false
		}
	}
	return true
}

// decimal reports whether the groups up to g look like a signed decimal number: one point, and not after the calling
// code, where RFC 5733 puts it.
func (c *cut) decimal(skip, g int) bool {
	if g != 1 || c.sep[1] != '.' {
		return false
	}
	_, n := planOf(c.digits[skip:c.upto[0]])
	return n != int(c.upto[0])-skip
}

// e164 builds the canonical form of the digits from skip to the end of the groups, less the one at drop.
func (c *cut) e164(skip, groups, drop int) string {
	var b strings.Builder
	b.Grow(1 + int(c.upto[groups-1]) - skip)
	b.WriteByte('+')
	for i, d := range c.digits[skip:c.upto[groups-1]] {
		if i != drop {
			b.WriteByte(d)
		}
	}
	return b.String()
}
