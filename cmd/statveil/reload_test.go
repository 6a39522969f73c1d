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
	other := filepath.Join(t.TempDir(), "keys.json")
	succeed(t, "keys", "init", "--keys", "file:"+other)
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
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

// Random keys are those of the process, not of a generation, and no others take their
// place while it runs.
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
	// Keys of a file would change every pseudonym.
	succeed(t, "keys", "init", "--keys", "file:"+filepath.Join(r.dir, "keys.json"))
	edit(t, r.dir, "dev: true", "file: keys.json")
	r.logs(t, failed, 1)
	if _, now := r.now(t); now != user {
		t.Error("the pseudonym is that of the file")
	}
	edit(t, r.dir, "file: keys.json", "dev: true")
	r.logs(t, again, 1)
	r.logs(t, random, 1)
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
			_, _ = s.reload()
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
			_, _ = s.reload()
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
