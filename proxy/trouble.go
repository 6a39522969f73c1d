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

	"github.com/statveil/statveil/rules"
)

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
