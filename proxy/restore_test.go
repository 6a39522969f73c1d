package proxy_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/statveil/statveil/proxy"
)

func answerOf(lines []string, body string) string {
	head := "HTTP/1.1 200 OK\r\n"
	for _, l := range lines {
		head += l + "\r\n"
	}
	return head + lengthLine(body) + "\r\n\r\n" + body
}

// What a collector says of a value comes back as the client wrote it, escaped
// for the place where it stands.
func TestRestored(t *testing.T) {
	const odd = "O\"Br\\ien\t\u0001 é😀/<&>"
	spelled, _ := json.Marshal(odd)
	tests := []struct {
		name   string
		target string
		lines  []string
		body   string
		answer func(r *received) string
		want   string
		header map[string]string
	}{
		{"a string", "/v1/x/y", nil, `{"user":"Anna"}`, echo, `{"user":"Anna"}`, nil},
		{"inside a string", "/free/a", nil, `"sip:` + phone + `@pbx"`, echo, `"sip:` + phone + `@pbx"`, nil},
		{"with more behind it", "/free/a", nil, `["+12025550143x7","` + phone + other + `"]`, echo, `["+12025550143x7","` + phone + other + `"]`, nil},
		{"reversible ones of many lengths", "/back/a", nil, `{"u":["a","a longer one","` + phone + `", "a"]}`, echo, `{"u":["a","a longer one","` + phone + `", "a"]}`, nil},
		{"what must be escaped", "/v1/x/y", nil, `{"user":` + string(spelled) + `}`, echo, "", nil},
		{"a member name", "/free/a", nil, `{"` + phone + `":1}`, echo, `{"` + phone + `":1}`, nil},
		{"a number", "/v1/x/y", nil, `{"n":358401234567,"m":[1]}`, echo, `{"n":358401234567,"m":[1]}`, nil},
		{"a number inside a string", "/v1/x/y", nil, `{"n":35840.12}`, says("application/json", `{"a":"id-%s","b":"%[1]s"}`), `{"a":"id-35840.12","b":35840.12}`, nil},
		{"a number as member name", "/v1/x/y", nil, `{"n":35840.12}`, says("application/json", `{"%s" : {"%[1]s":[1]}}`), `{"35840.12" : {"35840.12":[1]}}`, nil},
		{"a number behind an escaped quote", "/v1/x/y", nil, `{"n":12}`, says("application/json", `{"a":"\"%s"}`), `{"a":"\"12"}`, nil},
		{"a number in JSON in a string", "/v1/x/y", nil, `{"n":12}`, says("application/json", `{"a":"{\"n\":\"%s\"}"}`), `{"a":"{\"n\":\"12\"}"}`, nil},
		{"a number alone", "/v1/x/y", nil, `{"n":12}`, says("application/json", `"%s"`), `12`, nil},
		{"many JSON texts", "/v1/x/y", nil, `{"user":"a\"b"}`, says("application/x-ndjson", "{\"u\":\"%s\"}\n{\"u\":\"%[1]s\"}\n"), "{\"u\":\"a\\\"b\"}\n{\"u\":\"a\\\"b\"}\n", nil},
		{"JSON behind a guard", "/v1/x/y", nil, `{"user":"a\"b"}`, says("application/json", ")]}',\n{\"u\":\"%s\"}"), ")]}',\n{\"u\":\"a\\\"b\"}", nil},
		{"text", "/v1/x/y", nil, `{"user":"a\"b"}`, says("text/plain", "user %s is known; %[1]s!"), `user a"b is known; a"b!`, nil},
		{"HTML", "/v1/x/y", nil, `{"user":"<b onload=\"x\">&"}`, says("text/html; charset=utf-8", "<p>%s</p>"), `<p>&lt;b onload=&#34;x&#34;&gt;&amp;</p>`, nil},
		{"what may be taken for HTML", "/v1/x/y", nil, `{"user":"<script>"}`, says("", "no user %s"), `no user &lt;script&gt;`, nil},
		{"a script that calls back", "/v1/x/y", nil, `{"user":"\"});alert(1)//</script>"}`, says("application/javascript", `cb({"a":"%s"})`), `cb({"a":"\"});alert(1)//\u003c/script\u003e"})`, nil},
		{"a form", "/v1/x/y", nil, `{"user":"a&b=c d+"}`, says("application/x-www-form-urlencoded", "u=%s&n=1"), `u=a%26b%3Dc%20d%2B&n=1`, nil},
		{"events", "/v1/x/y", nil, `{"user":"a\nevent: x\""}`, says("text/event-stream", "data: {\"u\":\"%s\"}\n\n"), "data: {\"u\":\"a\\nevent: x\\\"\"}\n\n", nil},
		{"a number as it was written", "/v1/x/y", nil, `{"n":1.50e3}`, says("application/json", `{"a":"%s"}`), `{"a":1.50e3}`, nil},
		{"a location", "/v1/x/y", nil, `{"user":"a b/+é\"?&=#%"}`, says("", "", "Location: /u/%s?id=%[1]s", "Content-Location: %[1]s"), "",
			map[string]string{"Location": "/u/a%20b%2F%2B%C3%A9%22%3F%26%3D%23%25?id=a%20b%2F%2B%C3%A9%22%3F%26%3D%23%25", "Content-Location": "a%20b%2F%2B%C3%A9%22%3F%26%3D%23%25"}},
		{"a link", "/v1/" + phone + "/y", nil, "", says("", "", `Link: </c/%s>; rel="next", </>; rel="up"`), "",
			map[string]string{"Link": `</c/%2B12025550143>; rel="next", </>; rel="up"`}},
		{"the path's spelling is first", "/v1/tel:+12025550143/y?user=%2B1-202-555-0143", []string{"X-User: +1 202 555 0143"}, `{"user":"+1 (202) 555-0143"}`, echo, `{"user":"tel:+12025550143"}`, nil},
		{"then the query's", "/v1/x/y?user=%2B1-202-555-0143", []string{"X-User: +1 202 555 0143", "Cookie: +1.202.555.0143"}, `{"user":"+1 (202) 555-0143"}`, echo, `{"user":"+1-202-555-0143"}`, nil},
		{"then the header's", "/v1/x/y", []string{"Cookie: +1.202.555.0143", "X-User: +1 202 555 0143"}, `{"user":"+1 (202) 555-0143"}`, echo, `{"user":"+1 202 555 0143"}`, nil},
		{"then the cookie's", "/v1/x/y", []string{"Cookie: +1.202.555.0143"}, `{"user":"+1 (202) 555-0143"}`, echo, `{"user":"+1.202.555.0143"}`, nil},
		{"then the body's first", "/v1/x/y", nil, `{"user":"+1 (202) 555-0143","users":["+12025550143"]}`, echo, `{"user":"+1 (202) 555-0143","users":["+1 (202) 555-0143"]}`, nil},
		{"in chunks", "/v1/x/y", nil, `{"user":"Anna"}`, func(r *received) string {
			return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(r.body, 3)
		}, `{"user":"Anna"}`, nil},
		{"until the end", "/v1/x/y", nil, `{"user":"Anna"}`, func(r *received) string { return "HTTP/1.1 200 OK\r\n\r\n" + r.body }, `{"user":"Anna"}`, nil},
		{"gzip", "/v1/x/y", []string{"Accept-Encoding: gzip"}, `{"user":"Anna"}`, func(r *received) string {
			return answerOf([]string{"Content-Encoding: gzip", "Content-Digest: x", "Signature: y"}, gzipped(r.body, gzip.Header{}))
		}, `{"user":"Anna"}`, map[string]string{"Content-Encoding": "", "Content-Digest": "", "Signature": ""}},
		{"an error", "/v1/x/y", nil, `{"user":"Anna"}`, func(r *received) string {
			return strings.Replace(answerOf(nil, "no user "+tokens.FindString(r.body)), "200 OK", "404 Not Found", 1)
		}, "no user Anna", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, tt.answer)
			res := raw(t, serveRules(t, ruleText, c), request("POST", tt.target, tt.lines, tt.body))
			if res.err != nil {
				t.Fatal(res.err)
			}
			checkRestored := res.body == tt.want
			if tt.name == "what must be escaped" {
				var got struct{ User string }
				if err := json.Unmarshal([]byte(res.body), &got); err != nil || got.User != odd {
					t.Errorf("got %q, %v, want %q", res.body, err, odd)
				}
				checkRestored = true
			}
			if !checkRestored {
				t.Errorf("got  %q\nwant %q", res.body, tt.want)
			}
			if res.ContentLength >= 0 && res.Header.Get("Content-Length") != strconv.Itoa(len(res.body)) {
				t.Errorf("got Content-Length %q of %d bytes", res.Header.Get("Content-Length"), len(res.body))
			}
			for name, want := range tt.header {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s: got  %q\nwant %q", name, got, want)
				}
			}
			for _, r := range c.all() {
				checkQuiet(t, r.raw)
			}
		})
	}
}

// echo answers with the body that came.
func echo(r *received) string { return answerOf([]string{"Content-Type: application/json"}, r.body) }

// says answers with texts in which %s is the last token of the request.
func says(medium, body string, lines ...string) func(*received) string {
	return func(r *received) string {
		found := tokens.FindAllString(r.raw, -1)
		token := found[len(found)-1]
		var all []string
		for _, l := range lines {
			all = append(all, fmt.Sprintf(l, token))
		}
		if medium != "" {
			all = append(all, "Content-Type: "+medium)
		}
		if body == "" {
			return answerOf(all, "")
		}
		return answerOf(all, fmt.Sprintf(body, token))
	}
}

// What is none of this exchange's, or cannot be undone, passes byte for byte.
func TestNotRestored(t *testing.T) {
	theirs := pseudonymOf(other)
	plain := gzipped(`{"nothing":1}`, named)
	// A stored block of deflate shows its text: that is no reason to change it.
	stored := func(r *received) string { return "\x01\x24\x00\xdb\xff" + tokens.FindString(r.raw) }
	large := strings.Repeat("x", 1000)
	tests := []struct {
		name   string
		target string
		lines  []string
		body   func(r *received) string
	}{
		{"another client's token", "/free/" + phone, nil, func(*received) string { return `{"u":"` + theirs + `"}` }},
		{"a token cut short", "/free/" + phone, nil, func(r *received) string { return tokens.FindString(r.raw)[:35] }},
		{"restore: none", "/quiet/" + phone, nil, func(r *received) string { return tokens.FindString(r.raw) }},
		{"gzip with nothing in it", "/free/" + phone, []string{"Content-Encoding: gzip"}, func(*received) string { return plain }},
		{"gzip that is none", "/free/" + phone, []string{"Content-Encoding: gzip"}, func(r *received) string { return tokens.FindString(r.raw) }},
		{"an unknown coding", "/free/" + phone, []string{"Content-Encoding: compress"}, stored},
		{"two codings", "/free/" + phone, []string{"Content-Encoding: gzip", "Content-Encoding: gzip"}, stored},
		{"deflate that goes on behind its end", "/free/" + phone, []string{"Content-Encoding: deflate"}, func(r *received) string { return stored(r) + "x" }},
		{"zstd that is none", "/free/" + phone, []string{"Content-Encoding: zstd"}, func(r *received) string { return tokens.FindString(r.raw) }},
		{"larger than the limit", "/free/" + phone, nil, func(r *received) string { return large + tokens.FindString(r.raw) + large }},
		{"a token that the client sent itself", "/v1/" + theirs + "/y", nil, func(*received) string { return theirs }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var sent string
			c := newCollector(t, func(r *received) string {
				sent = tt.body(r)
				return answerOf(tt.lines, sent)
			})
			s := newSanitizer(t, ruleText)
			s.Limits = proxy.Limits{Body: 1000}
			res := raw(t, serve(t, s, c.url), request("POST", tt.target, nil, "")).fine(t)
			if res.body != sent {
				t.Errorf("got  %q\nwant %q", clip(res.body), clip(sent))
			}
			var want []string
			for _, l := range tt.lines {
				want = append(want, strings.TrimPrefix(l, "Content-Encoding: "))
			}
			if got := res.Header["Content-Encoding"]; fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got Content-Encoding %q, want %q", got, want)
			}
		})
	}
}

// An answer that breaks off never looks whole to the client.
func TestBrokenAnswer(t *testing.T) {
	tests := []struct{ name, answer string }{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"a\":1}"},
		{"a length, nothing there", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n"},
		{"a wrong chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\nzz\r\n"},
	}
	for _, tt := range tests {
		for _, target := range []string{"/free/a", "/free/" + phone, "/static/a"} {
			t.Run(tt.name+", "+target, func(t *testing.T) {
				c := newCollector(t, func(*received) string { return tt.answer })
				c.breaks = true
				res := raw(t, serveRules(t, ruleText, c), request("POST", target, nil, ""))
				if res.err == nil && res.StatusCode != 502 {
					t.Errorf("got %s %q, whole as it seems", res.Status, res.body)
				}
			})
		}
	}
}
