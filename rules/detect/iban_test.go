package detect

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
)

func TestIBAN(t *testing.T) {
	finds{
		{"GB42ABCD12345612345678", []string{`iban "GB42ABCD12345612345678"`}},
		{"GB42 ABCD 1234 5612 3456 78", []string{`iban "GB42 ABCD 1234 5612 3456 78" GB42ABCD12345612345678`}},
		{"GB42-ABCD-1234-5612-3456-78", []string{`iban "GB42-ABCD-1234-5612-3456-78" GB42ABCD12345612345678`}},
		{"GB42.ABCD.1234.5612.3456.78", []string{`iban "GB42.ABCD.1234.5612.3456.78" GB42ABCD12345612345678`}},
		{"GB42 ABCD 123456 12345678", []string{`iban "GB42 ABCD 123456 12345678" GB42ABCD12345612345678`}},
		{"gb42abcd12345612345678", []string{`iban "gb42abcd12345612345678" GB42ABCD12345612345678`}},
		{"gb42 abcd 1234 5612 3456 78", []string{`iban "gb42 abcd 1234 5612 3456 78" GB42ABCD12345612345678`}},
		{"iban:DE58123456780123456789", []string{`iban "DE58123456780123456789"`}},
		{"IBANDE58123456780123456789", []string{`iban "DE58123456780123456789"`}},
		{"acct_DE58123456780123456789_2", []string{`iban "DE58123456780123456789"`}},
		{"acct-DE58 1234 5678 0123 4567 89", []string{`iban "DE58 1234 5678 0123 4567 89" DE58123456780123456789`}},
		{"pay:DE58 1234 5678 0123 4567 89:eur", []string{`iban "DE58 1234 5678 0123 4567 89" DE58123456780123456789`}},
		{"customer_FR6212345123450ABCDEFGHIJ12/1", []string{`iban "FR6212345123450ABCDEFGHIJ12"`}},
		{"the iban is IT21 X 12345 12345 ABCDEFGHIJKL, thanks", []string{`iban "IT21 X 12345 12345 ABCDEFGHIJKL" IT21X1234512345ABCDEFGHIJKL`}},
		{"NO28 1234 5678 901 X", []string{`iban "NO28 1234 5678 901" NO2812345678901`}},
		{"NO2812345678901 NL48ABCD1234567890", []string{`iban "NO2812345678901"`, `iban "NL48ABCD1234567890"`}},
		{"LC39ABCD123456789012345678901234", []string{`iban "LC39ABCD123456789012345678901234"`}},
	}.run(t, Any...)
	nothing(t, Any,
		"GB42ABCD12345612345679", "GB42ABCD1234561234567", "GB42ABCD123456123456789", "GB42 abcd 1234 5612 3456 78", "gB42ABCD12345612345678",
		"GB42ABCd12345612345678", "GB421BCD12345612345678", "GB42ABCD1234561234567A", "XGB42ABCD12345612345678", "GB42ABCD12345612345678é",
		"GB42  ABCD 1234 5612 3456 78", "GB42 ABCD-1234 5612-3456 78", "GB 42 ABCD 1234 5612 3456 78", "GB42/ABCD/1234/5612/3456/78",
		"gb42 abcd 123456 12345678", "G B42ABCD12345612345678", "ZZ42ABCD12345612345678", "GB42ABCD12345612345678\x00"[:21], "GB42", "GB42 ABCD 1234 ",
		"order no2812345678901", "psn_gb42abcd12345612345678", "GB42\x00ABCD12345612345678", "DE58 1234 5678 0123 4567 8",
	)
}

// lengths are those of the registry, written down apart from the structures: country, then how many characters.
const lengths = `
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22
GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31
MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24
XK20 YE30
AO25 BF28 BJ28 CF27 CG27 CI28 CM27 CV25 DZ26 GA27 GQ27 GW25 IR26 KM27 MA28 MG27 ML28 MZ25 NE28 SN28 TD27 TG28`

// TestEveryCountry makes an IBAN of every country from its structure, with check digits of another implementation, and
// damages it in every way that the scheme promises to see.
func TestEveryCountry(t *testing.T) {
	countries := 0
	for a := range bbans {
		for b, bban := range bbans[a] {
			if bban == "" {
				continue
			}
			countries++
			cc := string([]byte{'A' + byte(a), 'A' + byte(b)})
			if size := fmt.Sprint(cc, ibanHead+len(bban)); !slices.Contains(strings.Fields(lengths), size) {
				t.Errorf("%s is not what is written down", size)
			}
			if ibanHead+len(bban) > maxIBAN {
				t.Errorf("%s is too long", cc)
			}
			for _, letter := range []byte("7Q") { // what stands where both letters and digits may
				iban := makeIBAN(cc, fill(bban, letter))
				var groups []string
				for g := range slices.Chunk([]byte(iban), 4) {
					groups = append(groups, string(g))
				}
				for _, in := range []string{iban, strings.Join(groups, " "), strings.Join(groups, "-"), "acct_" + iban + "/1", "IBAN" + iban} {
					if got := Find(nil, in, Any...); len(got) != 1 || got[0].Kind != IBAN || got[0].Canonical != iban {
						t.Errorf("%q: %v", in, got)
					}
				}
				if lower := strings.ToLower(iban); cc != "NO" && !slices.ContainsFunc(Find(nil, lower, IBAN), func(sp Span) bool { return sp.Canonical == iban }) {
					t.Errorf("%q is not found", lower)
				}
				refused(t, []byte(iban), isFound(IBAN))
				nothing(t, []Kind{IBAN}, iban[:len(iban)-1], iban+"0", iban+"A", cc+" "+iban[2:])
			}
		}
	}
	if want := len(strings.Fields(lengths)); countries != want {
		t.Errorf("%d countries, want %d", countries, want)
	}
}

// fill makes a domestic number of that structure.
func fill(bban string, either byte) string {
	var b strings.Builder
	for i, class := range []byte(bban) {
		switch class {
		case 'n':
			b.WriteByte('0' + byte(i*7+3)%10)
		case 'a':
			b.WriteByte('A' + byte(i*5)%26)
		case 'c':
			b.WriteByte(either)
		}
	}
	return b.String()
}

// makeIBAN computes the check digits with one large number, as ISO 13616-1 describes it.
func makeIBAN(cc, bban string) string {
	var digits strings.Builder
	for _, c := range []byte(bban + cc + "00") {
		if isDigit(c) {
			digits.WriteByte(c)
		} else {
			fmt.Fprint(&digits, c-'A'+10)
		}
	}
	n, _ := new(big.Int).SetString(digits.String(), 10)
	return fmt.Sprintf("%s%02d%s", cc, 98-n.Mod(n, big.NewInt(97)).Int64(), bban)
}
