package rules

// This file is about places where addresses meet in a way that no state of the
// automaton shows: one covers all around, another one ends there.

// below returns the plan of a value where an address ends: what covers all around
// it, and own.
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
	p, made := w.auto.meet(a.src.join(b.src))
	if made {
		w.t.met++
		if len(p.encodings) > 0 {
			w.t.met += 7 // they take as much longer to make
		}
	}
	if len(w.merged) >= maxMerged || w.merged == nil {
		w.merged = map[[2]*plan]*plan{}
	}
	w.merged[[2]*plan{a, b}] = p
	return p
}

// maxMet is how many plans one request may make us make: those of ordinary bodies
// are made once, and then there.
const maxMet = 2048

var errMet = &Error{Reason: Oversize, Detail: "the body leads through too many addresses with wildcards at once", Body: true}

// meet returns the plan of a source that no state of the automaton has: only a body
// shows which addresses with wildcards meet. In whatever order they do, there is
// one plan. It says whether the plan is new.
func (a *automaton) meet(src source) (*plan, bool) {
	key := src.key()
	if p, ok := a.meeting.Load(key); ok {
		return p.(*plan), false
	}
	k := *a.kit
	k.build = newBuild()
	p, err := k.plan(src)
	if err != nil {
		p = tangled
	}
	if a.met.Add(1) > maxMerged {
		return p, true // not kept: this would have no end
	}
	had, _ := a.meeting.LoadOrStore(key, p)
	return had.(*plan), true
}

// tangled is the plan of a place where so much meets that nobody can say what is
// meant: such requests are refused.
var tangled = func() *plan { p := &plan{blind: true, blindNames: true, numeric: true}; p.down = p; return p }()
