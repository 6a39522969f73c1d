package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
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
