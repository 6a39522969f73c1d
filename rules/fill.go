package rules

import (
	"cmp"
	"slices"
	"strings"
)

// A hole is a place of what was sent that a test says changes: sent[start:end].
// All that is not in a hole must arrive as it was sent.
type hole struct {
	start, end int
	changes    []change // of one place, or of several below it
	path       string   // of the value in its JSON text; "" where it is none
	removed    bool
	before     int  // of what is removed: the end of what stands before it
	tail       bool // what is removed is the last
}

// A syntax is how values are written in one part of a request.
type syntax struct {
	end   func(arrived string, at int, next string, last bool) int // where the value at arrived[at:] ends, or -1
	read  func(raw string) []meaning                               // what it may mean
	write func(text string) string                                 // for a value that was not seen
	same  func(sent, seen string) bool                             // both are spelled in one way; nil: any way
	build func(sent string, holes []hole, raws []string) string
	space string // may stand, or not, where something was removed
	typed bool   // strings differ from numbers
}

type meaning struct {
	text string
	bare bool // not a string, where that is a difference
}

// fill sees what arrived in each hole, checks it, and compares all of what
// arrived with what was sent, the holes filled with what was seen.
func (c *check) fill(at string, s syntax, sent, arrived string, holes []hole) {
	holes = joinRemoved(holes)
	for i := 1; i < len(holes); i++ {
		if holes[i].start < holes[i-1].end {
			c.fail(Failure{Place: holes[i].changes[0].text, Message: "stands inside another place of changed"})
			return
		}
	}
	raws := make([]string, len(holes))
	here, from, aligned := 0, 0, true
	for i, h := range holes {
		last := i+1 == len(holes)
		next := sent[h.end:]
		if !last {
			next = sent[h.end:holes[i+1].start]
		}
		seen := ""
		if aligned = aligned && strings.HasPrefix(arrived[here:], sent[from:h.start]); aligned {
			here += h.start - from
			end := here
			if h.removed {
				for end < len(arrived) && strings.IndexByte(s.space, arrived[end]) >= 0 {
					end++
				}
			} else {
				end = s.end(arrived, here, next, last)
			}
			if aligned = end >= here; aligned {
				seen, here = arrived[here:end], end
			}
		}
		raws[i] = c.raw(s, h, sent[h.start:h.end], seen, aligned)
		from = h.end
	}
	build := s.build
	if build == nil {
		build = splice
	}
	if wanted := build(sent, holes, raws); wanted != arrived {
		c.fail(c.difference(at, sent, wanted, arrived, holes, raws))
	}
}

// raw returns what must stand in a hole: what was seen, once it is checked.
func (c *check) raw(s syntax, h hole, sent, seen string, aligned bool) string {
	leaf := len(h.changes) == 1 && len(h.changes[0].legs) == 0
	switch {
	case h.removed:
		return seen
	case !aligned && leaf: // what is wrong stands before it, and is shown
		return s.write(c.next(h.changes[0]).source)
	case !aligned:
		return sent
	case leaf:
		c.leaf(s, h, sent, seen)
	default:
		c.inside(h.changes, s.read(sent)[0].text, s.read(seen)[0].text)
	}
	if s.same != nil && !s.same(sent, seen) {
		c.fail(Failure{Place: h.changes[0].text, Message: "was not put back in the encoding in which it was sent", Sent: sent, Arrived: seen})
	}
	return seen
}

// leaf compares what was seen with what the test wants there.
func (c *check) leaf(s syntax, h hole, sent, seen string) {
	change := h.changes[0]
	t := c.next(change)
	was := s.read(sent)[0].text
	where := func(f Seen) bool {
		return related(f.Address, change.text) || f.Text != "" && strings.Contains(was, f.Text)
	}
	for _, r := range s.read(seen) {
		if s.typed && !t.alone() && t.bare != r.bare {
			continue
		}
		with, ok := c.match(t, r.text, where)
		if !ok {
			continue
		}
		if !t.alone() && len(with) > 0 && !kept(s, sent, seen, with) {
			c.fail(Failure{Place: change.text, Message: "what stands around the pseudonym did not arrive as it was sent", Sent: sent, Arrived: seen})
		}
		return
	}
	f := Failure{Place: change.text, Message: "another value arrived", Sent: was, Wanted: t.source, Arrived: s.read(seen)[0].text}
	if s.typed && !t.alone() { // 5 and "5" are to be told apart
		f.Sent, f.Arrived = sent, seen
		if !t.bare {
			f.Wanted = quoted(t.source)
		}
	}
	for _, p := range t.pieces {
		if p.kind != "" && len(c.ofKind(p.kind, where)) == 0 {
			f.Message = "nothing of the kind " + p.kind + " was found there"
			for _, found := range c.found {
				if where(found) && found.With != "" {
					f.Message += "; <" + found.Kind + "> was"
					break
				}
			}
			break
		}
	}
	c.fail(f)
}

// related says whether the address of a finding is that of a place, or is above
// or below it: the proxy may not spell the steps of a test.
func related(finding, place string) bool {
	plain := strings.NewReplacer(`\`, "", "@"+keys+".", "")
	a, b := strings.ToLower(plain.Replace(finding)), strings.ToLower(plain.Replace(place))
	return a == b || strings.HasPrefix(b, a+".") || strings.HasPrefix(a, b+".")
}

// kept says whether what stands around the pseudonyms of a value is spelled as
// it was sent, from its beginning and to its end.
func kept(s syntax, sent, seen string, with []string) bool {
	for i, w := range with {
		at := strings.Index(seen, w)
		if at < 0 {
			w = s.write(w)
			if at = strings.Index(seen, w); at < 0 {
				return true // in an encoding that is no matter of this syntax
			}
		}
		from := strings.Index(sent, seen[:at])
		if from < 0 || i == 0 && from > 0 {
			return false
		}
		sent, seen = sent[from+at:], seen[at+len(w):]
	}
	return strings.HasSuffix(sent, seen)
}

// splice replaces each hole by its raw text.
func splice(sent string, holes []hole, raws []string) string {
	var b strings.Builder
	from := 0
	for i, h := range holes {
		b.WriteString(sent[from:h.start] + raws[i])
		from = h.end
	}
	b.WriteString(sent[from:])
	return b.String()
}

// remove returns the hole of an entry with its separator.
func remove(all []span, i int) hole {
	h := hole{start: all[i].start, end: all[i].end, before: all[i].start, removed: true, tail: i+1 == len(all)}
	if i > 0 {
		h.before = all[i-1].end
	}
	if !h.tail {
		h.end = all[i+1].start
	}
	return h
}

// joinRemoved sorts holes and makes one of neighbours that are removed. Where the
// last entry is removed, the separator before it goes too.
func joinRemoved(holes []hole) []hole {
	slices.SortStableFunc(holes, func(a, b hole) int { return cmp.Compare(a.start, b.start) })
	var out []hole
	for _, h := range holes {
		if last := len(out) - 1; last >= 0 && out[last].removed && h.removed && h.start <= out[last].end {
			out[last].end, out[last].tail = max(out[last].end, h.end), out[last].tail || h.tail
			continue
		}
		out = append(out, h)
	}
	for i := range out {
		if out[i].tail {
			out[i].start = min(out[i].start, out[i].before)
		}
	}
	return out
}
