package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Transport is the way to the collectors. It knows no proxy from the environment,
// verifies TLS, follows no redirect and adds nothing to a request. A request is sent
// again only where not one byte of it was sent: net/http's own transport repeats a
// GET that the collector may have counted already (and a TRACE, which none counts). It
// is safe for concurrent use.
type Transport struct {
	pool    http.Transport
	timeout time.Duration
}

// NewTransport returns a Transport. timeout bounds the wait for the collector to take
// the next piece of a request, for the header of its answer, and for each next piece
// of its body. config says whom to trust and who we are, and may be nil.
func NewTransport(timeout time.Duration, config *tls.Config) *Transport {
	t := &Transport{timeout: timeout}
	dialer := net.Dialer{Timeout: min(timeout, 10*time.Second), KeepAlive: 30 * time.Second}
	t.pool = http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: conn, pace: timeout}, nil
		},
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    min(timeout, 10*time.Second),
		ResponseHeaderTimeout:  timeout,
		MaxResponseHeaderBytes: 256 << 10,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
	return t
}

// CloseIdleConnections closes the connections that no request uses now.
func (t *Transport) CloseIdleConnections() { t.pool.CloseIdleConnections() }

// attempts is how often a request is sent where the connections that were kept open
// turn out to be dead.
const attempts = 3

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var body func() io.ReadCloser
	switch {
	case req.GetBody != nil:
		if req.Body != nil {
			defer req.Body.Close()
		}
		body = func() io.ReadCloser { b, _ := req.GetBody(); return b } // of a body in memory
	case req.Body == nil || req.Body == http.NoBody:
		body = func() io.ReadCloser { return http.NoBody }
		switch req.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions: // net/http repeats these, but not with a body that it cannot read twice
			body = func() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }
		}
	}
	for left := attempts - 1; ; left-- {
		res, sent, err := t.send(req, body)
		if err == nil || sent || body == nil || left == 0 || req.Context().Err() != nil {
			return res, err
		}
	}
}

// repeatable are headers that have net/http repeat a request without a body. It looks
// for them in this spelling only.
var repeatable = []string{"Idempotency-Key", "X-Idempotency-Key"}

// send sends a request once, with a fresh body if there is one, and says whether any
// of it may have been sent.
func (t *Transport) send(req *http.Request, body func() io.ReadCloser) (res *http.Response, sent bool, err error) {
	sent = true
	var conn *countedConn
	var before int64
	ctx, cancel := context.WithCancel(req.Context())
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		c := info.Conn
		if secure, ok := c.(*tls.Conn); ok {
			if secure.ConnectionState().NegotiatedProtocol == "h2" {
				return // others use it as well: nobody can tell what was sent
			}
			c = secure.NetConn()
		}
		if conn, _ = c.(*countedConn); conn != nil && info.Reused { // a new one that fails is no chance event
			conn.quiet()
			before = conn.sent.Load()
		} else {
			conn = nil
		}
	}})
	out := req.Clone(ctx)
	out.GetBody = nil
	if body != nil {
		out.Body = body()
	}
	for _, name := range repeatable {
		if values, ok := out.Header[name]; ok && out.Body == http.NoBody {
			delete(out.Header, name)
			out.Header[strings.ToLower(name)] = values
		}
	}
	taken := &takenBody{pace: t.timeout, cancel: cancel}
	if out.Body != nil && out.Body != http.NoBody {
		taken.ReadCloser, out.Body = out.Body, taken
	}
	res, err = t.pool.RoundTrip(out)
	if err != nil {
		cancel()
		if taken.late.Load() {
			return nil, true, errLate
		}
		return nil, conn == nil || conn.sent.Load() != before, err
	}
	res.Body = &pacedBody{ReadCloser: res.Body, pace: t.timeout, cancel: cancel}
	return res, true, nil
}

// A countedConn counts the bytes of requests that were written to it.
type countedConn struct {
	net.Conn
	pace    time.Duration
	sent    atomic.Int64
	reading atomic.Bool // somebody waits for its next byte
	closed  atomic.Bool
}

func (c *countedConn) Read(p []byte) (int, error) {
	c.reading.Store(true)
	defer c.reading.Store(false)
	return c.Conn.Read(p)
}

func (c *countedConn) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// quiet waits until net/http waits for the first byte of the next answer, or has closed
// the connection since there was more behind the last one: that would be taken for the
// answer to the request that comes now, of another client.
func (c *countedConn) quiet() {
	for i := 0; i < 10_000 && !c.reading.Load() && !c.closed.Load(); i++ {
		if i < 100 {
			runtime.Gosched()
		} else {
			time.Sleep(100 * time.Microsecond)
		}
	}
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := writePaced(c.Conn, p, c.pace)
	if !isAlert(p) {
		c.sent.Add(int64(n))
	}
	return n, err
}

// isAlert says whether a write is no request but an alert, as TLS has it when a
// connection closes: by its type, which TLS 1.3 hides (RFC 8446, 5.2), or since it has
// two bytes, and the tag of 16 that all cipher suites have there.
func isAlert(p []byte) bool {
	const alert, applicationData = 21, 23
	return len(p) > 0 && (p[0] == alert || p[0] == applicationData && len(p) == 5+2+1+16)
}

// piece is how much is written at once. Each piece has its own time.
const piece = 64 << 10

// writePaced writes piece by piece, each of which the other side has to take in time.
func writePaced(c net.Conn, p []byte, pace time.Duration) (n int, err error) {
	for more := true; more && err == nil; more = n < len(p) {
		if err := c.SetWriteDeadline(time.Now().Add(pace)); err != nil {
			return n, err
		}
		var wrote int
		wrote, err = c.Write(p[n:min(n+piece, len(p))])
		n += wrote
	}
	return n, err
}

// A takenBody gives up on a collector that does not take the next piece of a request:
// over HTTP/2 nobody else does.
type takenBody struct {
	io.ReadCloser
	pace   time.Duration
	cancel context.CancelFunc
	late   atomic.Bool
	mu     sync.Mutex
	timer  *time.Timer // runs while a piece is to be taken
}

func (b *takenBody) Read(p []byte) (int, error) {
	b.stop()
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		b.mu.Lock()
		b.timer = time.AfterFunc(b.pace, func() { b.late.Store(true); b.cancel() })
		b.mu.Unlock()
	}
	return n, err
}

func (b *takenBody) Close() error {
	b.stop()
	return b.ReadCloser.Close()
}

func (b *takenBody) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.timer != nil {
		b.timer.Stop()
	}
}

// A pacedBody breaks off an answer of which no next piece comes.
type pacedBody struct {
	io.ReadCloser
	pace   time.Duration
	cancel context.CancelFunc
	late   atomic.Bool
}

func (b *pacedBody) Read(p []byte) (int, error) {
	timer := time.AfterFunc(b.pace, func() { b.late.Store(true); b.cancel() })
	n, err := b.ReadCloser.Read(p)
	timer.Stop()
	if err != nil && err != io.EOF && b.late.Load() {
		err = errLate
	}
	return n, err
}

func (b *pacedBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}

// errLate is a time-out of the collector.
var errLate net.Error = lateError{}

type lateError struct{}

func (lateError) Error() string   { return "the collector's answer stopped" }
func (lateError) Timeout() bool   { return true }
func (lateError) Temporary() bool { return false }
