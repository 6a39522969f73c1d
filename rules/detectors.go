package rules

import (
	"fmt"
	"slices"

	"github.com/statveil/statveil/rules/detect"
)

// detectors are those that the rules of one file may name.
type detectors struct {
	named map[string][]*detect.Detector
	all   []*detect.Detector // what any means: the built-in ones but opaque, with the file's settings
	any   *detect.Finder
	look  *Rule // the last look of the file's routes

	bares map[bareKey]*automaton // of the parts that no address is about
}

// compileDetectors makes the built-in detectors with the file's settings, its
// variants of them, and its own.
func (r *reader) compileDetectors(specs []detectorSpec) *detectors {
	ds := &detectors{named: map[string][]*detect.Detector{}}
	options := map[detect.Kind]detect.Options{}
	for _, s := range specs { // settings first: variants inherit them, wherever they stand
		if kind, ok := detect.KindOf(s.name.text); ok {
			for _, f := range []struct {
				name  string
				value scalar
			}{{"kind", s.kind}, {"pattern", s.pattern}, {"words", first(s.words)}} {
				if f.value.text != "" {
					r.problem(f.value.line, f.value.col, fmt.Sprintf("%s is built in: it has no %s", s.name.text, f.name), "give your own detector another name")
				}
			}
			options[kind] = detect.Options{Regions: texts(s.regions), Bare: r.bool(s.bare)}
			ds.add(s.name.text, r.detector(s, kind, options[kind]))
		}
	}
	for _, name := range detect.Names() {
		if ds.named[name] == nil {
			kind, _ := detect.KindOf(name)
			d, _ := detect.Builtin(kind, detect.Options{}) // no options, no mistake
			ds.add(name, d)
		}
	}
	for _, kind := range detect.Any {
		if kind == detect.Phone { // the only kind with settings
			ds.all = append(ds.all, ds.named[kind.String()]...)
			continue
		}
		d, _ := detect.Builtin(kind, detect.Options{})
		ds.all = append(ds.all, d)
	}
	ds.any = detect.NewFinder(ds.all...)
	ds.look = newLook(ds.any)
	for _, s := range specs {
		if _, builtin := detect.KindOf(s.name.text); !builtin {
			ds.add(s.name.text, r.ownDetector(s, options))
		}
	}
	return ds
}

// ownDetector makes a variant of a built-in detector, or one of the file's own.
func (r *reader) ownDetector(s detectorSpec, options map[detect.Kind]detect.Options) *detect.Detector {
	report := func(at scalar, message, hint string) *detect.Detector {
		r.problem(at.line, at.col, message, hint)
		return nil
	}
	ways := 0
	for _, way := range []scalar{s.kind, s.pattern, first(s.words)} {
		if way.text != "" {
			ways++
		}
	}
	switch {
	case s.name.text == "any" || s.name.text == "value" || !identifier(s.name.text):
		return report(s.name, fmt.Sprintf("%q can be no detector's name", s.name.text), "a name is letters, digits, _ and -, and neither any nor value")
	case ways != 1:
		return report(s.name, fmt.Sprintf("detector %q needs one of kind, pattern and words", s.name.text), "")
	case s.kind.text == "" && (s.bare.text != "" || len(s.regions) > 0):
		return report(s.name, "bare and regions are settings of phone numbers", "with kind: phone they make a variant of that detector")
	case s.pattern.text != "":
		d, err := detect.Pattern(s.name.text, s.pattern.text)
		if err != nil {
			return report(s.pattern, err.Error(), "")
		}
		return d
	case s.kind.text == "":
		d, err := detect.Words(s.name.text, texts(s.words))
		if err != nil {
			return report(s.words[0], err.Error(), "")
		}
		return d
	}
	kind, ok := detect.KindOf(s.kind.text)
	if !ok {
		return report(s.kind, fmt.Sprintf("%q is no kind", s.kind.text), suggestion(s.kind.text, detect.Names()))
	}
	o := options[kind]
	if len(s.regions) > 0 {
		o.Regions = texts(s.regions)
	}
	if s.bare.text != "" {
		o.Bare = r.bool(s.bare)
	}
	return r.detector(s, kind, o)
}

// detector makes a built-in detector with these options.
func (r *reader) detector(s detectorSpec, kind detect.Kind, o detect.Options) *detect.Detector {
	if kind == detect.Phone {
		known := detect.Regions()
		for _, region := range s.regions {
			if region.text != "" && !slices.Contains(known, region.text) {
				r.problem(region.line, region.col, fmt.Sprintf("%q is no region", region.text), SuggestRegion(region.text))
				return nil
			}
		}
	}
	d, err := detect.Builtin(kind, o)
	if err != nil {
		r.problem(s.name.line, s.name.col, err.Error(), "")
		return nil
	}
	return d
}

// bare returns the automaton of a part without addresses.
func (ds *detectors) bare(k *kit) (*automaton, error) {
	key := bareKey{k.part == inBody, k.look != nil}
	if a := ds.bares[key]; a != nil {
		return a, nil
	}
	a, err := compile(nil, k)
	if ds.bares == nil {
		ds.bares = map[bareKey]*automaton{}
	}
	ds.bares[key] = a
	return a, err
}

// A bareKey is what tells the automata of parts without addresses apart.
type bareKey struct{ body, looks bool }

func (ds *detectors) add(name string, d *detect.Detector) {
	if d != nil {
		ds.named[name] = []*detect.Detector{d}
	} else {
		ds.named[name] = []*detect.Detector{} // its mistake is reported already
	}
}

// names returns what find may name: the built-in ones, the file's own, and any.
func (ds *detectors) names() []string {
	names := detect.Names()
	var own []string
	for name := range ds.named {
		if !slices.Contains(names, name) {
			own = append(own, name)
		}
	}
	slices.Sort(own)
	return slices.Concat(names, own, []string{"any"})
}

func texts(all []scalar) []string {
	var t []string
	for _, s := range all {
		if s.text != "" {
			t = append(t, s.text)
		}
	}
	return t
}

func first(all []scalar) scalar {
	if len(all) == 0 {
		return scalar{}
	}
	return all[0]
}
