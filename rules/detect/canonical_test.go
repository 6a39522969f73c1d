package detect

import "testing"

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"tel:+46 70 174 06 05":                  "+46701740605",
		"TEL:+46-70-174-06-05;ext=12":           "+46701740605",
		"sip:+46701740605@pbx;user=phone":       "+46701740605",
		"sips:46701740605@192.0.2.7:5061;x=1?y": "+46701740605",
		"0046701740605":                         "+46701740605",
		"46701740605@s.whatsapp.net":            "+46701740605",
		"(+46) 70 174 06 05":                    "+46701740605",
		"tel:0701740605":                        "0701740605",
		"Anna@Example.FI":                       "Anna@example.fi",
		"2001:DB8:0::1":                         "2001:db8::1",
		"::ffff:192.0.2.7":                      "192.0.2.7",
		"sip:Anna@Example.FI":                   "sip:Anna@example.fi",
		"SIPS:Anna:pw@Example.FI:5061;tag=1":    "sip:Anna@example.fi",
		"anna@XN--BCHER-KVA.example":            "anna@bücher.example",
		"ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ":                      "anna@example.com",
		"００４６７０１７４０６０５":                         "+46701740605",
		"00-1A-2B-3C-4D-5E":                     "00:1a:2b:3c:4d:5e",
		"35-693803-564380-9":                    "356938035643809",
		"356938035643809":                       "356938035643809",
		"4111 1111 1111 1111":                   "4111111111111111",
		"GB82 WEST 1234 5698 7654 32":           "GB82WEST12345698765432",
		"19640823-3234":                         "6408233234",
		"196408233234":                          "6408233234",
		"131052-308t":                           "131052-308T",
		"60.1699, 24.93840":                     "60.1699,24.9384",
	} {
		got, ok := Canonical(in)
		if !ok || got != want {
			t.Errorf("Canonical(%q) = %q, %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{
		"", "anna", "46701740605", "conf-+46701740605", "+46701740605 ", "+46701740605,+46701740606", "<anna@example.fi>", "192.0.2.7:5060",
		"anna@example.fi/2", "tel:anna@example.fi", "sip:example.fi", "sip:anna@example.fi x", "127.0.0.1", "tel:", "tel:1",
		"7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "x sip:anna@example.fi",
		"46701740605@s.whatsapp.net/2",
	} {
		if got, ok := Canonical(in); ok || got != "" {
			t.Errorf("Canonical(%q) = %q, %v, want nothing", in, got, ok)
		}
	}
}
