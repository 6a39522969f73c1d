package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// This file is about queries, #(key=="user.id")# and #(key%"user.*")#: the
// elements in which a member of this name has such a value.

// A queryText is a query as it is spelled, in its pieces.
type queryText struct {
	name, op string
	value    string // without its quotes
	quoted   bool
	every    bool   // # stands behind it
	rest     string // what stands behind that
	end      int
}

// queryEnd returns where the query ends that a path begins with, or 0.
func queryEnd(path string) int {
	if !strings.HasPrefix(path, "#(") {
		return 0
	}
	q, _ := cutQuery(path)
	return q.end
}

// cutQuery takes a query apart, and what stands behind it up to the next step. It
// says whether the query has an end.
func cutQuery(path string) (q queryText, ok bool) {
	i := len("#(")
	until := func(stop string) string {
		start := i
		for ; i < len(path) && strings.IndexByte(stop, path[i]) < 0; i++ {
			if path[i] == '\\' {
				i++
			}
		}
		i = min(i, len(path))
		return path[start:i]
	}
	q.name = trimSpaces(until("=!<>%~)"))
	for ; i < len(path) && strings.IndexByte("=!<>%~ ", path[i]) >= 0; i++ {
		if path[i] != ' ' {
			q.op += path[i : i+1]
		}
	}
	if i < len(path) && path[i] == '"' {
		i++
		q.quoted, q.value = true, until(`"`)
		i = min(i+1, len(path))
		q.rest = trimSpaces(until(")"))
	} else {
		q.value = trimSpaces(until(")"))
	}
	if ok = i < len(path); !ok {
		q.end = len(path)
		return q, false
	}
	i++
	if q.every = i < len(path) && path[i] == '#'; q.every {
		i++
	}
	q.rest += until(".")
	q.end = i
	return q, true
}

// trimSpaces cuts spaces off both ends, but not one that is escaped.
func trimSpaces(s string) string {
	s = strings.TrimLeft(s, " ")
	end := 0
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		} else if s[i] == ' ' {
			continue
		}
		end = min(i+1, len(s))
	}
	return s[:end]
}

// parseQuery reads a query. Its name and value become patterns, so that what is
// compared with == and with % is one kind of step.
func parseQuery(text string) (step, error) {
	const like = `it is written #(name=="value")# or #(name%"val*")#`
	q, ok := cutQuery(text)
	switch {
	case !ok:
		return step{}, fmt.Errorf("%q: the query has no end; %s", text, like)
	case strings.HasPrefix(q.name, "#") || strings.HasPrefix(q.name, "@"):
		return step{}, fmt.Errorf(`%q: a query is about members of the element itself; in a name, write \%s`, text, q.name[:1])
	case q.rest != "":
		return step{}, fmt.Errorf("%q: %q means nothing in a query; %s", text, q.rest, like)
	case q.op == "" || q.name == "":
		return step{}, fmt.Errorf("%q: a query names a member and a value; %s", text, like)
	case strings.HasPrefix(q.name, `"`) || strings.HasPrefix(q.name, `'`):
		return step{}, fmt.Errorf("%q: the name in a query stands without quotes; %s", text, like)
	case !q.quoted && scalarWord(q.value):
		return step{}, fmt.Errorf("%q: values are compared with strings only: which elements have %s there, no query can say; # is every element", text, q.value)
	case q.op == "=":
		return step{}, fmt.Errorf("%q: = is written ==", text)
	case q.op != "==" && q.op != "%":
		return step{}, fmt.Errorf("%q: elements are named by what stands there, with == or %%, and not with %s; to leave some out, keep them with a rule that comes first", text, q.op)
	case !q.quoted:
		return step{}, fmt.Errorf(`%q: the value stands in double quotes, as in #(name=="value")#`, text)
	case !q.every:
		return step{}, fmt.Errorf("%q is the first such element alone, which another client may send second; with # at its end it is every one", text)
	}
	s := step{kind: stepQuery}
	name, err := queryPattern(q.name, true)
	if err != nil {
		return step{}, fmt.Errorf("%q: %w", text, err)
	}
	s.name = string(appendFold(nil, name))
	if s.value, err = queryPattern(q.value, q.op == "%"); err != nil {
		return step{}, fmt.Errorf("%q: %w", text, err)
	}
	if hasPath(q.name) {
		return step{}, fmt.Errorf(`%q: a query is about members of the element itself, and %s is a path (a dot in a name is \.)`, text, q.name)
	}
	return s, nil
}

// scalarWord says whether a text is what JSON has beside strings.
func scalarWord(s string) bool {
	s = strings.TrimPrefix(s, "~") // gjson: true or what counts as true
	return s != "" && (scanLiteral([]byte(s), 0) == len(s) || isNumber(s))
}

// hasPath says whether a name has a dot that is not escaped.
func hasPath(name string) bool {
	for i := 0; i < len(name); i++ {
		switch name[i] {
		case '\\':
			i++
		case '.':
			return true
		}
	}
	return false
}

var errEscape = errors.New(`a name or value ends in the middle of an escape (a backslash is \\)`)

// queryPattern makes a pattern of a name or value in which \ escapes, with * and ?
// wild or not.
func queryPattern(s string, wild bool) (string, error) {
	var out []byte
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\':
			if i++; i == len(s) {
				return "", errEscape
			}
			if isAlphanumeric(s[i]) {
				return "", fmt.Errorf(`\%c is no escape; write the character itself`, s[i])
			}
			out = appendLiteral(out, s[i])
		case wild:
			out = append(out, c)
		default:
			out = appendLiteral(out, c)
		}
	}
	return string(out), nil
}

// queries are what elements of an array are asked at one state: by the members
// that the queries are about.
type queries struct {
	members []member
	all     uint16     // the bits of all queries
	to      []elements // by the bits of the queries that hold
}

// A member is what is asked of the members of one name, or of those that match a
// pattern.
type member struct {
	name   string            // folded
	wild   bool              // it is a pattern
	values map[string]uint16 // the bits of the queries for one value
	likes  []like            // those for values that match a pattern
}

type like struct {
	pattern string
	bits    uint16
}

// Of each element of an array, a body may ask as much as this: maxLeads bits,
// maxAsked names that are compared and patterns of values.
const (
	maxLeads = 8
	maxAsked = 16
)

// queryWork is what one more set of queries that hold costs to compile, in the
// measure of maxWork.
const queryWork = 64

var (
	errLeads = fmt.Errorf(`queries such as #(name=="value")# lead to more than %d different things at one place of this route; queries of one rule that go on alike count as one`, maxLeads)
	errAsked = fmt.Errorf(`queries such as #(name=="value")# at one place of this route are about more than %d names and patterns of values; to queries by == for the values of one name there is no end`, maxAsked)
)

// behindQueries returns one place for all those behind queries from where a rule
// goes on alike: which of them holds is no matter.
func behindQueries(targets []target) map[place]place {
	type tail struct {
		step step
		next int
	}
	type way struct {
		rule *Rule
		tail int
	}
	tails, first, same := map[tail]int{}, map[way]place{}, map[place]place{}
	for t, target := range targets {
		id := 0 // of the steps from i on
		for i := len(target.steps) - 1; i >= 0; i-- {
			s := target.steps[i]
			if s.kind == stepQuery {
				p, w := place{t, i + 1}, way{target.rule, id}
				if _, known := first[w]; !known {
					first[w] = p
				}
				same[p] = first[w]
			}
			key := tail{s, id}
			if tails[key] == 0 {
				tails[key] = len(tails) + 1
			}
			id = tails[key]
		}
	}
	return same
}

// newQueries returns what elements are asked where these are the places in the
// addresses, or nil, and for each bit where the queries lead.
func newQueries(set []place, targets []target, same map[place]place) (*queries, [][]place, error) {
	asked := map[place][]step{} // by where they lead
	var order []place
	for _, p := range set {
		steps := targets[p.address].steps
		if p.step == len(steps) || steps[p.step].kind != stepQuery {
			continue
		}
		to := same[place{p.address, p.step + 1}]
		if asked[to] == nil {
			order = append(order, to)
		}
		asked[to] = append(asked[to], steps[p.step])
	}
	if order == nil {
		return nil, nil, nil
	}
	q, leads, bits := &queries{}, [][]place{}, map[string]int{}
	for _, to := range order {
		// Places to which the same queries lead share a bit.
		steps := asked[to]
		slices.SortFunc(steps, func(a, b step) int { return strings.Compare(a.name+"\x00"+a.value, b.name+"\x00"+b.value) })
		steps = slices.Compact(steps)
		key := fmt.Sprintf("%q", steps)
		bit, known := bits[key]
		if !known {
			if bit = len(leads); bit == maxLeads {
				return nil, nil, errLeads
			}
			bits[key] = bit
			leads = append(leads, nil)
			q.all |= 1 << bit
			for _, s := range steps {
				q.ask(s, 1<<bit)
			}
		}
		leads[bit] = append(leads[bit], to)
	}
	n := len(q.members)
	for _, m := range q.members {
		n += len(m.likes)
	}
	if n > maxAsked {
		return nil, nil, errAsked
	}
	return q, leads, nil
}

// elementKey tells apart sets that elements lead on from in different ways.
func elementKey(set []place, targets []target) string {
	var key []byte
	for _, p := range set {
		steps := targets[p.address].steps
		if p.step == len(steps) {
			continue
		}
		switch s := steps[p.step]; s.kind {
		case stepDeep, stepElement, stepQuery, stepName:
			if s.kind != stepName || strings.Trim(s.name, "0123456789") == "" {
				key = p.append(key)
			}
		}
	}
	return string(key)
}

// leading returns where the queries of these bits lead.
func leading(leads [][]place, mask int) (all []place) {
	for bit, to := range leads {
		if mask>>bit&1 == 1 {
			all = append(all, to...)
		}
	}
	return all
}

func (q *queries) ask(s step, bits uint16) {
	name, wild := s.name, isWild(s.name)
	if !wild {
		name = unescapePattern(name)
	}
	i := slices.IndexFunc(q.members, func(m member) bool { return m.name == name && m.wild == wild })
	if i < 0 {
		i = len(q.members)
		q.members = append(q.members, member{name: name, wild: wild, values: map[string]uint16{}})
	}
	m := &q.members[i]
	if !isWild(s.value) {
		m.values[unescapePattern(s.value)] |= bits
		return
	}
	for i := range m.likes {
		if m.likes[i].pattern == s.value {
			m.likes[i].bits |= bits
			return
		}
	}
	m.likes = append(m.likes, like{s.value, bits})
}

// isWild says whether a pattern matches more than one text.
func isWild(pattern string) bool {
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '*', '?':
			return true
		}
	}
	return false
}
