package detect

import "slices"

// The classes of bytes that forms tell apart.
const (
	idDigit uint8 = iota
	idUpper
	idLower
	idSpace
	idDash
	idDot
	idSlash
	idPlus
	idOther
	idClassCount
)

var idClasses = makeIDClasses()

func makeIDClasses() (t [256]uint8) {
	for b := range t {
		switch c := byte(b); {
		case isDigit(c):
			t[b] = idDigit
		case isCapital(c):
			t[b] = idUpper
		case isLetter(c):
			t[b] = idLower
		case c == ' ':
			t[b] = idSpace
		case c == '-':
			t[b] = idDash
		case c == '.':
			t[b] = idDot
		case c == '/':
			t[b] = idSlash
		case c == '+':
			t[b] = idPlus
		default:
			t[b] = idOther
		}
	}
	return t
}

// idSymbols are the characters of forms, each with the classes of bytes that it stands for.
var idSymbols = [256]uint16{
	'9': 1 << idDigit,
	'A': 1<<idUpper | 1<<idLower, 'N': 1<<idDigit | 1<<idUpper | 1<<idLower,
	'U': 1 << idUpper, 'V': 1<<idDigit | 1<<idUpper,
	'L': 1 << idLower, 'W': 1<<idDigit | 1<<idLower,
	' ': 1 << idSpace, '-': 1 << idDash, '.': 1 << idDot, '/': 1 << idSlash, '+': 1 << idPlus,
	'_': 1<<idSpace | 1<<idDash | 1<<idDot, // or nothing
}

// idWords tells of a byte whether it makes a word of digits, of letters, or none.
var idWords = makeIDWords()

func makeIDWords() (t [256]uint8) {
	for b := range t {
		if isDigit(byte(b)) {
			t[b] = 1
		} else if isLetter(byte(b)) {
			t[b] = 2
		}
	}
	return t
}

// The automaton. A state is what may still come of what was read; the one of which nothing can is 0. Those where a
// number may end are marked with idEnds, and idForms holds the schemes whose number that is.
const (
	idStart = uint16(1)
	idEnds  = uint16(1) << 15
)

var idNext, idForms = makeIDStates(flatten(idSchemes))

// idForm is one form of a scheme.
type idForm struct {
	scheme uint8
	text   string
}

func flatten(schemes []idScheme) (forms []idForm) {
	for i, d := range schemes {
		for _, text := range d.forms {
			forms = append(forms, idForm{uint8(i), text})
		}
	}
	return forms
}

// idPlace is a place in a form, before one of its characters.
type idPlace struct{ form, at uint8 }

// makeIDStates makes the automaton that reads all forms at once, by the subset construction: a state is the set of the
// places that one may have come to.
func makeIDStates(forms []idForm) (next [][idClassCount]uint16, schemes [][]uint8) {
	// reach adds a place to a set, and those behind optional separators.
	reach := func(set []idPlace, p idPlace) []idPlace {
		for {
			if !slices.Contains(set, p) {
				set = append(set, p)
			}
			if text := forms[p.form].text; int(p.at) == len(text) || text[p.at] != '_' {
				return set
			}
			p.at++
		}
	}
	var start []idPlace
	for f := range forms {
		start = reach(start, idPlace{uint8(f), 0})
	}
	sets := [][]idPlace{nil, start}
	known := map[string]uint16{}
	for state := 0; state < len(sets); state++ {
		var to [idClassCount]uint16
		var ending []uint8
		for class := range idClassCount {
			var set []idPlace
			var key []byte
			ends := uint16(0)
			for _, p := range sets[state] {
				text := forms[p.form].text
				if int(p.at) < len(text) && idSymbols[text[p.at]]>>class&1 != 0 {
					set = reach(set, idPlace{p.form, p.at + 1})
				}
			}
			for _, p := range set {
				key = append(key, p.form, p.at)
				if int(p.at) == len(forms[p.form].text) {
					ends = idEnds
				}
			}
			if set == nil {
				continue
			}
			if known[string(key)] == 0 {
				known[string(key)] = uint16(len(sets)) | ends
				sets = append(sets, set)
			}
			to[class] = known[string(key)]
		}
		for _, p := range sets[state] {
			if f := forms[p.form]; int(p.at) == len(f.text) && !slices.Contains(ending, f.scheme) {
				ending = append(ending, f.scheme)
			}
		}
		next, schemes = append(next, to), append(schemes, ending)
	}
	return next, schemes
}

// beginnings tells with which words that have a digit a number may begin, by what they consist of and how long they are.
// It saves the automaton most words.
type beginnings struct {
	// whole has a bit for each length of words that are the number, of a scheme of some strength or more.
	whole [marking + 1][4]uint32
	// goesOn has a bit for each separator and the class of what stands behind it, by the length of the word.
	goesOn [4][longestID + 1]uint16
}

// followed is the bit of goesOn for a separator and the digit, capital or small letter behind it.
func followed(sep, class uint8) uint16 { return 1 << (3*(sep-idSpace) + class) }

var idBegins = makeIDBeginnings()

// makeIDBeginnings asks the automaton.
func makeIDBeginnings() (b beginnings) {
	type word struct {
		state uint16
		kind  uint8
	}
	step := func(state uint16, class uint8) uint16 { return idNext[state][class] &^ idEnds }
	words := map[word]bool{{idStart, 0}: true}
	for n := 1; len(words) > 0; n++ {
		longer := map[word]bool{}
		for w := range words {
			for class, kind := range [...]uint8{idDigit: 1, idUpper: 2, idLower: 2} {
				if state := step(w.state, uint8(class)); state != 0 {
					longer[word{state, w.kind | kind}] = true
				}
			}
		}
		for w := range longer {
			for sep := idSpace; sep < idOther; sep++ {
				for class := range idSpace {
					if step(step(w.state, sep), class) != 0 {
						b.goesOn[w.kind][n] |= followed(sep, class)
					}
				}
			}
			for _, scheme := range idForms[w.state] {
				for least := range idSchemes[scheme].strength + 1 {
					b.whole[least][w.kind] |= 1 << n
				}
			}
		}
		words = longer
	}
	return b
}

// has reports whether a number may begin with the word s[i:end].
func (b *beginnings) has(s string, i, end int, kind uint8, least idStrength) bool {
	n := end - i
	if n > longestID {
		return false
	}
	if b.whole[least][kind]>>n&1 != 0 {
		return true
	}
	if on := b.goesOn[kind][n]; on != 0 && end+1 < len(s) {
		sep, class := idClasses[s[end]], idClasses[s[end+1]]
		if sep < idOther && class < idSpace && on&followed(sep, class) != 0 {
			return true
		}
	}
	return b.whole[weak][kind]>>n&1 != 0 && maybeLabelled(s, i)
}
