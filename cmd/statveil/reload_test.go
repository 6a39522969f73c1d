package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/rules"
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

// hide moves a file away and returns how to bring it back.
func hide(t *testing.T, path string) (back func()) {
	t.Helper()
	move := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Error(err)
		}
	}
	move(path, path+".hidden")
	return func() { move(path+".hidden", path) }
}

// What cannot be loaded changes nothing. It is said once, however often it is looked
// at, and once more when it is over.
func TestReloadBroken(t *testing.T) {
	const before, after edition = 27, 36
	rewrite := func(name string, change func(text string) string) func(t *testing.T, dir string) func() {
		return func(t *testing.T, dir string) func() {
			old, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			replace(t, dir, name, change(string(old)))
			return func() { replace(t, dir, name, string(old)) }
		}
	}
	to := func(text string) func(string) string { return func(string) string { return text } }
	hidden := func(name string) func(t *testing.T, dir string) func() {
		return func(t *testing.T, dir string) func() { return hide(t, filepath.Join(dir, name)) }
	}
	tests := []struct {
		name   string
		breaks func(t *testing.T, dir string) (mend func())
		said   string
	}{
		{"rules: a mistake", rewrite("rules/rules.yaml", to(after.broken())), "rules.yaml:11:"},
		{"rules: half of a file", rewrite("rules/rules.yaml", to(after.rules()[:len(after.rules())-8])), "rules.yaml:"},
		{"rules: empty", rewrite("rules/rules.yaml", to("")), "rules.yaml"},
		{"rules: deleted", hidden("rules/rules.yaml"), "rules holds no *.yaml"},
		{"rules: the folder deleted", hidden("rules"), "rules: no such file or directory"},
		{"rules: a folder in place of the file", func(t *testing.T, dir string) func() {
			path := filepath.Join(dir, "rules", "rules.yaml")
			mend := hide(t, path)
			if err := os.Mkdir(path, 0o777); err != nil {
				t.Fatal(err)
			}
			return func() { os.Remove(path); mend() }
		}, "is no regular file"},
		{"rules: not readable by anybody", func(t *testing.T, dir string) func() {
			path := filepath.Join(dir, "rules", "rules.yaml")
			mend := hide(t, path)
			if err := os.Symlink("rules.yaml", path); err != nil { // to itself
				t.Fatal(err)
			}
			return func() { os.Remove(path); mend() }
		}, "too many levels of symbolic links"},
		{"configuration: a mistake", rewrite("statveil.yaml", func(s string) string { return s + "typo: 1\n" }), "statveil.yaml:"},
		{"configuration: another collector, and a mistake", rewrite("statveil.yaml", func(s string) string {
			return strings.Replace(s, "upstream: http://", "upstream: nothing://", 1)
		}), "statveil.yaml:"},
		{"configuration: empty", rewrite("statveil.yaml", to("")), "upstream"},
		{"configuration: deleted", hidden("statveil.yaml"), "statveil.yaml"},
		{"keys: open to others", func(t *testing.T, dir string) func() {
			path := filepath.Join(dir, "keys.json")
			mode := func(m os.FileMode) {
				if err := os.Chmod(path, m); err != nil {
					t.Error(err)
				}
			}
			mode(0o644)
			return func() { mode(0o600) }
		}, "chmod 600"},
		{"keys: half of a file", rewrite("keys.json", func(s string) string { return s[:len(s)/2] }), "keys.json"},
		{"keys: empty", rewrite("keys.json", to("")), "keys.json"},
		{"keys: deleted", hidden("keys.json"), "keys.json"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := reloading(t, hasty, before, func(dir string) { withFolders(t, dir) })
			_, user := r.now(t)
			if got := r.metric(t, ofGauge); got != 1 {
				t.Errorf("the gauge begins at %v", got)
			}
			mend := tt.breaks(t, r.dir)
			r.logs(t, failed, 1)
			settle()
			for range 3 {
				r.signal(t, syscall.SIGHUP)
			}
			r.reloads(t, 500, tt.said)
			settle()
			r.logs(t, failed, 1)
			for line := range strings.Lines(r.said()) {
				if strings.Contains(line, failed) && !strings.Contains(line, tt.said) {
					t.Errorf("%s does not say %q", line, tt.said)
				}
			}
			if got := r.metric(t, ofGauge); got != 0 {
				t.Errorf("the gauge is %v", got)
			}
			if code, body := get(t, r.admin, "/readyz"); code != 200 {
				t.Errorf("it is not ready: %s", body)
			}
			if got, now := r.now(t); got != before || now != user {
				t.Errorf("edition %d with %s is in force, want %d with %s", got, now, before, user)
			}
			mend()
			r.logs(t, again, 1)
			settle()
			if got := r.metric(t, ofGauge); got != 1 {
				t.Errorf("the gauge is %v in the end", got)
			}
			if got, now := r.now(t); got != before || now != user {
				t.Errorf("edition %d with %s is in force in the end, want %d with %s", got, now, before, user)
			}
			r.logs(t, reloaded, 0)
			// Broken in the same way again is said again, and another edition mends it too.
			tt.breaks(t, r.dir)()
			mend = tt.breaks(t, r.dir)
			r.logs(t, failed, 2)
			mend()
			replace(t, r.dir, "rules/rules.yaml", after.rules())
			r.logs(t, reloaded, 1)
			r.is(t, after)
			if got := r.metric(t, ofGauge); got != 1 {
				t.Errorf("the gauge is %v after another edition", got)
			}
		})
	}
}

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

// Files that are written anew and say the same are no change.
func TestReloadUnchanged(t *testing.T) {
	t.Parallel()
	r := reloading(t, hasty, 27, func(dir string) { withFolders(t, dir) })
	for _, name := range []string{"rules/rules.yaml", "statveil.yaml", "keys.json"} {
		path := filepath.Join(r.dir, name)
		if err := os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		settle()
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		replace(t, r.dir, name, string(text))
		settle()
		r.reloads(t, 200, "nothing has changed")
	}
	replace(t, r.dir, "rules/rules_test.yaml", "a test is no rule file")
	settle()
	r.signal(t, syscall.SIGHUP)
	r.reloads(t, 200, "nothing has changed")
	replace(t, r.dir, "rules/rules.yaml", edition(9).rules())
	r.logs(t, reloaded, 1) // of all the above
	r.is(t, 9)
	r.logs(t, failed, 0)
}

// A ConfigMap is swapped as a whole, by a symbolic link, and what it was is deleted.
func TestReloadConfigMap(t *testing.T) {
	t.Parallel()
	const other = "version: 1\nroutes:\n  - name: other\n    match: GET /other/%d\n"
	mount := func(dir string, i int, e edition) {
		name := fmt.Sprintf("..2026_%d", i)
		writeFiles(t, filepath.Join(dir, "map", name), map[string]string{"a.yaml": e.rules(), "b.yaml": fmt.Sprintf(other, e)})
		data := filepath.Join(dir, "map", "..data")
		was, _ := os.Readlink(data) // the first time there is none
		if err := errors.Join(os.Symlink(name, data+"_tmp"), os.Rename(data+"_tmp", data)); err != nil {
			t.Fatal(err)
		}
		if was != "" {
			if err := os.RemoveAll(filepath.Join(dir, "map", was)); err != nil {
				t.Fatal(err)
			}
		}
	}
	r := reloading(t, hasty, 1, func(dir string) {
		mount(dir, 0, 1)
		for _, name := range []string{"a.yaml", "b.yaml"} {
			if err := os.Symlink("..data/"+name, filepath.Join(dir, "map", name)); err != nil {
				t.Fatal(err)
			}
		}
		edit(t, dir, "rules: [rules.yaml]", "rules: [map]")
	})
	for i := range rounds(40, 10) {
		e := edition(2 + i)
		mount(r.dir, 1+i, e)
		if i%2 == 0 {
			r.signal(t, syscall.SIGHUP)
		}
		r.logs(t, reloaded, 1+i)
		r.is(t, e)
		if code, _ := get(t, r.listen, fmt.Sprintf("/other/%d", e)); code == 403 {
			t.Errorf("the other file is not that of edition %d", e)
		}
	}
	r.logs(t, failed, 0)
}

// A file that is still being written is not read, though each part of it is a rule
// file too.
func TestReloadHalfWritten(t *testing.T) {
	t.Parallel()
	const before, after edition = 21, 63
	r := reloading(t, calm, before, nil)
	lines := strings.SplitAfter(after.rules(), "\n")
	write := func() (longest time.Duration) {
		f, err := os.Create(filepath.Join(r.dir, "rules.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		last := time.Now()
		for i, line := range lines {
			for range 10 { // so that it grows all the time
				if _, err := f.WriteString("# ...\n"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(30 * time.Millisecond)
				longest = max(longest, time.Since(last))
				last = time.Now()
			}
			if _, err := f.WriteString(line); err != nil {
				t.Fatal(err)
			}
			if i < len(lines)-1 {
				if got, _ := r.now(t); got != before {
					t.Errorf("after %d of %d lines edition %d is in force", i, len(lines), got)
				}
			}
		}
		return longest
	}
	for write() > pollEvery/2 { // the machine was busy: whoever stops that long has finished
		t.Log("once more")
		replace(t, r.dir, "rules.yaml", before.rules())
		await(t, "the beginning", func() bool { got, _ := r.now(t); return got == before })
	}
	await(t, "the new edition", func() bool { got, _ := r.now(t); return got == after })
	r.logs(t, failed, 0)
	r.logs(t, reloaded, 1)
}

// Keys change while it runs: a rotation takes effect; keys that do not continue those
// in force do not.
func TestReloadKeys(t *testing.T) {
	t.Parallel()
	r := reloading(t, hasty, 27, func(dir string) { withFolders(t, dir) })
	path := filepath.Join(r.dir, "keys.json")
	_, first := r.now(t)
	if got := r.metric(t, "statveil_key_version_max"); got != 1 {
		t.Errorf("the key version is %v", got)
	}
	succeed(t, "keys", "rotate", "--keys", "file:"+path, "--activate-in", "0s")
	r.logs(t, reloaded, 1)
	await(t, "the new key version", func() bool { return r.metric(t, "statveil_key_version_max") == 2 })
	_, second := r.now(t)
	if second == first {
		t.Error("the pseudonym is that of the version before")
	}
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(path)
	succeed(t, "keys", "init", "--keys", "file:"+path)
	r.logs(t, failed, 1) // other keys under the same numbers: every pseudonym would change
	if _, now := r.now(t); now != second {
		t.Errorf("with another file, the pseudonym is %s, want %s", now, second)
	}
	if !strings.Contains(r.said(), "keyring default no longer has its version 1") {
		t.Errorf("it does not say why: %s", r.said())
	}
	replace(t, r.dir, "keys.json", string(old))
	r.logs(t, again, 1)
	if _, now := r.now(t); now != second {
		t.Errorf("with the old file back, the pseudonym is %s, want %s", now, second)
	}
	var kept struct {
		Keyrings map[string][]struct{ Secret string }
	}
	if err := json.Unmarshal(old, &kept); err != nil || len(kept.Keyrings["default"]) != 2 {
		t.Fatalf("got %v, %v", kept, err)
	}
	for _, v := range kept.Keyrings["default"] {
		if strings.Contains(r.said(), v.Secret) {
			t.Error("a key is in the log")
		}
	}
}

// Random keys are those of the process, not of a generation. That it now has some is
// said whenever it begins to.
func TestReloadDevKeys(t *testing.T) {
	t.Parallel()
	const random = `"msg":"keys are random and in memory`
	r := reloading(t, hasty, 27, nil)
	r.logs(t, random, 1)
	_, user := r.now(t)
	replace(t, r.dir, "rules.yaml", edition(28).rules())
	r.logs(t, reloaded, 1)
	if got, now := r.now(t); got != 28 || now != user {
		t.Errorf("got edition %d and %s, want 28 and %s", got, now, user)
	}
	r.logs(t, random, 1)
	succeed(t, "keys", "init", "--keys", "file:"+filepath.Join(r.dir, "keys.json"))
	edit(t, r.dir, "dev: true", "file: keys.json")
	r.logs(t, reloaded, 2)
	if _, now := r.now(t); now == user {
		t.Error("the pseudonym is that of the random keys")
	}
	edit(t, r.dir, "file: keys.json", "dev: true")
	r.logs(t, reloaded, 3)
	r.logs(t, random, 2)
}

// The level of the log is the file's, and a request's while the file says the same.
func TestReloadLogLevel(t *testing.T) {
	t.Parallel()
	r := reloading(t, hasty, 27, nil)
	level := func() string {
		_, body := get(t, r.private, "/-/log")
		return strings.TrimSpace(body)
	}
	if got := level(); got != `{"level":"debug"}` {
		t.Errorf("it begins at %s", got)
	}
	edit(t, r.dir, "level: debug", "level: warn")
	await(t, "warn", func() bool { return level() == `{"level":"warn"}` })
	said := r.times(`"msg":"forwarded"`)
	r.is(t, 27)
	if got := r.times(`"msg":"forwarded"`); got != said {
		t.Error("at level warn it says what it forwards")
	}
	if code, body := ask(t, "PUT", r.private, "/-/log", "level=debug", "Content-Type", "application/x-www-form-urlencoded"); code != 200 || level() != `{"level":"debug"}` {
		t.Errorf("PUT /-/log: got %d %s, and then %s", code, body, level())
	}
	replace(t, r.dir, "rules.yaml", edition(28).rules())
	r.logs(t, reloaded, 1)
	r.is(t, 28)
	await(t, "what is forwarded", func() bool { return r.times(`"msg":"forwarded"`) == said+1 })
	if got := level(); got != `{"level":"debug"}` {
		t.Errorf("a reload of rules made it %s", got)
	}
	edit(t, r.dir, "level: warn", "level: error")
	await(t, "error", func() bool { return level() == `{"level":"error"}` })
}

// What cannot change while it runs is named in one line, and the rest changes.
func TestReloadNeedsRestart(t *testing.T) {
	t.Parallel()
	const warning = `"msg":"changes that take effect at the next start"`
	r := reloading(t, hasty, 27, nil)
	replace(t, r.dir, "rules.yaml", edition(28).rules())
	edit(t, r.dir, "listen: 127.0.0.1:0\n", "listen: 127.0.0.1:1\ntimeouts: {idle: 7s, upstream: 7s}\nlimits: {connections: 7, depth: 7}\n")
	r.logs(t, reloaded, 1)
	r.logs(t, warning, 1)
	if want := `"fields":["listen","limits.connections","timeouts.idle"]`; !strings.Contains(r.said(), want) {
		t.Errorf("%s is not in %s", want, r.said())
	}
	r.is(t, 28)
	if code, _ := ask(t, "POST", r.listen, "/events/1", strings.Repeat("[", 8)+strings.Repeat("]", 8)); code != 413 {
		t.Errorf("limits.depth is not that of the file: got %d", code)
	}
	edit(t, r.dir, "listen: 127.0.0.1:1\n", "listen: 127.0.0.1:0\n", "idle: 7s, ", "", "connections: 7, ", "")
	r.logs(t, reloaded, 2)
	r.logs(t, warning, 1)
	r.is(t, 28)
}

// A storm of SIGHUPs, from the first moment to the last, is one reload.
func TestReloadStorm(t *testing.T) {
	t.Parallel()
	for range rounds(10, 3) {
		r := reloading(t, calm, 27, nil)
		replace(t, r.dir, "rules.yaml", edition(28).rules())
		for range 100 {
			r.signal(t, syscall.SIGHUP)
		}
		r.logs(t, reloaded, 1)
		r.is(t, 28)
		r.signal(t, syscall.SIGTERM)
		for range 100 {
			if r.cmd.Process.Signal(syscall.SIGHUP) != nil {
				break // it has ended
			}
		}
		if code := r.exit(t); code != 0 {
			t.Errorf("it ended with %d: %s", code, r.said())
		}
		r.logs(t, reloaded, 1)
		r.logs(t, failed, 0)
	}
}

// A request that is under way while all is reloaded, and stopped, ends as it began.
func TestReloadWhileDraining(t *testing.T) {
	t.Parallel()
	r := reloading(t, calm, 27, nil)
	arrived, release := make(chan struct{}), make(chan struct{})
	r.collector.before = func(n int) { close(arrived); <-release }
	answer := make(chan string)
	r.sent++
	req := event(t.Context(), t, r.listen, r.sent)
	go func() {
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			answer <- err.Error()
			return
		}
		res.Body.Close()
		answer <- res.Status
	}()
	<-arrived
	r.signal(t, syscall.SIGTERM)
	<-r.draining
	replace(t, r.dir, "rules.yaml", edition(28).rules())
	r.reloads(t, 200, "reloaded")
	r.signal(t, syscall.SIGHUP)
	replace(t, r.dir, "rules.yaml", edition(28).broken())
	r.reloads(t, 500, "rules.yaml:")
	r.signal(t, syscall.SIGHUP)
	if code, _ := get(t, r.admin, "/readyz"); code != 503 {
		t.Errorf("a reload made it ready again: %d", code)
	}
	close(release)
	if got := <-answer; got != "202 Accepted" {
		t.Errorf("the request under way got %s", got)
	}
	if code := r.exit(t); code != 0 {
		t.Errorf("it ended with %d: %s", code, r.said())
	}
	if r.mixed > 0 || r.edition != 27 {
		t.Errorf("edition %d treated it, %d were mixed", r.edition, r.mixed)
	}
}

// Another collector is taken up like everything else.
func TestReloadUpstream(t *testing.T) {
	t.Parallel()
	r := reloading(t, hasty, 27, nil)
	other := record(t)
	was := r.collector.arrived()
	edit(t, r.dir, r.collector.url(), other.url())
	r.logs(t, reloaded, 1)
	res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, r.listen, 1000))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if other.arrived() != 1 || r.collector.arrived() != was {
		t.Errorf("%s, and the event went to the old one", res.Status)
	}
}

// A file that changes while it is read, whenever it is, is read again once it no
// longer does. The rules function stands between: it changes the file itself.
func TestReloadUnsettled(t *testing.T) {
	dir := files(t, "http://127.0.0.1:9", "")
	path := filepath.Join(dir, "rules.yaml")
	changes := 0
	changing := func(paths []string) (*rules.Set, error) {
		set, err := rules.Load(paths...)
		if changes > 0 {
			changes--
			replace(t, dir, "rules.yaml", edition(changes).rules())
		}
		return set, err
	}
	load := func() (*config.Config, error) {
		cfg, err := config.Load(filepath.Join(dir, "statveil.yaml"))
		if err != nil {
			return nil, err
		}
		return cfg, cfg.Validate()
	}
	inForce := func(s *sidecar) bool { // as its watch decides
		if _, seen, _ := s.look(); !s.known(seen.digest) {
			_, _ = s.reload(true)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		now, err := rules.Parse(rules.File{Name: "rules.yaml", Data: text})
		if err != nil {
			t.Fatal(err)
		}
		return len(now.Rules()) == len(s.now.Load().set.Rules())
	}
	for _, often := range []int{1, 2, 5, 6, 7} {
		t.Run(fmt.Sprint(often), func(t *testing.T) {
			replace(t, dir, "rules.yaml", drainRules) // of which no edition has as few rules
			changes = 0
			s, err := newSidecar(load, changing, &bytes.Buffer{})
			if err != nil {
				t.Fatal(err)
			}
			replace(t, dir, "rules.yaml", edition(63).rules())
			changes = often
			_, _ = s.reload(true)
			changes = 0
			if !inForce(s) {
				t.Error("what the file says in the end is not in force after a reload")
			}
			replace(t, dir, "rules.yaml", drainRules)
			changes = 1
			if s, err = newSidecar(load, changing, &bytes.Buffer{}); err != nil {
				t.Fatal(err)
			}
			if !inForce(s) {
				t.Error("what the file says in the end is not in force after the start")
			}
		})
	}
}
