package attack_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// holdings are what a connection sends before it says nothing more: as much as we keep
// in memory for it, until a time-out.
var holdings = []struct {
	name string
	over string // "", "TLS", or the beginning of a handshake
	send func() []byte
}{
	{"a header of one line", "", func() []byte { return []byte("POST " + statsPath + " HTTP/1.1\r\nX-A: " + strings.Repeat("x", 60<<10)) }},
	{"a header of 2,000 lines", "", func() []byte { return manyLines(2000, strings.Repeat("x", 20)) }},
	{"a header of 9,000 lines, in TLS", "TLS", func() []byte { return manyLines(9000, "") }},
	{"the half of a ClientHello", "handshake", func() []byte {
		hello := bytes.Repeat([]byte("x"), 60_000)
		copy(hello, []byte{1, 0, 0xff, 0xff, 3, 3}) // a ClientHello of 64 KiB
		var records []byte
		for ; len(hello) > 0; hello = hello[min(len(hello), 15_000):] {
			record := hello[:min(len(hello), 15_000)]
			records = append(append(records, 22, 3, 1, byte(len(record)>>8), byte(len(record))), record...)
		}
		return records
	}},
	{"large frames that nobody knows", "h2", func() []byte {
		var b bytes.Buffer
		b.WriteString(http2.ClientPreface)
		f := http2.NewFramer(&b, nil)
		_ = f.WriteSettings() // a Buffer takes all
		for range 4 {
			_ = f.WriteRawFrame(0xbe, 0, 0, bytes.Repeat([]byte("x"), 16<<10))
		}
		return b.Bytes()
	}},
	{"the half of a body", "TLS", func() []byte {
		return []byte("POST " + statsPath + " HTTP/1.1\r\nHost: sidecar\r\n" + jsonType + "Content-Length: 200000\r\n\r\n" + strings.Repeat(" ", 100_000))
	}},
}

func manyLines(n int, value string) []byte {
	var b bytes.Buffer
	b.WriteString("POST " + statsPath + " HTTP/1.1\r\nHost: sidecar\r\n")
	for i := range n {
		fmt.Fprintf(&b, "%x:%s\r\n", i, value)
	}
	return b.Bytes()
}

// TestHolding opens as many connections as there may be, each of which has us keep as
// much as it can.
func TestHolding(t *testing.T) {
	const connections = 1000
	largeBody := []byte(`{"x":"` + strings.Repeat("+1 ", 3<<20) + `"}`)
	id := newIdentity(t)
	for _, held := range holdings {
		t.Run(held.name, func(t *testing.T) {
			c := newCollector(t)
			var s *sidecar
			var h *honest
			var secure, secure1 *tls.Config
			if held.over == "" {
				s = start(t, c.URL, callstats, nil)
				h = newHonest(s, nil)
			} else {
				s = start(t, c.URL, callstats, id)
				h = newHonest(s, id.client())
				secure1 = id.client("http/1.1")
			}
			switch held.over {
			case "TLS":
				secure = id.client("http/1.1")
			case "h2":
				secure = id.client("h2")
			}
			h.begin()
			var all sync.WaitGroup
			var mu sync.Mutex
			var open []net.Conn
			data := held.send()
			todo := make(chan struct{})
			for range 20 {
				all.Go(func() {
					for range todo {
						conn, err := dial(s.address, secure)
						if err != nil {
							continue // there was no room
						}
						_, _ = conn.Write(data) // nor here
						mu.Lock()
						open = append(open, conn)
						mu.Unlock()
					}
				})
			}
			for range connections {
				todo <- struct{}{}
			}
			close(todo)
			all.Wait()
			var large sync.WaitGroup // as much as there may be of it, at the same time
			var answered tally
			for range 8 {
				large.Go(func() {
					answered.add((&bomb{target: statsPath, header: jsonType, body: largeBody}).throw(s, secure1))
				})
			}
			large.Wait()
			t.Logf("large bodies, meanwhile: %v", &answered)
			time.Sleep(2 * time.Second) // they stay for a while
			cut := 0
			for _, conn := range open {
				_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond)) // it fails only where the connection is gone
				if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
					continue
				}
				cut++
			}
			t.Logf("of %d connections %d had to go", len(open), cut)
			h.end(t, busy)
			for _, conn := range open {
				conn.Close()
			}
			s.checkAlive()
			c.check(t)
		})
	}
}
