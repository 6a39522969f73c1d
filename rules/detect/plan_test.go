package detect

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// The table must be what the generator makes of the metadata that go.mod names.
func TestPlansAreFresh(t *testing.T) {
	want, err := os.ReadFile("plans.go")
	if err != nil {
		t.Fatal(err)
	}
	var errors bytes.Buffer
	cmd := exec.Command("go", "run", "gen.go", "-o", "-")
	cmd.Stderr = &errors
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("running the generator: %v\n%s", err, errors.String())
	}
	if !bytes.Equal(got, want) {
		t.Error("plans.go is not what gen.go writes: run go generate")
	}
}

var numberTypes = []phonenumbers.PhoneNumberType{
	phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST,
	phonenumbers.VOIP, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL,
}

// examples returns the example number of every type in every region and of every calling code without one.
func examples(t *testing.T) []*phonenumbers.PhoneNumber {
	t.Helper()
	var all []*phonenumbers.PhoneNumber
	for region := range phonenumbers.GetSupportedRegions() {
		for _, kind := range numberTypes {
			if n := phonenumbers.GetExampleNumberForType(region, kind); n != nil {
				all = append(all, n)
			}
		}
	}
	for code := range phonenumbers.GetSupportedGlobalNetworkCallingCodes() {
		if n := phonenumbers.GetExampleNumberForNonGeoEntity(code); n != nil {
			all = append(all, n)
		}
	}
	if len(all) < 1000 {
		t.Fatalf("the library has only %d examples", len(all))
	}
	return all
}

// libphonenumber is the oracle: its examples are found in every international form.
func TestExamplesAreFound(t *testing.T) {
	for _, n := range examples(t) {
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		spaced := phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
		uri := phonenumbers.Format(n, phonenumbers.RFC3966)
		if len(e164) < 1+minDigits {
			continue // too short to tell from a signed number
		}
		for _, in := range []string{
			e164, "conf-" + e164 + "-1x", "sip:" + e164 + "@pbx;tag=1", spaced, strings.ReplaceAll(spaced, " ", "\u00a0"), uri, "00" + e164[1:], "room_00" + e164[1:],
			"00" + spaced[1:], "msisdn=" + e164[1:], e164[1:] + "@s.whatsapp.net",
		} {
			spans := Find(nil, in, Any...)
			if len(spans) != 1 || spans[0].Kind != Phone || spans[0].Canonical != e164 {
				t.Errorf("Find(%q) = %+v, want %s", in, spans, e164)
			}
		}
	}
}

// The table may forgive more than the library's expressions, which look at more than three digits, but never less.
func TestPlansAgree(t *testing.T) {
	for _, n := range examples(t) {
		digits := []byte(phonenumbers.Format(n, phonenumbers.E164)[1:])
		p, code := planOf(digits)
		if p == nil || int(p.code) != int(n.GetCountryCode()) {
			t.Errorf("planOf(%s) = %v, %d", digits, p, code)
			continue
		}
		// Numbers near the example, most of them not in use.
		for i := range 60 {
			near := append([]byte(nil), digits...)
			near[code+i%(len(near)-code)] = '0' + byte(i*7%10)
			if i%3 == 0 && i%2 == 0 {
				near = near[:len(near)-1]
			} else if i%3 == 0 {
				near = append(near, '4')
			}
			national, err := strconv.ParseUint(string(near[code:]), 10, 64)
			if err != nil || len(near) > maxDigits || len(near) <= code+3 {
				continue
			}
			number := &phonenumbers.PhoneNumber{CountryCode: n.CountryCode, NationalNumber: &national}
			if zeros := leadingZeros(near[code:]); zeros > 0 {
				italian, count := true, int32(zeros)
				number.ItalianLeadingZero, number.NumberOfLeadingZeros = &italian, &count
			}
			how := p.grade(near[code:])
			// Where the library forgives an exchange that begins with 0 or 1, no number of the North American plan has one.
			if p.code == nanp && how == possible {
				continue
			}
			if phonenumbers.IsValidNumber(number) && how != valid {
				t.Errorf("+%s is valid, the table says %d", near, how)
			}
			if phonenumbers.IsPossibleNumberWithReason(number) == phonenumbers.IS_POSSIBLE && how == wrong {
				t.Errorf("+%s is possible, the table says %d", near, how)
			}
		}
	}
}

func leadingZeros(digits []byte) int {
	n := 0
	for n < len(digits)-1 && digits[n] == '0' {
		n++
	}
	return n
}
