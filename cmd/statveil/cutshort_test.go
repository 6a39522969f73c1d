package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A file that is only the beginning of what it was may be half written: it is taken
// later than another one, and at once where somebody asks for it.
func TestReloadCutShort(t *testing.T) {
	t.Parallel()
	const more = "  - name: more\n    match: POST /more\n"
	const depth = "limits: {depth: 7}\n"
	for _, file := range []string{"rules.yaml", "statveil.yaml"} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			var short, whole string
			r := reloading(t, calm, 27, func(dir string) {
				text, err := os.ReadFile(filepath.Join(dir, file))
				if err != nil {
					t.Fatal(err)
				}
				short = string(text)
				whole = short + map[string]string{"rules.yaml": more, "statveil.yaml": depth}[file]
				replace(t, dir, file, whole)
			})
			// Half written, and then whole again, before it is taken.
			replace(t, r.dir, file, short)
			time.Sleep(pollEvery)
			r.logs(t, reloaded, 0)
			replace(t, r.dir, file, whole)
			r.reloads(t, http.StatusOK, "nothing has changed")
			replace(t, r.dir, file, short)
			r.reloads(t, http.StatusOK, "reloaded")
			r.logs(t, reloaded, 1)
			replace(t, r.dir, file, whole)
			r.logs(t, reloaded, 2)
			replace(t, r.dir, file, short) // and nobody asks
			r.logs(t, reloaded, 3)
			if got := r.metric(t, ofGauge); got != 1 {
				t.Errorf("the gauge is %v", got)
			}
			if got := r.times(`"msg":"routes are gone`); file == "rules.yaml" && got != 2 {
				t.Errorf("%d warnings that a route is gone", got)
			}
			r.logs(t, failed, 0)
		})
	}
}

// What is no file is not waited for, and what has no end is not read: the reload
// fails, and the process goes on and ends.
func TestReloadNoFile(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rules.yaml", "keys.json", "statveil.yaml", "ca.pem"} {
		for what, make := range map[string]func(path string) error{
			"a pipe":        func(path string) error { return syscall.Mkfifo(path, 0o600) },
			"without end":   func(path string) error { return os.Symlink("/dev/zero", path) },
			"into a circle": func(path string) error { return os.Symlink(path, path) },
		} {
			t.Run(name+" "+what, func(t *testing.T) {
				t.Parallel()
				ca := newAuthority(t)
				r := reloading(t, hasty, 27, func(dir string) {
					succeed(t, "keys", "init", "--keys", "file:"+filepath.Join(dir, "keys.json"))
					replace(t, dir, "ca.pem", string(ca.pem))
					edit(t, dir, "dev: true", "file: keys.json")
					text, err := os.ReadFile(filepath.Join(dir, "statveil.yaml"))
					if err != nil {
						t.Fatal(err)
					}
					text = bytes.Replace(text, []byte("upstream: http"), []byte("collectors:\n- {host: b.example, upstream: https://127.0.0.1:1}\n- host: '*'\n  upstream: http"), 1)
					replace(t, dir, "statveil.yaml", string(text)+"upstream_tls: {ca: ca.pem}\n")
				})
				path := filepath.Join(r.dir, name)
				mend := hide(t, path)
				r.logs(t, failed, 1)
				if err := make(path); err != nil {
					t.Fatal(err)
				}
				r.logs(t, failed, 2)
				r.reloads(t, http.StatusInternalServerError, "error: ")
				r.is(t, 27)
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
				mend()
				r.logs(t, again, 1)
				r.signal(t, syscall.SIGTERM)
				if code := r.exit(t); code != 0 {
					t.Errorf("it ends with %d", code)
				}
			})
		}
	}
}
