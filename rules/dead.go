package rules

import (
	"fmt"
	"strings"
)

// neverApply reports rules to which the rules before them leave nothing anywhere,
// and as a lint the addresses of the others to which nothing is left. fileRules
// hold for every route of the file that has rules, after its own.
func (r *reader) neverApply(f *fileSpec, fileRules []*Rule, routes []*Route) {
	shared := pair(fileRules, f.rules)
	var own []*spent // by the routes that have rules
	var ruled []*Route
	for i, route := range routes {
		if route.Pass {
			continue
		}
		before := newSpent()
		for _, p := range pair(route.rules, f.routes[i].rules) {
			r.dead(p, func(a *address) *Rule { return before.before(p, a) })
			before.add(p)
		}
		own, ruled = append(own, before), append(ruled, route)
	}
	if len(ruled) == 0 && len(routes) > 0 {
		for _, p := range shared {
			r.problem(p.spec.line, p.spec.col, fmt.Sprintf("rule %q can never apply: no route of this file has rules", p.Name), "remove it")
		}
		return
	}
	before := newSpent()
	for _, p := range shared {
		r.dead(p, func(a *address) *Rule {
			if by := before.before(p, a); by != nil {
				return by
			}
			var last *Rule
			for i, route := range ruled {
				if !route.has(a) {
					continue
				}
				if last = own[i].before(p, a); last == nil {
					return nil
				}
			}
			return last
		})
		before.add(p)
	}
}

// pair puts rules and what the file says of them side by side.
func pair(rules []*Rule, specs []ruleSpec) (all []placed) {
	for i := range min(len(rules), len(specs)) {
		all = append(all, placed{rules[i], &specs[i]})
	}
	return all
}

// has says whether the route's requests can have this address: only a capture can
// be known to be absent.
func (route *Route) has(a *address) bool {
	name, ok := strings.CutPrefix(a.text, "path.")
	name, _, _ = strings.Cut(name, ".")
	return !ok || name == "**" || route.captures(name)
}

// dead reports a rule to which another, which by returns, leaves nothing at any of
// its addresses.
func (r *reader) dead(p placed, by func(*address) *Rule) {
	if len(p.at) != len(p.spec.at) {
		return // what was meant by the mistake may be alive
	}
	var first *Rule
	var lost []Problem
	same := newSpent()
	for _, a := range p.at {
		other := by(a)
		switch {
		case other != nil:
			if first == nil {
				first = other
			}
			lost = append(lost, Problem{r.file, a.line, a.col, fmt.Sprintf("rule %q never applies at %s: rule %q at line %d leaves it nothing", p.Name, a.text, other.Name, other.Line),
				"rules are tried in order: remove this address, or the other"})
		case same.all[a.root].covering(a, a.steps) != nil:
			r.lint(a.line, a.col, fmt.Sprintf("%s adds nothing: another address of this rule names it already", a.text), "remove it")
		}
		same.addAll(p.Rule, a)
	}
	if len(lost) == len(p.at) && first != nil {
		r.problem(p.spec.line, p.spec.col, fmt.Sprintf("rule %q can never apply: rule %q at line %d leaves it nothing at %s", p.Name, first.Name, first.Line, p.at[0].text),
			"rules are tried in order: put the one with find first, or remove one")
		return
	}
	r.lints = append(r.lints, lost...)
}
