package rules

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/statveil/statveil/rules/detect"
)

// This file is the guard: what was pseudonymized in one place of a request, because a
// rule or a detector knew that place, stands elsewhere too, where nobody did: a name in
// a log line, an id in a referrer. The message is rewritten, and what was pseudonymized
// is remembered. If some of it may be left (glance.go), the message is rewritten again
// from the beginning, by the same rules and one more after the last look, which finds
// these values. So whatever rules look through and keep holds for the guard as well.

// Guard is what becomes of a value that was pseudonymized and stands elsewhere too.
type Guard uint8

const (
	GuardReplace Guard = iota // the same pseudonym takes its place there
	GuardReject               // the request is refused
	GuardOff                  // it leaves
)

var guardNames = []string{"replace", "reject", "off"}

// GuardRule is the name of the rule that takes what the guard finds. It is of no file.
const GuardRule = "guard"

var errGuard = &Error{Reason: Unsafe, Detail: "a value that was pseudonymized stands elsewhere in the request too; name that place in a rule"}

const (
	maxGuarded    = 4096 // values of one message, in the order of the rewriting
	leastGuarded  = 8    // characters of a whole value: shorter ones are words that anybody uses
	leastNumber   = 6    // digits of what has no letters: counters and versions have fewer
	longestWord   = 96   // bytes of what is found within a text; a longer value is found as a whole one
	perGuarded    = 400  // bytes of memory, and
	perGuardedOne = 60   // for each of its own: twice in maps, and as nodes of a trie
)

// A guardian remembers what was pseudonymized in one message.
type guardian struct {
	values []detect.Value // in order; Canonical is the pseudonym
	index  map[string]int // of values, where they are many
	room   *room
	took   int  // of it
	hides  bool // the bytes of the message do not show all that stands there

	enclosed []byte // texts that stand in base64 or hex

	exponents bool // a number is written with one: nobody sees its digits
	looked    bool // the last look has found these

	look    *glance
	rule    *Rule // of the second pass; nil in the first
	whole   *Rule // the same for values that are too long to be found within a text
	refuses bool
}

// remember remembers a value as the client wrote it and in its canonical form, and of a
// phone number the digits alone.
func (g *guardian) remember(f *Finding, with string) error {
	text := (*f.secret).text
	if f.Kind == "value" && utf8.RuneCountInString(text) < leastGuarded {
		return nil
	}
	canonical := f.Canonical()
	if f.Kind == "value" && canonical == text { // else one finding is all of it
		// Elsewhere a detector may have taken a piece of it, and left the rest.
		pieces := f.Rule.any.Find(nil, text)
		if len(pieces) > 0 && (pieces[0].Start > 0 || pieces[0].End < len(text)) {
			_, one := f.Rule.any.Canonical(text)
			g.hides = g.hides || !one
		}
	}
	for _, spelled := range [...]string{text, canonical, strings.TrimPrefix(canonical, "+")} {
		if err := g.add(spelled, f.Kind, with); err != nil {
			return err
		}
	}
	return nil
}

func (g *guardian) add(text, kind, with string) error {
	switch i := g.known(text); {
	case i >= 0: // of several pseudonyms one counts, in whatever order they came
		g.values[i].Canonical = min(g.values[i].Canonical, with)
		return nil
	case len(g.values) >= maxGuarded || !telling(text):
		return nil
	}
	size := perGuarded + perGuardedOne*len(text)
	if err := g.room.take(size); err != nil {
		return err
	}
	g.took += size
	text = strings.Clone(text) // it may be a view of a buffer
	g.values = append(g.values, detect.Value{Text: text, Name: kind, Canonical: with})
	switch n := len(g.values); {
	case n > fewGuarded && g.index == nil:
		g.index = map[string]int{}
		for i, v := range g.values {
			g.index[v.Text] = i
		}
	case n > fewGuarded:
		g.index[text] = n - 1
	}
	return nil
}

// known returns the index of a value, or -1.
func (g *guardian) known(text string) int {
	if g.index != nil {
		if i, ok := g.index[text]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(g.values, func(v detect.Value) bool { return v.Text == text })
}

// telling says whether a text can be looked for: it has a letter and a second character,
// or as many digits as an id.
func telling(text string) bool {
	digits := 0
	for i, r := range text {
		switch {
		case unicode.IsLetter(r):
			return i > 0 || len(text) > utf8.RuneLen(r)
		case unicode.IsNumber(r):
			digits++
		}
	}
	return digits >= leastNumber
}

// maxEnclosed is how many bytes of such texts are remembered.
const maxEnclosed = 64 << 10

// see remembers a text that stands in base64 or hex, the claims of a JWT too: in the bytes
// that leave, nobody sees what it says.
func (g *guardian) see(text []byte) {
	switch {
	case g == nil || g.second() || g.hides:
	case len(g.enclosed)+len(text) > maxEnclosed:
		g.hides = true
	default:
		g.enclosed = append(append(g.enclosed, text...), '\n')
	}
}

// arm makes the rules of the second pass.
func (g *guardian) arm(route *Route) {
	g.room = nil
	g.refuses = route.Guard == GuardReject
	var all []*detect.Detector
	words := slices.DeleteFunc(slices.Clone(g.values), func(v detect.Value) bool { return len(v.Text) > longestWord })
	if d := detect.Values(words); d != nil { // else each is longer than what is found within a text
		all = append(all, d)
	}
	g.rule = newLook(detect.NewFinder(all...))
	g.rule.Name, g.rule.any = GuardRule, route.any
	g.rule.strict.Name, g.rule.strict.any = GuardRule, route.any
	g.whole = &Rule{Name: GuardRule, any: route.any, look: true}
}

// guarded are the rules that treat a text: those of its plan, and in the second pass
// the guard.
func (t *treater) guarded(rules []*Rule, text string, names bool) []*Rule {
	g := t.guard
	if !t.guards() {
		return rules
	}
	t.ruled = append(t.ruled[:0], rules...)
	if len(text) > longestWord && !names && g.known(text) >= 0 {
		return append(t.ruled, g.whole)
	}
	if t.inJWT { // nothing is rewritten there unasked
		return append(t.ruled, g.rule.strict)
	}
	return append(t.ruled, g.rule)
}

// second says whether this is the second pass.
func (g *guardian) second() bool { return g != nil && g.rule != nil }

// instead is the pseudonym of a value that the guard found in a text: that of the value
// which is written so, else of the one that differs in case.
func (g *guardian) instead(e *edit, text string) string {
	switch {
	case e.rule == g.whole:
	case e.says != "":
		text = e.says
	default:
		text = e.was
	}
	if i := g.known(text); i >= 0 {
		return g.values[i].Canonical
	}
	return e.canonical
}

// guards says whether this is the second pass, and the guard looks here.
func (t *treater) guards() bool { return t.guard.second() && !t.unguarded }

// guarded says whether the guard may find something in the string d[start:end].
func (w *walker) guarded(start, end int, seen uint32) bool {
	return w.plus != nil || w.t.guard.look.text(w.doc[start:end], seen)
}

// byGuard says whether the guard takes an edit.
func (t *treater) byGuard(r *Rule) bool {
	g := t.guard
	return g.second() && r != nil && (r == g.rule || r == g.whole || r == g.rule.strict)
}

// overtake lets the guard take a value where others took a part of it, t.edits[i:n]:
// all of it, but nothing of what a rule keeps. It says whether it dropped some of them.
func (t *treater) overtake(e edit, i, n int, deepest *reading) (drops bool) {
	inside, at := true, e.start // up to at, others have every character
	for _, have := range t.edits[i:n] {
		if t.byGuard(have.rule) || have.enclosed != nil || have.rule != nil && have.rule.Do == Keep || have.done && have.unchanged() {
			return false
		}
		if inside = inside && e.start <= have.start && have.end <= e.end; have.start <= at {
			at = have.end
		}
	}
	switch {
	case at >= e.end:
		return false
	case inside:
		t.edits[i] = e
		for k := i + 1; k < n; k++ {
			t.edits[k].dropped = true
		}
		return n > i+1
	}
	from := len(t.edits)
	t.addRest(e, t.edits[i:n], deepest)
	for k := range t.edits[from:] {
		t.edits[from+k].canonical = e.canonical
	}
	return false
}

// remembering are the places of a message as they were before it was rewritten.
type remembering struct {
	path, query string
	header      map[string][]string
	body        []byte
}

// guardedRewrite is Rewrite where the route has a guard.
func (m *Match) guardedRewrite(dst []byte, replace Replacer) error {
	msg := m.msg
	sent := remembering{msg.Path, msg.Query, maps.Clone(msg.Header), msg.Body}
	g := &guardian{looked: m.Route.look != nil}
	defer func() {
		if g.look != nil {
			g.look.release()
		}
	}()
	held, err := m.rewrite(dst, replace, g)
	if err != nil || len(g.values) == 0 || !g.glance(msg) && !m.asText {
		return err
	}
	if msg.Room != nil { // what the first pass took is free again
		if err := msg.Room(g.took - held); err != nil {
			return err
		}
	}
	if len(msg.Body) > 0 && &msg.Body[0] != &sent.body[0] {
		dst = msg.Body[:len(dst)]
	}
	msg.Path, msg.Query, msg.Body = sent.path, sent.query, sent.body
	clear(msg.Header)
	maps.Copy(msg.Header, sent.header)
	g.arm(m.Route)
	_, err = m.rewrite(dst, replace, g)
	return err
}
