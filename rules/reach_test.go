package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestUnreachableOverFiles: routes are tried over all files in their order, those
// with mistakes too.
func TestUnreachableOverFiles(t *testing.T) {
	file := func(name string, routes ...string) File {
		return File{name, []byte("version: 1\nroutes:\n  - " + strings.Join(routes, "\n  - ") + "\n")}
	}
	all := file("all.yaml", "{name: all, match: '/{x...}'}")
	tests := []struct {
		name  string
		files []File
		want  string
	}{
		{"all before one", []File{all, file("b.yaml", "{name: b, match: /b}")},
			`b.yaml:3:5: route "b" can never match: route "all" at all.yaml:3 matches all its requests first`},
		{"one before all", []File{file("b.yaml", "{name: b, match: /b}"), all}, ""},
		{"a route that has another mistake covers", []File{file("a.yaml", "{name: a, match: /b, restore: ecko}"), file("b.yaml", "{name: b, match: /b}")},
			`b.yaml:3:5: route "b" can never match: route "a" at a.yaml:3 matches all its requests first`},
		{"a match that cannot be read may have been more", []File{all, file("b.yaml", "{name: b, match: [/b, b]}")}, ""},
		{"the same name is the mistake", []File{all, file("b.yaml", "{name: all, match: /b}")}, ""},
		{"two of three", []File{file("a.yaml", "{name: a, match: [/a, /b]}", "{name: b, match: [/a, /b, /c]}")}, ""},
		{"all of two, by two", []File{file("a.yaml", "{name: a, match: /a}", "{name: b, match: /b}", "{name: c, match: [/a, /b]}")},
			`a.yaml:5:5: route "c" can never match: route "a" at a.yaml:3 and route "b" at a.yaml:4 match all its requests first`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.files...)
			got := ""
			for line := range strings.Lines(fmt.Sprint(err)) {
				if strings.Contains(line, "can never match") {
					got += strings.TrimSuffix(line, "\n")
				}
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestManyPatterns: each pattern of a file is asked about all before it, but not one
// by one.
func TestManyPatterns(t *testing.T) {
	for _, form := range []string{"/events/{a}/%d", "/e/%d", "/%d/{x...}"} {
		t.Run(form, func(t *testing.T) {
			growsEvenly(t, 1_000, func(n int) {
				tried := &triedPatterns{}
				for i := range n {
					p := mustPattern(t, fmt.Sprintf(form, i))
					if first, covered := tried.first(p); covered {
						t.Fatalf("%v covers %v", first.pattern, p)
					}
					tried.add(p, nil)
				}
			})
		})
	}
}
