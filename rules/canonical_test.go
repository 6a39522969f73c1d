package rules

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/statveil/statveil/rules/detect"
)

// What somebody types has the form that rules give it, whether a detector finds it
// or a rule takes the whole value.
func TestCanonical(t *testing.T) {
	tests := []struct {
		name    string
		regions []string
		kind    string // what it is found as; "": as nothing
		in      string
		want    string
	}{
		{"a phone number", nil, "phone", "+1 (202) 555-0143", "+12025550143"},
		{"a phone number with 00", nil, "phone", "0012025550143", "+12025550143"},
		{"full-width digits", nil, "phone", "＋１２０２５５５０１４３", "+12025550143"},
		{"a national number", []string{"FI"}, "phone", "040 1234567", "+358401234567"},
		{"a national number without its region", nil, "", "040 1234567", "040 1234567"},
		{"a national number of several regions", []string{"GB", "DE"}, "phone", "07400 123456", "07400 123456"},
		{"an e-mail address", nil, "email", "Anna@Example.COM", "Anna@example.com"},
		{"an e-mail address in two parts", nil, "email", "a\u0308nna@example.com", "änna@example.com"},
		{"an IP address", nil, "ip", "2001:DB8:0::17", "2001:db8::17"},
		{"a name", nil, "", "A\u0308nna", "Änna"},
		{"a tel URI", nil, "", "tel:+1-202-555-0143", "+12025550143"},
		{"a number in a SIP URI", nil, "", "sip:+12025550143@pbx.example;tag=1", "+12025550143"},
		{"two numbers", nil, "", "+12025550143 +12025550144", "+12025550143 +12025550144"},
		{"digits", nil, "", "12025550143", "12025550143"},
		{"a percent-encoded number", nil, "", "%2B12025550143", "%2B12025550143"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			phone, err := detect.Builtin(detect.Phone, detect.Options{Regions: tt.regions})
			if err != nil {
				t.Fatal(err)
			}
			all := []*detect.Detector{phone}
			for _, k := range detect.Any[1:] {
				d, err := detect.Builtin(k, detect.Options{})
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, d)
			}
			if got := Canonical(tt.in, detect.NewFinder(all...)); got != tt.want {
				t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
			}
			file := "version: 1\nroutes:\n- {name: r, match: POST /, rules: [{at: body.a"
			if tt.regions != nil {
				file = "detectors: {phone: {regions: [" + strings.Join(tt.regions, ", ") + "]}}\n" + file
			}
			if got, want := canonicals(t, file+"}]}\n", tt.in), []string{"value " + tt.want}; !slices.Equal(got, want) {
				t.Errorf("%q: a rule for the whole value says %q, want %q", tt.in, got, want)
			}
			if tt.kind == "" {
				return
			}
			if got, want := canonicals(t, file+", find: any}]}\n", tt.in), []string{tt.kind + " " + tt.want}; !slices.Equal(got, want) {
				t.Errorf("%q: a detector says %q, want %q", tt.in, got, want)
			}
		})
	}
}

// canonicals are kind and canonical form of what a rule file finds in a member that is this text.
func canonicals(t *testing.T, file, text string) (all []string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"a": text})
	if err != nil {
		t.Fatal(err)
	}
	m, err := parse(t, file).Match(&Message{Method: "POST", Path: "/", Body: body})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Rewrite(nil, func(f *Finding) (string, error) {
		if !f.Repeated() {
			all = append(all, f.Kind+" "+f.Canonical())
		}
		return "psn", nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}
