package proxy_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

// A fickle collector answers the first request of each connection, and does to the
// next ones what it likes.
type fickle struct {
	net.Listener
	first  string              // an answer before the body is read; "": it is fine
	second func(conn net.Conn) // with nothing read yet

	mu     sync.Mutex
	conns  []net.Conn
	firsts []string // the targets of the first requests
	more   int      // connections on which more came than that
}

// newFickle begins to serve; config may be nil.
func newFickle(t *testing.T, config *tls.Config, second func(net.Conn)) *fickle {
	t.Helper()
	f := &fickle{Listener: listen(t), second: second}
	if config != nil {
		f.Listener = tls.NewListener(f.Listener, config)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := f.Accept()
			if err != nil {
				return
			}
			all.Go(func() { f.serve(conn) })
		}
	})
	t.Cleanup(func() { f.Close(); f.closeAll(); all.Wait() })
	return f
}

func (f *fickle) serve(conn net.Conn) {
	defer conn.Close()
	br := bufio.NewReader(conn)
	req, err := http.ReadRequest(br)
	if err != nil {
		return
	}
	if f.first != "" {
		io.WriteString(conn, f.first)
		io.Copy(io.Discard, br)
		return
	}
	io.Copy(io.Discard, req.Body)
	f.mu.Lock()
	f.conns, f.firsts = append(f.conns, conn), append(f.firsts, req.RequestURI)
	f.mu.Unlock()
	answer := ok
	if req.Method == http.MethodHead {
		answer = strings.TrimSuffix(ok, "ok")
	}
	io.WriteString(conn, answer)
	one := make([]byte, 1)
	if _, err := io.ReadFull(br, one); err != nil {
		return
	}
	f.mu.Lock()
	f.more++
	f.mu.Unlock()
	if f.second != nil {
		f.second(&unread{conn, io.MultiReader(strings.NewReader(string(one)), br)})
	}
}

// unread is a connection of which something was read that is still to be seen.
type unread struct {
	net.Conn
	io.Reader
}

func (u *unread) Read(p []byte) (int, error) { return u.Reader.Read(p) }

func (f *fickle) closeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range f.conns {
		conn.Close()
	}
}

// seen returns how often a request with this target arrived, in whole or in part.
func (f *fickle) seen(target string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, first := range f.firsts {
		if first == target {
			n++
		}
	}
	return n + f.more
}

// kinds of requests, some of which net/http's transport would repeat.
var kinds = []struct{ method, body, key string }{
	{"GET", "", ""}, {"HEAD", "", ""}, {"OPTIONS", "", ""}, {"DELETE", "", ""}, {"PUT", "", ""}, {"POST", "", ""},
	{"GET", "", "Idempotency-Key"}, {"POST", "", "Idempotency-Key"}, {"POST", "", "X-Idempotency-Key"}, {"PUT", "", "X-Idempotency-Key"},
	{"GET", "{}", ""}, {"POST", "{}", ""}, {"PUT", "{}", ""}, {"POST", "{}", "Idempotency-Key"}, {"PUT", "{}", "X-Idempotency-Key"},
}

func kindOf(t *testing.T, base, target string, i int) *http.Request {
	t.Helper()
	k := kinds[i]
	var body io.Reader
	if k.body != "" {
		body = strings.NewReader(k.body) // of which net/http can make another
	}
	req, err := http.NewRequest(k.method, base+target, body)
	if err != nil {
		t.Fatal(err)
	}
	if k.key != "" {
		req.Header.Set(k.key, "1")
	}
	return req
}

// A request of which so much as one byte was sent is not sent again: the collector may
// have counted it.
func TestSentOnce(t *testing.T) {
	read := func(conn net.Conn) { req, _ := http.ReadRequest(bufio.NewReader(conn)); io.Copy(io.Discard, req.Body) }
	for name, second := range map[string]func(net.Conn){
		"one byte":         func(conn net.Conn) {},
		"all of it":        read,
		"half an answer":   func(conn net.Conn) { read(conn); io.WriteString(conn, "HTTP/1.1 200 O") },
		"a part of a body": func(conn net.Conn) { read(conn); io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n") },
		"a reset":          func(conn net.Conn) { read(conn); conn.(*unread).Conn.(*net.TCPConn).SetLinger(0) },
	} {
		for i, k := range kinds {
			t.Run(fmt.Sprint(name, " ", k), func(t *testing.T) {
				f := newFickle(t, nil, second)
				transport := proxy.NewTransport(minute, nil)
				t.Cleanup(transport.CloseIdleConnections)
				base := "http://" + f.Addr().String()
				if said := got(transport.RoundTrip(kindOf(t, base, "/1", 0))); said != "200 ok" {
					t.Fatalf("got %q", said)
				}
				said := got(transport.RoundTrip(kindOf(t, base, "/2", i)))
				if said != "error" && (said != "broken" || name != "a part of a body") && k.method != "HEAD" {
					t.Errorf("got %q", said)
				}
				if n := f.seen("/2"); n != 1 {
					t.Errorf("it arrived %d times", n)
				}
			})
		}
	}
}

// The same holds of HTTP/2, where a collector ends a stream.
func TestSentOnceOverHTTP2(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	c := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		mu.Lock()
		seen[r.URL.Path]++
		mu.Unlock()
		if r.ProtoMajor != 2 {
			t.Errorf("it came over %s", r.Proto)
		}
		if r.URL.Path != "/1" {
			panic(http.ErrAbortHandler)
		}
		io.WriteString(w, "ok")
	}))
	c.EnableHTTP2 = true
	c.StartTLS()
	t.Cleanup(c.Close)
	pool := x509.NewCertPool()
	pool.AddCert(c.Certificate())
	transport := proxy.NewTransport(minute, &tls.Config{RootCAs: pool})
	t.Cleanup(transport.CloseIdleConnections)
	for i, k := range kinds {
		if said := got(transport.RoundTrip(kindOf(t, c.URL, "/1", i))); said != "200 ok" && k.method != "HEAD" {
			t.Errorf("%v: got %q", k, said)
		}
		path := fmt.Sprint("/broken/", i)
		if said := got(transport.RoundTrip(kindOf(t, c.URL, path, i))); said != "error" {
			t.Errorf("%v: got %q", k, said)
		}
		mu.Lock()
		if n := seen[path]; n != 1 {
			t.Errorf("%v: it arrived %d times", k, n)
		}
		mu.Unlock()
	}
}

// A connection that was kept open and is dead costs a client nothing, where nothing of
// its request was sent: not even if it dies when it was chosen already.
func TestDeadConnection(t *testing.T) {
	a := newAuthority(t)
	for _, config := range []*tls.Config{nil, {Certificates: []tls.Certificate{a.certificate(t, "127.0.0.1", later())}}, {MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{a.certificate(t, "127.0.0.1", later())}}} {
		for i, k := range kinds {
			t.Run(fmt.Sprint(config != nil, k), func(t *testing.T) {
				f := newFickle(t, config, nil)
				transport := proxy.NewTransport(minute, &tls.Config{RootCAs: a.pool})
				t.Cleanup(transport.CloseIdleConnections)
				base := "http://" + f.Addr().String()
				if config != nil {
					base = "https://" + f.Addr().String()
				}
				if said := got(transport.RoundTrip(kindOf(t, base, "/1", 0))); said != "200 ok" {
					t.Fatalf("got %q", said)
				}
				died := 0
				req := kindOf(t, base, "/2", i)
				req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
					if !info.Reused {
						return
					}
					died++
					f.closeAll()
					for info.Conn.SetReadDeadline(time.Time{}) == nil { // until this side knows
						time.Sleep(time.Millisecond)
					}
				}}))
				if said := got(transport.RoundTrip(req)); said != "200 ok" && (said != "200 " || k.method != "HEAD") {
					t.Errorf("got %q", said)
				}
				if n := f.seen("/2"); n != 1 || died != 1 {
					t.Errorf("it arrived %d times, %d connections died", n, died)
				}
			})
		}
	}
}

// What cannot be read twice is not sent twice, and a collector that never lives is not
// asked for ever.
func TestGivesUp(t *testing.T) {
	f := newFickle(t, nil, nil)
	transport := proxy.NewTransport(minute, nil)
	t.Cleanup(transport.CloseIdleConnections)
	base := "http://" + f.Addr().String()
	got(transport.RoundTrip(kindOf(t, base, "/1", 0)))
	req, err := http.NewRequest("POST", base+"/2", io.NopCloser(strings.NewReader("{}")))
	if err != nil {
		t.Fatal(err)
	}
	req = req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		f.closeAll()
		for info.Conn.SetReadDeadline(time.Time{}) == nil {
			time.Sleep(time.Millisecond)
		}
	}}))
	if said := got(transport.RoundTrip(req)); said != "error" || f.seen("/2") != 0 {
		t.Errorf("got %q, it arrived %d times", said, f.seen("/2"))
	}
	f.Close()
	if said := got(transport.RoundTrip(kindOf(t, base, "/3", 0))); said != "error" {
		t.Errorf("got %q", said)
	}
}

// RoundTrip closes the body that it was given, also where it sends another.
func TestTransportClosesTheBody(t *testing.T) {
	c := newCollector(t, nil)
	transport := proxy.NewTransport(minute, nil)
	t.Cleanup(transport.CloseIdleConnections)
	body := &closed{Reader: strings.NewReader("{}")}
	req := &http.Request{Method: "POST", URL: c.url, Header: http.Header{}, Body: body, ContentLength: 2, GetBody: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("{}")), nil }}
	if said := got(transport.RoundTrip(req)); said != "200 ok" || !body.closed.Load() {
		t.Errorf("got %q, closed: %v", said, body.closed.Load())
	}
}

// A collector that is not who it should be is not talked to.
func TestCollectorTLS(t *testing.T) {
	a := newAuthority(t)
	good := a.certificate(t, "127.0.0.1", later())
	us := a.certificate(t, "sidecar", later())
	asks := &tls.Config{Certificates: []tls.Certificate{good}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.pool}
	tests := []struct {
		name      string
		collector *tls.Config
		ours      *tls.Config
		want      int
	}{
		{"fine", &tls.Config{Certificates: []tls.Certificate{good}}, &tls.Config{RootCAs: a.pool}, 200},
		{"under another name", &tls.Config{Certificates: []tls.Certificate{a.certificate(t, "collector.example", later())}}, &tls.Config{RootCAs: a.pool, ServerName: "collector.example"}, 200},
		{"of another host", &tls.Config{Certificates: []tls.Certificate{a.certificate(t, "collector.example", later())}}, &tls.Config{RootCAs: a.pool}, 502},
		{"of an unknown authority", &tls.Config{Certificates: []tls.Certificate{newAuthority(t).certificate(t, "127.0.0.1", later())}}, &tls.Config{RootCAs: a.pool}, 502},
		{"nobody is trusted", &tls.Config{Certificates: []tls.Certificate{good}}, &tls.Config{RootCAs: x509.NewCertPool()}, 502},
		{"expired", &tls.Config{Certificates: []tls.Certificate{a.certificate(t, "127.0.0.1", time.Now().Add(-time.Minute))}}, &tls.Config{RootCAs: a.pool}, 502},
		{"TLS 1.1", &tls.Config{Certificates: []tls.Certificate{good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, &tls.Config{RootCAs: a.pool}, 502},
		{"asks for a certificate that we have", asks, &tls.Config{RootCAs: a.pool, Certificates: []tls.Certificate{us}}, 200},
		{"asks for one that we do not have", asks, &tls.Config{RootCAs: a.pool}, 502},
		{"no TLS", nil, &tls.Config{RootCAs: a.pool}, 502},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFickle(t, tt.collector, nil)
			s := newSanitizer(t, ruleText)
			s.Transport = proxy.NewTransport(5*time.Second, tt.ours)
			t.Cleanup(s.Transport.(*proxy.Transport).CloseIdleConnections)
			told := newTold()
			s.Observe = told.observe
			res := raw(t, serve(t, s, &url.URL{Scheme: "https", Host: f.Addr().String()}), request("POST", "/free/"+phone, planted, `"`+email+`"`))
			if tt.want == 200 {
				res.fine(t)
				return
			}
			checkProblem(t, res, problem{tt.want, "collector", "free"})
			checkQuiet(t, fmt.Sprintf("%+v", told.wait(t, 1)))
			if len(f.firsts) > 0 {
				t.Error("it got the request")
			}
		})
	}
}

// Without its sending anything else, no answer of a collector makes more of a request,
// nor of an answer that was not for it.
func TestStrangeAnswers(t *testing.T) {
	const next = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled"
	tests := []struct {
		name   string
		method string
		answer string
		status int
		body   string
	}{
		{"a redirect", "POST", "HTTP/1.1 307 Temporary Redirect\r\nLocation: /free/elsewhere\r\nContent-Length: 0\r\n\r\n", 307, ""},
		{"a hint before the answer", "GET", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok, 200, "ok"},
		{"hints without end", "GET", strings.Repeat("HTTP/1.1 103 Early Hints\r\nX: "+strings.Repeat("x", 1000)+"\r\n\r\n", 1000) + ok, 502, "{"},
		{"100 Continue without end", "POST", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100_000) + ok, 502, "{"},
		{"a second answer", "GET", ok + next, 200, "ok"},
		{"a body of a HEAD", "HEAD", ok + next, 200, ""},
		{"a body of a 204", "GET", "HTTP/1.1 204 No Content\r\n\r\n" + next, 204, ""},
		{"a body of a 304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\n" + next, 304, ""},
		{"a length and chunks", "GET", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n" + next, 200, "ok"},
		{"two codings", "GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 502, "{"},
		{"HTTP/0.9", "GET", "<html>", 502, "{"},
		{"a status that is none", "GET", "HTTP/1.1 99 Few\r\n\r\n", 502, "{"},
		{"another one", "GET", "HTTP/1.1 2000 Many\r\n\r\n", 502, "{"},
		{"a header of 300 KB", "GET", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300<<10) + "\r\n\r\n", 502, "{"},
		{"a folded header", "GET", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok", 200, "ok"},
		{"a NUL in a header", "GET", "HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 2\r\n\r\nok", 502, "{"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, func(r *received) string {
				if r.target == "/free/next" {
					return ok
				}
				return tt.answer
			})
			address := serveRules(t, ruleText, c)
			conn := dial(t, address)
			br := bufio.NewReader(conn)
			io.WriteString(conn, request(tt.method, "/free/first", nil, ""))
			res := readAnswer(t, br, tt.method)
			if res.Response == nil || res.StatusCode != tt.status || !strings.HasPrefix(res.body, tt.body) || tt.body == "" && res.body != "" {
				t.Fatalf("got %+v, want %d %q", res, tt.status, tt.body)
			}
			io.WriteString(conn, request("GET", "/free/next", nil, ""))
			if res := readAnswer(t, br, "GET").fine(t); res.body != "ok" {
				t.Errorf("then: got %q", res.body)
			}
			if all := c.all(); len(all) != 2 {
				t.Errorf("%d requests arrived", len(all))
			}
		})
	}
}

// A collector that is slow ends a request with a 504, or an answer that the client has
// seen a part of, broken off.
func TestSlowCollectors(t *testing.T) {
	part := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
	tests := []struct {
		name   string
		target string
		answer string
		want   []outcome
	}{
		{"no answer", "/free/a", "", []outcome{{proxy.Collector, "upstream", 504}}},
		{"a status line", "/free/a", "HTTP/1.1 200 OK\r\n", []outcome{{proxy.Collector, "upstream", 504}}},
		{"hints", "/free/a", "HTTP/1.1 103 Early Hints\r\n\r\n", []outcome{{proxy.Collector, "upstream", 504}}},
		{"a part of an answer that is restored", "/free/" + phone, part, []outcome{{proxy.Collector, "upstream", 504}}},
		{"a part of an answer that passes", "/free/a", part, []outcome{{"", "", 200}, {proxy.Collector, "upstream", 0}}},
		{"a part of a stream that is restored", "/free/" + phone, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{\n", []outcome{{"", "", 200}, {proxy.Collector, "upstream", 0}}},
		{"a chunk", "/free/a", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", []outcome{{"", "", 200}, {proxy.Collector, "upstream", 0}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hang := make(chan struct{})
			f := newFickle(t, nil, func(conn net.Conn) {
				http.ReadRequest(bufio.NewReader(conn))
				io.WriteString(conn, tt.answer)
				<-hang
			})
			t.Cleanup(func() { close(hang) })
			inflight := proxy.NewInFlight(1 << 20)
			r := sanitized(t, &collector{url: &url.URL{Scheme: "http", Host: f.Addr().String()}}, &proxy.Server{}, func(s *proxy.Sanitizer) {
				s.InFlight = inflight
				s.Transport = proxy.NewTransport(100*time.Millisecond, nil)
			})
			raw(t, r.address, request("GET", "/free/a", nil, "")).fine(t)
			res := raw(t, r.address, request("GET", tt.target, nil, ""))
			if tt.want[0].status == 504 {
				checkProblem(t, res, problem{504, "collector", "free"})
			} else if res.err == nil {
				t.Errorf("got %q, whole as it seems", res.body)
			}
			free(t, inflight)
			r.only(t, append([]outcome{{"", "", 200}}, tt.want...)...)
		})
	}
}

// A collector that does not take a request does not hold it for ever.
func TestCollectorDoesNotRead(t *testing.T) {
	for _, target := range []string{"/free/a", "/static/a"} {
		l := listen(t)
		t.Cleanup(func() { l.Close() })
		inflight := proxy.NewInFlight(1 << 30)
		r := sanitized(t, &collector{url: &url.URL{Scheme: "http", Host: l.Addr().String()}}, &proxy.Server{}, func(s *proxy.Sanitizer) {
			s.InFlight, s.Limits.Body = inflight, 4*large
			s.Transport = proxy.NewTransport(100*time.Millisecond, nil)
		})
		conn := dial(t, r.address)
		go io.WriteString(conn, request("POST", target, []string{"Content-Type: text/plain"}, strings.Repeat("x", 2*large)))
		res := readAnswer(t, bufio.NewReader(conn), "POST")
		checkProblem(t, res, problem{504, "collector", strings.Split(target, "/")[1]})
		free(t, inflight)
		r.only(t, outcome{proxy.Collector, "upstream", 504})
	}
}

// No proxy of the environment gets to see what goes to a collector.
func TestNoProxyFromEnvironment(t *testing.T) {
	const child = "STATVEIL_TEST_UPSTREAM"
	if upstream := os.Getenv(child); upstream != "" {
		res, err := proxy.NewTransport(minute, nil).RoundTrip(&http.Request{Method: "GET", Header: http.Header{}, URL: &url.URL{Scheme: "http", Host: upstream, Path: "/free/a"}})
		if said := got(res, err); said != "200 ok" {
			t.Errorf("got %q, %v", said, err)
		}
		return
	}
	c, other := newCollector(t, nil), newCollector(t, nil)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "-test.run=^TestNoProxyFromEnvironment$")
	// net/http takes no proxy for loopback addresses; this one is as good here.
	cmd.Env = append(os.Environ(), child+"=0.0.0.0:"+c.url.Port(), "HTTP_PROXY="+other.url.String(), "http_proxy="+other.url.String(), "ALL_PROXY="+other.url.String(), "NO_PROXY=", "no_proxy=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	c.one(t)
	other.nothing(t, "")
}
