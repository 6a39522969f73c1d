package rules

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// An automaton answers, for one part of a request, which rules cover the value
// that a path of names and elements leads to. It is the subset construction
// (Rabin and Scott 1959) over all addresses of a route at once, so a step costs
// one lookup however many rules there are.
//
// A rule covers what its address names and all below it. That is not in the
// states, where every combination of rules would need its own, but in the plan
// that a walker carries down.
type automaton struct {
	kit     *kit
	states  []state
	symbols symbols
	base    *plan  // where no address ends
	sink    uint16 // where no address can end any more

	meeting sync.Map // of *plan, by what is in their source: of places where addresses meet that no state shows
	met     atomic.Int32
}

// A state stands for all the places in the addresses that one place in the
// request may be. State 0 is the root.
type state struct {
	plan    *plan    // the rules whose address ends here, or nil
	next    []uint16 // by symbol: the state of the member of that name
	other   uint16   // the state of a member of any other name
	wild    []string // patterns that a name without symbol may match, as bits of an index into
	wildTo  []uint16
	element elements
	queries *queries // on elements, or nil
	stays   bool     // every step leads back here, and no address ends here
}

// elements are the states of the elements of an array.
type elements struct {
	any     uint16
	indexed []uint16 // by symbol, where single elements are named
}

// maxStates and maxWork bound what contrived rule files can make of our memory
// and time, maxWild what one name can cost.
const (
	maxStates = 4096
	maxWork   = 1 << 25 // places times names
	maxWild   = 6
)

// A place is how far into the steps of one rule's address a path has come.
type place struct{ address, step int }

func (p place) append(key []byte) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(key, uint64(p.address)), uint64(p.step))
}

type target struct {
	rule  *Rule
	steps []step
}

// compile builds the automaton of these addresses. The kit says what they mean
// for a value.
func compile(targets []target, kit *kit) (*automaton, error) {
	a := &automaton{kit: kit}
	var err error
	if a.base, err = kit.plan(source{}); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, t := range targets {
		for _, s := range t.steps {
			if s.kind == stepInto && s.into != fromstr {
				break // what is inside has an automaton of its own
			}
			if s.kind == stepName {
				names[s.name] = true
			}
		}
	}
	a.symbols = newSymbols(names)
	same := behindQueries(targets)

	asked := map[string]*queries{}

	ids := map[string]uint16{}
	var sets [][]place
	var key []byte
	intern := func(set []place) (uint16, error) {
		set = closure(set, targets)
		kit.build.work += len(set)
		key = key[:0]
		for _, p := range set {
			key = p.append(key)
		}
		if id, ok := ids[string(key)]; ok {
			return id, nil
		}
		if kit.build.work += len(set) * (len(a.symbols.names) + 1); len(sets) == maxStates || kit.build.work > maxWork {
			return 0, errTangled
		}
		id := uint16(len(sets))
		ids[string(key)] = id
		sets = append(sets, set)
		return id, nil
	}
	all := make([]place, len(targets))
	for i := range targets {
		all[i] = place{i, 0}
	}
	if _, err := intern(all); err != nil {
		return nil, err
	}
	if a.sink, err = intern(nil); err != nil {
		return nil, err
	}
	for n := 0; n < len(sets); n++ {
		set := sets[n]
		var s state
		if src := accepted(set, targets); !src.empty() {
			if s.plan, err = kit.plan(src); err != nil {
				return nil, err
			}
		}
		to := func(member func(step) bool, more ...place) uint16 {
			id, e := intern(append(advance(set, targets, member), more...))
			if e != nil {
				err = e
			}
			return id
		}
		s.other = to(func(step) bool { return false })
		next := nextNames(set, targets)
		s.wild = patterns(set, targets)
		for _, sym := range a.symbols.names {
			if !next[sym] && !slices.ContainsFunc(s.wild, func(p string) bool { return wild(p, sym) }) {
				s.next = append(s.next, s.other) // as most do
				continue
			}
			s.next = append(s.next, to(func(st step) bool {
				return st.kind == stepName && st.name == sym || st.kind == stepPattern && wild(st.name, sym)
			}))
		}
		elements := func(more ...place) elements {
			e := elements{any: to(func(st step) bool { return st.kind == stepElement }, more...)}
			for i, sym := range a.symbols.names {
				if _, err := strconv.ParseUint(sym, 10, 31); err != nil || !next[sym] {
					continue
				}
				if e.indexed == nil {
					kit.build.work += len(a.symbols.names)
					e.indexed = slices.Repeat([]uint16{e.any}, len(a.symbols.names))
				}
				e.indexed[i] = to(func(st step) bool {
					return st.kind == stepElement || st.kind == stepName && st.name == sym
				}, more...)
			}
			return e
		}
		s.element = elements()
		asking := elementKey(set, targets)
		if s.queries = asked[asking]; s.queries == nil { // most states ask as others do
			queries, leads, e := newQueries(set, targets, same)
			if e != nil {
				return nil, e
			}
			for mask := 0; queries != nil && mask < 1<<len(leads); mask++ {
				queries.to = append(queries.to, elements(leading(leads, mask)...))
				if kit.build.work += queryWork * (1 + len(s.element.indexed)); kit.build.work > maxWork || err != nil {
					return nil, cmp.Or(err, errTangled)
				}
			}
			s.queries, asked[asking] = queries, queries
		}
		if len(s.wild) > maxWild {
			return nil, fmt.Errorf("more than %d names with * or ? apply at one place of this route", maxWild)
		}
		if len(s.wild) > 0 {
			for mask := range 1 << len(s.wild) {
				s.wildTo = append(s.wildTo, to(func(st step) bool {
					i := slices.Index(s.wild, st.name)
					return st.kind == stepPattern && i >= 0 && mask>>i&1 == 1
				}))
			}
		}
		if err != nil {
			return nil, err
		}
		self := uint16(n)
		differs := func(id uint16) bool { return id != self }
		s.stays = s.plan == nil && s.queries == nil && !slices.ContainsFunc(s.next, differs) && s.other == self && s.element.any == self &&
			!slices.ContainsFunc(s.element.indexed, differs) && !slices.ContainsFunc(s.wildTo, differs)
		a.states = append(a.states, s)
	}
	return a, nil
}

var errTangled = errors.New("the addresses of this route need too many states; use fewer of them, or fewer ** and wildcards in the middle")

// closure adds what ** reaches by matching nothing, and what is behind a
// @fromstr for a value that is no string; it sorts, and drops doubles.
func closure(set []place, targets []target) []place {
	for i := 0; i < len(set); i++ {
		p := set[i]
		if steps := targets[p.address].steps; p.step < len(steps) && (steps[p.step].kind == stepDeep || steps[p.step] == step{kind: stepInto, into: fromstr}) {
			set = append(set, place{p.address, p.step + 1})
		}
	}
	slices.SortFunc(set, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(a.step, b.step))
	})
	return slices.Compact(set)
}

// advance takes one step down.
func advance(set []place, targets []target, member func(step) bool) []place {
	var next []place
	for _, p := range set {
		steps := targets[p.address].steps
		switch {
		case p.step == len(steps): // it covers what is below by the plan
		case steps[p.step].kind == stepDeep:
			next = append(next, p)
		case member(steps[p.step]):
			next = append(next, place{p.address, p.step + 1})
		}
	}
	return next
}

// accepted says which addresses end in the set, and which go on into an encoding
// or to names.
func accepted(set []place, targets []target) (src source) {
	for _, p := range set {
		rule, steps := targets[p.address].rule, targets[p.address].steps
		behind := p.step > 0 && steps[p.step-1] == step{kind: stepInto, into: fromstr}
		switch {
		case p.step == len(steps) && behind:
			src.behind.ends = with(src.behind.ends, rule)
		case p.step == len(steps):
			src.ends = with(src.ends, rule)
		case steps[p.step].kind == stepInto && behind:
			src.behind.into = append(src.behind.into, target{rule, steps[p.step:]})
		case steps[p.step].kind == stepInto:
			src.into = append(src.into, target{rule, steps[p.step:]})
		case steps[p.step].kind == stepKeys:
			src.keys = with(src.keys, rule)
		}
	}
	return src
}

// nextNames returns the names that are next in the set.
func nextNames(set []place, targets []target) map[string]bool {
	names := map[string]bool{}
	for _, p := range set {
		if steps := targets[p.address].steps; p.step < len(steps) && steps[p.step].kind == stepName {
			names[steps[p.step].name] = true
		}
	}
	return names
}

func patterns(set []place, targets []target) []string {
	var names []string
	for _, p := range set {
		steps := targets[p.address].steps
		if p.step < len(steps) && steps[p.step].kind == stepPattern && !slices.Contains(names, steps[p.step].name) {
			names = append(names, steps[p.step].name)
		}
	}
	return names
}

// root returns the plan at the root.
func (a *automaton) root() *plan {
	if p := a.states[0].plan; p != nil {
		return p
	}
	return a.base
}

// member returns the state of the member of this name, which need not be folded.
func (a *automaton) member(from uint16, name string) uint16 {
	s := &a.states[from]
	if sym := a.symbols.lookup(name); sym >= 0 {
		return s.next[sym]
	}
	if s.wild != nil {
		return s.wildMember(name)
	}
	return s.other
}

func (s *state) wildMember(name string) uint16 {
	var buf [64]byte
	folded := view(appendFold(buf[:0], name))
	mask := 0
	for i, w := range s.wild {
		if wild(w, folded) {
			mask |= 1 << i
		}
	}
	return s.wildTo[mask]
}

// at returns the state of element i of an array.
func (a *automaton) at(from *elements, i int) uint16 {
	if from.indexed == nil {
		return from.any
	}
	var digits [20]byte
	if sym := a.symbols.lookup(string(strconv.AppendInt(digits[:0], int64(i), 10))); sym >= 0 {
		return from.indexed[sym]
	}
	return from.any
}

// symbols numbers the names that a route's addresses spell. It is a hash table
// over length, first and last byte, behind a filter of lengths and first bytes:
// most member names of a body miss it without being read.
type symbols struct {
	names  []string
	filter [32]uint32 // by length, the last for all longer ones; bits: first byte, as letters differ
	slots  [256][]uint16
}

func newSymbols(set map[string]bool) symbols {
	var s symbols
	for name := range set {
		s.names = append(s.names, name)
	}
	sort.Strings(s.names)
	for i, name := range s.names {
		h := slot(name)
		s.slots[h] = append(s.slots[h], uint16(i))
		if name != "" {
			s.filter[min(len(name), len(s.filter)-1)] |= 1 << (name[0] & 31)
		}
	}
	return s
}

// absent says that no symbol is spelled like this name of ASCII characters. It
// may be wrong the other way round.
func (s *symbols) absent(name string) bool {
	return name != "" && s.filter[min(len(name), len(s.filter)-1)]>>(name[0]&31)&1 == 0
}

func slot(name string) uint8 {
	if name == "" {
		return 0
	}
	return uint8(len(name)*67 ^ int(name[0]|0x20)*5 ^ int(name[len(name)-1]|0x20)*29)
}

// lookup returns the symbol of a name in any case, or -1.
func (s *symbols) lookup(name string) int {
	for _, i := range s.slots[slot(name)] {
		if equalFold(s.names[i], name) {
			return int(i)
		}
	}
	for i := range len(name) {
		if name[i] >= utf8.RuneSelf { // the fold of another letter may be ours
			var buf [64]byte
			folded := view(appendFold(buf[:0], name))
			for _, i := range s.slots[slot(folded)] {
				if s.names[i] == folded {
					return int(i)
				}
			}
			break
		}
	}
	return -1
}

// equalFold compares a folded name with one that may hold upper-case ASCII.
func equalFold(folded, name string) bool {
	if len(folded) != len(name) {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != folded[i] {
			return false
		}
	}
	return true
}
