package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const drainRules = `
version: 1
tenant: {name: acme}
routes:
  - name: events
    match: POST /events/{who}
`

// planted is in every request of these tests, in its path and in its body.
const planted = "+12025550143"

// A process is a running sidecar.
type process struct {
	cmd           *exec.Cmd
	listen, admin string
	private       string
	draining      chan struct{} // closed once its log says so
	ended         chan struct{} // closed once it ended and its log is read

	mu  sync.Mutex
	log bytes.Buffer
}

// start runs the sidecar in front of an upstream, with more configuration.
func start(t *testing.T, upstream, more string) *process {
	t.Helper()
	program, err := os.Executable() // which is statveil where it is called so: TestMain
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}\nrules: [rules.yaml]\nkeys: {dev: true}\nupstream: " + upstream + "\n" + more
	if !strings.Contains(more, "log:") {
		config += "log: {level: debug}\n"
	}
	for name, text := range map[string]string{"rules.yaml": drainRules, "statveil.yaml": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	p := &process{cmd: &exec.Cmd{Path: program, Args: []string{"statveil", "run"}, Dir: dir, Env: append(os.Environ(), atOnce)}, draining: make(chan struct{}), ended: make(chan struct{})}
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
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			p.mu.Lock()
			p.log.WriteString(lines.Text() + "\n")
			p.mu.Unlock()
			var said struct{ Msg, Listen, Admin, Private string }
			_ = json.Unmarshal(lines.Bytes(), &said) // an error: line is no JSON
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
	}
	return p
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *process) signal(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the end and returns the exit code; -1 is a signal.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second): // more than drain
		t.Fatalf("it does not end: %s", p.said())
	}
	return p.cmd.ProcessState.ExitCode()
}

// A recorder is a collector that notes the number in each body, and what it
// could not read. before, if set, is called before an answer.
type recorder struct {
	listener net.Listener
	before   func()
	more     string // behind every answer

	mu     sync.Mutex
	got    map[int]int // how often each number came
	broken []string
	closed chan struct{} // one for each connection that ended
}

func record(t *testing.T) *recorder {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{listener: l, got: map[int]int{}, closed: make(chan struct{}, 1000)}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { r.serve(conn); conn.Close(); r.closed <- struct{}{} })
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return r
}

func (r *recorder) url() string { return "http://" + r.listener.Addr().String() }

func (r *recorder) serve(conn net.Conn) {
	br := bufio.NewReader(conn)
	for {
		if _, err := br.Peek(1); err != nil {
			return
		}
		req, err := http.ReadRequest(br)
		var body []byte
		if err == nil {
			body, err = io.ReadAll(req.Body)
		}
		var event struct {
			N         int
			User, End string
		}
		if err == nil {
			err = json.Unmarshal(body, &event)
		}
		r.mu.Lock()
		if err != nil || event.End != "end" || !strings.HasPrefix(event.User, "psn_") || strings.Contains(req.RequestURI+string(body), planted[1:]) {
			r.broken = append(r.broken, fmt.Sprintf("%v: %.200q", err, body))
		}
		r.got[event.N]++
		r.mu.Unlock()
		if err != nil {
			return
		}
		if r.before != nil {
			r.before()
		}
		if _, err := io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"+r.more); err != nil {
			return
		}
	}
}

// event is one numbered request; some are large, so that they could break.
func event(ctx context.Context, t *testing.T, address string, n int) *http.Request {
	pad := strings.Repeat("x", rand.IntN(1+n%5*5_000))
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+address+"/events/"+planted, strings.NewReader(
		fmt.Sprintf(`{"n":%d,"user":"%s","pad":"%s","end":"end"}`, n, planted, pad)))
	if err != nil {
		t.Fatal(err)
	}
	return req
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

// Whoever was told 2xx finds the event at the collector, once and whole; SIGTERM
// under load changes nothing about that.
func TestDrain(t *testing.T) {
	const rounds, clients = 20, 8
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			collector := record(t)
			p := start(t, collector.url(), "")
			var (
				number, answers atomic.Int64
				mu              sync.Mutex
				accepted        []int
				addresses       []string
				all             sync.WaitGroup
			)
			enough, moment := make(chan struct{}), int64(1+rand.IntN(100))
			for range clients {
				all.Go(func() {
					transport := &http.Transport{}
					defer transport.CloseIdleConnections()
					ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(c httptrace.GotConnInfo) {
						if !c.Reused {
							mu.Lock()
							addresses = append(addresses, c.Conn.LocalAddr().String())
							mu.Unlock()
						}
					}})
					for {
						n := int(number.Add(1))
						res, err := transport.RoundTrip(event(ctx, t, p.listen, n))
						if err != nil {
							return // it is gone
						}
						_, err = io.Copy(io.Discard, res.Body)
						res.Body.Close()
						if err == nil && res.StatusCode/100 == 2 {
							mu.Lock()
							accepted = append(accepted, n)
							mu.Unlock()
						}
						if answers.Add(1) == moment {
							close(enough)
						}
					}
				})
			}
			<-enough
			p.signal(t)
			all.Wait()
			if code := p.exit(t); code != 0 {
				t.Errorf("it ended with %d: %s", code, p.said())
			}
			collector.mu.Lock()
			defer collector.mu.Unlock()
			for _, b := range collector.broken {
				t.Errorf("the collector got %s", b)
			}
			for _, n := range accepted {
				if collector.got[n] == 0 {
					t.Errorf("event %d was accepted and is missing", n)
				}
			}
			for n, times := range collector.got {
				if times > 1 {
					t.Errorf("event %d came %d times", n, times)
				}
			}
			if len(accepted) < int(moment)-clients {
				t.Errorf("%d of %d events were accepted", len(accepted), number.Load())
			}
			checkLog(t, p.said(), addresses)
		})
	}
}

// A request under way is finished, and meanwhile nobody sends new ones.
func TestDrainFinishes(t *testing.T) {
	collector := record(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	collector.before = func() { close(arrived); <-release }
	p := start(t, collector.url(), "")
	answer := make(chan string)
	go func() {
		res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, 1))
		if err != nil {
			answer <- err.Error()
			return
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		answer <- fmt.Sprint(res.StatusCode, string(body), err)
	}()
	<-arrived
	p.signal(t)
	<-p.draining
	for path, want := range map[string]int{"/readyz": 503, "/livez": 200, "/startupz": 200} {
		if got, _ := get(t, p.admin, path); got != want {
			t.Errorf("%s: got %d while it drains, want %d", path, got, want)
		}
	}
	close(release)
	if got := <-answer; got != "202ok<nil>" {
		t.Errorf("got %q", got)
	}
	if code := p.exit(t); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	if !strings.Contains(p.said(), `"msg":"stopped"`) {
		t.Errorf("the log does not say that it stopped: %s", p.said())
	}
	checkLog(t, p.said(), nil)
}

// Nothing holds it up for too long: whoever waits is told so.
func TestDrainEnds(t *testing.T) {
	tests := []struct {
		name, config string
		signals      int
		code         int
		answer       string // of the client
		said         string
	}{
		{"after its time", "timeouts: {drain: 200ms}\n", 1, 0, `"status":504`, `"msg":"some requests were not finished in time`},
		{"at a second signal", "", 2, -1, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			collector := record(t)
			arrived, release := make(chan struct{}), make(chan struct{})
			collector.before = func() { close(arrived); <-release }
			t.Cleanup(func() { close(release) })
			p := start(t, collector.url(), tt.config)
			answer := make(chan string)
			go func() {
				res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, 1))
				if err != nil {
					answer <- ""
					return
				}
				defer res.Body.Close()
				said, _ := io.ReadAll(res.Body)
				answer <- string(said)
			}()
			<-arrived
			p.signal(t)
			<-p.draining
			if tt.signals == 2 {
				p.signal(t)
			}
			if code := p.exit(t); code != tt.code {
				t.Errorf("it ended with %d, want %d: %s", code, tt.code, p.said())
			}
			if got := <-answer; !strings.Contains(got, tt.answer) || tt.answer == "" && got != "" {
				t.Errorf("the client was told %q", got)
			}
			if !strings.Contains(p.said(), tt.said) {
				t.Errorf("got %q, want %q in it", p.said(), tt.said)
			}
			checkLog(t, p.said(), nil)
		})
	}
}

func get(t *testing.T, address, path string) (int, string) {
	t.Helper()
	res, err := http.Get("http://" + address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestProbes(t *testing.T) {
	p := start(t, "http://127.0.0.1:9", "")
	for _, path := range []string{"/startupz", "/readyz", "/livez"} {
		if code, body := get(t, p.admin, path); code != 200 || body != "ok\n" {
			t.Errorf("%s: got %d %q", path, code, body)
		}
		res, err := http.Post("http://"+p.admin+path, "text/plain", nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: got %s", path, res.Status)
		}
		if code, _ := get(t, p.listen, path); code != 403 {
			t.Errorf("%s on the clients' side: got %d, want 403", path, code)
		}
	}
	for _, path := range []string{"/", "/debug/pprof/", "/-/reload", "/-/log", "/v1/reveal", "/metrics/"} {
		if code, _ := get(t, p.admin, path); code != 404 {
			t.Errorf("%s: got %d, want 404", path, code)
		}
	}
}

// Whatever clients and collectors do wrong, no line says what they said.
func TestLogs(t *testing.T) {
	collector := record(t)
	// net/http's transport writes down what a collector says unasked.
	collector.more = "HTTP/1.1 200 OK\r\n\r\nevents/" + planted
	p := start(t, collector.url(), "")
	var clients []string
	for _, in := range []string{
		"GET /unknown/events/" + planted + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /events/" + planted + " HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"" + planted,
		"POST /events/" + planted + "/.. HTTP/1.1\r\nHost: x\r\n\r\n",
		"events/" + planted + "\r\n\r\n",
		"GET /events/" + planted + " HTTP/1.1\r\nevents/" + planted + "\r\n\r\n",
		"GET /events/" + planted + " HTTP/1.1\r\nX: " + strings.Repeat(planted, 10_000) + "\r\n\r\n",
		"POST /events/" + planted + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + planted + "\r\n",
	} {
		conn, err := net.Dial("tcp", p.listen)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		clients = append(clients, conn.LocalAddr().String())
		io.WriteString(conn, in)
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, 1))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	<-collector.closed // the transport has read what it did not ask for
	p.signal(t)
	if code := p.exit(t); code != 0 {
		t.Errorf("it ended with %d", code)
	}
	checkLog(t, p.said(), clients)
	for _, want := range []string{`"reason":"no_route"`, `"reason":"unparseable"`, `"route":"events"`} {
		if !strings.Contains(p.said(), want) {
			t.Errorf("%s is not in the log %s", want, p.said())
		}
	}
}
