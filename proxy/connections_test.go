package proxy_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

// A gate is a handler that holds requests until it is opened.
type gate struct {
	arrived chan struct{}
	open    chan struct{}
}

func newGate() *gate { return &gate{make(chan struct{}, 1000), make(chan struct{})} }

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/hold" {
		g.arrived <- struct{}{}
		<-g.open
	}
	io.WriteString(w, "ok")
}

// checkBusy fails the test unless a client was told to come back, and may read that in
// a browser.
func checkBusy(t *testing.T, a *answer) {
	t.Helper()
	checkProblem(t, a, problem{503, "busy", ""})
	if a.Header.Get("Retry-After") != "1" || a.Header.Get("Access-Control-Allow-Origin") != "https://app.example" || a.Header.Get("Access-Control-Expose-Headers") != "Retry-After" {
		t.Errorf("got %v", a.Header)
	}
}

var fromBrowser = []string{"Origin: https://app.example"}

// As many connections as may be are served; one more is told that we are busy while
// all are, and nobody loses an answer.
func TestTooManyConnections(t *testing.T) {
	g := newGate()
	r := run(t, &proxy.Server{Handler: g, Connections: 2})
	var serving []net.Conn
	for range 2 {
		conn := dial(t, r.address)
		io.WriteString(conn, request("GET", "/hold", nil, ""))
		<-g.arrived
		serving = append(serving, conn)
	}
	for range 3 {
		conn := dial(t, r.address)
		io.WriteString(conn, request("GET", "/", fromBrowser, ""))
		br := bufio.NewReader(conn)
		res := readAnswer(t, br, "GET")
		checkBusy(t, res)
		closes(t, conn)
	}
	close(g.open)
	for _, conn := range serving {
		readAnswer(t, bufio.NewReader(conn), "GET").fine(t)
		conn.Close()
	}
	r.none(t)
	raw(t, r.address, request("GET", "/", nil, "")).fine(t)
	busy := outcome{proxy.Busy, "connections", 503}
	r.only(t, busy, busy, busy)
}

// Beyond those that are told there is a last limit.
func TestFarTooManyConnections(t *testing.T) {
	g := newGate()
	r := run(t, &proxy.Server{Handler: g, Connections: 1})
	first := dial(t, r.address)
	io.WriteString(first, request("GET", "/hold", nil, ""))
	<-g.arrived
	for range 64 {
		conn := dial(t, r.address)
		io.WriteString(conn, request("POST", "/", append(fromBrowser, "Content-Length: 1"), "")) // whose body is awaited
		checkBusy(t, readAnswer(t, bufio.NewReader(conn), "POST"))
	}
	if n := r.Open(); n != 65 {
		t.Errorf("%d connections", n)
	}
	conn := dial(t, r.address)
	if n, err := conn.Read(make([]byte, 1)); n > 0 || err == nil {
		t.Error("it was told something")
	}
	close(g.open)
	readAnswer(t, bufio.NewReader(first), "GET").fine(t)
	all := r.told.wait(t, 65)
	if last := all[64]; len(all) != 65 || last.Refused != proxy.Busy || last.Status != 0 {
		t.Errorf("got %+v", last)
	}
}

// While one connection waits, a new one takes its place: the longest waiting goes,
// whether it is idle, has not begun, or is in the middle of a header.
func TestLongestWaitingGoes(t *testing.T) {
	server, config := secured(t)
	var idle chan struct{}
	tests := []struct {
		name   string
		waits  func(t *testing.T, r *running) net.Conn
		secure bool
	}{
		{"idle", func(t *testing.T, r *running) net.Conn {
			conn := dial(t, r.address)
			io.WriteString(conn, request("GET", "/", nil, ""))
			readAnswer(t, bufio.NewReader(conn), "GET").fine(t)
			<-idle // or the other may be the first to wait
			return conn
		}, false},
		{"silent", func(t *testing.T, r *running) net.Conn { return dial(t, r.address) }, false},
		{"in a header", func(t *testing.T, r *running) net.Conn {
			conn := dial(t, r.address)
			io.WriteString(conn, "GET / HTTP/1.1\r\nHo")
			return conn
		}, false},
		{"in a handshake", func(t *testing.T, r *running) net.Conn {
			conn := dial(t, r.address)
			io.WriteString(conn, "\x16\x03\x01")
			return conn
		}, true},
		{"idle, over HTTP/2", func(t *testing.T, r *running) net.Conn {
			conn := dialHTTP2(t, r.address, config)
			conn.get(1, "/")
			conn.end(1)
			return conn
		}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &proxy.Server{Handler: answers("ok"), Connections: 2}
			if tt.secure {
				s.TLS = server
			}
			idle = make(chan struct{}, 10)
			r := (&running{Server: s, told: newTold()}).run(t, &idling{listen(t), idle})
			waits := tt.waits(t, r)
			connect := func() net.Conn {
				if tt.secure {
					return dialTLS(t, r.address, config, "http/1.1")
				}
				return dial(t, r.address)
			}
			later := connect()
			io.WriteString(later, request("GET", "/", nil, ""))
			br := bufio.NewReader(later)
			readAnswer(t, br, "GET").fine(t)
			newest := connect()
			io.WriteString(newest, request("GET", "/", nil, ""))
			readAnswer(t, bufio.NewReader(newest), "GET").fine(t)
			closes(t, waits)
			io.WriteString(later, request("GET", "/", nil, ""))
			readAnswer(t, br, "GET").fine(t)
			if n := r.Open(); n != 2 {
				t.Errorf("%d connections", n)
			}
			r.only(t, outcome{"", "connections", 0})
		})
	}
}

// idling says when net/http begins to wait for the next request of a connection.
type idling struct {
	net.Listener
	idle chan struct{}
}

func (l *idling) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return &idlingConn{conn, false, l.idle}, err
}

type idlingConn struct {
	net.Conn
	wrote bool
	idle  chan struct{}
}

func (c *idlingConn) Write(p []byte) (int, error) {
	c.wrote = true
	return c.Conn.Write(p)
}

func (c *idlingConn) SetReadDeadline(t time.Time) error {
	if c.wrote && t.After(time.Now()) {
		c.wrote = false
		c.idle <- struct{}{}
	}
	return c.Conn.SetReadDeadline(t)
}

// A connection does not wait before the last byte of its answer is written: to make
// room then would lose an answer.
func TestNobodyGoesBeforeItsAnswer(t *testing.T) {
	writes, release := make(chan struct{}), make(chan struct{})
	l := &held{Listener: listen(t), hold: func() { writes <- struct{}{}; <-release }}
	r := (&running{Server: &proxy.Server{Handler: answers("ok"), Connections: 1}, told: newTold()}).run(t, l)
	first := dial(t, r.address)
	io.WriteString(first, request("GET", "/", nil, ""))
	<-writes // its handler has returned
	second := dial(t, r.address)
	io.WriteString(second, request("GET", "/", fromBrowser, ""))
	checkBusy(t, readAnswer(t, bufio.NewReader(second), "GET"))
	close(release)
	readAnswer(t, bufio.NewReader(first), "GET").fine(t)
	r.only(t, outcome{proxy.Busy, "connections", 503})
}

// held is a listener whose first connection does not write before it may.
type held struct {
	net.Listener
	hold func()
	once sync.Once
}

func (l *held) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	l.once.Do(func() { conn = &heldConn{conn, l.hold} })
	return conn, err
}

type heldConn struct {
	net.Conn
	hold func()
}

func (c *heldConn) Write(p []byte) (int, error) {
	c.hold()
	return c.Conn.Write(p)
}

// The limit holds for the requests of one connection of HTTP/2 as well.
func TestTooManyRequests(t *testing.T) {
	g := newGate()
	s, client, url := way(t, "h2")
	s.Handler, s.Connections = g, 2
	r := run(t, s)
	one := client()
	said := make(chan string, 2)
	for range 2 {
		go func() { said <- got(one.Get(url(r) + "/hold")) }()
		<-g.arrived
	}
	req, err := http.NewRequest("GET", url(r)+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Origin", "https://app.example")
	res, err := one.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	res.Body.Close()
	checkBusy(t, &answer{res, string(body), err})
	close(g.open)
	for range 2 {
		if s := <-said; s != "200 ok" {
			t.Errorf("got %q", s)
		}
	}
	r.only(t, outcome{proxy.Busy, "connections", 503})
}
