package detect

import "strings"

var (
	french = []string{
		"nir", "insee", "numeroinsee", "numéroinsee", "numerosecuritesociale", "securitesociale", "sécuritésociale", "numerosecu", "secu", "sécu", "nss",
		"numérodesécuritésociale", "numerodesecuritesociale",
	}
	frenchTax        = []string{"spi", "numerofiscal", "numérofiscal", "numspi", "numfiscal", "nif", "impots", "impôts", "referencefiscale"}
	spanish          = []string{"dni", "nif", "nie", "dninie", "documentonacional", "documentonacionaldeidentidad"}
	spanishSocial    = []string{"nuss", "naf", "nss", "seguridadsocial", "afiliacion", "afiliación"}
	italian          = []string{"cf", "codicefiscale", "codfiscale", "codfisc", "codicefisc"}
	italianDocuments = []string{"cie", "cartaidentita", "cartaidentità", "cartadidentita", "cartadidentità", "cartadiidentità"}
	brazilian        = []string{"cpf", "cpfcnpj", "cadastrodepessoasfisicas"}
)

// latinIDs are the numbers of France, Spain, Italy and Brazil.
var latinIDs = []idScheme{
	{strength: marking, forms: []string{"9 99 99 NN 999 999 99", "9-99-99-NN-999-999-99", "9.99.99.NN.999.999.99"}, valid: isNIR, labels: french},
	{strength: named, forms: []string{"9 99 99 NN999 999 99", "9-99-99-NN999-999-99", "9 99 99 NN 999 999-99", "99999NN999999 99"}, valid: isNIR, labels: french},
	{strength: named, forms: []string{"99999NN99999999"}, valid: ordinaryNIR, labels: french},
	{strength: weak, forms: []string{"99999NN99999999", "99999NN999999", "9 99 99 NN 999 999"}, valid: isNIR, labels: french},
	{strength: named, forms: []string{"99 99 999 999 999"}, valid: isSPI, labels: frenchTax},
	{strength: weak, forms: []string{"9999999999999"}, valid: isSPI, labels: frenchTax},

	{strength: marking, forms: []string{"99999999-A", "99.999.999-A", "99.999.999A"}, valid: undatedDNI, labels: spanish},
	{strength: named, forms: []string{"99999999A", "99999999 A", "99999999-A"}, valid: isDNI, labels: spanish},
	{strength: marking, forms: []string{"A-9999999-A", "A9999999-A", "A-9999999A"}, valid: isNIE, labels: spanish},
	{strength: named, forms: []string{"A9999999A", "A 9999999 A", "A-9.999.999-A"}, valid: isNIE, labels: spanish},
	{strength: named, forms: []string{"99 99999999 99", "99-99999999-99", "99/99999999/99", "99/9999999999", "99 9999999999", "99 9999999 999"}, valid: isNUSS, labels: spanishSocial},
	{strength: weak, forms: []string{"999999999999"}, valid: isNUSS, labels: spanishSocial},

	{strength: marking, forms: []string{"AAAAAANNANNANNNA", "AAA AAA NNANN ANNNA", "AAA AAA NNANN ANNN A"}, valid: isCodiceFiscale, labels: italian},
	{strength: named, forms: []string{"AA99999AA"}, valid: unchecked, labels: italianDocuments},
	{strength: weak, forms: []string{"AA9999999", "AA 9999999"}, valid: unchecked, labels: italianDocuments},

	{strength: marking, forms: []string{"999.999.999-99"}, valid: isCPF, labels: brazilian},
	{strength: named, forms: []string{"999999999-99", "999.999.999.99", "999.999.999/99"}, valid: isCPF, labels: brazilian},
	{strength: weak, forms: []string{"99999999999", "999 999 999 99", "999-999-999-99"}, valid: isCPF, labels: brazilian},
}

// unchecked passes numbers that have no check.
func unchecked(idNumber) bool { return true }

// isNIR checks a French numéro de sécurité sociale (décret 82-103, INSEE): sex, YYMM of birth, department and commune,
// order number, and a key, which may be missing: 97 less the remainder of all that divided by 97. Corsica is 2A and 2B,
// which count as 19 and 18. Months over 12 stand for papers that did not say.
func isNIR(n idNumber) bool {
	c := n.text()
	month := atoi(c[3:5])
	if strings.IndexByte("123478", c[0]) < 0 || !(1 <= month && month <= 12 || month == 20 || 30 <= month && month <= 42 || month >= 50) {
		return false
	}
	var digits [13]byte
	copy(digits[:], c)
	if c[6] == 'A' || c[6] == 'B' {
		if c[5] != '2' {
			return false
		}
		digits[5], digits[6] = '1', '9'-(c[6]-'A')
	}
	if !allDigits(digits[:]) || string(digits[5:7]) == "00" || string(digits[10:13]) == "000" {
		return false
	}
	return len(c) == len(digits) || 97-atoi(digits[:])%97 == atoi(c[13:])
}

// ordinaryNIR is isNIR of who was born in a month that is known: 15 digits alone must say more.
func ordinaryNIR(n idNumber) bool {
	c := n.text()
	return (c[0] == '1' || c[0] == '2') && atoi(c[3:5]) <= 12 && isNIR(n)
}

// isSPI checks a French numéro fiscal: the last three digits are the remainder of the first ten divided by 511 (OECD,
// "Information on Tax Identification Numbers: France").
func isSPI(n idNumber) bool {
	c := n.text()
	return c[0] <= '3' && atoi(c[:10])%511 == atoi(c[10:])
}

// dniLetters are the check letters of a Spanish DNI, by the remainder of its number divided by 23 (Ministerio del
// Interior, "Cálculo del dígito de control del NIF/NIE").
const dniLetters = "TRWAGMYFPDXBNJZSQVHLCKE"

func isDNI(n idNumber) bool {
	c := n.text()
	number := atoi(c[:8])
	return number > 0 && dniLetters[number%23] == c[8]
}

// undatedDNI is isDNI where the digits are no date with a letter behind it.
func undatedDNI(n idNumber) bool {
	c := n.text()
	century := atoi(c[:2])
	return isDNI(n) && !((century == 19 || century == 20) && isDay(atoi(c[2:4]), atoi(c[4:6]), atoi(c[6:8])))
}

// isNIE checks a Spanish NIE, whose X, Y or Z counts as 0, 1 or 2, and the NIF of persons who have neither that nor a
// DNI, which begins with K, L or M (Real Decreto 1065/2007, articles 19 and 20).
func isNIE(n idNumber) bool {
	c := n.text()
	number := atoi(c[1:8])
	switch c[0] {
	case 'X', 'Y', 'Z':
		number += int(c[0]-'X') * 10_000_000
	case 'K', 'L', 'M':
	default:
		return false
	}
	return number > 0 && dniLetters[number%23] == c[8]
}

// isNUSS checks a Spanish número de la Seguridad Social: province, number, and the remainder of both divided by 97, where
// a number of less than eight digits stands without its zero.
func isNUSS(n idNumber) bool {
	c := n.text()
	province, number := atoi(c[:2]), atoi(c[2:10])
	all := province*100_000_000 + number
	if number < 10_000_000 {
		all = province*10_000_000 + number
	}
	return (1 <= province && province <= 53 || province == 66) && number > 0 && all%97 == atoi(c[10:])
}

// isCodiceFiscale checks an Italian codice fiscale (D.M. 23 dicembre 1976): six letters of the name, year, month and day
// of birth, place of birth, check character. Persons whose codes would be the same have letters in place of digits
// (omocodia).
func isCodiceFiscale(n idNumber) bool {
	c := n.text()
	const omocodia = "LMNPQRSTUV"
	const months = "ABCDEHLMPRST"
	var d [16]byte
	copy(d[:], c)
	for _, i := range [...]int{6, 7, 9, 10, 12, 13, 14} {
		if k := strings.IndexByte(omocodia, c[i]); k >= 0 {
			d[i] = '0' + byte(k)
		}
		if !isDigit(d[i]) {
			return false
		}
	}
	day := atoi(d[9:11])
	if day > 40 {
		day -= 40 // women
	}
	month := strings.IndexByte(months, c[8]) + 1
	return isDay(atoi(d[6:8]), month, day) && (c[11] <= 'M' || c[11] == 'Z') && fiscalCheck(c[:15]) == c[15]
}

// fiscalCheck returns the check character: characters at odd places, counted from one, have values of their own.
func fiscalCheck(c []byte) byte {
	odd := [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
	sum := 0
	for i, b := range c {
		v := int(b - 'A')
		if isDigit(b) {
			v = int(b - '0')
		}
		if i%2 == 0 {
			v = odd[v]
		}
		sum += v
	}
	return 'A' + byte(sum%26)
}

// isCPF checks a Brazilian CPF with its two check digits modulo 11 (Receita Federal).
func isCPF(n idNumber) bool {
	c := n.text()
	digit := func(sum int) int { return sum * 10 % 11 % 10 }
	return !sameDigits(c) && digit(weighted(c, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == int(c[9]-'0') &&
		digit(weighted(c, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)) == int(c[10]-'0')
}
