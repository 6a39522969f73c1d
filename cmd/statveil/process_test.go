package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The commands that this binary is when it is called so: see TestMain.
const (
	calm  = "statveil"
	hasty = "statveil-hasty" // looks at its files a hundred times as often
)

// A process is a running sidecar.
type process struct {
	cmd           *exec.Cmd
	dir           string // where its files are
	listen, admin string
	private       string
	draining      chan struct{} // closed once its log says so
	ended         chan struct{} // closed once it ended and its log is read

	mu  sync.Mutex
	log bytes.Buffer
}

const addresses = "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}\n"

// start runs the sidecar in front of an upstream, with more configuration.
func start(t *testing.T, upstream, more string) *process {
	t.Helper()
	return launch(t, calm, files(t, upstream, more))
}

// files makes a folder with what a sidecar needs.
func files(t *testing.T, upstream, more string) string {
	t.Helper()
	dir := t.TempDir()
	replace(t, dir, "rules.yaml", drainRules)
	if !strings.Contains(more, "log:") {
		more += "log: {level: debug}\n"
	}
	replace(t, dir, "statveil.yaml", addresses+"rules: [rules.yaml]\nkeys: {dev: true}\nupstream: "+upstream+"\n"+more)
	return dir
}

// replace makes what a file says something else, all at once.
func replace(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// launch runs the statveil.yaml of a folder, with more of an environment.
func launch(t *testing.T, command, dir string, environment ...string) *process {
	t.Helper()
	p := &process{
		cmd: run(t, command, "run"), dir: dir,
		draining: make(chan struct{}), ended: make(chan struct{}),
	}
	p.cmd.Dir = dir
	p.cmd.Env = append(p.cmd.Env, environment...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan struct{})
	go func() {
		defer close(p.ended)
		lines := bufio.NewReader(stderr)
		for {
			line, err := lines.ReadString('\n')
			p.mu.Lock()
			p.log.WriteString(line)
			p.mu.Unlock()
			if err != nil {
				break
			}
			var said struct{ Msg, Listen, Admin, Private string }
			_ = json.Unmarshal([]byte(line), &said) // an error: line is no JSON
			switch said.Msg {
			case "ready":
				p.listen, p.admin, p.private = said.Listen, said.Admin, said.Private
				close(ready)
			case "draining":
				close(p.draining)
			}
		}
		p.cmd.Wait()
	}()
	t.Cleanup(func() { p.cmd.Process.Kill(); <-p.ended })
	select {
	case <-ready:
	case <-p.ended:
		t.Fatalf("it ended: %s", p.said())
	case <-time.After(time.Minute):
		t.Fatalf("it does not say that it is ready: %s", p.said())
	}
	return p
}

// run is this binary as one of its commands.
func run(t *testing.T, command string, args ...string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &exec.Cmd{Path: program, Args: append([]string{command}, args...), Env: append(os.Environ(), atOnce)}
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

// times is how often the log says something.
func (p *process) times(what string) int { return strings.Count(p.said(), what) }

func (p *process) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the end and returns the exit code; -1 is a signal.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(time.Minute): // more than drain
		t.Fatalf("it does not end: %s", p.said())
	}
	return p.cmd.ProcessState.ExitCode()
}

// await waits for what has to come. It gives up when nothing of the kind can be
// expected any more.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come: %s", what)
		}
	}
}

// rounds is how often something is done: less with -short, but done.
func rounds(all, short int) int {
	if testing.Short() {
		return short
	}
	return all
}

// ask sends one request to an address and returns the status and the body of the
// answer.
func ask(t *testing.T, method, address, path, body string, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Add(header[i], header[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func get(t *testing.T, address, path string) (int, string) {
	t.Helper()
	return ask(t, "GET", address, path, "")
}

// checkLog: no value, no path, no client's address.
func checkLog(t *testing.T, log string, clients []string) {
	t.Helper()
	for line := range strings.Lines(log) {
		if strings.Contains(line, `"msg":"ready"`) {
			continue // its addresses are ours
		}
		for _, never := range append(clients, planted[1:], "events/", "127.0.0.1:") {
			if strings.Contains(line, never) {
				t.Errorf("%q is in the log line %s", never, line)
			}
		}
	}
}
