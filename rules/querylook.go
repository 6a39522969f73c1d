package rules

import "fmt"

// This file asks the elements of an array the queries of addresses. What an
// element says may stand behind what a query leads to, so it is looked over before
// it is walked. That is a look only: what is wrong with the text, the walk finds.

// An aheadLook is what a walker needs to look ahead.
type aheadLook struct {
	spare       int // bytes that it may still look over
	name, value []byte
}

// Where ** leads through arrays in arrays, each level is looked over again. What
// nests more than bodies do is refused: this is what keeps the cost linear.
const (
	aheadTimes = 16 // as often as the text is long
	aheadSlack = 64 << 10
)

var errAhead = &Error{Reason: Oversize, Detail: fmt.Sprintf(`arrays nest more than %d deep where a query such as #(name=="value")# must look through all of them`, aheadTimes), Body: true}

// large says whether it holds much memory.
func (l *aheadLook) large() bool { return cap(l.name) > 1<<20 || cap(l.value) > 1<<20 }

// element returns the state of element n of an array, which begins at d[i].
func (w *walker) element(from uint16, n, i int) (uint16, error) {
	s := &w.auto.states[from]
	if s.queries == nil || i >= len(w.doc) || w.doc[i] != '{' {
		return w.auto.at(&s.element, n), nil
	}
	hold, err := w.holding(s.queries, i)
	return w.auto.at(&s.queries.to[hold], n), err
}

// holding returns the bits of the queries that hold of the object at d[i]. Of
// members that stand twice, each counts.
func (w *walker) holding(q *queries, i int) (hold uint16, err error) {
	d, begin := w.doc, i
	for i = skipSpace(d, i+1); i < len(d) && d[i] == '"' && hold != q.all; i = skipSpace(d, i+1) {
		end, seen := scanString(d, i+1)
		if end < 0 {
			break
		}
		name := d[i+1 : end]
		i = skipSpace(d, end+1) // the colon
		i = skipSpace(d, i+1)
		if i < len(d) && d[i] == '"' {
			end, spelled := scanString(d, i+1)
			if end < 0 {
				break
			}
			bits, err := w.asked(q, name, seen, d[i+1:end], spelled)
			if err != nil {
				return 0, err
			}
			hold |= bits
			i = end + 1
		} else {
			i = skipValue(d, i)
		}
		if i = skipSpace(d, i); i >= len(d) || d[i] != ',' {
			break
		}
	}
	if w.ahead.spare -= i - begin; w.ahead.spare < 0 {
		return 0, errAhead
	}
	return hold, nil
}

// asked returns the bits of the queries that hold of a member, of which
// scanString has seen these in its name and its value.
func (w *walker) asked(q *queries, name []byte, seen uint32, value []byte, spelled uint32) (hold uint16, err error) {
	folded, plain := "", seen&(seenEscape|seenHigh) == 0
	text := ""
	for i := range q.members {
		m := &q.members[i]
		if plain && !m.wild {
			if !equalFold(m.name, view(name)) {
				continue
			}
		} else {
			if folded == "" {
				if folded, err = w.foldAhead(name, seen); err != nil {
					return 0, err
				}
			}
			if m.wild && !wild(m.name, folded) || !m.wild && m.name != folded {
				continue
			}
		}
		if text == "" {
			if text, err = w.textAhead(value, spelled); err != nil {
				return 0, err
			}
		}
		hold |= m.values[text]
		for _, l := range m.likes {
			if wild(l.pattern, text) {
				hold |= l.bits
			}
		}
	}
	return hold, nil
}

// foldAhead returns the folded name of a member.
func (w *walker) foldAhead(name []byte, seen uint32) (string, error) {
	l := &w.ahead
	if seen&seenEscape != 0 {
		var err error
		if l.value, err = w.t.room.grow(l.value, len(name)); err != nil {
			return "", err
		}
		l.value = unescape(l.value, name)
		name = l.value
	}
	var err error
	if l.name, err = w.t.room.grow(l.name, len(name)); err != nil {
		return "", err
	}
	l.name = appendFold(l.name, view(name)) // never longer
	return view(l.name), nil
}

// textAhead returns what a string says.
func (w *walker) textAhead(raw []byte, spelled uint32) (string, error) {
	if spelled&seenEscape == 0 {
		return view(raw), nil
	}
	var err error
	if w.ahead.value, err = w.t.room.grow(w.ahead.value, len(raw)); err != nil {
		return "", err
	}
	w.ahead.value = unescape(w.ahead.value, raw)
	return view(w.ahead.value), nil
}

// skipValue returns where the value ends that begins at d[i], or would, were it
// JSON.
func skipValue(d []byte, i int) int {
	for depth := 0; i < len(d); i++ {
		switch d[i] {
		case '"':
			end, _ := scanString(d, i+1)
			if end < 0 {
				return len(d)
			}
			i = end
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth <= 0 {
				return i + depth + 1 // of a value that is none of these, the end is before it
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return i
}
