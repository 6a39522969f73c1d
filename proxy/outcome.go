package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/statveil/statveil/rules"
)

// Outcome says what became of one request, or of a connection that sent none.
type Outcome struct {
	Route    string        // "" where none matched
	Observed bool          // the route observes: the request went on unchanged, whatever the rest says
	Refused  Reason        // "" where it was, or would be, forwarded
	Dropped  bool          // it was refused, and its route lets such requests drop: the client was told that all is well
	Gone     bool          // it was refused because the client gave up
	Detail   string        // of the refusal
	Limit    string        // that was passed: one of LimitNames, or ""
	ID       string        // of the refusal: the client was given it too
	Evicted  bool          // there was no request: a connection that waited for its client had to make room
	Cut      bool          // the answer, of which there was an Outcome before, broke off on its way
	Panic    []string      // of Internal: where in the code, the innermost first
	Status   int           // the collector's, or ours
	AsText   bool          // the body was broken, and was searched as a text
	Replaced int           // findings that a pseudonym took the place of
	Took     time.Duration // until the header of the answer was there
	Waited   time.Duration // of that, for the client's body and for the collector
}

// LimitNames are the limits and time-outs that an Outcome may name.
var LimitNames = []string{
	"body", "decoded", "ratio", "depth", "parameters", "target", "headers", "inflight", "connections",
	"read_header", "read_body", "write", "upstream",
}

func (o *Outcome) refused(r *Refusal) {
	o.Refused, o.Detail, o.Limit = r.Reason, r.Detail, r.Limit
	o.Gone = r.gone || errors.Is(r.cause, context.Canceled)
}

// refusal maps every error to words of ours: what the standard library says of
// an error often quotes the URL or the line that was wrong.
func (x *exchange) refusal(ctx context.Context, err error) *Refusal {
	var refusal *Refusal
	var rule *rules.Error
	var netErr net.Error
	switch {
	case errors.As(err, &refusal):
	case context.Cause(ctx) == ErrStopping:
		refusal = refuse(Collector, "this process had to stop before the collector had answered")
		refusal.Status = http.StatusGatewayTimeout
	case x.passed != nil && x.passed.err != nil:
		refusal = x.unread(x.passed.err)
	case errors.As(err, &rule):
		refusal = limited(Reason(rule.Reason), rule.Limit, rule.Detail)
	case ctx.Err() != nil:
		refusal = refuse(Collector, "the client gave up")
		refusal.cause = ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout():
		refusal = limited(Collector, "upstream", "the collector did not answer in time")
		refusal.Status = http.StatusGatewayTimeout
	default:
		refusal = refuse(Collector, trouble(err))
	}
	refusal.Route = x.route()
	return refusal
}

// unread is why a body could not be read to its end.
func (x *exchange) unread(err error) *Refusal {
	var broken *net.OpError
	switch {
	case errors.Is(err, errTooLarge):
		return x.tooLarge("the body")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return limited(Slow, "read_body", "the body did not arrive in time")
	}
	r := refuse(Unparseable, "the body broke off, or its framing is wrong")
	r.gone = errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &broken)
	return r
}

// trouble says in words of ours what kept a request from its collector.
func trouble(err error) string {
	var name *net.DNSError
	var broken *net.OpError
	var authority x509.UnknownAuthorityError
	var other x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &name):
		return "the collector's name does not resolve"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the collector refuses connections"
	case errors.As(err, &authority):
		return "the collector's certificate is of no authority that is trusted"
	case errors.As(err, &other):
		return "the collector's certificate is for another name"
	case errors.As(err, &invalid):
		return "the collector's certificate is not valid"
	case errors.As(err, &record):
		return "the collector does not speak TLS"
	case errors.As(err, &alert):
		return "the collector ended the TLS handshake"
	case errors.As(err, &broken) && broken.Op == "dial":
		return "the collector could not be reached"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the collector broke off"
	}
	return "the collector could not be reached, or its answer could not be read"
}

// A passedBody is of a route that passes: sent as it comes, up to the limit.
type passedBody struct {
	io.ReadCloser
	left int64
	err  error
}

func (b *passedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		err = errTooLarge
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// A watchedBody tells where an answer breaks off.
type watchedBody struct {
	io.ReadCloser
	x    *exchange
	told bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && !b.told && b.x.req.Context().Err() == nil {
		b.told = true
		o := Outcome{Route: b.x.route(), Cut: true}
		o.refused(b.x.refusal(b.x.req.Context(), err))
		b.x.s.Observe(o)
	}
	return n, err
}

// watch has an answer's end told.
func (x *exchange) watch(res *http.Response) {
	if x.s.Observe != nil && res.Body != nil && res.Body != http.NoBody {
		res.Body = &watchedBody{ReadCloser: res.Body, x: x}
	}
}
