package proxy_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"

	"github.com/statveil/statveil/proxy"
)

// Clients that leave, at any moment, leave nothing behind: no connection, no bytes in
// flight, no goroutine, no broken request at the collector.
func TestClientsVanish(t *testing.T) {
	before := runtime.NumGoroutine()
	big := strings.Repeat("x", large)
	stages := []struct {
		name   string
		in     string
		answer func(*received) string // of the collector; nil: it is never asked
		read   bool                   // the client sees a part of the answer
	}{
		{"at once", "", nil, false},
		{"in a request line", "GET /fr", nil, false},
		{"in a header", "GET /free/a HTTP/1.1\r\nHo", nil, false},
		{"between lines", "GET /free/a HTTP/1.1\r\nHost: x\r\n", nil, false},
		{"in a body", request("POST", "/free/a", []string{"Content-Length: 100000"}, `{"a":"`), nil, false},
		{"in chunks", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, "5\r\n{\"a\":"), nil, false},
		{"before it is asked to go on", request("POST", "/free/a", []string{"Content-Length: 10", "Expect: 100-continue"}, ""), nil, false},
		{"waiting", request("POST", "/free/"+phone, nil, `{"a":1}`), func(*received) string { return "" }, false},
		{"waiting where nothing is read", request("GET", "/static/a", nil, ""), func(*received) string { return "" }, false},
		{"in an answer", request("GET", "/free/a", nil, ""), func(*received) string { return answerOf(nil, big) }, true},
		{"in an answer that was restored", request("GET", "/free/"+phone, nil, ""), func(r *received) string { return answerOf(nil, tokens.FindString(r.target)+big) }, true},
		{"in a stream", request("GET", "/free/"+phone, nil, ""), func(r *received) string {
			return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + strings.Repeat(tokens.FindString(r.target)+"\n", large/30)
		}, true},
	}
	for _, tt := range stages {
		for _, secure := range []bool{false, true} {
			for _, reset := range []bool{false, true} {
				t.Run(fmt.Sprint(tt.name, " ", secure, " ", reset), func(t *testing.T) {
					ctx, finish := context.WithCancel(t.Context())
					arrived := make(chan struct{}, 1)
					c := newCollector(t, func(r *received) string {
						arrived <- struct{}{}
						if said := tt.answer(r); said != "" {
							return said
						}
						<-ctx.Done()
						return ok
					})
					s := &proxy.Server{}
					var config *tls.Config
					if secure {
						s.TLS, config = secured(t)
					}
					inflight := proxy.NewInFlight(1 << 30)
					r := sanitized(t, c, s, func(s *proxy.Sanitizer) { s.InFlight, s.Limits.Body = inflight, 2*large })
					tcp := dial(t, r.address)
					conn := net.Conn(tcp)
					if secure {
						conn = tls.Client(tcp, config)
					}
					io.WriteString(conn, tt.in)
					if tt.answer != nil {
						<-arrived
					}
					if tt.read {
						if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
							t.Fatalf("got %q, %v", line, err)
						}
					}
					if reset {
						tcp.SetLinger(0)
					}
					conn.Close()
					r.none(t)
					free(t, inflight)
					finish()
					r.end(t)
					switch all := r.told.wait(t, 0); {
					case tt.answer == nil:
						c.nothing(t, tt.in)
						if len(all) > 1 { // none, where there was hardly anything
							t.Errorf("got %+v", all)
						}
					case len(all) != 1 || all[0].Gone == tt.read:
						t.Errorf("got %+v", all)
					}
				})
			}
		}
	}
	stable(t, before)
}
