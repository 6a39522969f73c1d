package detect

import (
	"slices"
	"strings"
)

var (
	finnish   = []string{"hetu", "henkilotunnus", "henkilötunnus", "personbeteckning", "sotu", "sosiaaliturvatunnus"}
	swedish   = []string{"personnummer", "personnr", "pnr", "samordningsnummer", "samordningsnr"}
	norwegian = []string{"fodselsnummer", "fødselsnummer", "foedselsnummer", "fodselsnr", "fødselsnr", "fnr", "dnummer", "dnr", "personnummer", "personnr"}
	danish    = []string{"cpr", "personnummer", "personnr"}
)

// nordicIDs are the numbers of Finland, Sweden, Norway and Denmark: a birthday, a serial number and a check.
var nordicIDs = []idScheme{
	{strength: marking, forms: []string{"999999A999N", "999999+999N", "999999-999A"}, valid: isHetu, labels: finnish, canonical: hetu},
	{strength: marking, forms: []string{"999999-9999"}, valid: timeless(isHetu), labels: finnish, canonical: hetu},
	{strength: named, forms: []string{"999999-9999"}, valid: isHetu, labels: finnish, canonical: hetu},

	{strength: marking, forms: []string{"999999+9999"}, valid: isPersonnummer, labels: swedish, canonical: personnummer},
	{strength: marking, forms: []string{"999999-9999", "99999999-9999"}, valid: timeless(isPersonnummer), labels: swedish, canonical: personnummer},
	{strength: named, forms: []string{"999999-9999", "99999999-9999"}, valid: isPersonnummer, labels: swedish, canonical: personnummer},
	{strength: named, forms: []string{"999999999999"}, valid: timeless(isPersonnummer), labels: swedish, canonical: personnummer},
	{strength: weak, forms: []string{"9999999999", "999999999999", "999999 9999"}, valid: isPersonnummer, labels: swedish, canonical: personnummer},

	{strength: marking, forms: []string{"999999 99999"}, valid: isFodselsnummer, labels: norwegian},
	{strength: named, forms: []string{"99999999999", "999999-99999"}, valid: isFodselsnummer, labels: norwegian},

	{strength: marking, forms: []string{"999999-9999"}, valid: timeless(checkedCPR), labels: danish},
	{strength: named, forms: []string{"999999-9999"}, valid: isCPR, labels: danish},
	{strength: weak, forms: []string{"9999999999", "999999 9999"}, valid: isCPR, labels: danish},
}

// timeless makes a check pass only what is no moment. Twelve digits begin with the century.
func timeless(valid func(idNumber) bool) func(idNumber) bool {
	return func(n idNumber) bool {
		c := n.text()
		moment := isMoment(c[len(c)-10:]) && (len(c) == 10 || string(c[:2]) == "20")
		return !moment && valid(n)
	}
}

// hetuSigns say the century of birth: + is 1800, - and U to Y are 1900, A to F are 2000. Those but +, - and A are of 2023
// (government decree 690/2022).
const hetuSigns = "+UVWXYABCDEF"

// hetuChecks are the check characters of a henkilötunnus, by the remainder of its digits divided by 31.
const hetuChecks = "0123456789ABCDEFHJKLMNPRSTUVWXY"

// isHetu checks a Finnish henkilötunnus: DDMMYY, sign, serial number from 002, check character. The dash, which is no
// part of c, is a sign, too. Serial numbers from 900 are temporary.
func isHetu(n idNumber) bool {
	c := n.text()
	if len(c) == 11 && strings.IndexByte(hetuSigns, c[6]) < 0 {
		return false
	}
	day, month, year := atoi(c[:2]), atoi(c[2:4]), atoi(c[4:6])
	serial := c[len(c)-4 : len(c)-1]
	all := atoi(c[:6])*1000 + atoi(serial)
	return isDay(year, month, day) && atoi(serial) > 1 && hetuChecks[all%31] == c[len(c)-1]
}

// hetu puts the dash back: it says the century.
func hetu(c []byte) []byte {
	if len(c) == 10 {
		return slices.Insert(c, 6, '-')
	}
	return c
}

// isPersonnummer checks a Swedish personnummer (folkbokföringslagen 1991:481, 18 §) or samordningsnummer: [CC]YYMMDD,
// serial number, Luhn over the last ten digits. A samordningsnummer has 60 added to the day; day and month may be
// unknown, which is 0 (Skatteverket, SKV 707).
func isPersonnummer(n idNumber) bool {
	c := n.text()
	if len(c) == 12 {
		if century := atoi(c[:2]); century < 18 || century > 20 {
			return false
		}
		c = c[2:]
	}
	var ten [10]byte // without a plus
	copy(ten[:], c[:6])
	copy(ten[6:], c[len(c)-4:])
	year, month, day := atoi(ten[:2]), atoi(ten[2:4]), atoi(ten[4:6])
	coordination := day >= 60 && day <= 60+31 && month <= 12
	return (coordination || isDay(year, month, day)) && luhn(ten[:])
}

// personnummer is one for both lengths where that is certain. Ten digits have a dash up to the year in which one becomes
// 100 years old and a plus from then on. What is written from 2025 to 2040 has a dash if one was born from 1941 to 2024,
// and a plus if before 1925; for other years the sign depends on the day, and twelve digits stay.
func personnummer(c []byte) []byte {
	if len(c) != 12 {
		return c
	}
	switch year := atoi(c[:4]); {
	case year < 1925:
		copy(c, c[2:8])
		c[6] = '+'
		copy(c[7:], c[8:])
		return c[:11]
	case year > 1940 && year < 2025:
		return c[2:]
	}
	return c
}

// isFodselsnummer checks a Norwegian fødselsnummer or D-nummer (folkeregisterforskriften 2017-07-14-1201, § 2-2-1): DDMMYY,
// three digits, two check digits modulo 11. A D-nummer has 4 added to its first digit.
func isFodselsnummer(n idNumber) bool {
	c := n.text()
	day, month, year := atoi(c[:2]), atoi(c[2:4]), atoi(c[4:6])
	if day > 40 {
		day -= 40
	}
	return isDay(year, month, day) &&
		weighted(c, 3, 7, 6, 1, 8, 9, 4, 5, 2, 1)%11 == 0 && weighted(c, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}

// isCPR checks a Danish personnummer: DDMMYY and a serial number, whose first digit tells the century (CPR-kontoret,
// "Personnummeret i CPR").
func isCPR(n idNumber) bool {
	c := n.text()
	day, month, year := atoi(c[:2]), atoi(c[2:4]), atoi(c[4:6])
	if year == 0 && c[6] < '4' {
		year = 1 // 1900 was no leap year
	}
	return isDay(year, month, day)
}

// checkedCPR is isCPR with the check digit modulo 11, which numbers given since 2007 need not have.
func checkedCPR(n idNumber) bool {
	c := n.text()
	return isCPR(n) && weighted(c, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
}
