package proxy

import (
	"bytes"
	"strconv"
	"strings"
	"sync/atomic"
)

// framing follows the bytes of a connection of HTTP/1.x and notes what net/http
// forgives: a length together with chunks, header lines that are folded, line ends
// other than CRLF, chunks under HTTP/1.0 (RFC 9112, 2.2, 5.2 and 6.1). Somebody who
// reads these otherwise sees other requests than we do. It decides nothing about a
// request but whether to refuse it: net/http is who reads.
type framing struct {
	state    int
	line     []byte // of the header or of a chunk's size, up to maxLine
	last     byte   // of the line so far
	tail     []byte // the last bytes of a request line
	left     int64  // bytes of a body or chunk that are to be skipped
	length   []byte // the value of Content-Length
	chunked  bool
	forgiven bool
	requests int // whose header is complete
	size     int // of the header so far, its request line included
	most     int // that it may have

	bad   atomic.Int64 // the first of them that is framed badly; 0: none
	large atomic.Int64 // the first of them whose header is too large; 0: none
	begun atomic.Bool  // a header has begun and is not complete
}

const (
	atRequestLine = iota
	atHeader
	atBody
	atChunkSize
	atChunk
	atChunkEnd
	atTrailer
	lost // net/http will refuse this and close
)

// maxLine is more than the lines that matter have.
const maxLine = 256

// follow reads what net/http is given to read.
func (f *framing) follow(p []byte) {
	for len(p) > 0 {
		switch f.state {
		case lost:
			return
		case atBody, atChunk:
			n := min(f.left, int64(len(p)))
			p = p[n:]
			if f.left -= n; f.left > 0 {
				return
			}
			if f.state == atBody {
				f.nextRequest()
			} else {
				f.state = atChunkEnd
			}
		default:
			end := bytes.IndexByte(p, '\n')
			piece := p
			if end >= 0 {
				piece = p[:end]
			}
			f.size += len(piece)
			if f.state == atRequestLine {
				f.begun.Store(true)
				f.tail = append(f.tail, piece[max(0, len(piece)-16):]...)
				f.tail = f.tail[max(0, len(f.tail)-16):]
			}
			f.line = append(f.line, piece[:min(len(piece), maxLine-len(f.line))]...)
			if len(piece) > 0 {
				f.last = piece[len(piece)-1]
			}
			if end < 0 {
				return
			}
			p = p[end+1:]
			f.size++
			whole := len(f.line) < maxLine
			if f.last != '\r' {
				f.forgiven = true
			} else if whole {
				f.line = f.line[:len(f.line)-1]
			}
			f.endOfLine(f.line, whole)
			f.line, f.last = f.line[:0], 0
		}
	}
}

func (f *framing) endOfLine(line []byte, whole bool) {
	switch f.state {
	case atRequestLine:
		if len(line) == 0 { // before a request line; net/http decides
			f.begun.Store(false)
			f.size = 0
			return
		}
		f.state, f.length, f.chunked = atHeader, nil, false
	case atHeader:
		if len(line) == 0 {
			f.endOfHeader()
			return
		}
		if line[0] == ' ' || line[0] == '\t' {
			f.forgiven = true
			return
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); strings.ToLower(string(bytes.TrimSpace(name))) {
		case "content-length":
			f.forgiven = f.forgiven || !whole
			f.length = append([]byte(nil), value...)
		case "transfer-encoding":
			f.forgiven = f.forgiven || !whole
			f.chunked = true
		}
	case atChunkSize:
		size, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseInt(string(bytes.TrimSpace(size)), 16, 64)
		switch {
		case err != nil || n < 0 || !whole && !bytes.Contains(line, []byte(";")):
			f.state = lost
		case n == 0:
			f.state = atTrailer
		default:
			f.state, f.left = atChunk, n
		}
	case atChunkEnd:
		f.state = atChunkSize
	case atTrailer:
		if len(line) == 0 {
			f.nextRequest()
		}
	}
}

func (f *framing) nextRequest() { f.state, f.size = atRequestLine, 0 }

// endOfHeader decides where the next request begins, as net/http does.
func (f *framing) endOfHeader() {
	f.requests++
	f.begun.Store(false)
	old := bytes.HasSuffix(bytes.TrimRight(f.tail, "\r"), []byte(" HTTP/1.0"))
	if f.chunked && (f.length != nil || old) {
		f.forgiven = true
	}
	if f.forgiven && f.bad.Load() == 0 {
		f.bad.Store(int64(f.requests))
	}
	if f.size > f.most && f.large.Load() == 0 {
		f.large.Store(int64(f.requests))
	}
	f.tail = f.tail[:0]
	switch {
	case f.chunked && !old:
		f.state = atChunkSize
	case f.length != nil:
		n, err := strconv.ParseInt(string(f.length), 10, 64)
		switch {
		case err != nil || n < 0:
			f.state = lost
		case n == 0:
			f.nextRequest()
		default:
			f.state, f.left = atBody, n
		}
	default:
		f.nextRequest()
	}
}
