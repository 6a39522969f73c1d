package detect

import (
	"strings"
	"testing"
)

func TestLabelled(t *testing.T) {
	words := []string{"ssn", "socialsecurity", "nin", "idnr", "nationalid", "personalidentity", "henkilötunnus", "egk"}
	for _, c := range []struct {
		before string
		want   bool
	}{
		{"ssn=", true}, {"ssn:", true}, {`"ssn":"`, true}, {"ssn: ", true}, {"SSN ", true}, {"user_ssn_", true}, {"userSsn=", true},
		{"SSN number ", true}, {"ssn_no=", true}, {"ssnNumber: ", true}, {"social security number: ", true}, {"SocialSecurity=", true},
		{"my social-security ", true}, {"?ssn=", true}, {"x.ssn=", true}, {"SSNNumber=", true}, {"userSSN=", true}, {"user_SSN_Number:", true},
		{"<ssn>", true}, {`"ssn" : "`, true}, {`\"ssn\": \"`, true}, {`"ssn":["`, true}, {"ssn/", true}, {"1ssn=", true},

		// Words that say nothing may follow, and what looks like one may belong to the label.
		{"My ssn is: ", true}, {"personal identity code is: ", true}, {"personal identity code number is: ", true}, {"IdNr. ", true},
		{"national_id=", true}, {"nationalId: ", true}, {"national_id_number=", true}, {"eGK-Nummer ", true}, {"ssn id no nr ", true},

		// Letters beyond ASCII.
		{"Henkilötunnus ", true}, {"HENKILÖTUNNUS=", true}, {"henkilo\u0308tunnus ", false}, {"ößn ", false}, {"ssnö=", false}, {"össn=", false},

		{"", false}, {"=", false}, {"ssn", false}, {"assn=", false}, {"security=", false}, {"number: ", false}, {"ssn=x ", false}, {"benin ", false},
		{"ssn=123 ", false}, {"ssn       ", false}, {"ssnx=", false}, {"ssn number of x ", false}, {"ssn id no nr is ", false}, {"is ", false},
		{"ssn  number ", false}, {"is_", false}, {"_", false}, {"ssn!", false}, {"ssn1=", false},
		{strings.Repeat("x", 60) + " ssn=", true}, {strings.Repeat("x", 60) + "ssn=", false}, {strings.Repeat("x", longestLabel-3) + "ssn=", false},
	} {
		if got := labelled(c.before+"536221234", len(c.before), words); got != c.want {
			t.Errorf("%q: %v", c.before, got)
		}
	}
}

// A label is read back from its value, and no further than a label is long.
func TestLabelledIsBounded(t *testing.T) {
	for _, unit := range []string{"a", "a ", "A", "é", "is ", "no.", "aB", "=", "abcdefg "} {
		s := strings.Repeat(unit, 1<<20) + "="
		if n := testing.AllocsPerRun(1000, func() { labelled(s, len(s), fillers) }); n > 0 {
			t.Errorf("%q: %v allocations", unit, n)
		}
	}
}

// What XML and JSON inside of JSON put between a label and a value hides it from no detector, nor from its quick looks.
func TestLabelledInMarkup(t *testing.T) {
	for _, tt := range []struct{ label, value, want string }{
		{"msisdn", "358401234567", `phone "358401234567" +358401234567`},
		{"phone", "02079460018", `phone "02079460018"`},
		{"mac", "001122334455", `mac "001122334455" 00:11:22:33:44:55`},
		{"imei", "356938035643809", `imei "356938035643809"`},
		{"imei2", "356938035643809", `imei "356938035643809"`},
		{"card", "4111111111111111", `credit_card "4111111111111111"`},
		{"N.I.P", "1234563218", `national_id "1234563218"`},
		{"latitude", "60.1699", `coordinates "60.1699"`},
	} {
		for _, in := range []string{
			tt.label + "=" + tt.value, "<" + tt.label + ">" + tt.value + "</" + tt.label + ">", tt.label + ">" + tt.value,
			`{\"` + tt.label + `\":\"` + tt.value + `\"}`, `{\"` + tt.label + `\": \"` + tt.value + `\"}`,
		} {
			check(t, in, Any, []string{tt.want})
		}
	}
	check(t, "<lat>60.1699</lat><lon>24.9384</lon>", Any, []string{`coordinates "60.1699"`, `coordinates "24.9384"`})
	nothing(t, Any, "Mac_202602281030", `C:\mobile\17839965`)
}
