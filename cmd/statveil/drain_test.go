package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A request under way is finished, and meanwhile nobody sends new ones.
func TestDrainFinishes(t *testing.T) {
	collector := record(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	collector.before = func(int) { close(arrived); <-release }
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
	p.signal(t, syscall.SIGTERM)
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
			collector.before = func(int) { close(arrived); <-release }
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
			p.signal(t, syscall.SIGTERM)
			<-p.draining
			if tt.signals == 2 {
				p.signal(t, syscall.SIGTERM)
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
	p.signal(t, syscall.SIGTERM)
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
