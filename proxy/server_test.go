package proxy_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

// A running server, and all that it and the Sanitizer behind it told.
type running struct {
	*proxy.Server
	address string
	told    *told
	ended   chan error
	once    sync.Once
}

// run serves until the test ends; what s does not say is generous.
func run(t testing.TB, s *proxy.Server) *running {
	t.Helper()
	return (&running{Server: s, told: newTold()}).run(t, listen(t))
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (r *running) run(t testing.TB, l net.Listener) *running {
	t.Helper()
	s := r.Server
	s.HTTP.ErrorLog = log.New(io.Discard, "", 0)
	for _, d := range []*time.Duration{&s.ReadHeader, &s.ReadBody, &s.Idle, &s.Write} {
		if *d == 0 {
			*d = time.Minute
		}
	}
	if s.Headers == 0 {
		s.Headers = 64 << 10
	}
	if s.Connections == 0 {
		s.Connections = 1000
	}
	s.Observe = r.told.observe
	r.address, r.ended = l.Addr().String(), make(chan error, 1)
	go func() { r.ended <- s.Serve(l) }()
	t.Cleanup(func() { r.end(t) })
	return r
}

// end stops the server at once. Nothing is told after that.
func (r *running) end(t testing.TB) {
	t.Helper()
	now, cancel := context.WithCancel(context.Background())
	cancel()
	r.shutdown(t, now, now)
}

// shutdown stops the server, if it is not stopped yet.
func (r *running) shutdown(t testing.TB, soft, hard context.Context) (late int) {
	t.Helper()
	r.once.Do(func() {
		late = r.Shutdown(soft, hard)
		if err := <-r.ended; err != nil {
			t.Error(err)
		}
	})
	return late
}

// answers is a handler that says one thing.
func answers(what string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, what) })
}

// told are outcomes.
type told struct {
	mu   sync.Mutex
	all  []proxy.Outcome
	more chan struct{}
}

func newTold() *told { return &told{more: make(chan struct{}, 10_000)} }

func (o *told) observe(out proxy.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, out)
	o.more <- struct{}{}
}

// wait waits until so many are there, and returns all that are.
func (o *told) wait(t testing.TB, n int) []proxy.Outcome {
	t.Helper()
	for range n {
		select {
		case <-o.more:
		case <-time.After(20 * time.Second): // a test that hangs fails
			o.mu.Lock()
			defer o.mu.Unlock()
			t.Fatalf("%d outcomes were told, want %d: %+v", len(o.all), n, o.all)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all
}

// an outcome, as far as these tests say what it is.
type outcome struct {
	reason proxy.Reason
	limit  string
	status int
}

// only checks that all that was told is what is wanted, in this order.
func (r *running) only(t testing.TB, want ...outcome) {
	t.Helper()
	r.told.wait(t, len(want))
	r.end(t)
	all := r.told.wait(t, 0)
	ok := len(all) == len(want)
	for i := range min(len(all), len(want)) {
		ok = ok && all[i].Refused == want[i].reason && all[i].Limit == want[i].limit && all[i].Status == want[i].status
	}
	if !ok {
		t.Errorf("got the outcomes %+v, want %+v", all, want)
	}
}

// closes fails the test unless the other side ends the connection.
func closes(t testing.TB, conn net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the connection stays open")
	}
}

// sanitized runs a server in front of a Sanitizer for ruleText, which tells the same.
func sanitized(t testing.TB, c *collector, server *proxy.Server, set ...func(*proxy.Sanitizer)) *running {
	t.Helper()
	return sanitizedOn(t, listen(t), c, server, set...)
}

func sanitizedOn(t testing.TB, l net.Listener, c *collector, server *proxy.Server, set ...func(*proxy.Sanitizer)) *running {
	t.Helper()
	s := newSanitizer(t, ruleText)
	for _, f := range set {
		f(s)
	}
	r := &running{Server: server, told: newTold()}
	s.Observe = r.told.observe
	server.Handler = reverse(s, c.url)
	return r.run(t, l)
}

// none waits until there is no connection.
func (r *running) none(t testing.TB) {
	t.Helper()
	for range 1000 {
		if r.Open() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d connections are open", r.Open())
}

// stable waits until there are as many goroutines as before.
func stable(t testing.TB, before int) {
	t.Helper()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines, before there were %d:\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
}

const minute = time.Minute // longer than any test waits

// A client that is refused before its body was looked at is not waited for.
func TestRefusedWithoutBody(t *testing.T) {
	c := newCollector(t, nil)
	r := sanitized(t, c, &proxy.Server{ReadBody: 50 * time.Millisecond})
	conn := dial(t, r.address)
	io.WriteString(conn, "POST /free/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n")
	checkProblem(t, readAnswer(t, bufio.NewReader(conn), "POST"), problem{400, "unparseable", ""})
	closes(t, conn)
	r.only(t, outcome{proxy.Unparseable, "", 400})
}

// A client that waits for 100 Continue is told at once that it need not go on.
func TestRefusedBeforeContinue(t *testing.T) {
	c := newCollector(t, nil)
	r := sanitized(t, c, &proxy.Server{ReadBody: minute})
	conn := dial(t, r.address)
	io.WriteString(conn, request("POST", "/unknown", []string{"Expect: 100-continue", "Content-Length: 10"}, ""))
	checkProblem(t, readAnswer(t, bufio.NewReader(conn), "POST"), problem{403, "no_route", ""})
	r.only(t, outcome{proxy.NoRoute, "", 403})
}

// The beginning of a next request is no slow header while this one is served.
func TestPipelinedPartOfNext(t *testing.T) {
	c := newCollector(t, nil)
	r := sanitized(t, c, &proxy.Server{})
	conn := dial(t, r.address)
	br := bufio.NewReader(conn)
	first, second := request("GET", "/free/1", nil, ""), request("GET", "/free/2", nil, "")
	for cut := range len(second) {
		io.WriteString(conn, first+second[:cut])
		readAnswer(t, br, "GET").fine(t)
		io.WriteString(conn, second[cut:])
		readAnswer(t, br, "GET").fine(t)
	}
	r.end(t)
	for _, o := range r.told.wait(t, 0) {
		if o.Refused != "" {
			t.Errorf("got %+v", o)
		}
	}
	if got := len(c.all()); got != 2*len(second) {
		t.Errorf("%d requests arrived, want %d", got, 2*len(second))
	}
}

// What net/http answers by itself is told once, with what it answered.
func TestBareAnswers(t *testing.T) {
	tests := []struct {
		name, in string
		status   int
	}{
		{"no request line", "garbage\r\n\r\n", 400},
		{"HTTP/0.9", "GET /free/a\r\n\r\n", 400},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		{"HTTP/2", "GET /free/a HTTP/2.0\r\nHost: x\r\n\r\n", 505},
		{"no Host", "GET /free/a HTTP/1.1\r\n\r\n", 400},
		{"a strange Host", "GET /free/a HTTP/1.1\r\nHost: " + phone + "/\r\n\r\n", 400},
		{"no name", "GET /free/a HTTP/1.1\r\nHost: x\r\n: " + phone + "\r\n\r\n", 400},
		{"a coding of the transfer", "POST /free/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 501},
		{"an expectation", "POST /free/a HTTP/1.1\r\nHost: x\r\nExpect: " + phone + "\r\nContent-Length: 2\r\n\r\n{}", 417},
		{"an expectation under HTTP/1.0", "POST /free/a HTTP/1.0\r\nExpect: x\r\nContent-Length: 2\r\n\r\n{}", 417},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			r := sanitized(t, c, &proxy.Server{})
			conn := dial(t, r.address)
			io.WriteString(conn, tt.in)
			if res := readAnswer(t, bufio.NewReader(conn), "GET"); res.Response == nil || res.StatusCode != tt.status {
				t.Errorf("got %+v, want %d", res, tt.status)
			}
			closes(t, conn)
			r.only(t, outcome{proxy.Unparseable, "", tt.status})
			checkQuiet(t, fmt.Sprintf("%+v", r.told.wait(t, 0)))
			c.nothing(t, tt.in)
		})
	}
}

// A collector's answer is none of these, whatever it looks like.
func TestCollectorsBareAnswer(t *testing.T) {
	body := "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request"
	for _, answer := range []string{
		"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nDate: Tue, 24 Nov 2026 14:06:31 GMT\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request",
		answerOf(nil, body),
	} {
		r := sanitized(t, newCollector(t, func(*received) string { return answer }), &proxy.Server{})
		for _, lines := range [][]string{nil, {"Connection: close"}} {
			if res := raw(t, r.address, request("GET", "/free/a", lines, "")); res.err != nil || !strings.HasPrefix(answer, "HTTP/1.1 "+res.Status[:3]) {
				t.Errorf("got %+v", res)
			}
		}
		r.end(t)
		if all := r.told.wait(t, 0); len(all) != 2 || all[0].Refused != "" || all[1].Refused != "" {
			t.Errorf("%q: got %+v", answer, all)
		}
	}
}
