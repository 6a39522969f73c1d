package rules

import (
	"cmp"
	"slices"
)

// Covered is a rule of a file and how many tests exercise it: those in which it
// took something. What the last look takes exercises no rule.
type Covered struct {
	Rule  *Rule
	Tests int
}

// Cover returns the rules of the suites in the order of their files, each once
// however many suites load it.
func Cover(suites []*Suite, results []Result) []Covered {
	type identity struct {
		file string
		line int
		name string
	}
	id := func(r *Rule) identity { return identity{r.File, r.Line, r.Name} }
	var all []Covered
	at := map[identity]int{}
	for _, s := range suites {
		for _, route := range s.Rules.routes {
			for _, r := range route.rules {
				if _, known := at[id(r)]; !known {
					at[id(r)] = len(all)
					all = append(all, Covered{Rule: r})
				}
			}
		}
	}
	for _, result := range results {
		counted := map[int]bool{}
		for _, f := range result.Outcome.Seen {
			if i, known := at[id(f.Rule)]; known && !counted[i] {
				counted[i] = true
				all[i].Tests++
			}
		}
	}
	slices.SortStableFunc(all, func(a, b Covered) int {
		return cmp.Or(cmp.Compare(a.Rule.File, b.Rule.File), cmp.Compare(a.Rule.Line, b.Rule.Line))
	})
	return all
}
