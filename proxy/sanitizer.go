package proxy

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

// Limits bound what one request may be. A zero field is its default.
type Limits struct {
	Body   int64 // bytes of a body, on the wire and decoded; 10 MiB
	Depth  int   // how deep a JSON body may nest; 128
	Target int   // bytes of path and query; 8 KiB
}

func (l Limits) withDefaults() Limits {
	if l.Body == 0 {
		l.Body = 10 << 20
	}
	if l.Depth == 0 {
		l.Depth = rules.DefaultDepth
	}
	if l.Target == 0 {
		l.Target = 8 << 10
	}
	return l
}

// Sanitizer is the one way out: an http.RoundTripper that finds the route of a
// request, replaces what its rules and the last look find, sends the result
// with Transport, and restores the client's own values in the answer. It is
// safe for concurrent use; set the fields before the first request.
type Sanitizer struct {
	// Rules returns the rules in force. It is called once a request, so that
	// each request sees one set. Required.
	Rules func() *rules.Set

	// Keys returns a tenant's keyring, or nil where there is none now. The
	// keyring of linkable: global is that of the tenant "_global". Required.
	Keys func(tenant string) *pseudonym.Keyring

	// Transport sends what has been made safe; nil is NewTransport(30s).
	Transport http.RoundTripper

	Limits Limits

	// Now is the time that chooses key versions and days; nil is time.Now.
	Now func() time.Time

	// Observe, if set, is told of every request when its answer's header is
	// there. Outcomes hold no text of a request.
	Observe func(Outcome)

	// Found, if set, is called for every finding, in the goroutine of the
	// request, with what takes its place ("" where a rule keeps it).
	Found func(f *rules.Finding, with string)
}

// Outcome says what became of one request.
type Outcome struct {
	Route    string // "" where none matched
	Observed bool   // the route observes: the request went on unchanged, whatever the rest says
	Refused  Reason // "" where it was, or would be, forwarded
	Detail   string // of the refusal
	ID       string // of the refusal: the client was given it too
	Status   int    // the collector's, or ours
	AsText   bool   // the body was broken, and was searched as a text
	Replaced int    // findings that a pseudonym took the place of
	Took     time.Duration
}

// NewTransport returns a transport for the way to the collector. timeout bounds
// the wait for the header of an answer. It knows no proxy from the environment,
// verifies TLS, and adds nothing to a request.
func NewTransport(timeout time.Duration) *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: min(timeout, 10*time.Second), KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:    min(timeout, 10*time.Second),
		ResponseHeaderTimeout:  timeout,
		MaxResponseHeaderBytes: 256 << 10,
		MaxIdleConnsPerHost:    256,
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
}

func (s *Sanitizer) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

var defaultTransport = NewTransport(30 * time.Second)

// RoundTrip implements http.RoundTripper. The error is a *Refusal; where the
// caller gave up it wraps the context's error.
func (s *Sanitizer) RoundTrip(req *http.Request) (*http.Response, error) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	return s.roundTrip(req, asked{host, escapedPath(req.URL)})
}

// asked is the host and the path that a client asked for, as it spelled them.
type asked struct{ host, path string }

// roundTrip sends req to its URL's host, on behalf of a client that asked for this.
func (s *Sanitizer) roundTrip(req *http.Request, client asked) (*http.Response, error) {
	began := time.Now()
	x := &exchange{s: s, req: req, limits: s.Limits.withDefaults(), began: s.now()}
	res, err := x.roundTrip(req, client)
	if req.Body != nil && !x.handedOver {
		req.Body.Close()
	}
	o := Outcome{Route: x.route(), Replaced: x.replaced, Took: time.Since(began)}
	o.Observed = err == nil && x.match.Route.Observe
	o.AsText = x.match != nil && x.match.AsText()
	if err != nil {
		refusal := x.refusal(req.Context(), err)
		refusal.ID = rand.Text()
		o.Refused, o.Detail, o.Status, o.ID = refusal.Reason, refusal.Detail, refusal.Status, refusal.ID
		err = refusal
	} else {
		o.Status = res.StatusCode
		if x.observed != nil {
			o.Refused, o.Detail = x.observed.Reason, x.observed.Detail
		}
	}
	if s.Observe != nil {
		s.Observe(o)
	}
	return res, err
}

// refusal maps every error to words of ours: what the standard library says of
// an error often quotes the URL or the line that was wrong.
func (x *exchange) refusal(ctx context.Context, err error) *Refusal {
	var refusal *Refusal
	var rule *rules.Error
	var netErr net.Error
	switch {
	case errors.As(err, &refusal):
	case errors.As(err, &rule):
		refusal = refuse(Reason(rule.Reason), rule.Detail)
	case ctx.Err() != nil:
		refusal = refuse(Collector, "the client gave up")
		refusal.cause = ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout():
		refusal = refuse(Collector, "the collector did not answer in time")
		refusal.Status = http.StatusGatewayTimeout
	default:
		refusal = refuse(Collector, "the collector could not be reached, or broke off")
	}
	refusal.Route = x.route()
	return refusal
}

func (x *exchange) roundTrip(req *http.Request, client asked) (*http.Response, error) {
	if req.Method == http.MethodConnect || req.Method == "PRI" || !plainMethod(req.Method) {
		return nil, refuse(Method, "this method is not served")
	}
	if req.Header.Get("Upgrade") != "" {
		r := refuse(Method, "upgrades to other protocols are not served")
		r.Status = http.StatusUpgradeRequired
		return nil, r
	}
	msg := &rules.Message{
		Method: req.Method, Host: client.host, Path: client.path, Query: req.URL.RawQuery,
		Depth: x.limits.Depth,
	}
	if announced := req.Header.Get("Access-Control-Request-Method"); req.Method == http.MethodOptions && announced != "" {
		msg.Method = announced
	}
	if size := len(msg.Path) + len(msg.Query); size > x.limits.Target || size == x.limits.Target && msg.Query != "" { // and its ?
		r := refuse(Oversize, "the request target is too long")
		r.Status = http.StatusRequestURITooLong
		return nil, r
	}
	var err error
	if x.match, err = x.s.Rules().Match(msg); err != nil {
		return nil, err
	}
	if x.match == nil {
		return nil, refuse(NoRoute, "no route matches this request; requests are refused unless a rule file names them")
	}
	out := req.Clone(req.Context())
	if out.Header == nil {
		out.Header = http.Header{}
	}
	out.RequestURI = ""
	out.Trailer = nil
	dropHopByHop(out.Header)
	if x.match.Route.Pass {
		if err := setPath(out.URL, msg.Path); err != nil {
			return nil, err
		}
		x.handedOver = true
		return x.send(out)
	}

	if x.match.Route.Observe {
		return x.observe(req, out, msg)
	}
	if err := x.sanitize(req, out, msg); err != nil {
		return nil, err
	}
	out.URL.RawQuery = msg.Query
	if err := setPath(out.URL, msg.Path); err != nil {
		return nil, err
	}
	if len(x.originals) > 0 {
		offerReadable(out.Header)
	}
	res, err := x.send(out)
	if err != nil {
		return nil, err
	}
	if err := x.restore(res); err != nil {
		return nil, err
	}
	return res, nil
}

// sanitize reads the request and rewrites it: what may leave is then in out and
// msg, and nowhere else.
func (x *exchange) sanitize(req, out *http.Request, msg *rules.Message) error {
	coding, err := x.readBody(req, msg)
	if err != nil {
		return err
	}
	if coding {
		out.Header.Del("Content-Encoding")
	}
	if err := checkCharset(req, msg.Body); err != nil && len(msg.Body) > 0 {
		return err
	}
	msg.Header = out.Header
	if err := x.match.Read(); err != nil {
		return err
	}
	x.dropForwarded(out.Header)
	sent := msg.Body
	if err := x.match.Rewrite(nil, x.seal); err != nil {
		return err
	}
	if coding || !bytes.Equal(sent, msg.Body) {
		dropDigests(out.Header)
	}
	if x.replaced > 0 {
		dropSignatures(out.Header)
	}
	setBody(out, msg.Body)
	return nil
}

// plainMethod says whether a method is a word. HTTP allows methods that spell a
// phone number; nobody looks for one there.
func plainMethod(method string) bool {
	for i := range len(method) {
		if c := method[i]; (c < 'A' || c > 'Z') && c != '-' {
			return false
		}
	}
	return len(method) <= 20
}

func (x *exchange) send(out *http.Request) (*http.Response, error) {
	if _, ok := out.Header["User-Agent"]; !ok {
		out.Header.Set("User-Agent", "") // or net/http names itself
	}
	t := x.s.Transport
	if t == nil {
		t = defaultTransport
	}
	res, err := t.RoundTrip(out)
	if res != nil {
		res.Request = x.req // what the caller sent, in its own words
	}
	if err == nil && res.StatusCode == http.StatusSwitchingProtocols { // nobody asked for that
		res.Body.Close()
		return nil, refuse(Collector, "the collector switched to another protocol unasked")
	}
	return res, err
}

// escapedPath returns the path as it goes over the wire. Opaque is where
// setPath leaves what net/url would spell otherwise.
func escapedPath(u *url.URL) string {
	switch {
	case strings.HasPrefix(u.Opaque, "/"):
		return u.Opaque
	case u.EscapedPath() == "" && u.Opaque == "":
		return "/"
	}
	return u.EscapedPath()
}

// setPath makes u's path exactly this one: net/url would otherwise escape some
// characters again, and what the client spelled is not ours to change.
func setPath(u *url.URL, escaped string) error {
	u.Opaque, u.RawPath = "", escaped
	var err error
	if u.Path, err = url.PathUnescape(escaped); err != nil {
		return refuse(Unparseable, "the path has a broken percent-encoding")
	}
	if u.EscapedPath() == escaped {
		return nil
	}
	if strings.HasPrefix(escaped, "//") { // net/url would take it for a host
		return refuse(Unparseable, "the path begins with // and holds characters that must be percent-encoded")
	}
	u.Opaque, u.Path, u.RawPath = escaped, "", ""
	return nil
}
