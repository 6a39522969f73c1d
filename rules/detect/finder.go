package detect

import (
	"fmt"
	"regexp"
)

// Stand-in, replaced by the detectors' own branch.
const Own Kind = 99

type Options struct {
	Regions []string
	Bare    bool
}

type Detector struct {
	kind Kind
	name string
	bare bool
	re   *regexp.Regexp
}

func Builtin(kind Kind, o Options) (*Detector, error) {
	return &Detector{kind: kind, bare: o.Bare}, nil
}
func Pattern(name, expr string) (*Detector, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("pattern: %w", err)
	}
	return &Detector{kind: Own, name: name, re: re}, nil
}
func Words(name string, words []string) (*Detector, error) {
	e := ""
	for _, w := range words {
		e += "|" + regexp.QuoteMeta(w)
	}
	return Pattern(name, "(?i)"+e[1:])
}
func Regions() []string { return nil }

type Finder struct {
	ds    []*Detector
	kinds []Kind
}

func NewFinder(d ...*Detector) *Finder {
	f := &Finder{ds: d}
	for _, x := range d {
		if x.re == nil {
			f.kinds = append(f.kinds, x.kind)
		}
	}
	return f
}

func (f *Finder) Find(dst []Span, s string) []Span {
	base := len(dst)
	dst = Find(dst, s, f.kinds...)
	for _, d := range f.ds {
		if d.re != nil {
			for _, m := range d.re.FindAllStringSubmatchIndex(s, -1) {
				dst = append(dst, Span{Start: m[len(m)-2], End: m[len(m)-1], Kind: Own, Name: d.name})
			}
		}
		if d.bare && isAllDigits(s) {
			dst = append(dst, Span{Start: 0, End: len(s), Kind: Phone, Canonical: "+" + s})
		}
	}
	return settle(dst, base, append(f.kinds, Own))
}
func isAllDigits(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return len(s) > 6
}
func (f *Finder) FindHinted(dst []Span, s string, h Hint) []Span { return FindAny(dst, s, h) }
func (f *Finder) Possible(h Hint) bool                           { return h.Possible() }
func (f *Finder) Numeric() bool {
	for _, d := range f.ds {
		if d.bare || d.re != nil {
			return true
		}
	}
	return false
}
func (f *Finder) Canonical(s string) (string, bool) { return Canonical(s) }
