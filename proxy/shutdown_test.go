package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

// ways are how a client may come.
var ways = []string{"http", "https", "h2"}

// way returns a server to be run, and a function that makes its clients.
func way(t testing.TB, how string) (s *proxy.Server, client func() *http.Client, url func(r *running) string) {
	t.Helper()
	s = &proxy.Server{}
	config, protocol, scheme := &tls.Config{}, "http/1.1", "http"
	if how != "http" {
		s.TLS, config = secured(t)
		scheme = "https"
	}
	if how == "h2" {
		protocol = "h2"
	}
	return s, func() *http.Client { return clientOf(t, config, protocol) }, func(r *running) string { return scheme + "://" + r.address }
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// got is what a client got, or its error.
func got(res *http.Response, err error) string {
	if err != nil {
		return "error"
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "broken"
	}
	return res.Status[:3] + " " + string(body)
}

// What is under way is finished, and nothing is left behind.
func TestShutdownFinishes(t *testing.T) {
	for _, how := range ways {
		t.Run(how, func(t *testing.T) {
			before := runtime.NumGoroutine()
			s, client, url := way(t, how)
			arrived, release := make(chan struct{}, 3), make(chan struct{})
			s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					arrived <- struct{}{}
					<-release
				}
				io.WriteString(w, "done")
			})
			r := run(t, s)
			idle, busy := client(), client()
			if said := got(idle.Get(url(r))); said != "200 done" {
				t.Fatalf("got %q", said)
			}
			answers := make(chan string, 3)
			for range 3 {
				go func() { answers <- got(busy.Get(url(r) + "/slow")) }()
				<-arrived
			}
			stopped := make(chan int)
			go func() { stopped <- r.shutdown(t, t.Context(), t.Context()) }()
			for {
				conn, err := net.Dial("tcp", r.address)
				if err != nil {
					break // it takes no more connections
				}
				conn.Close()
			}
			close(release)
			for range 3 {
				if said := <-answers; said != "200 done" {
					t.Errorf("got %q", said)
				}
			}
			if late := <-stopped; late != 0 {
				t.Errorf("%d requests were late", late)
			}
			if n := r.Open(); n != 0 {
				t.Errorf("%d connections are open", n)
			}
			idle.CloseIdleConnections()
			busy.CloseIdleConnections()
			stable(t, before)
		})
	}
}

// Whoever waits for a collector, or is still sending, is told that we have to stop.
func TestShutdownTells(t *testing.T) {
	for _, how := range ways {
		t.Run(how, func(t *testing.T) {
			s, client, url := way(t, how)
			arrived, release := make(chan struct{}, 1), make(chan struct{})
			c := newCollector(t, func(*received) string {
				arrived <- struct{}{}
				<-release
				return ok
			})
			t.Cleanup(func() { close(release) }) // before the collector is waited for
			begun := make(chan struct{}, 3)
			r := sanitized(t, c, s, func(s *proxy.Sanitizer) {
				set := s.Rules()
				s.Rules = func() *rules.Set { begun <- struct{}{}; return set }
			})
			answers := make(chan string, 3)
			go func() { answers <- got(client().Post(url(r)+"/free/a", "application/json", strings.NewReader(`{}`))) }()
			<-arrived
			for _, target := range []string{"/free/a", "/static/a"} {
				body, more := io.Pipe()
				t.Cleanup(func() { more.Close() })
				go func() { answers <- got(client().Post(url(r)+target, "application/json", body)) }()
				io.WriteString(more, "{")
			}
			for range 3 {
				<-begun
			}
			if late := r.shutdown(t, canceled(), t.Context()); late != 3 {
				t.Errorf("%d requests were late", late)
			}
			for range 3 {
				if said := <-answers; !strings.HasPrefix(said, "504 ") || !strings.Contains(said, `"reason":"collector"`) {
					t.Errorf("got %q", said)
				}
			}
			r.only(t, outcome{proxy.Collector, "", 504}, outcome{proxy.Collector, "", 504}, outcome{proxy.Collector, "", 504})
		})
	}
}

// A client of HTTP/2 is told to take its next requests elsewhere, and gets the answers
// that it waits for.
func TestShutdownSaysGoAway(t *testing.T) {
	server, config := secured(t)
	g := newGate()
	r := run(t, &proxy.Server{TLS: server, Handler: g})
	conn := dialHTTP2(t, r.address, config)
	conn.get(1, "/hold")
	<-g.arrived
	stopped := make(chan int)
	go func() { stopped <- r.shutdown(t, t.Context(), t.Context()) }()
	payload, ok := conn.until(0, frameGoAway)
	if !ok || len(payload) < 8 || binary.BigEndian.Uint32(payload[4:]) != 0 {
		t.Errorf("got %x, want no error", payload)
	}
	close(g.open)
	if payload, ok := conn.until(1, frameData); !ok || string(payload) != "ok" {
		t.Errorf("got %q", payload)
	}
	closes(t, conn)
	if late := <-stopped; late != 0 {
		t.Errorf("%d requests were late", late)
	}
}

// What does not end is cut off.
func TestShutdownCuts(t *testing.T) {
	for _, how := range ways {
		t.Run(how, func(t *testing.T) {
			before := runtime.NumGoroutine()
			s, client, url := way(t, how)
			arrived, release := make(chan struct{}), make(chan struct{})
			s.Handler = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived <- struct{}{}; <-release })
			r := run(t, s)
			answer := make(chan string)
			go func() { answer <- got(client().Get(url(r))) }()
			<-arrived
			if late := r.shutdown(t, canceled(), canceled()); late != 1 {
				t.Errorf("%d requests were late", late)
			}
			if said := <-answer; said != "error" {
				t.Errorf("got %q", said)
			}
			close(release)
			stable(t, before)
		})
	}
}

// Connections on which nothing is under way do not keep a server from stopping: idle
// ones, and those with a part of a header. Nothing is told of them.
func TestShutdownClosesWaiting(t *testing.T) {
	before := runtime.NumGoroutine()
	r := run(t, &proxy.Server{Handler: answers("ok")})
	idle, begun, new := dial(t, r.address), dial(t, r.address), dial(t, r.address)
	io.WriteString(idle, request("GET", "/", nil, ""))
	readAnswer(t, bufio.NewReader(idle), "GET").fine(t)
	io.WriteString(begun, "GET / HTTP/1.1\r\nHo")
	if late := r.shutdown(t, canceled(), t.Context()); late != 0 {
		t.Errorf("%d requests were late", late)
	}
	for _, conn := range []io.Reader{idle, begun, new} {
		if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
			t.Error("the connection stays open")
		}
	}
	r.only(t)
	stable(t, before)
}

// A server that was stopped before it served takes nothing.
func TestShutdownBeforeServe(t *testing.T) {
	s := &proxy.Server{Handler: answers("ok")}
	if late := s.Shutdown(t.Context(), t.Context()); late != 0 {
		t.Errorf("%d requests were late", late)
	}
	l := listen(t)
	if err := s.Serve(l); err != nil {
		t.Error(err)
	}
	if _, err := http.Get("http://" + l.Addr().String()); err == nil {
		t.Error("it serves")
	}
}
