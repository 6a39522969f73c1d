package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// idTest makes valid numbers of a scheme by its rule, as letters and digits, without the code that checks them.
type idTest struct {
	name string
	make func(r *rand.Rand) string
	// The forms, with a # for each letter or digit: those that say what they are, those that a rule must name, and those
	// that need a label.
	marking, named, weak []string
	labels               []string
	valid                func(idNumber) bool
	// blind are the digits of which the check does not see every change, noCheck says that there is none.
	blind   []int
	noCheck bool
}

var idTests = []idTest{
	{
		name: "henkilötunnus", make: func(r *rand.Rand) string {
			ten := drawBirthday(r, "dmy") + fmt.Sprintf("%03d", 2+r.IntN(898))
			return ten[:6] + "-" + ten[6:] + string("0123456789ABCDEFHJKLMNPRSTUVWXY"[decimalOf(ten)%31])
		},
		marking: []string{"###########"}, labels: []string{"hetu", "henkilotunnus", "Henkilötunnus", "personal_identity_code"}, valid: isHetu,
	},
	{
		name: "henkilötunnus of 2023", make: func(r *rand.Rand) string {
			ten := drawBirthday(r, "dmy") + fmt.Sprintf("%03d", 2+r.IntN(898))
			return ten[:6] + string("+UVWXYABCDEF"[r.IntN(12)]) + ten[6:] + string("0123456789ABCDEFHJKLMNPRSTUVWXY"[decimalOf(ten)%31])
		},
		marking: []string{"###########"}, labels: []string{"hetu"}, valid: isHetu,
	},
	{
		name: "personnummer", make: func(r *rand.Rand) string { return withLuhn(drawBirthday(r, "ymd") + drawDigits(r, 3)) },
		marking: []string{"######-####", "######+####", "19######-####"}, named: []string{"19##########"}, weak: []string{"##########", "###### ####"},
		labels: []string{"personnummer", "pnr", "person-nr"}, valid: isPersonnummer,
	},
	{
		name: "samordningsnummer", make: func(r *rand.Rand) string {
			b := drawBirthday(r, "ymd")
			return withLuhn(b[:4] + fmt.Sprint(decimalOf(b[4:])+60) + drawDigits(r, 3))
		},
		marking: []string{"######-####", "######+####", "19######-####"}, named: []string{"19##########"}, weak: []string{"##########"},
		labels: []string{"samordningsnummer", "tax_id"}, valid: isPersonnummer,
	},
	{
		name: "fødselsnummer", make: func(r *rand.Rand) string { return fodselsnummer(r, 0) },
		marking: []string{"###### #####"}, named: []string{"###########", "######-#####"}, labels: []string{"fodselsnummer", "Fødselsnummer", "fnr"}, valid: isFodselsnummer,
	},
	{
		name: "D-nummer", make: func(r *rand.Rand) string { return fodselsnummer(r, 40) },
		marking: []string{"###### #####"}, named: []string{"###########"}, labels: []string{"D-nummer", "d_nr"}, valid: isFodselsnummer,
	},
	{
		name: "CPR until 2007", make: func(r *rand.Rand) string {
			return drawWeighted(r, drawBirthday(r, "dmy")+"###", 11, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
		},
		marking: []string{"######-####"}, weak: []string{"##########", "###### ####"}, labels: []string{"cpr", "CPR-nr"}, valid: checkedCPR,
	},
	{
		name: "CPR", make: func(r *rand.Rand) string { return drawBirthday(r, "dmy") + drawDigits(r, 4) },
		named: []string{"######-####"}, weak: []string{"##########"}, labels: []string{"cpr"}, valid: isCPR, noCheck: true,
	},
	{
		name: "Steuer-ID", make: steuerID, named: []string{"###########", "## ### ### ###"}, labels: []string{"steuerid", "Steuer-IdNr", "IdNr", "tax_id"}, valid: isSteuerID,
	},
	{
		name: "Rentenversicherungsnummer", make: rentenversicherung, marking: []string{"## ###### # ###"}, named: []string{"############"},
		labels: []string{"rvnr", "SVNR", "Sozialversicherung"}, valid: isRVNR, blind: []int{4}, // weighs 7, and 2 times 8 counts as none does
	},
	{
		name: "Krankenversichertennummer", make: func(r *rand.Rand) string {
			letter := 1 + r.IntN(26)
			nine := fmt.Sprintf("%02d", letter) + drawDigits(r, 8)
			sum := 0
			for i := range nine {
				d := int(nine[i]-'0') * (1 + i%2)
				sum += d/10 + d%10
			}
			return string(rune('A'+letter-1)) + nine[2:] + fmt.Sprint(sum%10)
		},
		named: []string{"##########"}, labels: []string{"kvnr", "eGK-Nummer"}, valid: isKVNR,
	},
	{
		name: "German document", make: func(r *rand.Rand) string {
			serial := drawOne(r, "CFGHJKLMNPRTVWXY") + drawDigits(r, 2) + drawOne(r, "CFGHJKLMNPRTVWXYZ") + drawDigits(r, 5)
			sum := 0
			for i := range serial {
				sum += icaoValue(serial[i]) * []int{7, 3, 1}[i%3]
			}
			return serial + fmt.Sprint(sum%10)
		},
		named: []string{"##########", "##########D"}, labels: []string{"personalausweis", "ausweis_nr"}, valid: isGermanMRZ,
	},
	{
		name: "BSN", make: func(r *rand.Rand) string { return drawWeighted(r, "########", 11, 9, 8, 7, 6, 5, 4, 3, 2, -1) },
		named: []string{"####.##.###"}, weak: []string{"#########"}, labels: []string{"bsn", "burgerservicenummer", "ssn"}, valid: isBSN,
	},
	{
		name: "rijksregisternummer", make: func(r *rand.Rand) string { return rijksregister(r, 0) },
		marking: []string{"##.##.##-###.##", "######-###.##"}, named: []string{"## ## ## ### ##", "###########"}, labels: []string{"nn", "niss", "insz", "rijksregister-nummer"},
		valid: isRijksregister, noCheck: true, // a change may pass for the other century
	},
	{
		name: "rijksregisternummer of this century", make: func(r *rand.Rand) string { return rijksregister(r, 2_000_000_000) },
		marking: []string{"##.##.##-###.##"}, named: []string{"###########"}, labels: []string{"rrn"}, valid: isRijksregister, noCheck: true,
	},
	{
		name: "PESEL", make: func(r *rand.Rand) string {
			b := drawBirthday(r, "ymd")
			month := decimalOf(b[2:4]) + []int{0, 20, 40, 60, 80}[r.IntN(5)]
			return drawWeighted(r, b[:2]+fmt.Sprintf("%02d", month)+b[4:]+"####", 10, 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)
		},
		weak: []string{"###########"}, labels: []string{"pesel", "PESEL nr", "identity_card", "national_id"}, valid: isPESEL,
	},
	{
		name: "dowód osobisty", make: func(r *rand.Rand) string {
			letters, last := drawOne(r, capitalLetters)+drawOne(r, capitalLetters)+drawOne(r, capitalLetters), drawDigits(r, 5)
			sum := 7*icaoValue(letters[0]) + 3*icaoValue(letters[1]) + icaoValue(letters[2])
			for i, w := range []int{7, 3, 1, 7, 3} {
				sum += w * int(last[i]-'0')
			}
			return letters + fmt.Sprint(sum%10) + last // 9 is -1
		},
		weak: []string{"#########", "### ######"}, labels: []string{"dowod", "id_card"}, valid: isPolishCard,
	},
	{
		name: "NIP", make: func(r *rand.Rand) string {
			return drawWeighted(r, "1########", 11, 6, 5, 7, 2, 3, 4, 5, 6, 7, -1)
		},
		weak: []string{"##########", "###-###-##-##"}, labels: []string{"nip", "NIP"}, valid: isNIP,
	},
	{
		name: "NIR", make: func(r *rand.Rand) string { return nir(r, fmt.Sprintf("%02d", 1+r.IntN(95)), "") },
		marking: []string{"# ## ## ## ### ### ##", "#-##-##-##-###-###-##"}, named: []string{"###############", "#-##-##-#####-###-##"},
		labels: []string{"nir", "insee", "Numéro de sécurité sociale"}, valid: isNIR,
	},
	{
		name: "NIR of Corsica", make: func(r *rand.Rand) string {
			if r.IntN(2) == 0 {
				return nir(r, "2A", "19")
			}
			return nir(r, "2B", "18")
		},
		marking: []string{"# ## ## ## ### ### ##"}, named: []string{"###############"}, labels: []string{"nir"}, valid: isNIR,
	},
	{
		name: "numéro fiscal", make: func(r *rand.Rand) string {
			ten := fmt.Sprint(r.IntN(4)) + drawDigits(r, 9)
			return ten + fmt.Sprintf("%03d", decimalOf(ten)%511)
		},
		named: []string{"## ## ### ### ###"}, weak: []string{"#############"}, labels: []string{"spi", "numero fiscal", "Numéro fiscal"}, valid: isSPI,
	},
	{
		name: "DNI", make: func(r *rand.Rand) string {
			n := 21_000_000 + r.IntN(78_000_000)
			return fmt.Sprint(n) + string("TRWAGMYFPDXBNJZSQVHLCKE"[n%23])
		},
		marking: []string{"########-#", "##.###.###-#"}, named: []string{"#########"}, labels: []string{"dni", "nif", "DNI número"}, valid: isDNI,
	},
	{
		name: "NIE", make: func(r *rand.Rand) string {
			first, seven := r.IntN(3), drawDigits(r, 7)
			return string("XYZ"[first]) + seven + string("TRWAGMYFPDXBNJZSQVHLCKE"[decimalOf(fmt.Sprint(first)+seven)%23])
		},
		marking: []string{"#-#######-#", "########-#"}, named: []string{"#########"}, labels: []string{"nie", "identity_card"}, valid: isNIE,
	},
	{
		name: "NIF of who has no DNI", make: func(r *rand.Rand) string {
			seven := drawDigits(r, 7)
			return drawOne(r, "KLM") + seven + string("TRWAGMYFPDXBNJZSQVHLCKE"[decimalOf(seven)%23])
		},
		marking: []string{"#-#######-#"}, named: []string{"#########"}, labels: []string{"nif"}, valid: isNIE,
	},
	{
		name: "NUSS", make: func(r *rand.Rand) string {
			ten := fmt.Sprintf("%02d", 1+r.IntN(52)) + fmt.Sprint(10_000_000+r.IntN(90_000_000))
			return ten + fmt.Sprintf("%02d", decimalOf(ten)%97)
		},
		named: []string{"## ######## ##", "##-########-##"}, weak: []string{"############"}, labels: []string{"nuss", "seguridad social", "naf"},
		valid: isNUSS, blind: []int{2}, // a zero there is none
	},
	{
		name: "codice fiscale", make: func(r *rand.Rand) string { return codiceFiscale(r, false) },
		marking: []string{"################", "### ### ##### #####"}, labels: []string{"cf", "codice_fiscale", "taxCode"}, valid: isCodiceFiscale,
	},
	{
		name: "codice fiscale, omocodia", make: func(r *rand.Rand) string { return codiceFiscale(r, true) },
		marking: []string{"################"}, labels: []string{"cf"}, valid: isCodiceFiscale,
	},
	{
		name: "CPF", make: func(r *rand.Rand) string {
			for {
				n := drawDigits(r, 9)
				for range 2 {
					sum := 0
					for i := range n {
						sum += (len(n) + 1 - i) * int(n[i]-'0')
					}
					n += fmt.Sprint(sum * 10 % 11 % 10)
				}
				if n[9] != '0' { // two remainders share it, and the other check digit does not see the first digit
					return n
				}
			}
		},
		marking: []string{"###.###.###-##"}, named: []string{"#########-##"}, weak: []string{"###########"}, labels: []string{"cpf", "CPF number"}, valid: isCPF,
	},
	{
		name: "NHS number", make: func(r *rand.Rand) string { return drawWeighted(r, "4########", 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1) },
		named: []string{"### ### ####"}, weak: []string{"##########", "###-###-####"}, labels: []string{"nhs", "NHS number", "nhs_no"}, valid: isNHS,
	},
	{
		name: "NINO", make: func(r *rand.Rand) string {
			return drawOne(r, "ABCEGHJKLMNOPRSTWXY") + drawOne(r, "ACEHJLMPRSWXYZ") + drawDigits(r, 6) + drawOne(r, "ABCD")
		},
		marking: []string{"## ## ## ## #"}, named: []string{"#########"}, labels: []string{"nino", "NI number", "National Insurance"}, valid: isNINO, noCheck: true,
	},
	{
		name: "UTR", make: func(r *rand.Rand) string {
			nine := drawDigits(r, 9)
			sum := 0
			for i, w := range []int{6, 7, 8, 9, 10, 5, 4, 3, 2} {
				sum += w * int(nine[i]-'0')
			}
			return string("21987654321"[sum%11]) + nine
		},
		named: []string{"##########K", "### ### ### #"}, weak: []string{"##########", "##### #####", "000##########"}, labels: []string{"utr", "taxReference"}, valid: isUTR, noCheck: true, // two remainders share a digit
	},
	{
		name: "SSN", make: func(r *rand.Rand) string {
			return fmt.Sprintf("%03d%02d%04d", 1+r.IntN(665), 13+r.IntN(87), 1+r.IntN(9999))
		},
		marking: []string{"###-##-####"}, named: []string{"### ## ####"}, weak: []string{"#########"}, labels: []string{"ssn", "SSN", "Social Security Number"}, valid: isSSN, noCheck: true,
	},
	{
		name: "ITIN", make: func(r *rand.Rand) string {
			return "9" + drawDigits(r, 2) + fmt.Sprint(70+r.IntN(19)) + "5" + drawDigits(r, 3)
		},
		marking: []string{"###-##-####"}, named: []string{"###-######"}, weak: []string{"#########"}, labels: []string{"itin", "tin"}, valid: isITIN, noCheck: true,
	},
	{
		name: "MBI", make: func(r *rand.Rand) string {
			const letters = "ACDEFGHJKMNPQRTUVWXY"
			return "1" + drawOne(r, letters) + drawOne(r, letters+"0123456789") + drawDigits(r, 1) + drawOne(r, letters) + drawOne(r, letters+"0123456789") + drawDigits(r, 1) +
				drawOne(r, letters) + drawOne(r, letters) + drawDigits(r, 2)
		},
		marking: []string{"####-###-####"}, named: []string{"###########"}, labels: []string{"mbi", "medicare_id"}, valid: isMBI, noCheck: true,
	},
}

// spellID writes a number in a form.
func spellID(n, form string) string {
	out := ""
	for _, c := range form {
		if c == '#' {
			out, n = out+n[:1], n[1:]
		} else {
			out += string(c)
		}
	}
	return out
}

// idWrappers hold an identifier that a number is part of.
var idWrappers = []string{"%s", "conf-%s", "user_%s", "%s@customer", "patient/%s/1", "dev:%s:web", "label=%s&v=1", "urn:x:%s", `{"x":"%s"}`, "(%s)", "It is %s."}

func TestNationalIDSchemes(t *testing.T) {
	r := rand.New(rand.NewPCG(2026, 11))
	found := func(kind Kind, format, id string) bool {
		s := fmt.Sprintf(format, id)
		spans := Find(nil, s, kind)
		return len(spans) == 1 && s[spans[0].Start:spans[0].End] == id
	}
	for _, c := range idTests {
		t.Run(c.name, func(t *testing.T) {
			for range 50 {
				n := c.make(r)
				for i, form := range slices.Concat(c.marking, c.named, c.weak) {
					id := spellID(n, form)
					marking, named := i < len(c.marking), i < len(c.marking)+len(c.named)
					for _, w := range idWrappers {
						if marking && !found(markedNationalID, w, id) {
							t.Errorf("any does not find "+w, id)
						}
						if named && !found(NationalID, w, id) {
							t.Errorf("national_id does not find "+w, id)
						}
						if !marking && found(markedNationalID, w, id) && !someMarking(id) {
							t.Errorf("any finds "+w, id)
						}
					}
					for _, label := range c.labels {
						for _, w := range []string{"%s", "%s@customer", "%s&v=1", `%s"`} {
							for _, gap := range []string{"=", ": ", ":", `":"`, " number is "} {
								if format := label + gap + w; !found(markedNationalID, format, id) {
									t.Errorf("any does not find "+format, id)
								}
							}
						}
					}
				}
			}
		})
	}
}

// someMarking reports whether a number has by chance a form that says what it is: a CPR may be a personnummer, too.
func someMarking(id string) bool {
	return slices.ContainsFunc(idSchemes, func(d idScheme) bool {
		return d.strength == marking && len(id) < 17 && d.valid(readID(id)) && formed(d, id)
	})
}

func formed(d idScheme, id string) bool {
	return slices.ContainsFunc(d.forms, func(form string) bool {
		if len(form) != len(id) {
			return false
		}
		for i := range len(id) {
			if idSymbols[form[i]]>>idClasses[id[i]]&1 == 0 {
				return false
			}
		}
		return true
	})
}

// Every number that differs in one digit is refused, where the check promises that.
func TestNationalIDMutations(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2026))
	for _, c := range idTests {
		t.Run(c.name, func(t *testing.T) {
			refused := 0
			for range 200 {
				n := c.make(r)
				if !c.valid(readID(n)) {
					t.Fatalf("%s is refused", n)
				}
				for i := range len(n) {
					for d := byte('0'); d <= '9'; d++ {
						if !isDigit(n[i]) || d == n[i] {
							continue
						}
						other := n[:i] + string(d) + n[i+1:]
						if !c.valid(readID(other)) {
							refused++
						} else if !c.noCheck && !slices.Contains(c.blind, i) {
							t.Errorf("%s became %s and is taken", n, other)
						}
					}
				}
			}
			if refused == 0 && !c.noCheck {
				t.Error("nothing is ever refused")
			}
		})
	}
}

// The examples with which those who give the numbers, or who describe them, explain them.
func TestNationalIDExamples(t *testing.T) {
	for _, c := range []struct{ id, source string }{
		{"640823-3234", "Skatteverket, SKV 704"},
		{"070761-4285", "CPR-kontoret, Personnummeret i CPR"},
		{"86095742719", "Bundeszentralamt für Steuern, ELSTER: Prüfung der Steuer- und Steueridentifikationsnummer"},
		{"47036892816", "the same"},
		{"65929970489", "the same: one digit three times"},
		{"15070649C103", "Deutsche Rentenversicherung, Versicherungsnummer"},
		{"65 180539 W 001", "Deutsche Rentenversicherung, specimen of the Sozialversicherungsausweis"},
		{"A123456780", "GKV-Spitzenverband, Krankenversichertennummer nach § 290 SGB V"},
		{"93.05.18-223.61", "Wikipedia, Rijksregisternummer"},
		{"2 55 08 14 168 025 38", "Assurance Maladie, specimen of the carte Vitale"},
		{"12345678Z", "Ministerio del Interior, Cálculo del dígito de control del NIF/NIE"},
		{"RSSMRA85T10A562S", "Agenzia delle Entrate, specimen of the tessera sanitaria"},
		{"pesel 44051401359", "Wikipedia, PESEL"},
		{"dowod ABA300000", "Wikipedia, Dowód osobisty"},
		{"nip 123-456-32-18", "Wikipedia, NIP"},
		{"943 476 5919", "NHS Data Dictionary, NHS number"},
		{"1EG4-TE5-MK73", "CMS, Understanding the MBI"},
		{"111.444.777-35", "Receita Federal, cálculo dos dígitos do CPF"},
	} {
		if spans := Find(nil, c.id, NationalID); len(spans) != 1 || spans[0].End != len(c.id) {
			t.Errorf("%q (%s): %+v", c.id, c.source, spans)
		}
	}
}

// Every row of the table is there for something: the automaton knows its forms, and some number of the tests passes it.
func TestNationalIDTable(t *testing.T) {
	if len(idSchemes) >= 1<<8 || len(flatten(idSchemes)) >= 1<<8 {
		t.Fatal("a scheme and a form are a byte in the automaton")
	}
	for _, d := range idSchemes {
		if d.valid == nil || len(d.labels) == 0 || len(d.forms) == 0 {
			t.Errorf("%v", d.forms)
		}
		for _, form := range d.forms {
			chars := 0
			for i := range len(form) {
				if idSymbols[form[i]] == 0 {
					t.Errorf("%q has a %q", form, form[i])
				}
				if idSymbols[form[i]]&(1<<idDigit|1<<idUpper|1<<idLower|1<<idPlus) != 0 {
					chars++
				}
			}
			if chars > longestID {
				t.Errorf("%q has %d letters and digits", form, chars)
			}
		}
		for _, label := range d.labels {
			if strings.ToLower(label) != label || len(label) < 2 || len(label) > longestLabel || strings.ContainsAny(label, " _-.") {
				t.Errorf("label %q", label)
			}
		}
	}
}
