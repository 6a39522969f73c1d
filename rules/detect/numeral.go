package detect

// numeral is a number as it stands in a text: groups of digits with the same separator between them, one each time.
type numeral struct {
	digits [32]byte
	groups [6]uint8 // how many digits each has
	upto   [6]uint8 // how many digits there are up to the end of each
	end    [6]int   // where each ends in the text
	count  int      // of the groups
}

// layout is the lengths of the groups in which a kind of number is printed.
type layout [5]uint8

// read reads the groups from i on, as many as there is room for. seps are the separators that may stand between them.
func (n *numeral) read(s string, i int, seps string) {
	var sep byte
	size := 0
	for n.count = 0; n.count < len(n.groups); {
		from := i
		for i < len(s) && isDigit(s[i]) && size < len(n.digits) {
			n.digits[size] = s[i]
			size++
			i++
		}
		if i == from {
			return
		}
		n.groups[n.count], n.upto[n.count], n.end[n.count] = uint8(i-from), uint8(size), i
		n.count++
		if i+1 >= len(s) || !isDigit(s[i+1]) || !holds(seps, s[i]) || sep != 0 && s[i] != sep {
			return
		}
		sep = s[i]
		i++
	}
}

// fits returns how many groups of the number the layout is; 0 where they are others.
func (n *numeral) fits(l layout) int {
	for k, size := range l {
		if size == 0 {
			return k
		}
		if k >= n.count || n.groups[k] != size {
			return 0
		}
	}
	return len(l)
}

// first returns the digits of the first groups.
func (n *numeral) first(groups int) []byte { return n.digits[:n.upto[groups-1]] }

// endsAfter reports whether the number can end after so many groups: it is glued to nothing, and what follows through
// the same separator is a counter or a code rather than one more group.
func (n *numeral) endsAfter(s string, groups int) bool {
	return !wordAfter(s, n.end[groups-1]) && (groups == n.count || n.groups[groups] < 4)
}

// beginsAt reports whether a number in groups can begin at i: no group stands before it, as the first half of an IBAN
// would, but a counter, a time or a number that ended at last.
func beginsAt(s string, i, last int, seps string) bool {
	end := i - 1
	if i < 2 || end == last || !holds(seps, s[end]) || !isDigit(s[end-1]) {
		return true
	}
	from := end
	for from > 0 && end-from < 4 && isDigit(s[from-1]) {
		from--
	}
	return end-from < 4 && !wordBefore(s, from)
}

// standsAlone reports whether s[i:end] can be a number of its own and not part of another, as the digits of a fraction
// or those after a plus are.
func standsAlone(s string, i, end int) bool {
	return !wordAfter(s, end) && !fraction(s, i, end) && !(i > 0 && s[i-1] == '+') && !inUUID(s, i, end)
}

func holds(seps string, c byte) bool {
	for i := range len(seps) {
		if seps[i] == c {
			return true
		}
	}
	return false
}

// nextRun returns the first run of digits that ends after i and is at least four long. It looks at every fourth byte
// only, and at all of them once it met a digit.
func nextRun(s string, i int) (from, end int) {
	const shortest = 4
	for end = i + shortest - 1; end < len(s); end += shortest {
		if !isDigit(s[end]) {
			continue
		}
		for from = end; from > i && isDigit(s[from-1]); from-- {
		}
		for end++; end < len(s) && isDigit(s[end]); end++ {
		}
		if end-from >= shortest {
			return from, end
		}
		i, end = end, end-1
	}
	return len(s), len(s)
}
