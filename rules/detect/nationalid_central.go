package detect

import (
	"bytes"
	"strings"
)

var (
	germanTax       = []string{"steuerid", "steueridnr", "steuernummer", "steueridentifikationsnummer", "identifikationsnummer", "idnr"}
	germanPension   = []string{"rvnr", "svnr", "vsnr", "rentenversicherungsnummer", "rentenversicherung", "sozialversicherungsnummer", "sozialversicherung", "versicherungsnummer"}
	germanHealth    = []string{"kvnr", "kvnummer", "egk", "krankenversichertennummer", "krankenversicherung", "versichertennummer", "versicherten"}
	germanDocuments = []string{"personalausweis", "personalausweisnummer", "ausweis", "ausweisnummer", "ausweisnr"}
	dutch           = []string{"bsn", "burgerservicenummer", "sofinummer", "sofi"}
	dutchDocuments  = []string{"identiteitskaart", "idkaart", "documentnummer"}
	belgian         = []string{"nn", "niss", "insz", "rijksregisternummer", "rijksregister", "rrn", "registrenational", "numeronational", "numéronational", "nationaalnummer"}
	polish          = []string{"pesel"}
	polishTax       = []string{"nip"}
	polishDocuments = []string{"dowod", "dowód", "dowodosobisty", "dowódosobisty", "dowodu", "numerdowodu"}
)

// centralIDs are the numbers of Germany, the Netherlands, Belgium and Poland.
var centralIDs = []idScheme{
	{strength: named, forms: []string{"99999999999", "99 999 999 999"}, valid: isSteuerID, labels: germanTax},

	{strength: marking, forms: []string{"99 999999 A 999", "99 999999 A 99 9", "99999999 A 999"}, valid: isRVNR, labels: germanPension},
	{strength: named, forms: []string{"99_999999_A_99_9", "999 99999 A 999"}, valid: isRVNR, labels: germanPension},

	{strength: named, forms: []string{"U999999999"}, valid: isKVNR, labels: germanHealth},
	{strength: weak, forms: []string{"A999999999"}, valid: isKVNR, labels: germanHealth},

	{strength: named, forms: []string{"VVVVVVVVV9", "WWWWWWWWW9", "VVVVVVVVV9U", "WWWWWWWWW9L"}, valid: isGermanMRZ, labels: germanDocuments, canonical: germanSerial},
	{strength: named, forms: []string{"UVVVVVVVV", "LWWWWWWWW"}, valid: seemsGermanSerial, labels: germanDocuments},
	{strength: weak, forms: []string{"UVVVVVVVV", "LWWWWWWWW"}, valid: isGermanSerial, labels: germanDocuments},

	{strength: named, forms: []string{"9999.99.999"}, valid: isBSN, labels: dutch},
	{strength: weak, forms: []string{"999999999", "99999999", "9999999", "999 999 999", "9999 99 999", "999.999.999"}, valid: isBSN, labels: dutch, canonical: bsn},
	{strength: weak, forms: []string{"AANNNNNN9"}, valid: isDutchDocument, labels: dutchDocuments},

	{strength: marking, forms: []string{"99.99.99-999.99", "999999-999.99"}, valid: isRijksregister, labels: belgian},
	{strength: named, forms: []string{"99 99 99 999 99", "99.99.99 999 99", "99.99.99.999.99", "99-99-99-999-99", "999999 999 99", "999999-999-99"}, valid: isRijksregister, labels: belgian},
	{strength: named, forms: []string{"99999999999"}, valid: datedRijksregister, labels: belgian},
	{strength: weak, forms: []string{"99999999999"}, valid: isRijksregister, labels: belgian},

	{strength: weak, forms: []string{"99999999999"}, valid: isPESEL, labels: polish},
	{strength: weak, forms: []string{"AAA999999", "AAA 999999"}, valid: isPolishCard, labels: polishDocuments},
	{strength: weak, forms: []string{"9999999999", "999-999-99-99", "999-99-99-999", "999 999 99 99"}, valid: isNIP, labels: polishTax},
}

// isSteuerID checks a German Identifikationsnummer (§ 139b AO; Bundeszentralamt für Steuern): of the first ten digits
// one stands there two or three times, not three times in a row, and no other more than once. The last is the check
// digit of ISO 7064 MOD 11,10.
func isSteuerID(n idNumber) bool {
	c := n.text()
	var times [10]int
	for _, b := range c[:10] {
		times[b-'0']++
	}
	repeated := 0
	for _, n := range times {
		switch {
		case n > 3:
			return false
		case n > 1:
			repeated++
		}
	}
	if c[0] == '0' || repeated != 1 {
		return false
	}
	for i := 2; i < 10; i++ {
		if c[i] == c[i-1] && c[i] == c[i-2] {
			return false
		}
	}
	p := 10
	for _, b := range c[:10] {
		if p = (p + int(b-'0')) % 10; p == 0 {
			p = 10
		}
		p = p * 2 % 11
	}
	return (p+int(c[10]-'0'))%10 == 1
}

// crossSum adds the digits of a number below 100.
func crossSum(n int) int { return n/10 + n%10 }

// lettered sums the cross sums of weighted digits, of which the letter at k is two: A is 01.
func lettered(c []byte, k int, weights ...int) (sum int) {
	at := 0
	add := func(d int) {
		sum += crossSum(d * weights[at])
		at++
	}
	for i, b := range c {
		if i == k {
			add(int(b-'A'+1) / 10)
			add(int(b-'A'+1) % 10)
		} else {
			add(int(b - '0'))
		}
	}
	return sum
}

// isRVNR checks a German Rentenversicherungsnummer (VKVV §§ 2 to 4): area, DDMMYY, first letter of the name at birth,
// serial number, check digit.
func isRVNR(n idNumber) bool {
	c := n.text()
	return atoi(c[:2]) > 1 && isDay(atoi(c[6:8]), atoi(c[4:6]), atoi(c[2:4])) &&
		lettered(c[:11], 8, 2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)%10 == int(c[11]-'0')
}

// isKVNR checks the part of a German Krankenversichertennummer that stays (§ 290 SGB V): letter, eight digits, check digit.
func isKVNR(n idNumber) bool {
	c := n.text()
	return lettered(c[:9], 0, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2)%10 == int(c[9]-'0')
}

// isGermanSerial reports whether nine characters are a serial number of an identity card or a passport. It has no check
// digit, and none of the letters that read like digits or make words; the authority's, with which it begins, is none of
// the digits either (Bundesministerium des Innern, personalausweisportal.de).
func isGermanSerial(n idNumber) bool {
	for _, b := range n.char[:9] {
		if isLetter(b) && strings.IndexByte("CFGHJKLMNPRTVWXYZ", b) < 0 {
			return false
		}
	}
	return isLetter(n.char[0]) && n.char[0] != 'Z'
}

// seemsGermanSerial asks for more where no label tells: mostly digits, and a letter behind one, as AB123456 has none.
func seemsGermanSerial(n idNumber) bool {
	digits, mixed := 0, false
	for _, b := range n.char[1:9] {
		if isDigit(b) {
			digits++
		} else if digits > 0 {
			mixed = true
		}
	}
	return mixed && digits > 4 && isGermanSerial(n)
}

// isGermanMRZ checks a serial number with the check digit that follows it in the machine readable zone (ICAO Doc 9303
// part 3, section 4.9), where the nationality, D, may follow. Until 2010 identity cards had digits only, and with them
// the D must stand.
func isGermanMRZ(n idNumber) bool {
	c := n.text()
	if len(c) == 11 && c[10] != 'D' || !isGermanSerial(n) && !(len(c) == 11 && allDigits(c[:9])) {
		return false
	}
	return weighted(c, 7, 3, 1, 7, 3, 1, 7, 3, 1)%10 == int(c[9]-'0')
}

func germanSerial(c []byte) []byte { return c[:9] }

// isBSN checks a Dutch burgerservicenummer with the elfproef. Zeros in front may be missing.
func isBSN(n idNumber) bool {
	c := n.text()
	sum, last := 0, len(c)-1
	for i, b := range c {
		w := last - i + 1
		if i == last {
			w = -1
		}
		sum += w * int(b-'0')
	}
	return sum%11 == 0 && !sameDigits(c)
}

// bsn puts back the zeros in front.
func bsn(c []byte) []byte {
	full := [9]byte{'0', '0', '0', '0', '0', '0', '0', '0', '0'}
	copy(full[len(full)-len(c):], c)
	return append(c[:0], full[:]...)
}

// isDutchDocument reports whether nine characters are the number of a Dutch passport or identity card (Rijksdienst voor
// Identiteitsgegevens, "Kenmerken paspoort"): it has no O, and no check digit.
func isDutchDocument(n idNumber) bool {
	c := n.text()
	return bytes.IndexByte(c, 'O') < 0
}

// isRijksregister checks a Belgian rijksregisternummer (royal decree of 3 April 1984) or BIS number: YYMMDD, serial number
// and 97 less the remainder of all that, with a 2 in front for those born from 2000 on, divided by 97. BIS numbers have
// 20 or 40 added to the month. Day and month may be unknown, which is 0.
func isRijksregister(n idNumber) bool {
	c := n.text()
	month := atoi(c[2:4])
	if month >= 40 {
		month -= 40
	} else if month >= 20 {
		month -= 20
	}
	day, first, check := atoi(c[4:6]), atoi(c[:9]), atoi(c[9:])
	return month <= 12 && day <= 31 && check > 0 && first > 0 && (97-first%97 == check || 97-(first+2_000_000_000)%97 == check)
}

// datedRijksregister is isRijksregister of a person whose birthday is known: digits alone must say more.
func datedRijksregister(n idNumber) bool {
	c := n.text()
	return isDay(atoi(c[:2]), atoi(c[2:4]), atoi(c[4:6])) && isRijksregister(n)
}

// isPESEL checks a Polish PESEL (ustawa o ewidencji ludności, article 15): YYMMDD, with 80, 20, 40 or 60 added to the month for
// births outside of the 1900s, serial number, check digit.
func isPESEL(n idNumber) bool {
	c := n.text()
	return isDay(atoi(c[:2]), atoi(c[2:4])%20, atoi(c[4:6])) && weighted(c, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)%10 == 0
}

// isPolishCard checks the number of a Polish identity card, whose first digit is the check digit.
func isPolishCard(n idNumber) bool {
	c := n.text()
	return weighted(c, 7, 3, 1, 9, 7, 3, 1, 7, 3)%10 == 0
}

// isNIP checks a Polish NIP, which is personal for who has a business of one's own.
func isNIP(n idNumber) bool {
	c := n.text()
	return c[0] != '0' && weighted(c, 6, 5, 7, 2, 3, 4, 5, 6, 7)%11 == int(c[9]-'0')
}
