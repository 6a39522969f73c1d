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
	requests int // whose header is complete
	size     int // of the header so far, its request line included
	lines    int // of it
	most     int // that it may have

	bad   atomic.Int64 // the first of them that is framed badly; 0: none
	large atomic.Int64 // the first of them whose header is too large; 0: none
	begun bool         // a header has begun and is not complete
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
				f.begun = true
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
			f.lines++
			whole := len(f.line) < maxLine
			if f.last != '\r' {
				f.forgave()
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
			f.begun, f.size = false, 0
			return
		}
		if line[0] == '\r' { // behind a POST, net/http skips these
			f.forgave()
		}
		f.state, f.length, f.chunked = atHeader, nil, false
	case atHeader:
		if len(line) == 0 {
			f.endOfHeader()
			return
		}
		if line[0] == ' ' || line[0] == '\t' {
			f.forgave()
			return
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch strings.ToLower(string(bytes.TrimSpace(name))) {
		case "content-length":
			f.length = append([]byte{}, bytes.TrimSpace(value)...)
		case "transfer-encoding":
			f.chunked = true
		default:
			return
		}
		if !whole {
			f.forgave()
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
		switch {
		case len(line) == 0:
			f.nextRequest()
		case line[0] == ' ' || line[0] == '\t':
			f.forgave()
		}
	}
}

// forgave notes that net/http forgives something in the header that is read now, or
// in the body.
func (f *framing) forgave() {
	n := f.requests
	if f.state == atRequestLine || f.state == atHeader {
		n++
	}
	f.bad.CompareAndSwap(0, int64(n))
}

// tooManyLines says whether the header that comes has so many lines that they take much
// more memory than their text: no real one has on average less than 32 bytes in a line.
func (f *framing) tooManyLines() bool { return f.begun && f.lines > f.most/32 }

func (f *framing) nextRequest() { f.state, f.size, f.lines = atRequestLine, 0, 0 }

// endOfHeader decides where the next request begins, as net/http does.
func (f *framing) endOfHeader() {
	old := bytes.HasSuffix(bytes.TrimRight(f.tail, "\r"), []byte(" HTTP/1.0"))
	if f.chunked && (f.length != nil || old) {
		f.forgave()
	}
	f.requests++
	if f.size > f.most {
		f.large.CompareAndSwap(0, int64(f.requests))
	}
	f.begun, f.tail = false, f.tail[:0]
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
