package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/statveil/statveil/rules"
)

// readBody reads the whole body into msg, with its content coding undone, and
// says whether it had one. Both sizes are bounded by the limit.
func (x *exchange) readBody(req *http.Request, msg *rules.Message) (coded bool, err error) {
	if req.Body == nil || req.Body == http.NoBody {
		return false, nil
	}
	if req.ContentLength > x.limits.Body {
		return false, x.tooLarge("the body")
	}
	raw, err := x.readAll(req.Body, max(req.ContentLength, 0), x.limits.Body)
	if x.match.Route.Observe {
		x.read = raw
	}
	switch {
	case errors.Is(err, errBusy):
		return false, x.full(x.lacked)
	case err != nil && context.Cause(req.Context()) == ErrStopping:
		return false, err
	case err != nil:
		return false, x.unread(err)
	}
	msg.Body, coded, err = x.decode(req.Header, raw)
	if coded && x.read == nil {
		x.held.add(-cap(raw))
	}
	return coded, err
}

func (x *exchange) tooLarge(what string) *Refusal {
	return limited(Oversize, "body", what+" is larger than "+strconv.FormatInt(x.limits.Body, 10)+" bytes")
}

// full refuses a request that there is no room for: now, or ever.
func (x *exchange) full(bytes int) *Refusal {
	if f := x.s.InFlight; int64(x.held.size()+bytes) > f.limit.Load() {
		return limited(Oversize, "inflight", "the request takes more memory than all may have together")
	}
	return busy()
}

// For so many bytes that are asked for, Go's heap needs one more: buffers that are copied
// while they grow are there twice until they are collected.
const unseen = 2

// room is asked by the rules before they take much memory.
func (x *exchange) room(bytes int) error {
	bytes += bytes / unseen
	if bytes > 0 && !x.held.take(bytes) {
		return x.full(bytes)
	}
	if bytes < 0 {
		x.held.add(bytes)
	}
	x.lent += bytes
	return nil
}

func busy() *Refusal {
	return limited(Busy, "inflight", "too many bytes are in flight; try again")
}

var (
	errTooLarge = errors.New("too large")
	errBusy     = errors.New("too many bytes in flight")
)

// firstRead is how much room there is for a body whose length nobody knows yet.
// It grows eightfold, so a client holds no more than eight times what it has sent:
// to announce much costs nothing. So much is everybody's, however little room there is.
const firstRead = 8 << 10

// readAll reads at most limit bytes; size is what is expected. Every byte of room is
// held before it is there. The error is errTooLarge, errBusy, or the reader's; what
// was read comes with it.
func (x *exchange) readAll(r io.Reader, size, limit int64) ([]byte, error) {
	var buf []byte
	for {
		if len(buf) == cap(buf) {
			room := min(max(int64(cap(buf))*8, firstRead), limit+1)
			if size+1 > int64(len(buf)) && size < room {
				room = min(size, limit) + 1 // one more shows that it ends there
			}
			ok := x.held.some(int(room))
			if double := int64(cap(buf)) * 2; !ok && double > 0 && double < room && room != size+1 { // it may be all that is needed
				room = double
				ok = x.held.some(int(room))
			}
			if !ok {
				x.lacked = int(room)
				return buf, errBusy
			}
			x.held.add(-cap(buf))
			buf = append(make([]byte, 0, room), buf...)
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return buf, errTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
	}
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

// setBody makes b the whole body of the request.
func setBody(req *http.Request, b []byte) {
	req.TransferEncoding = nil
	req.ContentLength = int64(len(b))
	req.Header.Del("Content-Length") // net/http writes its own
	if len(b) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
		return
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil } // see Transport
	req.Body, _ = req.GetBody()
}
