package proxy

import (
	"bytes"
	"container/list"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// spare is how many connections beyond the limit are let in to be told that we are
// busy. More are closed at once.
const spare = 64

// A floor has the seats of all connections. Where there is no room, one that waits for
// its client has to go: for a request, for a body that comes slowly, for an answer to
// be taken. Who is slow must not keep out who is not.
type floor struct {
	mu       sync.Mutex
	seats    map[*seat]struct{}
	waiting  list.List // of *seat, the longest wait first
	requests int       // under way, of all
	closed   bool
}

// How long we wait in any case for a client that has a request under way, or may have
// one on its way; and where there is a place for it, but little memory.
const (
	grace       = time.Second
	memoryGrace = 3 * time.Second
)

// A seat is a connection, below its TLS.
type seat struct {
	net.Conn
	s        *Server
	extra    bool          // beyond the limit
	requests int           // under way; several only of HTTP/2
	working  int           // of them, those that do not wait for the client
	place    *list.Element // among those that wait
	since    time.Time     // it does
	between  bool          // two requests, or before the first
	held     share         // for headers and requests
	takes    int           // bytes, for itself
	hello    int           // bytes of a TLS handshake that is not complete, and 1; 0: it is
	slow     atomic.Bool   // its client did not take an answer in time
}

// What a connection takes in memory without a request: its goroutines and buffers.
const (
	perConnection = 12 << 10
	perTLS        = 24 << 10 // more
	perHTTP2      = 32 << 10 // still more
)

// admit gives a connection a seat, or closes it.
func (s *Server) admit(conn net.Conn) *seat {
	f, c := &s.floor, &seat{Conn: conn, s: s, between: true, held: share{of: s.InFlight, beside: true}}
	var leaves *seat
	f.mu.Lock()
	over := len(f.seats) - s.Connections
	if over >= 0 {
		if leaves = f.turnOut(nil, byTime); leaves == nil {
			c.extra = true
		}
	}
	closed, full := f.closed, c.extra && over >= spare
	if !closed && !full {
		if f.seats == nil {
			f.seats = map[*seat]struct{}{}
		}
		f.seats[c] = struct{}{}
		f.wait(c)
		s.takes(c, perConnection)
		if s.TLS != nil {
			s.takes(c, perTLS)
		}
	}
	f.mu.Unlock()
	switch {
	case closed:
		conn.Close()
		return nil
	case full:
		conn.Close()
		s.closed(limited(Busy, "connections", "too many connections"), 0)
		return nil
	}
	s.turnedOut(leaves)
	return c
}

// turnOut takes the seat of the one that waits for its client and weighs most, of
// several the one that has waited longest; nil: none weighs anything. The caller holds
// the lock, and then calls turnedOut without it.
func (f *floor) turnOut(but *seat, weight func(*seat) int) *seat {
	var leaves *seat
	most := 0
	for e := f.waiting.Front(); e != nil; e = e.Next() {
		if c := e.Value.(*seat); c != but {
			if n := weight(c); n > most {
				leaves, most = c, n
			}
		}
	}
	if leaves != nil {
		f.leave(leaves)
	}
	return leaves
}

// byTime has those go first that have nothing under way, and nobody who has had no time
// for what is.
func byTime(c *seat) int {
	waited := time.Since(c.since) >= grace
	switch {
	case c.between && waited:
		return 2
	case !c.between && !waited:
		return 0
	}
	return 1
}

// byRequests has those go that have many requests under way.
func byRequests(c *seat) int {
	if c.requests == 1 {
		return byTime(c)
	}
	return c.requests
}

// byBytes has those go that hold much.
func byBytes(c *seat) int {
	if c.requests > 0 && time.Since(c.since) < memoryGrace {
		return 0
	}
	return c.held.size()
}

func (s *Server) turnedOut(all ...*seat) {
	for _, c := range all {
		if c != nil {
			c.Conn.Close()
			s.observe(Outcome{Evicted: true, Limit: "connections"})
		}
	}
}

// leave takes a seat off the floor, with all that it held. The caller holds the lock.
func (f *floor) leave(c *seat) {
	if _, seated := f.seats[c]; seated {
		f.requests -= c.requests
	}
	delete(f.seats, c)
	f.stand(c)
	c.held.end()
	c.s.takes(c, -c.takes)
}

// takes counts what a connection takes for itself. The caller holds the lock.
func (s *Server) takes(c *seat, bytes int) {
	if c.takes += bytes; s.InFlight != nil {
		s.InFlight.beside.Add(int64(bytes))
	}
}

// relieve closes the connection that has waited longest for a request, and long enough
// for none to be on its way, and says whether there was one.
func (s *Server) relieve() bool {
	s.floor.mu.Lock()
	leaves := s.floor.turnOut(nil, func(c *seat) int {
		if !c.between || time.Since(c.since) < grace {
			return 0
		}
		return 1
	})
	s.floor.mu.Unlock()
	s.turnedOut(leaves)
	return leaves != nil
}

// wait puts a seat behind those that wait. The caller holds the lock.
func (f *floor) wait(c *seat) {
	if _, seated := f.seats[c]; seated && c.place == nil {
		c.place, c.since = f.waiting.PushBack(c), time.Now()
	}
}

// stand takes a seat away from those that wait. The caller holds the lock.
func (f *floor) stand(c *seat) {
	if c.place != nil {
		f.waiting.Remove(c.place)
		c.place = nil
	}
}

// turn follows what net/http says of a connection: one is idle once the last byte of
// its answer is written, and until the header of its next request is there.
func (f *floor) turn(c *seat, state http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch state {
	case http.StateActive:
		c.between = false
		f.stand(c)
	case http.StateIdle:
		c.between = true
		f.stand(c)
		f.wait(c)
	}
}

// idle says whether the connection waits for a request.
func (f *floor) idle(c *seat) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return c.place != nil && c.between
}

// close closes the connections that wait for a request, handshakes and headers on
// their way included, and lets none in any more. It returns how many requests are
// under way.
func (f *floor) close() (requests int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for e := f.waiting.Front(); e != nil; {
		c := e.Value.(*seat)
		if e = e.Next(); c.between {
			f.leave(c)
			c.Conn.Close()
		}
	}
	return f.requests
}

// cut closes every connection, without the words with which TLS ends one: they would
// wait for the client. It returns how many requests are under way.
func (f *floor) cut() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.seats {
		c.Conn.Close()
	}
	return f.requests
}

func (f *floor) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seats)
}

func (c *seat) Close() error {
	c.s.floor.mu.Lock()
	c.s.floor.leave(c)
	c.s.floor.mu.Unlock()
	return c.Conn.Close()
}

// Read counts what a TLS handshake has us keep in memory, which may be 64 KiB.
func (c *seat) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.hello > 0 {
		if c.hello += n; c.hello > freeHeader && !c.hold(2*n) {
			c.s.closed(limited(Busy, "inflight", "too many bytes of TLS handshakes at once"), 0)
			return 0, errBusy
		}
	}
	return n, err
}

// Write writes what the client has to take in time, piece by piece.
func (c *seat) Write(p []byte) (int, error) {
	n, err := writePaced(c.Conn, p, c.s.Write)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.tooSlow()
		c.Close() // or TLS would say goodbye, and wait again
	}
	return n, err
}

// tooSlow tells once that the client does not take its answers.
func (c *seat) tooSlow() {
	if c.slow.CompareAndSwap(false, true) {
		c.s.observe(Outcome{Cut: true, Refused: Slow, Limit: "write", Detail: "the client did not take its answer in time"})
	}
}

// seatOf returns the seat of a connection as net/http knows it.
func seatOf(c net.Conn) *seat {
	if c, ok := c.(*strictConn); ok {
		return c.seat
	}
	return c.(*tls.Conn).NetConn().(*seat)
}

// A strictConn is a connection of HTTP/1.x as net/http reads and writes it.
type strictConn struct {
	net.Conn
	seat    *seat
	framing framing
	served  atomic.Int64 // requests that reached the handler
	kept    int          // bytes held for a header that is not complete
	slow    atomic.Bool  // a header did not arrive in time
	told    atomic.Bool  // that it failed before there was a request
}

func strict(c net.Conn, seat *seat) *strictConn {
	return &strictConn{Conn: c, seat: seat, framing: framing{most: seat.s.Headers}}
}

func (c *strictConn) Read(p []byte) (int, error) {
	if c.framing.tooManyLines() {
		// Of this net/http makes a header that is too large, and says so.
		for i := range p {
			p[i] = 'x'
		}
		return len(p), nil
	}
	n, err := c.Conn.Read(p)
	c.framing.follow(p[:n])
	if !c.keep() {
		c.failed(limited(Busy, "inflight", "too many bytes of headers at once"), 0)
		return 0, &net.OpError{Op: "read", Err: errBusy} // which net/http does not answer
	}
	switch {
	case errors.Is(err, net.ErrClosed):
		c.told.Store(true) // by who closed it
	case errors.Is(err, os.ErrDeadlineExceeded) && c.framing.begun && c.seat.s.floor.idle(c.seat): // while one is served, net/http ends a read so too
		c.slow.Store(true)
	}
	return n, err
}

// keep holds what the header that comes takes in memory, until it is complete: then it
// is that of a request.
func (c *strictConn) keep() bool {
	needs := 0
	if c.framing.begun {
		if needs = perText*c.framing.size + c.framing.lines*perLine; needs <= freeHeader {
			needs = 0
		}
	}
	if !c.seat.hold(needs - c.kept) {
		return false
	}
	c.kept = needs
	return true
}

func (c *strictConn) Close() error {
	if c.slow.Load() {
		c.failed(slowHeader(), 0)
	}
	return c.Conn.Close()
}

// failed tells once that the connection failed before there was a request.
func (c *strictConn) failed(refusal *Refusal, status int) {
	if c.told.CompareAndSwap(false, true) {
		c.seat.s.closed(refusal, status)
	}
}

func slowHeader() *Refusal { return limited(Slow, "read_header", "a header did not arrive in time") }

func largeHeader() *Refusal {
	r := limited(Oversize, "headers", "the header block is too large")
	r.Status = http.StatusRequestHeaderFieldsTooLarge
	return r
}

// next is asked once for each request, and returns why it is to be refused.
func (c *strictConn) next() *Refusal {
	c.served.Add(1)
	switch {
	case c.passed(&c.framing.bad):
		return refuse(Unparseable, "the request is framed in a way that others may read otherwise")
	case c.passed(&c.framing.large):
		return largeHeader()
	}
	return nil
}

// passed says whether the request that is served now is the first of those, or later.
func (c *strictConn) passed(first *atomic.Int64) bool {
	n := first.Load()
	return n > 0 && c.served.Load() >= n
}

func (c *strictConn) Write(p []byte) (int, error) {
	if status := bare(p); status > 0 {
		refusal := refuse(Unparseable, "the HTTP server could not read a request")
		switch {
		case c.slow.Load():
			refusal = slowHeader()
		case status == http.StatusRequestHeaderFieldsTooLarge:
			refusal = largeHeader()
		}
		c.failed(refusal, status)
	}
	return c.Conn.Write(p)
}

// bare returns the status of an answer that net/http gives by itself, to what is no
// request to it; 0: it is another. It has no date, or it is one to an expectation.
func bare(p []byte) int {
	const (
		proto, code = "HTTP/1.1 ", "400"
		end         = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
		expectation = "417 Expectation Failed\r\nConnection: close\r\nDate: "
	)
	line, _, _ := bytes.Cut(p[:min(len(p), 400)], []byte("\r\n")) // it is short
	if len(line) < len(proto+code) || !bytes.HasPrefix(p[len(line):], []byte(end)) && !bytes.HasPrefix(p[len(proto):], []byte(expectation)) {
		return 0
	}
	status, _ := strconv.Atoi(string(line[len(proto) : len(proto)+len(code)]))
	return status
}
