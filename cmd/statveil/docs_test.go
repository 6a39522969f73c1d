package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/rules"
)

// blocks returns the fenced code blocks of one language in a document.
func blocks(t *testing.T, name, language string) []string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// TestShellExamples runs every sh block of the documents as a reader would: with
// a collector where they say one is, and the addresses moved to free ports.
func TestShellExamples(t *testing.T) {
	t.Chdir("../..")
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, name := range append(documents, "README.md") {
		if showsFiles(t, name) {
			continue // TestFileExamples
		}
		for i, block := range blocks(t, name, "sh") {
			t.Run(fmt.Sprintf("%s/%d", name, i), func(t *testing.T) { newShell(t).run(block) })
			ran++
		}
	}
	if ran < 4 {
		t.Errorf("%d examples were found; the README alone has more", ran)
	}
}

// TestYAMLExamples reads the rule file and the configuration in the README. The
// configuration says what the defaults are.
func TestYAMLExamples(t *testing.T) {
	found := blocks(t, "../../README.md", "yaml")
	if len(found) != 2 {
		t.Fatalf("the README has %d yaml blocks, want the rules and the configuration", len(found))
	}
	set, err := rules.Parse(rules.File{Name: "README.yaml", Data: []byte(found[0])})
	if err != nil {
		t.Fatal(err)
	}
	if lint := set.Lint(); len(lint) > 0 {
		t.Errorf("the README shows what check warns of: %v", lint)
	}
	got, err := config.Parse("statveil.yaml", []byte(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	want, err := config.Parse("statveil.yaml", []byte("upstream: http://127.0.0.1:9000\nrules: [rules]\nkeys: {dev: true}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the README says the defaults are\n%+v\nthey are\n%+v", got, want)
	}
}

// TestSuiteExamples runs the test files of the documents beside the rules of the pack.
func TestSuiteExamples(t *testing.T) {
	found := blocks(t, "../../docs/tests.md", "yaml")
	if len(found) == 0 {
		t.Fatal("docs/tests.md has no example")
	}
	pack, err := os.ReadFile("../../rules/packs/callstats.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range found {
		dir := t.TempDir()
		for name, data := range map[string][]byte{"callstats.yaml": pack, "a_test.yaml": []byte(block)} {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		var out, errs bytes.Buffer
		if code := execute(t.Context(), []string{"test", dir}, nil, &out, &errs); code != 0 {
			t.Errorf("test ended with %d\n%s%s", code, &out, &errs)
		}
	}
}

// TestReasons: the README lists every reason that clients may see, and no other.
func TestReasons(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("../../proxy/refusal.go")
	if err != nil {
		t.Fatal(err)
	}
	set := func(re string, text []byte) map[string]bool {
		all := map[string]bool{}
		for _, m := range regexp.MustCompile(re).FindAllSubmatch(text, -1) {
			all[string(m[1])] = true
		}
		return all
	}
	listed := set("(?m)^\\| `([a-z_]+)` \\| [0-9]", readme)
	defined := set(`(?m)^\t[A-Z][A-Za-z]+ +Reason = "([a-z_]+)"`, source)
	if len(defined) == 0 || !reflect.DeepEqual(listed, defined) {
		t.Errorf("the README lists %v, the code has %v", listed, defined)
	}
}

// A shell knows the commands of the documents. It fails on any other, so that no
// example goes unread.
type shell struct {
	t         *testing.T
	collector *httptest.Server
	listen    string
	dir       string   // for files
	bodies    []string // at the collector
	stop      context.CancelFunc
	ended     chan int
	log       bytes.Buffer
}

func newShell(t *testing.T) *shell {
	s := &shell{t: t}
	s.collector = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.bodies = append(s.bodies, string(body))
	}))
	t.Cleanup(s.collector.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.listen = l.Addr().String()
	l.Close()
	return s
}

// here returns the script with its addresses moved to ours, and one line for each
// pipe.
func (s *shell) here(script string) string {
	script = strings.ReplaceAll(script, "|\n", "| ")
	script = strings.ReplaceAll(script, "127.0.0.1:9000", strings.TrimPrefix(s.collector.URL, "http://"))
	script = strings.ReplaceAll(script, "sidecar", filepath.Join(s.t.TempDir(), "sidecar")) // what init writes
	return strings.ReplaceAll(script, "127.0.0.1:8080", s.listen)
}

func (s *shell) run(script string) {
	for line := range strings.Lines(s.here(script)) {
		var in string
		for _, command := range splitPipe(words(line)) {
			in = s.command(command, in)
		}
	}
	if s.stop != nil {
		s.t.Error("the example starts a proxy and does not end it")
		s.stop()
	}
}

// words splits a line as sh does, with single quotes and comments.
func words(line string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`'([^']*)'|(#.*)|([^\s'#]+)`).FindAllStringSubmatch(line, -1) {
		switch {
		case m[2] != "":
			return all
		case m[3] != "":
			all = append(all, m[3])
		default:
			all = append(all, m[1])
		}
	}
	return all
}

func splitPipe(words []string) [][]string {
	commands := [][]string{nil}
	for _, w := range words {
		if w == "|" {
			commands = append(commands, nil)
			continue
		}
		last := len(commands) - 1
		commands[last] = append(commands[last], w)
	}
	return commands
}

// command runs one command on this input and returns its output.
func (s *shell) command(w []string, in string) string {
	t := s.t
	line := strings.Join(w, " ")
	switch {
	case len(w) == 0, line == "go build ./cmd/statveil", line == "make build", line == "make test":
		return "" // the test that runs this is built and run by them
	case line == "go run ./cmd/statveil demo":
		var out, errs bytes.Buffer
		if code := execute(t.Context(), []string{"demo", "--once"}, nil, &out, &errs); code != 0 {
			t.Errorf("demo ended with %d\n%s%s", code, &out, &errs)
		}
	case w[0] == "printf":
		return strings.NewReplacer(`\n`, "\n", "%%", "%").Replace(w[1])
	case w[0] == "./statveil" && w[1] == "explain":
		var out, errs bytes.Buffer
		if code := execute(t.Context(), w[1:], strings.NewReader(in), &out, &errs); code != 0 {
			t.Errorf("%s ended with %d\n%s%s", line, code, &out, &errs)
		}
		if out := out.String(); !strings.Contains(out, "as it would leave") || strings.Contains(out[strings.Index(out, "as it would leave"):], "anna@example.com") {
			t.Errorf("%s printed\n%s", line, out)
		}
		return out.String()
	case w[0] == "./statveil" && (w[1] == "init" || w[1] == "check"):
		var out, errs bytes.Buffer
		if code := execute(t.Context(), w[1:], nil, &out, &errs); code != 0 {
			t.Errorf("%s ended with %d\n%s%s", line, code, &out, &errs)
		}
	case line == "./statveil doctor -c statveil.yaml":
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{"rules.yaml": drainRules, "statveil.yaml": "upstream: " + s.collector.URL +
			"\nrules: [rules.yaml]\nkeys: {dev: true}\nlisten: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}\n"})
		var out, errs bytes.Buffer
		if code := execute(t.Context(), []string{"doctor", "-c", filepath.Join(dir, "statveil.yaml")}, nil, &out, &errs); code != 0 {
			t.Errorf("%s ended with %d\n%s%s", line, code, &out, &errs)
		}
	case line == "curl -s -X PUT -d level=debug http://127.0.0.1:9902/-/log":
		p := start(t, s.collector.URL, "log: {level: info}\n")
		res, err := http.DefaultClient.Do(put(t, "http://"+p.private+"/-/log", "level=debug"))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if got, _ := io.ReadAll(res.Body); res.StatusCode != 200 || string(got) != "{\"level\":\"debug\"}\n" {
			t.Errorf("%s: %s %q", line, res.Status, got)
		}
	case w[0] == "./statveil" && w[1] == "scan":
		var out, errs bytes.Buffer
		if code := execute(t.Context(), w[1:], strings.NewReader(in), &out, &errs); code != 0 || !strings.Contains(out.String(), `"kind":`) {
			t.Errorf("%s ended with %d\n%s%s", line, code, &out, &errs)
		}
		return out.String()
	case w[0] == "./statveil" && w[1] == "test":
		var out, errs bytes.Buffer
		if code := execute(t.Context(), w[1:], nil, &out, &errs); code != 0 || !strings.Contains(out.String(), " passed, 0 failed") {
			t.Errorf("%s ended with %d\n%s%s", line, code, &out, &errs)
		}
	case w[0] == "./statveil" && w[len(w)-1] == "&":
		s.start(append(w[1:len(w)-1], "--listen", s.listen, "--admin", "127.0.0.1:0"))
	case w[0] == "./statveil" && slices.Contains([]string{"keys", "lookup", "apply"}, w[1]):
		s.batch(w[1:])
	case w[0] == "curl":
		s.curl(w)
	case line == "kill %1":
		s.stop()
		s.stop = nil
		if code := <-s.ended; code != 0 {
			t.Errorf("the proxy ended with %d\n%s", code, &s.log)
		}
		if len(s.bodies) != 1 || strings.Contains(s.bodies[0], "anna@example.com") || !strings.Contains(s.bodies[0], `{"localID":"psn_`) {
			t.Errorf("the collector got %q", s.bodies)
		}
	default:
		t.Errorf("the document shows a command that no test knows: %s", line)
	}
	return ""
}

// put is a request as curl -X PUT -d sends it.
func put(t *testing.T, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequest(http.MethodPut, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

// batch runs a command in which files are named, and puts these into a folder of
// the test. Standard input is a record to treat.
func (s *shell) batch(w []string) {
	t := s.t
	if s.dir == "" {
		s.dir = t.TempDir()
	}
	var args []string
	into := ""
	for i, word := range w {
		switch {
		case word == "<", word == ">":
		case i > 0 && w[i-1] == "<":
		case i > 0 && w[i-1] == ">":
			into = word
		default:
			args = append(args, strings.Replace(word, "file:", "file:"+s.dir+"/", 1))
		}
	}
	var out, errs bytes.Buffer
	if code := execute(t.Context(), args, strings.NewReader("{\"localID\":\"anna@example.com\"}\n"), &out, &errs); code != 0 {
		t.Errorf("%v ended with %d\n%s", args, code, &errs)
	}
	if into != "" && !regexp.MustCompile(`^\{"localID":"psn_[a-z0-9]+"\}\n$`).MatchString(out.String()) {
		t.Errorf("%v wrote %q", args, &out)
	}
}

func (s *shell) start(args []string) {
	ctx, cancel := context.WithCancel(s.t.Context())
	s.stop, s.ended = cancel, make(chan int, 1)
	go func() { s.ended <- execute(ctx, args, nil, io.Discard, &s.log) }()
	for {
		if c, err := net.Dial("tcp", s.listen); err == nil {
			c.Close()
			return
		}
		select {
		case code := <-s.ended:
			s.t.Fatalf("the proxy ended with %d\n%s", code, &s.log)
		default:
		}
	}
}

func (s *shell) curl(w []string) {
	t := s.t
	url, body := w[2], ""
	if len(w) > 4 && w[3] == "-d" {
		body = w[4]
	}
	method, want := http.MethodGet, http.StatusForbidden
	if body != "" {
		method, want = http.MethodPost, http.StatusOK
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != want {
		text, _ := io.ReadAll(res.Body)
		t.Errorf("%s: %d %s", strings.Join(w, " "), res.StatusCode, text)
	}
}
