package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheckHostile: what is made to take for ever is refused. Without its bounds
// this test would not end.
func TestCheckHostile(t *testing.T) {
	repeat := func(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+", ", n), ", ") }
	bomb := "a: &a [" + repeat("1", 10) + "]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, repeat("*"+string(c-1), 10))
	}
	tests := []struct{ name, text, want string }{
		{"10 MB of rules", "version: 1\n" + strings.Repeat("#\n", 5<<20), "f.yaml:1:1: the file is larger than 1048576 bytes"},
		{"10 MB of a configuration", "listen: :80\n" + strings.Repeat("#\n", 5<<20), "f.yaml: the file is larger than 1MiB"},
		{"10 MB of nothing", strings.Repeat("\x00", 10<<20), "f.yaml:1:1: the file is larger than 1048576 bytes"},
		{"10 MB of fields", strings.Repeat("x:\n", 4<<20), "f.yaml:1:1: the file is larger than 1048576 bytes"},
		{"a bomb of rules", bomb + "version: 1\n", `f.yaml:1:1: "a" is no field of a rule file`},
		{"a bomb of a configuration", bomb + "listen: *j\n", "f.yaml:1:11: aliases stand for more than 10000 values"},
		{"a bomb of routes", "version: 1\nroutes: [&r {name: a, match: /x, rules: [&q {at: [" + repeat("body.x", 60) + "]}, " + repeat("*q", 60) + "]}, " + repeat("*r", 60) + "]\n",
			"aliases make this file too large"},
		{"deep", "version: 1\nroutes: " + strings.Repeat("[", 1<<19), "exceeded max depth"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("f.yaml", []byte(tt.text), 0o666); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			code := execute(t.Context(), []string{"check", "f.yaml"}, nil, &out, &errs)
			if code != exitFailed || !strings.Contains(out.String(), tt.want) || errs.Len() > 0 {
				t.Errorf("it ended with %d\n%.600s%.600s\nwant %s", code, &out, &errs, tt.want)
			}
		})
	}
}

// TestIsConfig: files are told apart by what is in them, whatever their names.
func TestIsConfig(t *testing.T) {
	tests := []struct {
		text string
		want bool
	}{
		{"", false}, {"not yaml: [", false}, {"rules: [a]\n", false},
		{"version: 1\nroutes: []\n", false}, {"rotues: []\nversion: 1\n", false}, {"routes:\n  - listen: x\nlisten: x\n", false},
		{"# listen: x\nversion: 1\n", false}, {"{version: 1, listen: x}", false}, {"\"version\": 1\n", false},
		{"upstream: x\n", true}, {"rules: [version]\nkeys: {dev: true}\n", true}, {"{upstream: x, rules: [a]}", true}, {"'listen' : x\n", true},
		{"rules:\n  - rules\nlog:\n  level: debug\n", true}, {"upsteram: x\nlog: {}\n", true}, {"\ufefflisten: x\n", true}, {"---\nlimits:\n", true},
	}
	for _, tt := range tests {
		if got := isConfig([]byte(tt.text)); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.text, got, tt.want)
		}
	}
}

// TestInitIsComplete: each pack has a test that init can write beside it.
func TestInitIsComplete(t *testing.T) {
	for _, pack := range append(packNames(), "") {
		files, err := startingFiles("dir", pack)
		if err != nil {
			t.Fatal(err)
		}
		if len(files) != 3 || filepath.Base(files[0].path) != "statveil.yaml" || !strings.HasSuffix(files[2].path, "_test.yaml") {
			t.Errorf("%s: %v", pack, files)
		}
		for _, f := range files {
			if len(f.data) == 0 {
				t.Errorf("%s is empty", f.path)
			}
		}
		rules := filepath.Base(files[1].path)
		if !strings.Contains(string(files[2].data), "\nrules: ["+rules+"]\n") {
			t.Errorf("%s does not test %s", files[2].path, rules)
		}
	}
}
