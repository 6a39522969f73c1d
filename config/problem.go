package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one mistake. Line and Col count from 1 and are 0 where the mistake
// stands at no place of the file, as something missing does; File is empty for
// a value that came from no file. Variable is the one of the environment that
// gave the value, and empty where none did.
type Problem struct {
	File      string
	Line, Col int
	Variable  string
	Message   string
	Hint      string // what was probably meant, or what to do; may be empty
}

func (p Problem) String() string {
	var s strings.Builder
	if p.File != "" {
		s.WriteString(p.File + ":")
		if p.Line > 0 {
			fmt.Fprintf(&s, "%d:%d:", p.Line, p.Col)
		}
		s.WriteByte(' ')
	}
	if p.Variable != "" {
		s.WriteString(p.Variable + ": ")
	}
	s.WriteString(p.Message)
	if p.Hint != "" {
		s.WriteString("\n  hint: " + p.Hint)
	}
	return s.String()
}

// Problems is every mistake that was found, in the order of the file. It is the
// error of Load, Parse and Validate.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// err returns ps in the order of the file, or nil if there are none.
func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	ps.sort()
	return ps
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

// suggestion is the hint for a word that is not one of the known ones.
func suggestion(word string, known []string) string {
	if s := didYouMean(word, known); s != "" {
		return s
	}
	return "known are: " + strings.Join(known, ", ")
}

// didYouMean names the known word that shares most of its beginning and end
// with word, if that is half of it or more. Otherwise it is "".
func didYouMean(word string, known []string) string {
	best, most := "", 0
	for _, k := range known {
		n := commonEnds(strings.ToLower(word), k)
		if n > most && 2*n >= max(len(word), len(k)) {
			best, most = k, n
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// commonEnds counts the letters that a and b have in common from the front and,
// in what is left, from the back.
func commonEnds(a, b string) int {
	front := 0
	for front < min(len(a), len(b)) && a[front] == b[front] {
		front++
	}
	back := 0
	for back < min(len(a), len(b))-front && a[len(a)-1-back] == b[len(b)-1-back] {
		back++
	}
	return front + back
}
