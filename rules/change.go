package rules

import (
	"fmt"
	"slices"
)

// A change is one entry of changed: a place, and what becomes of it. Several
// templates are for several occurrences of the name, in their order.
type change struct {
	spot *spot
	legs []leg // still to go
	want []template
	scalar
}

// changes reads the mapping of changed.
func (r *reader) changes(n *node) (all []change) {
	n = r.resolve(n)
	if n.Kind != mappingNode {
		r.problem(n.Line, n.Column, "changed is a mapping of addresses, like body.user: <value>", "")
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		at := r.scalar(n.Content[i])
		c := change{scalar: at, want: r.templates(n.Content[i+1])}
		if at.text == "" {
			continue
		}
		var err error
		if c.spot, err = parseSpot(at.text); err != nil {
			r.problem(at.line, at.col, err.Error(), "")
			continue
		}
		if slices.ContainsFunc(all, func(have change) bool { return have.text == c.text }) {
			r.problem(at.line, at.col, fmt.Sprintf("%q stands twice in changed", at.text), "several values of one name are a list: [<phone>, <phone>]")
			continue
		}
		c.legs = c.spot.legs
		all = append(all, c)
	}
	return all
}

func (r *reader) templates(n *node) (all []template) {
	n = r.resolve(n)
	if n.Kind != sequenceNode {
		return []template{r.template(n)}
	}
	for _, c := range n.Content {
		t := r.template(c)
		if t.removed {
			r.problem(c.Line, c.Column, "null removes all values of a name: it stands alone", "in a list, write what does not change as it was sent")
		}
		all = append(all, t)
	}
	if len(all) == 0 {
		r.problem(n.Line, n.Column, "the list is empty", "")
	}
	return all
}

func (r *reader) template(n *node) template {
	n = r.resolve(n)
	switch {
	case n.Kind != scalarNode:
		r.problem(n.Line, n.Column, "what becomes of a place is a text with placeholders, a number, true, false, or null", "")
		return template{}
	case n.Tag == "!!null":
		return template{source: "null", removed: true}
	}
	t := template{source: n.Value}
	if t.bare = n.Tag == "!!int" || n.Tag == "!!float" || n.Tag == "!!bool"; t.bare {
		t.source = r.jsonScalar(n)
	}
	t.pieces = pieces(t.source)
	return t
}

// next returns what becomes of the next value that was sent under this name.
func (c *check) next(change change) template {
	n := c.seen[change.text]
	if c.seen == nil {
		c.seen = map[string]int{}
	}
	c.seen[change.text]++
	if len(change.want) == 1 {
		return change.want[0]
	}
	return change.want[min(n, len(change.want)-1)]
}

// counted reports lists that are not as long as what was sent.
func (c *check) counted() {
	for _, change := range c.test.want.changed {
		if n := c.seen[change.text]; n > 0 && len(change.want) > 1 && n != len(change.want) {
			c.fail(Failure{Place: change.text, Message: fmt.Sprintf("the list has %d values; sent under this name were %d", len(change.want), n)})
		}
	}
}
