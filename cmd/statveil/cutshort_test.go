package main

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A file that is only the beginning of what it was may be half written, however long
// its writer stops: it is taken where somebody asks for it, and not before.
func TestReloadCutShort(t *testing.T) {
	t.Parallel()
	const more = "  - name: more\n    match: POST /more\n"
	for _, tt := range []struct {
		name, file, whole, short string
		takes                    string // what is said once it is taken
	}{
		{"rules", "rules.yaml", edition(27).rules() + more, edition(27).rules(), `"msg":"routes are gone`},
		{"configuration", "statveil.yaml", "", "", reloaded},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := reloading(t, hasty, 27, func(dir string) {
				if tt.file == "rules.yaml" {
					replace(t, dir, tt.file, tt.whole)
					return
				}
				text, err := os.ReadFile(filepath.Join(dir, tt.file))
				if err != nil {
					t.Fatal(err)
				}
				tt.short = string(text)
				tt.whole = tt.short + "limits: {depth: 7}\n"
				replace(t, dir, tt.file, tt.whole)
			})
			replace(t, r.dir, tt.file, tt.short)
			r.logs(t, failed, 1)
			settle()
			r.logs(t, failed, 1)
			if want := tt.file + " is only the beginning of what it was"; !strings.Contains(r.said(), want) {
				t.Errorf("%s is not in %s", want, r.said())
			}
			if got := r.metric(t, ofGauge); got != 0 {
				t.Errorf("the gauge is %v", got)
			}
			replace(t, r.dir, tt.file, tt.whole)
			r.logs(t, again, 1)
			replace(t, r.dir, tt.file, tt.short)
			r.logs(t, failed, 2)
			r.reloads(t, http.StatusOK, "reloaded")
			r.logs(t, tt.takes, 1)
			if got := r.metric(t, ofGauge); got != 1 {
				t.Errorf("the gauge is %v after it was asked for", got)
			}
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
