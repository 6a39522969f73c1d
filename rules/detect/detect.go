package detect

import (
	"cmp"
	"slices"
	"strings"
)

// Kind is one kind of personal data, or Opaque.
type Kind uint8

// The built-in kinds, in the order of the table of detectors.
const (
	Phone Kind = iota
	Email
	SIP
	IP
	MAC
	IMEI
	IBAN
	CreditCard
	NationalID
	Opaque
	Coordinates

	// The same numbers, but only where a label, a prefix or separators say what they are. Findings have the kind itself.
	markedIMEI
	markedCard
	markedNationalID
	markedCoordinates

	kinds = int(markedCoordinates) + 1
)

// Own is the Kind of findings of detectors that a rule file defines by pattern or words. It is none of the built-in
// ones: Names, KindOf and Any leave it out, and only a Finder finds any.
const Own Kind = 1<<8 - 1

// Any is what a rule means by "any": every kind but Opaque, and of the numbers that traffic is full of those that are
// marked as personal. It must not be changed.
var Any = []Kind{Phone, Email, SIP, IP, MAC, markedIMEI, IBAN, markedCard, markedNationalID, markedCoordinates}

// detector finds one kind.
type detector struct {
	kind Kind // of the findings
	name string
	// needs lists what a text must hold for find to find anything: all bits of one of the hints.
	needs []Hint
	// find appends findings in order, not overlapping. It is told which kinds are asked for, because a number in a SIP
	// URI counts as a phone where phones are wanted, and how people dial.
	find func(dst []Span, s string, asked set, d *dialling) []Span
}

var detectors = [kinds]detector{
	Phone: {Phone, "phone", []Hint{
		hasPlus | hasDigit,
		hasDigit | hasZero,          // 00…, 011…
		hasDigit | hasAt,            // sip:…@, …@s.whatsapp.net
		hasDigit | hasTell | hasGap, // phone=…
	}, findPhones},
	Email:             {Email, "email", []Hint{hasAt | hasDot}, findEmails},
	SIP:               {SIP, "sip", []Hint{hasAt | hasColon}, findSIP},
	IP:                {IP, "ip", []Hint{hasDigit | hasDot, hasDigit | hasColon, hasDigit | hasDashP}, findIPs},
	MAC:               {MAC, "mac", macNeeds, findMACs},
	IMEI:              {IMEI, "imei", imeiNeeds, findIMEIs},
	IBAN:              {IBAN, "iban", ibanNeeds, findIBANs},
	CreditCard:        {CreditCard, "credit_card", cardNeeds, findCards},
	NationalID:        {NationalID, "national_id", nationalIDNeeds, findNationalIDs},
	Opaque:            {Opaque, "opaque", []Hint{hasDigit}, findOpaque},
	Coordinates:       {Coordinates, "coordinates", coordinatesNeeds, findCoordinates},
	markedIMEI:        {IMEI, "imei", markedIMEINeeds, findMarkedIMEIs},
	markedCard:        {CreditCard, "credit_card", markedCardNeeds, findMarkedCards},
	markedNationalID:  {NationalID, "national_id", markedNationalIDNeeds, findMarkedNationalIDs},
	markedCoordinates: {Coordinates, "coordinates", markedCoordinatesNeeds, findMarkedCoordinates},
}

// String returns the name that rules use: "phone", "email", ...; "own" for Own.
func (k Kind) String() string {
	if int(k) < len(detectors) {
		return detectors[k].name
	}
	if k == Own {
		return "own"
	}
	return "unknown"
}

// KindOf returns the built-in kind of that name.
func KindOf(name string) (Kind, bool) {
	for _, d := range detectors {
		if d.name == name {
			return d.kind, true
		}
	}
	return 0, false
}

// Names returns the names of all built-in kinds.
func Names() []string {
	names := make([]string, markedIMEI)
	for i := range names {
		names[i] = detectors[i].name
	}
	return names
}

// Span is one finding: s[Start:End] is personal data of this kind. Canonical is a string of its own, never a part of
// the text, which may stand in a buffer that is used again; an opaque id and a finding of Own have none but their text.
type Span struct {
	Start, End int
	Kind       Kind
	rank       uint16 // the place of its detector among those asked for, while findings are settled
	Canonical  string
	Name       string // of the detector, for Own; "" otherwise
}

// set is a set of kinds.
type set uint16

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
	if asked&candidates[h] == 0 {
		return dst
	}
	text, h, back := folded(s, h)
	base := len(dst)
	dst = findIn(dst, text, kinds, asked, h)
	back.restore(dst[base:], s)
	return dst
}

// findIn finds in a text that is folded.
func findIn(dst []Span, s string, kinds []Kind, asked set, h Hint) []Span {
	run := feasible(s, asked&candidates[h])
	if run == 0 || run == 1<<Phone && hopeless(s, h) {
		return dst
	}
	base := len(dst)
	for i := range detectors {
		if k := Kind(i); run.has(k) {
			from := len(dst)
			dst = detectors[k].find(dst, s, asked, nil)
			if len(dst) > from {
				setRank(dst[from:], slices.Index(kinds, k))
			}
		}
	}
	if len(dst) == base {
		return dst
	}
	return settle(dst, base)
}

// hopeless reports whether a text holds no phone number although its bytes could: where neither a plus, nor an @, nor a
// word tells of one, an international prefix must.
func hopeless(s string, h Hint) bool {
	return h&(hasPlus|hasAt) == 0 && h&(hasTell|hasGap) != hasTell|hasGap && !hasPrefix(s)
}

func setRank(found []Span, rank int) {
	for i := range found {
		found[i].rank = uint16(rank)
	}
}

// hasPrefix says whether an international prefix, 00 or 011, may stand in s.
func hasPrefix(s string) bool { return strings.Contains(s, "00") || strings.Contains(s, "011") }

// settle sorts the findings from base on and keeps the best of those that overlap: the longest, then the one whose
// detector was named first.
func settle(dst []Span, base int) []Span {
	found := dst[base:]
	if len(found) < 2 {
		setRank(found, 0)
		return dst
	}
	slices.SortStableFunc(found, func(a, b Span) int { return cmp.Compare(a.Start, b.Start) })
	overlap := false
	for i := 1; i < len(found) && !overlap; i++ {
		overlap = found[i].Start < found[i-1].End
	}
	if overlap {
		n := len(keepBest(found))
		clear(found[n:])
		found = found[:n]
	}
	setRank(found, 0)
	return dst[:base+len(found)]
}

// keepBest moves the best of the findings, which are in order, to the front. It takes the longest first. Whatever
// overlaps a finding that is no shorter than itself has its first or its last byte covered by it, so these bytes are
// all that must be remembered of what was taken: the work does not grow with the length of the findings.
func keepBest(found []Span) []Span {
	edges := make([]int, 0, 2*len(found))
	order := make([]int, len(found))
	for i, sp := range found {
		edges = append(edges, sp.Start, sp.End-1)
		order[i] = i
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	slices.SortFunc(order, func(i, j int) int {
		a, b := &found[i], &found[j]
		return cmp.Or(cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(a.rank, b.rank), cmp.Compare(i, j))
	})
	covered := make([]bool, len(edges))
	keep := make([]bool, len(found))
	for _, i := range order {
		first, _ := slices.BinarySearch(edges, found[i].Start)
		last, _ := slices.BinarySearch(edges, found[i].End-1)
		if covered[first] || covered[last] {
			continue
		}
		keep[i] = true
		for ; first <= last; first++ {
			covered[first] = true
		}
	}
	n := 0
	for i := range found {
		if keep[i] {
			found[n] = found[i]
			n++
		}
	}
	return found[:n]
}
