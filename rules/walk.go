package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultDepth is how deep a JSON body may nest where nobody says otherwise.
const DefaultDepth = 128

// A walker takes a JSON text, or several, through an automaton in one pass and
// splices what its treater replaces. The stack is its own, so no text is too deep
// for it.
type walker struct {
	doc   []byte
	plus  *formText // of a doc in a query or form, where a + may be a space
	depth int
	auto  *automaton
	looks bool // at what no rule covers

	stack     []frame
	merged    map[[2]*plan]*plan // plans of values that several addresses cover
	t         treater
	here      func() string // address
	outer     func() string // the address of the text; nil: it is the body
	unescaped []byte        // a string that was escaped

	guards  bool                          // the guard looks, too
	nothing [2][1 << nothingBits]textSpan // names, and other strings, in which nothing was found
	ahead   aheadLook

	removing int  // the depth at which a value is being left out, or -1
	quiet    bool // looks, before that
	removed  bool // all of the text is left out

	patches []patch // in order
	own     room    // of a walker that is no part of another one's work
}

// A formText is a text of a query or form, with each + that is not encoded as it
// is, and as the space that form encoders mean by it.
type formText struct{ pluses, spaces string }

// A patch is what takes the place of doc[start:end], as it is spelled there.
type patch struct {
	start, end int
	with       string
	rule       *Rule // nil: an item is left out
	kept       bool  // what stands there stays
}

// A frame is one open object or array.
type frame struct {
	array      bool
	state      uint16
	names      *plan // by which the names of its members are treated
	plan       *plan // of what is in it, where no other address ends
	index      int   // of the element
	start, end int   // of the member's name; of an element, where it begins

	kept    bool // an item before this one stays
	comma   int  // the one before this item
	pending int  // from there on all items are left out, up to the next comma; or 0
	ended   int  // where the last item that is left out ended, or 0
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
	w.t.number, w.t.bare, w.t.place, w.t.collect, w.t.marks, w.t.told, w.t.issued, w.t.depth, w.t.met = false, "", w.here, nil, false, nil, time.Time{}, DefaultDepth, 0
	w.stack, w.patches, w.looks, w.outer, w.plus = w.stack[:0], w.patches[:0], false, nil, nil
	w.t.deep, w.t.tangled, w.t.hidden, w.t.depth64 = false, false, false, 0
	w.t.guard, w.t.unguarded, w.t.inJWT = nil, false, false
	w.own, w.t.room, w.t.asked = room{}, &w.own, 0
	return w
}

// release gives the walker back, with no reference to the request in it.
func (w *walker) release() {
	w.t.forget()
	clear(w.patches)
	if cap(w.unescaped) > 1<<20 || cap(w.t.edits) > 1<<12 || cap(w.t.spans) > 1<<12 || cap(w.stack) > 1<<12 || cap(w.patches) > 1<<12 || w.ahead.large() || w.t.readings.large() || w.t.gaps.large() {
		return // one large body must not hold memory for ever
	}
	clear(w.t.spans[:cap(w.t.spans)])
	w.t.speller.room = nil
	if cap(w.t.speller.text) > 1<<16 {
		w.t.speller.text = nil
	}
	w.t.readings.forget()
	w.t.gaps.forget()
	w.own = room{}
	clear(w.t.ruled[:cap(w.t.ruled)])
	w.doc, w.auto, w.t.collect, w.t.replace, w.t.guard, w.outer, w.plus = nil, nil, nil, nil, nil, nil, nil
	walkers.Put(w)
}

// silent is the plan of what nobody looks at.
var silent = func() *plan { p := &plan{}; p.down = p; return p }()

// run takes JSON texts through the automaton: what is to be replaced is then in
// w.patches.
func (w *walker) run(doc []byte, auto *automaton) error {
	w.doc, w.depth, w.auto, w.looks = doc, w.t.depth, auto, auto.kit.any != nil && w.t.collect == nil
	return w.walk(0, auto.root())
}

// rewrite appends the JSON texts with everything replaced to dst, and says
// whether anything was; if nothing was, dst comes back as it is.
func (w *walker) rewrite(dst, doc []byte, auto *automaton) ([]byte, bool, error) {
	if err := w.run(doc, auto); err != nil || len(w.patches) == 0 {
		return dst, false, err
	}
	size := len(doc)
	for _, p := range w.patches {
		if !p.kept {
			size += len(p.with) - (p.end - p.start)
		}
	}
	if err := w.t.room.take(size); err != nil {
		return dst, false, err
	}
	dst = slices.Grow(dst, size)
	at, changed := 0, false
	for _, p := range w.patches {
		if !p.kept {
			dst = append(append(dst, doc[at:p.start]...), p.with...)
			at, changed = p.end, true
		}
	}
	if !changed {
		return dst, false, nil
	}
	return append(dst, doc[at:]...), true, nil
}

// valid says whether these are JSON texts, and does nothing else.
func (w *walker) valid(doc []byte, auto *automaton) bool { return w.check(doc, auto) == nil }

// check returns what is wrong with the JSON texts, and does nothing else.
func (w *walker) check(doc []byte, auto *automaton) error {
	w.doc, w.depth, w.auto, w.looks = doc, w.t.depth, auto, false
	return w.walk(auto.sink, silent)
}

// walk reads JSON texts one after the other: one document, newline-delimited
// ones, a JSON text sequence (RFC 7464). Each begins in this state.
func (w *walker) walk(first uint16, root *plan) error {
	var (
		d     = w.doc
		i     = skipSeparators(d, 0)
		state = first
		plan  = root
		end   int
		seen  uint32
		top   *frame
		err   error
	)
	w.stack, w.patches, w.removing, w.removed = w.stack[:0], w.patches[:0], -1, false
	w.guards = w.t.guards()
	clear(w.nothing[0][:])
	clear(w.nothing[1][:])
	w.ahead.spare = aheadTimes*len(d) + aheadSlack

value:
	if i >= len(d) {
		return w.broken(i)
	}
	switch c := d[i]; {
	case c == '"':
		if end, seen = scanString(d, i+1); end < 0 {
			return w.brokenString(i)
		}
		if plan.blind || w.looks && (seen&^letters != 0 || w.guards || wordLeads(d[i+1:end])) && w.looksInto(i+1, end, seen, 1) {
			if err := w.leaf(plan, i+1, end, seen&seenEscape != 0); err != nil {
				return err
			}
			if w.t.removed {
				w.remove(false)
			}
		}
		i = end + 1
	case c == '{' || c == '[':
		if len(w.stack) == w.depth {
			return &Error{Reason: Oversize, Detail: fmt.Sprintf("the body nests deeper than %d", w.depth), Body: true, Limit: "depth"}
		}
		if plan.node != nil {
			if err := w.t.drop(plan.node); err != nil {
				return err
			}
			w.remove(true)
			state, plan = w.auto.sink, silent
		}
		w.stack = append(w.stack, frame{array: c == '[', state: state, names: plan, plan: plan.down})
		plan = plan.down
		i = skipSpace(d, i+1)
		if i < len(d) && d[i] == c+2 { // } and ] stand two after { and [
			w.stack = w.stack[:len(w.stack)-1]
			i++
			break
		}
		if c == '{' {
			goto member
		}
		w.stack[len(w.stack)-1].start = i
		if state, err = w.element(state, 0, i); err != nil {
			return err
		}
		if own := w.auto.states[state].plan; own != nil {
			plan = w.below(plan, own)
		}
		goto value
	case c == '-' || '0' <= c && c <= '9':
		var exponent bool
		if end, exponent = scanNumber(d, i); end < 0 {
			return w.broken(i)
		}
		if exponent && w.t.guard != nil {
			w.t.guard.exponents = true
		}
		if plan.numeric || w.looks && w.guards && w.t.guard.look.number(d[i:end]) {
			if err := w.number(plan, i, end); err != nil {
				return err
			}
			if w.t.removed {
				w.remove(false)
			}
		}
		i = end
	default:
		if end = scanLiteral(d, i); end < 0 {
			return w.broken(i)
		}
		if plan.literal != nil {
			if err := w.t.drop(plan.literal); err != nil {
				return err
			}
			w.remove(false)
		}
		i = end
	}

after:
	if len(w.stack) == w.removing {
		w.leftOut(i)
	}
	if len(w.stack) == 0 {
		next := skipSeparators(d, i)
		if next == len(d) {
			return nil
		}
		if next == i && d[i] != '{' && d[i] != '[' {
			return w.broken(i)
		}
		i, state, plan = next, first, root
		goto value
	}
	i = skipSpace(d, i)
	if i >= len(d) {
		return w.broken(i)
	}
	top = &w.stack[len(w.stack)-1]
	switch c := d[i]; {
	case c == ',' && top.array:
		i = w.comma(top, i)
		top.start = i
		top.index++
		if state, err = w.element(top.state, top.index, i); err != nil {
			return err
		}
		plan = top.plan
		if own := w.auto.states[state].plan; own != nil {
			plan = w.below(plan, own)
		}
		goto value
	case c == ',':
		i = w.comma(top, i)
		goto member
	case c == '}' && !top.array || c == ']' && top.array:
		if top.pending > 0 {
			w.patches = append(w.patches, patch{start: top.pending, end: top.ended})
		}
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
	if names := top.names; names.blindNames || w.looks && (seen&^letters != 0 || w.guards || wordLeads(d[i+1:end])) && w.looksInto(i+1, end, seen, 0) {
		if err := w.name(names, i+1, end, seen&seenEscape != 0); err != nil {
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
			w.unescaped = unescape(w.unescaped[:0], name)
			state = w.auto.member(state, view(w.unescaped))
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

// skipSeparators skips white space, and the record separators of RFC 7464.
func skipSeparators(d []byte, i int) int {
	for i = skipSpace(d, i); i < len(d) && d[i] == 0x1E; {
		i = skipSpace(d, i+1)
	}
	return i
}

// leaf treats the string d[start:end].
func (w *walker) leaf(p *plan, start, end int, escaped bool) error {
	raw, text, err := w.text(start, end, escaped)
	if err == nil {
		err = w.t.value(p, text)
	}
	w.t.bare = ""
	if err != nil || w.t.removed {
		return err
	}
	w.spliceEdits(start, raw, text, escaped)
	return nil
}

// name treats the member name d[start:end].
func (w *walker) name(p *plan, start, end int, escaped bool) error {
	raw, text, err := w.text(start, end, escaped)
	if err == nil {
		err = w.t.name(p, text)
	}
	w.t.bare = ""
	if err != nil {
		return err
	}
	w.spliceEdits(start, raw, text, escaped)
	return nil
}

// text returns the string d[start:end] as it is spelled, and what it says.
func (w *walker) text(start, end int, escaped bool) (raw []byte, text string, err error) {
	raw = w.doc[start:end]
	if w.plus != nil {
		raw = []byte(w.plus.pluses[start:end])
		if bare := w.plus.spaces[start:end]; bare != string(raw) {
			if w.t.bare = bare; escaped {
				w.t.bare = string(unescape(nil, []byte(bare)))
			}
		}
	}
	if !escaped {
		return raw, view(raw), nil
	}
	if w.unescaped, err = w.t.room.grow(w.unescaped, len(raw)); err != nil {
		return nil, "", err
	}
	w.unescaped = unescape(w.unescaped, raw)
	return raw, view(w.unescaped), nil
}

// spliceEdits puts what the treater replaces in a string where it stands.
func (w *walker) spliceEdits(start int, raw []byte, text string, escaped bool) {
	at, from := 0, 0 // text[at] is spelled from raw[from] on
	for _, e := range w.t.edits {
		if e.unchanged() && !w.t.marks {
			continue // its spelling stays
		}
		first, last := e.start, e.end
		if escaped {
			first = rawOffset(raw, from, e.start-at)
			last = rawOffset(raw, first, e.end-e.start)
			at, from = e.end, last
		}
		p := patch{start: start + first, end: start + last, rule: e.rule, kept: e.unchanged()}
		if p.kept {
			p.with = string(raw[first:last])
		} else {
			p.with = jsonText(e.with)
		}
		w.patches = append(w.patches, p)
	}
}

// number treats the number d[start:end] by its exact decimal value. What takes its
// place is a number where it is one, else a string.
func (w *walker) number(p *plan, start, end int) error {
	raw := view(w.doc[start:end])
	exact := raw
	if strings.ContainsAny(raw, ".eE") || raw == "-0" {
		exact = decimal(raw)
	}
	w.t.number, w.t.raw = true, raw
	err := w.t.value(p, exact)
	w.t.number, w.t.raw = false, ""
	if err != nil || len(w.t.edits) == 0 {
		return err
	}
	got := patch{start: start, end: end, rule: w.t.edits[0].rule, kept: true, with: strings.Clone(raw)}
	for i := range w.t.edits {
		if !w.t.edits[i].unchanged() {
			got.kept, got.with = false, w.t.apply(exact)
			if e := w.t.edits[0]; e.end-e.start < len(exact) || !isNumber(got.with) {
				got.with = `"` + jsonText(got.with) + `"`
			}
		}
	}
	w.patches = append(w.patches, got)
	return nil
}

// address spells the place of the value that is being treated.
func (w *walker) address() string {
	var b strings.Builder
	if w.outer == nil {
		b.WriteString("body")
	} else {
		b.WriteString(w.outer())
	}
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
		return badBody("the body ends in the middle of a JSON text")
	}
	return badBody("the body is not JSON at byte %d", i)
}

func (w *walker) brokenString(i int) error {
	return badBody("the JSON string at byte %d is not closed, or holds a control character, a broken escape, a lone surrogate or what is not UTF-8", i)
}
