package proxy

import (
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A script is a connection, and its own listener. net/http's server reads it byte by
// byte, so that what was read is what it has taken.
type script struct {
	in     string
	read   int
	closed chan struct{}

	mu    sync.Mutex
	abort chan struct{} // closed by a deadline
	taken bool
}

func (c *script) Read(p []byte) (int, error) {
	if pc, _, _, _ := runtime.Caller(1); strings.HasSuffix(runtime.FuncForPC(pc).Name(), ".backgroundRead") { // of what comes next, while the handler runs
		c.mu.Lock()
		abort := c.abort
		c.mu.Unlock()
		<-abort
		return 0, os.ErrDeadlineExceeded
	}
	if c.read == len(c.in) {
		return 0, io.EOF
	}
	p[0] = c.in[c.read]
	c.read++
	return 1, nil
}

func (c *script) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.IsZero() {
		c.abort = make(chan struct{})
	} else {
		close(c.abort)
	}
	return nil
}

func (c *script) Accept() (net.Conn, error) {
	if !c.taken {
		c.taken = true
		return &scriptConn{c}, nil
	}
	<-c.closed
	return nil, net.ErrClosed
}

func (c *script) Write(p []byte) (int, error)      { return len(p), nil }
func (c *script) Close() error                     { return nil }
func (c *script) Addr() net.Addr                   { return &net.TCPAddr{} }
func (c *script) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *script) SetDeadline(time.Time) error      { return nil }
func (c *script) SetWriteDeadline(time.Time) error { return nil }

type scriptConn struct{ *script }

func (c *scriptConn) Close() error { close(c.closed); return nil }

// A found request is what net/http takes for one: what it read from the end of the
// one before to the end of the header, and the body with its trailer.
type found struct {
	header, body string
	broken       bool // the body
}

// serve returns the requests that net/http serves of a stream of bytes.
func serve(in string) (all []found) {
	c := &script{in: in, closed: make(chan struct{}), abort: make(chan struct{})}
	end := 0
	server := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0), DisableGeneralOptionsHandler: true,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			header := c.read
			_, err := io.Copy(io.Discard, r.Body)
			all = append(all, found{in[end:header], in[header:c.read], err != nil})
			end = c.read
		}),
	}
	_ = server.Serve(c)
	return all
}

// odd says what net/http forgives in a request, told from all of it at once.
func odd(r found) (header, body bool) {
	header = lonely(r.header) || folded(r.header)
	length, coding := false, false
	for i, line := range strings.Split(r.header, "\n") {
		name, _, _ := strings.Cut(line, ":")
		name = strings.ToLower(strings.TrimSpace(name))
		length, coding = length || name == "content-length", coding || name == "transfer-encoding"
		header = header || i > 0 && len(line) >= maxLine && (name == "content-length" || name == "transfer-encoding") // a strange one
	}
	old := strings.HasSuffix(strings.Split(strings.TrimLeft(r.header, "\r\n"), "\r\n")[0], " HTTP/1.0")
	header = header || coding && (length || old)
	if coding && !old && !r.broken {
		body = lonely(trailer(r.body)) || folded(trailer(r.body))
	}
	return header, body
}

// lonely says whether there is a CR or a LF without the other.
func lonely(s string) bool { return strings.ContainsAny(strings.ReplaceAll(s, "\r\n", ""), "\r\n") }

func folded(s string) bool { return strings.Contains(s, "\n ") || strings.Contains(s, "\n\t") }

// trailer returns what follows the last chunk, its line end included.
func trailer(body string) string {
	for {
		line, rest, _ := strings.Cut(body, "\r\n")
		size, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(size), 16, 31)
		if err != nil || n == 0 || int(n)+2 > len(rest) {
			return "\r\n" + rest
		}
		body = rest[n+2:]
	}
}

// checkFraming compares what framing says of a stream of bytes, however it is cut,
// with what net/http makes of it.
func checkFraming(in string, most int, cuts *rand.Rand) error {
	f := framing{most: most}
	at := 0
	feed := func(to int) {
		for at < to {
			n := 1 + cuts.IntN(to-at)
			f.follow([]byte(in[at : at+n]))
			at += n
		}
	}
	all := serve(in)
	large := int64(0)
	for i, r := range all {
		n := int64(i + 1)
		feed(at + len(r.header) - 1)
		if f.requests != i {
			return fmt.Errorf("before the end of header %d, %d are counted", n, f.requests)
		}
		feed(at + 1)
		if f.requests != i+1 || f.begun {
			return fmt.Errorf("behind header %d, %d are counted (%v)", n, f.requests, f.begun)
		}
		header, body := odd(r)
		if got := f.bad.Load(); got != 0 && !header || got != n && header {
			return fmt.Errorf("behind header %d, %d is bad (%v)", n, got, header)
		}
		if large == 0 && len(strings.TrimLeft(r.header, "\r\n")) > most {
			large = n
		}
		if got := f.large.Load(); !header && got != large {
			return fmt.Errorf("behind header %d, %d is large, want %d", n, got, large)
		}
		if r.broken || header { // the connection ends here
			break
		}
		feed(at + len(r.body))
		if body {
			if got := f.bad.Load(); got != n {
				return fmt.Errorf("behind trailer %d, %d is bad", n, got)
			}
			break
		}
		if f.requests != i+1 || f.begun || f.state != atRequestLine {
			return fmt.Errorf("behind body %d, %d are counted (%v, in state %d)", n, f.requests, f.begun, f.state)
		}
	}
	feed(len(in))
	return nil
}

var wellKnown = []string{
	"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc\r\n",
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n\r\r\n",
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n\r\r",
	"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n\n\n\n\n",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n0123456789\r\n0\r\n0123456789\n\r\n0\r\n\r\n",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nZ: a\r\n b\r\n\r\n",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\n\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
	"PUT / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
	"PUT / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nabc",
	"PUT / HTTP/1.2\r\nHost: x\r\nTransfer-Encoding: CHUNKED\r\n\r\n0003\r\nabc\r\n000;\r\n\r\n",
	"GET / HTTP/1.1\nHost: x\n\n",
	"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\td\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 03\r\ncontent-length:03  \r\n\r\nabc",
	"GET / HTTP/1.1\r\nHost: x\r\nContent-Length:" + strings.Repeat(" ", 300) + "3\r\n\r\nabc",
	"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", 5000) + "\r\n\r\n",
	"GET /" + strings.Repeat("b", 300) + " HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8000000000000000\r\na",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n",
	"PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3 \t;" + strings.Repeat("e", 300) + "\r\nabc\r\n0\r\n\r\n",
}

// pieces are what framing could stumble over.
var pieces = []string{
	"\r\n", "\n", "\r", "\r\r\n", " ", "\t", ":", ";", "0", "1", "A", "Content-Length: 1\r\n", "content-length:0\r\n", "Content-Length : 1\r\n", "Content-Length:\r\n",
	"Transfer-Encoding: chunked\r\n", "transfer-encoding:chunked\r\n", "Transfer-Encoding: chunked\r\n \r\n", " HTTP/1.0", " HTTP/1.1", "HTTP/1.0\r\nConnection: keep-alive\r\n",
	"GET / ", "POST / ", "Host: x\r\n", "0\r\n", "0\r\n\r\n", "1\r\na\r\n", "\xc2\x85", "\v", "\x00", "X: y\r\n", "X: y\n", "Expect: x\r\n",
}

// TestFramingAgrees: streams of requests, of which some are spoiled at random.
func TestFramingAgrees(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	served := 0
	for range 1000 {
		var in string
		for range 1 + r.IntN(4) {
			one := wellKnown[r.IntN(len(wellKnown))]
			for range max(0, r.IntN(4)-1) {
				at := r.IntN(len(one))
				one = one[:at] + pieces[r.IntN(len(pieces))] + one[min(len(one), at+r.IntN(3)):]
			}
			in += one
		}
		if err := checkFraming(in, 64, r); err != nil {
			t.Fatalf("%q: %v (seed %d)", in, err, seed)
		}
		served += len(serve(in))
	}
	if served < 700 {
		t.Errorf("%d requests were served", served)
	}
}

// FuzzFraming: any bytes at all.
func FuzzFraming(f *testing.F) {
	for i, a := range wellKnown {
		f.Add([]byte(a+wellKnown[(i*7+3)%len(wellKnown)]), uint64(i))
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		if err := checkFraming(string(in), 64, rand.New(rand.NewPCG(seed, 0))); err != nil {
			t.Error(err)
		}
	})
}
