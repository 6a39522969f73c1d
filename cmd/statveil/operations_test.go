package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/statveil/statveil/config"
)

func operations(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// The page lists every field of the configuration, with its default.
func TestOperationsFields(t *testing.T) {
	page := operations(t)
	type schema struct {
		Properties map[string]*schema `json:"properties"`
		Default    any                `json:"default"`
	}
	var root schema
	if err := json.Unmarshal(config.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	n := 0
	var walk func(prefix string, s *schema)
	walk = func(prefix string, s *schema) {
		for name, p := range s.Properties {
			full := prefix + name
			if p.Properties != nil {
				walk(full+".", p)
				continue
			}
			n++
			line := regexp.MustCompile("(?m)^\\| .*`" + regexp.QuoteMeta(full) + "`.*$").FindString(page)
			if line == "" {
				t.Errorf("%s is in no table", full)
				continue
			}
			value, _ := json.Marshal(p.Default)
			if text := strings.Replace(strings.Trim(string(value), `"`), "m0s", "m", 1); p.Default != nil && !strings.Contains(line, "| `"+text+"` |") {
				t.Errorf("the default of %s is %s; the page says %s", full, text, line)
			}
			if (strings.Contains(line, "‡")) != restarts(t, full, p.Default) {
				t.Errorf("%s: the page is wrong about when it takes effect", full)
			}
		}
	}
	walk("", &root)
	if n < 25 {
		t.Errorf("the schema has %d fields", n)
	}
}

// restarts says whether another value of a field takes effect at the next start only.
func restarts(t *testing.T, field string, was any) bool {
	t.Helper()
	other := map[string]string{"log.level": "debug", "log.format": "console", "keys.dev": "true", "admin.private": "127.0.0.1:1", "rules": "[x]", "collectors": "[{host: a, upstream: http://b}]", "limits.inflight": "1GiB"}[field]
	if other == "" {
		switch {
		case strings.HasPrefix(field, "timeouts."):
			other = "7s"
		case strings.HasPrefix(field, "limits."):
			other = "17"
		default:
			other = "a:1"
		}
	}
	text := other
	for _, name := range slices.Backward(strings.Split(field, ".")) {
		text = "{" + name + ": " + text + "}"
	}
	changed, problems := config.Check("statveil.yaml", []byte(text))
	for _, p := range problems {
		if p.Line > 0 && !strings.Contains(p.Message, "must") && !strings.Contains(p.Message, "without") && !strings.Contains(p.Message, "upstream") {
			t.Fatalf("%s: %s", text, p)
		}
	}
	return len(config.Default().NeedsRestart(changed)) > 0
}

// The page names every metric of ours, with its labels, and none that is not there.
func TestOperationsMetrics(t *testing.T) {
	page := operations(t)
	dir := files(t, record(t).url(), "")
	replace(t, dir, "rules.yaml", metricRules)
	p := launch(t, calm, dir)
	for i := range 2 { // of counters with labels there is nothing before
		res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, i))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
	}
	get(t, p.listen, "/"+strings.Repeat("x", 9<<10))
	_, text := get(t, p.admin, "/metrics")
	there := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (statveil_\w+)`).FindAllStringSubmatch(text, -1) {
		there[m[1]] = true
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`(statveil_\w+)(\{([a-z_,]+)\})?`).FindAllStringSubmatch(page, -1) {
		if listed[m[1]] = true; !there[m[1]] {
			t.Errorf("%s is not there", m[1])
		}
		for label := range strings.SplitSeq(m[3], ",") {
			if m[3] != "" && !regexp.MustCompile(m[1]+`\w*\{[^}]*\b`+label+`="`).MatchString(text) {
				t.Errorf("%s has no label %s", m[1], label)
			}
		}
	}
	for name := range there {
		if !listed[name] {
			t.Errorf("%s is not on the page", name)
		}
	}
}

// Every message that the page explains is one that the code says.
func TestOperationsMessages(t *testing.T) {
	_, table, _ := strings.Cut(operations(t), "## By message")
	var code []byte
	for _, pattern := range []string{"*.go", "../../proxy/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code = append(code, text...)
		}
	}
	n := 0
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*`) \\| .* \\|$").FindAllStringSubmatch(table, -1) {
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[1], -1) {
			n++
			said := strings.TrimSuffix(strings.TrimPrefix(m[1], "limit: "), " ...")
			if said == "status: 0" {
				said = "status"
			}
			if !bytes.Contains(code, []byte(`"`+said)) {
				t.Errorf("nothing says %q", said)
			}
		}
	}
	if n < 12 {
		t.Errorf("%d messages were found", n)
	}
}

func TestOperationsYAML(t *testing.T) {
	for _, text := range blocks(t, "../../docs/operations.md", "yaml") {
		if _, problems := config.Check("statveil.yaml", []byte(text+"rules: [rules]\nkeys: {dev: true}\n")); len(problems) > 0 {
			t.Errorf("%s\n%v", text, problems)
		}
	}
}
