package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A block is a fenced block of a document, with the line on which it begins.
type block struct {
	language, text string
	line           int
}

// allBlocks returns the fenced blocks of a document in their order.
func allBlocks(t *testing.T, name string) (all []block) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$").FindAllSubmatchIndex(data, -1) {
		all = append(all, block{string(data[m[2]:m[3]]), string(data[m[4]:m[5]]), 1 + bytes.Count(data[:m[0]], []byte("\n"))})
	}
	return all
}

// fileIn returns the name of the file that a yaml block is: # rules/join.yaml in
// its first line.
func fileIn(b block) string {
	m := regexp.MustCompile(`^# ([a-z0-9_/-]+\.yaml)\n`).FindStringSubmatch(b.text)
	if b.language != "yaml" || m == nil {
		return ""
	}
	return m[1]
}

// showsFiles says whether a document shows files for its reader to write.
func showsFiles(t *testing.T, name string) bool {
	for _, b := range allBlocks(t, name) {
		if fileIn(b) != "" {
			return true
		}
	}
	return false
}

// TestFileExamples does with such documents what their readers do, from the top:
// it writes the files, runs the commands and compares what they print with the
// block that follows. In the end every test that the document shows passes, and
// every rule has one.
func TestFileExamples(t *testing.T) {
	documents, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, name := range documents {
		if !showsFiles(t, name) {
			continue
		}
		ran++
		t.Run(filepath.Base(name), func(t *testing.T) { runFiles(t, filepath.Base(name), allBlocks(t, name)) })
	}
	if ran == 0 {
		t.Error("no document shows files; docs/rules.md does")
	}
}

func runFiles(t *testing.T, name string, all []block) {
	t.Chdir(t.TempDir())
	folders := map[string]bool{}
	for i, b := range all {
		file := fileIn(b)
		switch {
		case file != "":
			folders[filepath.Dir(file)] = true
			if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(b.text), 0o666); err != nil {
				t.Fatal(err)
			}
		case b.language == "yaml":
			t.Errorf("%s:%d: a yaml block must begin with the name of its file: # rules/join.yaml", name, b.line)
		case b.language == "sh":
			got := shellOutput(t, name, b)
			if i+1 == len(all) || all[i+1].language != "" {
				continue
			}
			if got, want := steady(got), steady(all[i+1].text); got != want {
				t.Errorf("%s:%d: the commands print\n%s\nthe document shows\n%s", name, b.line, got, want)
			}
		}
	}
	for folder := range folders {
		var out, errs bytes.Buffer
		if code := execute(t.Context(), []string{"test", "--cover", folder}, nil, &out, &errs); code != 0 {
			t.Errorf("%s: the tests in %s end with %d\n%s%s", name, folder, code, &out, &errs)
		}
	}
}

// shellOutput runs the lines of a block and returns what the last command of each
// prints, on both outputs; of a sidecar, what it logs of requests. A comment says
// where a command does not end with 0.
func shellOutput(t *testing.T, name string, b block) string {
	var all strings.Builder
	s := newShell(t)
	for line := range strings.Lines(s.here(b.text)) {
		want := 0
		if strings.Contains(line, "# ends with 1") {
			want = 1
		}
		in := ""
		for _, w := range splitPipe(words(line)) {
			switch {
			case len(w) == 0:
			case w[0] == "printf":
				in = s.command(w, in)
			case w[0] == "statveil" && w[len(w)-1] == "&":
				s.start(append(w[1:len(w)-1], "--listen", s.listen, "--admin", "127.0.0.1:0"))
			case w[0] == "curl":
				s.curl(w)
			case w[0] == "kill":
				s.stop()
				if code := <-s.ended; code != want {
					t.Errorf("%s:%d: the proxy ends with %d", name, b.line, code)
				}
				for line := range strings.Lines(s.log.String()) {
					if strings.Contains(line, `"route":`) {
						in += line
					}
				}
			case w[0] == "statveil":
				var out bytes.Buffer
				if code := execute(t.Context(), w[1:], strings.NewReader(in), &out, &out); code != want {
					t.Errorf("%s:%d: %s ends with %d, not %d\n%s", name, b.line, strings.Join(w, " "), code, want, &out)
				}
				in = out.String()
			default:
				t.Errorf("%s:%d: the document shows a command that no test knows: %s", name, b.line, strings.Join(w, " "))
			}
		}
		all.WriteString(in)
	}
	return all.String()
}

var (
	moment  = regexp.MustCompile(`"time":"[^"]+"|"took":[0-9.e-]+`)
	columns = regexp.MustCompile(` {2,}`)
)

// steady makes equal what differs each time: pseudonyms are numbered by their first
// appearance, psn_A and so on, columns are as wide as one likes, moments are gone.
func steady(text string) string {
	text = numberTokens(text, "psn_", "")
	return columns.ReplaceAllString(moment.ReplaceAllString(text, `"moment"`), "  ")
}
