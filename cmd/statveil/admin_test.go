package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// raw sends bytes and returns all that comes back until the connection ends. Where
// that waits for more, it soon hears that there is none: who says so at once is taken
// for one that has gone.
func raw(t *testing.T, address, in string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute)) // or a test that fails hangs
	io.WriteString(conn, in)
	defer time.AfterFunc(200*time.Millisecond, func() { conn.(*net.TCPConn).CloseWrite() }).Stop()
	out, _ := io.ReadAll(conn) // a reset is an end
	return string(out)
}

// status is that of the first answer in what came back; 0: there is none.
func status(out string) int {
	res, err := http.ReadResponse(bufio.NewReader(strings.NewReader(out)), nil)
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// Each address answers what it is for, under its one name, and nothing else.
func TestAddresses(t *testing.T) {
	t.Parallel()
	collector := record(t)
	p := start(t, collector.url(), "")
	addresses := map[string]string{"clients": p.listen, "admin": p.admin, "private": p.private}
	type of map[string]int // by address
	for _, tt := range []struct {
		method, path string
		want         of // those that are not 403 for clients, 404 for the others
	}{
		{"GET", "/startupz", of{"admin": 200}},
		{"HEAD", "/livez", of{"admin": 200}},
		{"GET", "/readyz", of{"admin": 200}},
		{"GET", "/readyz?x=1", of{"admin": 200}},
		{"GET", "/metrics", of{"admin": 200}},
		{"POST", "/metrics", of{"admin": 405}},
		{"PUT", "/readyz", of{"admin": 405}},
		{"GET", "/-/reload", of{"private": 405}},
		{"PUT", "/-/reload", of{"private": 405}},
		{"POST", "/-/reload", of{"private": 200}},
		{"GET", "/-/log", of{"private": 200}},
		{"POST", "/-/log", of{"private": 405}},
		{"DELETE", "/-/log", of{"private": 405}},
		{"POST", "/v1/lookup", nil},
		{"POST", "/v1/reveal", nil},
		{"GET", "/v1/reveal", nil},
		{"GET", "/", nil},
		{"GET", "/debug/pprof/", nil},
		{"GET", "/debug/pprof/heap", nil},
		{"GET", "/debug/vars", nil},
		{"POST", "/-/quit", nil},
		{"POST", "/-/rules", nil},
		// What another reader of paths might take for one of these.
		{"GET", "//metrics", nil},
		{"GET", "/metrics/", nil},
		{"GET", "/metrics/.", of{"clients": 400}},
		{"GET", "/x/../metrics", of{"clients": 400}},
		{"GET", "/./metrics", of{"clients": 400}},
		{"GET", "/x/%2e%2e/metrics", of{"clients": 400}},
		{"GET", "/%2e/metrics", of{"clients": 400}},
		{"GET", "/metrics%2f", nil},
		{"GET", "/metrics%00", nil},
		{"GET", "/metrics;x", nil},
		{"GET", "/METRICS", nil},
		{"POST", "//-/reload", nil},
		{"POST", "/-/reload/", nil},
		{"POST", "/-//reload", nil},
		{"POST", "/-/x/../reload", of{"clients": 400}},
		{"POST", "/-/./reload", of{"clients": 400}},
		{"POST", "/-%2freload", nil},
		{"POST", "/-/reload%20", nil},
		{"POST", "/-/RELOAD", nil},
		{"POST", "/metrics/../-/reload", of{"clients": 400}},
		{"OPTIONS", "*", of{"clients": 400, "admin": 400, "private": 400}},
		{"GET", "http://127.0.0.1/metrics", of{"admin": 200}},
		{"POST", "http://127.0.0.1/-/reload", of{"private": 200}},
		{"CONNECT", "127.0.0.1:80", of{"clients": 405}},
	} {
		for name, address := range addresses {
			want, ok := tt.want[name]
			switch {
			case !ok && name == "clients":
				want = 403
			case !ok:
				want = 404
			}
			out := raw(t, address, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", tt.method, tt.path))
			if got := status(out); got != want {
				t.Errorf("%s %s on the address for %s: got %d, want %d", tt.method, tt.path, name, got, want)
			}
		}
	}
	if got := collector.arrived() + len(collector.broken) + collector.cut; got > 0 {
		t.Errorf("%d of these reached the collector", got)
	}
	if code, body := get(t, p.admin, "/metrics"); code != 200 || !strings.HasPrefix(body, "# HELP ") {
		t.Errorf("/metrics: got %d %.100q", code, body)
	}
}

// The operator's address answers no browser, and by no name that somebody else gave it.
func TestPrivateAnswersNoBrowser(t *testing.T) {
	t.Parallel()
	p := start(t, "http://127.0.0.1:9", "")
	_, port, err := net.SplitHostPort(p.private)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, header string
		want         int
	}{
		{"curl", "Host: 127.0.0.1:" + port, 200},
		{"by name", "Host: localhost:" + port, 200},
		{"without a port", "Host: localhost", 200},
		{"another loopback address", "Host: 127.1.2.3:" + port, 200},
		{"IPv6", "Host: [::1]:" + port, 200},
		{"a page of another site", "Host: 127.0.0.1\r\nOrigin: https://evil.example", 403},
		{"a page without a site", "Host: 127.0.0.1\r\nOrigin: null", 403},
		{"a page of this address", "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1:" + port, 403},
		{"a link", "Host: 127.0.0.1\r\nSec-Fetch-Site: cross-site", 403},
		{"a bookmark", "Host: 127.0.0.1\r\nSec-Fetch-Site: none", 403},
		{"a name that leads here", "Host: evil.example:" + port, 403},
		{"a name that begins well", "Host: localhost.evil.example", 403},
		{"a name that begins as an address", "Host: 127.0.0.1.evil.example", 403},
		{"a name that ends well", "Host: evil.localhost", 403},
		{"any address", "Host: 0.0.0.0:" + port, 403},
		{"a number", "Host: 2130706433", 403},
		{"an octal address", "Host: 0177.0.0.1", 403},
		{"another machine", "Host: 192.0.2.1", 403},
		{"no name", "Host:", 403},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, line := range []string{"POST /-/reload", "GET /-/log", "PUT /-/log"} {
				out := raw(t, p.private, line+" HTTP/1.1\r\n"+tt.header+"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\nConnection: close\r\n\r\nlevel=debug")
				if got := status(out); got != tt.want {
					t.Errorf("%s: got %d, want %d: %s", line, got, tt.want, out)
				}
			}
		})
	}
}

func TestPrivateReload(t *testing.T) {
	t.Parallel()
	r := reloading(t, calm, 27, nil) // which does not look by itself as fast
	r.reloads(t, 200, "nothing has changed\n")
	replace(t, r.dir, "rules.yaml", edition(28).rules())
	r.reloads(t, 200, "reloaded\n")
	r.is(t, 28)
	r.reloads(t, 200, "nothing has changed\n")
	replace(t, r.dir, "rules.yaml", edition(29).broken())
	for range 3 {
		r.reloads(t, 500, "error: the rules have a mistake:\nrules.yaml:11:")
	}
	r.is(t, 28)
	replace(t, r.dir, "rules.yaml", edition(28).rules())
	r.reloads(t, 200, "nothing has changed\n")
	r.is(t, 28)
}

func TestPrivateLog(t *testing.T) {
	t.Parallel()
	p := start(t, "http://127.0.0.1:9", "log: {level: info}\n")
	const form, text = "application/x-www-form-urlencoded", "text/plain"
	level := "info"
	for _, tt := range []struct {
		body, kind string
		want       int
		level      string
	}{
		{"level=debug", form, 200, "debug"}, // curl -X PUT -d
		{"level=error", form, 200, "error"},
		{"level=info", form, 200, "info"},
		{`{"level":"warn"}`, "application/json", 400, "info"},
		{"level=loud", form, 400, "info"},
		{"", form, 400, "info"},
		{"level", form, 400, "info"},
		{"level=" + planted, form, 400, "info"},
		{"{", "application/json", 400, "info"},
		{"debug", text, 400, "info"},
		{"level=fatal", form, 400, "info"}, // not a level of ours: it would silence errors
		{"level=panic", form, 400, "info"},
		{"level=dpanic", form, 400, "info"},
		{`{"level":"fatal"}`, "application/json", 400, "info"},
	} {
		code, body := ask(t, "PUT", p.private, "/-/log", tt.body, "Content-Type", tt.kind)
		if code != tt.want || strings.Contains(body, planted[2:]) {
			t.Errorf("PUT %q as %s: got %d %s, want %d", tt.body, tt.kind, code, body, tt.want)
		}
		level = tt.level
		if code, body := get(t, p.private, "/-/log"); code != 200 || body != `{"level":"`+level+"\"}\n" {
			t.Errorf("after PUT %q the level is %s, want %s", tt.body, body, level)
		}
	}
}

// Ready until the drain begins, alive until the end.
func TestProbesFollowTheDrain(t *testing.T) {
	t.Parallel()
	collector := record(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	collector.before = func(int) { close(arrived); <-release }
	p := start(t, collector.url(), "")
	go func() {
		if res, err := http.DefaultTransport.RoundTrip(newEvent(p.listen, 1)); err == nil {
			res.Body.Close()
		}
	}()
	<-arrived
	p.signal(t, syscall.SIGTERM)
	<-p.draining
	for path, want := range map[string]int{"/startupz": 200, "/livez": 200, "/readyz": 503, "/metrics": 200} {
		if got, body := get(t, p.admin, path); got != want {
			t.Errorf("%s: got %d %s, want %d", path, got, body, want)
		}
	}
	if _, err := net.Dial("tcp", p.listen); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("it takes connections while it drains: %v", err)
	}
	close(release)
	if code := p.exit(t); code != 0 {
		t.Errorf("it ended with %d", code)
	}
}

// Of two sidecars on one machine the second does without the operator's address,
// unless it was told one.
func TestTwoSidecars(t *testing.T) {
	collector := record(t)
	const warning = `"msg":"the address for the operator is taken`
	held, err := net.Listen("tcp", "127.0.0.1:9902")
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) { // somebody else on this machine is as good
		t.Fatal(err)
	}
	if held != nil {
		defer held.Close()
	}
	dir := files(t, collector.url(), "")
	edit(t, dir, ", private: 127.0.0.1:0", "")
	p := launch(t, calm, dir)
	p.logs(t, warning, 1)
	if p.private != "" {
		t.Errorf("the operator's address is %s", p.private)
	}
	if res, err := http.DefaultTransport.RoundTrip(newEvent(p.listen, 1)); err != nil || res.StatusCode != 202 {
		t.Errorf("got %v, %v", res, err)
	}
	replace(t, dir, "rules.yaml", edition(9).rules())
	p.signal(t, syscall.SIGHUP)
	p.logs(t, reloaded, 1)

	first := start(t, collector.url(), "")
	for _, field := range []string{"private", "listen"} {
		dir := files(t, collector.url(), "")
		edit(t, dir, "admin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}", strings.Replace("admin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}", field+": 127.0.0.1:0", field+": "+first.private, 1))
		cmd := run(t, calm, "run")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err == nil || cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("admin.%s is taken: it ended with %v", field, err)
		}
		if !strings.Contains(string(out), "error: listening for ") || !strings.Contains(string(out), "address already in use") || !strings.Contains(string(out), "hint: ") {
			t.Errorf("it says %s", out)
		}
	}
}
