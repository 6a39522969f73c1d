package detect

import "testing"

func TestSIP(t *testing.T) {
	finds{
		{"sip:anna@example.com", []string{`sip "anna@example.com" sip:anna@example.com`}},
		{"sips:anna@Example.COM:5061;transport=tls", []string{`sip "anna@Example.COM:5061" sip:anna@example.com`}},
		{"SIP:Anna:secret@example.com?subject=x", []string{`sip "Anna:secret@example.com" sip:Anna@example.com`}},
		{`"Anna" <sip:anna@pbx;tag=1>`, []string{`sip "anna@pbx" sip:anna@pbx`}},
		{"call-sip:1001@192.0.2.7:5060", []string{`sip "1001@192.0.2.7:5060" sip:1001@192.0.2.7`}},
		{"sip:anna@[2001:db8::7]:5060", []string{`sip "anna@[2001:db8::7]:5060" sip:anna@[2001:db8::7]`}},
		{"sip:anna;par=1@example.com", []string{`sip "anna;par=1@example.com" sip:anna@example.com`}},
		{"sip:anna@example.com@pbx", []string{`sip "anna@example.com@pbx" sip:anna@example.com@pbx`}},
		{"sip:anna@example.com.", []string{`sip "anna@example.com" sip:anna@example.com`}},
		{"sip:x%40y@example.com", []string{`sip "x%40y@example.com" sip:x%40y@example.com`}},
	}.run(t, Any...)

	// Where phones are not asked for, a number is a user like any other.
	check(t, "sip:+12025550123@pbx", []Kind{SIP}, []string{`sip "+12025550123@pbx" sip:+12025550123@pbx`})
	check(t, "sip:+12025550123@pbx", []Kind{SIP, Phone}, []string{`phone "+12025550123"`})
	check(t, "sip:12025550123@pbx", []Kind{SIP, Phone}, []string{`phone "12025550123" +12025550123`})

	nothing(t, []Kind{SIP}, "sip:", "sip:@", "sip:pbx.example.com", "sip:@example.com", "sip:anna@", "gossip:anna@example.com", "anna@example.com",
		"sip:an na@example.com", "ssip:anna@example.com", "sip :anna@example.com", "sip::x@example.com")
}
