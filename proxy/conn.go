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
)

// spare is how many connections beyond the limit are let in to be told that we are
// busy. More are closed at once.
const spare = 64

// A floor has the seats of all connections. Where all are taken, the one that has
// waited longest for a request to come has to go: slow headers, and connections that
// are kept open for later, must not keep out who has something to send.
type floor struct {
	mu       sync.Mutex
	seats    map[*seat]struct{}
	waiting  list.List // of *seat, the longest wait first
	requests int       // under way, of all
	closed   bool
}

// A seat is a connection, below its TLS.
type seat struct {
	net.Conn
	s     *Server
	extra bool          // beyond the limit
	place *list.Element // among those that wait
	slow  atomic.Bool   // its client did not take an answer in time
}

// admit gives a connection a seat, or closes it.
func (s *Server) admit(conn net.Conn) *seat {
	f, c := &s.floor, &seat{Conn: conn, s: s}
	var leaves *seat
	f.mu.Lock()
	over := len(f.seats) - s.Connections
	if over >= 0 {
		if longest := f.waiting.Front(); longest != nil {
			leaves = longest.Value.(*seat)
			f.leave(leaves)
		} else {
			c.extra = true
		}
	}
	closed, full := f.closed, c.extra && over >= spare
	if !closed && !full {
		if f.seats == nil {
			f.seats = map[*seat]struct{}{}
		}
		f.seats[c] = struct{}{}
		c.place = f.waiting.PushBack(c)
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
	case leaves != nil:
		leaves.Conn.Close()
		s.closed(limited(Busy, "connections", "a connection that waited for its next request had to make room"), 0)
	}
	return c
}

// leave takes a seat off the floor. The caller holds the lock.
func (f *floor) leave(c *seat) {
	delete(f.seats, c)
	f.stand(c)
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
		f.stand(c)
	case http.StateIdle:
		f.stand(c)
		if _, seated := f.seats[c]; seated {
			c.place = f.waiting.PushBack(c)
		}
	}
}

func (f *floor) waits(c *seat) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return c.place != nil
}

// begin is the begin of a request, and says how many are then under way.
func (f *floor) begin() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	return f.requests
}

func (f *floor) end() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests--
}

// close closes the connections that wait, handshakes and headers on their way
// included, and lets none in any more. It returns how many requests are under way.
func (f *floor) close() (requests int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for f.waiting.Len() > 0 {
		c := f.waiting.Front().Value.(*seat)
		f.leave(c)
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
		c.s.closed(limited(Slow, "write", "the client did not take its answer in time"), 0)
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
	slow    atomic.Bool  // a header did not arrive in time
	told    atomic.Bool  // that it failed before there was a request
}

func strict(c net.Conn, seat *seat) *strictConn {
	return &strictConn{Conn: c, seat: seat, framing: framing{most: seat.s.Headers}}
}

func (c *strictConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.framing.follow(p[:n])
	switch {
	case errors.Is(err, net.ErrClosed):
		c.told.Store(true) // by who closed it
	case errors.Is(err, os.ErrDeadlineExceeded) && c.framing.begun && c.seat.s.floor.waits(c.seat): // while one is served, net/http ends a read so too
		c.slow.Store(true)
	}
	return n, err
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
