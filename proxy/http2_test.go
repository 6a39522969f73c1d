package proxy_test

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"testing"
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
