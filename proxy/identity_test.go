package proxy_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func lengthLine(body string) string { return "Content-Length: " + strconv.Itoa(len(body)) }

// What carries nothing personal arrives as it was spelled: net/url would spell
// most of these another way.
func TestTargetAsSent(t *testing.T) {
	tests := []struct{ name, target string }{
		{"an encoded slash", "/free/a%2Fb/c"},
		{"lower-case hexadecimal", "/free/%7e%2f%c3%a9"},
		{"what needs no encoding, encoded", "/free/%41%2D%5f"},
		{"empty segments", "/free//a///b"},
		{"empty segments at the beginning", "//free//a"},
		{"a slash at the end", "/free/a/"},
		{"raw UTF-8", "/free/Gr\xc3\xbc\xc3\x9fe"},
		{"raw UTF-8 beside encoded", "/free/\xc3\xbc%C3%BC"},
		{"characters that must be encoded", "/free/\"<>|^`{}\\"},
		{"a raw hash", "/free/a#b"},
		{"brackets", "/free/[1]"},
		{"sub-delims", "/free/a;b=1,2!$&'()*+:@"},
		{"an encoded question mark", "/free/a%3Fb"},
		{"encoded twice", "/free/%252F%2541"},
		{"encoded dots in a name", "/free/a%2eb/..c/..."},
		{"an empty query", "/free/a?"},
		{"a query of a question mark", "/free/a??"},
		{"semicolons", "/free/a?x=1;y=2;"},
		{"empty pairs", "/free/a?&&x=1&&=&="},
		{"no value", "/free/a?x&y=&z"},
		{"plus and %20", "/free/a?q=a+b%20c"},
		{"raw UTF-8 in the query", "/free/a?q=\xc3\xbc"},
		{"characters that must be encoded in the query", "/free/a?q=\"<>|^`{}\\[]"},
		{"a raw hash in the query", "/free/a?q=#f"},
		{"lower-case hexadecimal in the query", "/free/a?q=%c3%bc%2f"},
		{"a query of slashes", "/free/a?/../b/./c"},
		{"repeated names in an order", "/free/a?b=2&a=1&b=1"},
	}
	for _, tt := range tests {
		for _, method := range []string{"GET", "POST"} {
			t.Run(method+" "+tt.name, func(t *testing.T) {
				c := newCollector(t, nil)
				body := ""
				if method == "POST" {
					body = `{}`
				}
				raw(t, serveRules(t, ruleText, c), request(method, tt.target, nil, body)).fine(t)
				got, _, _ := strings.Cut(c.one(t).raw, " HTTP/1.1\r\n")
				if want := method + " " + tt.target; got != want {
					t.Errorf("got  %q\nwant %q", got, want)
				}
			})
		}
	}
}

// The whole header that arrives, but for Host, is the one that was sent.
func TestHeaderAsSent(t *testing.T) {
	tests := []struct {
		name   string
		method string
		lines  []string
		body   string
		want   []string // nil: lines
	}{
		{"none: nothing is added", "GET", nil, "", nil},
		{"none, with a body", "POST", nil, `{}`, []string{"Content-Length: 2"}},
		{"what net/http likes to add", "GET", []string{"User-Agent: curl/8", "Accept-Encoding: br;q=1.0, gzip;q=0.5, *;q=0", "Accept: */*"}, "", nil},
		{"repeated", "GET", []string{"X-A: 1", "X-A: 2", "X-A: 1", "Accept: a", "Accept: b"}, "", nil},
		{"no value", "GET", []string{"X-Empty: "}, "", nil},
		{"an empty user agent", "GET", []string{"User-Agent: "}, "", []string{}},
		{"inner white space", "GET", []string{"X-A: a  b\tc"}, "", nil},
		{"underscores", "GET", []string{"X_a: 1"}, "", nil},
		{"not ASCII", "GET", []string{"X-A: Gr\xc3\xbc\xc3\x9fe"}, "", nil},
		{"cookies", "GET", []string{"Cookie: a=1; b=\"2\"; c", "Cookie: d=3"}, "", nil},
		{"credentials", "GET", []string{"Authorization: Bearer abc.def", "X-Api-Key: k"}, "", nil},
		{"conditions", "GET", []string{`If-None-Match: W/"x"`, "Range: bytes=0-1", "Cache-Control: no-cache", "Pragma: no-cache"}, "", nil},
		{"digests of a body that stays", "POST", []string{"Content-Type: application/json", "Content-Md5: x", "Digest: a=b", "Content-Digest: c", "Repr-Digest: d", "Signature: s=:x:", "Signature-Input: s=()"}, `{"a":1}`,
			[]string{"Content-Type: application/json", "Content-Md5: x", "Digest: a=b", "Content-Digest: c", "Repr-Digest: d", "Signature: s=:x:", "Signature-Input: s=()", "Content-Length: 7"}},
		{"a media type with a tail", "POST", []string{"Content-Type: application/json;  Charset=\"utf-8\""}, `1`, []string{"Content-Type: application/json;  Charset=\"utf-8\"", "Content-Length: 1"}},
		{"the identity coding", "POST", []string{"Content-Encoding: identity"}, `1`, []string{"Content-Encoding: identity", "Content-Length: 1"}},
		{"a page and its origin", "OPTIONS", []string{"Origin: https://app.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type"}, "", nil},
		{"a body with HEAD", "HEAD", nil, "", nil},
		{"DELETE", "DELETE", nil, "", nil},
		{"DELETE with a body", "DELETE", nil, `[1]`, []string{"Content-Length: 3"}},
		{"GET with a body", "GET", nil, `[1]`, []string{"Content-Length: 3"}},
		{"an empty body", "POST", []string{"Content-Length: 0"}, "", nil},
		{"an unknown method", "PROPFIND", nil, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			raw(t, serveRules(t, ruleText, c), request(tt.method, "/free/a", tt.lines, tt.body)).fine(t)
			got, want := c.one(t), tt.want
			if want == nil {
				want = tt.lines
			}
			want = slices.Sorted(slices.Values(want))
			if !slices.Equal(got.lines, want) {
				t.Errorf("got  %q\nwant %q", got.lines, want)
			}
			if got.method != tt.method || got.body != tt.body {
				t.Errorf("got %s %q, want %s %q", got.method, got.body, tt.method, tt.body)
			}
			if host, _, _ := strings.Cut(strings.SplitAfter(got.raw, "Host: ")[1], "\r\n"); host != c.url.Host {
				t.Errorf("got Host %q, want the collector's own, %q", host, c.url.Host)
			}
		})
	}
}

var untouched = []struct{ name, body string }{
	{"numbers beyond 2^53", `{"priority":9079290933572287000,"f":1795461436873.9912345678901234567890,"e":1E+05,"z":-0.0}`},
	{"the order of members", `{"z":1,"a":2,"m":{"y":1,"b":2}}`},
	{"duplicate members", `{"a":1,"a":"x","a":null}`},
	{"escapes that say the same otherwise", `{"\u0061":"\/ \u00fc \ud83d\ude00 \b\f\n\r\t\"\\"}`},
	{"white space", " \t\r\n{ \"a\" :\t[ 1 ,\r\n2 ] }\n\n"},
	{"raw UTF-8", `"Grüße 😀"`},
	{"no body", ""},
	{"one number", "0"},
	{"empty", `[{},[],"",null,true,false]`},
	{"deep", strings.Repeat("[", 128) + strings.Repeat("]", 128)},
	{"what looks like personal data and is none", `{"ssrc":3175538551,"ts":1795461436873,"v":"1.2.3","hash":"677b83b821447fdc15b237198fd7cf59"}`},
}

func TestBodyAsSent(t *testing.T) {
	for _, tt := range untouched {
		for _, framing := range []string{"length", "chunked"} {
			t.Run(tt.name+", "+framing, func(t *testing.T) {
				c := newCollector(t, nil)
				lines, body := []string{"Content-Type: application/json"}, tt.body
				if framing == "chunked" {
					lines, body = append(lines, "Transfer-Encoding: chunked"), chunked(tt.body, 7)
				}
				raw(t, serveRules(t, ruleText, c), request("POST", "/free/a", lines, body)).fine(t)
				got := c.one(t)
				if got.body != tt.body {
					t.Errorf("got  %q\nwant %q", got.body, tt.body)
				}
				want := []string{lengthLine(tt.body), "Content-Type: application/json"}
				if !slices.Equal(got.lines, want) {
					t.Errorf("got  %q\nwant %q", got.lines, want)
				}
			})
		}
	}
}

// chunked frames a body in chunks of n bytes.
func chunked(body string, n int) string {
	var b strings.Builder
	for len(body) > 0 {
		part := body[:min(n, len(body))]
		body = body[len(part):]
		b.WriteString(strconv.FormatInt(int64(len(part)), 16) + "\r\n" + part + "\r\n")
	}
	return b.String() + "0\r\n\r\n"
}

// A replaced span changes nothing around it.
func TestAroundAReplacement(t *testing.T) {
	token := pseudonymOf(phone)
	tests := []struct{ name, target, body, wantTarget, wantBody string }{
		{"in a body", "/free/a%2fb?x=1;", ` {"p":9079290933572287000, "a":"\u002b1202555\u00301\u0034\u0033", "a":"` + phone + `","z":1.0}`,
			"/free/a%2fb?x=1;", ` {"p":9079290933572287000, "a":"` + token + `", "a":"` + token + `","z":1.0}`},
		{"in a segment", "/free/%7e//%2b12025550143%2fx/\xc3\xbc|", "", "/free/%7e//" + token + "%2fx/\xc3\xbc|", ""},
		{"in a query", "/free/a?&b=%7e;&u=%2B12025550143&u=+12025550143&&", "", "/free/a?&b=%7e;&u=" + token + "&u=" + token + "&&", ""},
		{"in a name of the query", "/free/a?%2b12025550143=%7e", "", "/free/a?" + token + "=%7e", ""},
		{"in a member name", "/free/a", `{"` + phone + `" : 1}`, "/free/a", `{"` + token + `" : 1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			raw(t, serveRules(t, ruleText, c), request("POST", tt.target, nil, tt.body)).fine(t)
			got := c.one(t)
			if target := strings.TrimPrefix(strings.Split(got.raw, " HTTP/1.1\r\n")[0], "POST "); target != tt.wantTarget {
				t.Errorf("got  %q\nwant %q", target, tt.wantTarget)
			}
			if got.body != tt.wantBody {
				t.Errorf("got  %q\nwant %q", got.body, tt.wantBody)
			}
		})
	}
}

// Absolute form and credentials in a target lead nowhere but to the collector.
func TestAbsoluteForm(t *testing.T) {
	for _, target := range []string{
		"http://elsewhere.example/free/a%2Fb?x=1;",
		"http://user:pass@elsewhere.example:81/free/a%2Fb?x=1;",
		"https://elsewhere.example/free/a%2Fb?x=1;",
	} {
		c := newCollector(t, nil)
		raw(t, serveRules(t, ruleText, c), request("GET", target, nil, "")).fine(t)
		got := c.one(t)
		if got.target != "/free/a%2Fb?x=1;" || strings.Contains(got.raw, "elsewhere") || strings.Contains(got.raw, "pass") {
			t.Errorf("%s: got %q", target, got.raw)
		}
	}
}

// The answers of a collector are its own business: status, header and body pass.
func TestAnswerAsSent(t *testing.T) {
	tests := []struct{ name, method, answer, status, body string }{
		{"an error", "POST", "HTTP/1.1 500 Oops\r\nContent-Length: 4\r\nX-A: 1\r\n\r\nlost", "500", "lost"},
		{"a problem of the collector's", "POST", "HTTP/1.1 403 Forbidden\r\nContent-Type: application/problem+json\r\nContent-Length: 2\r\n\r\n{}", "403", "{}"},
		{"no media type", "POST", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "200", "<html>"},
		{"an unknown status", "POST", "HTTP/1.1 299 Fine\r\nContent-Length: 1\r\n\r\nx", "299", "x"},
		{"a redirect", "POST", "HTTP/1.1 307 T\r\nLocation: //elsewhere.example/a%2fb\r\nContent-Length: 0\r\n\r\n", "307", ""},
		{"cookies", "POST", "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/\r\nContent-Length: 0\r\n\r\n", "200", ""},
		{"chunked", "POST", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked("abcdefghij", 3), "200", "abcdefghij"},
		{"until the end", "POST", "HTTP/1.1 200 OK\r\n\r\nabc", "200", "abc"},
		{"204", "POST", "HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", "204", ""},
		{"304", "GET", "HTTP/1.1 304 Not Modified\r\nEtag: \"x\"\r\n\r\n", "304", ""},
		{"HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n", "200", ""},
		{"a coding", "POST", "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 3\r\n\r\nxyz", "200", "xyz"},
		{"early hints before it", "POST", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "200", "x"},
	}
	for _, tt := range tests {
		for _, with := range []string{"nothing", "a value"} {
			t.Run(tt.name+", "+with+" replaced", func(t *testing.T) {
				c := newCollector(t, func(*received) string { return tt.answer })
				target := "/free/a"
				if with == "a value" {
					target = "/free/" + phone
				}
				res := raw(t, serveRules(t, ruleText, c), request(tt.method, target, nil, ""))
				if res.err != nil || strconv.Itoa(res.StatusCode) != tt.status || res.body != tt.body {
					t.Fatalf("got %v %q, error %v, want %s %q", res.Response, res.body, res.err, tt.status, tt.body)
				}
				head, _, _ := strings.Cut(tt.answer[strings.LastIndex(tt.answer, "HTTP/1.1"):], "\r\n\r\n")
				want := http.Header{}
				for _, line := range strings.Split(head, "\r\n")[1:] {
					if name, value, _ := strings.Cut(line, ": "); name != "Transfer-Encoding" {
						want.Add(name, value)
					}
				}
				for _, name := range []string{"Date", "Connection"} { // a server's own
					res.Header.Del(name)
				}
				if want.Get("Content-Length") == "" {
					res.Header.Del("Content-Length")
				}
				for name := range want {
					if !slices.Equal(want[name], res.Header[name]) {
						t.Errorf("%s: got %q, want %q", name, res.Header[name], want[name])
					}
				}
				for name := range res.Header {
					if want[name] == nil {
						t.Errorf("%s: %q was added", name, res.Header[name])
					}
				}
			})
		}
	}
}
