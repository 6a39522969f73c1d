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

// A floor has the seats of all connections. Where all are taken, the one that has
// waited longest for a request to come has to go: slow headers, and connections that
// are kept open for later, must not keep out who has something to send.
type floor struct {
	mu       sync.Mutex
	seats    map[*seat]struct{}
	waiting  list.List // of *seat, the longest wait first
	requests int       // under way, of all
}

// A seat is a connection, below its TLS.
type seat struct {
	net.Conn
	s        *Server
	extra    bool          // beyond the limit
	requests int           // under way; several only of HTTP/2
	place    *list.Element // among those that wait
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
	full := c.extra && over >= spare
	if !full {
		if f.seats == nil {
			f.seats = map[*seat]struct{}{}
		}
		f.seats[c] = struct{}{}
		c.place = f.waiting.PushBack(c)
	}
	f.mu.Unlock()
	switch {
	case leaves != nil:
		leaves.Conn.Close()
		s.closed(limited(Busy, "connections", "a connection that waited for its next request had to make room"), 0)
	case full:
		conn.Close()
		s.closed(limited(Busy, "connections", "too many connections"), 0)
		return nil
	}
	return c
}

// leave takes a seat off the floor. The caller holds the lock.
func (f *floor) leave(c *seat) {
	delete(f.seats, c)
	if c.place != nil {
		f.waiting.Remove(c.place)
		c.place = nil
	}
}

// begin is the begin of a request, and says how many are then under way.
func (f *floor) begin(c *seat) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.requests++
	f.requests++
	if c.place != nil {
		f.waiting.Remove(c.place)
		c.place = nil
	}
	return f.requests
}

func (f *floor) end(c *seat) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c.requests--
	f.requests--
	if _, seated := f.seats[c]; seated && c.requests == 0 {
		c.place = f.waiting.PushBack(c)
	}
}

// stop ends what is under way, and says how many requests that is: a body that is
// still to come is not waited for.
func (f *floor) stop() (requests int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.seats {
		requests += c.requests
		_ = c.SetReadDeadline(time.Unix(1, 0)) // it fails only where the connection is gone
	}
	return requests
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

// piece is how much of an answer is written at once. Each piece has its own time.
const piece = 64 << 10

// Write writes piece by piece, each of which the client has to take in time.
func (c *seat) Write(p []byte) (n int, err error) {
	for more := true; more && err == nil; more = n < len(p) {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(c.s.Write)); err != nil {
			return n, err
		}
		var wrote int
		wrote, err = c.Conn.Write(p[n:min(n+piece, len(p))])
		n += wrote
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.s.closed(limited(Slow, "write", "the client did not take its answer in time"), 0)
	}
	return n, err
}

func seatOf(c net.Conn) *seat { return c.(*tls.Conn).NetConn().(*seat) }

// A strictConn is a connection of HTTP/1.x as net/http reads and writes it.
type strictConn struct {
	net.Conn
	seat    *seat
	framing framing
	served  atomic.Int64 // requests that reached the handler
}

func strict(c net.Conn, seat *seat) *strictConn {
	return &strictConn{Conn: c, seat: seat, framing: framing{most: seat.s.Headers}}
}

func (c *strictConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.framing.follow(p[:n])
	if errors.Is(err, os.ErrDeadlineExceeded) && c.framing.begun.Load() {
		c.framing.begun.Store(false)
		c.seat.s.closed(limited(Slow, "read_header", "a header did not arrive in time"), 0)
	}
	return n, err
}

// next is asked once for each request, and returns why it is to be refused.
func (c *strictConn) next() *Refusal {
	served := c.served.Add(1)
	passed := func(first int64) bool { return first > 0 && served >= first }
	switch {
	case passed(c.framing.bad.Load()):
		return refuse(Unparseable, "the request is framed in a way that others may read otherwise")
	case passed(c.framing.large.Load()):
		r := limited(Oversize, "headers", "the header block is too large")
		r.Status = http.StatusRequestHeaderFieldsTooLarge
		return r
	}
	return nil
}

// bare is how net/http ends the head of an answer that it gives by itself, before
// there is a request. No other answer has no date.
var bare = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

func (c *strictConn) Write(p []byte) (int, error) {
	if line, rest, ok := bytes.Cut(p, bare[:2]); ok && bytes.HasPrefix(p[len(line):], bare) && len(rest) < 200 && len(line) > len("HTTP/1.1 400") {
		status, _ := strconv.Atoi(string(line[len("HTTP/1.1 "):len("HTTP/1.1 400")]))
		refusal := refuse(Unparseable, "the HTTP server could not read a request")
		if status == 431 {
			refusal = limited(Oversize, "headers", "a header block is too large")
		}
		c.seat.s.closed(refusal, status)
	}
	return c.Conn.Write(p)
}
