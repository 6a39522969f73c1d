package proxy

import (
	"bytes"
	"io"
	"slices"
)

// A stream restores an answer line by line, as it comes: nobody knows when it
// ends, and the client waits for each line. A line holds all that is needed to
// tell what stands around a token.
type stream struct {
	x      *exchange
	src    io.ReadCloser
	medium string

	encoding encoding // known with the first line
	begun    bool
	torn     bool   // the last line was not complete, and was restored before it was
	held     []byte // of a line that is not complete
	out      []byte // restored
	err      error  // of src
	buf      [8 << 10]byte
}

// longLine is when a line is restored before it is complete.
const longLine = 64 << 10

func (s *stream) Read(p []byte) (int, error) {
	for len(s.out) == 0 {
		if s.err != nil {
			return 0, s.err
		}
		var n int
		n, s.err = s.src.Read(s.buf[:])
		s.held = append(s.held, s.buf[:n]...)
		end := len(s.held)
		if s.err == nil {
			end = bytes.LastIndexByte(s.buf[:n], '\n') + 1
			switch {
			case end > 0:
				end += len(s.held) - n
			case len(s.held) > longLine:
				end = s.x.whole(s.held)
			}
		}
		if !s.begun && end > 0 {
			s.encoding, s.begun = encodingOf(s.medium, s.held), true
		}
		if end > 0 {
			s.x.held.keep(s.x.size)
			s.out = s.restored(s.held[:end])
			s.held = append([]byte(nil), s.held[end:]...) // out may be what was held
		}
	}
	n := copy(p, s.out)
	s.out = s.out[n:]
	return n, nil
}

// restored restores what has been read up to here. A line that comes in pieces has
// no whole values: in none of them can be seen what stands around one.
func (s *stream) restored(b []byte) []byte {
	complete := s.err != nil || b[len(b)-1] == '\n'
	switch end := bytes.IndexByte(b, '\n') + 1; {
	case s.torn && end > 0 && complete:
		s.torn = false
		rest := s.x.expand(b[end:], s.encoding)
		return append(s.x.expandTokens(b[:end:end], s.encoding), rest...)
	case s.torn || !complete:
		s.torn = true
		return s.x.expandTokens(b, s.encoding)
	}
	return s.x.expand(b, s.encoding)
}

func (s *stream) Close() error { return s.src.Close() }

// whole returns how much of b ends with no beginning of a token.
func (x *exchange) whole(b []byte) int {
	i := len(b)
	for i > 0 && (b[i-1] >= 'a' && b[i-1] <= 'z' || b[i-1] >= '0' && b[i-1] <= '9' || b[i-1] == '_') {
		i--
	}
	if len(x.lengths) == 0 || len(b)-i > slices.Max(x.lengths) { // too long for one
		return len(b)
	}
	return i
}
