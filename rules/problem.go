package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// Problem is one mistake in a rule file. Line and Col count from 1.
type Problem struct {
	File      string
	Line, Col int
	Message   string
	Hint      string // what was probably meant, or what to do; may be empty
}

func (p Problem) String() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Message)
	if p.Hint != "" {
		s += "\n  hint: " + p.Hint
	}
	return s
}

// Problems is every mistake that was found, in the order of the files. It is
// the error of Load and Parse.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// nearest returns the known name that word was probably meant to be, or "". Of a
// long word it knows none: to compare two of 100 KB takes a minute.
func nearest(word string, known []string) string {
	best, limit := "", len(word)/2+1
	if len(word) > 100 {
		return ""
	}
	for _, k := range known {
		if len(k)-len(word) >= limit {
			continue
		}
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d < limit {
			best, limit = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours cost one each.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// near is the hint for a word where too many are known to list them.
func near(word string, known []string, otherwise string) string {
	if n := nearest(word, known); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	return otherwise
}

// Suggest is the hint for a word that is not one of the known ones: the one that
// was probably meant, else all of them.
func Suggest(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	return near(word, known, "known are: "+strings.Join(known, ", "))
}

func suggestion(word string, known []string) string { return Suggest(word, known) }

// SuggestRegion is the hint for what is no region. Of two letters, any others are
// near: only the usual mistakes tell what was meant.
func SuggestRegion(code string) string {
	meant := strings.ToUpper(code)
	switch known := detect.Regions(); {
	case meant == "UK" || meant == "EN":
		meant = "GB"
	case meant == "EL":
		meant = "GR"
	case len(meant) == 3:
		meant = nearest(meant, known)
	case !slices.Contains(known, meant):
		meant = ""
	}
	if meant == "" {
		return "a region is a country as in ISO 3166-1, such as FI or DE"
	}
	return fmt.Sprintf("did you mean %q?", meant)
}

// inOrder sorts the problems of one file by where they stand.
func (ps Problems) inOrder() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return ps
}
