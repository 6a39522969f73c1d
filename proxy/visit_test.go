package proxy_test

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

// eventually sends a request, each time on a connection of its own, until it is served.
// Until then it is told that we are busy: who is slow has to go only after a while.
func eventually(t *testing.T, address, in string) {
	t.Helper()
	for range 200 {
		res := raw(t, address, in)
		if res.err == nil && res.StatusCode == 200 {
			return
		}
		if res.err != nil || res.StatusCode != 503 || !strings.Contains(res.body, `"busy"`) || res.Header.Get("Retry-After") == "" {
			t.Fatalf("got %+v %q, error %v, want 200 or busy", res.Response, res.body, res.err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("it was never served")
}

// evicted returns how many connections had to make room. The server is stopped.
func (r *running) evicted(t *testing.T) (n int) {
	t.Helper()
	r.end(t)
	for _, o := range r.told.wait(t, 0) {
		if o.Evicted {
			n++
		}
	}
	return n
}

// Who is slow makes room for who is not, whatever it is that he is slow with.
func TestSlowMakeRoom(t *testing.T) {
	const large = 16 << 20 // more than sockets hold
	for name, in := range map[string]string{
		"a body that does not come":      request("POST", "/free/a", []string{"Content-Length: 100"}, `{"`),
		"an answer that is not taken":    request("GET", "/free/large", nil, ""),
		"a header that does not end":     "GET /free/a HTTP/1.1\r\n",
		"a connection that says nothing": "",
		"no second request":              request("GET", "/free/a", nil, ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCollector(t, func(r *received) string {
				if strings.Contains(r.target, "large") {
					return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", large, strings.Repeat("x", large))
				}
				return ok
			})
			r := sanitized(t, c, &proxy.Server{Connections: 3})
			for range 3 {
				io.WriteString(dial(t, r.address), in)
			}
			eventually(t, r.address, request("GET", "/free/b", nil, ""))
			if r.evicted(t) == 0 {
				t.Error("nobody had to go")
			}
		})
	}
}

// Many requests on one connection make room as well. While any of them is with the
// collector, none of them is slow.
func TestStreamsMakeRoom(t *testing.T) {
	server, client := secured(t)
	c := newCollector(t, nil)
	begun := make(chan struct{}, 300)
	r := sanitized(t, c, &proxy.Server{Connections: 5, TLS: server}, func(s *proxy.Sanitizer) {
		set := s.Rules()
		s.Rules = func() *rules.Set { begun <- struct{}{}; return set }
	})
	slow := clientOf(t, client, "h2")
	for range 5 {
		body, end := io.Pipe()
		t.Cleanup(func() { end.Close() })
		go slow.Post("https://"+r.address+"/free/a", "application/json", body) // it ends when the connection does
		io.WriteString(end, "[")
		<-begun
	}
	honest := clientOf(t, client, "http/1.1")
	for range 200 {
		res, err := honest.Get("https://" + r.address + "/free/b")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == 200 {
			break
		}
		if res.StatusCode != 503 {
			t.Fatalf("got %s, want 200 or busy", res.Status)
		}
		time.Sleep(50 * time.Millisecond)
	}
	if n := r.evicted(t); n != 1 {
		t.Errorf("%d connections had to go, want 1", n)
	}
}

// Connections take memory too. Those that are kept open for later leave it to a body.
func TestIdleMakeRoom(t *testing.T) {
	c := newCollector(t, nil)
	inflight := proxy.NewInFlight(300 << 10).TakeAll()
	r := sanitized(t, c, &proxy.Server{InFlight: inflight}, func(s *proxy.Sanitizer) { s.InFlight = inflight })
	for range 20 { // 12 KiB each
		conn := dial(t, r.address)
		io.WriteString(conn, request("GET", "/free/a", nil, ""))
		readAnswer(t, bufio.NewReader(conn), "GET").fine(t)
	}
	if n := inflight.Bytes(); n != 0 {
		t.Errorf("%d bytes are held between requests", n)
	}
	eventually(t, r.address, request("POST", "/free/b", []string{"Connection: close"}, long(125<<10)))
	if n := r.evicted(t); n == 0 || n == 20 {
		t.Errorf("%d of 20 idle connections had to go", n)
	}
	if n := inflight.Bytes(); n != 0 {
		t.Errorf("%d bytes are held in the end", n)
	}
}

// Headers that come are counted before they are requests, and have each other leave.
func TestHeadersMakeRoom(t *testing.T) {
	c := newCollector(t, nil)
	inflight := proxy.NewInFlight(1 << 20).TakeAll()
	r := sanitized(t, c, &proxy.Server{InFlight: inflight}, func(s *proxy.Sanitizer) { s.InFlight = inflight })
	for range 30 {
		io.WriteString(dial(t, r.address), "GET /free/a HTTP/1.1\r\nX-A: "+strings.Repeat("x", 60<<10))
	}
	eventually(t, r.address, request("GET", "/free/b", nil, ""))
	r.told.wait(t, 10) // of 30 times 60 KiB, more is let go than this
	if n := inflight.Bytes(); n > 1<<20 {
		t.Errorf("%d bytes are held", n)
	}
	r.end(t)
	if n := inflight.Bytes(); n != 0 {
		t.Errorf("%d bytes are held in the end", n)
	}
}

// A header of very many lines is refused, however short they are.
func TestManyLines(t *testing.T) {
	c := newCollector(t, nil)
	r := sanitized(t, c, &proxy.Server{Headers: 64 << 10})
	at := func(n int) string {
		return "GET /free/a HTTP/1.1\r\n" + strings.Repeat("A:\r\n", n-2) + "Host: x\r\n\r\n"
	}
	if res := raw(t, r.address, at(64<<10/32)); res.Response == nil || res.StatusCode != 413 { // by limits.parameters
		t.Errorf("got %+v, want 413", res)
	}
	if res := raw(t, r.address, at(64<<10/32+4000)); res.Response == nil || res.StatusCode != 431 {
		t.Errorf("got %+v, want 431", res)
	}
	r.only(t, outcome{proxy.Oversize, "parameters", 413}, outcome{proxy.Oversize, "headers", 431})
}

// What is made of a request is refused where there is no room for it: busy where there
// may be some later, oversize where there never is.
func TestNoRoomToRewrite(t *testing.T) {
	c := newCollector(t, nil)
	for _, tt := range []struct {
		name  string
		limit int64
		body  string
		want  problem
	}{
		{"findings", 1 << 20, `["` + strings.Repeat(`anna@example.com","`, 10_000) + `"]`, problem{413, "oversize", "free"}},
		{"findings in one text", 1 << 20, `["` + strings.Repeat("192.0.2.1 ", 50_000) + `"]`, problem{413, "oversize", "free"}},
		{"a text that is decoded again and again", 2 << 20, `["` + strings.Repeat("x", 1<<20) + `%2525252541"]`, problem{413, "oversize", "free"}},
		{"the rewritten body", 1 << 20, `["anna@example.com","` + strings.Repeat("x", 600<<10) + `"]`, problem{413, "oversize", "free"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inflight := proxy.NewInFlight(tt.limit)
			r := sanitized(t, c, &proxy.Server{}, func(s *proxy.Sanitizer) { s.InFlight = inflight })
			checkProblem(t, raw(t, r.address, request("POST", "/free/a", nil, tt.body)), tt.want)
			r.only(t, outcome{proxy.Oversize, "inflight", 413})
			if n := inflight.Bytes(); n != 0 {
				t.Errorf("%d bytes are held in the end", n)
			}
		})
	}
}
