package proxy_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

const soon = 50 * time.Millisecond

// large is more than the buffers of a connection hold.
const large = 4 << 20

// A client that does not take its answer is cut off, and nothing of it stays.
func TestSlowReaders(t *testing.T) {
	big := strings.Repeat("x", large)
	kinds := []struct {
		name   string
		target string
		answer func(*received) string
	}{
		{"a length", "/free/a", func(*received) string { return answerOf(nil, big) }},
		{"no length", "/free/a", func(*received) string { return "HTTP/1.1 200 OK\r\n\r\n" + big }},
		{"restored", "/free/" + phone, func(r *received) string { return answerOf(nil, tokens.FindString(r.target)+big) }},
		{"restored line by line", "/free/" + strings.Repeat("a", 60) + "@example.com", func(r *received) string {
			return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat(tokens.FindString(r.target)+"\n", large/30)
		}},
		{"small", "/free/a", func(*received) string { return answerOf(nil, "small") }},
	}
	for _, tt := range kinds {
		for _, how := range []string{"http", "https", "h2", "a stream of h2"} {
			if tt.name == "small" && how != "a stream of h2" {
				continue // it fits into the buffers
			}
			t.Run(tt.name+" "+how, func(t *testing.T) {
				t.Parallel()
				server, config := secured(t)
				s := &proxy.Server{Write: soon}
				if how != "http" {
					s.TLS = server
				}
				inflight := proxy.NewInFlight(1 << 30)
				r := sanitizedOn(t, &smallBuffers{listen(t)}, newCollector(t, tt.answer), s, func(s *proxy.Sanitizer) {
					s.InFlight, s.Limits.Body = inflight, 2*large
				})
				switch how {
				case "http":
					io.WriteString(dial(t, r.address), request("GET", tt.target, nil, ""))
				case "https":
					io.WriteString(dialTLS(t, r.address, config, "http/1.1"), request("GET", tt.target, nil, ""))
				case "h2":
					const most = 1<<31 - 1
					conn := dialHTTP2(t, r.address, config, 4, most)
					conn.frame(frameWindow, 0, 0, []byte{0x70, 0, 0, 0})
					conn.get(1, tt.target)
				case "a stream of h2":
					conn := dialHTTP2(t, r.address, config, 4, 0)
					conn.get(1, tt.target)
					if _, ok := conn.until(1, frameReset); !ok {
						t.Error("the stream was not reset")
					}
				}
				r.told.wait(t, 2)
				free(t, inflight)
				r.end(t)
				all := r.told.wait(t, 0)
				if len(all) != 2 || all[0].Status != 200 || all[1].Refused != proxy.Slow || all[1].Limit != "write" {
					t.Errorf("got %+v", all)
				}
			})
		}
	}
}

// smallBuffers is a listener whose connections hold little of what is written.
type smallBuffers struct{ net.Listener }

func (l *smallBuffers) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil {
		err = conn.(*net.TCPConn).SetWriteBuffer(8 << 10)
	}
	return conn, err
}

// free waits until nothing is held.
func free(t testing.TB, inflight *proxy.InFlight) {
	t.Helper()
	for range 1000 {
		if inflight.Bytes() == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d bytes are held", inflight.Bytes())
}
