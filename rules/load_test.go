package rules

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is got as what is wanted")

// golden compares got with the content of a file, or writes it there.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\ngot  %q\nwant %q", path, got, want)
	}
}

// TestBadFiles compares the whole text of the error of each testdata/bad/*.yaml
// with the file *.want beside it.
func TestBadFiles(t *testing.T) {
	paths, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bad files: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			set, err := Parse(File{name, data})
			if err == nil || set != nil {
				t.Fatalf("%s is accepted", path)
			}
			var problems Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %T, want Problems", err)
			}
			lines := strings.Count(string(data), "\n") + 1
			for _, p := range problems {
				if p.File != name || p.Line < 1 || p.Line > lines || p.Col < 1 {
					t.Errorf("%v stands nowhere in %s", p, name)
				}
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".want", err.Error()+"\n")
		})
	}
}

// oneProblem returns the text of the only problem of a file, and fails if there are
// more: what follows from one mistake is noise.
func oneProblem(t *testing.T, data string) string {
	t.Helper()
	_, err := Parse(File{"r.yaml", []byte(data)})
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want Problems", err)
	}
	if len(problems) != 1 {
		t.Fatalf("got %d problems, want one:\n%.2000s", len(problems), err)
	}
	return problems[0].String()
}

func TestHostileFiles(t *testing.T) {
	const route = "  - {name: a, match: /x}\n"
	at := "[" + strings.Repeat("body.x, ", 999) + "body.x]"
	tests := []struct{ name, data, want string }{
		{"2 MiB", "version: 1\nroutes:\n" + route + strings.Repeat("#"+strings.Repeat(" ", 1023)+"\n", 2<<10),
			"r.yaml:1:1: the file is larger than 1048576 bytes\n  hint: split it"},
		{"a list of addresses, repeated by aliases", "version: 1\nrules:\n  - at: &at " + at + "\n" + strings.Repeat("  - at: *at\n", 1000) + "routes:\n" + route,
			"r.yaml:3:5582: aliases make this file too large"},
		{"a rule, repeated by aliases", "version: 1\nrules:\n  - &r {at: " + at + "}\n" + strings.Repeat("  - *r\n", 1000) + "routes:\n" + route,
			"r.yaml:3:5582: aliases make this file too large"},
		{"a thousand million addresses", "version: 1\nroutes:\n  - &r {name: a, match: /x, rules: [&q {at: " + at + "}" + strings.Repeat(", *q", 999) + "]}\n" +
			strings.Repeat("  - *r\n", 999), "r.yaml:3:5566: aliases make this file too large"},
		{"not UTF-8", "version: 1\nroutes: \xff\n", "r.yaml:1:1: not YAML: invalid leading UTF-8 octet (value: 255)"},
		{"truncated UTF-8", "version: 1\nroutes: \"\xc3\"\n", "r.yaml:1:1: not YAML: invalid trailing UTF-8 octet (value: 34)"},
		{"a control character", "version: 1\nroutes: \x01\n", "r.yaml:1:1: not YAML: control characters are not allowed (value: 1)"},
		{"nested too deep", strings.Repeat("[", 100000), "r.yaml:1:10001: not YAML: exceeded max depth of 10000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := oneProblem(t, tt.data); got != tt.want {
				t.Errorf("got  %.300s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestAnchors: what aliases repeat means what it means where it stands.
func TestAnchors(t *testing.T) {
	set := parse(t, `version: 1
rules:
  - &phones {at: &places [body.user, query.user], find: phone}
  - {at: *places, find: [email], do: keep}
routes:
  - name: a
    match: /a
    rules: [*phones]
  - {name: b, match: /b}
`)
	var got []string
	for _, route := range set.Routes() {
		for _, r := range route.rules {
			got = append(got, fmt.Sprintf("%s:%d %s at %s find %v %s", r.Name, r.Line, route.Name, spelled(r.at), r.finds, r.Do))
		}
	}
	want := []string{
		"a/1:3 a at body.user, query.user find [phone] pseudonymize",
		"r/1:3 a at body.user, query.user find [phone] pseudonymize",
		"r/2:4 a at body.user, query.user find [email] keep",
		"r/1:3 b at body.user, query.user find [phone] pseudonymize",
		"r/2:4 b at body.user, query.user find [email] keep",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// write makes a directory of these files and returns its path.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(set *Set) string {
	var all []string
	for _, r := range set.Routes() {
		all = append(all, r.Name)
	}
	return strings.Join(all, " ")
}

func ruleFile(routes ...string) string {
	text := "version: 1\nroutes:\n"
	for _, r := range routes {
		text += "  - {name: " + r + ", match: /" + r + "}\n"
	}
	return text
}

func TestLoadOrder(t *testing.T) {
	dir := write(t, map[string]string{
		"b.yaml": ruleFile("b2", "b1"), "a.yaml": ruleFile("a"), "B.yaml": ruleFile("B"), "10.yaml": ruleFile("ten"), "9.yaml": ruleFile("nine"),
		"a_test.yaml": "this is: [no rule file", "c.yml": "nor: this", "README.md": "nor this", ".hidden.yaml": "nor: this",
		"..data/a.yaml": "nor: this", "sub/d.yaml": "nor: this",
	})
	other := write(t, map[string]string{"z.yaml": ruleFile("z"), "x_test.yaml": ruleFile("x")})
	tests := []struct {
		name  string
		paths []string
		want  string
	}{
		{"a directory", []string{dir}, "ten nine B a b2 b1"},
		{"a file, then the directory of others", []string{filepath.Join(other, "z.yaml"), dir}, "z ten nine B a b2 b1"},
		{"a directory, then a file", []string{dir, filepath.Join(other, "z.yaml")}, "ten nine B a b2 b1 z"},
		{"a file that is named is read", []string{filepath.Join(other, "x_test.yaml")}, "x"},
		{"files in the order given", []string{filepath.Join(dir, "b.yaml"), filepath.Join(dir, "a.yaml")}, "b2 b1 a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Load(tt.paths...)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(set); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if r := set.Routes()[0]; filepath.Dir(r.File) != filepath.Dir(filepath.Join(tt.paths[0], "x")) && r.File != tt.paths[0] {
				t.Errorf("route %s is of %s, want a file of %s", r.Name, r.File, tt.paths[0])
			}
		})
	}
}

// TestLoadLinks: Kubernetes mounts the files of a ConfigMap as links into ..data.
func TestLoadLinks(t *testing.T) {
	dir := write(t, map[string]string{"..2026/a.yaml": ruleFile("a")})
	for link, to := range map[string]string{"..data": "..2026", "a.yaml": "..data/a.yaml"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	set, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(set); got != "a" {
		t.Errorf("got %s, want a", got)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := write(t, map[string]string{
		"a.yaml": ruleFile("one", "two"), "b.yaml": ruleFile("two", "three", "one"), "bad.yaml": "version: 2\n", "empty/x_test.yaml": "",
		"worse.yaml": "version: 1\nrotues: []\n",
	})
	in := func(name string) string { return filepath.Join(dir, name) }
	tests := []struct {
		name  string
		paths []string
		want  string
	}{
		{"no path", nil, "reading rules: no file was given"},
		{"no such file", []string{in("x.yaml")}, "reading rules: stat DIR/x.yaml: no such file or directory"},
		{"a directory without rules", []string{in("empty")}, "reading rules: the folder DIR/empty holds no *.yaml; folders in it are not looked into"},
		{"names are unique over files", []string{in("a.yaml"), in("b.yaml")},
			"DIR/b.yaml:3:12: route \"two\" is already defined at DIR/a.yaml:4\n  hint: route names are unique over all files\n" +
				"DIR/b.yaml:5:12: route \"one\" is already defined at DIR/a.yaml:3\n  hint: route names are unique over all files"},
		{"a file twice", []string{in("a.yaml"), in("a.yaml")},
			"DIR/a.yaml:3:12: route \"one\" is already defined at DIR/a.yaml:3\n  hint: route names are unique over all files\n" +
				"DIR/a.yaml:4:12: route \"two\" is already defined at DIR/a.yaml:4\n  hint: route names are unique over all files"},
		{"the mistakes of all files", []string{dir},
			"DIR/b.yaml:3:12: route \"two\" is already defined at DIR/a.yaml:4\n  hint: route names are unique over all files\n" +
				"DIR/b.yaml:5:12: route \"one\" is already defined at DIR/a.yaml:3\n  hint: route names are unique over all files\n" +
				"DIR/bad.yaml:1:10: version \"2\" is not known\n  hint: this statveil reads version: 1\n" +
				"DIR/worse.yaml:2:1: \"rotues\" is no field of a rule file\n  hint: did you mean \"routes\"?"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := Load(tt.paths...)
			if err == nil || set != nil {
				t.Fatal("it is accepted")
			}
			if got := strings.ReplaceAll(err.Error(), dir, "DIR"); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			var problems Problems
			if got, want := errors.As(err, &problems), !strings.HasPrefix(tt.want, "reading"); got != want {
				t.Errorf("the error is Problems: %v, want %v", got, want)
			}
		})
	}
	if _, err := Load(in("x.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want what errors.Is knows as fs.ErrNotExist", err)
	}
}

func TestTenantName(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{"", false}, {"a", true}, {"7", true}, {"acme.example-1", true}, {"-a", false}, {".a", false}, {"a_b", false}, {"a b", false},
		{"ä", false}, {"a/b", false}, {"..", false}, {"a.", true}, {strings.Repeat("a", 64), true}, {strings.Repeat("a", 65), false}, {"a\n", false},
	}
	for _, tt := range tests {
		if got := TenantName(tt.in); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.in, got, tt.want)
		}
	}
}

// FuzzParse: whatever the file, it gives a Set or Problems that stand in it.
func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("testdata/bad/*.yaml")
	for _, path := range append(paths, "packs/callstats.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, data string) {
		set, err := Parse(File{"r.yaml", []byte(data)})
		var problems Problems
		switch {
		case err == nil && len(set.Routes()) == 0:
			t.Fatalf("%q: no error and no routes", data)
		case err != nil && !errors.As(err, &problems):
			t.Fatalf("%q: got %T", data, err)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.Message == "" {
				t.Fatalf("%q: %#v", data, p)
			}
		}
	})
}

// spelled returns addresses as the file spells them, separated by commas.
func spelled(at []*address) string {
	var all []string
	for _, a := range at {
		all = append(all, a.text)
	}
	return strings.Join(all, ", ")
}
