package detect

import (
	"errors"
	"fmt"
	"regexp/syntax"
)

// pattern finds with an expression. Where it has a group, the group is the finding.
type pattern struct {
	name  string
	expr  *program
	group bool
}

// maxProgram bounds the instructions of an expression. Every byte of a text may be tried against all of them.
const maxProgram = 4096

// Pattern returns a detector of Own that finds what the expression matches (RE2; the syntax of package regexp). With a
// group, the group is the finding, and a match in which it takes no part is none.
func Pattern(name, expr string) (*Detector, error) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the pattern is not an RE2 expression: %w", err)
	}
	if n := tree.MaxCap(); n > 1 {
		return nil, fmt.Errorf("the pattern has %d groups, one at most says what the finding is: write (?:...) for the others", n)
	}
	if least(tree) == 0 {
		return nil, errors.New("the pattern can match the empty text, which is at every place of every text")
	}
	if size(tree) > maxProgram {
		return nil, fmt.Errorf("the pattern is too large: its repetitions come to more than %d steps", maxProgram)
	}
	p, err := newProgram(tree)
	if err != nil {
		return nil, err
	}
	return &Detector{kind: Own, own: &pattern{name, p, tree.MaxCap() > 0}}, nil
}

func (p *pattern) find(dst []Span, s string) []Span {
	return p.expr.all(dst, s, func(dst []Span, m occurrence) []Span {
		from, end := m.start, m.end
		if p.group {
			from, end = m.from, m.upto
		}
		if from < end {
			dst = append(dst, Span{Start: from, End: end, Kind: Own, Name: p.name})
		}
		return dst
	})
}

// least returns the least number of characters that an expression matches, or 1 where it is more.
func least(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral, syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpNoMatch:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return least(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min == 0 {
			return 0
		}
		return least(re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			if least(sub) > 0 {
				return 1
			}
		}
		return 0
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if least(sub) == 0 {
				return 0
			}
		}
		return 1
	}
	return 0 // nothing, positions, stars and question marks
}

// size returns about how many instructions an expression takes, before any of them is made.
func size(re *syntax.Regexp) int {
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpCharClass:
		n = 1 + len(re.Rune)/8
	case syntax.OpCapture:
		n = 2
	}
	for _, sub := range re.Sub {
		n = min(n+size(sub), maxProgram+1)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return min(n, maxProgram+1)
}
