package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// deadlines are those of one request. Others may still set them when it is over, such
// as a transport that reads its body; net/http takes none then.
type deadlines struct {
	mu sync.Mutex
	c  *http.ResponseController // nil once the request is over
}

func (d *deadlines) read(t time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.c == nil {
		return nil
	}
	return d.c.SetReadDeadline(t)
}

// cut ends every write, now and later.
func (d *deadlines) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.c != nil {
		_ = d.c.SetWriteDeadline(past) // it fails only where the connection is gone
	}
}

func (d *deadlines) done() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.c = nil
}

var past = time.Unix(1, 0)

// A timedBody has its time until it is read: waiting for the collector is not its
// matter.
type timedBody struct {
	io.ReadCloser
	deadlines *deadlines
	strict    *strictConn // nil: HTTP/2
	visit     *visit
	ctx       context.Context
	once      sync.Once
	begun     atomic.Bool
	ended     atomic.Bool
}

func (b *timedBody) Read(p []byte) (int, error) {
	b.begun.Store(true)
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		b.ended.Store(true)
		_ = b.deadlines.read(time.Time{}) // it fails only where the connection is gone
		b.once.Do(b.visit.read)
		if b.strict != nil && b.strict.passed(&b.strict.framing.bad) {
			return n, errors.New("the trailer is framed in a way that others may read otherwise")
		}
	}
	return n, err
}

// Close leaves it to net/http to close the body, once there is an answer: that waits
// for what is still to come, and the client may wait for the answer.
func (b *timedBody) Close() error { return nil }

// drain answers, and reads what nobody wants of the body, as long as there is time for
// it: most clients look for no answer before all is sent, and where the connection is
// closed until then they never find it (RFC 9112, 9.6).
func (b *timedBody) drain(w http.ResponseWriter) {
	if !b.ended.Load() && http.NewResponseController(w).Flush() == nil {
		_, _ = io.Copy(io.Discard, b.ReadCloser) // the client may break off
	}
}

// stop ends the wait for the body where the server has to stop.
func (b *timedBody) stop() {
	if context.Cause(b.ctx) == ErrStopping {
		_ = b.deadlines.read(past)
	}
}

// A pacedWriter gives an HTTP/2 client time for each piece of its answer: a stream of
// which it takes nothing stands still while its connection does not (RFC 9113, 5.2).
type pacedWriter struct {
	http.ResponseWriter
	deadlines *deadlines
	seat      *seat
}

func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *pacedWriter) Write(p []byte) (n int, err error) {
	for more := true; more && err == nil; more = n < len(p) {
		var wrote int
		late := w.late()
		wrote, err = w.ResponseWriter.Write(p[n:min(n+piece, len(p))])
		late.Stop()
		n += wrote
	}
	return n, err
}

func (w *pacedWriter) FlushError() error {
	defer w.late().Stop()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// late ends the stream, unless it is stopped in time.
func (w *pacedWriter) late() *time.Timer {
	return time.AfterFunc(w.seat.s.Write, func() {
		w.seat.tooSlow()
		w.deadlines.cut()
	})
}
