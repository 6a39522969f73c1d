package detect

import (
	"flag"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	scoreCost   = flag.Bool("cost", false, "TestScore: measure what a line costs, too")
	scoreUpdate = flag.Bool("update", false, "TestScore: write the floors, and the table in docs/detectors.md")
	scoreMisses = flag.String("misses", "", "TestScore: show what the detector of this `row` of the table misses, and what it takes wrongly")
)

// row is one detector of the table, and what people would write without it.
type row struct {
	name   string
	kind   Kind
	finder func(sample) *Finder
	// counts says which texts its recall is of.
	counts func(sample) bool
	naive  *regexp.Regexp
}

// five are regions of a file that serves several countries.
var five = []string{"FI", "DE", "GB", "US", "FR"}

// naives are the expressions of style guides, forums and log filters.
var naives = map[Kind]*regexp.Regexp{
	Phone:       regexp.MustCompile(`\+[1-9][0-9]{6,14}`),
	Email:       regexp.MustCompile(`[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}`),
	SIP:         regexp.MustCompile(`sips?:[^\s@<>]+@[A-Za-z0-9.-]+(?::[0-9]+)?`),
	IP:          regexp.MustCompile(`\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}`),
	MAC:         regexp.MustCompile(`(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}`),
	IMEI:        regexp.MustCompile(`\b[0-9]{15}\b`),
	IBAN:        regexp.MustCompile(`\b[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}\b`),
	CreditCard:  regexp.MustCompile(`\b(?:[0-9][ -]?){13,16}\b`),
	NationalID:  regexp.MustCompile(`\b(?:[0-9]{3}-[0-9]{2}-[0-9]{4}|[0-9]{6}[-+A][0-9]{3}[0-9A-Z]|[0-9]{11})\b`),
	Opaque:      regexp.MustCompile(`\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b|\b[0-9A-Za-z_-]{16,}\b`),
	Coordinates: regexp.MustCompile(`-?[0-9]{1,3}\.[0-9]+, ?-?[0-9]{1,3}\.[0-9]+`),
}

// loose is what people write who know that not every number has a plus.
var loose = regexp.MustCompile(`\+?[0-9][0-9 ().-]{7,}[0-9]`)

func rows(t testing.TB) (all []row) {
	always := func(f *Finder) func(sample) *Finder { return func(sample) *Finder { return f } }
	whenever := func(needs ...string) func(sample) bool {
		return func(s sample) bool { return slices.Contains(needs, s.needs) }
	}
	plain, bare, several := newPlain([]Kind{Phone}), NewFinder(phones(t, Options{Bare: true})), NewFinder(phones(t, Options{Regions: five}))
	regional := map[string]*Finder{"": several}
	for _, region := range Regions() {
		regional[region] = NewFinder(phones(t, Options{Regions: []string{region}}))
	}
	ofRegion := func(s sample) bool { return s.needs != "" && regional[s.needs] != nil }
	all = append(all,
		row{"phone", Phone, always(plain), whenever(""), loose},
		row{"phone, naive with a plus", Phone, always(plain), whenever(""), naives[Phone]},
		row{"phone, its region", Phone, func(s sample) *Finder {
			if f := regional[s.needs]; f != nil {
				return f
			}
			return several
		}, ofRegion, loose},
		row{"phone, bare", Phone, always(bare), whenever("bare"), regexp.MustCompile(`\b[0-9]{7,15}\b`)},
	)
	for i := range detectors {
		k := Kind(i)
		switch f := newPlain([]Kind{k}); {
		case k == Phone:
		case k < markedIMEI:
			all = append(all, row{k.String(), k, always(f), whenever("", "alone"), naives[k]})
		default:
			kind := detectors[k].kind
			all = append(all, row{kind.String() + " in any", kind, always(f), whenever(""), naives[kind]})
		}
	}
	return all
}

// tally counts findings and parts.
type tally struct{ findings, right, parts, found, exact int }

func (n *tally) add(s sample, kind Kind, counts bool, spans []Span) {
	for _, sp := range spans {
		switch {
		case s.holds(sp, kind):
			n.right++
			n.findings++
		case !s.mayHold(sp, kind):
			n.findings++
		}
	}
	for _, p := range s.parts {
		if p.Kind != kind || !counts {
			continue
		}
		n.parts++
		if slices.ContainsFunc(spans, func(sp Span) bool { return overlap(p, sp) }) {
			n.found++
		}
		if slices.ContainsFunc(spans, func(sp Span) bool { return p.Start == sp.Start && p.End == sp.End }) {
			n.exact++
		}
	}
}

// holds reports whether a part of this kind is marked where something was found.
func (s sample) holds(found Span, kind Kind) bool {
	return slices.ContainsFunc(s.parts, func(p Span) bool { return p.Kind == kind && overlap(p, found) })
}

// mayHold reports whether what was found is of this kind although it is not marked: an id that a machine made where nothing
// is personal, the host of a SIP address, and an address whose user is a number of a region that nobody named.
func (s sample) mayHold(found Span, kind Kind) bool {
	switch kind {
	case Opaque:
		return !slices.ContainsFunc(s.parts, func(p Span) bool { return overlap(p, found) })
	case Email, IP:
		return s.holds(found, SIP)
	case SIP:
		return s.holds(found, Phone)
	}
	return false
}

func overlap(a, b Span) bool { return a.Start < b.End && b.Start < a.End }

// share is a part of a whole, in hundredths of a percent, rounded down.
func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return math.Floor(1e4*float64(part)/float64(whole)) / 1e4
}

// TestScore holds every detector to what it found in the labelled texts when the floors were written, in
// testdata/score/floors.tsv. `make score` shows what that is beside regular expressions, and what it costs.
func TestScore(t *testing.T) {
	nothing := nothings(t)
	texts := slices.Concat(samplesIn(t, "testdata/score/identifiers.txt"), phoneSamples(t), numberSamples(t), personSamples(t), nameSamples(t), nothing)
	found := &scoreTable{head: []string{"detector", "precision", "recall", "exact", "naive precision", "naive recall"}}
	var spans []Span
	for _, r := range rows(t) {
		var ours, naive tally
		for _, s := range texts {
			counts := r.counts(s)
			spans = kindOnly(r.finder(s).Find(spans[:0], s.text), r.kind)
			if *scoreMisses == r.name {
				show(t, s, r.kind, counts, spans)
			}
			ours.add(s, r.kind, counts, spans)
			spans = naiveSpans(spans[:0], r.naive, s.text)
			naive.add(s, r.kind, counts, spans)
		}
		if ours.parts == 0 {
			t.Errorf("%s: no text has any", r.name)
		}
		found.add(r.name, share(ours.right, ours.findings), share(ours.found, ours.parts), share(ours.exact, ours.parts),
			share(naive.right, naive.findings), share(naive.found, naive.parts))
	}
	flagged := &scoreTable{head: []string{"any", "flagged", "naive flagged"}}
	flagged.addAny(t, "without regions", nothing, Options{}, nil)
	flagged.addAny(t, "with "+strings.Join(five, " "), nothing, Options{Regions: five}, loose)
	t.Logf("%d texts, in %d of them nothing\n\n%s\n%s", len(texts), len(nothing), found.columns(), flagged.columns())
	if *scoreCost {
		t.Logf("nanoseconds for a text\n\n%s", costs(t, texts, nothing))
	}
	checkFloors(t, found, flagged)
}

func kindOnly(spans []Span, k Kind) []Span {
	return slices.DeleteFunc(spans, func(sp Span) bool { return sp.Kind != k })
}

// naiveSpans are the matches of an expression.
func naiveSpans(dst []Span, re *regexp.Regexp, s string) []Span {
	for _, m := range re.FindAllStringIndex(s, -1) {
		dst = append(dst, Span{Start: m[0], End: m[1]})
	}
	return dst
}

// show prints what is found wrongly and what is not found.
func show(t testing.TB, s sample, k Kind, counts bool, spans []Span) {
	for _, sp := range spans {
		if !s.holds(sp, k) && !s.mayHold(sp, k) {
			t.Logf("not one: %q in %q", s.text[sp.Start:sp.End], s.text)
		}
	}
	for _, p := range s.parts {
		if p.Kind == k && counts && !slices.ContainsFunc(spans, func(sp Span) bool { return p.Start == sp.Start && p.End == sp.End }) {
			t.Logf("not found: %q in %q (%s): %v", s.text[p.Start:p.End], s.text, s.needs, spans)
		}
	}
}

// addAny adds the share of the texts with nothing in them in which something is found.
func (all *scoreTable) addAny(t testing.TB, name string, nothing []sample, o Options, more *regexp.Regexp) {
	f := anyWith(t, o)
	ours, naive := 0, 0
	for _, s := range nothing {
		if spans := f.Find(nil, s.text); len(spans) > 0 {
			ours++
			if *scoreMisses == "any" {
				t.Logf("%s: %v in %q", name, finding(f, s.text), s.text)
			}
		}
		if matchesAny(s.text) || more != nil && more.MatchString(s.text) {
			naive++
		}
	}
	all.add(name, up(ours, len(nothing)), up(naive, len(nothing)))
}

// up is share, rounded up.
func up(part, whole int) float64 { return math.Ceil(1e4*float64(part)/float64(whole)) / 1e4 }

// matchesAny asks all the expressions for what any finds.
func matchesAny(s string) (found bool) {
	for k, re := range naives {
		if k != Opaque && re.MatchString(s) {
			found = true
		}
	}
	return found
}
