package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// growsEvenly fails where four times as much costs more than eight times as much,
// on whatever machine: what is quadratic costs sixteen. Each counts by its best of
// three, and they take turns, so that who else is at work weighs on both.
func growsEvenly(t *testing.T, n int, do func(n int)) {
	t.Helper()
	best := [2]time.Duration{1 << 62, 1 << 62}
	for range 3 {
		for i, n := range []int{n, 4 * n} {
			began := time.Now()
			do(n)
			best[i] = min(best[i], time.Since(began))
		}
	}
	if best[1] > 8*best[0] {
		t.Errorf("%d cost %v, but %d cost %v", n, best[0], 4*n, best[1])
	}
}

// TestManyCaptures: to look one capture up does not make a list of all.
func TestManyCaptures(t *testing.T) {
	growsEvenly(t, 500, func(n int) {
		var match, at strings.Builder
		for i := range n {
			fmt.Fprintf(&match, "/{capture%d}", i)
		}
		for i := range 100 {
			fmt.Fprintf(&at, ", path.capture%d", i)
		}
		parse(t, "version: 1\nroutes:\n- {name: r, match: '"+match.String()+"', rules: [{at: ["+at.String()[2:]+"]}]}\n")
	})
}

// TestCaptureHints: names that nobody captures are guessed, but what is long or
// too much to read is not.
func TestCaptureHints(t *testing.T) {
	many := `"/{room}`
	for i := range 50 {
		many += fmt.Sprintf("/{capture%d}", i)
	}
	many += `"`
	long := strings.Repeat("a", 300_000) // to compare two of them takes minutes
	tests := []struct{ match, at, hint string }{
		{`"/{b}/{a}/{confID}"`, "path.conf", `did you mean "confID"?`},
		{`"/y/{b}/{a}", "/x/{b}"`, "path.zzzzzz", "known are: a, b"},
		{many, "path.rom", `did you mean "room"?`},
		{many, "path.zzzzzz", ""},
		{`"/{` + long + `}"`, "path.b" + long, ""},
	}
	for _, tt := range tests {
		_, problems := Check(File{"r.yaml", []byte("version: 1\nroutes:\n- {name: r, match: [" + tt.match + "], rules: [{at: " + tt.at + "}]}\n")})
		if len(problems) != 1 || problems[0].Hint != tt.hint {
			t.Errorf("%.50s: got %.300v, want the hint %s", tt.at, problems, tt.hint)
		}
	}
}
