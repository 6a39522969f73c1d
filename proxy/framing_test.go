package proxy_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// One request that two parsers could take for two, or for another one, arrives
// as the one that was checked, or not at all. smuggled is what must never be a
// request of its own.
func TestFraming(t *testing.T) {
	const (
		smuggled = "GET /free/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
		after    = "GET /free/after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	)
	post := func(lines ...string) string {
		return "POST /free/a HTTP/1.1\r\nHost: x\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	tests := []struct {
		name string
		in   string
		want string // the body that may arrive; "-": no request may
	}{
		{"a length and chunks", post("Content-Length: 5", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n", "-"},
		{"chunks and a length", post("Transfer-Encoding: chunked", "Content-Length: 100") + "2\r\n{}\r\n0\r\n\r\n", "-"},
		{"chunked twice", post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n", "-"},
		{"gzip, chunked", post("Transfer-Encoding: gzip, chunked") + "2\r\n{}\r\n0\r\n\r\n", "-"},
		{"xchunked", post("Transfer-Encoding: xchunked") + "0\r\n\r\n" + smuggled, "-"},
		{"chunked with a vertical tab", post("Transfer-Encoding: \vchunked") + "0\r\n\r\n" + smuggled, "-"},
		{"chunked, then identity", post("Transfer-Encoding: chunked, identity") + "0\r\n\r\n" + smuggled, "-"},
		{"a space before the colon", post("Transfer-Encoding : chunked", "Content-Length: 2") + "{}", "-"},
		{"chunked on HTTP/1.0", "POST /free/a HTTP/1.0\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", "-"},
		{"two lengths", post("Content-Length: 2", "Content-Length: 3") + "{} ", "-"},
		{"two lengths, equal", post("Content-Length: 2", "Content-Length: 2") + "{}", "{}"},
		{"a list of lengths", post("Content-Length: 2, 2") + "{}", "-"},
		{"a length with a sign", post("Content-Length: +2") + "{}", "-"},
		{"a negative length", post("Content-Length: -1") + smuggled, "-"},
		{"a hexadecimal length", post("Content-Length: 0x2") + "{}", "-"},
		{"an empty length", post("Content-Length: ") + smuggled, "-"},
		{"a length past 2^63", post("Content-Length: 9223372036854775809") + "{}", "-"},
		{"a length with an underscore", post("Content_Length: 100", "Content-Length: 2") + "{}", "{}"},
		{"a chunk size with 0x", post("Transfer-Encoding: chunked") + "0x2\r\n{}\r\n0\r\n\r\n", "-"},
		{"a chunk size that overflows", post("Transfer-Encoding: chunked") + "10000000000000002\r\n{}\r\n0\r\n\r\n", "-"},
		{"a chunk size with a sign", post("Transfer-Encoding: chunked") + "+2\r\n{}\r\n0\r\n\r\n", "-"},
		{"an empty chunk size", post("Transfer-Encoding: chunked") + "\r\n{}\r\n0\r\n\r\n", "-"},
		{"a chunk that is longer", post("Transfer-Encoding: chunked") + "2\r\n{} \r\n0\r\n\r\n", "-"},
		{"a bare LF behind a chunk size", post("Transfer-Encoding: chunked") + "2\n{}\r\n0\r\n\r\n" + smuggled, "-"},
		{"a bare LF in a chunk extension", post("Transfer-Encoding: chunked") + "2;a\n{}\r\n0\r\n\r\n", "-"},
		{"a bare CR in a chunk extension", post("Transfer-Encoding: chunked") + "2;a\rb\r\n{}\r\n0\r\n\r\n", "-"},
		{"a NUL in a header", post("X-A: a\x00b", "Content-Length: 2") + "{}", "-"},
		{"a CR in a header", post("X-A: a\rb: c", "Content-Length: 2") + "{}", "-"},
		{"an empty header name", post(": a", "Content-Length: 2") + "{}", "-"},
		{"a space in a header name", post("X A: a", "Content-Length: 2") + "{}", "-"},
		{"no colon", post("X-A", "Content-Length: 2") + "{}", "-"},
		{"no Host", "POST /free/a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", "-"},
		{"two Hosts", post("Host: y", "Content-Length: 2") + "{}", "-"},
		{"a Host with a slash", "POST /free/a HTTP/1.1\r\nHost: a/b\r\nContent-Length: 2\r\n\r\n{}", "-"},
		{"a folded header", post("X-A: a", " Content-Length: 3", "Content-Length: 2") + "{}", "-"},
		{"white space before the first header", "POST /free/a HTTP/1.1\r\n Host: x\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}", "-"},
		{"LF alone", "POST /free/a HTTP/1.1\nHost: x\nContent-Length: 2\n\n{}", "-"},
		{"HTTP/0.9", "GET /free/a\r\n\r\n", "-"},
		{"HTTP/1.2", "GET /free/a HTTP/1.2\r\nHost: x\r\n\r\n", ""},
		{"HTTP/3.0", "GET /free/a HTTP/3.0\r\nHost: x\r\n\r\n", "-"},
		{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00", "-"},
		{"PRI as a method", "PRI /free/a HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n" + smuggled, "-"},
		{"a method that is none", "GE(T /free/a HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"a method in lower case", "get /free/a HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"a space in the target", "GET /free/a b HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"a tab in the target", "GET /free/a\tb HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"a CR in the target", "GET /free/a\rb HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"an encoded line end in the target", "GET /free/a%0d%0aX:%201 HTTP/1.1\r\nHost: x\r\n\r\n", ""},
		{"a target without a slash", "GET free/a HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"an opaque target", "GET http:free/a HTTP/1.1\r\nHost: x\r\n\r\n", "-"},
		{"an unknown expectation", post("Expect: 200-ok", "Content-Length: 2") + "{}", "-"},
		{"a body without a length", post() + smuggled, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			conn := dial(t, serveRules(t, ruleText, c))
			if _, err := io.WriteString(conn, tt.in+after); err != nil {
				t.Fatal(err)
			}
			_, err := io.ReadAll(conn) // to the end; a reset is one as well
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the connection stays open")
			}
			got := c.all()
			if n := len(got); n > 0 && got[n-1].target == "/free/after" && !got[n-1].broken {
				got = got[:n-1]
			}
			if tt.want == "-" {
				for _, r := range got {
					t.Errorf("the collector got %q", r.raw)
				}
				return
			}
			if len(got) == 0 || got[0].broken || got[0].body != tt.want || got[0].header.Get("Transfer-Encoding") != "" {
				t.Fatalf("got %+v, want the body %q", got, tt.want)
			}
			// A request in the body of another is one, where nothing says that there is a body.
			if len(got) > 2 || len(got) == 2 && (tt.name != "a body without a length" || got[1].target != "/free/smuggled") {
				t.Errorf("got %d requests: %q", len(got), got[1].raw)
			}
		})
	}
}

// Of a body that breaks off nothing leaves, not the part that came.
func TestTruncated(t *testing.T) {
	const body = `{"a":"` + phone + `"}`
	tests := []struct{ name, in string }{
		{"a length", request("POST", "/free/a", []string{"Content-Length: 1000"}, body)},
		{"a length, one byte missing", request("POST", "/free/a", []string{"Content-Length: 23"}, body)},
		{"a length, nothing there", request("POST", "/free/a", []string{"Content-Length: 10"}, "")},
		{"a chunk", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, "40\r\n"+body)},
		{"chunks without a last one", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, strings.TrimSuffix(chunked(body, 5), "0\r\n\r\n"))},
		{"chunks, half of the last one", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, strings.TrimSuffix(chunked(body, 5), "\r\n\r\n"))},
		{"chunks, half a trailer", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, strings.TrimSuffix(chunked(body, 5), "\r\n")+"X-A: 1")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			address := serveRules(t, ruleText, c)
			conn := dial(t, address)
			io.WriteString(conn, tt.in)
			conn.CloseWrite()
			answer, _ := io.ReadAll(conn)
			if strings.Contains(string(answer), " 200 ") {
				t.Errorf("got %q", answer)
			}
			c.nothing(t, tt.in)
			raw(t, address, request("GET", "/free/after", nil, "")).fine(t)
			c.one(t)
		})
	}
}

// After a refused body the next request of the connection is one of its own, and
// inspected: what follows a body whose end is uncertain never is.
func TestKeepAlive(t *testing.T) {
	next := request("POST", "/free/"+phone, nil, `"`+email+`"`)
	tests := []struct {
		name, first string
		then        bool // the connection goes on
	}{
		{"fine", request("POST", "/free/a", nil, `{}`), true},
		{"no route", request("POST", "/unknown", nil, `{}`), true},
		{"not JSON", request("POST", "/free/a", nil, `{]`), true},
		{"a wrong chunk", request("POST", "/free/a", []string{"Transfer-Encoding: chunked"}, "zz\r\n"), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			conn := dial(t, serveRules(t, ruleText, c))
			if _, err := io.WriteString(conn, tt.first+next); err != nil {
				t.Fatal(err)
			}
			br := bufio.NewReader(conn)
			if res := readAnswer(t, br, "POST"); res.Response == nil {
				t.Fatal(res.err)
			}
			second := readAnswer(t, br, "POST")
			if went := second.Response != nil && second.StatusCode == 200; went != tt.then {
				t.Errorf("the second request went on: %v, want %v (%v)", went, tt.then, second.err)
			}
			for _, r := range c.all() {
				checkQuiet(t, r.raw)
			}
		})
	}
}
