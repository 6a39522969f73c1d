package rules

import (
	"slices"
	"strings"
)

// covers says whether every request that q matches is one that p matches. It errs
// on no side as far as paths go; hosts are taken to be ASCII, as in HTTP they are.
func (p *pattern) covers(q *pattern) bool {
	return p.coversMethods(q) && p.coversHost(q.host) && p.coversPath(q)
}

func (p *pattern) coversMethods(q *pattern) bool {
	if len(q.methods) == 0 {
		return len(p.methods) == 0
	}
	// Whoever matches GET matches HEAD: what q matches beside its list, p does too.
	return !slices.ContainsFunc(q.methods, func(m string) bool { return !p.matchMethod(m) })
}

func (p *pattern) coversHost(host string) bool {
	labels, wild := strings.CutPrefix(host, "*")
	switch {
	case p.host == "":
		return true
	case host == "":
		return false
	case wild:
		suffix, ok := strings.CutPrefix(p.host, "*")
		return ok && strings.HasSuffix(labels, suffix)
	}
	return p.matchHost(host)
}

// coversPath asks p for a path of each length that q can have. A capture of q may
// hold any text, so only a capture of p takes it. Where the rest of q is longer
// than p, nothing changes any more: p sees the beginning and the end of the path.
func (p *pattern) coversPath(q *pattern) bool {
	if q.rest < 0 {
		return p.takes(q.segments)
	}
	before, after := q.segments[:q.rest], q.segments[q.rest+1:]
	least := 1
	if len(after) == 0 {
		least = 0
	}
	for n := least; n <= len(p.segments)+1; n++ {
		middle := slices.Repeat([]segment{{capture: true}}, n)
		if !p.takes(slices.Concat(before, middle, after)) {
			return false
		}
	}
	return true
}

// takes says whether p matches every path of these segments.
func (p *pattern) takes(path []segment) bool {
	before, after := p.segments, []segment(nil)
	if p.rest >= 0 {
		before, after = p.segments[:p.rest], p.segments[p.rest+1:]
	}
	least := len(before) + len(after)
	switch {
	case len(path) < least, p.rest < 0 && len(path) > least:
		return false
	case len(after) > 0 && len(path) == least: // a rest that is not at the end is not none
		return false
	}
	return takesEach(before, path) && takesEach(after, path[len(path)-len(after):])
}

func takesEach(segments, path []segment) bool {
	for i, s := range segments {
		if !s.capture && (path[i].capture || s.text != path[i].text) {
			return false
		}
	}
	return true
}
