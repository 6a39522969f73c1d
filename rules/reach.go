package rules

import (
	"fmt"
	"slices"
	"strings"
)

// unreachable reports a route that can never match, because earlier routes match
// all its requests first, and a match of a route that its earlier ones cover.
func (r *reader) unreachable(spec routeSpec, route *Route, earlier *triedPatterns) {
	if len(route.patterns) != len(spec.match) || len(route.patterns) == 0 {
		return // one is a mistake already, and may have been meant to match more
	}
	var first []*Route
	own, reached := &triedPatterns{}, false
	for i, p := range route.patterns {
		same, covered := own.first(p)
		own.add(p, route)
		if covered {
			m := spec.match[i]
			r.problem(m.line, m.col, fmt.Sprintf("this match adds nothing: %q of the same route matches all its requests", spec.match[same.order].text), "remove it")
			continue
		}
		by, covered := coveredBy(p, earlier)
		reached = reached || !covered
		first = append(first, by...)
	}
	if reached {
		return
	}
	first = slices.CompactFunc(first, func(a, b *Route) bool { return a == b })
	names := make([]string, len(first))
	for i, other := range first {
		names[i] = fmt.Sprintf("route %q at %s:%d", other.Name, other.File, other.Line)
	}
	verb := "matches"
	if len(names) > 1 {
		verb = "match"
	}
	r.problem(spec.line, spec.col, fmt.Sprintf("route %q can never match: %s %s all its requests first", route.Name, strings.Join(names, " and "), verb),
		"routes are tried in order: put the narrower one first, or remove it")
}

// coveredBy returns the routes that match all requests of a pattern, one a method
// of it. It does not put paths together: whether two patterns cover what neither
// covers alone is not asked.
func coveredBy(p *pattern, earlier *triedPatterns) (by []*Route, covered bool) {
	methods := [][]string{nil}
	if len(p.methods) > 0 {
		methods = slices.Collect(slices.Chunk(p.methods, 1))
	}
	for _, m := range methods {
		first, ok := earlier.first(&pattern{methods: m, host: p.host, segments: p.segments, rest: p.rest})
		if !ok {
			return nil, false
		}
		by = append(by, first.route)
	}
	return by, true
}

// triedPatterns are patterns of routes in the order in which they are tried, by
// the last literal before their {x...}: what a pattern covers has that literal in
// the same place. A large file would else take a minute.
type triedPatterns struct {
	by map[literal][]tried
	n  int
}

type literal struct {
	at   int // segment
	text string
}

type tried struct {
	pattern *pattern
	route   *Route
	order   int
}

func (t *triedPatterns) addRoute(route *Route) {
	for _, p := range route.patterns {
		t.add(p, route)
	}
}

func (t *triedPatterns) add(p *pattern, route *Route) {
	if t.by == nil {
		t.by = map[literal][]tried{}
	}
	key := literal{at: -1}
	if all := p.literals(); len(all) > 0 {
		key = all[len(all)-1]
	}
	t.by[key] = append(t.by[key], tried{p, route, t.n})
	t.n++
}

// first returns the first pattern that covers p.
func (t *triedPatterns) first(p *pattern) (tried, bool) {
	best := tried{order: t.n}
	for _, key := range append(p.literals(), literal{at: -1}) {
		for _, other := range t.by[key] {
			if other.order >= best.order {
				break
			}
			if other.pattern.covers(p) {
				best = other
			}
		}
	}
	return best, best.pattern != nil
}

// literals returns what a pattern spells before its {x...}, in order.
func (p *pattern) literals() (all []literal) {
	for i, s := range p.segments {
		if i == p.rest {
			break
		}
		if !s.capture {
			all = append(all, literal{i, s.text})
		}
	}
	return all
}
