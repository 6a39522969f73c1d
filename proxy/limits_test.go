package proxy_test

import (
	"bufio"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

// A text of n bytes that is a JSON string.
func long(n int) string { return `"` + strings.Repeat("x", n-2) + `"` }

// zipped compresses a text, with so much beside it that it takes n bytes.
func zipped(t *testing.T, text string, n int) string {
	t.Helper()
	z := gzipped(text, gzip.Header{Extra: make([]byte, 1+n-len(gzipped(text, gzip.Header{Extra: []byte{0}})))})
	if len(z) != n {
		t.Fatalf("%d bytes, want %d", len(z), n)
	}
	return z
}

// header spells a request without a body whose header has n bytes.
func header(method, target string, n int) string {
	head := method + " " + target + " HTTP/1.1\r\nHost: x\r\nX-A: "
	return head + strings.Repeat("a", n-len(head)-4) + "\r\n\r\n"
}

// What is exactly as large as its limit passes, and is told as forwarded; one more is
// refused, and told with the limit that it passed.
func TestLimits(t *testing.T) {
	post := func(body string, lines ...string) string { return request("POST", "/free/a", lines, body) }
	path := func(n int) string { return "/free/" + strings.Repeat("x", n-len("/free/")) }
	parts := func(n int) string {
		body := ""
		for range n {
			body += "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
		}
		return post(body+"--b--\r\n", "Content-Type: multipart/form-data; boundary=b")
	}
	lines := func(n int) string {
		return request("GET", "/free/a", strings.Split(strings.Repeat("X-A: 1,", n)[:7*n-1], ","), "")
	}
	type row struct {
		name    string
		limits  proxy.Limits
		headers int // of the server
		at      string
		past    string
		want    outcome
		bare    bool // net/http answers
	}
	tests := []row{
		{"body", proxy.Limits{Body: 1000}, 0, post(long(1000)), post(long(1001)), outcome{proxy.Oversize, "body", 413}, false},
		{"body in chunks", proxy.Limits{Body: 1000}, 0, post(chunked(long(1000), 33), "Transfer-Encoding: chunked"), post(chunked(long(1001), 33), "Transfer-Encoding: chunked"), outcome{proxy.Oversize, "body", 413}, false},
		{"body, compressed", proxy.Limits{Body: 1000}, 0, post(zipped(t, `"x"`, 1000)), post(zipped(t, `"x"`, 1001)), outcome{proxy.Oversize, "body", 413}, false},
		{"decoded", proxy.Limits{Body: 1000}, 0, post(gzipped(long(1000), gzip.Header{})), post(gzipped(long(1001), gzip.Header{})), outcome{proxy.Oversize, "decoded", 413}, false},
		{"ratio, of a small body", proxy.Limits{Ratio: 2}, 0, post(gzipped(long(64<<10), gzip.Header{})), post(gzipped(long(64<<10+1), gzip.Header{})), outcome{proxy.Oversize, "ratio", 413}, false},
		{"ratio", proxy.Limits{Ratio: 10}, 0, post(zipped(t, long(70_000), 7000)), post(zipped(t, long(70_001), 7000)), outcome{proxy.Oversize, "ratio", 413}, false},
		{"ratio and decoded", proxy.Limits{Ratio: 10, Body: 70_000}, 0, post(zipped(t, long(70_000), 7000)), post(zipped(t, long(70_001), 7000)), outcome{proxy.Oversize, "decoded", 413}, false},
		{"depth", proxy.Limits{Depth: 5}, 0, post("[[[[[]]]]]"), post("[[[[[[]]]]]]"), outcome{proxy.Oversize, "depth", 413}, false},
		{"depth where nobody says", proxy.Limits{}, 0, post(strings.Repeat("[", 128) + strings.Repeat("]", 128)), post(strings.Repeat("[", 129) + strings.Repeat("]", 129)), outcome{proxy.Oversize, "depth", 413}, false},
		{"target", proxy.Limits{Target: 100}, 0, request("GET", path(100), nil, ""), request("GET", path(101), nil, ""), outcome{proxy.Oversize, "target", 414}, false},
		{"target with a query", proxy.Limits{Target: 100}, 0, request("GET", path(97)+"?xy", nil, ""), request("GET", path(97)+"?xyz", nil, ""), outcome{proxy.Oversize, "target", 414}, false},
		{"target, absolute", proxy.Limits{Target: 100}, 0, request("GET", "http://proxy.example"+path(100), nil, ""), request("GET", "http://proxy.example"+path(101), nil, ""), outcome{proxy.Oversize, "target", 414}, false},
		{"query", proxy.Limits{Parameters: 5}, 0, request("GET", "/free/a?a&b&c&d&e", nil, ""), request("GET", "/free/a?a&b&c&d&e&", nil, ""), outcome{proxy.Oversize, "parameters", 413}, false},
		{"form", proxy.Limits{Parameters: 5}, 0, post("a&b&c&d&e", "Content-Type: application/x-www-form-urlencoded"), post("a&b&c&d&e&f=1", "Content-Type: application/x-www-form-urlencoded"), outcome{proxy.Oversize, "parameters", 413}, false},
		{"multipart", proxy.Limits{Parameters: 5}, 0, parts(5), parts(6), outcome{proxy.Oversize, "parameters", 413}, false},
		{"lines of the header", proxy.Limits{Parameters: 5}, 0, lines(5), lines(6), outcome{proxy.Oversize, "parameters", 413}, false},
		{"cookies", proxy.Limits{Parameters: 5}, 0, request("GET", "/free/a", []string{"Cookie: a=1; b=2; c=3", "Cookie: d=4; e=5"}, ""), request("GET", "/free/a", []string{"Cookie: a=1; b=2; c=3", "Cookie: d=4; e=5; f=6"}, ""), outcome{proxy.Oversize, "parameters", 413}, false},
		{"headers", proxy.Limits{}, 1000, header("GET", "/free/a", 1000), header("GET", "/free/a", 1001), outcome{proxy.Oversize, "headers", 431}, false},
		{"headers behind empty lines", proxy.Limits{}, 1000, request("POST", "/free/a", nil, "{}") + "\r\n\r\n" + header("GET", "/free/a", 1000), request("POST", "/free/a", nil, "{}") + "\r\n\r\n" + header("GET", "/free/a", 1001), outcome{proxy.Oversize, "headers", 431}, false},
		{"what net/http reads of a header", proxy.Limits{}, 1000, "", header("GET", "/free/a", 1000+4096), outcome{proxy.Oversize, "headers", 431}, false},
		{"what it does not read", proxy.Limits{}, 1000, "", header("GET", "/free/a", 1000+4096+1), outcome{proxy.Oversize, "headers", 431}, true},
		{"an endless line", proxy.Limits{}, 1000, "", "GET /" + strings.Repeat("a", 100_000), outcome{proxy.Oversize, "headers", 431}, true},
		{"an endless header", proxy.Limits{}, 1000, "", "GET / HTTP/1.1\r\n" + strings.Repeat("A: b\r\n", 10_000), outcome{proxy.Oversize, "headers", 431}, true},
	}
	for _, tt := range tests {
		for which, in := range []string{tt.at, tt.past} {
			if in == "" {
				continue
			}
			for _, secure := range []bool{false, true} {
				t.Run(fmt.Sprint(tt.name, " ", which, " ", secure), func(t *testing.T) {
					t.Parallel()
					c := newCollector(t, nil)
					s := &proxy.Server{Headers: tt.headers}
					var config *tls.Config
					if secure {
						s.TLS, config = secured(t)
					}
					inflight := proxy.NewInFlight(64 << 20)
					r := sanitized(t, c, s, func(s *proxy.Sanitizer) { s.Limits, s.InFlight = tt.limits, inflight })
					conn := net.Conn(dial(t, r.address))
					if secure {
						conn = tls.Client(conn, config)
					}
					go io.WriteString(conn, in) // which ends where it is not taken
					br := bufio.NewReader(conn)
					var want []outcome
					if strings.Contains(tt.name, "empty lines") {
						readAnswer(t, br, "POST").fine(t)
						want = append(want, outcome{"", "", 200})
					}
					res := readAnswer(t, br, "GET")
					if which == 0 {
						res.fine(t)
						want = append(want, outcome{"", "", 200})
					} else {
						want = append(want, tt.want)
						route := "free"
						if tt.want.limit == "target" || tt.want.limit == "headers" {
							route = ""
						}
						switch {
						case res.Response == nil || res.StatusCode != tt.want.status:
							t.Fatalf("got %+v, want %d", res, tt.want.status)
						case !tt.bare:
							checkProblem(t, res, problem{tt.want.status, string(tt.want.reason), route})
						case strings.Contains(res.body, "{"):
							t.Errorf("got %q, want a bare one", res.body)
						}
						if tt.want.limit == "headers" {
							closes(t, conn)
						}
					}
					if n := len(c.all()); n != len(want)-which {
						t.Errorf("%d requests arrived", n)
					}
					r.only(t, want...)
					if n := inflight.Bytes(); n != 0 {
						t.Errorf("%d bytes are held", n)
					}
				})
			}
		}
	}
}

// Whatever a client does too slowly ends, and is told once.
func TestSlowClients(t *testing.T) {
	soon := 50 * time.Millisecond
	tests := []struct {
		name string
		in   string
		want []outcome
	}{
		{"a request line", "GET /fr", []outcome{{proxy.Slow, "read_header", 400}}},
		{"a line of a header", "GET /free/a HTTP/1.1\r\nHo", []outcome{{proxy.Slow, "read_header", 400}}},
		{"between two lines", "GET /free/a HTTP/1.1\r\nHost: x\r\n", []outcome{{proxy.Slow, "read_header", 0}}},
		{"nothing", "", nil},
		{"nothing but line ends", "\r\n", []outcome{{proxy.Unparseable, "", 400}}},
		{"a second request", request("GET", "/free/a", nil, "") + "GET /free/a HTTP/1.1\r\n", []outcome{{"", "", 200}, {proxy.Slow, "read_header", 0}}},
		{"a second request, three bytes", request("GET", "/free/a", nil, "") + "GET", []outcome{{"", "", 200}, {proxy.Slow, "read_header", 0}}},
		{"no second request", request("GET", "/free/a", nil, ""), []outcome{{"", "", 200}}},
		{"a body", request("POST", "/free/a", []string{"Content-Length: 100"}, `{"`), []outcome{{proxy.Slow, "read_body", 408}}},
		{"a body in chunks", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, "2\r\n{"), []outcome{{proxy.Slow, "read_body", 408}}},
		{"a trailer", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, "2\r\n{}\r\n0\r\nX"), []outcome{{proxy.Unparseable, "", 400}}}, // net/http does not say why
		{"a body that is refused unread", request("POST", "/unknown", []string{"Content-Length: 100"}, `{"`), []outcome{{proxy.NoRoute, "", 403}}},
		{"a body behind an expectation", request("POST", "/free/a", []string{"Content-Length: 100", "Expect: 100-continue"}, ""), []outcome{{proxy.Slow, "read_body", 408}}},
	}
	for _, tt := range tests {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", secure), func(t *testing.T) {
				t.Parallel()
				s := &proxy.Server{ReadHeader: soon, ReadBody: soon, Idle: soon}
				var config *tls.Config
				if secure {
					s.ReadHeader = 500 * time.Millisecond // for the handshake
					s.TLS, config = secured(t)
				}
				inflight := proxy.NewInFlight(64 << 20)
				c := newCollector(t, nil)
				r := sanitized(t, c, s, func(s *proxy.Sanitizer) { s.InFlight = inflight })
				conn := net.Conn(dial(t, r.address))
				if secure {
					conn = tls.Client(conn, config)
				}
				io.WriteString(conn, tt.in)
				closes(t, conn)
				r.only(t, tt.want...)
				if n := inflight.Bytes(); n != 0 {
					t.Errorf("%d bytes are held", n)
				}
			})
		}
	}
}
