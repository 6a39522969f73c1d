package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

func TestRegions(t *testing.T) {
	want := []string{world}
	for region := range phonenumbers.GetSupportedRegions() {
		want = append(want, region)
	}
	slices.Sort(want)
	got := Regions()
	if !slices.Equal(got, want) {
		t.Errorf("Regions() = %q, want %q", got, want)
	}
	for _, region := range got[1:] {
		if p := planIn(region); p == nil || int(p.code) != phonenumbers.GetCountryCodeForRegion(region) {
			t.Errorf("planIn(%s) = %v", region, p)
		}
	}
}

func TestNational(t *testing.T) {
	finds{
		{"040 1234567", []string{`phone "040 1234567" +358401234567`}},
		{"0401234567", []string{`phone "0401234567" +358401234567`}},
		{"040-123 45 67", []string{`phone "040-123 45 67" +358401234567`}},
		{"conf-0401234567-2", []string{`phone "0401234567" +358401234567`}},
		{"room_0401234567_1739812345678", []string{`phone "0401234567" +358401234567`}},
		{"1739812345678_0401234567", []string{`phone "0401234567" +358401234567`}},
		{"0401234567 0407654321", []string{`phone "0401234567" +358401234567`, `phone "0407654321" +358407654321`}},
		{"040 1234567 / 040 7654321", []string{`phone "040 1234567" +358401234567`, `phone "040 7654321" +358407654321`}},
		{"room_20269228_0401234567", []string{`phone "0401234567" +358401234567`}}, // no month 92
		{"0 40 123 4567", []string{`phone "0 40 123 4567" +358401234567`}},
		{"040-123 45 67 10:30", []string{`phone "040-123 45 67" +358401234567`}},
		{"account:0401234567:web", []string{`phone "0401234567" +358401234567`}},
		{"(09) 1234 567", []string{`phone "(09) 1234 567" +35891234567`}},
		{"358 40 1234567", []string{`phone "358 40 1234567" +358401234567`}},
		{"040 1234567 ext. 12", []string{`phone "040 1234567" +358401234567`}},
		{"привет-0401234567", []string{`phone "0401234567" +358401234567`}},
		{"٠٤٠١٢٣٤٥٦٧", []string{`phone "٠٤٠١٢٣٤٥٦٧" +358401234567`}},
		{"０４０－１２３４５６７", []string{`phone "０４０－１２３４５６７" +358401234567`}},
		{"040\u00a0123\u20114567", []string{"phone \"040\\u00a0123\u20114567\" +358401234567"}},
		{"0401\u200b234567", []string{`phone "0401\u200b234567" +358401234567`}},
		{"tel:0401234567", []string{`phone "0401234567" +358401234567`}},
		{"mobile_0401234567", []string{`phone "0401234567" +358401234567`}},
		{"sip:0401234567@pbx", []string{`phone "0401234567" +358401234567`}},
		{"phone=0401234567", []string{`phone "0401234567" +358401234567`}},
		{"+358401234567", []string{`phone "+358401234567"`}},
		{"msisdn=358401234567", []string{`phone "358401234567" +358401234567`}},
		{"0401234567@example.com", []string{`email "0401234567@example.com"`}},
		{"018 12345", []string{`phone "018 12345" +3581812345`}}, // Åland dials as Finland does

		{"a0401234567", nil}, {"0401234567a", nil}, {"é0401234567", nil}, {"+0401234567", nil}, {"401234567", nil}, {"40 1234567", nil}, {"358401234567", nil},
		{"12-0401234567", nil}, {"12.0401234567", nil}, {"0.401234567", nil}, {"1.0401234567", nil},
		{"7c1e3d52-0401-2345-6789-1b8a5f3e7d60", nil}, {"12345678-0401-2345-6789-123456789012", nil}, {"abcdefab-0401-2345-0401-234567890123", nil},
	}.with(t, anyWith(t, Options{Regions: []string{"FI"}}))

	for _, tt := range []struct {
		regions, in, want string
	}{
		{"DE", "030/1234567", `phone "030/1234567" +49301234567`},
		{"DE", "0171-3920015", `phone "0171-3920015" +491713920015`},
		{"DE", "(030) 123 456 78", `phone "(030) 123 456 78" +493012345678`},
		{"DE", "030 23125-001", `phone "030 23125-001" +493023125001`},
		{"DE", "0171 / 39 20 015", `phone "0171 / 39 20 015" +491713920015`},
		{"DE", "30/23125001", ""},
		{"US", "(202) 555-0143", `phone "(202) 555-0143" +12025550143`},
		{"US", "202-555-0143", `phone "202-555-0143" +12025550143`},
		{"US", "202.555.0143", `phone "202.555.0143" +12025550143`},
		{"US", "call_202_555_0143", `phone "202_555_0143" +12025550143`},
		{"US", "1-202-555-0143", `phone "1-202-555-0143" +12025550143`},
		{"US", "1.202.555.0143", `phone "1.202.555.0143" +12025550143`},
		{"US", "1 (202) 555-0143", `phone "1 (202) 555-0143" +12025550143`},
		{"US", "(202) 5550143", `phone "(202) 5550143" +12025550143`},
		{"US", "202-555-0143 x12", `phone "202-555-0143" +12025550143`},
		{"CA", "202-555-0143", `phone "202-555-0143" +12025550143`}, // one plan, one canonical form
		{"US CA", "202-555-0143", `phone "202-555-0143" +12025550143`},
		{"US", "tel:2025550143", `phone "2025550143" +12025550143`},
		{"US", "2025550143", ""},
		{"DK", "phone=20 26 02 28", `phone "20 26 02 28" +4520260228`},
		{"DK", "phone=2026-02-28", ""},
		{"FI", "conf-040 1234567", `phone "040 1234567" +358401234567`},
		{"FI", "caller_0401234567_2720", `phone "0401234567" +358401234567`},
		{"FI", "phone: 040-123", ""},
		{"US", "12025550143", ""},
		{"US", "20-2555-0143", ""},
		{"US", "2025-55-0143", ""},
		{"US", "202-5550143", `phone "202-5550143" +12025550143`},
		{"US", "202-555.0143-", `phone "202-555.0143" +12025550143`},
		{"US", "202-55-50143", ""},
		{"US", "20.255.50143", ""},
		{"DE", "4.9.6581.28", ""}, // a boundary inside the calling code
		{"US", "202-155-0143", ""},
		{"US", "555-555-0143", `phone "555-555-0143" +15555550143`},
		{"US", "555-55-50143", ""},
		{"US", "2025550143 x 12", `phone "2025550143" +12025550143`},
		{"US", "2025550143 ext. 12", `phone "2025550143" +12025550143`},
		{"US", "2025550143 x12y", ""},
		{"RU", "8 (912) 345-67-89доб12", `phone "8 (912) 345-67-89" +79123456789`},
		{"TR", "532 555 01 43", `phone "532 555 01 43" +905325550143`},
		{"TR", "532.555.01.43", `phone "532.555.01.43" +905325550143`},
		{"TR", "532 555 0143", ""},
		{"BR", "55 11 961234567", `phone "55 11 961234567" +5511961234567`},
		{"EE", "372 512 34 567", `phone "372 512 34 567" +37251234567`},
		{"EE", "372 5 1234 567", ""},
		{"RO", "40740.123.456", `phone "40740.123.456" +40740123456`},
		{"DE", "passport=0301234567", ""},
		{"DE", "imei: 0301234567", ""},
		{"001", "+870301234567", `phone "+870301234567"`},
		{"001", "0301234567", ""},
		{"US", "102-555-0143", ""},
		{"ES", "612 34 56 78", `phone "612 34 56 78" +34612345678`},
		{"ES", "612345678", ""},
		{"NO", "21 23 45 67", `phone "21 23 45 67" +4721234567`},
		{"NO", "2123 4567", ""},
		{"NO", "21.23", ""},
		{"RU", "8 (912) 345-67-89", `phone "8 (912) 345-67-89" +79123456789`},
		{"RU", "89123456789", ""},
		{"HU", "06 1 234 5678", `phone "06 1 234 5678" +3612345678`},
		{"IT", "02 1234 5678", `phone "02 1234 5678" +390212345678`},
		{"IT", "0212345678", `phone "0212345678" +390212345678`},
		{"AR", "011 15-2345-6789", `phone "011 15-2345-6789" +5491123456789`},
		{"FR", "01 23 45 67 89", `phone "01 23 45 67 89" +33123456789`},
		{"FR", "01-23-45-67-89-AB", `mac "01-23-45-67-89-AB" 01:23:45:67:89:ab`},
		{"FR", "AB-01-23-45-67-89", `mac "AB-01-23-45-67-89" ab:01:23:45:67:89`},
		{"FR", "01-23-45-67-89-01", `mac "01-23-45-67-89-01" 01:23:45:67:89:01`},

		// Two regions that read it: nobody can tell which country is meant.
		{"FI DE", "0401234567", `phone "0401234567"`},
		{"FI DE", "tel:0401234567", `phone "0401234567"`},
		{"FI US", "0401234567", `phone "0401234567" +358401234567`},
		{"ES US", "tel:2025550143", `phone "2025550143" +12025550143`},
		// A number that begins with a calling code, or a national one.
		{"US", "tel:46701740605", `phone "46701740605" +46701740605`},
		{"CN", "tel:13123456789", `phone "13123456789"`},
		{"", "tel:0401234567", `phone "0401234567"`},
	} {
		f := anyWith(t, Options{Regions: strings.Fields(tt.regions)})
		if got := strings.Join(finding(f, tt.in), ", "); got != tt.want {
			t.Errorf("%s: %q: got %s, want %s", tt.regions, tt.in, got, tt.want)
		}
	}
}

func TestBare(t *testing.T) {
	finds{
		{"358401234567", []string{`phone "358401234567" +358401234567`}},
		{"conf-358401234567", []string{`phone "358401234567" +358401234567`}},
		{"358401234567-1", []string{`phone "358401234567" +358401234567`}},
		{"358401234567/web", []string{`phone "358401234567" +358401234567`}},
		{"2026-358401234567", []string{`phone "358401234567" +358401234567`}},
		{"358401234567 46701740605", []string{`phone "358401234567" +358401234567`, `phone "46701740605" +46701740605`}},
		{"4722345678", []string{`phone "4722345678"`}}, // +47 22345678 or +1 4722345678
		{"2025550143", nil}, // no number of Egypt, and no region says that it is dialled in America
		{"+358401234567", []string{`phone "+358401234567"`}},
		{"00358401234567", []string{`phone "00358401234567" +358401234567`}},
		{"a358401234567", nil}, {"358401234567a", nil}, {"é358401234567", nil}, {"358401", nil}, {"3584012345678901", nil}, {"0401234567", nil}, {"999999999999", nil},
		{"1739812345678", nil}, {"358401234567.5", nil}, {"0.358401234567", nil},
		{"12345678-1234-1234-1234-358401234567", nil},
	}.with(t, anyWith(t, Options{Bare: true}))
	finds{
		{"0401234567", []string{`phone "0401234567" +358401234567`}},
		{"2025550143", []string{`phone "2025550143" +12025550143`}}, // the region says which
		{"12025550143", []string{`phone "12025550143" +12025550143`}},
		{"358401234567", []string{`phone "358401234567" +358401234567`}},
		{"conf-2025550143-2", []string{`phone "2025550143" +12025550143`}},
		{"202-555-0143", []string{`phone "202-555-0143" +12025550143`}},
	}.with(t, anyWith(t, Options{Regions: []string{"FI", "US"}, Bare: true}))
}

// Digits of which statistics are full. None is a telephone number where five countries are.
func TestDecoys(t *testing.T) {
	f := anyWith(t, Options{Regions: []string{"FI", "DE", "GB", "US", "FR"}})
	decoys := []string{
		"4294967295", "2231627014", "ssrc:632943048", "a=ssrc:2231627014 cname:pX2+dk/0vbQmT1e8", "a=ssrc-group:FID 2231627014 632943048",
		"1739812345", "1739812345678", "1739812345678901", "1739812345.678", "ts=1739812345678&n=1", "t-1739812345678-2",
		"18446744073709551615", "bytesSent:82716354", "conf-82716354", "0000845360", "seg_000000563863", "0102030405060709", "packets 30214 30215 30216",
		"2026-02-28", "2026-02-28T10:30:00.000Z", "2026-02-28 10:30:00", "28.02.2026", "28/02/2026", "01/02/2026", "02-28-2026", "20260228", "20260228-103000", "28022026",
		"01022026", "2026/02/28/103000", "meeting-28-02-2026-0900", "01-02-2026-0900", "Mon, 02 Mar 2026 09:15:00 +0200",
		"06-12-2025 13:28", "09-20-2022 07:47 PM", "03-08-2024-14-37-55", "05.05.2022-05.06.2022", "04/02/27 10:57", "05.02.16 21.22", "report_02042027_82566.csv",
		"[12047:19139:0402/190912.132278:INFO:CONSOLE(749)]", "I1103 06:48:03.769108 7692736 file.go:86]", "PXL_20200428_040946341.mp4",
		"arn:aws:iam::058455020978:role/x", "038200995916.dkr.ecr.us-east-1.amazonaws.com/app", "aws-account=098242559520",
		"ISSN 0759-4413", "upc 082146590168", "gtin:06890143215795", "serial=0991120745184312", "0-306-40615-2", "0-8396-9958-X",
		"rgb(0 255 155)", "a=group:BUNDLE 0 1 2 3 4 5 6 7 8 9",
		"Chrome/156.0.8078.79", "1.2.3.4567", "24.12.1015", "2024.12.1015", "v1.20.300-0400", "0.12.345678", "12.345.6789",
		"10.20.30.40", "192.168.010.012x", "203.0.113.7.1", "40312 typ host", "10 20 30 40 50",
		"a=candidate:842163049 1 udp 2122260223 0b1f7c1a-5b7e-4d0c-9c0b-7e1f5a3d2c4b.local 61019 typ host generation 0",
		"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", "a=rtpmap:111 opus/48000/2", "o=- 4611731400430051336 2 IN IP4 x", "t=0 0",
		fingerprint, "sha-256 " + fingerprint, "00-1A-2B-3c-4D-5e", "01-23-45-67-89-01", "01-02-03-04-05-ab",
		"00-3577f0dbb6965109eede3cf99fa5f85d-b2a4ddf3c7267d74-01", "7c1e3d52-0171-4012-8345-1b8a5f3e7d60", "12345678-0123-4567-8901-123456789012",
		"4111 1111 1111 1112", "978-3-16-148410-0", "-0.1234567", "60.1699,024.9384", "1,234,567,890", "0x0171234567",
		"123-45-6789", "068-93-7535", "010101-0101", "192.0.2.1:5060:0", "100-200-300", "1-2-3-4-5-6-7-8-9-0",
	}
	for _, in := range decoys {
		for _, sp := range f.Find(nil, in) {
			if sp.Kind == Phone {
				t.Errorf("%q in %q", in[sp.Start:sp.End], in)
			}
		}
	}
	// Random ones: 32 bits of an SSRC, milliseconds and seconds of a decade, counters.
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		for _, in := range []string{
			fmt.Sprint(rnd.Uint32()), fmt.Sprint(1_500_000_000_000 + rnd.Int64N(500_000_000_000)), fmt.Sprint(1_500_000_000 + rnd.Int64N(500_000_000)),
			fmt.Sprintf("%d-%d", rnd.Uint32(), rnd.IntN(100)), fmt.Sprintf("conf_%d", rnd.Uint64()), fmt.Sprintf("%d %d", rnd.Uint32(), rnd.Uint32()),
			fmt.Sprintf("%d.%d.%d.%d", rnd.IntN(300), rnd.IntN(20), rnd.IntN(9999), rnd.IntN(300)), fmt.Sprintf("1%d/%d", rnd.Uint32(), rnd.Uint32()),
		} {
			if spans := f.Find(nil, in); slices.ContainsFunc(spans, func(sp Span) bool { return sp.Kind == Phone }) {
				t.Fatalf("%q: %+v", in, spans)
			}
		}
	}
}

// libphonenumber is the oracle: the example numbers of every region are found as it writes them inside their country.
func TestNationalExamples(t *testing.T) {
	for _, region := range Regions() {
		f := anyWith(t, Options{Regions: []string{region}})
		bare := anyWith(t, Options{Regions: []string{region}, Bare: true})
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE} {
			n := phonenumbers.GetExampleNumberForType(region, kind)
			if n == nil {
				continue
			}
			e164 := phonenumbers.Format(n, phonenumbers.E164)
			text := phonenumbers.Format(n, phonenumbers.NATIONAL)
			var digits strings.Builder
			for _, c := range text {
				if '0' <= c && c <= '9' {
					digits.WriteRune(c)
				}
			}
			if digits.Len() < minDigits {
				continue // islands with numbers of five digits: too few to be told from anything
			}
			if region == "AR" && kind == phonenumbers.MOBILE {
				continue // the port of the library writes 09 15-2345-6789, without the area
			}
			texts := []string{e164}
			if digits.String() != text || text[0] == '0' && len(text) >= minAlone {
				texts = append(texts, text, "conf-"+text+"_1")
			}
			if text[0] == '0' && digits.Len() >= minAlone {
				texts = append(texts, digits.String(), "conf-"+digits.String()+"-1", digits.String()+"/web")
			}
			for _, in := range texts {
				spans := f.Find(nil, in)
				if len(spans) != 1 || spans[0].Kind != Phone || spans[0].Canonical != e164 {
					t.Errorf("%s: Find(%q) = %+v, want %s", region, in, spans, e164)
				}
			}
			// Digits alone may begin with another country's calling code: then they are a number, but nobody can say whose.
			for _, in := range []string{digits.String(), "x-" + e164[1:], e164[1:], "tel:" + digits.String()} {
				spans := bare.Find(nil, in)
				if strings.HasPrefix(in, "tel:") {
					spans = f.Find(nil, in)
				}
				if len(spans) != 1 || spans[0].Kind != Phone || spans[0].Canonical != e164 && strings.HasPrefix(spans[0].Canonical, "+") {
					t.Errorf("%s, bare: Find(%q) = %+v, want %s", region, in, spans, e164)
				}
			}
		}
	}
}

// What the library takes for a valid number of a region is found, and what is found has the form that the library gives
// it. That the library takes it is not promised: it looks at more than three digits.
func TestNationalAgrees(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, region := range []string{"FI", "DE", "GB", "FR", "SE", "NL", "CH", "JP", "IN", "AU", "IT"} {
		f := anyWith(t, Options{Regions: []string{region}})
		found := 0
		for range 3000 {
			in := fmt.Sprintf("0%d%d", 1+rnd.IntN(9), 1_000_000_000+rnd.Int64N(9_000_000_000))[:7+rnd.IntN(6)]
			if rnd.IntN(2) == 0 {
				in = in[:3] + " " + in[3:]
			}
			n, err := phonenumbers.Parse(in, region)
			spans := f.Find(nil, in)
			if len(spans) == 0 {
				// The international prefix is read before regions are asked.
				if err == nil && phonenumbers.IsValidNumber(n) && len(in) > minAlone && !strings.HasPrefix(in, "00") && !strings.HasPrefix(in, "01 1") {
					t.Errorf("%s: %q is valid, and not found", region, in)
				}
				continue
			}
			if strings.HasPrefix(in, "00") || strings.HasPrefix(in, "011") {
				continue
			}
			found++
			if err != nil || phonenumbers.Format(n, phonenumbers.E164) != spans[0].Canonical {
				t.Errorf("%s: %q is %s, the library says %v, %v", region, in, spans[0].Canonical, n, err)
			}
		}
		if found < 100 {
			t.Errorf("%s: only %d are found", region, found)
		}
	}
}

func TestCanonicalWithRegions(t *testing.T) {
	for _, tt := range []struct {
		o        Options
		in, want string
	}{
		{Options{Regions: []string{"FI"}}, "040 1234567", "+358401234567"},
		{Options{Regions: []string{"FI"}}, "tel:040-1234567;ext=12", "+358401234567"},
		{Options{Regions: []string{"FI"}}, "sip:0401234567@pbx;user=phone", "+358401234567"},
		{Options{Regions: []string{"FI"}}, "+358401234567", "+358401234567"},
		{Options{Regions: []string{"FI"}}, "(040) 1234567", "+358401234567"},
		{Options{Regions: []string{"FI", "DE"}}, "040 1234567", "040 1234567"},
		{Options{Regions: []string{"FI"}}, "358401234567", ""},
		{Options{Regions: []string{"FI"}}, "conf-0401234567", ""},
		{Options{Regions: []string{"FI"}, Bare: true}, "358401234567", "+358401234567"},
		{Options{Bare: true}, "358401234567", "+358401234567"},
		{Options{Bare: true}, "4722345678", "4722345678"},
		{Options{Bare: true}, "0401234567", ""},
		{Options{Regions: []string{"FI"}}, "Anna@Example.FI", "Anna@example.fi"},
	} {
		for _, f := range []*Finder{anyWith(t, tt.o), NewFinder(must(Words("w", []string{"x"})), phones(t, tt.o))} {
			if got, ok := f.Canonical(tt.in); got != tt.want || ok != (tt.want != "") {
				t.Errorf("%v: Canonical(%q) = %q, %v, want %q", tt.o, tt.in, got, ok, tt.want)
			}
		}
	}
	// A Finder without phones knows no regions, and every other kind.
	f := NewFinder(must(Words("w", []string{"anna"})))
	for in, want := range map[string]string{"+358 40 1234567": "+358401234567", "A@B.FI": "A@b.fi", "anna": "", "0401234567": ""} {
		if got, ok := f.Canonical(in); got != want || ok != (want != "") {
			t.Errorf("Canonical(%q) = %q, %v", in, got, ok)
		}
	}
}

// settings are Finders of every sort.
func settings(t testing.TB) map[string]*Finder {
	return map[string]*Finder{
		"regions": anyWith(t, Options{Regions: []string{"FI", "DE", "GB", "US", "FR"}}),
		"all":     anyWith(t, Options{Regions: Regions()}),
		"bare":    anyWith(t, Options{Bare: true}),
		"both":    anyWith(t, Options{Regions: []string{"NO", "RU", "AR", "IT"}, Bare: true}),
		"own": NewFinder(must(Words("w", []string{"anna", "john smith", "007"})), must(Pattern("p", `\bE([0-9]{6})\b`)),
			phones(t, Options{Bare: true}), must(Builtin(Email, Options{})), must(Builtin(Opaque, Options{}))),
	}
}

var nationalSeeds = []string{
	"040 1234567", "0401234567 0407654321", "(202) 555-0143", "612 34 56 78", "8 (912) 345-67-89", "011 15-2345-6789", "sip:0401234567@pbx", "tel:040-1234567;ext=1",
	"0401\u200b234567", "٠٤٠١٢٣٤٥٦٧", "０４０－１２３４５６７", "358401234567", "12-0401234567", "john smith E123456 007", "(0(4(0(1", "0-4-0-1-2-3-4-5", "1\u200b2\u200b3", "0/4/0/1/2/",
}

// FuzzFinder holds the findings of every sort of Finder to what the package promises.
func FuzzFinder(f *testing.F) {
	for _, s := range slices.Concat(seeds, hostile, nationalSeeds) {
		f.Add(s)
	}
	all := settings(f)
	f.Fuzz(func(t *testing.T, s string) {
		h := hintOf(s)
		for name, finder := range all {
			spans := finder.Find(nil, s)
			if len(spans) > 0 && !finder.Possible(h) {
				t.Fatalf("%s: Possible says no, Find finds %+v in %q", name, spans, s)
			}
			if got := finder.FindHinted(nil, s, ^Hint(0)); !slices.Equal(got, spans) {
				t.Fatalf("%s: %q: with all hints %+v, without %+v", name, s, got, spans)
			}
			end := 0
			for _, sp := range spans {
				if sp.Start < end || sp.End <= sp.Start || sp.End > len(s) || sp.rank != 0 ||
					(sp.Canonical == "") != (sp.Kind == Opaque || sp.Kind == Own) || (sp.Name == "") != (sp.Kind != Own) {
					t.Fatalf("%s: %+v in %+v of %q", name, sp, spans, s)
				}
				end = sp.End
			}
			canonical, ok := finder.Canonical(s)
			if ok && len(spans) == 1 && spans[0].Start == 0 && spans[0].End == len(s) && spans[0].Kind != Own && spans[0].Kind != Opaque && spans[0].Canonical != canonical {
				t.Fatalf("%s: %q is %+v, Canonical says %q", name, s, spans[0], canonical)
			}
			replaced, tokens := replace(s, spans)
			for _, sp := range finder.Find(nil, replaced) {
				for _, at := range tokens {
					if sp.Kind == Phone && sp.Start < at+len(token) && sp.End > at {
						t.Fatalf("%s: %q became %q and %q in it was found", name, s, replaced, replaced[sp.Start:sp.End])
					}
				}
			}
		}
	})
}

func TestFinderHostile(t *testing.T) {
	units := slices.Concat(hostile, nationalSeeds, []string{"0_", "0/", "0(", "0)", "0 ", "0\u00a0", "0\u200b", "٠ ", "0401234567 ", "012 34567-", "1-202-555-0143 "})
	for name, f := range settings(t) {
		if testing.Short() && name == "all" {
			continue
		}
		for _, unit := range units {
			f.Find(nil, strings.Repeat(unit, (64<<10)/len(unit)))
		}
	}
}

func BenchmarkFinder(b *testing.B) {
	any := anyWith(b, Options{})
	regions := anyWith(b, Options{Regions: []string{"FI", "DE", "GB", "US", "FR"}})
	for _, s := range []string{"inbound-rtp", "OT01A3175538551", "1739812345678", "conf-82716354", "0102030405060709", "2026-02-28", sessionText(10 << 10)} {
		h := hintOf(s)
		for name, find := range map[string]func([]Span) []Span{
			"FindAny": func(dst []Span) []Span { return FindAny(dst, s, h) },
			"Finder":  func(dst []Span) []Span { return any.FindHinted(dst, s, h) },
			"regions": func(dst []Span) []Span { return regions.FindHinted(dst, s, h) },
		} {
			b.Run(fmt.Sprintf("%s/%.16s", name, s), func(b *testing.B) {
				var dst []Span
				b.SetBytes(int64(len(s)))
				b.ReportAllocs()
				for b.Loop() {
					dst = find(dst[:0])
				}
			})
		}
	}
}
