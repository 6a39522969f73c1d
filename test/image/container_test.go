package image_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// uid is the user and the group that the image runs as.
const uid = 65532

// mount is a folder of this machine in a container. It cannot be written there
// unless writable.
type mount struct {
	source, destination string
	writable            bool
}

// A container is the image, running.
type container struct {
	cmd           *exec.Cmd
	state, id     string
	listen, admin string
	ready         chan struct{} // closed once its log says so
	ended         chan struct{} // closed once it ended and its log is read
	stdout        bytes.Buffer
	log           bytes.Buffer
}

var containers atomic.Int64

// start runs the image as a restricted pod does, with these arguments instead of
// its own, if any: a root that is read-only, no capability, no way to gain
// privileges, and the network of its pod, which is that of this machine.
func (i *image) start(t *testing.T, mounts []mount, args ...string) *container {
	t.Helper()
	bundle := i.unpack(t)
	path := filepath.Join(bundle, "config.json")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var spec map[string]any
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	process, linux := spec["process"].(map[string]any), spec["linux"].(map[string]any)
	process["terminal"] = false
	process["noNewPrivileges"] = true
	process["capabilities"] = map[string]any{}
	if args != nil {
		process["args"] = args
	}
	spec["root"].(map[string]any)["readonly"] = true
	var namespaces []any
	for _, n := range linux["namespaces"].([]any) {
		if n.(map[string]any)["type"] != "network" {
			namespaces = append(namespaces, n)
		}
	}
	linux["namespaces"] = namespaces
	for _, m := range mounts {
		options := []string{"bind", "nosuid", "nodev", "noexec"}
		if !m.writable {
			options = append(options, "ro")
		}
		spec["mounts"] = append(spec["mounts"].([]any),
			map[string]any{"type": "bind", "source": m.source, "destination": m.destination, "options": options})
	}
	if data, err = json.Marshal(spec); err != nil {
		t.Fatal(err)
	}
	write(t, path, string(data), 0o600)

	c := &container{state: t.TempDir(), id: fmt.Sprintf("statveil-%d-%d", os.Getpid(), containers.Add(1)),
		ready: make(chan struct{}), ended: make(chan struct{})}
	c.cmd = exec.Command("runc", "--root", c.state, "run", "--bundle", bundle, c.id)
	c.cmd.Stdout = &c.stdout
	stderr, err := c.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			c.log.WriteString(lines.Text() + "\n")
			var said struct{ Msg, Listen, Admin string }
			_ = json.Unmarshal(lines.Bytes(), &said) // an error: the line is no JSON
			if said.Msg == "ready" {
				c.listen, c.admin = said.Listen, said.Admin
				close(c.ready)
			}
		}
		c.cmd.Wait()
	}()
	t.Cleanup(func() {
		select {
		case <-c.ended: // and runc has removed it
		default:
			output(t, exec.Command("runc", "--root", c.state, "delete", "--force", c.id))
			<-c.ended
		}
	})
	return c
}

// wait returns the exit code.
func (c *container) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-c.ended:
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	return c.cmd.ProcessState.ExitCode()
}

// serving waits until it is ready.
func (c *container) serving(t *testing.T) {
	t.Helper()
	select {
	case <-c.ready:
	case <-c.ended:
		t.Fatalf("it ended with %d: %s", c.cmd.ProcessState.ExitCode(), &c.log)
	}
}

// pid is the process inside, by its number outside.
func (c *container) pid(t *testing.T) int {
	t.Helper()
	var state struct{ Pid int }
	if err := json.Unmarshal([]byte(output(t, exec.Command("runc", "--root", c.state, "state", c.id))), &state); err != nil {
		t.Fatal(err)
	}
	return state.Pid
}

// terminate does what a runtime does first to stop a container, and returns the
// exit code.
func (c *container) terminate(t *testing.T) int {
	t.Helper()
	if err := syscall.Kill(c.pid(t), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	return c.wait(t)
}

// status is a field of /proc/PID/status.
func (c *container) status(t *testing.T, field string) string {
	t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.pid(t)))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(line, field+":"); ok {
			return strings.Join(strings.Fields(value), " ")
		}
	}
	t.Fatalf("the process has no %s", field)
	return ""
}
