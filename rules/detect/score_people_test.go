package detect

import (
	"fmt"
	"strings"
	"testing"
)

// personSamples are personal identity, tax and social security numbers of fourteen countries, made by the rules that
// their authorities publish.
func personSamples(t testing.TB) (all []sample) {
	r := newLot(3)
	for range 14 {
		for _, person := range people {
			label, number := person(r)
			part := "[national_id:" + number + "]"
			all = append(all, markedText(t, "", r.label(label, part)), markedText(t, "alone", r.wrap(part)))
		}
	}
	return all
}

// birth is a birthday in the 20th century.
type birth struct{ day, month, year int }

func (r lot) birth() birth { return birth{1 + r.IntN(28), 1 + r.IntN(12), 1930 + r.IntN(70)} }

// weighed is the sum of digits with weights.
func weighed(s string, weights ...int) (sum int) {
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return sum
}

// until draws until a number has its check digits.
func until(draw func() (string, bool)) string {
	for {
		if s, ok := draw(); ok {
			return s
		}
	}
}

// people make a number, and a label that says what it is.
var people = []func(lot) (label, number string){
	func(r lot) (string, string) { // Finland: Act 661/2009 and Decree 128/2010
		b := r.birth()
		date, serial := fmt.Sprintf("%02d%02d%02d", b.day, b.month, b.year%100), r.between(2, 899, 3)
		var n int
		fmt.Sscan(strings.TrimLeft(date+serial, "0"), &n)
		return r.of("hetu", "henkilotunnus"), date + "-" + serial + string("0123456789ABCDEFHJKLMNPRSTUVWXY"[n%31])
	},
	func(r lot) (string, string) { // Sweden: Skatteverket, SKV 704
		b := r.birth()
		s := fmt.Sprintf("%02d%02d%02d", b.year%100, b.month, b.day) + r.digits(3)
		s += luhnDigit(s)
		return r.of("personnummer", "pnr"), r.of("", fmt.Sprint(b.year/100)) + s[:6] + r.of("-", "") + s[6:]
	},
	func(r lot) (string, string) { // Norway: folkeregisterforskriften, section 2-2-1
		b := r.birth()
		return r.of("fodselsnummer", "fnr"), until(func() (string, bool) {
			s := fmt.Sprintf("%02d%02d%02d", b.day, b.month, b.year%100) + r.between(0, 499, 3)
			k1 := (11 - weighed(s, 3, 7, 6, 1, 8, 9, 4, 5, 2)%11) % 11
			s += fmt.Sprint(k1)
			k2 := (11 - weighed(s, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2)%11) % 11
			return s + fmt.Sprint(k2), k1 < 10 && k2 < 10
		})
	},
	func(r lot) (string, string) { // Denmark: CPR-kontoret, Personnummeret i CPR
		b := r.birth()
		return "cpr", until(func() (string, bool) {
			s := fmt.Sprintf("%02d%02d%02d", b.day, b.month, b.year%100) + r.between(0, 3999, 4)
			return s[:6] + "-" + s[6:], weighed(s, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)%11 == 0
		})
	},
	func(r lot) (string, string) { // Germany: section 139b AO; ISO/IEC 7064, MOD 11,10
		ten := r.tenWithOneTwice()
		product := 10
		for _, c := range ten {
			if product = (product + int(c-'0')) % 10; product == 0 {
				product = 10
			}
			product = product * 2 % 11
		}
		s := ten + fmt.Sprint((11-product)%10)
		return r.of("steuerid", "steuer_id", "idnr"), r.of(s, inGroups(s, " ", 2, 3, 3, 3))
	},
	func(r lot) (string, string) { // Netherlands: Wet algemene bepalingen burgerservicenummer, the eleven test
		return "bsn", until(func() (string, bool) {
			s := r.digits(9)
			return s, s[0] != '0' && weighed(s, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
		})
	},
	func(r lot) (string, string) { // Belgium: Royal Decree of 3 April 1984
		b := r.birth()
		s := fmt.Sprintf("%02d%02d%02d", b.year%100, b.month, b.day) + r.between(1, 997, 3)
		var n int
		fmt.Sscan(strings.TrimLeft(s, "0"), &n)
		s += fmt.Sprintf("%02d", 97-n%97)
		return r.of("rijksregisternummer", "insz", "niss"), r.of(s, s[:2]+"."+s[2:4]+"."+s[4:6]+"-"+s[6:9]+"."+s[9:])
	},
	func(r lot) (string, string) { // France: INSEE, the NIR and its key
		b := r.birth()
		s := r.of("1", "2") + fmt.Sprintf("%02d%02d", b.year%100, b.month) + r.between(1, 19, 2) + r.between(1, 900, 3) + r.between(1, 999, 3)
		var n int
		fmt.Sscan(s, &n)
		s += fmt.Sprintf("%02d", 97-n%97)
		return r.of("nir", "secu"), r.of(s, inGroups(s, " ", 1, 2, 2, 2, 3, 3, 2))
	},
	func(r lot) (string, string) { // Spain: Real Decreto 1553/2005 and its letter
		const letters = "TRWAGMYFPDXBNJZSQVHLCKE"
		first := r.of("", "", "X", "Y", "Z")
		s, n := r.digits(8-len(first)), 0
		fmt.Sscan(strings.TrimLeft(fmt.Sprint(max(0, strings.Index("XYZ", first)))+s, "0"), &n)
		return map[bool]string{true: "dni", false: "nie"}[first == ""], first + s + r.of("", "-") + string(letters[n%23])
	},
	func(r lot) (string, string) { // Italy: Decree of the Minister of Finance of 12 March 1974
		b := r.birth()
		const consonants, months = "BCDFGLMNPRSTVZ", "ABCDEHLMPRST"
		s := r.from(consonants, 6) + fmt.Sprintf("%02d%c%02d", b.year%100, months[b.month-1], b.day+r.IntN(2)*40) + r.of("A", "B", "D", "F", "H", "L") + r.between(100, 999, 3)
		odd := [...]int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23}
		sum := 0
		for i := range len(s) {
			v := int(s[i] - '0')
			if s[i] >= 'A' {
				v = int(s[i] - 'A')
			}
			if i%2 == 0 {
				v = odd[v]
			}
			sum += v
		}
		return r.of("codice_fiscale", "codicefiscale"), s + string(rune('A'+sum%26))
	},
	func(r lot) (string, string) { // Poland: Act of 24 September 2010, article 15
		b := r.birth()
		s := fmt.Sprintf("%02d%02d%02d", b.year%100, b.month, b.day) + r.digits(4)
		return "pesel", s + fmt.Sprint((10-weighed(s, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3)%10)%10)
	},
	func(r lot) (string, string) { // United Kingdom: HMRC, National Insurance Manual NIM39110
		s := r.of("AB", "CE", "EG", "HJ", "JK", "LM", "PR", "SY", "WX") + r.digits(6) + r.of("A", "B", "C", "D")
		return r.of("nino", "national_insurance"), r.of(s, inGroups(s, " ", 2, 2, 2, 2, 1))
	},
	func(r lot) (string, string) { // United Kingdom: NHS Data Dictionary, NHS NUMBER
		return r.of("nhs", "nhs_number"), until(func() (string, bool) {
			s := r.of("4", "6", "7", "9") + r.digits(8)
			check := 11 - weighed(s, 10, 9, 8, 7, 6, 5, 4, 3, 2)%11
			s += fmt.Sprint(check % 11)
			return r.of(s, inGroups(s, " ", 3, 3, 4)), check != 10
		})
	},
	func(r lot) (string, string) { // United States: 20 CFR 422.103
		return r.of("ssn", "social_security"), r.of(r.between(1, 665, 3), r.between(667, 899, 3)) + "-" + r.between(1, 99, 2) + "-" + r.between(1, 9999, 4)
	},
	func(r lot) (string, string) { // Brazil: Receita Federal, Instrução Normativa 1548/2015
		s := r.digits(9)
		for range 2 {
			sum := 0
			for i := range len(s) {
				sum += int(s[i]-'0') * (len(s) + 1 - i)
			}
			s += fmt.Sprint(sum * 10 % 11 % 10)
		}
		return "cpf", r.of(s, s[:3]+"."+s[3:6]+"."+s[6:9]+"-"+s[9:])
	},
}

// tenWithOneTwice draws ten digits of which one occurs twice and the others once or never, none of them a zero in front.
func (r lot) tenWithOneTwice() string {
	return until(func() (string, bool) {
		p := r.Perm(10)
		p[r.IntN(9)] = p[9]
		s := ""
		for _, d := range p {
			s += fmt.Sprint(d)
		}
		return s, s[0] != '0'
	})
}
