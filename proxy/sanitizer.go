package proxy

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

// Limits bound what one request may be. A zero field is its default.
type Limits struct {
	Body       int64 // bytes of a body, on the wire and decoded; 10 MiB
	Ratio      int   // how many times larger a body may become when it is decoded, beyond 64 KiB; 100
	Depth      int   // how deep a JSON body may nest; 128
	Target     int   // bytes of path and query; 8 KiB
	Parameters int   // of a query, of a form, header lines, cookies: of each; 1000
}

func (l Limits) withDefaults() Limits {
	if l.Body == 0 {
		l.Body = 10 << 20
	}
	if l.Ratio == 0 {
		l.Ratio = 100
	}
	if l.Depth == 0 {
		l.Depth = rules.DefaultDepth
	}
	if l.Parameters == 0 {
		l.Parameters = rules.DefaultParameters
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

	// Transport sends what has been made safe; nil is NewTransport(30s, nil).
	Transport http.RoundTripper

	Limits   Limits
	InFlight *InFlight // nil: no bound on all requests together

	// Now is the time that chooses key versions and days; nil is time.Now.
	Now func() time.Time

	// Observe, if set, is told of every request when its answer's header is
	// there, and once more where the answer then breaks off. Outcomes hold no
	// text of a request.
	Observe func(Outcome)

	// Found, if set, is called for every finding, in the goroutine of the
	// request, with what takes its place ("" where a rule keeps it).
	Found func(route *rules.Route, f *rules.Finding, with string)
}

func (s *Sanitizer) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}

var defaultTransport = NewTransport(30*time.Second, nil)

// ErrStopping is the cause with which a server ends the contexts of its requests when
// it has to stop: the client is told so, and not taken for one that gave up.
var ErrStopping = errors.New("the process stops")

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
	x := &exchange{s: s, req: req, limits: s.Limits.withDefaults(), began: s.now(), held: share{of: s.InFlight}}
	res, err := x.try(req, client)
	if req.Body != nil && !x.handedOver {
		req.Body.Close()
	}
	o := Outcome{Route: x.route(), Replaced: x.replaced, Took: time.Since(began), Waited: x.waited, Panic: x.panicked}
	o.Observed = err == nil && x.match.Route.Observe
	o.AsText = x.match != nil && x.match.AsText()
	if err != nil {
		x.held.end()
		refusal := x.refusal(req.Context(), err)
		refusal.ID = rand.Text()
		o.refused(refusal)
		o.Status, o.ID = refusal.Status, refusal.ID
		if o.Dropped = x.drops(refusal); o.Dropped {
			res, err = dropped(req), nil
			o.Status = res.StatusCode
		} else {
			err = refusal
		}
	} else {
		o.Status = res.StatusCode
		if x.observed != nil {
			o.refused(x.observed)
		}
		x.watch(res)
	}
	x.release(res)
	if s.Observe != nil {
		s.Observe(o)
	}
	return res, err
}

// try does it, and makes an error of a panic: its value may be of the request, and
// must not reach whoever prints panics.
func (x *exchange) try(req *http.Request, client asked) (res *http.Response, err error) {
	defer func() {
		if v := recover(); v != nil {
			x.panicked = places()
			if x.answer != nil {
				x.answer.Close()
			}
			res, err = nil, refuse(Internal, "a mistake in this program; the log says where")
		}
	}()
	return x.roundTrip(req, client)
}

// places returns where in the code a panic happened that was recovered just now.
func places() []string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var at []string
	for inside := false; len(at) < 12; {
		f, more := frames.Next()
		if inside {
			at = append(at, path.Base(f.File)+":"+strconv.Itoa(f.Line))
		}
		inside = inside || f.Function == "runtime.gopanic"
		if !more {
			break
		}
	}
	return at
}

// drops says whether the route wants such a request to be dropped without a word.
func (x *exchange) drops(r *Refusal) bool {
	return x.match != nil && r.cause == nil && x.match.Route.OnFailure(string(r.Reason)) == rules.FailDrop
}

// dropped is the answer to a request that was dropped.
func dropped(req *http.Request) *http.Response {
	h := http.Header{}
	allowOrigin(h, req)
	return &http.Response{
		Status: "204 No Content", StatusCode: http.StatusNoContent, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: http.NoBody, Request: req,
	}
}

// release lets go what is held once the answer is closed.
func (x *exchange) release(res *http.Response) {
	if x.held.bytes > 0 {
		res.Body = &heldBody{res.Body, &x.held}
	}
}

// A heldBody is an answer of which something is in memory.
type heldBody struct {
	io.ReadCloser
	held *share
}

func (b *heldBody) Close() error {
	b.held.end()
	return b.ReadCloser.Close()
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
		Depth: x.limits.Depth, Parameters: x.limits.Parameters,
	}
	if announced := req.Header.Get("Access-Control-Request-Method"); req.Method == http.MethodOptions && announced != "" {
		msg.Method = announced
	}
	if size := len(msg.Path) + len(msg.Query); size > x.limits.Target || size == x.limits.Target && msg.Query != "" { // and its ?
		r := limited(Oversize, "target", "the request target is too long")
		r.Status = http.StatusRequestURITooLong
		return nil, r
	}
	if !plainHost(client.host) {
		return nil, refuse(Unparseable, "the host that was asked for is no name and no address")
	}
	if blank := func(c rune) bool { return c <= ' ' || c == 0x7f }; strings.ContainsFunc(msg.Path, blank) || strings.ContainsFunc(msg.Query, blank) { // HTTP/2 can have it, a request line cannot
		return nil, refuse(Unparseable, "the request target holds a space or a control character")
	}
	if req.URL.Host == "" {
		return nil, refuse(Misdirected, "no collector serves the host that was asked for")
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
		if req.ContentLength > x.limits.Body {
			return nil, x.tooLarge("the body")
		}
		if out.Body != nil && out.Body != http.NoBody {
			x.passed = &passedBody{ReadCloser: out.Body, left: x.limits.Body}
			out.Body = x.passed
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
	if x.restores() {
		offerReadable(out.Header)
	}
	res, err := x.send(out)
	msg.Body = nil // of no use any more
	x.held.keep(x.size)
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
	began := time.Now()
	coded, err := x.readBody(req, msg)
	x.waited += time.Since(began)
	if err != nil {
		return err
	}
	if coded || len(msg.Body) == 0 {
		out.Header.Del("Content-Encoding")
	}
	if len(msg.Body) > 0 {
		var transcoded bool
		if msg.Body, transcoded, err = x.toUTF8(out.Header, msg.Body); err != nil {
			return err
		}
		coded = coded || transcoded
	}
	end, err := x.s.InFlight.turn(req.Context(), len(msg.Body))
	if err != nil {
		return err
	}
	defer end()
	sent := msg.Body
	mark, text := cutMark(out.Header, sent)
	msg.Header, msg.Body, msg.Room = out.Header, text, x.room
	if err := x.match.Read(); err != nil {
		return err
	}
	x.dropForwarded(out.Header)
	if err := x.match.Rewrite(mark, x.seal); err != nil {
		return err
	}
	if bytes.Equal(msg.Body, text) {
		msg.Body = sent
	}
	x.held.add(cap(msg.Body) - cap(sent) - x.lent) // of all that, one body is left
	if coded || !bytes.Equal(sent, msg.Body) {
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
	began := time.Now()
	res, err := t.RoundTrip(out)
	x.waited += time.Since(began)
	if res != nil {
		x.answer = res.Body
		res.Request = x.req // what the caller sent, in its own words
	}
	if err == nil && res.StatusCode == http.StatusSwitchingProtocols { // nobody asked for that
		res.Body.Close()
		return nil, refuse(Collector, "the collector switched to another protocol unasked")
	}
	return res, err
}

// plainHost says whether a Host header holds a name or an address, and maybe a port: what
// two readers could take for two hosts is none (RFC 9110, 7.2; RFC 3986, 3.2.2).
func plainHost(host string) bool {
	if inside, ok := strings.CutPrefix(host, "["); ok {
		address, port, closed := strings.Cut(inside, "]")
		ip, err := netip.ParseAddr(address)
		return closed && err == nil && ip.Is6() && ip.Zone() == "" && (port == "" || port[0] == ':' && digits(port[1:]))
	}
	name, port, _ := strings.Cut(host, ":")
	return digits(port) && strings.Trim(name, hostBytes) == ""
}

const hostBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_"

func digits(s string) bool { return strings.Trim(s, "0123456789") == "" }

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
