package proxy

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"
)

// Transport is the way to the collectors. It knows no proxy from the environment,
// verifies TLS, follows no redirect and adds nothing to a request. A request is sent
// again only where not one byte of it was sent: net/http's own transport repeats a
// GET that the collector may have counted already. It is safe for concurrent use.
type Transport struct {
	pool    http.Transport
	timeout time.Duration
}

// NewTransport returns a Transport. timeout bounds the wait for a connection, then for
// the collector to take each next piece of the request, for the header of its answer,
// and for each next piece of that. config says whom to trust and who we are, and may
// be nil.
func NewTransport(timeout time.Duration, config *tls.Config) *Transport {
	t := &Transport{timeout: timeout}
	dialer := net.Dialer{Timeout: min(timeout, 10*time.Second), KeepAlive: 30 * time.Second}
	t.pool = http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &countedConn{Conn: conn}, nil
		},
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    min(timeout, 10*time.Second),
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
	var late, answered atomic.Bool
	clock := time.AfterFunc(t.timeout, func() {
		if !answered.Load() {
			late.Store(true)
			cancel()
		}
	})
	if out.Body != nil && out.Body != http.NoBody {
		out.Body = &takenBody{out.Body, clock, t.timeout}
	}
	res, err = t.pool.RoundTrip(out)
	answered.Store(true) // the body may still be under way
	clock.Stop()
	switch {
	case late.Load():
		if err == nil {
			res.Body.Close()
		}
		return nil, true, errLate
	case err != nil:
		cancel()
		return nil, conn == nil || conn.sent.Load() != before, err
	}
	res.Body = &pacedBody{ReadCloser: res.Body, pace: t.timeout, cancel: cancel}
	return res, true, nil
}

// A countedConn counts the bytes that were written to it.
type countedConn struct {
	net.Conn
	sent atomic.Int64
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.sent.Add(int64(n))
	return n, err
}

// A takenBody starts the clock anew with each piece of a request that the collector
// takes. It stands still while the client is to send the next one.
type takenBody struct {
	io.ReadCloser
	clock *time.Timer
	pace  time.Duration
}

func (b *takenBody) Read(p []byte) (int, error) {
	b.clock.Stop()
	n, err := b.ReadCloser.Read(p)
	b.clock.Reset(b.pace)
	return n, err
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

func (lateError) Error() string   { return "the collector did not go on in time" }
func (lateError) Timeout() bool   { return true }
func (lateError) Temporary() bool { return false }
