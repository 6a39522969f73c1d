package keys_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/statveil/statveil/keys"
)

// TestMain is also the other process: one that rotates the file rotateForever names
// until it is killed, or rotateTen ten times.
func TestMain(m *testing.M) {
	forever, ten := os.Getenv(rotateForever), os.Getenv(rotateTen)
	if forever == "" && ten == "" {
		os.Exit(m.Run())
	}
	for i := 0; i < 10 || forever != ""; i++ {
		if _, err := keys.Rotate(forever+ten, "default", time.Now()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

const (
	rotateForever = "TEST_ROTATE_FOREVER"
	rotateTen     = "TEST_ROTATE_TEN"
)

// process is this binary as a process of its own, with one variable.
func process(t *testing.T, variable, value string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), variable+"="+value, "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	return cmd
}

// Whoever rotates at once, in this process and in others, loses nothing of anybody.
func TestRotateConcurrent(t *testing.T) {
	t.Parallel()
	path := keyFile(t, document(keyring("default", 1, 1)))
	var wg sync.WaitGroup
	for range 2 {
		cmd := process(t, rotateTen, path)
		wg.Go(func() {
			if err := cmd.Run(); err != nil {
				t.Errorf("the other process: %v", err)
			}
		})
	}
	var mu sync.Mutex
	given := map[uint16]bool{}
	for i := range 4 {
		wg.Go(func() {
			for range 5 {
				number, err := keys.Rotate(path, "default", time.Now())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				if given[number] {
					t.Errorf("version %d was given twice", number)
				}
				given[number] = true
				mu.Unlock()
			}
			if _, err := keys.Rotate(path, fmt.Sprintf("tenant%d", i), time.Now()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	f := open(t, path)
	got := numbers(f.Keyring("default"))
	slices.Sort(got)
	for i, n := range got {
		if int(n) != i+1 {
			t.Fatalf("the versions are %v", got)
		}
	}
	if want := 1 + 2*10 + 4*5; len(got) != want {
		t.Errorf("there are %d versions, want %d", len(got), want)
	}
	if got, want := f.Tenants(), 5; got != want {
		t.Errorf("there are %d keyrings, want %d", got, want)
	}
}

// Keyrings that are added at once to a file that is not there yet are all in it.
func TestAddConcurrent(t *testing.T) {
	t.Parallel()
	for range 5 {
		path := filepath.Join(t.TempDir(), "keys.json")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if err := keys.AddKeyring(path, fmt.Sprintf("tenant%d", i)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := open(t, path).Tenants(); got != 8 {
			t.Fatalf("there are %d keyrings, want 8", got)
		}
	}
}

// Wherever a process is killed, and whenever somebody reads: there is the old file or
// the new one, whole, and never an older one than before. What the process leaves
// keeps nobody from going on.
func TestRotateKilled(t *testing.T) {
	t.Parallel()
	path := keyFile(t, document(keyring("default", 1, 1)))
	seen := 1
	look := func() {
		n := len(open(t, path).Keyring("default").Versions())
		if n < seen {
			t.Fatalf("there are %d versions, and were %d", n, seen)
		}
		seen = n
	}
	for round := range 12 {
		cmd := process(t, rotateForever, path)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for began := seen; seen < began+2+round%3; {
			look()
			select {
			case err := <-ended:
				t.Fatalf("the other process ended by itself: %v", err)
			default:
			}
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-ended
		look()
	}
	if _, err := keys.Rotate(path, "default", time.Now()); err != nil {
		t.Fatal(err)
	}
	if got := names(t, filepath.Dir(path)); !slices.Equal(got, []string{"keys.json"}) {
		t.Errorf("in the directory there are %v", got)
	}
}

// What another process has left, or an attacker has put there, is neither written to
// nor followed.
func TestUnfinished(t *testing.T) {
	t.Parallel()
	const unfinished = ".statveil-keys.new"
	path := keyFile(t, document(keyring("default", 1, 1)))
	dir := filepath.Dir(path)
	victim := filepath.Join(t.TempDir(), "victim")
	for name, put := range map[string]func() error{
		"a file":          func() error { return os.WriteFile(filepath.Join(dir, unfinished), []byte("half"), 0o666) },
		"a link":          func() error { return os.Symlink(victim, filepath.Join(dir, unfinished)) },
		"a second name":   func() error { return os.Link(victim, filepath.Join(dir, unfinished)) },
		"a pipe":          func() error { return syscall.Mkfifo(filepath.Join(dir, unfinished), 0o666) },
		"an empty folder": func() error { return os.Mkdir(filepath.Join(dir, unfinished), 0o777) },
	} {
		if err := os.WriteFile(victim, []byte("as it was"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := put(); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Rotate(path, "default", time.Now()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := readFile(t, victim); got != "as it was" {
			t.Errorf("%s: a key file was written over another file", name)
		}
		if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: got %v, %v, want -rw-------", name, info.Mode(), err)
		}
		if got := names(t, dir); !slices.Equal(got, []string{"keys.json"}) {
			t.Errorf("%s: in the directory there are %v", name, got)
		}
	}
}

func TestRotateKeepsOwnerAndMode(t *testing.T) {
	t.Parallel()
	path := keyFile(t, document(keyring("default", 1, 1)))
	owner := uint32(os.Getuid())
	if owner == 0 { // who is root can give files away, and must not take them
		owner = 12345
		if err := os.Chown(path, int(owner), 54321); err != nil {
			t.Fatal(err)
		}
	}
	for _, mode := range []os.FileMode{0o600, 0o400, 0o700} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Rotate(path, "default", time.Now()); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != owner || info.Mode() != mode {
			t.Errorf("got owner %d, mode %v, want %d, %v", got, info.Mode(), owner, mode)
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		before := readFile(t, path)
		want := fmt.Sprintf("%s is open to others than its owner (mode %04o): chmod 600 %s", path, mode, path)
		if _, err := keys.Rotate(path, "default", time.Now()); err == nil || err.Error() != "adding a key version: "+want {
			t.Errorf("%04o: rotating: got %v", mode, err)
		}
		if err := keys.AddKeyring(path, "acme"); err == nil || err.Error() != "making keys: "+want {
			t.Errorf("%04o: adding: got %v", mode, err)
		}
		if readFile(t, path) != before {
			t.Errorf("%04o: the file has changed", mode)
		}
	}
}

// A symbolic link stays one, and the file that it leads to is rotated, in its own
// directory.
func TestRotateThroughLinks(t *testing.T) {
	t.Parallel()
	path := keyFile(t, document(keyring("default", 1, 1)))
	dir := t.TempDir()
	near, far := filepath.Join(dir, "near"), filepath.Join(dir, "far")
	for link, to := range map[string]string{near: path, far: "near"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for i, p := range []string{near, far, path} {
		if number, err := keys.Rotate(p, "default", time.Now()); int(number) != i+2 || err != nil {
			t.Fatalf("%s: got version %d, %v", p, number, err)
		}
		for _, p := range []string{near, far, path} {
			if got := len(open(t, p).Keyring("default").Versions()); got != i+2 {
				t.Errorf("%s has %d versions, want %d", p, got, i+2)
			}
		}
	}
	for _, link := range []string{near, far} {
		if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("%s is no link any more: %v, %v", link, info.Mode(), err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"far", "near"}) {
		t.Errorf("beside the links there are %v", got)
	}

	dangling, loop := filepath.Join(dir, "dangling"), filepath.Join(dir, "loop")
	for link, to := range map[string]string{dangling: "absent", loop: "loop"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
		if _, err := keys.Rotate(link, "default", time.Now()); err == nil {
			t.Errorf("%s was rotated", link)
		}
		if err := keys.AddKeyring(link, "acme"); err == nil {
			t.Errorf("%s became a file", link)
		}
		if err := keys.CreateFile(link); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: got %v", link, err)
		}
	}
	if got := names(t, dir); !slices.Equal(got, []string{"dangling", "far", "loop", "near"}) {
		t.Errorf("beside the links there are %v", got)
	}
}

// A file of root's that its group may read is how a Secret of Kubernetes comes: it is
// for whom root meant it. The test does not run beside others, as the next one.
func TestFileFromRoot(t *testing.T) {
	for mode, ok := range map[os.FileMode]bool{0o400: true, 0o440: true, 0o640: true, 0o444: false, 0o460: false, 0o450: false} {
		if got := keys.Private(mode, true); got != ok {
			t.Errorf("%04o: got %v", mode, got)
		}
	}
	if os.Getuid() != 0 {
		return // there is no file of root's, and nobody else to be
	}
	dir, err := os.MkdirTemp("", "statveil-keys-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.json")
	if err := errors.Join(keys.CreateFile(path), os.Chmod(dir, 0o755), os.Chown(path, 0, 0), os.Chmod(path, 0o440)); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.OpenFile(path); err == nil {
		t.Error("root opens a file of its own that others can read")
	}
	if err := syscall.Setreuid(-1, 65534); err != nil { // and still of root's group
		t.Fatal(err)
	}
	_, given := keys.OpenFile(path)
	if err := syscall.Setreuid(-1, 0); err != nil {
		t.Fatal(err)
	}
	if given != nil {
		t.Errorf("a Secret's file: %v", given)
	}
}

// Where nothing can be written, the file stays and the error says where. The test
// does not run beside others: while it writes, the whole process is nobody, because
// root may write everywhere.
func TestRotateInReadOnlyDirectory(t *testing.T) {
	dir, err := os.MkdirTemp("", "statveil-keys-test-") // t.TempDir lets nobody in
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys.json")
	if err := keys.CreateFile(path); err != nil {
		t.Fatal(err)
	}
	before := readFile(t, path)
	root := os.Getuid() == 0
	if root {
		if err := errors.Join(os.Chown(path, 65534, 65534), os.Chown(dir, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if root {
		if err := syscall.Setreuid(-1, 65534); err != nil {
			t.Fatal(err)
		}
	}
	_, rotated := keys.Rotate(path, "default", time.Now())
	created := keys.CreateFile(filepath.Join(dir, "other.json"))
	if root {
		if err := syscall.Setreuid(-1, 0); err != nil {
			t.Fatal(err)
		}
	}
	if rotated == nil || rotated.Error() != "adding a key version: writing in "+dir+": permission denied" {
		t.Errorf("rotating: got %v", rotated)
	}
	if created == nil || created.Error() != "making keys: writing in "+dir+": permission denied" {
		t.Errorf("making: got %v", created)
	}
	if readFile(t, path) != before {
		t.Error("the file has changed")
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"keys.json"}) {
		t.Errorf("in the directory there are %v", got)
	}
}
