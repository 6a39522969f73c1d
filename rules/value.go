package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/statveil/statveil/rules/detect"
)

// A treater applies the rules that cover one value, in order. It is reused from
// value to value, so that what is not replaced costs no memory.
type treater struct {
	replace Replacer
	collect func(rules []*Rule, text string) // set: the value is only read
	number  bool                             // the value is a JSON number, by its exact decimal value
	raw     string                           // as the number is spelled
	bare    string                           // of a URL part: the value with each + that is not encoded read as a space, or ""
	depth   int                              // how deep JSON may nest
	place   func() string

	speller  speller
	spare    int  // how many bytes one rule may still decode of base64 and hex in the value
	plain    bool // nothing is spelled in the value so
	depth64  int  // how many of these it is in
	readings readings
	gaps     readings // of a part of the value
	edits    []edit
	marks    bool      // what is kept stays among the edits, for who looks at the text around
	told     *Rule     // that keeps all around the value: the Replacer knows of it already
	issued   time.Time // of the JWT that the value is in
	deep     bool      // rules with find look through all encodings of the value (deep.go)
	tangled  bool      // that could not be done: there are too many
	hidden   bool      // that could not be done: one is not known
	met      int       // plans that this request made us make
	settled  bool      // the last value was taken or kept to its last character, or followed into an encoding
	removed  bool      // the last value is to be left out, with the place where it stood
	spans    []detect.Span

	guard     *guardian
	unguarded bool    // the guard does not look here
	inJWT     bool    // the value is in the claims of one
	ruled     []*Rule // those that treat a text, and the guard

	room  *room
	asked int // bytes of room, for spans and edits

	f      Finding
	secret *secret // of f
}

// value collects in t.edits what the plan makes of a string or number, in order.
func (t *treater) value(p *plan, text string) error {
	t.forget()
	switch {
	case p == tangled || t.met > maxMet:
		return errMet
	case t.collect != nil: // an empty value counts: it is not the same as another
		return t.gather(p, text)
	case text == "" && p.literal != nil:
		t.removed = true
		return t.drop(p.literal)
	case text == "":
		return nil
	case t.number:
		return t.treat(p.numbers, nil, text, false)
	}
	if len(p.encodings) == 0 {
		return t.treat(p.rules, nil, text, false)
	}
	in := 0
	for i, into := range p.encodings {
		if t.in(into, text) {
			in |= 1 << i
		}
	}
	if in == 0 {
		return t.treat(p.rules, nil, text, false)
	}
	q := p.inside[in]
	if len(q.passages) == 0 {
		return t.treat(q.rules, nil, text, false)
	}
	return t.follow(q, text)
}

// name collects what the plan makes of the name of a member or parameter.
func (t *treater) name(p *plan, text string) error {
	t.forget()
	switch {
	case p == tangled || t.met > maxMet:
		return errMet
	case text == "" || t.collect != nil:
		return nil
	}
	return t.treat(p.names, p.keyed, text, true)
}

// gather collects the value for the addresses that end here, and looks into the
// encodings of the others.
func (t *treater) gather(p *plan, text string) error {
	rules := p.rules
	if t.number {
		rules = p.numbers
	}
	if len(rules) > 0 {
		t.collect(rules, text)
	}
	for i, into := range p.encodings {
		if t.number || !t.in(into, text) {
			continue
		}
		if err := t.through(&p.inside[1<<i].passages[0], text); err != nil {
			return err
		}
	}
	return nil
}

// treat lets the rules take their parts of text. As names, rules without find
// search for any: a name is not replaced whole unless the rule is one of keyed.
func (t *treater) treat(rules, keyed []*Rule, text string, names bool) error {
	kept := false
	for _, rule := range t.guarded(rules, text, names) {
		find := rule.find
		if find == nil && names && !slices.Contains(keyed, rule) {
			find = rule.any
		}
		start, end := rule.within(text)
		switch {
		case find == nil && start == 0 && end == len(text):
			// What an earlier rule found is personal, whatever a later one keeps.
			if kept = rule.Do == Keep && len(t.edits) > 0; kept {
				t.take(rule, start, end, text)
			} else if !t.covered(0, end) {
				t.removed = rule.Do == Remove && rule.whole()
				clear(t.edits)
				t.edits = append(t.edits[:0], edit{end: end, rule: rule, kind: "value"})
			}
		case find == nil:
			t.take(rule, start, end, text)
			continue
		case t.number && !find.Numeric(): // digits alone are nobody's number unless a detector is made for them
			continue
		case t.covered(0, len(text)) && !t.deep && !t.byGuard(rule): // nothing is left
			continue
		default:
			if err := t.search(rule, find, text, start, end); err != nil {
				return err
			}
			continue
		}
		break
	}
	t.settled = kept || t.covered(0, len(text))
	if err := t.found(); err != nil {
		return err
	}
	return t.ask(text)
}

// search lets a rule take what it finds in text[start:end], and the last look refuse
// the request for what it finds where nothing can be replaced.
func (t *treater) search(rule *Rule, find *detect.Finder, text string, start, end int) error {
	if t.deep || end-start < len(text) {
		if err := t.expect(find, text[start:end]); err != nil {
			return err
		}
		if err := t.inEnclosed(rule, find, text, start, end); err != nil {
			return err
		}
		r := t.findIn(rule, find, text, start, end)
		t.add(rule, r, r)
		if t.deep && rule.look {
			return t.lookDeep(rule, text)
		}
		return nil
	}
	// The deepest reading first: what is half of a percent-encoding is no finding.
	all := t.read(text)
	if err := t.room.take(0); err != nil {
		return err
	}
	if err := t.inEnclosed(rule, find, text, start, end); err != nil {
		return err
	}
	deepest := &all[len(all)-1]
	one := func(r, deepest *reading) error {
		if err := t.expect(find, r.text); err != nil {
			return err
		}
		t.spans = find.Find(t.spans[:0], r.text)
		t.add(rule, r, deepest)
		return t.found()
	}
	for i := len(all) - 1; i >= 0; i-- {
		if err := one(&all[i], deepest); err != nil {
			return err
		}
	}
	if mail := t.readings.inMail(deepest); mail != nil {
		if err := one(mail, mail); err != nil {
			return err
		}
	}
	if !rule.look {
		return nil
	}
	t.between(rule, text)
	return t.refuseTokens(rule, text)
}

// read returns the readings of a value.
func (t *treater) read(text string) []reading {
	t.readings.room = t.room
	return t.readings.of(text, t.bare, 0)
}

var errToken = &Error{Reason: Unsafe, Detail: "a JWT holds personal data; name it in a rule with @jwt, or keep it"}

// findIn finds in text[start:end], as if it were all there is: in t.spans, as they
// stand in the reading that it returns.
func (t *treater) findIn(rule *Rule, find *detect.Finder, text string, start, end int) *reading {
	if t.deep {
		t.findDeep(rule, find, text, start, end)
		return &reading{text: text}
	}
	bare := ""
	if t.bare != "" {
		bare = t.bare[start:end]
	}
	t.gaps.n, t.gaps.room = 0, t.room
	all := t.gaps.of(text[start:end], bare, start)
	deepest := &all[len(all)-1]
	t.spans = find.Find(t.spans[:0], deepest.text)
	return deepest
}

func kindOf(s detect.Span) string {
	if s.Name != "" {
		return s.Name
	}
	return s.Kind.String()
}

// drop tells the Replacer of a value without text that a rule removes, or refuses
// the request for it.
func (t *treater) drop(rule *Rule) error {
	if err := t.tell(rule, ""); err != nil || rule.Do != Reject {
		return err
	}
	return rejected(rule)
}

// tell shows the Replacer a value that a rule does not pseudonymize.
func (t *treater) tell(rule *Rule, text string) error {
	if t.secret == nil {
		t.secret = &secret{}
	}
	t.f = Finding{Rule: rule, Kind: "value", secret: &t.secret, repeated: t.guard.second()}
	*t.secret = secret{text: text, place: t.place}
	_, err := t.replace(&t.f)
	return err
}

func rejected(rule *Rule) error {
	return &Error{Reason: Rejected, Detail: "rule " + rule.Name + " rejects this request"}
}

// forget drops what is held of the value before.
func (t *treater) forget() {
	clear(t.edits)
	t.edits = t.edits[:0]
	t.settled, t.removed = false, false
	t.readings.n, t.plain = 0, false
	if t.secret != nil {
		*t.secret = secret{}
	}
}

// ask calls the Replacer for every finding, and drops the ones that are kept.
func (t *treater) ask(text string) error {
	if len(t.edits) == 0 {
		return nil
	}
	if t.secret == nil {
		t.secret = &secret{}
	}
	n, plus := 0, ""
	for _, e := range t.edits {
		if !e.done {
			if e.spaced && plus == "" {
				plus = numbersPlus(text, t.bare)
			}
			var err error
			if e.enclosed != nil {
				err = t.askEnclosed(&e, text)
			} else {
				err = t.askFor(&e, text, plus)
			}
			if err != nil {
				return err
			}
			if e.unchanged() && !t.marks && (e.enclosed != nil || e.rule.Do == Keep) {
				continue
			}
		}
		t.edits[n] = e
		n++
	}
	clear(t.edits[n:])
	t.edits = t.edits[:n]
	return nil
}

// askFor calls the Replacer for one finding, and says what takes its place. plus is the
// text with some of its + as spaces.
func (t *treater) askFor(e *edit, text, plus string) error {
	guard := t.byGuard(e.rule)
	switch {
	case e.rule.refuse:
		return errToken
	case guard && t.guard.refuses:
		return errGuard
	}
	t.show(e, text, plus)
	with := ""
	if e.rule != t.told {
		var err error
		if with, err = t.replace(&t.f); err != nil {
			return err
		}
	}
	switch {
	case guard:
		with = e.instead
	case e.rest && e.kind != "value": // no detector found that
	case t.guard != nil && t.guard.rule == nil && with != e.was && t.f.Action() == Pseudonymize:
		if err := t.guard.remember(&t.f, with); err != nil {
			return err
		}
	}
	switch e.rule.Do {
	case Keep:
		with = e.was
	case Mask, Generalize:
		if e.instead != "" {
			with = e.instead
		}
		if e.general {
			with = e.was
		}
	case Remove:
		with = ""
	case Reject:
		return rejected(e.rule)
	}
	if e.with, e.done = with, true; !e.unchanged() {
		e.with = respell(with, e.via)
	}
	if e.rule.Do == Keep && !t.marks {
		return nil
	}
	return t.room.take(perPatch + len(e.with))
}

// show makes t.f the finding of an edit, with what the client wrote there and what takes
// its place where the Replacer is not asked for that.
func (t *treater) show(e *edit, text, plus string) {
	guard, part := t.byGuard(e.rule), e.end-e.start < len(text)
	switch e.was = text[e.start:e.end]; {
	case t.number && !part:
		if e.was = t.raw; e.canonical == "" {
			e.canonical = strings.Clone(text)
		}
	case e.spaced:
		e.was = plus[e.start:e.end]
	case t.bare != "" && e.kind == "value":
		e.was = plusOrSpace(e.was, t.bare[e.start:e.end])
	}
	if e.instead == "" && e.rule.Do == Mask {
		e.instead = mask(e.was)
	}
	if e.instead == "" && e.rule.Do == Generalize && !e.rest { // of half an address nobody knows the network
		says := e.was
		if t.number && !part {
			says = text // it may be spelled with an exponent
		}
		e.generalize(says)
	}
	if guard {
		e.instead, e.canonical = t.guard.instead(e, text), ""
	}
	t.f = Finding{
		Rule: e.rule, Kind: e.kind, Number: t.number, token: t.deep || t.number && part, Issued: t.issued, secret: &t.secret,
		repeated: t.guard.second() && !guard,
	}
	*t.secret = secret{e.was, e.says, e.canonical, e.instead, t.place}
}
