package rules

import (
	"strings"
	"testing"
)

// TestPlusOfNumbers: where nobody knows whether a + in a form is one, the one
// before a number is, and those behind its area code and before its 00 are not.
func TestPlusOfNumbers(t *testing.T) {
	set := parse(t, "version: 1\nroutes: [{name: r, match: POST /c}]\n")
	for in, want := range map[string]string{
		"u=+1+(202)+555-0143":                                             "u=psn_1",
		"u=%28+1+%28202%29+555-0143%29":                                   "u=%28psn_1%29",
		"u=+44+(0)+7700+900123":                                           "u=psn_1",
		"u=+1+202+(555)+0143":                                             "u=psn_1",
		"u=(+12025550143)+447700900123":                                   "u=(psn_1)psn_2",
		"u=+12025550143,+447700900123":                                    "u=psn_1,psn_2",
		"u=(1)+447700900123":                                              "u=(1)psn_1",
		"u=call+(now)+447700900123":                                       "u=call+(now)psn_1",
		"u=+1+(202)+555-0143++447700900123":                               "u=psn_1+psn_2",
		"u=%D0%B6%D1%83%D0%BA+00447700900123":                             "u=%D0%B6%D1%83%D0%BA+psn_1",
		"u=%D0%B6%D1%83%D0%BA:+011447700900123":                           "u=%D0%B6%D1%83%D0%BA:psn_1",
		"u=x:++%D9%A4%D9%A4%D9%A7%D9%A7%D9%A0%D9%A0%D9%A9%D9%A0%D9%A0123": "u=x:+psn_1",
		"u=call+%252b%25D9%25A4%25D9%25A4%25D9%25A7%25D9%25A7%25D9%25A0%25D9%25A0%25D9%25A9%25D9%25A0%25D9%25A0123+now": "u=call+psn_1+now",
		"u=-+00447700900123,+447700900123":   "u=-psn_1,psn_1",
		"u=%2B1+%28202%29+555-0143&v=+1+(x)": "u=psn_1&v=+1+(x)",
	} {
		const head = "POST /c\nContent-Type: application/x-www-form-urlencoded\n\n"
		got, _ := send(set, head+in)
		if got = strings.TrimPrefix(got, head); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
		if got, _ = send(set, "POST /c?"+in); got != "POST /c?"+want {
			t.Errorf("query %s: got %s, want %s", in, got, want)
		}
	}
}
