package proxy_test

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

// Frames of HTTP/2 (RFC 9113, 6), as a client sends them that does as it likes.
const (
	frameData, frameHeaders, frameReset, frameSettings = 0, 1, 3, 4
	framePing, frameGoAway, frameWindow, frameContinue = 6, 7, 8, 9

	endStream, endHeaders, ack = 1, 4, 1
)

type http2Conn struct {
	*tls.Conn
	t testing.TB
}

// dialHTTP2 opens a connection with these settings, pairs of number and value.
func dialHTTP2(t testing.TB, address string, config *tls.Config, settings ...uint32) *http2Conn {
	t.Helper()
	c := &http2Conn{dialTLS(t, address, config, "h2"), t}
	if p := c.ConnectionState().NegotiatedProtocol; p != "h2" {
		t.Fatalf("it speaks %q", p)
	}
	io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	var payload []byte
	for i := 0; i < len(settings); i += 2 {
		payload = binary.BigEndian.AppendUint16(payload, uint16(settings[i]))
		payload = binary.BigEndian.AppendUint32(payload, settings[i+1])
	}
	c.frame(frameSettings, 0, 0, payload)
	return c
}

// frame sends one; where the other side has gone, the test sees it when it reads.
func (c *http2Conn) frame(kind, flags byte, stream uint32, payload []byte) error {
	n := len(payload)
	head := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags}
	_, err := c.Write(append(binary.BigEndian.AppendUint32(head, stream), payload...))
	return err
}

// fields spells a header for HPACK, each as a literal (RFC 7541, 6.2.2).
func fields(pairs ...string) (b []byte) {
	for i := 0; i < len(pairs); i += 2 {
		b = append(b, 0)
		for _, s := range pairs[i : i+2] {
			if len(s) < 127 {
				b = append(b, byte(len(s)))
			} else {
				b = binary.AppendUvarint(append(b, 127), uint64(len(s)-127)) // RFC 7541, 5.1
			}
			b = append(b, s...)
		}
	}
	return b
}

func (c *http2Conn) request(stream uint32, flags byte, method, path string, more ...string) error {
	return c.frame(frameHeaders, flags|endHeaders, stream, fields(append([]string{":method", method, ":scheme", "https", ":authority", "x", ":path", path}, more...)...))
}

func (c *http2Conn) get(stream uint32, path string) error {
	return c.request(stream, endStream, "GET", path)
}

// read returns the next frame, or an error where the connection is at its end.
func (c *http2Conn) read() (kind, flags byte, stream uint32, payload []byte, err error) {
	head := make([]byte, 9)
	if _, err = io.ReadFull(c, head); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			c.t.Error("the connection stays open")
		}
		return
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(c, payload)
	return head[3], head[4], binary.BigEndian.Uint32(head[5:]), payload, err
}

// until reads up to a frame of this kind; it says whether there was one.
func (c *http2Conn) until(stream uint32, kind byte) (payload []byte, ok bool) {
	for {
		k, _, s, payload, err := c.read()
		if err != nil {
			return nil, false
		}
		if k == kind && s == stream {
			return payload, true
		}
	}
}

// end reads up to the end of a stream, and until the other side is done with it: only
// then does it answer a ping.
func (c *http2Conn) end(stream uint32) {
	c.t.Helper()
	for {
		kind, flags, s, _, err := c.read()
		if err != nil {
			c.t.Fatal(err)
		}
		if s == stream && (kind == frameData || kind == frameHeaders) && flags&endStream != 0 {
			break
		}
	}
	c.frame(framePing, 0, 0, make([]byte, 8))
	c.until(0, framePing)
}

// What HTTP/1.1 would read as more than it is, or as something else, ends its stream or
// its connection, and does not arrive.
func TestStrangeRequestsOverHTTP2(t *testing.T) {
	pseudo := func(pairs ...string) []byte { return fields(pairs...) }
	usual := []string{":method", "POST", ":scheme", "https", ":authority", "x", ":path", "/free/a"}
	with := func(more ...string) []byte { return fields(append(append([]string{}, usual...), more...)...) }
	tests := []struct {
		name   string
		header []byte
		body   string
	}{
		{"CRLF in the path", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/free/a HTTP/1.1\r\nX: y\r\n\r\nGET /free/b"), ""},
		{"LF in the path", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/free/a\nX: y"), ""},
		{"a space in the query", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/free/a?b c"), ""},
		{"a space in the path of a route that passes", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/static/a HTTP/1.1"), ""},
		{"a DEL in the path", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/free/a\x7fb"), ""},
		{"a space in the path", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/free/a b"), ""},
		{"no slash in the path", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "free/a"), ""},
		{"an empty path", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", ""), ""},
		{"no path", pseudo(":method", "GET", ":scheme", "https", ":authority", "x"), ""},
		{"two paths", pseudo(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/free/a", ":path", "/free/b"), ""},
		{"CRLF in the method", pseudo(":method", "GET /free/b HTTP/1.1\r\nX: y\r\n\r\nGET", ":scheme", "https", ":authority", "x", ":path", "/free/a"), ""},
		{"a space in the method", pseudo(":method", "GET /free/b", ":scheme", "https", ":authority", "x", ":path", "/free/a"), ""},
		{"two methods", pseudo(":method", "GET", ":method", "POST", ":scheme", "https", ":authority", "x", ":path", "/free/a"), ""},
		{"two authorities", with(":authority", "y"), ""},
		{"CRLF in the authority", pseudo(":method", "GET", ":scheme", "https", ":authority", "x\r\nX: y", ":path", "/free/a"), ""},
		{"a pseudo header behind another", with("x-a", "1", ":authority", "y"), ""},
		{"an unknown pseudo header", with(":protocol", "websocket"), ""},
		{"CRLF in a header", with("x-a", "1\r\nX-B: 2"), ""},
		{"a NUL in a header", with("x-a", "1\x00"), ""},
		{"CRLF in the name of a header", with("x-a\r\nx-b", "1"), ""},
		{"a colon in the name of a header", with("x-a: 1", "2"), ""},
		{"upper case in the name of a header", with("X-A", "1"), ""},
		{"an empty name of a header", with("", "1"), ""},
		{"Connection", with("connection", "x-a"), ""},
		{"Transfer-Encoding", with("transfer-encoding", "chunked"), "0\r\n\r\n"},
		{"TE", with("te", "chunked"), ""},
		{"Upgrade", with("upgrade", "websocket"), ""},
		{"a length that is too large", with("content-length", "5"), "{}"},
		{"a length that is too small", with("content-length", "1"), "{}"},
		{"a length that is none", with("content-length", "x"), "{}"},
		{"CONNECT", pseudo(":method", "CONNECT", ":authority", "x:443"), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			server, config := secured(t)
			inflight := proxy.NewInFlight(1 << 20)
			r := sanitized(t, c, &proxy.Server{TLS: server}, func(s *proxy.Sanitizer) { s.InFlight = inflight })
			conn := dialHTTP2(t, r.address, config)
			flags := byte(endHeaders)
			if tt.body == "" {
				flags |= endStream
			}
			conn.frame(frameHeaders, flags, 1, tt.header)
			if tt.body != "" {
				conn.frame(frameData, endStream, 1, []byte(tt.body))
			}
			conn.request(3, endStream, "GET", "/free/after") // where the connection has not ended
			for {
				kind, _, stream, _, err := conn.read()
				if err != nil || kind == frameGoAway || kind == frameData && stream == 3 {
					break
				}
			}
			for _, got := range c.all() {
				if got.target != "/free/after" {
					t.Errorf("the collector got %q", got.raw)
				}
			}
			conn.Close()
			r.none(t)
			free(t, inflight)
		})
	}
}

// Clients that flood a connection lose it, and others are served; what it takes of
// memory and goroutines has an end.
func TestFloods(t *testing.T) {
	floods := []struct {
		name  string
		flood func(c *http2Conn, stream uint32) error // is called until it fails
		most  int                                     // calls
		ends  bool                                    // the connection
	}{
		{"requests that are reset at once", func(c *http2Conn, stream uint32) error {
			c.get(stream, "/hold")
			return c.frame(frameReset, 0, stream, []byte{0, 0, 0, 8})
		}, 10_000, true},
		{"a header that goes on", func(c *http2Conn, stream uint32) error {
			if stream == 1 {
				return c.frame(frameHeaders, 0, 1, fields(":method", "GET"))
			}
			return c.frame(frameContinue, 0, 1, fields("x-a", strings.Repeat("a", 16000)))
		}, 1000, true},
		{"a header that goes on with nothing", func(c *http2Conn, stream uint32) error {
			if stream == 1 {
				return c.frame(frameHeaders, 0, 1, fields(":method", "GET"))
			}
			return c.frame(frameContinue, 0, 1, nil)
		}, 1_000_000, true},
		{"settings whose answers are not read", func(c *http2Conn, _ uint32) error { return c.frame(frameSettings, 0, 0, nil) }, 10_000, false},
		{"pings whose answers are not read", func(c *http2Conn, _ uint32) error { return c.frame(framePing, 0, 0, make([]byte, 8)) }, 1_000_000, true},
		{"more streams than may be", func(c *http2Conn, stream uint32) error { return c.get(stream, "/hold") }, 10_000, false},
	}
	for _, tt := range floods {
		t.Run(tt.name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			server, config := secured(t)
			g := newGate()
			var now, peak atomic.Int64
			r := run(t, &proxy.Server{TLS: server, Write: 100 * time.Millisecond, Idle: 100 * time.Millisecond, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				for n, p := now.Add(1), peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
				}
				defer now.Add(-1)
				if r.URL.Path == "/hold" {
					<-g.open
				}
				io.WriteString(w, "ok")
			})})
			conn := dialHTTP2(t, r.address, config)
			calls := 0
			for stream := uint32(1); calls < tt.most; stream += 2 {
				if calls++; tt.flood(conn, stream) != nil {
					break
				}
			}
			if tt.ends {
				closes(t, conn)
			}
			if n := runtime.NumGoroutine(); n > before+300 {
				t.Errorf("%d goroutines", n)
			}
			other := clientOf(t, config, "h2")
			if said := got(other.Get("https://" + r.address)); said != "200 ok" {
				t.Errorf("another client got %q", said)
			}
			other.CloseIdleConnections()
			close(g.open)
			conn.Close()
			r.none(t)
			if p := peak.Load(); p > 100+1 {
				t.Errorf("%d requests were served at once", p)
			}
			r.end(t)
			stable(t, before)
		})
	}
}

// A small header that says one large line many times is refused before it is large.
func TestHeaderBomb(t *testing.T) {
	c := newCollector(t, nil)
	server, config := secured(t)
	r := sanitized(t, c, &proxy.Server{TLS: server, Headers: 16 << 10})
	conn := dialHTTP2(t, r.address, config)
	value := strings.Repeat("a", 4000)
	block := fields(":method", "GET", ":scheme", "https", ":authority", "x", ":path", "/free/a")
	block = append(block, 0x40, 1, 'x') // to be kept in the table (RFC 7541, 6.2.1)
	block = append(binary.AppendUvarint(append(block, 127), uint64(len(value)-127)), value...)
	block = append(block, bytes.Repeat([]byte{0x80 | 62}, 10_000)...) // what was kept last
	conn.frame(frameHeaders, endStream|endHeaders, 1, block)
	if payload, ok := conn.until(1, frameData); ok && !strings.Contains(string(payload), "431") {
		t.Errorf("got %q", payload)
	}
	c.nothing(t, "")
}

// Trailers and what is behind the end of a request go nowhere.
func TestTrailersOverHTTP2(t *testing.T) {
	c := newCollector(t, nil)
	server, config := secured(t)
	r := sanitized(t, c, &proxy.Server{TLS: server})
	conn := dialHTTP2(t, r.address, config)
	conn.request(1, 0, "POST", "/free/a", "trailer", "x-user")
	conn.frame(frameData, 0, 1, []byte("{}"))
	conn.frame(frameHeaders, endStream|endHeaders, 1, fields("x-user", phone))
	if payload, ok := conn.until(1, frameData); !ok || string(payload) != "ok" {
		t.Errorf("got %q", payload)
	}
	if got := c.one(t); got.body != "{}" || strings.Contains(got.raw, "2025550143") {
		t.Errorf("got %q", got.raw)
	}
}
