package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/statveil/statveil/rules/detect"
)

// DefaultDepth is how deep a JSON body may nest where nobody says otherwise.
const DefaultDepth = 128

// A walker takes a JSON document through an automaton in one pass and splices
// what its treater replaces. The stack is its own, so no document is too deep
// for it.
type walker struct {
	doc     []byte
	depth   int
	auto    *automaton
	part    root // what auto is the automaton of
	looks   bool // at what no rule covers; else:
	collect func(rules []*Rule, text string)

	stack  []frame
	merged map[[2]*plan]*plan // plans of values that several addresses cover
	t      treater
	here   func() string // address
	text   []byte        // an unescaped string

	out    []byte
	copied int // doc[:copied] is in out
	edited bool
}

// A frame is one open object or array.
type frame struct {
	array      bool
	state      uint16
	plan       *plan
	index      int // of the element
	start, end int // of the member's name
}

var walkers = sync.Pool{New: func() any {
	w := &walker{}
	w.here = w.address // made once: a method value costs memory
	return w
}}

// getWalker returns a walker in its first state, however the one who had it
// before left it: a Replacer may have panicked.
func getWalker() *walker {
	w := walkers.Get().(*walker)
	w.t.number, w.t.bare, w.t.place = false, "", w.here
	w.stack, w.looks, w.part = w.stack[:0], false, inBody
	return w
}

// release gives the walker back, with no reference to the request in it.
func (w *walker) release() {
	w.t.forget()
	if cap(w.text) > 1<<20 || cap(w.t.edits) > 1<<12 || cap(w.t.spans) > 1<<12 || cap(w.stack) > 1<<12 || w.t.readings.large() || w.t.gaps.large() {
		return // one large body must not hold memory for ever
	}
	clear(w.t.spans[:cap(w.t.spans)])
	w.t.readings.forget()
	w.t.gaps.forget()
	w.doc, w.out, w.auto, w.collect, w.t.replace = nil, nil, nil, nil, nil
	walkers.Put(w)
}

// rewrite appends the document with everything replaced to dst, and says
// whether anything was; if nothing was, dst comes back as it is.
func (w *walker) rewrite(dst, doc []byte, depth int, auto *automaton, replace Replacer) ([]byte, bool, error) {
	w.doc, w.depth, w.auto, w.part, w.looks = doc, depth, auto, inBody, true
	w.t.replace = replace
	w.out, w.copied, w.edited = dst, 0, false
	if err := w.walk(); err != nil {
		return dst, false, err
	}
	if !w.edited {
		return dst, false, nil
	}
	return append(w.out, doc[w.copied:]...), true, nil
}

// read calls collect for every string and number that a rule of auto covers.
func (w *walker) read(doc []byte, depth int, auto *automaton, collect func([]*Rule, string)) error {
	w.doc, w.depth, w.auto, w.looks, w.collect = doc, depth, auto, false, collect
	return w.walk()
}

func (w *walker) walk() error {
	var (
		d     = w.doc
		i     = skipSpace(d, 0)
		state = uint16(0)
		plan  = w.auto.root()
		end   int
		seen  uint32
		top   *frame
	)
	w.stack = w.stack[:0]

value:
	if i >= len(d) {
		return w.broken(i)
	}
	switch c := d[i]; {
	case c == '"':
		if end, seen = scanString(d, i+1); end < 0 {
			return w.brokenString(i)
		}
		if plan.blind || w.looks && possible(seen) && w.finds(i+1, end, seen) {
			if err := w.leaf(plan.rules, i+1, end, seen&seenEscape != 0, false); err != nil {
				return err
			}
		}
		i = end + 1
	case c == '{' || c == '[':
		if len(w.stack) == w.depth {
			return &Error{Reason: Oversize, Detail: fmt.Sprintf("the body nests deeper than %d", w.depth)}
		}
		w.stack = append(w.stack, frame{array: c == '[', state: state, plan: plan})
		i = skipSpace(d, i+1)
		if i < len(d) && d[i] == c+2 { // } and ] stand two after { and [
			w.stack = w.stack[:len(w.stack)-1]
			i++
			break
		}
		if c == '{' {
			goto member
		}
		state = w.auto.at(state, 0)
		if own := w.auto.states[state].plan; own != nil {
			plan = w.below(plan, own)
		}
		goto value
	case c == '-' || '0' <= c && c <= '9':
		if end = scanNumber(d, i); end < 0 {
			return w.broken(i)
		}
		if plan.blind {
			w.t.number = true
			err := w.leaf(plan.rules, i, end, false, false)
			w.t.number = false
			if err != nil {
				return err
			}
		}
		i = end
	default:
		if end = scanLiteral(d, i); end < 0 {
			return w.broken(i)
		}
		i = end
	}

after:
	i = skipSpace(d, i)
	if len(w.stack) == 0 {
		if i < len(d) {
			return w.broken(i)
		}
		return nil
	}
	if i >= len(d) {
		return w.broken(i)
	}
	top = &w.stack[len(w.stack)-1]
	switch c := d[i]; {
	case c == ',' && top.array:
		i = skipSpace(d, i+1)
		top.index++
		state = w.auto.at(top.state, top.index)
		plan = top.plan
		if own := w.auto.states[state].plan; own != nil {
			plan = w.below(plan, own)
		}
		goto value
	case c == ',':
		i = skipSpace(d, i+1)
		goto member
	case c == '}' && !top.array || c == ']' && top.array:
		w.stack = w.stack[:len(w.stack)-1]
		i++
		goto after
	}
	return w.broken(i)

member:
	if i >= len(d) || d[i] != '"' {
		return w.broken(i)
	}
	if end, seen = scanString(d, i+1); end < 0 {
		return w.brokenString(i)
	}
	top = &w.stack[len(w.stack)-1]
	top.start, top.end = i+1, end
	if w.looks && (top.plan.blindNames || possible(seen) && w.finds(i+1, end, seen)) {
		if err := w.leaf(top.plan.names, i+1, end, seen&seenEscape != 0, true); err != nil {
			return err
		}
	}
	state, plan = top.state, top.plan
	if s := &w.auto.states[state]; !s.stays {
		name := d[i+1 : end]
		switch {
		case seen&(seenEscape|seenHigh) == 0 && s.wild == nil && w.auto.symbols.absent(view(name)):
			state = s.other
		case seen&seenEscape != 0:
			w.text = unescape(w.text[:0], name)
			state = w.auto.member(state, view(w.text))
		default:
			state = w.auto.member(state, view(name))
		}
		if own := w.auto.states[state].plan; own != nil {
			plan = w.below(plan, own)
		}
	}
	i = skipSpace(d, end+1)
	if i >= len(d) || d[i] != ':' {
		return w.broken(i)
	}
	i = skipSpace(d, i+1)
	goto value
}

// below returns the plan of a value where the address of own's rules ends: what
// covers all around it, and own.
func (w *walker) below(around, own *plan) *plan {
	if around == w.auto.base {
		return own
	}
	return w.merge(around, own)
}

// maxMerged bounds what nested addresses and contrived bodies can make of our memory.
const maxMerged = 1024

func (w *walker) merge(a, b *plan) *plan {
	if p, ok := w.merged[[2]*plan{a, b}]; ok {
		return p
	}
	rules := a.rules[:len(a.rules):len(a.rules)]
	newPlan := toRead
	if w.looks {
		rules = rules[: len(rules)-1 : len(rules)-1] // without the last look
		newPlan = treatment(w.part)
	}
	around := len(rules)
	for _, r := range b.rules {
		if r != lastLook && !slices.Contains(rules, r) {
			rules = append(rules, r)
		}
	}
	p := a
	if len(rules) > around {
		p = newPlan(slices.Clone(rules))
	}
	if len(w.merged) >= maxMerged || w.merged == nil {
		w.merged = map[[2]*plan]*plan{}
	}
	w.merged[[2]*plan{a, b}] = p
	return p
}

// possible says whether the last look might find something in a string of which
// scanString has seen this: what a detector wants, a percent-encoding, or the
// dots of a JWT.
func possible(seen uint32) bool {
	return seen&(seenPct|seenDot) != 0 || detect.Hint(seen&detectors).Possible()
}

// finds says whether rules with find, of any kind but opaque, will find
// something in the string d[start:end]. Most strings end here.
func (w *walker) finds(start, end int, seen uint32) bool {
	if seen&(seenEscape|seenPct) != 0 {
		return true // it must be decoded first
	}
	text := view(w.doc[start:end])
	if seen&seenDot != 0 && jwtLike(text) {
		return true
	}
	w.t.spans = detect.FindAny(w.t.spans[:0], text, detect.Hint(seen&detectors))
	return len(w.t.spans) > 0
}

// leaf treats the string or number d[start:end].
func (w *walker) leaf(rules []*Rule, start, end int, escaped, name bool) error {
	raw := w.doc[start:end]
	text := view(raw)
	if escaped {
		w.text = unescape(w.text[:0], raw)
		text = view(w.text)
	}
	if !w.looks { // here an empty value counts: it is not the same as another
		if w.t.number {
			text = decimal(text)
		}
		w.collect(rules, text)
		return nil
	}
	if text == "" {
		return nil
	}
	if err := w.t.treat(rules, text, name); err != nil {
		return err
	}
	at, from := 0, 0 // text[at] is spelled from raw[from] on
	for _, e := range w.t.edits {
		if e.with == text[e.start:e.end] && !w.t.number {
			continue // it is a pseudonym already: its spelling stays
		}
		first, last := e.start, e.end
		if escaped {
			first = rawOffset(raw, from, e.start-at)
			last = rawOffset(raw, first, e.end-e.start)
			at, from = e.end, last
		}
		w.splice(start+first, start+last, e.with)
	}
	return nil
}

func (w *walker) splice(start, end int, with string) {
	w.out = append(w.out, w.doc[w.copied:start]...)
	if w.t.number {
		w.out = append(w.out, '"')
	}
	w.out = appendEscaped(w.out, with)
	if w.t.number {
		w.out = append(w.out, '"')
	}
	w.copied, w.edited = end, true
}

// address spells the place of the value that is being treated.
func (w *walker) address() string {
	var b strings.Builder
	b.WriteString("body")
	for _, f := range w.stack {
		b.WriteByte('.')
		if f.array {
			b.WriteString(strconv.Itoa(f.index))
			continue
		}
		name := unescape(nil, w.doc[f.start:f.end])
		b.WriteString(strings.NewReplacer(`\`, `\\`, `.`, `\.`, `*`, `\*`, `?`, `\?`, `|`, `\|`).Replace(string(name)))
	}
	return b.String()
}

func (w *walker) broken(i int) error {
	if i >= len(w.doc) {
		return &Error{Unparseable, "the body ends in the middle of a JSON text", true}
	}
	return &Error{Unparseable, fmt.Sprintf("the body is not JSON at byte %d", i), true}
}

func (w *walker) brokenString(i int) error {
	return &Error{Unparseable, fmt.Sprintf("the JSON string at byte %d is not closed, or holds a control character, a broken escape, a lone surrogate or what is not UTF-8", i), true}
}
