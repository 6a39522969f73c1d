package proxy

import (
	"bytes"
	"io"
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

// complete returns how much of b can be restored without what follows it. Held
// back is only what may be the beginning of a token, or one in place of a number
// of which it cannot be seen yet whether it is all of a string that is a value:
// the client may wait for every other byte.
func (x *exchange) complete(b []byte) int {
	const prefix = "psn_"
	before := 0 // what must be seen before a token: its quote, and whether that is escaped
	for _, o := range x.originals {
		if o.number {
			before = 2
		}
	}
	if i := bytes.LastIndex(b, []byte(prefix)); i >= 0 {
		end := i + len(prefix)
		for end < len(b) && (b[end] >= 'a' && b[end] <= 'z' || b[end] >= '0' && b[end] <= '9') {
			end++
		}
		if end == len(b) || before > 0 && b[end] == '"' && len(bytes.TrimLeft(b[end+1:], " \t\r\n")) == 0 {
			return max(i-before, 0)
		}
	}
	for n := len(prefix) - 1; n > 0; n-- {
		if bytes.HasSuffix(b, []byte(prefix[:n])) {
			return max(len(b)-n-before, 0)
		}
	}
	if before > 0 && bytes.HasSuffix(b, []byte(`"`)) {
		return max(len(b)-before, 0)
	}
	return len(b)
}
