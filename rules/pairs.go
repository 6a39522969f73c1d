package rules

import (
	"net/url"
	"slices"
	"strings"
)

// plainSyntax is a text that is not encoded: of a header, or a whole body.
var plainSyntax = syntax{
	end:   func(arrived string, _ int, _ string, _ bool) int { return len(arrived) },
	read:  func(raw string) []meaning { return []meaning{{raw, false}} },
	write: func(text string) string { return text },
}

// component is a part of a URL or form that ends before one of these characters;
// with none, before what was sent behind it.
func component(stop string) syntax {
	return syntax{
		end: func(arrived string, at int, next string, last bool) int {
			rest, stop := arrived[at:], stop
			if stop != "" && strings.HasPrefix(next, "=") { // a name
				stop += "="
			}
			switch i := strings.IndexAny(rest, stop); {
			case stop != "" && i >= 0:
				return at + i
			case stop != "":
				return len(arrived)
			case last && strings.HasSuffix(rest, next):
				return len(arrived) - len(next)
			case last || !strings.Contains(rest, next):
				return -1
			default:
				return at + strings.Index(rest, next)
			}
		},
		read:  plusOrSpaceText,
		write: url.PathEscape,
	}
}

// plusOrSpaceText reads a bare + as a plus, then as a space.
func plusOrSpaceText(raw string) (all []meaning) {
	for _, s := range []string{raw, strings.ReplaceAll(raw, "+", " ")} {
		if text, err := url.PathUnescape(s); err == nil && !slices.Contains(all, meaning{text, false}) {
			all = append(all, meaning{text, false})
		}
	}
	if all == nil {
		return []meaning{{raw, false}}
	}
	return all
}

// pairs compares lists of name=value: queries, forms, cookies.
func (c *check) pairs(at, sent, arrived, separator string, changes []change) {
	syntax := component(separator)
	var holes []hole
	for _, change := range changes {
		holes = c.add(holes, change, pairHoles(sent, separator, change))
	}
	c.fill(at, syntax, sent, arrived, holes)
}

func pairHoles(sent, separator string, c change) (found []hole) {
	var entries []span
	at := 0
	for pair := range strings.SplitSeq(sent, separator) {
		trimmed := strings.TrimLeft(pair, " ") // of cookies
		entries = append(entries, span{at + len(pair) - len(trimmed), at + len(pair)})
		at += len(pair) + len(separator)
	}
	renamed := c.legs[0].step
	name, below := c.legs[0].name, c
	below.legs = c.legs[1:]
	if renamed {
		name, below.legs = c.legs[1].name, c.legs[2:]
	}
	for i, e := range entries {
		rawName, _, hasValue := strings.Cut(sent[e.start:e.end], "=")
		if !slices.Contains(plusOrSpaceText(rawName), meaning{name, false}) || !hasValue && !renamed {
			continue
		}
		h := hole{start: e.start + len(rawName) + 1, end: e.end}
		switch {
		case renamed:
			h.start, h.end = e.start, e.start+len(rawName)
		case len(below.legs) == 0 && c.want[0].removed:
			h = remove(entries, i)
		}
		h.changes = []change{below}
		found = append(found, h)
	}
	return found
}

// add adds the holes of one change; those below one place share a hole.
func (c *check) add(holes []hole, change change, found []hole) []hole {
	if len(found) == 0 {
		c.fail(Failure{Place: change.text, Message: "there is no such place in what was sent"})
	}
next:
	for _, h := range found {
		for j := range holes {
			if holes[j].start == h.start && holes[j].end == h.end && !h.removed && !holes[j].removed {
				holes[j].changes = append(holes[j].changes, h.changes...)
				continue next
			}
		}
		holes = append(holes, h)
	}
	return holes
}
