package rules

import (
	"slices"
	"strings"
)

// placed is a rule with what its file says of it.
type placed struct {
	*Rule
	spec *ruleSpec
}

// whole says that the rule takes all of the values at its addresses.
func (p placed) whole() bool { return len(p.spec.find) == 0 && p.spec.part.text == "" }

// exhausts says that what the rule takes is left to no later rule: it stands as
// a pseudonym, masked or as it was.
func (p placed) exhausts() bool {
	return p.whole() && slices.Contains([]string{"", "pseudonymize", "mask", "generalize", "keep"}, p.spec.do.text)
}

// seesAll says that the rule acts also where there is no text to take: remove and
// reject see null and "".
func (p placed) seesAll() bool {
	return len(p.spec.find) == 0 && slices.Contains([]string{"remove", "reject"}, p.spec.do.text)
}

// spent is what rules that come first leave nothing of. It errs on one side: a
// place that it names is taken, another may be too.
type spent struct {
	all   map[root]*spentStep
	found map[foundAt]*Rule // by rules with find
}

type spentStep struct {
	next map[step]*spentStep
	by   *Rule // takes all from here on
}

type foundAt struct{ address, detector string }

func newSpent() *spent { return &spent{map[root]*spentStep{}, map[foundAt]*Rule{}} }

func (t *spent) add(p placed) {
	for _, a := range p.at {
		if p.exhausts() {
			t.addAll(p.Rule, a)
		}
		if p.spec.part.text == "" {
			for _, detector := range p.spec.find {
				t.found[foundAt{a.text, detector.text}] = p.Rule
			}
		}
	}
}

func (t *spent) addAll(by *Rule, a *address) {
	at := t.all[a.root]
	if at == nil {
		at = &spentStep{next: map[step]*spentStep{}}
		t.all[a.root] = at
	}
	for _, s := range a.steps {
		next := at.next[s]
		if next == nil {
			next = &spentStep{next: map[step]*spentStep{}}
			at.next[s] = next
		}
		at = next
	}
	if at.by == nil {
		at.by = by
	}
}

// before returns the rule that leaves nothing to p at an address, or nil.
func (t *spent) before(p placed, a *address) *Rule {
	if p.seesAll() {
		return nil
	}
	if by := t.all[a.root].covering(a, a.steps); by != nil {
		return by
	}
	if len(p.spec.find) == 0 || p.spec.part.text != "" {
		return nil
	}
	var by *Rule
	for _, detector := range p.spec.find {
		if by = t.found[foundAt{a.text, detector.text}]; by == nil {
			return nil
		}
	}
	return by
}

// anyName is the step * alone.
var anyName = step{kind: stepPattern, name: "*"}

// covering returns the rule that takes all at an address of which these steps are
// left.
func (t *spentStep) covering(a *address, left []step) *Rule {
	switch {
	case t == nil:
		return nil
	case t.by != nil && (len(left) == 0 || t.below(a)):
		return t.by
	case len(left) == 0:
		return nil
	}
	s := left[0]
	if by := t.next[s].covering(a, left[1:]); by != nil {
		return by
	}
	if s.kind == stepQuery { // some of all elements
		return t.next[step{kind: stepElement}].covering(a, left[1:])
	}
	// A header that frames or authenticates is meant only by its name, and a number
	// also means an element.
	named := s.kind == stepPattern || s.kind == stepName && strings.Trim(s.name, "0123456789") != ""
	if named && s != anyName && a.root != inHeader {
		return t.next[anyName].covering(a, left[1:])
	}
	return nil
}

// below says whether who takes all at an address takes all below it too. Member
// names and what is encoded in a value are places of their own.
func (t *spentStep) below(a *address) bool {
	return a.root != inHeader && !strings.Contains(a.text, "@")
}
