package proxy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
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
	coded, err = coding(req, raw)
	if err != nil || !coded {
		msg.Body = raw
		return coded, err
	}
	most := max(int64(x.limits.Ratio)*int64(len(raw)), freeRatio)
	msg.Body, err = x.gunzip(raw, min(most, x.limits.Body))
	if x.read == nil {
		x.held.add(-cap(raw))
	}
	switch {
	case errors.Is(err, errTooLarge) && most < x.limits.Body:
		return true, limited(Oversize, "ratio", "the decoded body is larger than "+strconv.Itoa(x.limits.Ratio)+" times the body on the wire")
	case errors.Is(err, errTooLarge):
		return true, limited(Oversize, "decoded", "the decoded body is larger than "+strconv.FormatInt(x.limits.Body, 10)+" bytes")
	case errors.Is(err, errBusy):
		return true, x.full(x.lacked)
	case err != nil:
		return true, refuse(Unparseable, "the body is not the gzip it claims to be")
	}
	return true, nil
}

// freeRatio is how large a body may become in any case when it is decoded.
const freeRatio = 64 << 10

func (x *exchange) tooLarge(what string) *Refusal {
	return limited(Oversize, "body", what+" is larger than "+strconv.FormatInt(x.limits.Body, 10)+" bytes")
}

// coding says whether the body is gzip: declared, or by its first bytes, since
// some clients do not declare it.
func coding(req *http.Request, raw []byte) (bool, error) {
	var declared []string
	for _, v := range req.Header.Values("Content-Encoding") {
		for c := range strings.SplitSeq(v, ",") {
			if c = strings.ToLower(strings.TrimSpace(c)); c != "" && c != "identity" {
				declared = append(declared, c)
			}
		}
	}
	switch {
	case len(declared) == 0:
		return bytes.HasPrefix(raw, []byte{0x1f, 0x8b}), nil
	case len(declared) > 1:
		return false, refuse(Encoding, "the body has more than one content coding")
	case declared[0] == "gzip" || declared[0] == "x-gzip":
		return len(raw) > 0, nil
	}
	return false, refuse(Encoding, "the body has a content coding that cannot be undone here; gzip can")
}

// full refuses a request that there is no room for: now, or ever.
func (x *exchange) full(bytes int) *Refusal {
	if f := x.s.InFlight; int64(x.held.size()+bytes) > f.limit.Load() {
		return limited(Oversize, "inflight", "the request takes more memory than all may have together")
	}
	return busy()
}

// room is asked by the rules before they take much memory.
func (x *exchange) room(bytes int) error {
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

// gunzip undoes gzip (RFC 1952), all members. What follows them is an error.
func (x *exchange) gunzip(b []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return x.readAll(r, 0, limit)
}

// checkCharset refuses a body that its reader may take for other characters
// than we do. ASCII is the same in most charsets, but not in UTF-7.
func checkCharset(req *http.Request, body []byte) error {
	for _, declared := range req.Header.Values("Content-Type") {
		_, params, err := mime.ParseMediaType(declared)
		charset := strings.ToLower(params["charset"])
		if err != nil {
			_, charset, _ = strings.Cut(strings.ToLower(declared), "charset=")
			charset, _, _ = strings.Cut(charset, ";")
			charset, _, _ = strings.Cut(charset, ",")
		}
		charset = strings.ReplaceAll(strings.Trim(charset, `"' `), "_", "-")
		ascii := !slices.ContainsFunc(body, func(b byte) bool { return b >= utf8.RuneSelf })
		switch {
		case charset == "", charset == "utf-8", charset == "utf8", charset == "us-ascii", charset == "ascii":
		case ascii && (strings.HasPrefix(charset, "iso-8859-") || strings.HasPrefix(charset, "windows-125") || charset == "latin1" || charset == "latin-1" || charset == "cp1252"):
		default:
			return refuse(Encoding, "the body has a charset that is not inspected here; UTF-8 is")
		}
	}
	return nil
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
