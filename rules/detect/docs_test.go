package detect

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// In docs/detectors.md a line says how a detector is configured, and the tables that follow what it finds.
var (
	docFind  = regexp.MustCompile("^`find: ([a-z_]+)`(?:, with `[a-z_]+: \\{(.*)\\}`)?$")
	docRow   = regexp.MustCompile("^\\| `([^`]+)` \\| (.*) ?\\|$")
	docCode  = regexp.MustCompile("`([^`]+)`")
	docField = regexp.MustCompile(`(kind|regions|bare|pattern|words): (\[[^]]*\]|'[^']*'|\w+)`)
)

// docFinder makes what a line of the document says.
func docFinder(t *testing.T, name, settings string) *Finder {
	t.Helper()
	var o Options
	kind := name
	for _, m := range docField.FindAllStringSubmatch(settings, -1) {
		value := strings.Trim(m[2], "[]'")
		if m[1] == "pattern" {
			value = m[2][1 : len(m[2])-1]
		}
		switch m[1] {
		case "kind":
			kind = value
		case "regions":
			o.Regions = strings.Split(value, ", ")
		case "bare":
			o.Bare = value == "true"
		case "pattern":
			return NewFinder(must(Pattern(name, value)))
		case "words":
			return NewFinder(must(Words(name, strings.Split(value, ", "))))
		}
	}
	if kind == "any" {
		return anyWith(t, o)
	}
	k, ok := KindOf(kind)
	if !ok {
		t.Fatalf("there is no detector %s", kind)
	}
	return NewFinder(must(Builtin(k, o)))
}

// TestDetectorsDoc finds what every example of the document says is found.
func TestDetectorsDoc(t *testing.T) {
	data, err := os.ReadFile("../../docs/detectors.md")
	if err != nil {
		t.Fatal(err)
	}
	var f *Finder
	examples, headings := 0, ""
	for i, line := range strings.Split(string(data), "\n") {
		if name, ok := strings.CutPrefix(line, "## "); ok {
			headings += name + "\n"
		}
		if m := docFind.FindStringSubmatch(line); m != nil {
			f = docFinder(t, m[1], m[2])
		} else if strings.HasPrefix(line, "`find:") {
			t.Errorf("line %d is not understood: %s", i+1, line)
		}
		m := docRow.FindStringSubmatch(line)
		if m == nil {
			if strings.HasPrefix(line, "| `") {
				t.Errorf("line %d is not understood: %s", i+1, line)
			}
			continue
		}
		examples++
		s := markedText(t, "", m[1])
		var want, got []string
		canonical := docCode.FindAllStringSubmatch(m[2], -1)
		for k, p := range s.parts {
			form := ""
			if k < len(canonical) {
				form = canonical[k][1]
			}
			want = append(want, fmt.Sprintf("%s %q %s", p.Kind, s.text[p.Start:p.End], form))
		}
		for _, sp := range f.Find(nil, s.text) {
			got = append(got, fmt.Sprintf("%s %q %s", sp.Kind, s.text[sp.Start:sp.End], sp.Canonical))
		}
		if !slices.Equal(got, want) {
			t.Errorf("line %d: %s\n got %s\nwant %s", i+1, m[1], strings.Join(got, ", "), strings.Join(want, ", "))
		}
		if len(canonical) > len(s.parts) {
			t.Errorf("line %d shows more canonical forms than findings", i+1)
		}
	}
	if examples < 100 {
		t.Errorf("%d examples were found", examples)
	}
	for _, name := range append(Names(), "any") {
		if !strings.Contains(headings, name+"\n") {
			t.Errorf("the document has no part about %s", name)
		}
	}
}
