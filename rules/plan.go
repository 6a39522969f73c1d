package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// A plan is what is done with one value: the rules that cover it, in the order
// they are tried, and the encodings that addresses go into.
type plan struct {
	src source

	rules   []*Rule // of a string, as it stands
	numbers []*Rule // of a number
	names   []*Rule // that search the member names of an object
	keyed   []*Rule // of names, those that take a name whole

	encodings []codec   // that addresses go into
	inside    []*plan   // of a string, by the encodings that it is in: a bit for each
	passages  []passage // of a plan that is inside another: into these encodings
	again     []*Rule   // of such a plan: that read the text as a whole too, for what stands across its parts

	// Values and names here are treated whatever they look like: a rule wants
	// the whole value, or what only it can tell. All others wait for a hint.
	blind, blindNames bool
	numeric           bool // a number may be taken

	node    *Rule // removes or rejects an object or array that stands here
	literal *Rule // removes or rejects true, false, null and ""

	down *plan // of what is below, where no other address ends
}

// A source is where the addresses of rules stand as seen from one value. Behind a
// @fromstr is where the value itself is, if it is no string.
type source struct {
	ends   []*Rule  // they end here, or around it
	into   []target // they go on into an encoding: the first step left
	behind onward   // of a value that is no string: those behind a @fromstr
	keys   []*Rule  // they select the names of its members
}

// onward is where addresses stand that have gone one step further.
type onward struct {
	ends []*Rule
	into []target
}

func (s source) empty() bool {
	return len(s.ends)+len(s.into)+len(s.behind.ends)+len(s.behind.into)+len(s.keys) == 0
}

// below returns what holds for the values below one of this source.
func (s source) below() source {
	down := source{ends: slices.Clone(s.ends)}
	for _, r := range s.behind.ends {
		down.ends = with(down.ends, r)
	}
	for _, t := range slices.Concat(s.into, s.behind.into) {
		if t.steps[0].into != fromstr {
			down.into = withTarget(down.into, t)
		}
	}
	return down
}

// join returns what holds where both do.
func (s source) join(o source) source {
	s = source{slices.Clone(s.ends), slices.Clone(s.into), onward{slices.Clone(s.behind.ends), slices.Clone(s.behind.into)}, slices.Clone(s.keys)}
	for _, r := range o.ends {
		s.ends = with(s.ends, r)
	}
	for _, r := range o.behind.ends {
		s.behind.ends = with(s.behind.ends, r)
	}
	for _, r := range o.keys {
		s.keys = with(s.keys, r)
	}
	for _, t := range o.into {
		s.into = withTarget(s.into, t)
	}
	for _, t := range o.behind.into {
		s.behind.into = withTarget(s.behind.into, t)
	}
	return s
}

// key tells sources of one automaton apart by what is in them.
func (s source) key() string {
	var parts []string
	for i, rules := range [][]*Rule{s.ends, s.behind.ends, s.keys} {
		for _, r := range rules {
			parts = append(parts, fmt.Sprintf("%d %p", i, r))
		}
	}
	for i, targets := range [][]target{s.into, s.behind.into} {
		for _, t := range targets {
			parts = append(parts, fmt.Sprintf("into %d %p %q", i, t.rule, t.steps))
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

// with adds a rule to a list that has it not yet.
func with(rules []*Rule, r *Rule) []*Rule {
	if slices.Contains(rules, r) {
		return rules
	}
	return append(rules, r)
}

func withTarget(targets []target, t target) []target {
	if slices.ContainsFunc(targets, func(have target) bool { return have.rule == t.rule && slices.Equal(have.steps, t.steps) }) {
		return targets
	}
	return append(targets, t)
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
		key = fmt.Appendf(key, "%p %q;", t.rule, t.steps)
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
	into    codec
	inner   *automaton
	keeps   *Rule // that keeps whole what no other rule takes of it
	rejects bool  // inside, rules only reject
}

// plan says what the addresses of a source mean for a value. The error is that
// they are too tangled.
func (k *kit) plan(s source) (*plan, error) {
	p := &plan{src: s}
	k.treat(p)
	err := k.ways(p)
	p.down = p
	if err == nil && (len(s.behind.ends)+len(s.behind.into)+len(s.keys) > 0 || slices.ContainsFunc(s.into, func(t target) bool { return t.steps[0].into == fromstr })) {
		p.down, err = k.plan(s.below())
	}
	return p, err
}

// treat fills in what a value as it stands is treated by. Every rule that covers
// an object searches the member names in it; of parameters and headers only the
// rules with find do.
func (k *kit) treat(p *plan) {
	if k.any == nil { // of what is only read, nothing stands for something else
		p.rules, p.numbers = p.src.ends, p.src.join(source{ends: p.src.behind.ends}).ends
		p.blind = !p.src.empty()
		p.numeric = p.blind
		return
	}
	for _, r := range slices.Concat(k.around, p.src.ends) {
		p.rules, p.numbers = with(p.rules, r), with(p.numbers, r)
	}
	for _, r := range p.src.behind.ends {
		p.numbers = with(p.numbers, r)
	}
	nodes, literals := slices.Clone(p.numbers), slices.Clone(p.numbers)
	for _, t := range slices.Concat(p.src.into, p.src.behind.into) {
		if t.stands() && t.standsForNumber() {
			p.numbers = with(p.numbers, t.rule)
		}
		if leafward(t.steps) { // what has no text is in no encoding
			literals = with(literals, t.rule)
		}
	}
	for _, t := range p.src.into {
		if t.stands() {
			p.rules = with(p.rules, t.rule)
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
	for _, r := range p.numbers {
		p.numeric = p.numeric || r.find == nil || r.find.Numeric()
	}
	p.numeric = p.numeric || k.look != nil && k.look.find.Numeric()
	byOrder(p.rules)
	byOrder(p.numbers)
	byOrder(p.names)
	byOrder(nodes)
	byOrder(literals)
	for _, r := range slices.Concat(p.rules, p.numbers) {
		p.blind = p.blind || r.blind()
	}
	p.blind = p.blind || len(p.src.into) > 0 || k.look != nil && k.look.find.Numeric()
	p.blindNames = len(p.keyed) > 0 || slices.ContainsFunc(p.names, func(r *Rule) bool { return r.find != nil && r.blind() })
	p.node, p.literal = fate(nodes, false), fate(literals, true)
	if k.look != nil {
		p.rules, p.numbers, p.names = append(p.rules, k.look), append(p.numbers, k.look), append(p.names, k.look)
	}
}

// stands says whether the rule takes a value that is not in the encoding as it
// stands. One that keeps a place inside of it does not: where that is not what it
// was taken for, it is safer to have no such rule.
func (t target) stands() bool { return t.rule.Do != Keep || !t.rule.whole() || leafward(t.steps) }

// standsForNumber says the same of a number: it is JSON already, and a URL of a
// path alone.
func (t target) standsForNumber() bool {
	switch t.steps[0].into {
	case fromstr:
		return false
	case urls:
		return len(t.steps) == 1 || t.steps[1].name == "path"
	}
	return true
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

// ways makes a plan for every set of encodings that a string may be in.
func (k *kit) ways(p *plan) error {
	for _, into := range byStrictness {
		if slices.ContainsFunc(p.src.into, func(t target) bool { return t.steps[0].into == into }) {
			p.encodings = append(p.encodings, into)
		}
	}
	if len(p.encodings) == 0 {
		return nil
	}
	if k.build.work += (len(p.src.into) + len(p.src.ends) + 64) << (len(p.encodings) + 6); k.build.work > maxWork {
		return errTangled
	}
	p.inside = make([]*plan, 1<<len(p.encodings))
	p.inside[0] = p // it stands for itself
	for set := 1; set < len(p.inside); set++ {
		q := &plan{}
		for _, r := range p.src.ends {
			q.src.ends = with(q.src.ends, r)
		}
		for _, t := range p.src.into {
			switch {
			case set>>slices.Index(p.encodings, t.steps[0].into)&1 == 1:
				q.src.into = append(q.src.into, t)
			case k.any != nil && t.stands():
				q.src.ends = with(q.src.ends, t.rule)
			}
		}
		k.treat(q)
		if err := k.passages(q); err != nil {
			return err
		}
		p.inside[set] = q
	}
	return nil
}

// passages decides how a string that is in all the encodings of its plan is
// followed into them.
//
// Inside, the rules that cover the string itself go on to hold for what is
// there. But the first rule that takes the string whole settles it: what comes
// after it has nothing left, and to follow an encoding before is of use only
// where it is that rule which does.
func (k *kit) passages(p *plan) error {
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
		return k.rejects(p, own)
	}
	seams := false // the text as a whole may say what its parts, or what it spells, do not
	var groups [codecs][]target
	for _, t := range p.src.into {
		if !late(t.rule) {
			groups[t.steps[0].into] = append(groups[t.steps[0].into], target{t.rule, t.steps[1:]})
		}
	}
	for _, into := range byStrictness {
		if groups[into] == nil {
			continue
		}
		inner := &kit{part: inBody, any: k.any, look: k.look, build: k.build}
		if into == urls {
			inner.part = inQuery
		}
		way := passage{into: into}
		for _, r := range covering {
			switch {
			case late(r) || k.any == nil:
			case r.part != nil: // a part of the text as it stands
				p.again = with(p.again, r)
			case into != jwt || r.Do == Keep:
				inner.around = with(inner.around, r)
			}
		}
		for other, targets := range groups {
			for _, t := range targets {
				if codec(other) != into && into != jwt && t.rule.find != nil && t.rule.part == nil {
					inner.around = with(inner.around, t.rule)
				}
			}
		}
		if (into == urls || into == pct) && len(p.passages) > 0 { // what is there has been looked at
			inner.look, inner.around = nil, nil
		}
		if into == jwt && k.look != nil && !k.look.refuse {
			inner.look = k.look.strict
		}
		var err error
		if way.inner, err = inner.into(groups[into]); err != nil {
			return err
		}
		if i := slices.IndexFunc(inner.around, func(r *Rule) bool { return r.whole() && r.Do == Keep }); i >= 0 {
			way.keeps = inner.around[i]
		}
		if (into == fromstr || into == urls || into == base64s) && k.any != nil {
			for _, r := range inner.around {
				if r.find != nil {
					p.again = with(p.again, r)
				}
			}
			seams = true
		}
		p.passages = append(p.passages, way)
	}
	byOrder(p.again)
	if seams && k.look != nil && !slices.ContainsFunc(p.passages, func(way passage) bool { return way.keeps != nil }) {
		p.again = append(p.again, k.look)
	}
	return nil
}

// rejects follows a string that a rule takes whole into the encodings in which an
// earlier rule rejects the request.
func (k *kit) rejects(p *plan, own int) error {
	for _, into := range byStrictness {
		var targets []target
		for _, t := range p.src.into {
			if t.steps[0].into == into && t.rule.Do == Reject && t.rule.order < own {
				targets = append(targets, target{t.rule, t.steps[1:]})
			}
		}
		if targets == nil {
			continue
		}
		inner, err := (&kit{part: inBody, any: k.any, build: k.build}).into(targets)
		if err != nil {
			return err
		}
		p.passages, p.again = append(p.passages, passage{into: into, inner: inner, rejects: true}), p.rules
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
