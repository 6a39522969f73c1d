package proxy_test

import (
	"bufio"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

const inflightRules = ruleText + `
  - name: watched
    match: /watched/{any...}
    mode: observe
  - name: dropping
    match: /drop/{any...}
    on_failure: {unparseable: drop, oversize: drop, encoding: drop}
`

// Where there is no room for a body, its client is told to come back; once there is,
// it is served.
func TestBusy(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	c := newCollector(t, func(r *received) string {
		if r.target == "/free/first" {
			arrived <- struct{}{}
			<-release
		}
		return ok
	})
	inflight := proxy.NewInFlight(50 << 10)
	r := sanitized(t, c, &proxy.Server{}, func(s *proxy.Sanitizer) { s.InFlight = inflight })
	body := long(30 << 10)
	first := dial(t, r.address)
	io.WriteString(first, request("POST", "/free/first", nil, body))
	<-arrived
	if n := inflight.Bytes(); n < 30<<10 || n > 50<<10 {
		t.Errorf("%d bytes are held of a body of %d", n, len(body))
	}
	for _, in := range []string{
		request("POST", "/free/second", fromBrowser, body),
		request("POST", "/free/second", append(fromBrowser, "Transfer-Encoding: chunked"), chunked(body, 1000)),
		request("POST", "/free/second", fromBrowser, gzipped(body, gzip.Header{})),
	} {
		res := raw(t, r.address, in)
		checkProblem(t, res, problem{503, "busy", "free"})
		if res.Header.Get("Retry-After") != "1" || res.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
			t.Errorf("got %v", res.Header)
		}
	}
	raw(t, r.address, request("POST", "/free/small", nil, "{}")).fine(t)
	close(release)
	free(t, inflight)
	raw(t, r.address, request("POST", "/free/third", nil, body)).fine(t)
	free(t, inflight)
	r.end(t)
	busy := 0
	for _, o := range r.told.wait(t, 0) {
		if o.Refused == proxy.Busy && o.Limit == "inflight" && o.Status == 503 {
			busy++
		}
	}
	if busy != 3 || len(c.all()) != 3 {
		t.Errorf("%d were told that we are busy, %d requests arrived", busy, len(c.all()))
	}
}

// To announce much costs nothing: a client holds no more than eight times what it sent.
func TestAnnouncingIsNotSending(t *testing.T) {
	inflight := proxy.NewInFlight(64 << 20)
	begun := make(chan struct{})
	r := sanitized(t, newCollector(t, nil), &proxy.Server{}, func(s *proxy.Sanitizer) {
		s.InFlight = inflight
		set := s.Rules()
		s.Rules = func() *rules.Set { begun <- struct{}{}; return set }
	})
	for range 100 {
		conn := dial(t, r.address)
		io.WriteString(conn, request("POST", "/free/a", []string{"Content-Length: 10000000"}, "{"))
		<-begun
	}
	if n := inflight.Bytes(); n > 100*8<<10 {
		t.Errorf("%d bytes are held", n)
	}
}

// Whatever becomes of a request, nothing of it stays.
func TestRefusedHoldsNothing(t *testing.T) {
	c := newCollector(t, nil)
	inflight := proxy.NewInFlight(1 << 20)
	s := limited(t)
	s.InFlight = inflight
	address := serve(t, s, c.url)
	for _, tt := range refused {
		raw(t, address, tt.in)
		if inflight.Bytes() != 0 {
			free(t, inflight)
			t.Log(tt.name)
		}
	}
}

// A caller holds what its answer takes until it closes it, read or not.
func TestAnswersAreHeld(t *testing.T) {
	stream := func(r *received) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + tokens.FindString(r.raw) + "\nmore\n"
	}
	tooLarge := func(r *received) string { return answerOf(nil, tokens.FindString(r.raw)+strings.Repeat("x", 30<<10)) }
	tests := []struct {
		name   string
		target string
		limit  int64 // of what is in flight
		answer func(*received) string
		least  int64 // that is held while the answer is open
	}{
		{"restored", "/free/a", 1 << 20, echo, 1000},
		{"restored from gzip", "/free/a", 1 << 20, func(r *received) string {
			return answerOf([]string{"Content-Encoding: gzip"}, gzipped(r.body, gzip.Header{}))
		}, 1000},
		{"with nothing to restore", "/free/a", 1 << 20, func(*received) string { return answerOf(nil, strings.Repeat("x", 2000)) }, 2000},
		{"restored as it comes", "/v1/x/y", 1 << 20, stream, 1000},
		{"larger than the limit", "/free/a", 1 << 20, tooLarge, 20_000},
		{"for which there is no room", "/free/a", 20_000, tooLarge, 1000},
		{"of a route that does not restore", "/quiet/a", 1 << 20, echo, 0},
		{"of a request that passes", "/static/a", 1 << 20, echo, 0},
		{"of a request that is observed", "/watched/a", 1 << 20, echo, 0},
		{"of a request that was dropped", "/drop/a", 1 << 20, nil, 0},
	}
	for _, tt := range tests {
		for _, read := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", read), func(t *testing.T) {
				c := newCollector(t, tt.answer)
				s := newSanitizer(t, inflightRules)
				s.Limits.Body = 20_000
				s.InFlight = proxy.NewInFlight(tt.limit)
				value := phone + strings.Repeat(" ", 1000) + "b"
				body := `{"user":"` + value + `"}`
				if tt.answer == nil {
					body += "{"
				}
				u := *c.url
				u.Path = tt.target
				res, err := s.RoundTrip(&http.Request{Method: "POST", URL: &u, Header: http.Header{"Content-Type": {"application/json"}, "Accept-Encoding": {"gzip"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))})
				if err != nil {
					t.Fatal(err)
				}
				if n := s.InFlight.Bytes(); n < tt.least || tt.least == 0 && n != 0 {
					t.Errorf("%d bytes are held, want %d at least", n, tt.least)
				}
				if read {
					if _, err := io.ReadAll(res.Body); err != nil {
						t.Error(err)
					}
					if n := s.InFlight.Bytes(); n < min(tt.least, 1) {
						t.Errorf("%d bytes are held of an answer that is not closed", n)
					}
				}
				res.Body.Close()
				res.Body.Close()
				if n := s.InFlight.Bytes(); n != 0 {
					t.Errorf("%d bytes are held", n)
				}
			})
		}
	}
}

// Requests of all kinds at once: while nothing is made of them that is larger than
// they are, no more is held than may be; in the end, nothing.
func TestInFlightAtRandom(t *testing.T) {
	for _, personal := range []bool{false, true} {
		const limit, clients, each = 200 << 10, 8, 60
		inflight := proxy.NewInFlight(limit)
		var peak atomic.Int64
		look := func() {
			for n, p := inflight.Bytes(), peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
			}
		}
		c := newCollector(t, func(r *received) string {
			look()
			switch {
			case r.broken:
				return ""
			case strings.Contains(r.target, "stream"):
				return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat("x\n", 1000) + r.body
			case strings.Contains(r.target, "gzip"):
				return answerOf([]string{"Content-Encoding: gzip"}, gzipped(r.body, gzip.Header{}))
			case strings.Contains(r.target, "broken"):
				return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n" + r.body
			}
			return echo(r)
		})
		s := newSanitizer(t, inflightRules)
		s.InFlight, s.Limits = inflight, proxy.Limits{Body: 60 << 10}
		if !personal {
			s.Found = func(_ *rules.Route, f *rules.Finding, _ string) { t.Error("something was found") }
		}
		r := run(t, &proxy.Server{Handler: reverse(s, c.url)})
		before := func() string { return "" }
		if personal {
			before = func() string { return email }
		}
		var all sync.WaitGroup
		var served, refused atomic.Int64
		for range clients {
			all.Go(func() {
				for range each {
					route := []string{"free", "static", "watched", "drop", "quiet", "unknown"}[rand.IntN(6)]
					target := "/" + route + "/" + []string{"stream", "gzip", "broken", "a"}[rand.IntN(4)]
					body, lines := `{"a":"`+before()+strings.Repeat("x", rand.IntN(70<<10))+`"}`, []string{}
					switch rand.IntN(6) {
					case 0:
						body = body[:len(body)-1]
					case 1:
						body, lines = gzipped(body, gzip.Header{}), append(lines, "Content-Encoding: gzip")
					case 2:
						body, lines = chunked(body, 5000), append(lines, "Transfer-Encoding: chunked")
					case 3:
						lines = append(lines, "Content-Encoding: br")
					}
					look()
					conn := dial(t, r.address)
					in := request("POST", target, append(lines, asJSON), body)
					switch rand.IntN(8) {
					case 0:
						io.WriteString(conn, in[:rand.IntN(len(in))])
						conn.Close()
						continue
					case 1:
						io.WriteString(conn, in)
						conn.Close()
						continue
					}
					go io.WriteString(conn, in)
					res, err := http.ReadResponse(bufio.NewReader(conn), nil)
					if err == nil {
						look()
						if res.StatusCode == 200 {
							served.Add(1)
						} else {
							refused.Add(1)
						}
						if rand.IntN(3) > 0 {
							io.Copy(io.Discard, res.Body)
						}
					}
					conn.Close()
				}
			})
		}
		all.Wait()
		r.none(t)
		free(t, inflight)
		const everybodys = clients * 8 << 10 // of small buffers, which everybody may have
		if !personal && peak.Load() > limit+everybodys {
			t.Errorf("%d bytes were held at once", peak.Load())
		}
		if served.Load() < 20 || refused.Load() < 20 || peak.Load() < limit/4 {
			t.Errorf("%d were served, %d refused, with %d bytes at most: too little to tell", served.Load(), refused.Load(), peak.Load())
		}
	}
}
