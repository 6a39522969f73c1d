package detect

import "testing"

func TestLabelled(t *testing.T) {
	words := []string{"ssn", "socialsecurity", "nin"}
	for _, c := range []struct {
		before string
		want   bool
	}{
		{"ssn=", true}, {"ssn:", true}, {`"ssn":"`, true}, {"ssn: ", true}, {"SSN ", true}, {"user_ssn_", true}, {"userSsn=", true},
		{"SSN number ", true}, {"ssn_no=", true}, {"ssnNumber: ", true}, {"social security number: ", true}, {"SocialSecurity=", true},
		{"my social-security ", true}, {"?ssn=", true}, {"x.ssn=", true},
		{"", false}, {"=", false}, {"ssn", false}, {"assn=", false}, {"security=", false}, {"number: ", false}, {"ssn=x ", false}, {"benin ", false},
		{"ssn=123 ", false}, {"ssn     ", false},
	} {
		if got := labelled(c.before+"536904399", len(c.before), words); got != c.want {
			t.Errorf("%q: %v", c.before, got)
		}
	}
}
