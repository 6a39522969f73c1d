package detect

import "strings"

var ibanNeeds = []Hint{hasDigit | hasLetter}

// findIBANs anchors on what all begin with: two letters and two digits. One of the digits is at every second place.
func findIBANs(dst []Span, s string, _ set, _ *dialling) []Span {
	for i := 2; i < len(s); i += 2 {
		if !isDigit(s[i]) {
			continue
		}
		from := i - 2
		if isDigit(s[i-1]) {
			from--
		}
		if from < 0 || !isLetter(s[from]) || !isLetter(s[from+1]) {
			continue
		}
		if end := ibanEnd(s, from); end > 0 {
			dst = append(dst, Span{Start: from, End: end, Kind: IBAN, Canonical: canonicalIBAN(s[from:end])})
			i = end
		}
	}
	return dst
}

// ibanEnd returns where the IBAN ends that begins at i; 0 if none does. It has the length and the structure of its
// country, is right by its check digits and written in one case, in one piece or in groups with one separator. Groups of
// other than four characters (the print format of ISO 13616-1) are in upper case.
func ibanEnd(s string, i int) int {
	bban := bbanOf(s[i], s[i+1])
	if bban == "" || len(s)-i < ibanHead+len(bban) || !isDigit(s[i+2]) || !isDigit(s[i+3]) || !ibanBegins(s, i) {
		return 0
	}
	var m mod97
	lower := s[i] & 0x20
	var sep byte
	end := i + ibanHead
	for k := range len(bban) {
		if end < len(s) && holds(ibanSeps, s[end]) && (sep == 0 || s[end] == sep) && (lower == 0 || k%4 == 0) {
			sep = s[end]
			end++
		}
		if end == len(s) || !fitsClass(s[end], bban[k], lower) {
			return 0
		}
		m.add(s[end])
		end++
	}
	for _, c := range []byte(s[i : i+ibanHead]) {
		m.add(c)
	}
	// The check digits are 98 less a remainder by 97 (ISO 13616-1), so they are never 00, 01 or 99.
	if check := s[i+2 : i+4]; m != 1 || check < "02" || check > "98" || wordAfter(s, end) {
		return 0
	}
	return end
}

const (
	ibanHead = len("GB82")
	ibanSeps = " -._"
)

// ibanBegins reports whether an IBAN may begin at i: its letters have one case and are glued to nothing but the word
// itself. What follows the mark of a token is one, and "no" before digits is the word.
func ibanBegins(s string, i int) bool {
	if (s[i]^s[i+1])&0x20 != 0 || strings.HasPrefix(s[i:], "no") || s[i]&0x20 != 0 && strings.HasSuffix(s[:i], "psn_") {
		return false
	}
	const word = "iban"
	return !wordBefore(s, i) || hasFold(s, i-len(word), word) && !wordBefore(s, i-len(word))
}

// fitsClass reports whether c is of the class, n, a or c as the registry of ISO 13616-2 names them; letters in the case
// of lower.
func fitsClass(c, class, lower byte) bool {
	if isDigit(c) {
		return class != 'a'
	}
	return class != 'n' && isLetter(c) && c&0x20 == lower
}

// mod97 is the remainder by 97 of the digits and letters added to it, A being 10 and Z 35 (ISO/IEC 7064).
type mod97 int

func (m *mod97) add(c byte) {
	if isDigit(c) {
		*m = (*m*10 + mod97(c-'0')) % 97
	} else {
		*m = (*m*100 + mod97(c|0x20-'a') + 10) % 97
	}
}

// canonicalIBAN is the electronic format: in upper case, without separators.
func canonicalIBAN(s string) string {
	var all [maxIBAN]byte
	n := 0
	for _, c := range []byte(s) {
		if isLetter(c) {
			c &^= 0x20
		}
		if isWord(c) {
			all[n] = c
			n++
		}
	}
	return string(all[:n])
}

const maxIBAN = 34 // ISO 13616-1

// bbans are the structures of the domestic numbers, a class for each character, by the letters of the country.
var bbans = expand(registry + unregistered)

func bbanOf(a, b byte) string { return bbans[a|0x20-'a'][b|0x20-'a'] }

// expand reads a table of countries with their structures: GB4a14n is Britain with four letters, then 14 digits.
func expand(table string) (bbans [26][26]string) {
	for _, entry := range strings.Fields(table) {
		var bban strings.Builder
		count := 0
		for _, c := range []byte(entry[2:]) {
			if isDigit(c) {
				count = count*10 + int(c-'0')
				continue
			}
			bban.WriteString(strings.Repeat(string(c), count))
			count = 0
		}
		bbans[entry[0]-'A'][entry[1]-'A'] = bban.String()
	}
	return bbans
}

// registry is the IBAN registry of SWIFT, which keeps it for ISO 13616-2: n are digits, a letters, c both. Parts of the
// same class are one here.
const registry = `
AD8n12c AE19n AL8n16c AT16n AZ4a20c BA16n BE12n BG4a6n8c BH4a14c BI23n BR23n1a1c BY4c4n16c CH5n12c CR18n CY8n16c CZ20n
DE18n DJ23n DK14n DO4c20n EE16n EG25n ES20n FI14n FK2a12n FO14n FR10n11c2n GB4a14n GE2a16n GI4a15c GL14n GR7n16c GT24c
HN4a20n HR17n HU24n IE4a14n IL19n IQ4a15n IS22n IT1a10n12c JO4a4n18c KW4a22c KZ3n13c LB4n20c LC4a24c LI5n12c LT16n
LU3n13c LV4a13c LY21n MC10n11c2n MD20c ME18n MK3n10c2n MN16n MR23n MT4a5n18c MU4a19n3a NI4a20n NL4a10n NO11n OM3n16c
PK4a16c PL24n PS4a21c PT21n QA4a21c RO4a16c RS18n RU14n15c SA2n18c SC4a20n3a SD14n SE20n SI15n SK20n SM1a10n12c SO19n
ST21n SV4a20n TL19n TN20n TR6n16c UA6n19c VA18n VG4a16n XK16n YE4a4n18c`

// unregistered are countries whose banks give out such numbers without being in the registry.
const unregistered = `
AO21n BF2c22n BJ2c22n CF23n CG23n CI2a22n CM23n CV21n DZ22n GA23n GQ23n GW2c19n IR22n KM23n MA24n MG23n ML2c22n MZ21n
NE2a22n SN2a22n TD23n TG2a22n`
