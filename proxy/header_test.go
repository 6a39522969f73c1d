package proxy_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

// What holds for one connection, and what says who the client is, goes no further.
func TestDropped(t *testing.T) {
	tests := []struct {
		name   string
		target string
		lines  []string
		body   string
		want   []string
	}{
		{"hop by hop", "/free/a", []string{"Connection: keep-alive", "Keep-Alive: timeout=5", "Proxy-Connection: x", "Proxy-Authorization: Basic x", "Proxy-Authenticate: y", "Te: trailers", "X-A: 1"}, "", []string{"X-A: 1"}},
		{"named by Connection", "/free/a", []string{"Connection: close, x-drop , X-Too", "Connection: X-Three", "X-Drop: " + phone, "X-Too: 1", "X-Three: 1", "X-A: 1"}, "", []string{"X-A: 1"}},
		{"Connection names itself", "/free/a", []string{"Connection: connection, ,", "X-A: 1"}, "", []string{"X-A: 1"}},
		{"Connection names the coding", "/free/a", []string{"Connection: Content-Encoding", "Content-Encoding: gzip"}, gzipped(`{"u":"`+phone+`"}`, named), []string{lengthLine(`{"u":"` + pseudonymOf(phone) + `"}`)}},
		{"the client's address", "/free/a", []string{"Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: h", "X-Forwarded-Anything: x", "X-Real-IP: 192.0.2.1", "X-A: 1"}, "", []string{"X-A: 1"}},
		{"the client's address, as CGI reads it", "/free/a", []string{"X_Forwarded_For: 192.0.2.1", "x-real_ip: 192.0.2.1", "X-A: 1"}, "", []string{"X-A: 1"}},
		{"the client's address, as other gateways do", "/free/a", []string{"X.Forwarded!For: 192.0.2.1", "X~real~ip: 192.0.2.1", "X-A: 1"}, "", []string{"X-A: 1"}},
		{"a coding, as gateways read it", "/free/a", []string{"Content.Encoding: gzip", "Content'Length: 7", "Transfer|Encoding: chunked", "Keep+Alive: 5", "X-A: 1"}, "", []string{"X-A: 1"}},
		{"Connection names the address", "/free/a", []string{"Connection: X-Forwarded-For", "X-Forwarded-For: 192.0.2.1"}, "", nil},
		{"an expectation", "/free/a", []string{"Expect: 100-continue"}, `{}`, []string{"Content-Length: 2"}},
		{"a trailer that is announced", "/free/a", []string{"Trailer: X-User", "Transfer-Encoding: chunked"}, "2\r\n{}\r\n0\r\nX-User: " + phone + "\r\n\r\n", []string{"Content-Length: 2"}},
		{"a trailer that is not", "/free/a", []string{"Transfer-Encoding: chunked"}, "2\r\n{}\r\n0\r\nX-User: " + phone + "\r\n\r\n", []string{"Content-Length: 2"}},
		{"chunk extensions", "/free/a", []string{"Transfer-Encoding: chunked"}, "2;user=" + phone + "\r\n{}\r\n0;u=" + email + "\r\n\r\n", []string{"Content-Length: 2"}},
		{"a trailer on a pass route", "/static/a", []string{"Trailer: X-User", "Transfer-Encoding: chunked"}, "2;u=" + phone + "\r\n{}\r\n0\r\nX-User: " + phone + "\r\n\r\n", []string{"Transfer-Encoding: chunked"}},
		{"a signature over a path that changed", "/free/" + phone, []string{"Content-Digest: x", "Signature: s=:x:", "Signature-Input: s=()"}, `{}`, []string{"Content-Digest: x", "Content-Length: 2"}},
		{"digests of a body that changed", "/free/a", []string{"Content-Digest: x", "Digest: y", "Repr-Digest: y", "Content-MD5: z", "Signature: s=:x:", "Signature-Input: s=()", "X-A: 1"}, `"` + phone + `"`, []string{lengthLine(`"` + pseudonymOf(phone) + `"`), "X-A: 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			method := "POST"
			if tt.body == "" {
				method = "GET"
			}
			raw(t, serveRules(t, ruleText, c), request(method, tt.target, tt.lines, tt.body)).fine(t)
			got := c.one(t)
			checkQuiet(t, got.raw)
			if strings.Contains(got.raw, "192.0.2.1") {
				t.Errorf("the address is in %q", got.raw)
			}
			want := slices.Sorted(slices.Values(tt.want))
			if !slices.Equal(got.lines, want) {
				t.Errorf("got  %q\nwant %q", got.lines, want)
			}
		})
	}
}

// The same holds on the way back.
func TestDroppedFromAnswers(t *testing.T) {
	c := newCollector(t, func(*received) string {
		return "HTTP/1.1 200 OK\r\nConnection: X-Drop\r\nX-Drop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n"
	})
	res := raw(t, serveRules(t, ruleText, c), request("GET", "/free/a", nil, "")).fine(t)
	for _, name := range []string{"Connection", "X-Drop", "Keep-Alive", "Proxy-Authenticate", "Upgrade"} {
		if got := res.Header[name]; got != nil {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if got := res.Header.Get("X-A"); got != "1" {
		t.Errorf("X-A: got %q", got)
	}
}

// The collector is offered only codings that can be undone, where there may be
// something to restore.
func TestOfferedCodings(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"none: none is added", "", ""},
		{"gzip among others", "br;q=1.0, gzip;q=0.8, compress, *;q=0.1", "br;q=1.0, gzip;q=0.8"},
		{"gzip in upper case", "GZIP", "GZIP"},
		{"what browsers offer", "gzip, deflate, br, zstd", "gzip, deflate, br, zstd"},
		{"with a dictionary", "gzip, br, zstd, dcb, dcz", "gzip, br, zstd"},
		{"what is not wanted", "gzip; q=0.000 ,identity;q=0,x-gzip", "gzip; q=0.000, identity;q=0, x-gzip"},
		{"none of ours", "compress, pack200-gzip;q=0.5", "identity"},
		{"anything", "*", "identity"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			address := serveRules(t, ruleText, c)
			var lines []string
			if tt.in != "" {
				lines = []string{"Accept-Encoding: " + tt.in}
			}
			raw(t, address, request("GET", "/free/a", lines, "")).fine(t)
			raw(t, address, request("GET", "/quiet/"+phone, lines, "")).fine(t)
			raw(t, address, request("GET", "/free/"+phone, lines, "")).fine(t)
			for i, want := range []string{tt.in, tt.in, tt.want} {
				if got := c.all()[i].header.Get("Accept-Encoding"); got != want {
					t.Errorf("request %d: got %q, want %q", i, got, want)
				}
			}
		})
	}
}

// For gateways to CGI, X_Y is another spelling of X-Y: what frames a message or says
// what is in it does not arrive so, on whatever route.
func TestUnderscores(t *testing.T) {
	names := []string{
		"Content_Length", "content_length", "Content_Type", "CONTENT_TYPE", "Content_Encoding", "Transfer_Encoding", "transfer_Encoding",
		"Proxy_Authorization", "Proxy_Connection", "Keep_Alive",
	}
	about := []string{"X_Forwarded_For", "x_forwarded-host", "X_Real_IP", "X-Real_ip"} // the client
	var lines []string
	for _, name := range append(names, about...) {
		lines = append(lines, name+": 1")
	}
	for _, target := range []string{"/free/a", "/static/a", "/watched/a"} {
		for _, how := range ways {
			c := newCollector(t, nil)
			s, client, url := way(t, how)
			r := sanitized(t, c, s, func(s *proxy.Sanitizer) {
				set := parse(t, inflightRules)
				s.Rules = func() *rules.Set { return set }
			})
			req, err := http.NewRequest("POST", url(r)+target, strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range append(lines, "X_Other: 1") {
				name, value, _ := strings.Cut(line, ": ")
				req.Header[name] = []string{value}
			}
			if said := got(client().Do(req)); said != "200 ok" {
				t.Fatalf("got %q", said)
			}
			left := about
			if target == "/free/a" {
				left = nil
			}
			var there []string
			for _, line := range c.one(t).lines {
				if name, _, _ := strings.Cut(line, ":"); strings.Contains(name, "_") {
					there = append(there, strings.ToLower(name))
				}
			}
			want := []string{"x_other"}
			for _, name := range left { // which pass, and are observed, as they came
				want = append(want, strings.ToLower(name))
			}
			slices.Sort(there)
			slices.Sort(want)
			if !slices.Equal(there, want) {
				t.Errorf("%s %s: got %q, want %q", target, how, there, want)
			}
		}
	}
}
