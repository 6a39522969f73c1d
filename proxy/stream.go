package proxy

import (
	"bytes"
	"io"
	"slices"
)

// A stream restores an answer piece by piece, as it comes: nobody knows when it
// ends, and the client waits for each piece.
type stream struct {
	x      *exchange
	src    io.ReadCloser
	medium string

	encode encoding // known with the first piece
	held   []byte   // read, but it may end within a token
	out    []byte   // restored
	err    error    // of src
	buf    [8 << 10]byte
}

func (s *stream) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		var n int
		n, s.err = s.src.Read(s.buf[:])
		s.held = append(s.held, s.buf[:n]...)
		if s.encode == nil && len(bytes.TrimSpace(s.held)) > 0 {
			s.encode = encodingOf(s.medium, s.held)
		}
		end := len(s.held)
		if s.err == nil {
			end = s.x.complete(s.held)
		}
		s.out = s.x.expand(s.held[:end], s.encode)
		s.held = s.held[:copy(s.held, s.held[end:])]
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

func (s *stream) Close() error { return s.src.Close() }

// complete returns how much of b can be restored without what follows it: up to
// a token that may not be whole, and the two characters before it that tell a
// string that is nothing but the token.
func (x *exchange) complete(b []byte) int {
	const prefix, context = "psn_", 16
	if i := bytes.LastIndex(b, []byte(prefix)); i >= 0 && len(b)-i < slices.Max(x.lengths)+context {
		return max(i-2, 0)
	}
	for n := len(prefix) - 1; n > 0; n-- {
		if bytes.HasSuffix(b, []byte(prefix[:n])) {
			return max(len(b)-n-2, 0)
		}
	}
	return max(len(b)-2, 0)
}
