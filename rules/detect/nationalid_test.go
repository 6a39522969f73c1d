package detect

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var markedIDs = []Kind{markedNationalID}

func TestMarkedNationalID(t *testing.T) {
	finds{
		// The sign and the check character of a henkilötunnus say what it is; the sign of a century stays.
		{"conf-010150-101A", nil}, // the check character is another
		{"conf-010150-101L", []string{`national_id "010150-101L"`}},
		{"user_010150a101l", []string{`national_id "010150a101l" 010150A101L`}},
		{"patient/010150Y101L/1", []string{`national_id "010150Y101L"`}},
		{"010150+101L@customer", []string{`national_id "010150+101L"`}},
		{"{\"id\":\"010150-101L\"}", []string{`national_id "010150-101L"`}},
		{"urn:person:010150-101L", []string{`national_id "010150-101L"`}},
		{"dev:010150-101L:web", []string{`national_id "010150-101L"`}},
		{"010150-101L-1", []string{`national_id "010150-101L"`}},
		{"1739812345678-010150-101L", []string{`national_id "010150-101L"`}},

		{"conf-640823-3234", []string{`national_id "640823-3234" 6408233234`}},
		{"19640823-3234@customer", []string{`national_id "19640823-3234" 6408233234`}},
		{"user_210911+0789", []string{`national_id "210911+0789"`}},
		{"070761-4285", []string{`national_id "070761-4285" 0707614285`}},

		{"user_91 02 14 123 45", nil}, // pairs of digits may be a list
		{"user_93.05.18-223.61", []string{`national_id "93.05.18-223.61" 93051822361`}},
		{"930518-223.61", []string{`national_id "930518-223.61" 93051822361`}},
		{"65 180539 W 001", []string{`national_id "65 180539 W 001" 65180539W001`}},
		{"12345678-z", []string{`national_id "12345678-z" 12345678Z`}},
		{"2 55 08 14 168 025 38", []string{`national_id "2 55 08 14 168 025 38" 255081416802538`}},
		{"2-55-08-14-168-025-38", []string{`national_id "2-55-08-14-168-025-38" 255081416802538`}},
		{"conf-RSSMRA85T10A562S", []string{`national_id "RSSMRA85T10A562S"`}},
		{"RSS MRA 85T10 A562S", []string{`national_id "RSS MRA 85T10 A562S" RSSMRA85T10A562S`}},
		{"conf-rssmra85t10a562s", []string{`national_id "rssmra85t10a562s" RSSMRA85T10A562S`}},
		{"patient/111.444.777-35/1", []string{`national_id "111.444.777-35" 11144477735`}},
		{"111.444.777-35-2", nil}, // a longer number
		{"GH 12 34 56 C@customer", []string{`national_id "GH 12 34 56 C" GH123456C`}},
		{"is GH 12 34 56 C", []string{`national_id "GH 12 34 56 C" GH123456C`}},
		{"user_536-22-1234", []string{`national_id "536-22-1234" 536221234`}},
		{"user_1EG4-TE5-MK73", []string{`national_id "1EG4-TE5-MK73" 1EG4TE5MK73`}},

		// Two in one text, and one behind what looks like the beginning of one.
		{"010150-101L,640823-3234", []string{`national_id "010150-101L"`, `national_id "640823-3234" 6408233234`}},
		{"AB 640823-3234", []string{`national_id "640823-3234" 6408233234`}},
		{"12 34 640823-3234", []string{`national_id "640823-3234" 6408233234`}},
	}.run(t, markedIDs...)
}

// A label makes numbers that prove little by themselves personal.
func TestLabelledNationalID(t *testing.T) {
	finds{
		{"ssn=536221234&v=1", []string{`national_id "536221234"`}},
		{`{"ssn":"536221234"}`, []string{`national_id "536221234"`}},
		{`{\"ssn\": \"536221234\"}`, []string{`national_id "536221234"`}},
		{"<ssn>536221234</ssn>", []string{`national_id "536221234"`}},
		{"Social Security Number: 536 22 1234", []string{`national_id "536 22 1234" 536221234`}},
		{"bsn:111222333", []string{`national_id "111222333"`}},
		{"bsn:11122233", nil},
		{"sofinummer 1112.22.333", []string{`national_id "1112.22.333" 111222333`}},
		{"hetu=010150-101L&v=1", []string{`national_id "010150-101L"`}},
		{"Here's my henkilötunnus 010150-101L.", []string{`national_id "010150-101L"`}},
		{"My personal identity code is: 010150-101L. Thank you.", []string{`national_id "010150-101L"`}},
		{"pnr:6408233234", []string{`national_id "6408233234"`}},
		{"personnummer 196408233234", []string{`national_id "196408233234" 6408233234`}},
		{"fnr=01010750160", []string{`national_id "01010750160"`}},
		{"cpr=0707614285", []string{`national_id "0707614285"`}},
		{"cpr=0707614285-1", []string{`national_id "0707614285"`}},
		{"IdNr. 86095742719 liegt vor", []string{`national_id "86095742719"`}},
		{"steuerId: 86 095 742 719", []string{`national_id "86 095 742 719" 86095742719`}},
		{"eGK-Nummer a123456780 bitte", []string{`national_id "a123456780" A123456780`}},
		{"personalausweis:K7M20J415", []string{`national_id "K7M20J415"`}},
		{"personalausweis:K7M20J4152", []string{`national_id "K7M20J4152" K7M20J415`}},
		{"personalausweis:k7m20j4152d", []string{`national_id "k7m20j4152d" K7M20J415`}},
		{"nn=93051822361", []string{`national_id "93051822361"`}},
		{"pesel=44051401359", []string{`national_id "44051401359"`}},
		{"dowód osobisty ABA300000", []string{`national_id "ABA300000"`}},
		{"nip: 123-456-32-18", []string{`national_id "123-456-32-18" 1234563218`}},
		{"nir:255081416802538", []string{`national_id "255081416802538"`}},
		{"numéro de sécurité sociale : 2550814168025", []string{`national_id "2550814168025"`}},
		{"dni=12345678Z", []string{`national_id "12345678Z"`}},
		{"carta d'identità CA00000AA", nil}, // the apostrophe parts the label
		{"carta identità CA00000AA", []string{`national_id "CA00000AA"`}},
		{"cpf=11144477735", []string{`national_id "11144477735"`}},
		{"nhs=9434765919", []string{`national_id "9434765919"`}},
		{"nhs:943 476 5919", []string{`national_id "943 476 5919" 9434765919`}},
		{"National Insurance number GH123456C", []string{`national_id "GH123456C"`}},
		{"medicareId=1EG4TE5MK73", []string{`national_id "1EG4TE5MK73"`}},
		{"itin 912781234", []string{`national_id "912781234"`}},
		{"tax_id=86095742719", []string{`national_id "86095742719"`}},
		{"nationalId: 44051401359", []string{`national_id "44051401359"`}},
		{"id_card:44051401359", []string{`national_id "44051401359"`}},

		// A label is for the numbers that go by it, and their check digits still count.
		{"pesel=9434765919", nil}, {"nhs=44051401359", nil}, {"pesel=44051401357", nil}, {"ssn=666221234", nil}, {"ssn=078051120", nil},
		{"ssn=219099999", nil}, {"bsn=111222334", nil}, {"ssn=536221234.5", nil}, {"ssn=0.536221234", nil}, {"assn=536221234", nil},
		{"benin 536221234", nil}, {"ssn=x536221234", nil}, {"ssn=5362212345678", nil}, {"ssn=536221234x", nil}, {"ssn=536221234é", nil},
		{"session=536221234", nil}, {"ssrc:536221234", nil}, {"id=536221234", nil},
	}.run(t, markedIDs...)
}

// What a rule names may be digits alone, where enough of them is redundant.
func TestNamedNationalID(t *testing.T) {
	finds{
		{"01010750160", []string{`national_id "01010750160"`}},
		{"conf-86095742719", []string{`national_id "86095742719"`}},
		{"255081416802538@customer", []string{`national_id "255081416802538"`}},
		{"user_93051822361", []string{`national_id "93051822361"`}},
		{"93 05 18 223 61", []string{`national_id "93 05 18 223 61" 93051822361`}},
		{"196408233234", []string{`national_id "196408233234" 6408233234`}},
		{"65180539W001", []string{`national_id "65180539W001"`}},
		{"A123456780", []string{`national_id "A123456780"`}},
		{"K7M20J415", []string{`national_id "K7M20J415"`}},
		{"12345678z", []string{`national_id "12345678z" 12345678Z`}},
		{"GH123456C", []string{`national_id "GH123456C"`}},
		{"1EG4TE5MK73", []string{`national_id "1EG4TE5MK73"`}},
		{"943 476 5919", []string{`national_id "943 476 5919" 9434765919`}},
		{"111444777-35", []string{`national_id "111444777-35" 11144477735`}},
		{"280226-0930", []string{`national_id "280226-0930" 2802260930`}}, // a rule that names the kind looks where persons are
		{"010161-4281", []string{`national_id "010161-4281" 0101614281`}},
		{"1112.22.333", []string{`national_id "1112.22.333" 111222333`}},
		{"28/10203040/35", []string{`national_id "28/10203040/35" 281020304035`}},
	}.run(t, NationalID)
	nothing(t, []Kind{NationalID},
		"9434765919", "111222333", "44051401359", "11144477735", "6408233234", "0707614285", "1234563218", "536221234", "281020304035", "123456789", "a123456780",
		"ABA300000", "CX1234567", "01010750161", "86095742718", "255081416802539", "202602280930", "943-476-5919", "+86095742719", "0.86095742719",
		"86095742719.5", "12-86095742719", "x86095742719", "86095742719x", "é86095742719", "86095742719é", "1739812345678", "1739812345",
		"QQ123456C", "BG123456C", "AO123456C", "AB123456E", "987654321098765432", "010150-101LX", "000-22-1234", "666-22-1234", "536-00-1234", "536-22-0000",
		// Digits that a Steuer-ID may not repeat: four times, three times in a row, two of them.
		"12131415674", "11123456786", "11223456785",
		"7c1e3d52-6f4b-4a0e-9d2c-15070649c103", "tin=53697479-ecbe-4866-b2e1-5fd2c685e3e3", "310250-101L", "010150G101L", "310250-1010", "19641323-3234",
	)
}

// Telemetry is full of numbers that pass a check by chance.
func TestNoMarkedNationalID(t *testing.T) {
	nothing(t, Any,
		"9434765919", "86095742719", "01010750160", "196408233234", "255081416802538", "12345678Z", "GH123456C", "A123456780", "K7M20J415", "CA00000AA",
		"1EG4TE5MK73", "65180539W001", "943 476 5919", "111444777-35", "ABA300000", "seq-01010750160", "ssrc_86095742719",
		"260228-0930", "log-20260228-0930.gz", "280226-0900", "20210102-K", "build-20260228-A", "101-11-2023", "room-101-02-1999",
		"8016-6288-915027", "132 2493 1011", "m=audio 9 UDP/TLS/RTP/SAVPF 111 103 104 9 0 8 106 105 13 110 112 113 126",
		"m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 122 127 121 125 107 108 109 124 120 123", "640823-3234-4a0e", "1-640823-3234",
		"19640823-3234-4a0e-9d2c-1b8a5f3e7d60", "a=ssrc-group:FID 2231627014 632943048", "1.3.6.1.4.1.111.444.777-35", "1739812345678.111", fingerprint,
		"536-22-1234-5678", "1-536-22-1234", "arn:aws:ec2:eu-west-1:860957427190:instance/i-0ea1ef161e8e4f633",
	)
}

// When something happened is no birthday.
func TestMomentsAreNoNationalID(t *testing.T) {
	for i := range 20_000 {
		at := time.Unix(1_420_000_000+int64(i)*29_000, 0).UTC() // 2015 to 2033
		for _, layout := range []string{"060102-1504", "20060102-1504", "020106-1504", "200601021504", "20060102150405", "2006-01-02-1504", "20060102-150405"} {
			if s := "log-" + at.Format(layout); len(Find(nil, s, markedIDs...)) > 0 {
				t.Errorf("any takes %s", s)
			}
		}
		if s := at.Format("200601021504"); len(Find(nil, s, NationalID)) > 0 {
			t.Errorf("national_id takes %s", s)
		}
	}
}

// Numbers by chance: what telemetry counts and draws has next to no marked number in it, and what a rule names is rare.
func TestNationalIDByChance(t *testing.T) {
	const rounds = 20_000
	r := rand.New(rand.NewPCG(5, 14))
	for _, c := range []struct {
		shape         string
		marked, asked float64 // most findings, in percent
	}{
		{"999999999", 0, 0}, {"9999999999", 0, 0}, {"99999999999", 0, 1}, {"999999999999", 0, .1}, {"1739999999999", 0, 0}, {"99999999999999", 0, 0},
		{"999999999999999", 0, .1}, {"hhhhhhhhh", 0, 2}, {"hhhhhhhhhhh", .1, .2}, {"hhhhhhhhhhhh", 0, .1}, {"hhhhhhhh-hhhh-4hhh-9hhh-hhhhhhhhhhhh", 0, 0},
		{"vvvvvvvvv", 0, 2}, {"vvvvvvvvvvv", .1, .1}, {"vvvvvvvvvvvvvvvv", 0, 0}, {"999999-9999", 2, 5}, {"99999999-9999", .1, .1}, {"999999 99999", .1, .1},
		{"999-999-9999", 0, 5}, {"999999999-99", 0, 2}, {"999.999.999-99", 2, 2}, {"room-9999", 0, 0}, {"99999.999999", 0, 0},
	} {
		marked, asked := 0, 0
		for range rounds {
			s := drawShape(r, c.shape)
			marked += len(Find(nil, s, markedIDs...))
			asked += len(Find(nil, s, NationalID))
		}
		if p := 100 * float64(marked) / rounds; p > c.marked {
			t.Errorf("%s: any flags %.3f%%", c.shape, p)
		}
		if p := 100 * float64(asked) / rounds; p > c.asked {
			t.Errorf("%s: national_id flags %.3f%%", c.shape, p)
		}
	}
}

// drawShape draws a digit for 9, a capital letter for A, a hexadecimal digit for h, a digit or small letter for v.
func drawShape(r *rand.Rand, shape string) string {
	out := []byte(shape)
	for i, c := range out {
		for _, set := range []string{"90123456789", "AABCDEFGHIJKLMNOPQRSTUVWXYZ", "h0123456789abcdef", "v0123456789abcdefghijklmnopqrstuvwxyz"} {
			if set[0] == c {
				out[i] = set[1+r.IntN(len(set)-1)]
				break
			}
		}
	}
	return string(out)
}

// One person is one pseudonym, however the number is written.
func TestCanonicalNationalID(t *testing.T) {
	for want, spellings := range map[string][]string{
		"010150-101L":      {"010150-101L", "010150-101l", "hetu=010150-101L"},
		"010150+101L":      {"010150+101L"},
		"010150A101L":      {"010150A101L", "010150a101l"},
		"6408233234":       {"640823-3234", "19640823-3234", "196408233234", "pnr=6408233234", "pnr=640823 3234"},
		"210911+0789":      {"210911+0789", "19210911-0789", "192109110789"},
		"193109110787":     {"19310911-0787", "193109110787"}, // up to 2031 it has a dash, then a plus
		"93051822361":      {"93.05.18-223.61", "930518-223.61", "93 05 18 223 61", "93051822361"},
		"86095742719":      {"86095742719", "86 095 742 719"},
		"65180539W001":     {"65180539W001", "65 180539 W 001", "65180539w001"},
		"K7M20J415":        {"K7M20J415", "K7M20J4152", "K7M20J4152D", "k7m20j4152d"},
		"001234560":        {"bsn=001234560", "bsn=01234560", "bsn=1234560"},
		"255081416802538":  {"255081416802538", "2 55 08 14 168 025 38", "2-55-08-14168-025-38"},
		"12345678Z":        {"12345678Z", "12345678-Z", "12.345.678-Z", "12345678z"},
		"RSSMRA85T10A562S": {"RSSMRA85T10A562S", "RSS MRA 85T10 A562S", "rssmra85t10a562s"},
		"11144477735":      {"111.444.777-35", "111444777-35", "cpf=11144477735"},
		"GH123456C":        {"GH123456C", "GH 12 34 56 C", "gh123456c"},
		"6468013579":       {"utr=6468013579", "6468013579K", "646 801 357 9", "utr=0006468013579"},
		"536221234":        {"536-22-1234", "536 22 1234", "ssn=536221234"},
		"1EG4TE5MK73":      {"1EG4-TE5-MK73", "1EG4TE5MK73", "1eg4-te5-mk73"},
	} {
		for _, s := range spellings {
			spans := Find(nil, s, NationalID)
			if len(spans) != 1 || spans[0].Canonical != want || spans[0].End != len(s) {
				t.Errorf("%q: %+v, want %q", s, spans, want)
			}
		}
	}
}

// A finding that was replaced leaves nothing behind that is found again.
func TestNationalIDIsStable(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	pieces := []string{
		"010150-101L", "640823-3234", "GH 12 34 56 C", "93.05.18-223.61", "111.444.777-35", "536-22-1234", "ssn=", "pnr:", "nhs ", "A", "AB ", "12", "9434765919",
		"-", ".", " ", "/", "+", ":", "_", "1", "é", "RSSMRA85T10A562S", "86095742719", "nn ", "2 55 08 14 168 025 38", "X-1234567-L", "\xff", "65 180539 W 001",
	}
	for range 50_000 {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		for _, kind := range []Kind{NationalID, markedNationalID} {
			s := b.String()
			spans := Find(nil, s, kind)
			for i, sp := range spans {
				if sp.Start >= sp.End || sp.End > len(s) || i > 0 && sp.Start < spans[i-1].End || sp.Kind != NationalID || sp.Canonical == "" {
					t.Fatalf("%q: %+v", s, spans)
				}
			}
			replaced, tokens := replace(s, spans)
			for _, sp := range Find(nil, replaced, kind) {
				for _, at := range tokens {
					if sp.Start < at+len(token) && sp.End > at {
						t.Fatalf("%q became %q, and %q in it was found", s, replaced, replaced[sp.Start:sp.End])
					}
				}
			}
		}
	}
}

func TestNoAllocationWithoutNationalID(t *testing.T) {
	for _, s := range []string{
		"", "1739812345678", "9434765919", "44051401359", "nhs=9434765918", "pesel=44051401357", "010150-101A", "640823-3235", "AB 12 34 56 E", "111.444.777-36",
		"RSSMRA85T10A562T", "session number is 536221234", fingerprint, strings.Repeat("85 07 30 033 ", 100), strings.Repeat("AA AA 1", 100),
		"m=audio 9 UDP/TLS/RTP/SAVPF 111 103 104 9 0 8 106 105 13 110 112 113 126", "086095742719", "a=ssrc-group:FID 2231627014 632943048",
	} {
		for _, kind := range []Kind{NationalID, markedNationalID} {
			if found := Find(nil, s, kind); len(found) > 0 {
				t.Errorf("%q: %v", s, found)
			}
			if n := testing.AllocsPerRun(20, func() { Find(nil, s, kind) }); n > 0 {
				t.Errorf("Find(%q) allocates %v times and finds nothing", s, n)
			}
		}
	}
}

// hostileIDs are units of texts that begin many numbers.
var hostileIDs = []string{
	"1 ", "1-", "1.", "12 ", "123-", "a1 ", "a 1 ", "aa 1 ", "AA 12 34 56 ", "AA 12 34 56 C ", "93 05 18 223 ", "010150-101L ", "ssn=1", "ssn=536221234 ",
	"536-22-1234-", "ssn 1234567890 ", "personal identity number is no: 1234567890,", "AAA AAA 00B11 C333 ", "2 55 08 14 168 025 ", "28/12345678/", "A1", "1é", "1+",
}

func TestNationalIDHostile(t *testing.T) {
	for _, unit := range hostileIDs {
		Find(nil, strings.Repeat(unit, (2<<20)/len(unit)), NationalID)
	}
}

func BenchmarkNationalIDHostile(b *testing.B) {
	for _, unit := range hostileIDs {
		for _, size := range []int{64 << 10, 1 << 20} {
			text := strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%.12s/%d", unit, size), func(b *testing.B) {
				var dst []Span
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					dst = Find(dst[:0], text, NationalID)
				}
			})
		}
	}
}

func BenchmarkNationalIDMiss(b *testing.B) {
	for name, text := range map[string]string{
		"sdp":  sessionText(100 << 10),
		"json": strings.Repeat(`{"id":"RTCInboundRTPVideoStream_2128170581","timestamp":1739812345678.123,"ssrc":2128170581,"kind":"video","bytesReceived":20348234},`, 500),
	} {
		for _, kind := range []Kind{NationalID, markedNationalID} {
			b.Run(fmt.Sprintf("%s/%d", name, kind), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					if spans := Find(nil, text, kind); len(spans) > 0 {
						b.Fatal(spans)
					}
				}
			})
		}
	}
}
