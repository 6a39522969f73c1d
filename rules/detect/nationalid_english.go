package detect

import "strings"

var (
	britishHealth   = []string{"nhs", "chinumber"}
	britishNINO     = []string{"nino", "ni", "nationalinsurance"}
	britishTax      = []string{"utr", "uniquetaxpayerreference", "taxreference", "trn", "sautr"}
	americanSocial  = []string{"ssn", "socialsec", "itin"}
	americanMedical = []string{"mbi", "medicare", "medicarebeneficiary", "medicarebeneficiaryidentifier"}
)

// englishIDs are the numbers of the United Kingdom and the United States.
var englishIDs = []idScheme{
	{strength: named, forms: []string{"999 999 9999"}, valid: untrunkedNHS, labels: britishHealth},
	{strength: named, forms: []string{"999-999-9999"}, valid: unlikePhone, labels: britishHealth},
	{strength: weak, forms: []string{"9999999999", "999 999 9999", "999-999-9999"}, valid: isNHS, labels: britishHealth},

	{strength: marking, forms: []string{"AA 99 99 99 A", "AA-99-99-99-A", "AA.99.99.99.A"}, valid: isNINO, labels: britishNINO},
	{strength: named, forms: []string{"AA999999A", "AA 999999 A"}, valid: isNINO, labels: britishNINO},
	{strength: weak, forms: []string{"AA999999", "AA 99 99 99"}, valid: isNINO, labels: britishNINO},

	{strength: named, forms: []string{"9999999999A", "999 999 999 9"}, valid: isUTR, labels: britishTax, canonical: utr},
	{strength: weak, forms: []string{"9999999999", "99999 99999", "9999999999999"}, valid: isUTR, labels: britishTax, canonical: utr},

	{strength: marking, forms: []string{"999-99-9999"}, valid: undatedSSN, labels: americanSocial},
	{strength: named, forms: []string{"999-99-9999", "999 99 9999"}, valid: isSSN, labels: americanSocial},
	{strength: named, forms: []string{"999-999999"}, valid: isITIN, labels: americanSocial},
	{strength: weak, forms: []string{"999999999", "99999-9999", "999.99.9999", "999-999999"}, valid: isSSN, labels: americanSocial},

	{strength: marking, forms: []string{"9UV9-UV9-UU99"}, valid: isMBI, labels: americanMedical},
	{strength: named, forms: []string{"9AN9-AN9-AA99", "9AN9AN9AA99", "9AN9 AN9 AA99"}, valid: isMBI, labels: americanMedical},
}

// isNHS checks a British NHS number (NHS Data Dictionary): nine digits and a check digit modulo 11.
func isNHS(n idNumber) bool {
	c := n.text()
	return weighted(c, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1)%11 == 0 && !sameDigits(c)
}

// untrunkedNHS is isNHS of what has no zero in front, as phone numbers of many countries have.
func untrunkedNHS(n idNumber) bool {
	c := n.text()
	return c[0] != '0' && isNHS(n)
}

// unlikePhone is isNHS of what is no number of North America, which people write in the same groups: neither the area
// nor the exchange begins with 0 or 1 there (NANPA).
func unlikePhone(n idNumber) bool {
	c := n.text()
	return isNHS(n) && (c[0] < '2' || c[3] < '2')
}

// isNINO checks the letters of a British National Insurance number (HMRC, NIM39110). There is no check digit.
func isNINO(n idNumber) bool {
	c := n.text()
	const neither = "DFIQUV"
	if strings.IndexByte(neither, c[0]) >= 0 || strings.IndexByte(neither, c[1]) >= 0 || c[1] == 'O' {
		return false
	}
	switch string(c[:2]) {
	case "BG", "GB", "KN", "NK", "NT", "TN", "ZZ":
		return false
	}
	return len(c) == 8 || c[8] <= 'D'
}

// isUTR checks a British unique taxpayer reference, whose first digit is the check digit. A K may follow it, and in 13
// digits the last ten are the reference (HMRC).
func isUTR(n idNumber) bool {
	c := n.text()
	if len(c) == 11 && c[10] != 'K' {
		return false
	}
	c = utr(c)
	return "21987654321"[weighted(c, 0, 6, 7, 8, 9, 10, 5, 4, 3, 2)%11] == c[0]
}

func utr(c []byte) []byte {
	if len(c) == 13 {
		return c[3:]
	}
	return c[:10]
}

// isSSN checks an American social security number (SSA, POMS RM 10201.035): there is no area 000, 666 or 9xx, no group
// 00, no serial number 0000, and two numbers were made public. 9xx are the taxpayer numbers of who has none.
func isSSN(n idNumber) bool {
	c := n.text()
	area := atoi(c[:3])
	switch string(c) {
	case "078051120", "219099999":
		return false
	}
	return isITIN(n) || 0 < area && area < 900 && area != 666 && atoi(c[3:5]) > 0 && atoi(c[5:]) > 0 && !sameDigits(c)
}

// undatedSSN is isSSN of what does not end with a month and a year.
func undatedSSN(n idNumber) bool {
	c := n.text()
	century := atoi(c[5:7])
	return isSSN(n) && !((century == 19 || century == 20) && atoi(c[3:5]) <= 12)
}

// isITIN checks an American individual taxpayer identification number (IRS): 9xx, and a group of those in use.
func isITIN(n idNumber) bool {
	c := n.text()
	group := atoi(c[3:5])
	return c[0] == '9' && (50 <= group && group <= 65 || 70 <= group && group <= 88 || 90 <= group && group <= 92 || 94 <= group)
}

// isMBI checks an American Medicare Beneficiary Identifier (CMS, "Understanding the MBI"): it has none of the letters S,
// L, O, I, B and Z, and no check digit.
func isMBI(n idNumber) bool {
	c := n.text()
	for _, b := range c {
		if strings.IndexByte("SLOIBZ", b) >= 0 {
			return false
		}
	}
	return c[0] != '0'
}
