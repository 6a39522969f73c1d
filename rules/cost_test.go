package rules

import (
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
)

// growsEvenly fails where one run of sixteen times n costs more than six times as
// much as sixteen runs of n: what is quadratic costs sixteen times as much. What
// counts is the time of the processor in this process, so that it is no matter who
// else is at work. Garbage is collected for neither side, as far as it may grow. Each
// counts by its best so far of five.
func growsEvenly(t *testing.T, n int, do func(n int)) {
	t.Helper()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(256 << 20)) // for what is quadratic in memory
	const times = 16
	do(times * n) // from here on, neither side needs memory that is new to the process
	cost := func(runs, n int) time.Duration {
		runtime.GC()
		began := processorTime(t)
		for range runs {
			do(n)
		}
		return processorTime(t) - began
	}
	some, one := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for range 5 {
		some, one = min(some, cost(times, n)), min(one, cost(1, times*n))
		if one/6 <= some || t.Failed() {
			return
		}
	}
	t.Errorf("%d runs of %d cost %v, but one of %d costs %v", times, n, some, times*n, one)
}

// processorTime is the time of the processor that this process took so far.
func processorTime(t *testing.T) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// TestManyCaptures: to look one capture up does not make a list of all.
func TestManyCaptures(t *testing.T) {
	growsEvenly(t, 200, func(n int) {
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
