package statveil_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// texts are what no file of the tree may say. The expressions are written so
// that they do not match themselves.
var texts = []struct {
	expr *regexp.Regexp
	in   func(path string) bool
	why  string
}{
	{regexp.MustCompile(`(^|[^A-Za-z])/(work|farm|root)/`), everywhere, "names a path of one machine"},
	{regexp.MustCompile(`\.\./(\.\./)*shared`), everywhere, "reads outside the project"},
	{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`), written, "is unfinished"},
	{regexp.MustCompile(`\b(t|b|f|tb)\.Skip(f|Now)?` + `\(`), goFiles, "skips a test"},
}

func everywhere(string) bool   { return true }
func goFiles(path string) bool { return strings.HasSuffix(path, ".go") }

// written leaves out test data, which quotes other people's traffic.
func written(path string) bool {
	return !slices.Contains(strings.Split(path, "/"), "testdata")
}

func checkText(path string, data []byte) (wrong []string) {
	for i, line := range strings.Split(string(data), "\n") {
		for _, x := range texts {
			if x.in(path) && x.expr.MatchString(line) {
				wrong = append(wrong, fmt.Sprintf("%s:%d: %s", path, i+1, x.why))
			}
		}
	}
	return wrong
}

func TestTexts(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if skipped(d) {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || d.Name() == ".git" { // a file in a worktree
			return nil
		}
		data, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		if bytes.IndexByte(data[:min(len(data), 8000)], 0) >= 0 {
			return nil // a binary, as git sees it
		}
		files++
		report(t, checkText(filepath.ToSlash(p), data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Error("no file was read")
	}
}

func TestTextChecksCanFail(t *testing.T) {
	tests := []struct {
		path, text string
		want       int
	}{
		{"docs/a.md", "see /" + "root/go", 1},
		{"docs/a.md", "/" + "work/main", 1},
		{"testdata/a.json", `{"file": "/` + `farm/x"}`, 1},
		{"docs/a.md", "homework/, a/network/, /works/", 0},
		{"Makefile", "cat .." + "/shared/x", 1},
		{"a/b.go", "open(\"../../.." + "/shared\")", 1},
		{"docs/a.md", "shared by all", 0},
		{"Makefile", "# TO" + "DO: more", 1},
		{"a.go", "// FIX" + "ME and XX" + "X", 1},
		{"a/testdata/b.txt", "XX" + "X", 0},
		{"docs/a.md", "XX" + "XX-0000", 0},
		{"a_test.go", "\tt.Skip" + "(\"later\")", 1},
		{"a_test.go", "\ttb.Skipf" + "(\"later\")", 1},
		{"a_test.go", "\td.skipped(1)", 0},
	}
	for _, tt := range tests {
		t.Run(tt.path+" "+tt.text, func(t *testing.T) {
			if got := checkText(tt.path, []byte("first line\n"+tt.text)); len(got) != tt.want {
				t.Errorf("got %q, want %d", got, tt.want)
			}
		})
	}
}
