package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

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
	instead := func(name string, make func(path string) error) func(t *testing.T, dir string) func() {
		return func(t *testing.T, dir string) func() {
			path := filepath.Join(dir, name)
			old, err := os.ReadFile(path)
			if err := errors.Join(err, make(path+".new"), os.Rename(path+".new", path)); err != nil {
				t.Fatal(err)
			}
			return func() { replace(t, dir, name, string(old)) }
		}
	}
	link := func(to string) func(path string) error {
		return func(path string) error { return os.Symlink(to, path) }
	}
	pipe := func(path string) error { return syscall.Mkfifo(path, 0o600) } // which nobody writes to
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
		{"rules: a folder in place of the file", instead("rules/rules.yaml", link("..")), "is no regular file"},
		{"rules: a link that leads nowhere", instead("rules/rules.yaml", link("rules.yaml")), "too many levels of symbolic links"},
		{"rules: a pipe", instead("rules/rules.yaml", pipe), "is no regular file"},
		{"rules: no end", instead("rules/rules.yaml", link("/dev/zero")), "is no regular file"},
		{"configuration: a mistake", rewrite("statveil.yaml", func(s string) string { return s + "typo: 1\n" }), "statveil.yaml:"},
		{"configuration: another collector, and a mistake", rewrite("statveil.yaml", func(s string) string {
			return strings.Replace(s, "upstream: http://", "upstream: nothing://", 1)
		}), "statveil.yaml:"},
		{"configuration: empty", rewrite("statveil.yaml", to("")), "upstream"},
		{"configuration: deleted", hidden("statveil.yaml"), "statveil.yaml"},
		{"configuration: a pipe", instead("statveil.yaml", pipe), "is no regular file"},
		{"keys: a pipe", instead("keys.json", pipe), "is no regular file"},
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
