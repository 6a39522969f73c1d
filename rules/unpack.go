package rules

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// mostUnpacked is how many bytes are unpacked of what a value holds. More is not sent in
// a member of a JSON text, but in a body with a content coding.
const mostUnpacked = 1 << 20

// mostInAll is the same for all values of a message. Each counts as perPack bytes at least.
const (
	mostInAll = 8 << 20
	perPack   = 4 << 10
)

// inZlib is the first byte of a zlib stream with any window that people use.
const inZlib = 0x78

// An unpacker undoes gzip (RFC 1952) and zlib (RFC 1950). It is used again: a new one
// takes 40 KiB, and what only begins as one of these may stand in a text at each place.
type unpacker struct {
	src  bytes.Reader
	gzip gzip.Reader
	zlib io.ReadCloser // nil: there was none yet
}

var unpackers = sync.Pool{New: func() any { return new(unpacker) }}

// reset returns a reader of what is packed in b.
func (u *unpacker) reset(packed byte, b []byte) (r io.Reader, err error) {
	u.src.Reset(b)
	switch {
	case packed != inZlib:
		return &u.gzip, u.gzip.Reset(&u.src)
	case u.zlib == nil:
		u.zlib, err = zlib.NewReader(&u.src)
	default:
		err = u.zlib.(zlib.Resetter).Reset(&u.src, nil)
	}
	return u.zlib, err
}

func (u *unpacker) release() {
	u.src.Reset(nil)
	_ = u.gzip.Reset(&u.src) // there is no header to read, and what the last one said is forgotten
	unpackers.Put(u)
}

// unpacked returns what is packed in base64, or nil where that is no text.
func (t *treater) unpacked(s spelt, text string) (*enclosed, error) {
	spell := s.enclosed(text, nil).spell
	u := unpackers.Get().(*unpacker)
	defer u.release()
	r, err := u.reset(s.packed, decode64(nil, strings.TrimRight(text[s.at:s.end], "=")))
	if err != nil {
		return nil, nil
	}
	most := min(t.spare, mostUnpacked)
	if err := t.room.take(2 * most); err != nil {
		return nil, err
	}
	defer func() { _ = t.room.take(-2 * most) }()
	said, _ := io.ReadAll(io.LimitReader(r, int64(most)+1)) // what is cut off may be read by someone
	if t.room.unpacked += max(len(said), perPack); len(said) > most || t.room.unpacked > mostInAll {
		return nil, errEnclosed
	}
	t.guard.see(said)
	if t.spare -= len(said); !utf8.Valid(said) || len(said) < shortest {
		return nil, nil
	}
	return &enclosed{text: string(said), spell: func(with string) string {
		var b bytes.Buffer
		var w io.WriteCloser = gzip.NewWriter(&b)
		if s.packed == inZlib {
			w = zlib.NewWriter(&b)
		}
		_, _ = io.WriteString(w, with) // a buffer takes all
		_ = w.Close()
		return spell(b.String())
	}}, nil
}
