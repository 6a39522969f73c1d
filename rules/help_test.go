package rules

import "testing"

// parse compiles one rule file.
func parse(t testing.TB, text string) *Set {
	t.Helper()
	set, err := Parse(File{"r.yaml", []byte(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return set
}
