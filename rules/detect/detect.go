package detect

import (
	"cmp"
	"slices"
	"strings"
)

// Kind is one kind of personal data, or Opaque.
type Kind uint8

// The kinds, in the order of the table of detectors.
const (
	Phone Kind = iota
	Email
	SIP
	IP
	Opaque
)

// Any is what a rule means by "any": every kind but Opaque. It must not be changed.
var Any = []Kind{Phone, Email, SIP, IP}

// detector finds one kind.
type detector struct {
	kind Kind
	name string
	// needs lists what a text must hold for find to find anything: all bits of one of the hints.
	needs []Hint
	// find appends findings in order, not overlapping. It is told which kinds are asked for, because a number in a SIP
	// URI counts as a phone where phones are wanted.
	find func(dst []Span, s string, asked set) []Span
}

var detectors = [...]detector{
	{Phone, "phone", []Hint{
		hasPlus | hasDigit, hasPlus | hasHigh, // "+358…" in digits of any script
		hasDigit | hasZero,          // 00…, 011…
		hasDigit | hasAt,            // sip:…@, …@s.whatsapp.net
		hasDigit | hasTell | hasGap, // phone=…
	}, findPhones},
	{Email, "email", []Hint{hasAt | hasDot, hasAt | hasHigh}, findEmails},
	{SIP, "sip", []Hint{hasAt | hasColon}, findSIP},
	{IP, "ip", []Hint{hasDigit | hasDot, hasDigit | hasColon, hasDigit | hasDashP}, findIPs},
	{Opaque, "opaque", []Hint{hasDigit}, findOpaque},
}

// String returns the name that rules use: "phone", "email", "sip", "ip", "opaque".
func (k Kind) String() string {
	if int(k) < len(detectors) {
		return detectors[k].name
	}
	return "unknown"
}

// KindOf returns the kind of that name.
func KindOf(name string) (Kind, bool) {
	for _, d := range detectors {
		if d.name == name {
			return d.kind, true
		}
	}
	return 0, false
}

// Names returns the names of all kinds.
func Names() []string {
	names := make([]string, len(detectors))
	for i, d := range detectors {
		names[i] = d.name
	}
	return names
}

// Span is one finding: s[Start:End] is personal data of this kind. Canonical is a string of its own, never a part of
// the text, which may stand in a buffer that is used again; an opaque id has none but its text.
type Span struct {
	Start, End int
	Kind       Kind
	Canonical  string
	Name       string
}

// set is a set of kinds.
type set uint8

func setOf(kinds []Kind) set {
	var all set
	for _, k := range kinds {
		all |= 1 << k
	}
	return all
}

func (a set) has(k Kind) bool { return a&(1<<k) != 0 }

// Find appends the findings of the given kinds in s, in order and not overlapping: of overlapping ones the longest
// counts, then the kind named first. Offsets are bytes of s, which should be decoded UTF-8, but may be anything.
func Find(dst []Span, s string, kinds ...Kind) []Span {
	var h Hint
	for i := range len(s) {
		h |= Hints[s[i]]
	}
	return find(dst, s, kinds, setOf(kinds), h)
}

// FindAny is Find with Any for a text whose hints are known already: the Hints of all its bytes, or more.
func FindAny(dst []Span, s string, h Hint) []Span {
	return find(dst, s, Any, anySet, h&(1<<hintBits-1))
}

func find(dst []Span, s string, kinds []Kind, asked set, h Hint) []Span {
	run := asked & candidates[h]
	if run == 0 || run == 1<<Phone && h&(hasPlus|hasAt|hasHigh) == 0 && h&(hasTell|hasGap) != hasTell|hasGap && !hasPrefix(s) {
		return dst
	}
	base := len(dst)
	for i := range detectors {
		if d := &detectors[i]; run.has(d.kind) {
			dst = d.find(dst, s, asked)
		}
	}
	if len(dst) == base {
		return dst
	}
	return settle(dst, base, kinds)
}

// hasPrefix says whether an international prefix, 00 or 011, may stand in s.
// Where neither a plus, nor an @, nor a word tells of a number, it must.
func hasPrefix(s string) bool { return strings.Contains(s, "00") || strings.Contains(s, "011") }

// settle sorts the findings from base on and keeps the best of those that overlap.
func settle(dst []Span, base int, kinds []Kind) []Span {
	found := dst[base:]
	if len(found) < 2 {
		return dst
	}
	slices.SortFunc(found, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	overlap := false
	for i := 1; i < len(found) && !overlap; i++ {
		overlap = found[i].Start < found[i-1].End
	}
	if !overlap {
		return dst
	}
	order := make([]int, len(found))
	longest := 0
	for i := range found {
		order[i] = i
		longest = max(longest, found[i].End-found[i].Start)
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &found[i], &found[j]
		return cmp.Or(
			cmp.Compare(b.End-b.Start, a.End-a.Start),
			cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			cmp.Compare(i, j),
		)
	})
	keep := make([]bool, len(found))
	for _, i := range order {
		keep[i] = !taken(found, keep, i, longest)
	}
	n := 0
	for i := range found {
		if keep[i] {
			found[n] = found[i]
			n++
		}
	}
	clear(found[n:])
	return dst[:base+n]
}

// taken reports whether a finding that was kept overlaps the i-th one. No finding is longer than longest, and those of
// one kind never overlap, so only a few neighbours come into question.
func taken(found []Span, keep []bool, i, longest int) bool {
	for j := i - 1; j >= 0 && found[j].Start > found[i].Start-longest; j-- {
		if keep[j] && found[j].End > found[i].Start {
			return true
		}
	}
	for j := i + 1; j < len(found) && found[j].Start < found[i].End; j++ {
		if keep[j] {
			return true
		}
	}
	return false
}
