package main

import (
	"os"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// atOnce keeps the race detector from waiting a second at the end of each process.
const atOnce = "GORACE=atexit_sleep_ms=0"

// The scripts run this binary as the command statveil.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		calm:            main,
		hasty:           func() { pollEvery /= 100; main() },
		"statveil-load": generate,
	})
}

var token = regexp.MustCompile(`psn_[a-z0-9]{32,}`)

// TestScripts runs testdata/script: what the command line does, to be read.
func TestScripts(t *testing.T) {
	pack, err := os.ReadFile("../../rules/packs/callstats.yaml")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, atOnce)
			return os.WriteFile(e.WorkDir+"/callstats.yaml", pack, 0o666)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// exits CODE ARG...: statveil ARG... ends with exactly this code.
			"exits": exits,
			// tokens FILE: pseudonyms differ each time; number them by their first appearance.
			"tokens": tokensOf,
		},
	})
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE ARG...")
	}
	err := ts.Exec("statveil", args[1:]...)
	code := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		code = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		ts.Fatalf("running statveil: %v", err)
	}
	if code != args[0] {
		ts.Fatalf("statveil ended with %s, want %s", code, args[0])
	}
}

func tokensOf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: tokens FILE")
	}
	text := numberTokens(ts.ReadFile(args[0]), "<", ">")
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o666))
}

// numberTokens names pseudonyms by their first appearance: A, B, C.
func numberTokens(text, before, after string) string {
	numbers := map[string]string{}
	return token.ReplaceAllStringFunc(text, func(t string) string {
		if numbers[t] == "" {
			numbers[t] = before + string(rune('A'+len(numbers))) + after
		}
		return numbers[t]
	})
}
