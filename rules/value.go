package rules

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/statveil/statveil/rules/detect"
)

// An edit is what one rule takes of one value: text[start:end].
type edit struct {
	start, end int
	rule       *Rule
	kind       string
	canonical  string
	masked     string // what a mask, or generalize, leaves of it, where it is spelled in an encoding
	numeral    bool   // what takes its place is a JSON number
	rest       bool   // of a finding that an earlier rule took in part
	spaced     bool   // found where a bare + is read as a space
	was        string // what the Replacer was shown
	with       string // what takes its place
	done       bool   // the Replacer has been asked
}

// unchanged says that the text stays: a rule keeps it, or it is a pseudonym already.
func (e *edit) unchanged() bool { return e.with == e.was }

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
		return t.read(p, text)
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

// read collects the value for the addresses that end here, and looks into the
// encodings of the others.
func (t *treater) read(p *plan, text string) error {
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
		case end-start < len(text) || t.deep:
			if err := t.expect(find, text[start:end]); err != nil {
				return err
			}
			t.findIn(rule, find, text, start, end)
			whole := reading{text: text}
			t.add(rule, &whole, &whole, text)
			if !rule.look {
				continue
			}
			if err := t.lookDeep(rule, text); err != nil {
				return err
			}
		default:
			// The deepest reading first: what is half of a percent-encoding is no finding.
			t.readings.room = t.room
			all := t.readings.of(text, t.bare)
			if err := t.room.take(0); err != nil {
				return err
			}
			for i := len(all) - 1; i >= 0; i-- {
				if err := t.expect(find, all[i].text); err != nil {
					return err
				}
				t.spans = find.Find(t.spans[:0], all[i].text)
				t.add(rule, &all[i], &all[len(all)-1], text)
				if err := t.found(); err != nil {
					return err
				}
			}
			if !rule.look {
				continue
			}
			t.between(rule, text)
			if err := t.refuseTokens(rule, text); err != nil {
				return err
			}
		}
		if find == nil {
			break
		}
	}
	t.settled = kept || t.covered(0, len(text))
	if err := t.found(); err != nil {
		return err
	}
	return t.ask(text)
}

var errToken = &Error{Reason: Unsafe, Detail: "a JWT holds personal data; name it in a rule with @jwt, or keep it"}

// take lets a rule take text[start:end] whole: what earlier rules found in it
// too, unless they have every character.
func (t *treater) take(rule *Rule, start, end int, text string) {
	if start == end || t.covered(start, end) {
		return
	}
	piece := edit{start: start, end: end, rule: rule, kind: "value"}
	if rule.Do != Keep {
		t.edits = slices.DeleteFunc(t.edits, func(e edit) bool { return start <= e.start && e.end <= end })
	}
	i := 0
	for i < len(t.edits) && t.edits[i].end <= start {
		i++
	}
	n := i
	for n < len(t.edits) && t.edits[n].start < end {
		n++
	}
	if n == i {
		t.edits = append(t.edits, piece)
	} else {
		t.addRest(piece, t.edits[i:n], &reading{text: text})
	}
	slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
}

// findIn finds in text[start:end], as if it were all there is: in t.spans, by their
// places in text.
func (t *treater) findIn(rule *Rule, find *detect.Finder, text string, start, end int) {
	if t.deep {
		t.findDeep(rule, find, text, start, end)
		return
	}
	bare := ""
	if t.bare != "" {
		bare = t.bare[start:end]
	}
	t.gaps.n, t.gaps.room = 0, t.room
	all := t.gaps.of(text[start:end], bare)
	deepest := &all[len(all)-1]
	t.spans = find.Find(t.spans[:0], deepest.text)
	for i := range t.spans {
		s := &t.spans[i]
		if s.Canonical == "" && deepest.from != nil {
			s.Canonical = canonical(rule.any, deepest.text[s.Start:s.End])
		}
		s.Start, s.End = start+deepest.at(s.Start), start+deepest.at(s.End)
	}
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
	t.readings.n = 0
	if t.secret != nil {
		*t.secret = secret{}
	}
}

// covered says whether every character of text[at:end] is taken already.
func (t *treater) covered(at, end int) bool {
	for _, e := range t.edits {
		if e.end <= at {
			continue
		}
		if e.start > at {
			return false
		}
		at = e.end
	}
	return at >= end && len(t.edits) > 0
}

// add takes the spans of one reading for a rule. Of a span that overlaps what an
// earlier rule took, the rest is taken: half a phone number is personal. But
// only the deepest reading knows what is said; what another finds across that is
// an accident of the encoding, as hello%20anna@example.com is an address.
func (t *treater) add(rule *Rule, r, deepest *reading, text string) {
	before, i := len(t.edits), 0
	for _, s := range t.spans {
		start, end := deepest.snap(r.at(s.Start), r.at(s.End))
		if start >= end {
			continue
		}
		e := edit{start: start, end: end, rule: rule, kind: kindOf(s), canonical: s.Canonical, spaced: r.spaced}
		if rule.Do == Mask && r.from != nil {
			e.masked = mask(r.text[s.Start:s.End])
		}
		if rule.Do == Generalize && r.from != nil {
			e.masked = r.generalized(e, s.Start, s.End, text[start:end])
		}
		if e.canonical == "" && r.from != nil { // it counts as what it says, not as it is spelled
			e.canonical = canonical(rule.any, r.text[s.Start:s.End])
		}
		for i < before && t.edits[i].end <= e.start {
			i++
		}
		n, mine := i, false // t.edits[i:n] overlap e
		for n < before && t.edits[n].start < e.end {
			mine = mine || t.edits[n].rule == rule
			n++
		}
		switch {
		case t.byGuard(rule) && t.number && (e.start > 0 || e.end < len(text)): // a piece of a number is another one
		case n == i:
			t.edits = append(t.edits, e)
		case t.byGuard(rule):
			before -= t.overtake(e, i, n, deepest)
		case !mine && len(r.text) == len(deepest.text):
			t.addRest(e, t.edits[i:n], deepest)
		}
	}
	clear(t.spans)
	if len(t.edits) > before {
		slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
	}
}

// between looks once more at what stands between the edits. Glued to a number,
// an address looked like a part of it: +12025550143:2001:db8::17.
func (t *treater) between(look *Rule, text string) {
	n, at := len(t.edits), 0
	if n == 0 {
		return
	}
	for i := 0; i <= n; i++ {
		end := len(text)
		if i < n {
			end = t.edits[i].start
		}
		if at < end {
			t.findIn(look, look.find, text, at, end)
			for _, s := range t.spans {
				t.edits = append(t.edits, edit{start: s.Start, end: s.End, rule: look, kind: kindOf(s), canonical: s.Canonical})
			}
			clear(t.spans)
		}
		if i < n {
			at = t.edits[i].end
		}
	}
	if len(t.edits) > n {
		slices.SortFunc(t.edits, func(a, b edit) int { return a.start - b.start })
	}
}

// addRest adds what of e no other edit has, in as many pieces, as the deepest
// reading has them. A piece is a value of its own: it has not the canonical form of
// the whole.
func (t *treater) addRest(e edit, taken []edit, deepest *reading) {
	piece := e
	piece.canonical, piece.rest = "", true
	if e.rule.Do == Generalize {
		piece.masked = ""
	}
	dumb := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r) }
	add := func(start, end int) {
		first, last := deepest.span(start, end)
		says := strings.TrimFunc(deepest.text[first:last], dumb) // the @ or the point at its end is none of it
		if says == "" {
			return
		}
		first += strings.Index(deepest.text[first:last], says)
		if piece.start, piece.end = deepest.at(first), deepest.at(first+len(says)); deepest.from != nil {
			piece.canonical = canonical(e.rule.any, says)
		}
		t.edits = append(t.edits, piece)
	}
	at := e.start
	for _, have := range taken {
		add(at, have.start)
		at = have.end
	}
	add(at, e.end)
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
		switch {
		case e.done:
			t.edits[n] = e
			n++
			continue
		case e.rule.refuse:
			return errToken
		case t.byGuard(e.rule) && t.guard.refuses:
			return errGuard
		}
		t.f = Finding{Rule: e.rule, Kind: e.kind, Number: t.number, Issued: t.issued, secret: &t.secret, repeated: t.guard.second() && !t.byGuard(e.rule)}
		shown := text[e.start:e.end]
		switch e.was = shown; {
		case t.number && len(shown) == len(text):
			if e.was = t.raw; e.canonical == "" {
				e.canonical = strings.Clone(text)
			}
		case e.spaced:
			if plus == "" {
				plus = numbersPlus(text, t.bare)
			}
			e.was = plus[e.start:e.end]
		case t.bare != "" && e.kind == "value":
			e.was = plusOrSpace(e.was, t.bare[e.start:e.end])
		}
		if e.masked == "" && e.rule.Do == Mask {
			e.masked = mask(e.was)
		}
		if e.masked == "" && e.rule.Do == Generalize && !e.rest { // of half an address nobody knows the network
			t.generalize(&e, text)
		}
		if t.byGuard(e.rule) {
			e.masked, e.canonical = t.guard.instead(&e), ""
		}
		*t.secret = secret{e.was, e.canonical, e.masked, t.place}
		with := ""
		if e.rule != t.told {
			var err error
			if with, err = t.replace(&t.f); err != nil {
				return err
			}
		}
		switch {
		case t.byGuard(e.rule):
			with = e.masked
		case t.guard != nil && t.guard.rule == nil && with != e.was && t.f.Action() == Pseudonymize:
			if err := t.guard.remember(&t.f, with); err != nil {
				return err
			}
		}
		switch e.rule.Do {
		case Keep:
			if !t.marks {
				continue
			}
			with = e.was
		case Mask, Generalize:
			if e.masked != "" {
				with = e.masked
			}
		case Remove:
			with = ""
		case Reject:
			return rejected(e.rule)
		}
		e.with, e.done = with, true
		if err := t.room.take(perPatch + len(with)); err != nil {
			return err
		}
		t.edits[n] = e
		n++
	}
	clear(t.edits[n:])
	t.edits = t.edits[:n]
	return nil
}

// apply returns text with the edits of the treater.
func (t *treater) apply(text string) string { return apply(text, t.edits) }

// apply returns text with edits, which are in order.
func apply(text string, edits []edit) string {
	if len(edits) == 0 {
		return text
	}
	size := len(text)
	for _, e := range edits {
		size += len(e.with) - (e.end - e.start)
	}
	var b strings.Builder
	b.Grow(max(size, 0))
	at := 0
	for _, e := range edits {
		b.WriteString(text[at:e.start])
		if e.unchanged() {
			b.WriteString(text[e.start:e.end])
		} else {
			b.WriteString(e.with)
		}
		at = e.end
	}
	b.WriteString(text[at:])
	return b.String()
}

// taken says whether one edit holds text[start:end].
func (t *treater) taken(start, end int) bool {
	i, _ := slices.BinarySearchFunc(t.edits, start, func(e edit, at int) int { return cmp.Compare(e.end, at+1) })
	return i < len(t.edits) && t.edits[i].start <= start && end <= t.edits[i].end
}
