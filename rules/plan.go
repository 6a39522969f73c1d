package rules

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/statveil/statveil/rules/detect"
)

// A plan is what is done with one value: the rules that cover it, in the order
// they are tried, and the encodings that addresses go into.
type plan struct {
	src source

	rules    []*Rule // of a string, as it stands
	numbers  []*Rule // of a number
	names    []*Rule // that search the member names of an object
	keyed    []*Rule // of names, those that take a name whole
	passages []passage

	// Values and names here are treated whatever they look like: a rule wants
	// the whole value, or what only it can tell. All others wait for a hint.
	blind, blindNames bool

	node    *Rule // removes or rejects an object or array that stands here
	literal *Rule // removes or rejects true, false, null and ""

	down *plan // of what is below, where no other address ends
}

// A source is where the addresses of rules stand as seen from one value.
type source struct {
	ends  []*Rule  // they end here, or around it
	loose []*Rule  // they end behind a @fromstr, which is nothing to a value that is no string
	into  []target // they go on into an encoding: the first step left
	keys  []*Rule  // they select the names of its members
}

func (s source) empty() bool {
	return len(s.ends)+len(s.loose)+len(s.into)+len(s.keys) == 0
}

// below returns what holds for the values below one of this source.
func (s source) below() source {
	down := source{ends: slices.Clone(s.ends)}
	for _, r := range s.loose {
		down.ends = with(down.ends, r)
	}
	for _, t := range s.into {
		if t.steps[0].into != fromstr {
			down.into = append(down.into, t)
		}
	}
	return down
}

// join returns what holds where both do.
func (s source) join(o source) source {
	s = source{slices.Clone(s.ends), slices.Clone(s.loose), slices.Clone(s.into), slices.Clone(s.keys)}
	for _, r := range o.ends {
		s.ends = with(s.ends, r)
	}
	for _, r := range o.loose {
		s.loose = with(s.loose, r)
	}
	for _, r := range o.keys {
		s.keys = with(s.keys, r)
	}
	for _, t := range o.into {
		if !slices.ContainsFunc(s.into, func(have target) bool { return have.rule == t.rule && slices.Equal(have.steps, t.steps) }) {
			s.into = append(s.into, t)
		}
	}
	return s
}

// within says whether all of s holds where o does.
func (s source) within(o source) bool {
	j := o.join(s)
	return len(j.ends) == len(o.ends) && len(j.loose) == len(o.loose) && len(j.into) == len(o.into) && len(j.keys) == len(o.keys)
}

// with adds a rule to a list that has it not yet.
func with(rules []*Rule, r *Rule) []*Rule {
	if slices.Contains(rules, r) {
		return rules
	}
	return append(rules, r)
}

// A kit is what the plans of one automaton have in common.
type kit struct {
	part   root
	any    *detect.Finder // what values are searched for first; nil: the addresses are only read
	look   *Rule          // the last look; nil: what no rule takes is kept
	around []*Rule        // rules that cover all of it
	build  *build
}

// A build is what the automata of one route have in common while they are built.
type build struct {
	work  int                   // done
	inner map[string]*automaton // of passages, by what leads into them
}

func newBuild() *build { return &build{inner: map[string]*automaton{}} }

// into returns the automaton of what is in an encoding. Many places of a route lead
// to the same one.
func (k *kit) into(targets []target) (*automaton, error) {
	var key []byte
	for _, t := range targets {
		key = fmt.Appendf(key, "%p %v;", t.rule, t.steps)
	}
	key = fmt.Appendf(key, "%d %p %p %t", k.part, k.any, k.look, k.look != nil && k.look.refuse)
	for _, r := range k.around {
		key = fmt.Appendf(key, " %p", r)
	}
	if a := k.build.inner[string(key)]; a != nil {
		return a, nil
	}
	a, err := compile(targets, k)
	if err == nil {
		k.build.inner[string(key)] = a
	}
	return a, err
}

// A passage is an encoding, with the addresses that go on inside.
type passage struct {
	into  codec
	inner *automaton
	keeps *Rule   // that keeps whole what no other rule takes of it
	again []*Rule // that look at the text as a whole too: what stands across its parts
}

// plan says what the addresses of a source mean for a value. The error is that
// they are too tangled.
func (k *kit) plan(s source) (*plan, error) {
	p := &plan{src: s}
	if k.any == nil {
		p.rules, p.numbers = s.ends, s.join(source{ends: s.loose}).ends
		p.blind = !s.empty()
	} else {
		k.treat(p)
	}
	err := k.passages(p)
	p.down = p
	if err == nil && (len(s.loose)+len(s.keys) > 0 || slices.ContainsFunc(s.into, func(t target) bool { return t.steps[0].into == fromstr })) {
		p.down, err = k.plan(s.below())
	}
	return p, err
}

// treat fills in what a request is treated by. Every rule that covers an object
// searches the member names in it; of parameters and headers only the rules with
// find do.
func (k *kit) treat(p *plan) {
	for _, r := range slices.Concat(k.around, p.src.ends, p.src.loose) {
		p.rules, p.numbers = with(p.rules, r), with(p.numbers, r)
	}
	for _, t := range p.src.into {
		p.rules = with(p.rules, t.rule)
		if into := t.steps[0].into; into != fromstr && into != urls {
			p.numbers = with(p.numbers, t.rule)
		}
	}
	for _, r := range p.numbers {
		if k.part == inBody || r.find != nil {
			p.names = append(p.names, r)
		}
	}
	for _, r := range p.src.keys {
		p.names = with(p.names, r)
		p.keyed = append(p.keyed, r)
	}
	byOrder(p.rules)
	byOrder(p.numbers)
	byOrder(p.names)
	for _, r := range p.rules {
		p.blind = p.blind || r.blind()
	}
	p.blind = p.blind || len(p.src.into) > 0 || k.look != nil && k.look.find.Numeric()
	p.blindNames = len(p.keyed) > 0 || slices.ContainsFunc(p.names, func(r *Rule) bool { return r.find != nil && r.blind() })
	p.node, p.literal = fate(p.numbers, false), fate(p.numbers, true)
	if k.look != nil {
		p.rules, p.numbers, p.names = append(p.rules, k.look), append(p.numbers, k.look), append(p.names, k.look)
	}
}

// fate returns the rule that removes or rejects a value that has no text: an
// object or array, or true, false, null and "", which no pseudonym replaces.
func fate(rules []*Rule, literal bool) *Rule {
	for _, r := range rules {
		switch {
		case !r.whole():
		case r.Do == Remove || r.Do == Reject:
			return r
		case r.Do == Keep || !literal:
			return nil
		}
	}
	return nil
}

// passages decides into which encodings a string is followed.
//
// Inside, the rules that cover the string itself go on to hold for what is
// there. But the first rule that takes the string whole settles it: what comes
// after it has nothing left, and to follow an encoding before is of use only
// where it is that rule which does.
func (k *kit) passages(p *plan) error {
	if len(p.src.into) == 0 {
		return nil
	}
	covering := slices.Concat(k.around, p.src.ends)
	last := -1 // the order of the rule that takes all
	settled := func(r *Rule) {
		if r.whole() && k.any != nil && (last < 0 || r.order < last) {
			last = r.order
		}
	}
	for _, r := range covering {
		settled(r)
	}
	own := last
	for _, t := range p.src.into {
		if leafward(t.steps) {
			settled(t.rule)
		}
	}
	late := func(r *Rule) bool { return last >= 0 && r.order > last }
	if own >= 0 && own == last && !slices.ContainsFunc(covering, func(r *Rule) bool { return r.order == own && r.Do == Keep }) {
		p.rules = slices.DeleteFunc(p.rules, func(r *Rule) bool { return r.whole() && r.order != own && !r.look && !slices.Contains(covering, r) })
		return nil
	}
	var groups [codecs][]target
	var order []codec
	for _, t := range p.src.into {
		if late(t.rule) {
			continue
		}
		into := t.steps[0].into
		if groups[into] == nil {
			order = append(order, into)
		}
		groups[into] = append(groups[into], target{t.rule, t.steps[1:]})
	}
	first := func(into codec) int {
		least := groups[into][0].rule.order
		for _, t := range groups[into] {
			if t.rule.order == last && leafward(t.steps) {
				return -1 // the one that takes all
			}
			least = min(least, t.rule.order)
		}
		return least
	}
	slices.SortStableFunc(order, func(a, b codec) int { return cmp.Compare(first(a), first(b)) })
	for _, into := range order {
		inner := &kit{part: inBody, any: k.any, look: k.look, build: k.build}
		if into == urls {
			inner.part = inQuery
		}
		for _, r := range covering {
			if !late(r) && (into != jwt || r.Do == Keep) {
				inner.around = with(inner.around, r)
			}
		}
		for _, other := range order {
			for _, t := range groups[other] {
				if other != into && into != jwt && t.rule.find != nil {
					inner.around = with(inner.around, t.rule)
				}
			}
		}
		if into == jwt && k.look != nil && !k.look.refuse {
			inner.look = k.look.strict
		}
		a, err := inner.into(groups[into])
		if err != nil {
			return err
		}
		keeps := slices.IndexFunc(inner.around, func(r *Rule) bool { return r.whole() && r.Do == Keep })
		way := passage{into: into, inner: a}
		if keeps >= 0 {
			way.keeps = inner.around[keeps]
		}
		if (into == fromstr || into == urls) && k.any != nil {
			for _, r := range inner.around {
				if r.find != nil {
					way.again = append(way.again, r)
				}
			}
			if byOrder(way.again); k.look != nil && keeps < 0 {
				way.again = append(way.again, k.look)
			}
		}
		p.passages = append(p.passages, way)
	}
	return nil
}

// leafward says whether the steps lead to one value: the whole of what is in the
// encodings.
func leafward(steps []step) bool {
	for i, s := range steps {
		if s.kind != stepInto || !s.into.leaf() && (s.into != fromstr || i < len(steps)-1) {
			return false
		}
	}
	return true
}

func byOrder(rules []*Rule) {
	slices.SortFunc(rules, func(a, b *Rule) int { return cmp.Compare(a.order, b.order) })
}
