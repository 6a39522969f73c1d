package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	reloaded = `"msg":"reloaded"`
	failed   = `"msg":"reload failed`
	again    = `"msg":"the files are again what is in force"`
	ofGauge  = "statveil_rules_reload_success"
)

// A reloadable is a process that can be asked how it treats a request.
type reloadable struct {
	*process
	collector *recorder
	sent      int
	edition   edition // that treated the last event that was asked for
	user      string  // and the pseudonym in it
	mixed     int     // events that no one edition treated
}

// reloading runs a sidecar on the files of a folder, and of the rules an edition.
func reloading(t *testing.T, command string, e edition, prepare func(dir string)) *reloadable {
	t.Helper()
	r := &reloadable{collector: record(t)}
	r.collector.seen = func(n int, req *http.Request, event map[string]any) {
		got, whole := editionOf(req, event)
		if !whole {
			r.mixed++
		}
		if n < 1<<30 {
			r.edition, r.user = got, event["user"].(string)
		}
	}
	dir := files(t, r.collector.url(), "")
	replace(t, dir, "rules.yaml", e.rules())
	if prepare != nil {
		prepare(dir)
	}
	r.process = launch(t, command, dir)
	if got, _ := r.now(t); got != e {
		t.Fatalf("it begins with edition %d, want %d", got, e)
	}
	return r
}

// now sends an event and returns which edition treated it, and its pseudonym.
func (r *reloadable) now(t *testing.T) (edition, string) {
	t.Helper()
	r.sent++
	res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, r.listen, r.sent))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		t.Fatalf("event %d: got %s", r.sent, res.Status)
	}
	r.collector.mu.Lock()
	defer r.collector.mu.Unlock()
	if r.collector.got[r.sent] != 1 {
		t.Fatalf("event %d came %d times: %q", r.sent, r.collector.got[r.sent], r.collector.broken)
	}
	return r.edition, r.user
}

func (r *reloadable) is(t *testing.T, want edition) {
	t.Helper()
	if got, _ := r.now(t); got != want {
		t.Errorf("edition %d is in force, want %d", got, want)
	}
}

// logs waits until the log has said something so often, and no oftener.
func (p *process) logs(t *testing.T, what string, times int) {
	t.Helper()
	await(t, fmt.Sprintf("%s, %d times", what, times), func() bool { return p.times(what) >= times })
	if got := p.times(what); got != times {
		t.Errorf("it said %s %d times, want %d: %s", what, got, times, p.said())
	}
}

func (p *process) reloads(t *testing.T, status int, said string) {
	t.Helper()
	if code, body := ask(t, "POST", p.private, "/-/reload", ""); code != status || !strings.Contains(body, said) {
		t.Errorf("POST /-/reload: got %d %s, want %d %s", code, body, status, said)
	}
}

// settle is time in which a hasty one looks at its files often.
func settle() { time.Sleep(150 * time.Millisecond) }

// withFolders puts the rules into a folder, and keys into a file.
func withFolders(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "rules.yaml"), filepath.Join(dir, "rules", "rules.yaml")); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, "rules: [rules.yaml]", "rules: [rules]", "keys: {dev: true}", "keys: {file: keys.json}")
	succeed(t, "keys", "init", "--keys", "file:"+filepath.Join(dir, "keys.json"))
}

// edit replaces texts of the configuration.
func edit(t *testing.T, dir string, oldNew ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "statveil.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(oldNew); i += 2 {
		if !bytes.Contains(text, []byte(oldNew[i])) {
			t.Fatalf("%q is not in %s", oldNew[i], text)
		}
	}
	replace(t, dir, "statveil.yaml", strings.NewReplacer(oldNew...).Replace(string(text)))
}

// succeed runs a command that has to succeed.
func succeed(t *testing.T, args ...string) {
	t.Helper()
	var out bytes.Buffer
	if code := execute(t.Context(), args, strings.NewReader(""), &out, &out); code != 0 {
		t.Fatalf("statveil %q ended with %d: %s", args, code, &out)
	}
}
