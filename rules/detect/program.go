package detect

import (
	"errors"
	"fmt"
	"math/bits"
	"regexp/syntax"
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"
)

// program finds all matches of an expression in time linear in the text. Package regexp searches anew after every match,
// and a search may read on to the end of the text to learn that its match is short: for x(.*y)? on a text of x that is
// the square of its length.
//
// Here a text is read twice (matches.go). The characters of the expression are positions, and a set of them is a row of
// bits, of which one operation moves 64 (Glushkov's automaton, bit-parallel as in Navarro and Raffinot, Flexible Pattern
// Matching in Strings, chapter 5). Read backwards, the sets say for each place from which positions a match can be
// reached. Read forwards with that knowledge, nothing is tried in vain: of two ways, the first that reaches a match is the
// one on which the leftmost-first search of package regexp ends.
type program struct {
	*syntax.Prog
	prefix string // of all matches
	takers []uint32
	place  []uint16 // of an instruction, among the takers
	words  int      // of a set
	shift  int      // blocks of 1<<shift places are kept
	// The characters in classes that the expression cannot tell apart: where each begins, that of each ASCII character, and
	// which positions take it.
	classes []rune
	ascii   [utf8.RuneSelf]uint16
	takes   [][]uint64
	// What follows what, by what stands before and after a place.
	tables [sides * sides]*table
	idle   sync.Pool // of *matcher
}

// table says what follows what at a place where some of \b, ^ and $ hold.
type table struct {
	here  syntax.EmptyOp
	first []uint64 // positions that a match can begin with
	last  []uint64 // positions that a match can end with
	// To most positions only the one before leads, and a shift finds it: plain are those to which it does. To odd ones
	// others lead, those in before.
	plain, odd []uint64
	before     [][]uint64
}

// What one character of a text may cost: operations on words of 64 bits on the way back, and instructions that are looked
// at for what comes next on the way forth.
const maxWork, maxNext = 2048, 512

var errWide = errors.New("the pattern is too large: at one place too many of its parts may come next; a list belongs into words")

func newProgram(tree *syntax.Regexp) (*program, error) {
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, fmt.Errorf("the pattern is not an RE2 expression: %w", err)
	}
	p := &program{Prog: prog, place: make([]uint16, len(prog.Inst))}
	p.prefix, _ = prog.Prefix()
	for pc := range prog.Inst {
		if isTaker(&prog.Inst[pc]) {
			p.place[pc] = uint16(len(p.takers))
			p.takers = append(p.takers, uint32(pc))
		}
	}
	p.words = len(p.takers)/64 + 1
	const kept = 1 << 15 // words
	p.shift = bits.Len(uint(kept/p.words)) - 1
	p.classify()
	if err := p.tabulate(); err != nil {
		return nil, err
	}
	p.idle.New = func() any {
		return &matcher{program: p, can: make([]uint64, p.words), then: make([]uint64, p.words), seen: make([]uint64, len(p.Inst))}
	}
	return p, nil
}

func isTaker(in *syntax.Inst) bool {
	switch in.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return true
	}
	return false
}

// ranges returns the characters that an instruction takes: the first and the last of each range.
func ranges(in *syntax.Inst) []rune {
	switch {
	case in.Op == syntax.InstRuneAny:
		return []rune{0, unicode.MaxRune}
	case in.Op == syntax.InstRuneAnyNotNL:
		return []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	case len(in.Rune) > 1:
		return in.Rune
	}
	one := in.Rune[0]
	all := []rune{one, one}
	if syntax.Flags(in.Arg)&syntax.FoldCase != 0 {
		for r := unicode.SimpleFold(one); r != one; r = unicode.SimpleFold(r) {
			all = append(all, r, r)
		}
	}
	return all
}

func (p *program) classify() {
	p.classes = []rune{0}
	for _, pc := range p.takers {
		for i, r := range ranges(&p.Inst[pc]) {
			p.classes = append(p.classes, r+rune(i%2)) // a class begins after the last of a range
		}
	}
	slices.Sort(p.classes)
	p.classes = slices.Compact(p.classes)
	for range p.classes {
		p.takes = append(p.takes, make([]uint64, p.words))
	}
	for i, pc := range p.takers {
		all := ranges(&p.Inst[pc])
		for k := 0; k < len(all); k += 2 {
			for c := p.classOf(all[k]); c < len(p.classes) && p.classes[c] <= all[k+1]; c++ {
				setBit(p.takes[c], i)
			}
		}
	}
	for r := range rune(utf8.RuneSelf) {
		p.ascii[r] = uint16(p.classOf(r))
	}
}

// classOf returns the class of a character.
func (p *program) classOf(r rune) int {
	c, found := slices.BinarySearch(p.classes, r)
	if !found {
		c--
	}
	return c
}

func setBit(bits []uint64, i int)      { bits[i>>6] |= 1 << (i & 63) }
func hasBit(bits []uint64, i int) bool { return bits[i>>6]>>(i&63)&1 != 0 }

// A side is what stands on one side of a place, as far as an expression can ask: \b knows words of ASCII only.
const (
	noSide = iota
	lineSide
	wordSide
	otherSide
	sides
)

// sideOf holds the side of each byte.
var sideOf = makeSideOf()

func makeSideOf() (all [256]uint8) {
	for b := range all {
		switch {
		case b == '\n':
			all[b] = lineSide
		case syntax.IsWordChar(rune(b)):
			all[b] = wordSide
		default:
			all[b] = otherSide
		}
	}
	return all
}

// tabulate makes the tables, each once for all places that are alike.
func (p *program) tabulate() error {
	var asked syntax.EmptyOp
	for _, in := range p.Inst {
		if in.Op == syntax.InstEmptyWidth {
			asked |= syntax.EmptyOp(in.Arg)
		}
	}
	example := [sides]rune{-1, '\n', 'a', '-'}
	known := map[syntax.EmptyOp]*table{}
	for i := range p.tables {
		here := asked & syntax.EmptyOpContext(example[i/sides], example[i%sides])
		if known[here] == nil {
			t, err := p.table(here)
			if err != nil {
				return err
			}
			known[here] = t
		}
		p.tables[i] = known[here]
	}
	return nil
}

func (p *program) table(here syntax.EmptyOp) (*table, error) {
	row := func() []uint64 { return make([]uint64, p.words) }
	t := &table{here, row(), row(), row(), row(), make([][]uint64, len(p.takers))}
	w := walk{p: p, here: here, seen: make([]uint64, len(p.Inst))}
	odd := 0
	// add notes that the position leads to q.
	add := func(i, q int) {
		switch {
		case i+1 == q:
			setBit(t.plain, q)
			return
		case t.before[q] == nil:
			t.before[q] = row()
			setBit(t.odd, q)
			odd++
		}
		setBit(t.before[q], i)
	}
	for i := -1; i < len(p.takers); i++ {
		from := uint32(p.Start)
		if i >= 0 {
			from = p.Inst[p.takers[i]].Out
		}
		all, matches := w.from(from)
		for _, q := range all {
			if i < 0 {
				setBit(t.first, q)
			} else {
				add(i, q)
			}
		}
		if matches && i >= 0 {
			setBit(t.last, i)
		}
		if p.words*(odd+3) > maxWork || w.looked > maxNext {
			return nil, errWide
		}
	}
	return t, nil
}

// walk goes through a program without taking a character.
type walk struct {
	p      *program
	here   syntax.EmptyOp
	seen   []uint64
	step   uint64
	looked int
	todo   []uint32
	found  []int
}

// from returns the positions that can come next, and whether a match can end.
func (w *walk) from(pc uint32) (all []int, matches bool) {
	w.step++
	w.looked = 0
	w.todo, w.found = append(w.todo[:0], pc), w.found[:0]
	for len(w.todo) > 0 {
		pc := w.todo[len(w.todo)-1]
		w.todo = w.todo[:len(w.todo)-1]
		if w.seen[pc] == w.step {
			continue
		}
		w.seen[pc] = w.step
		w.looked++
		switch in := &w.p.Inst[pc]; in.Op {
		case syntax.InstMatch:
			matches = true
		case syntax.InstAlt, syntax.InstAltMatch:
			w.todo = append(w.todo, in.Arg, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^w.here == 0 {
				w.todo = append(w.todo, in.Out)
			}
		case syntax.InstCapture, syntax.InstNop:
			w.todo = append(w.todo, in.Out)
		case syntax.InstFail:
		default:
			w.found = append(w.found, int(w.p.place[pc]))
		}
	}
	return w.found, matches
}
