package detect

import "strings"

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
	zero   int  // the place of a "(0)" among the digits, or -1
	lines  bool // it goes on after a tab or a line break
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
			if i, before, ok = c.gapAt(s, i); !ok {
				return
			}
		}
		first, end := c.n, digitsEnd(s, i)
		if c.n += end - i; c.n == first || c.n > cutDigits {
			c.n = first
			return
		}
		copy(c.digits[first:], s[i:end])
		i = end
		if before == '(' && c.zero < 0 && c.n == first+1 && c.digits[first] == '0' && closesAt(s, i) {
			c.zero = first
		}
		c.sep[c.groups], c.end[c.groups], c.upto[c.groups] = before, i, uint8(c.n)
		c.groups++
	}
}

// gapAt reads the separators between two groups of digits. The one that says most stands for all of them.
func (c *cut) gapAt(s string, i int) (next int, sep byte, ok bool) {
	from := i
	for ; i < len(s); i++ {
		b := s[i]
		if c.lines && (b == '\t' || b == '\r' || b == '\n') {
			b = ' '
		}
		if !isSep(b) {
			break
		}
		if i-from == maxGap {
			return i, 0, false
		}
		if sep == 0 || sep == ' ' || b == '(' {
			sep = b
		}
	}
	return i, sep, i > from && i < len(s) && isDigit(s[i])
}

// isSep reports whether c may stand between the groups of a number.
func isSep(c byte) bool {
	switch c {
	case ' ', '-', '.', '/', '(', ')', '_':
		return true
	}
	return false
}

func closesAt(s string, i int) bool {
	return i < len(s) && s[i] == ')'
}

// endsClean reports whether a number may end with the g-th group: what follows is not glued to it, or an extension.
func (c *cut) endsClean(s string, g int) bool {
	return g < c.groups-1 || !wordAfter(s, c.end[g]) || extensionAt(s, c.end[g])
}

// extensionAt reports whether "x12", " ext. 12" or the like begins at i.
func extensionAt(s string, i int) bool {
	i = skipSpaces(s, i)
	for _, word := range extensionWords {
		if !hasFold(s, i, word) {
			continue
		}
		from := i + len(word)
		if from < len(s) && (s[from] == ':' || s[from] == '.') {
			from++
		}
		from = skipSpaces(s, from)
		if end := digitsEnd(s, from); end > from && end-from <= 7 && !wordAfter(s, end) {
			return true
		}
	}
	return false
}

var extensionWords = []string{"x", "xt", "xtn", "ext", "extn", "extension", "доб"}

func skipSpaces(s string, i int) int {
	for i < len(s) && s[i] == ' ' {
		i++
	}
	return i
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
		// +49035992.7 is a number and its decimal, too short for a phone and a device.
		if how == wrong || c.decimal(skip, g) || c.groups == 2 && n < certainDigits && g == 0 && c.decimal(skip, 1) {
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
// code, where RFC 5733 puts it. A prefix that goes beyond the point is none: +0.01.
func (c *cut) decimal(skip, g int) bool {
	if g != 1 || c.sep[1] != '.' {
		return false
	}
	if int(c.upto[0]) < skip {
		return true
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
