package proxy

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
)

// A coding undoes a content coding (RFC 9110, 8.4.1) of raw, which is not empty, and makes
// limit bytes of it at most. What it takes, its decoder included, it holds before it is
// there. The error is errTooLarge, errBusy, errWindow, the context's, or that raw is not
// of this coding from its first byte to its last.
type coding func(x *exchange, raw []byte, limit int64) ([]byte, error)

// codings are those that are undone, by their names.
var codings = map[string]coding{
	"gzip":    (*exchange).gunzip,
	"x-gzip":  (*exchange).gunzip,
	"deflate": (*exchange).inflate,
	"br":      (*exchange).unbrotli,
	"zstd":    (*exchange).unzstd,
}

var (
	errWindow   = errors.New("a window larger than may be asked for")
	errTrailing = errors.New("more behind the end of the coding")
	errBoth     = errors.New("two texts, by two readings of the coding")
)

// codingsOf returns the codings that a header declares, in lower case: of request or
// answer, in one line or several.
func codingsOf(h http.Header) (declared []string) {
	for _, v := range h["Content-Encoding"] {
		for c := range strings.SplitSeq(v, ",") {
			if c = strings.ToLower(strings.TrimSpace(c)); c != "" && c != "identity" {
				declared = append(declared, c)
			}
		}
	}
	return declared
}

// isGzip says whether a body begins as gzip does: some clients do not declare it, and
// some readers do not ask. What begins as another coding is no text, and is refused as
// that.
func isGzip(b []byte) bool { return bytes.HasPrefix(b, []byte{0x1f, 0x8b}) }

// freeRatio is how large a body may become in any case when it is decoded.
const freeRatio = 64 << 10

// decode undoes the coding of a request's body, if it has one.
func (x *exchange) decode(h http.Header, raw []byte) (body []byte, coded bool, err error) {
	declared := codingsOf(h)
	switch {
	case len(raw) == 0 && len(declared) < 2:
		return raw, false, x.known(declared)
	case len(declared) > 1:
		return nil, false, severalCodings()
	case len(declared) == 0 && !isGzip(raw):
		return raw, false, nil
	case len(declared) == 0:
		declared = []string{"gzip"}
	}
	if err := x.known(declared); err != nil {
		return nil, false, err
	}
	most := max(int64(x.limits.Ratio)*int64(len(raw)), freeRatio)
	body, err = codings[declared[0]](x, raw, min(most, x.limits.Body))
	switch {
	case err == nil && isGzip(body): // whose reader undoes it unasked
		return nil, true, severalCodings()
	case err == nil:
		return body, true, nil
	case errors.Is(err, errTooLarge) && most < x.limits.Body:
		return nil, true, limited(Oversize, "ratio", "the decoded body is larger than "+strconv.Itoa(x.limits.Ratio)+" times the body on the wire")
	case errors.Is(err, errTooLarge):
		return nil, true, limited(Oversize, "decoded", "the decoded body is larger than "+strconv.FormatInt(x.limits.Body, 10)+" bytes")
	case errors.Is(err, errWindow):
		return nil, true, refuse(Oversize, "the body asks for a larger window than RFC 9659 lets it: 8 MiB")
	case errors.Is(err, errBusy):
		return nil, true, x.full(x.lacked)
	case x.req.Context().Err() != nil: // while it waited for its turn
		return nil, true, x.req.Context().Err()
	case errors.Is(err, errBoth):
		return nil, true, refuse(Unparseable, "the body is one text to who takes deflate for zlib, and another to who does not")
	}
	return nil, true, refuse(Unparseable, "the body is not the "+declared[0]+" it claims to be")
}

func severalCodings() *Refusal { return refuse(Encoding, "the body has more than one content coding") }

// known refuses a coding that is not undone here.
func (x *exchange) known(declared []string) error {
	if len(declared) == 1 && codings[declared[0]] == nil {
		return refuse(Encoding, "the body has a content coding that cannot be undone here; gzip, deflate, br and zstd can")
	}
	return nil
}

// decoder holds what a decoder takes in memory beside what it decodes, if there is room.
func (x *exchange) decoder(bytes int) error {
	if !x.held.some(bytes) {
		x.lacked = bytes
		return errBusy
	}
	return nil
}

// perFlate is what a decoder of DEFLATE takes: its window of 32 KiB, its tables.
const perFlate = 48 << 10

// A flater is a decoder of DEFLATE, in gzip, in zlib or bare, and what it reads. It is used
// again: it refuses a distance beyond what it decoded since it was reset, so nobody sees
// what was there before.
type flater struct {
	src bytes.Reader
	r   io.Reader
}

var gzips, zlibs, flates sync.Pool

// flaterOf takes one of the pool to read raw, and holds what it takes. Put it back with
// done.
func (x *exchange) flaterOf(pool *sync.Pool, raw []byte) (*flater, error) {
	if err := x.decoder(perFlate); err != nil {
		return nil, err
	}
	f, ok := pool.Get().(*flater)
	if !ok {
		f = &flater{}
	}
	f.src.Reset(raw)
	return f, nil
}

func (x *exchange) done(pool *sync.Pool, f *flater) {
	x.held.add(-perFlate)
	f.src.Reset(nil)
	if g, ok := f.r.(*gzip.Reader); ok {
		_ = g.Reset(&f.src) // there is no header to read, and that of this body is forgotten
	}
	pool.Put(f)
}

// gunzip undoes gzip (RFC 1952), all members. What follows them is an error.
func (x *exchange) gunzip(raw []byte, limit int64) ([]byte, error) {
	f, err := x.flaterOf(&gzips, raw)
	if err != nil {
		return nil, err
	}
	defer x.done(&gzips, f)
	if f.r == nil {
		f.r = new(gzip.Reader)
	}
	if err := f.r.(*gzip.Reader).Reset(&f.src); err != nil {
		return nil, err
	}
	return x.readAll(f.r, 0, limit)
}

// inflate undoes deflate: zlib (RFC 1950), as RFC 9110 has it, and the bare DEFLATE (RFC
// 1951) that some send under this name.
//
// Readers tell the two apart by the first byte: in zlib its lower half is 8, and the next
// one checks it. Bare DEFLATE begins so only with a stored block behind bits that nobody
// sets, so where the check fails it is refused. Where it holds, and the bytes are such a
// block as well, somebody may have made them two texts: what can be read both ways is
// refused.
func (x *exchange) inflate(raw []byte, limit int64) ([]byte, error) {
	if raw[0]&0x0f != 8 {
		return x.inflateBare(raw, limit)
	}
	f, err := x.flaterOf(&zlibs, raw)
	if err != nil {
		return nil, err
	}
	defer x.done(&zlibs, f)
	if f.r == nil {
		f.r, err = zlib.NewReader(&f.src)
	} else {
		err = f.r.(zlib.Resetter).Reset(&f.src, nil)
	}
	if err != nil {
		return nil, err
	}
	body, err := x.readAll(f.r, 0, limit)
	if err == nil && f.src.Len() > 0 {
		err = errTrailing
	}
	if stored := len(raw) > 5 && raw[1] == ^raw[3] && raw[2] == ^raw[4]; err != nil || !stored {
		return body, err
	}
	other, err := x.inflateBare(raw, limit)
	x.held.add(-cap(other))
	if errors.Is(err, errBusy) {
		return nil, err
	}
	if err == nil || errors.Is(err, errTooLarge) || errors.Is(err, errTrailing) {
		return nil, errBoth
	}
	return body, nil
}

func (x *exchange) inflateBare(raw []byte, limit int64) ([]byte, error) {
	f, err := x.flaterOf(&flates, raw)
	if err != nil {
		return nil, err
	}
	defer x.done(&flates, f)
	if f.r == nil {
		f.r = flate.NewReader(&f.src)
	} else {
		_ = f.r.(flate.Resetter).Reset(&f.src, nil) // without a dictionary it does not fail
	}
	body, err := x.readAll(f.r, 0, limit)
	if err == nil && f.src.Len() > 0 {
		err = errTrailing
	}
	return body, err
}
