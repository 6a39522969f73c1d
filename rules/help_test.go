package rules

import (
	"strings"
	"testing"
)

// parse compiles one rule file.
func parse(t testing.TB, text string) *Set {
	t.Helper()
	set, err := Parse(File{"r.yaml", []byte(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return set
}

// parseDead compiles one rule file, some rules of which may never apply.
func parseDead(t testing.TB, text string) (*Set, Problems) {
	t.Helper()
	set, problems := Check(File{"r.yaml", []byte(text)})
	for _, p := range problems {
		if !strings.Contains(p.Message, "can never apply") {
			t.Fatalf("%v\n%s", problems, text)
		}
	}
	return set, problems
}
