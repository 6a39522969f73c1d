package detect

import (
	"fmt"
	"slices"
)

// Detector is one detector as a rule file configures it. It never changes and may be used by many goroutines.
type Detector struct {
	kind     Kind
	dialling *dialling // of a phone detector with options
	own      owner     // of a detector of Own
}

// owner finds what a rule file defines itself.
type owner interface {
	// find appends findings in order, not overlapping and not empty.
	find(dst []Span, s string) []Span
}

// Options are the settings of the phone detector. Its zero value changes nothing.
type Options struct {
	// Regions are countries (ISO 3166-1 alpha-2) whose national formats count too.
	Regions []string
	// Bare says that digits alone count.
	Bare bool
}

// Builtin returns the detector of a built-in kind. Only phones have options.
func Builtin(kind Kind, o Options) (*Detector, error) {
	if int(kind) >= len(detectors) {
		return nil, fmt.Errorf("%q is not a built-in kind of detector", kind)
	}
	if len(o.Regions) == 0 && !o.Bare {
		return &Detector{kind: kind}, nil
	}
	if kind != Phone {
		return nil, fmt.Errorf("the detector %s has no options: regions and bare are for phone", kind)
	}
	d := &dialling{bare: o.Bare}
	for _, region := range o.Regions {
		p := planIn(region)
		switch {
		case region == world:
		case p == nil:
			return nil, fmt.Errorf("region %q is not known: a region is a country in two capital letters (ISO 3166-1)", region)
		case !slices.Contains(d.plans, p): // countries may share a plan
			d.plans = append(d.plans, p)
		}
	}
	return &Detector{kind: kind, dialling: d}, nil
}

// Finder finds with several detectors. It never changes and may be used by many goroutines.
type Finder struct {
	detectors []*Detector
	kinds     []Kind // of the built-in detectors, each once
	asked     set
	plain     bool // no detector has options, and none is a file's own
	numeric   bool
	dialling  *dialling // of the first phone detector: it tells of a SIP URI whether its user is a number
	whole     *Finder   // what Canonical finds with
	possible  [1 << hintBits / 64]uint64
}

// NewFinder returns a Finder of these detectors.
func NewFinder(d ...*Detector) *Finder {
	f := newFinder(d)
	f.whole = f.canonicalFinder()
	return f
}

func newPlain(kinds []Kind) *Finder {
	all := make([]*Detector, len(kinds))
	for i, k := range kinds {
		all[i] = &Detector{kind: k}
	}
	return newFinder(all)
}

func newFinder(d []*Detector) *Finder {
	f := &Finder{detectors: slices.Clone(d), plain: true}
	phones := 0
	for _, d := range d {
		switch {
		case d.own != nil:
			f.plain, f.numeric = false, true
			continue
		case d.dialling != nil:
			f.plain = false
			f.numeric = f.numeric || d.dialling.bare
		}
		if d.kind == Phone {
			if phones++; phones == 1 {
				f.dialling = d.dialling
			}
		}
		f.numeric = f.numeric || numbers.has(d.kind)
		if !f.asked.has(d.kind) {
			f.asked |= 1 << d.kind
			f.kinds = append(f.kinds, d.kind)
		}
	}
	for h := range Hint(1 << hintBits) {
		if slices.ContainsFunc(d, func(d *Detector) bool { return d.mayFind(h) }) {
			f.possible[h/64] |= 1 << (h % 64)
		}
	}
	return f
}

// canonicalFinder returns the Finder of everything that a whole value may be: what is personal in it does not depend on
// the rule that asks, only how its people dial.
func (f *Finder) canonicalFinder() *Finder {
	var all []*Detector
	for _, d := range f.detectors {
		if d.kind == Phone {
			all = append(all, d)
		}
	}
	if !slices.ContainsFunc(all, func(d *Detector) bool { return d.dialling != nil }) {
		return anything
	}
	for _, k := range personal {
		if k != Phone {
			all = append(all, &Detector{kind: k})
		}
	}
	return newFinder(all)
}

// mayFind reports whether the detector could find something in a text with these bytes.
func (d *Detector) mayFind(h Hint) bool {
	switch {
	case d.own != nil || candidates[h].has(d.kind): // whatever folds may become anything
		return true
	case d.dialling == nil:
		return false
	}
	return d.dialling.mayFind(h)
}

// mayFind reports whether a text with these bytes could hold a number that only the regions, or digits alone, make one.
func (d *dialling) mayFind(h Hint) bool {
	if d.bare && h&hasDigit != 0 {
		return true
	}
	// Groups have separators between them, brackets among them, and a word stands before an extension.
	return len(d.plans) > 0 && h&hasDigit != 0 && h&(hasZero|hasGap|hasLetter) != 0
}

// Find appends the findings of all detectors in s, in order and not overlapping: of overlapping ones the longest counts,
// then the one whose detector was named first.
func (f *Finder) Find(dst []Span, s string) []Span {
	var h Hint
	for i := range len(s) {
		h |= Hints[s[i]]
	}
	return f.FindHinted(dst, s, h)
}

// FindHinted is Find for a text whose hints are known already: the Hints of all its bytes, or more.
func (f *Finder) FindHinted(dst []Span, s string, h Hint) []Span {
	h &= 1<<hintBits - 1
	if f.plain {
		return find(dst, s, f.kinds, f.asked, h)
	}
	if !f.Possible(h) {
		return dst
	}
	base := len(dst)
	text, h, back := folded(s, h)
	run := feasible(text, f.asked)
	for rank, d := range f.detectors {
		if d.own == nil && run.has(d.kind) && d.mayFind(h) {
			from := len(dst)
			dst = f.findBuiltin(dst, text, d, h)
			setRank(dst[from:], rank)
		}
	}
	back.restore(dst[base:], s)
	for rank, d := range f.detectors {
		if d.own != nil { // a file's own mean the characters as they stand
			from := len(dst)
			dst = d.own.find(dst, s)
			setRank(dst[from:], rank)
		}
	}
	return settle(dst, base)
}

func (f *Finder) findBuiltin(dst []Span, s string, d *Detector, h Hint) []Span {
	if d.kind != Phone {
		return detectors[d.kind].find(dst, s, f.asked, f.dialling)
	}
	if d.dialling == nil && hopeless(s, h) {
		return dst
	}
	return findPhones(dst, s, f.asked, d.dialling)
}

// Possible reports whether Find could find something in a text with these bytes. False is certain.
func (f *Finder) Possible(h Hint) bool {
	h &= 1<<hintBits - 1
	return f.possible[h/64]>>(h%64)&1 != 0
}

// numbers are the kinds that digits alone may satisfy.
const numbers = set(1<<IMEI | 1<<CreditCard | 1<<NationalID)

// Numeric reports whether a detector is among those of f that digits alone may satisfy: a pattern, words, phones of
// which digits alone count, and the numbers of people, cards and devices.
func (f *Finder) Numeric() bool { return f.numeric }

// Canonical is Canonical for people who dial as the phone detectors of f say.
func (f *Finder) Canonical(s string) (string, bool) { return f.whole.canonical(s) }
