package detect

import "bytes"

// Personal identity numbers, tax numbers and social security numbers of persons. Every country has a table of its
// schemes: what its numbers look like, what makes them valid, and the names they go by. One automaton made of all forms
// reads the text (nationalid_form.go). Passports and driving licences are documents, not persons: an own pattern finds
// those that traffic has.

var nationalIDNeeds = []Hint{hasDigit}
var markedNationalIDNeeds = []Hint{hasDigit | hasGap, hasDigit | hasPlus, hasDigit | hasLetter}

// idStrength is what a form that is valid proves.
type idStrength uint8

const (
	// weak forms need a label: one check digit lets a tenth of all numbers pass.
	weak idStrength = iota
	// named forms count where a rule names the kind: so much of them is redundant that few other numbers are valid.
	named
	// marking forms say by letters or separators what they are, whatever the rule asks for.
	marking
)

// idScheme is one row of the table: forms of a number that are valid on the same terms.
type idScheme struct {
	strength  idStrength
	forms     []string
	valid     func(n idNumber) bool
	labels    []string
	canonical func(c []byte) []byte // what all spellings share; nil is the number
}

// idSchemes are in the order in which they are tried on one number.
var idSchemes = concat(nordicIDs, centralIDs, latinIDs, englishIDs)

func concat(tables ...[]idScheme) (all []idScheme) {
	for _, t := range tables {
		all = append(all, t...)
	}
	return all
}

// idLabels are the labels that numbers of all countries go by.
var idLabels = []string{
	"nationalid", "nationalidentity", "nationalidentification", "nationalidentitycard", "nationalidcard", "nationalnumber", "nin",
	"personalid", "personalidentity", "personalidentification", "personalnumber", "identitynumber", "identificationnumber",
	"idcard", "identitycard", "identitydocument", "iddocument", "citizenid", "civilid", "govid", "governmentid",
	"ssn", "socialsecurity", "socialinsurance", "taxid", "taxnumber", "taxpayer", "taxpayerid", "taxidentification", "taxcode", "fiscalcode", "fiscalnumber", "tin",
}

// idNumber is the letters, in upper case, and digits of a number, and its plus. It is handed on by value: what a check
// that is found in a table may keep would have to be allocated.
type idNumber struct {
	char [longestID]byte
	len  int
}

// longestID is the length of the longest number without its separators: an Italian tax code.
const longestID = 16

func (n *idNumber) text() []byte { return n.char[:n.len] }

// readID reads a number. Separators other than a plus mean nothing.
func readID(text string) (n idNumber) {
	for i := range len(text) {
		b := text[i]
		if isLetter(b) {
			b &^= 0x20
		} else if !isDigit(b) && b != '+' {
			continue
		}
		n.char[n.len] = b
		n.len++
	}
	return n
}

func findNationalIDs(dst []Span, s string, _ set, _ *dialling) []Span {
	return scanIDs(dst, s, named)
}

func findMarkedNationalIDs(dst []Span, s string, _ set, _ *dialling) []Span {
	return scanIDs(dst, s, marking)
}

// scanIDs anchors on digits: the words that have one are few, and a number has one. least is the strength that needs no
// label.
func scanIDs(dst []Span, s string, least idStrength) []Span {
	last := 0 // where the word or the number before ended
	for i := 0; ; {
		for i < len(s) && !isDigit(s[i]) {
			i++
		}
		if i == len(s) {
			return dst
		}
		from, kind := i, idWords[s[i]]
		for from > last && isLetter(s[from-1]) {
			from--
			kind |= idWords[s[from]]
		}
		for i < len(s) && idWords[s[i]] != 0 {
			kind |= idWords[s[i]]
			i++
		}
		end := 0
		if from > last+1 && isIDGap(s[from-1]) {
			from, end = idFromLetters(s, last, from, least)
		}
		if end == 0 && idBegins.has(s, from, i, kind, least) {
			end = longestIDAt(s, from, least)
		}
		if end > 0 {
			dst = append(dst, idSpan(s, from, end, least))
			i = end
		}
		last = i
	}
}

// isIDGap reports whether c may stand behind the letters with which a number begins.
func isIDGap(c byte) bool { return c == ' ' || c == '-' || c == '.' }

// idFromLetters reads a number that begins with words of letters before from, where a word with a digit begins: the
// spaced forms of codes have up to two, of up to three letters, but none before last. It returns where the number
// begins and ends; from and 0 where there is none.
func idFromLetters(s string, last, from int, least idStrength) (int, int) {
	var begins [2]int
	n := 0
	for i := from - 1; n < len(begins) && i > last && isIDGap(s[i]); n++ {
		end := i
		for i > last && end-i < 3 && isLetter(s[i-1]) {
			i--
		}
		if i == end || i > last && isLetter(s[i-1]) {
			break
		}
		begins[n] = i
		i--
	}
	for n > 0 {
		n--
		if end := longestIDAt(s, begins[n], least); end > 0 {
			return begins[n], end
		}
	}
	return from, 0
}

// longestIDAt returns where the longest number that begins at i ends, 0 where none begins.
func longestIDAt(s string, i int, least idStrength) (end int) {
	state := idStart
	for j := i; j < len(s); {
		state = idNext[state&^idEnds][idClasses[s[j]]]
		if state == 0 {
			break
		}
		j++
		if state&idEnds != 0 && (j == len(s) || idWords[s[j]] == 0) && schemeOf(s, i, j, state&^idEnds, least) != nil {
			end = j
		}
	}
	return end
}

// schemeOf returns the scheme of which s[i:end], whose form ends in the state, is a number.
func schemeOf(s string, i, end int, state uint16, least idStrength) *idScheme {
	label := maybeLabelled(s, i)
	var n idNumber
	for _, k := range idForms[state] {
		d := &idSchemes[k]
		if d.strength < least && !label {
			continue
		}
		if n.len == 0 {
			if wordBefore(s, i) || wordAfter(s, end) {
				return nil
			}
			n = readID(s[i:end])
		}
		if !d.valid(n) {
			continue
		}
		if d.strength >= least && idStandsAlone(s, i, end) || label && !fraction(s, i, end) && !inUUID(s, i, end) && (labelled(s, i, d.labels) || labelled(s, i, idLabels)) {
			return d
		}
	}
	return nil
}

// idSpan makes a finding of the number s[i:end].
func idSpan(s string, i, end int, least idStrength) Span {
	state := idStart
	for j := i; j < end; j++ {
		state = idNext[state][idClasses[s[j]]] &^ idEnds
	}
	n := readID(s[i:end])
	c := n.text()
	if d := schemeOf(s, i, end, state, least); d.canonical != nil {
		c = d.canonical(bytes.Clone(c))
	}
	return Span{Start: i, End: end, Kind: NationalID, Canonical: string(c)}
}

// idStandsAlone reports whether the number s[i:end] is no part of a phone number, a longer number, a list or a UUID.
func idStandsAlone(s string, i, end int) bool {
	letters, space, slash := false, false, false
	for k := i; k < end; k++ {
		letters = letters || isLetter(s[k])
		space = space || s[k] == ' '
		slash = slash || s[k] == '/'
	}
	// A number goes on behind some separators anywhere, and behind those that it uses itself.
	goesOn := func(c byte) bool { return c == '-' || c == '.' || c == '+' || c == ' ' && space || c == '/' && slash }
	if !letters {
		switch {
		case i > 0 && s[i-1] == '+', i > 1 && goesOn(s[i-1]) && isDigit(s[i-2]), end+1 < len(s) && goesOn(s[end]) && isDigit(s[end+1]):
			return false
		}
	}
	return !inUUID(s, i, end)
}

// idLabelEnds has a bit for every two letters that a label or a filler ends with.
var idLabelEnds = makeIDLabelEnds()

func makeIDLabelEnds() (ends [32]uint32) {
	add := func(words []string) {
		for _, w := range words {
			ends[w[len(w)-2]&31] |= 1 << (w[len(w)-1] & 31)
		}
	}
	add(fillers)
	add(idLabels)
	for _, d := range idSchemes {
		add(d.labels)
	}
	return ends
}

// maybeLabelled is the quick way to say that nothing labels what begins at i.
func maybeLabelled(s string, i int) bool {
	end := labelEnd(s, i)
	// The last letter may be a part of its own: "S.S.N.".
	return end < i && end > 1 && (!inLabel(s[end-2]) || idLabelEnds[s[end-2]&31]>>(s[end-1]&31)&1 != 0)
}
