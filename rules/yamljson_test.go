package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestLargeTests: what aliases make of a test file is bounded, not only what they
// are made of.
func TestLargeTests(t *testing.T) {
	const test = "- {name: n, want: {}, request: POST /x"
	text := func(size int) string { return "'" + strings.Repeat("x", size) + "'" }
	tests := []struct{ name, tests, want string }{
		{"in one body", test + ", body: [&a " + text(100_000) + strings.Repeat(", *a", 1500) + "]}\n", "r_test.yaml:3:100095: the body is larger than 1048576 bytes"},
		{"as names in one body", test + ", body: [{&a " + text(100_000) + ": 1}" + strings.Repeat(", {*a : 1}", 1500) + "]}\n", "r_test.yaml:3:100156: the body is larger than 1048576 bytes"},
		{"over all bodies", test + ", body: &a " + text(500_000) + "}\n" + strings.Repeat(test+", body: *a}\n", 200), "r_test.yaml:3:47: the tests of this file send more than 67108864 bytes"},
		{"over all headers", test + ", headers: {A: &a " + text(500_000) + "}}\n" + strings.Repeat(test+", headers: {A: *a}}\n", 200), "r_test.yaml:137:32: the tests of this file send more than 67108864 bytes"},
		{"in measure", test + ", body: [&a " + text(100_000) + strings.Repeat(", *a", 9) + "]}\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			suite, problems := parseTests("r_test.yaml", []byte("rules: [packs/none.yaml]\ntests:\n"+tt.tests))
			got := ""
			for _, p := range problems {
				if !strings.Contains(p.Message, "cannot be read") {
					got += fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Col, p.Message)
				}
			}
			if got != tt.want {
				t.Errorf("got  %.300s\nwant %s", got, tt.want)
			}
			for _, test := range suite.Tests {
				if len(test.body) > 2*maxFile {
					t.Errorf("a body of %d bytes", len(test.body))
				}
			}
		})
	}
}
