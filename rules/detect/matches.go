package detect

import (
	"math/bits"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// occurrence is one match, and its group: -1 and -1 where it has none, or none that took part.
type occurrence struct{ start, end, from, upto int }

// all gives take all matches that package regexp would find, in order.
func (p *program) all(dst []Span, s string, take func([]Span, occurrence) []Span) []Span {
	from := strings.Index(s, p.prefix)
	if from < 0 {
		return dst
	}
	m := p.idle.Get().(*matcher)
	if m.back(s, from) {
		dst = m.forth(dst, from, take)
	}
	m.s = ""
	p.idle.Put(m)
	return dst
}

// matcher reads one text backwards and forwards. Of the sets that the first pass learns, those of one block of the text
// are kept, and one at the border of each block, from which the others are learned again.
type matcher struct {
	*program
	s string

	// The pass backwards: a place, and the positions from which a match can be reached there, and from the place after it.
	at        int
	can, then []uint64
	borders   []border
	kept      []uint64 // the sets of block
	block     int

	// The pass forwards.
	seen  []uint64 // in which step an instruction was last looked at
	step  uint64
	group [2]int
}

// border is what is known at the first place after a block.
type border struct {
	at     int
	can    []uint64
	begins bool // a match begins in the block
}

// here returns the table of a place.
func (m *matcher) here(i int) *table {
	before, after := uint8(noSide), uint8(noSide)
	if i > 0 {
		before = sideOf[m.s[i-1]]
	}
	if i < len(m.s) {
		after = sideOf[m.s[i]]
	}
	return m.tables[before*sides+after]
}

// begins reports whether a match begins at a place whose set is can.
func (t *table) begins(can []uint64) bool {
	for w, first := range t.first {
		if first&can[w] != 0 {
			return true
		}
	}
	return false
}

// back reads the text backwards, down to from, and reports whether a match begins anywhere.
func (m *matcher) back(s string, from int) (found bool) {
	m.s = s
	last := len(s) >> m.shift
	for len(m.borders) <= last {
		m.borders = append(m.borders, border{})
	}
	for k := range m.borders[:last+1] {
		m.borders[k].begins = false
	}
	m.block = 0
	m.at = len(s)
	clear(m.can)
	for {
		k, t := m.at>>m.shift, m.here(m.at)
		if k == 0 {
			m.keep()
		}
		if t.begins(m.can) {
			m.borders[k].begins, found = true, true
		}
		if m.at <= from {
			return found
		}
		at := m.at
		if m.read(t); m.at>>m.shift < k {
			b := &m.borders[k-1]
			b.at, b.can = at, append(b.can[:0], m.then...)
		}
	}
}

// read goes back by one character, from a place of which the table is t.
func (m *matcher) read(t *table) {
	r, size := rune(m.s[m.at-1]), 1
	var class int
	if r < utf8.RuneSelf {
		class = int(m.ascii[r])
	} else {
		r, size = utf8.DecodeLastRuneInString(m.s[:m.at])
		class = m.classOf(r)
	}
	m.at -= size
	m.can, m.then = m.then, m.can
	then, can := m.then, m.can
	over := uint64(0)
	for w := len(then) - 1; w >= 0; w-- {
		plain := then[w] & t.plain[w]
		can[w] = plain>>1 | over<<63 | t.last[w]
		over = plain & 1
	}
	for w, odd := range t.odd {
		for odd &= then[w]; odd != 0; odd &= odd - 1 {
			for v, before := range t.before[w<<6+bits.TrailingZeros64(odd)] {
				can[v] |= before
			}
		}
	}
	for w, takes := range m.takes[class] {
		can[w] &= takes
	}
}

// keep keeps the set for the pass forwards.
func (m *matcher) keep() {
	row := m.at & (1<<m.shift - 1) * m.words
	if need := row + m.words - len(m.kept); need > 0 {
		m.kept = append(m.kept, make([]uint64, need)...)
	}
	copy(m.kept[row:], m.can)
}

// canAt returns the set of a place.
func (m *matcher) canAt(i int) []uint64 {
	if k := i >> m.shift; k != m.block {
		m.load(k)
	}
	row := i & (1<<m.shift - 1) * m.words
	return m.kept[row : row+m.words]
}

// load learns the sets of a block again.
func (m *matcher) load(k int) {
	m.block = k
	if k == len(m.s)>>m.shift {
		m.at = len(m.s)
		clear(m.can)
		m.keep()
	} else {
		m.at = m.borders[k].at
		copy(m.can, m.borders[k].can)
	}
	for m.at > 0 {
		if m.read(m.here(m.at)); m.at>>m.shift < k {
			return
		}
		m.keep()
	}
}

// forth reads the text forwards, from from, and gives take every match.
func (m *matcher) forth(dst []Span, from int, take func([]Span, occurrence) []Span) []Span {
	for i := from; i < len(m.s); {
		k := i >> m.shift
		switch {
		case m.borders[k].begins:
			if !m.here(i).begins(m.canAt(i)) {
				i += runeLenAt(m.s, i)
				continue
			}
			found := m.follow(i)
			dst = take(dst, found)
			i = found.end
		case k == len(m.s)>>m.shift:
			return dst
		default:
			i = m.borders[k].at
		}
	}
	return dst
}

// follow goes the way of the match that begins at i.
func (m *matcher) follow(i int) occurrence {
	found := occurrence{start: i}
	m.group = [2]int{-1, -1}
	for pc := uint32(m.Start); ; {
		m.step++
		pc, _ = m.next(pc, i, m.here(i), m.canAt(i))
		if m.Inst[pc].Op == syntax.InstMatch {
			found.end, found.from, found.upto = i, m.group[0], m.group[1]
			return found
		}
		i += runeLenAt(m.s, i)
		pc = m.Inst[pc].Out
	}
}

// next returns the instruction on the way of the match that takes the character at i or ends the match. What was looked
// at before in this step leads there from where it was first, or not at all: that is how loops around nothing end.
func (m *matcher) next(pc uint32, i int, t *table, can []uint64) (uint32, bool) {
	if m.seen[pc] == m.step {
		return 0, false
	}
	m.seen[pc] = m.step
	in := &m.Inst[pc]
	switch in.Op {
	case syntax.InstMatch:
		return pc, true
	case syntax.InstFail:
		return 0, false
	case syntax.InstAlt, syntax.InstAltMatch:
		if to, ok := m.next(in.Out, i, t, can); ok {
			return to, true
		}
		return m.next(in.Arg, i, t, can)
	case syntax.InstEmptyWidth:
		if syntax.EmptyOp(in.Arg)&^t.here != 0 {
			return 0, false
		}
	case syntax.InstCapture:
		before := m.group
		m.group[in.Arg%2] = i
		to, ok := m.next(in.Out, i, t, can)
		if !ok {
			m.group = before
		}
		return to, ok
	case syntax.InstNop:
	default:
		return pc, hasBit(can, int(m.place[pc]))
	}
	return m.next(in.Out, i, t, can)
}

func runeLenAt(s string, i int) int {
	if s[i] < utf8.RuneSelf {
		return 1
	}
	_, size := utf8.DecodeRuneInString(s[i:])
	return size
}
