package proxy_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

// A problem is what a client is told: the status, the reason, the route.
type problem struct {
	status int
	reason string
	route  string
}

// checkProblem reads a refusal as RFC 9457 has it, and nothing in it may be the
// request's.
func checkProblem(t *testing.T, a *answer, want problem) {
	t.Helper()
	if a.Response == nil {
		t.Fatalf("no answer: %v", a.err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(a.body), &got); err != nil {
		t.Fatalf("got %s %q: %v", a.Status, a.body, err)
	}
	fields := []string{"detail", "reason", "request_id", "status", "title", "type"}
	if want.route != "" {
		fields = []string{"detail", "reason", "request_id", "route", "status", "title", "type"}
	} else {
		got["route"] = ""
		defer delete(got, "route")
	}
	if a.StatusCode != want.status || got["status"] != float64(want.status) || got["reason"] != want.reason || got["route"] != want.route {
		t.Errorf("got %d %s, want %+v", a.StatusCode, a.body, want)
	}
	if want.route == "" {
		delete(got, "route")
	}
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, fields) {
		t.Errorf("got the members %q, want %q", names, fields)
	}
	if got["type"] != "about:blank" || got["title"] == "" || got["detail"] == "" || len(fmt.Sprint(got["request_id"])) < 16 {
		t.Errorf("got %s", a.body)
	}
	if ct := a.Header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("got Content-Type %q", ct)
	}
	if cc := a.Header.Get("Cache-Control"); cc != "no-store" {
		t.Errorf("got Cache-Control %q", cc)
	}
	checkQuiet(t, fmt.Sprintf("%v %s", a.Header, a.body))
}

// checkQuiet fails the test if a text holds a planted value.
func checkQuiet(t *testing.T, said string) {
	t.Helper()
	for _, secret := range secrets {
		if strings.Contains(strings.ToLower(said), secret) {
			t.Errorf("%q is in %q", secret, clip(said))
		}
	}
}

func gzipped(text string, header gzip.Header) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Header = header
	io.WriteString(w, text)
	w.Close()
	return b.String()
}

// planted is a header and a query with personal values, for requests that fail.
var planted = []string{"X-Planted: " + phone, "Referer: https://a.example/?u=" + email}

func plant(lines ...string) []string { return append(lines, planted...) }

const asJSON = "Content-Type: application/json"

var refused = []struct {
	name string
	in   string
	want problem
}{
	{"no route", request("POST", "/unknown/"+phone, plant(), `"`+email+`"`), problem{403, "no_route", ""}},
	{"no route for the root", request("GET", "/", plant(), ""), problem{403, "no_route", ""}},
	{"no route in upper case", request("GET", "/FREE/"+phone, plant(), ""), problem{403, "no_route", ""}},
	{"no route for a preflight", request("OPTIONS", "/unknown", plant("Access-Control-Request-Method: POST"), ""), problem{403, "no_route", ""}},

	{"JSON that ends early", request("POST", "/free/a", plant(asJSON), `{"u":"`+email), problem{400, "unparseable", "free"}},
	{"JSON with a comment", request("POST", "/free/a", plant(asJSON), `{"u":"`+phone+`"/*x*/}`), problem{400, "unparseable", "free"}},
	{"JSON with more behind", request("POST", "/free/a", plant(asJSON), `{}`+email), problem{400, "unparseable", "free"}},
	{"JSON that is only white space", request("POST", "/free/a", plant(asJSON), "  "), problem{400, "unparseable", "free"}},
	{"bytes without a medium", request("POST", "/free/a", plant(), phone+"\x01"), problem{415, "encoding", "free"}},
	{"markup without a medium", request("POST", "/free/a", plant(), "<a>&#43;12025550143</a>"), problem{415, "encoding", "free"}},
	{"a form that says it is JSON", request("POST", "/free/a", plant(asJSON), "u="+phone), problem{400, "unparseable", "free"}},
	{"broken JSON as text", request("POST", "/free/a", plant("Content-Type: text/plain; charset=utf-8"), `{'u':"`+phone+`"}`), problem{400, "unparseable", "free"}},
	{"XML", request("POST", "/free/a", plant("Content-Type: text/xml"), "<u>"+phone+"</u>"), problem{415, "encoding", "free"}},
	{"problem+json that is none", request("POST", "/free/a", plant("Content-Type: application/vnd.x+json"), email), problem{400, "unparseable", "free"}},
	{"an unparseable medium", request("POST", "/free/a", plant("Content-Type: ;;"), email), problem{415, "encoding", "free"}},
	{"UTF-7", request("POST", "/free/a", plant("Content-Type: application/json; charset=utf-7"), `{"a":"anna+AEA-example.com"}`), problem{415, "encoding", "free"}},
	{"a charset in a medium that cannot be parsed", request("POST", "/free/a", plant("Content-Type: application/json; charset=utf-16;;="), `{"a":1}`), problem{415, "encoding", "free"}},
	{"Latin-1 that is more than ASCII", request("POST", "/free/a", plant("Content-Type: application/json; charset=ISO-8859-1"), `{"a":"é"}`), problem{415, "encoding", "free"}},
	{"a path that servers resolve otherwise", request("GET", "/static/..;/v1/"+phone, plant(), ""), problem{400, "unparseable", ""}},
	{"a path with an encoded way up", request("GET", "/static/a%2f..%2f..%2fv1", plant(), ""), problem{400, "unparseable", ""}},
	{"a path with backslashes", request("GET", "/static/..%5Cv1", plant(), ""), problem{400, "unparseable", ""}},
	{"Basic credentials that are not UTF-8", request("GET", "/free/a", plant("Authorization: Basic YW5uYUBleGFtcGxlLmNvbTpw5HNz"), ""), problem{422, "unsafe", "free"}},
	{"Basic credentials with wrong padding", request("GET", "/free/a", plant("Authorization: Basic YW5uYUBleGFtcGxlLmNvbTpw="), ""), problem{422, "unsafe", "free"}},
	{"credentials in a parameter", request("GET", "/free/a", plant("Authorization: X token=\"YW5uYUBleGFtcGxlLmNvbTpw\", n=1"), ""), problem{422, "unsafe", "free"}},
	{"credentials of two parts", request("GET", "/free/a", plant("Authorization: Bearer eyJ1c2VyIjoiYW5uYUBleGFtcGxlLmNvbSJ9.c2ln"), ""), problem{422, "unsafe", "free"}},
	{"no UTF-8", request("POST", "/free/a", plant(asJSON), "\""+phone+"\xff\""), problem{400, "unparseable", "free"}},
	{"overlong UTF-8", request("POST", "/free/a", plant(asJSON), "\""+phone+"\xc0\xb1\""), problem{400, "unparseable", "free"}},
	{"a surrogate in UTF-8", request("POST", "/free/a", plant(asJSON), "\""+phone+"\xed\xa0\x80\""), problem{400, "unparseable", "free"}},
	{"a lone surrogate", request("POST", "/free/a", plant(asJSON), `"`+phone+`\ud800"`), problem{400, "unparseable", "free"}},
	{"a lone surrogate in a name", request("POST", "/free/a", plant(asJSON), `{"`+phone+`\udc00":1}`), problem{400, "unparseable", "free"}},
	{"UTF-16 with half a character", request("POST", "/free/a", plant(asJSON), "\xff\xfe[\x001\x00]"), problem{400, "unparseable", "free"}},
	{"UTF-16 that says it is UTF-8", request("POST", "/free/a", plant(asJSON+"; charset=utf-8"), "\xff\xfe[\x001\x00]\x00"), problem{415, "encoding", "free"}},
	{"a broken escape in the path", request("GET", "/free/"+phone+"%zz", plant(), ""), problem{400, "", ""}},
	{"a path that is no UTF-8", request("GET", "/free/"+phone+"%ff", plant(), ""), problem{400, "unparseable", ""}},
	{"a raw path that is no UTF-8", request("GET", "/free/"+phone+"\xff", plant(), ""), problem{400, "unparseable", ""}},
	{"a broken escape in the query", request("GET", "/free/a?u="+email+"&x=%zz", plant(), ""), problem{400, "unparseable", "free"}},
	{"a broken escape in a name of the query", request("GET", "/free/a?%2="+email, plant(), ""), problem{400, "unparseable", "free"}},
	{"a query that is no UTF-8", request("GET", "/free/a?u="+phone+"%80", plant(), ""), problem{400, "unparseable", "free"}},
	{"a dot segment", request("GET", "/free/./"+phone, plant(), ""), problem{400, "unparseable", ""}},
	{"two dots", request("GET", "/free/"+phone+"/..", plant(), ""), problem{400, "unparseable", ""}},
	{"two dots, encoded", request("GET", "/free/"+phone+"/%2e%2E", plant(), ""), problem{400, "unparseable", ""}},
	{"two dots, encoded twice", request("GET", "/free/"+phone+"/%252e.", plant(), ""), problem{400, "unparseable", ""}},
	{"two dots on a pass route", request("GET", "/static/../v1/"+phone, plant(), ""), problem{400, "unparseable", ""}},
	{"an asterisk", request("OPTIONS", "*", plant(), ""), problem{400, "unparseable", ""}},
	{"gzip that is none", request("POST", "/free/a", plant("Content-Encoding: gzip"), `"`+phone+`"`), problem{400, "unparseable", "free"}},

	{"a length past the limit", request("POST", "/free/a", plant(), `"`+phone+strings.Repeat("x", 987)+`"`), problem{413, "oversize", "free"}},
	{"chunks past the limit", request("POST", "/free/a", plant("Transfer-Encoding: chunked"), chunked(`"`+phone+strings.Repeat("x", 987)+`"`, 100)), problem{413, "oversize", "free"}},
	{"a gzip bomb", request("POST", "/free/a", plant("Content-Encoding: gzip"), gzipped(`"`+phone+strings.Repeat("x", 1<<20)+`"`, gzip.Header{})), problem{413, "oversize", "free"}},
	{"gzip one byte past the limit", request("POST", "/free/a", plant(), gzipped(`"`+phone+strings.Repeat("x", 987)+`"`, gzip.Header{})), problem{413, "oversize", "free"}},
	{"too deep", request("POST", "/free/a", plant(), strings.Repeat("[", 129)+strings.Repeat("]", 129)), problem{413, "oversize", "free"}},
	{"a long target", request("GET", "/free/"+phone+strings.Repeat("x", 5000)+"?"+strings.Repeat("y", 5000), plant(), ""), problem{414, "oversize", ""}},

	{"zstd that is none", request("POST", "/free/a", plant("Content-Encoding: zstd"), `"`+phone+`"`), problem{400, "unparseable", "free"}},
	{"deflate that is none", request("POST", "/free/a", plant("Content-Encoding: deflate"), `"`+phone+`"`), problem{400, "unparseable", "free"}},
	{"compress", request("POST", "/free/a", plant("Content-Encoding: compress"), `"`+phone+`"`), problem{415, "encoding", "free"}},
	{"an unknown coding", request("POST", "/free/a", plant("Content-Encoding: "+email), `1`), problem{415, "encoding", "free"}},
	{"two codings", request("POST", "/free/a", plant("Content-Encoding: gzip, gzip"), "x"), problem{415, "encoding", "free"}},
	{"two codings in two lines", request("POST", "/free/a", plant("Content-Encoding: gzip", "Content-Encoding: gzip"), "x"), problem{415, "encoding", "free"}},
	{"a form with a broken escape", request("POST", "/free/a", plant("Content-Type: application/x-www-form-urlencoded"), "a=%zz&u="+phone), problem{400, "unparseable", "free"}},
	{"a multipart form that does not end", request("POST", "/free/a", plant("Content-Type: multipart/form-data; boundary=x"), "--x\r\n"+email), problem{400, "unparseable", "free"}},
	{"another multipart", request("POST", "/free/a", plant("Content-Type: multipart/mixed; boundary=x"), "--x\r\n"+email), problem{415, "encoding", "free"}},
	{"protobuf", request("POST", "/free/a", plant("Content-Type: application/x-protobuf"), "\x0a\x0c"+phone), problem{415, "encoding", "free"}},

	{"CONNECT", request("CONNECT", "example.com:443", plant(), ""), problem{405, "method", ""}},
	{"CONNECT with a path", request("CONNECT", "/free/"+phone, plant(), ""), problem{405, "method", ""}},
	{"a WebSocket", request("GET", "/free/"+phone, plant("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: x"), ""), problem{426, "method", ""}},
	{"h2c", request("GET", "/free/a", plant("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"), ""), problem{426, "method", ""}},
	{"an upgrade on a pass route", request("GET", "/static/a", plant("Connection: Upgrade", "Upgrade: websocket"), ""), problem{426, "method", ""}},

	{"personal credentials", request("GET", "/free/a", plant("Authorization: Basic "+"YW5uYS5saW5kcXZpc3RAZXhhbXBsZS5jb206eA=="), ""), problem{422, "unsafe", "free"}},
	{"a personal JWT in Authorization", request("GET", "/free/a", plant("Authorization: Bearer "+jwt), ""), problem{422, "unsafe", "free"}},
	{"a personal JWT in a body", request("POST", "/free/a", plant(), `{"t":"`+jwt+`"}`), problem{422, "unsafe", "free"}},
	{"a personal JWT in a query", request("GET", "/free/a?t="+jwt, plant(), ""), problem{422, "unsafe", "free"}},
}

// {"alg":"HS256"} . {"sub":"anna.lindqvist@example.com"} . x
const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hLmxpbmRxdmlzdEBleGFtcGxlLmNvbSJ9.eA"

func limited(t testing.TB) *proxy.Sanitizer {
	s := newSanitizer(t, ruleText)
	s.Limits = proxy.Limits{Body: 1000}
	return s
}

// Every refusal has its status and reason, nothing of the request reaches the
// collector, and nothing of it is in the answer or in what may be logged.
func TestRefused(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			s := limited(t)
			var outcomes []proxy.Outcome
			s.Observe = func(o proxy.Outcome) { outcomes = append(outcomes, o) }
			address := serve(t, s, c.url)
			res := raw(t, address, tt.in)
			if tt.want.reason == "" { // before there is a request
				if res.StatusCode != tt.want.status || len(outcomes) != 0 {
					t.Errorf("got %s, outcomes %+v, want %d", res.Status, outcomes, tt.want.status)
				}
				checkQuiet(t, fmt.Sprint(res.Header, res.body))
			} else {
				checkProblem(t, res, tt.want)
				if len(outcomes) != 1 || string(outcomes[0].Refused) != tt.want.reason || outcomes[0].Status != tt.want.status || outcomes[0].Route != tt.want.route {
					t.Errorf("got the outcomes %+v", outcomes)
				}
				checkQuiet(t, fmt.Sprintf("%+v", outcomes))
			}
			c.nothing(t, tt.in)
			s.Observe = nil
			raw(t, address, request("GET", "/free/after", nil, "")).fine(t) // what came late would be there now
			if got := c.one(t); got.target != "/free/after" {
				t.Errorf("the collector got %q", got.raw)
			}
		})
	}
}

// The same as a library: the error says as little as the answer.
func TestRefusedAsLibrary(t *testing.T) {
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(tt.in)))
			if err != nil || req.Method == "CONNECT" {
				return // net/http has no such request
			}
			c := newCollector(t, nil)
			req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", c.url.Host
			body := &closed{Reader: req.Body}
			req.Body = body
			_, err = limited(t).RoundTrip(req)
			var refusal *proxy.Refusal
			if !errors.As(err, &refusal) || string(refusal.Reason) != tt.want.reason || refusal.Status != tt.want.status || refusal.Route != tt.want.route {
				t.Errorf("got %+v, want %+v", err, tt.want)
			}
			checkQuiet(t, fmt.Sprintf("%v %+v %#v %q", err, err, err, err))
			if !body.closed.Load() {
				t.Error("the body was not closed")
			}
			c.nothing(t, tt.in)
		})
	}
}

type closed struct {
	io.Reader
	closed atomic.Bool
}

func (c *closed) Close() error { c.closed.Store(true); return nil }

// A collector that cannot be reached, breaks off or talks no HTTP is a 502, one
// that is silent a 504. Nothing it said goes to the client as if it were whole.
func TestCollectorFails(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		want   int
	}{
		{"closes", "", 502},
		{"garbage", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 502},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Le", 502},
		{"a broken header", "HTTP/1.1 200 OK\r\nno colon " + email + "\r\n\r\n", 502},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy", 502},
		{"a switch of protocols", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + email, 502},
		{"a header without end", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 300<<10) + "\r\nContent-Length: 0\r\n\r\n", 502},
		{"silence", "silence", 504},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			silent := make(chan struct{})
			c := newCollector(t, func(*received) string {
				if tt.answer == "silence" {
					<-silent
				}
				return tt.answer
			})
			t.Cleanup(func() { close(silent) }) // before the collector is waited for
			s := newSanitizer(t, ruleText)
			if tt.answer == "silence" {
				s.Transport = proxy.NewTransport(20*time.Millisecond, nil)
			}
			var said string
			s.Observe = func(o proxy.Outcome) { said = fmt.Sprintf("%+v", o) }
			res := raw(t, serve(t, s, c.url), request("POST", "/free/"+phone, planted, `"`+email+`"`))
			checkProblem(t, res, problem{tt.want, "collector", "free"})
			checkQuiet(t, said)
		})
	}
	t.Run("refuses the connection", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		nobody := &url.URL{Scheme: "http", Host: l.Addr().String()}
		l.Close()
		res := raw(t, serve(t, newSanitizer(t, ruleText), nobody), request("POST", "/free/"+phone, planted, `"`+email+`"`))
		checkProblem(t, res, problem{502, "collector", "free"})
	})
}

func TestNoKeys(t *testing.T) {
	for _, missing := range []string{"acme", pseudonym.Global} {
		c := newCollector(t, nil)
		s := newSanitizer(t, ruleText+"    rules: [{at: body.g, linkable: global}]\n")
		s.Keys = func(tenant string) *pseudonym.Keyring {
			if tenant == missing {
				return nil
			}
			return keyring(tenant)
		}
		address := serve(t, s, c.url)
		in := request("POST", "/free/a", planted, `{"g":"`+email+`"}`)
		checkProblem(t, raw(t, address, in), problem{503, "keys", "free"})
		c.nothing(t, in)
		raw(t, address, request("POST", "/free/a", nil, `{}`)).fine(t) // needs none
	}
}

// A client that stops in the middle of its body is told so, where the server
// has a time for bodies.
func TestSlow(t *testing.T) {
	c := newCollector(t, nil)
	address := serveWith(t, &proxy.Server{Handler: reverse(newSanitizer(t, ruleText), c.url), ReadBody: 50 * time.Millisecond})
	in := request("POST", "/free/a", plant("Content-Length: 100"), `{"u":"`+phone)
	checkProblem(t, raw(t, address, in), problem{408, "slow", "free"})
	c.nothing(t, in)
}

// Without these headers a browser hides our errors from the page that asked.
func TestRefusalForBrowsers(t *testing.T) {
	c := newCollector(t, nil)
	address := serveRules(t, ruleText, c)
	res := raw(t, address, request("POST", "/unknown", []string{"Origin: https://app.example"}, ""))
	checkProblem(t, res, problem{403, "no_route", ""})
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true", "Vary": "Origin",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	res = raw(t, address, request("POST", "/unknown", nil, ""))
	for _, name := range []string{"Access-Control-Allow-Origin", "Vary"} {
		if got := res.Header.Get(name); got != "" {
			t.Errorf("%s: got %q without an Origin", name, got)
		}
	}
	if res = raw(t, address, request("HEAD", "/unknown", nil, "")); res.StatusCode != 403 || res.body != "" || res.err != nil {
		t.Errorf("HEAD: got %+v", res)
	}
}

func TestUpgradeRefusalSaysWhatIsServed(t *testing.T) {
	res := raw(t, serveRules(t, ruleText, newCollector(t, nil)), request("GET", "/free/a", []string{"Connection: Upgrade", "Upgrade: websocket"}, ""))
	if got := res.Header.Get("Upgrade"); got != "HTTP/1.1" {
		t.Errorf("got Upgrade %q", got)
	}
}

// A finding prints no text, with any verb.
func TestFindingPrintsNothing(t *testing.T) {
	c := newCollector(t, nil)
	s := newSanitizer(t, ruleText)
	n := 0
	s.Found = func(_ *rules.Route, f *rules.Finding, with string) {
		n++
		checkQuiet(t, fmt.Sprintf("%v %+v %#v %s %q %d %x", f, f, f, f, f, f, f))
	}
	raw(t, serve(t, s, c.url), request("POST", "/v1/"+phone+"/x", planted, `{"user":"anna","x":"`+email+`"}`)).fine(t)
	if n < 5 {
		t.Errorf("%d findings", n)
	}
}

// A host that one reader takes for another one's is refused before anybody asks which
// rules or which collector it has.
func TestHosts(t *testing.T) {
	c := newCollector(t, nil)
	address := serveRules(t, ruleText, c)
	for host, want := range map[string]int{
		"events.example.com": 200, "EVENTS.example.com:80": 200, "events.example.com.": 200, "a_b-c.example": 200, "192.0.2.1:8080": 200, "[2001:db8::17]": 200, "[2001:db8::17]:80": 200, "": 200,
		"[events.example.com]": 400, "[events.example.com]:80": 400, "[events.example.com": 400, "[events.example.com]x": 400, "events.example.com]": 400,
		"[192.0.2.1]": 400, "[fe80::1%25eth0]": 400, "[2001:db8::17]x": 400, "a@b": 400, "a:b": 400, "a:80:80": 400, "a%2eb": 400, "a,b": 400, "a;b": 400, "*": 400, "a!b": 400,
	} {
		res := raw(t, address, "GET /free/a HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if res.Response == nil || res.StatusCode != want {
			t.Errorf("%q: got %+v, want %d", host, res.Response, want)
		}
	}
	s := newSanitizer(t, ruleText)
	for _, host := range []string{"event\u017f.example.com", "events\u2024example.com", "ex\u00e4mple.com"} { // HTTP/2 takes them
		req, err := http.NewRequest("GET", c.url.String()+"/free/a", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		if _, err := s.RoundTrip(req); err == nil || !strings.HasPrefix(err.Error(), "unparseable") {
			t.Errorf("%q: got %v", host, err)
		}
	}
}

// A client that looks for no answer before it has sent all finds it, however much that
// is: refused, dropped, or answered early by a collector.
func TestAnswerWhileSending(t *testing.T) {
	big := long(20 << 20)
	early := newFickle(t, nil, nil)
	early.first = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"
	tests := []struct {
		name   string
		target string
		lines  []string
		body   string
		set    func(*proxy.Sanitizer)
		want   int
	}{
		{"no route", "/unknown", nil, big, nil, 403},
		{"too large", "/free/a", nil, big, nil, 413},
		{"too large, in chunks", "/free/a", []string{"Transfer-Encoding: chunked"}, chunked(big, 64<<10), nil, 413},
		{"dropped", "/drop/a", nil, big, nil, 204},
		{"no room", "/free/a", nil, long(1 << 20), func(s *proxy.Sanitizer) { s.InFlight = proxy.NewInFlight(100_000) }, 413},
		{"framed badly", "/free/a", []string{"X: a", " b"}, big, nil, 400},
		{"passed to a collector that does not want it", "/static/a", nil, long(8 << 20), nil, 401},
	}
	for _, tt := range tests {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprint(tt.name, " ", secure), func(t *testing.T) {
				c := newCollector(t, nil)
				if tt.want == 401 {
					c.url.Host = early.Addr().String()
				}
				s := &proxy.Server{}
				var config *tls.Config
				if secure {
					s.TLS, config = secured(t)
				}
				r := sanitized(t, c, s, func(s *proxy.Sanitizer) {
					set := parse(t, inflightRules)
					s.Rules = func() *rules.Set { return set }
					if tt.set != nil {
						tt.set(s)
					}
				})
				conn := net.Conn(dial(t, r.address))
				if secure {
					conn = tls.Client(conn, config)
				}
				if _, err := io.WriteString(conn, request("POST", tt.target, tt.lines, tt.body)); err != nil {
					t.Fatal(err)
				}
				if res := readAnswer(t, bufio.NewReader(conn), "POST"); res.err != nil || res.StatusCode != tt.want {
					t.Errorf("got %+v, want %d", res, tt.want)
				}
			})
		}
	}
}
