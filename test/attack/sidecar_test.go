package attack_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary is what is attacked: built once, as `make build` does.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "statveil-attack-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		binary = filepath.Join(dir, "statveil")
		build := exec.Command("go", "build", "-trimpath", "-o", binary, "./cmd/statveil")
		build.Dir, build.Env = "../..", append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "building statveil: %v\n%s", err, out)
			return 1
		}
		return m.Run()
	}())
}

// What a container of 128 MiB lets a sidecar have, and what its manifest therefore
// tells the Go runtime.
const (
	memory     = 128 << 20
	goMemLimit = "100MiB"
)

// A sidecar is the program as a process, with its defaults.
type sidecar struct {
	t       *testing.T
	cmd     *exec.Cmd
	url     string // of clients
	address string // of clients, host:port
	admin   string // URL
	ended   chan struct{}
	err     error // once ended: how it did

	mu  sync.Mutex
	log []byte // the last of it
}

// callstats are the rules that are served where a test is not about others.
const callstats = "rules/packs/callstats.yaml"

// start runs the program before a collector until the test ends. rules is a file, from
// the root of the repository. identity says who it is to clients; nil: plain HTTP.
func start(t *testing.T, upstream, rules string, identity *identity) *sidecar {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Abs(filepath.Join("../..", rules))
	if err != nil {
		t.Fatal(err)
	}
	config := "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}\nkeys: {dev: true}\n" +
		"upstream: " + upstream + "\nrules: [" + strconv.Quote(rules) + "]\n"
	scheme := "http://"
	if identity != nil {
		config += "tls: {cert: " + strconv.Quote(identity.cert) + ", key: " + strconv.Quote(identity.key) + "}\n"
		scheme = "https://"
	}
	file := filepath.Join(dir, "statveil.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &sidecar{t: t, cmd: exec.Command(binary, "run", "-c", file), ended: make(chan struct{})}
	s.cmd.Env = append(os.Environ(), "GOMEMLIMIT="+goMemLimit)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan [2]string, 1)
	go func() {
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			s.keep(lines.Bytes())
			var line struct{ Msg, Listen, Admin string }
			if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "ready" {
				ready <- [2]string{line.Listen, line.Admin}
			}
		}
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(s.stop)
	select {
	case addresses := <-ready:
		s.address, s.url, s.admin = addresses[0], scheme+addresses[0], "http://"+addresses[1]
	case <-s.ended:
		t.Fatalf("it ended before it was ready: %v\n%s", s.err, s.lastLog())
	}
	return s
}

func (s *sidecar) keep(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(append(s.log, line...), '\n')
	if over := len(s.log) - 16<<10; over > 0 {
		s.log = s.log[over:]
	}
}

func (s *sidecar) lastLog() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.log)
}

// stop asks it to end, and ends it if it does not.
func (s *sidecar) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it fails only where the process is gone
	select {
	case <-s.ended:
	case <-time.After(30 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
		s.t.Errorf("it did not end within timeouts.drain, and was killed")
	}
	if s.err != nil {
		s.t.Errorf("it ended with %v\n%s", s.err, s.lastLog())
	}
}

// status is a line of /proc/PID/status, in bytes.
func (s *sidecar) status(name string) int64 {
	s.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatalf("the process is gone: %v\n%s", err, s.lastLog())
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return n << 10
		}
	}
	s.t.Fatalf("there is no %s in /proc/PID/status, which the tests need: they run on Linux", name)
	return 0
}

// checkAlive is the end of an attack: the process is there, says that it is ready, and
// never had more memory than it may.
func (s *sidecar) checkAlive() {
	s.t.Helper()
	select {
	case <-s.ended:
		s.t.Fatalf("the process died: %v\n%s", s.err, s.lastLog())
	default:
	}
	res, err := http.Get(s.admin + "/readyz")
	if err != nil {
		s.t.Fatalf("it does not say whether it is ready: %v", err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		s.t.Errorf("/readyz answers %d after the attack", res.StatusCode)
	}
	peak := s.status("VmHWM")
	s.t.Logf("VmHWM %.1f MiB (%.1f MiB of it files)", mebibytes(peak), mebibytes(s.status("RssFile")))
	if peak > memory {
		s.t.Errorf("VmHWM is %.1f MiB, want at most %d MiB with GOMEMLIMIT=%s", mebibytes(peak), memory>>20, goMemLimit)
	}
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }
