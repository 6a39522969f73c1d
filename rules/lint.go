package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Lint returns what in the files is no mistake and may still not be meant, in the
// order of the files: what leaves data as it is, what splits a person in two, and
// what has no effect.
func (s *Set) Lint() []Problem { return slices.Clone(s.lints) }

func (r *reader) lint(line, col int, message, hint string) {
	r.lints = append(r.lints, Problem{r.file, line, col, message, hint})
}

// lintRoute reports what lets a route's requests pass as they are.
func (r *reader) lintRoute(s routeSpec, route *Route) {
	if s.otherwise.text == "keep" {
		r.lint(s.otherwise.line, s.otherwise.col, fmt.Sprintf("route %q leaves what no rule takes as it is, whatever it holds", route.Name), "otherwise: look searches it for personal data")
	}
	if s.mode.text == "observe" {
		r.lint(s.mode.line, s.mode.col, fmt.Sprintf("route %q only observes: its requests are forwarded unchanged", route.Name), "remove mode: observe when you have seen enough")
	}
	if !s.pass {
		return
	}
	for i, p := range route.patterns {
		if m := bodyMethod(p); m != "" && len(route.patterns) == len(s.match) {
			r.lint(s.match[i].line, s.match[i].col, fmt.Sprintf("route %q forwards the bodies of %s unread", route.Name, m), "give it rules instead of pass: true, or methods that have no body")
		}
	}
}

// bodyMethod names the methods of a pattern whose requests have bodies.
func bodyMethod(p *pattern) string {
	if len(p.methods) == 0 {
		return "every method"
	}
	var with []string
	for _, m := range p.methods {
		if slices.Contains([]string{"POST", "PUT", "PATCH"}, m) {
			with = append(with, m)
		}
	}
	return strings.Join(with, " and ")
}

// lintSplits reports where rules for one place make pseudonyms of different kinds:
// one person would have two.
func (r *reader) lintSplits(f *fileSpec, fileRules []*Rule, routes []*Route) {
	said := map[*address]bool{}
	for i, route := range routes {
		first := map[string]placed{}
		own := pair(route.rules, f.routes[i].rules)
		if !route.Pass {
			own = append(own, pair(fileRules, f.rules)...)
		}
		for _, p := range own {
			for _, a := range p.at {
				other, ok := first[a.text]
				switch {
				case !p.pseudonymizes():
				case !ok:
					first[a.text] = p
				case p.Reversible != other.Reversible && !said[a]:
					said[a] = true
					r.lint(a.line, a.col, fmt.Sprintf("%s: rule %q is %s, rule %q at line %d is %s: one value has two pseudonyms", a.text, p.Name, p.way(), other.Name, other.Line, other.way()),
						"give both the same reversible")
				case p.across() != other.across() && !said[a]:
					said[a] = true
					r.lint(a.line, a.col, fmt.Sprintf("%s: rule %q is linkable across %s, rule %q at line %d across %s: one value has two pseudonyms", a.text, p.Name, p.across(), other.Name, other.Line, other.across()),
						"give both the same linkable")
				}
			}
		}
	}
}

func (p placed) pseudonymizes() bool {
	return slices.Contains([]string{"", "pseudonymize", "generalize"}, p.spec.do.text)
}

func (p placed) way() string {
	if p.Reversible {
		return "reversible"
	}
	return "one-way"
}

func (p placed) across() string {
	if p.scope != nil {
		return p.scope.text
	}
	return linkableNames[p.Linkable]
}
