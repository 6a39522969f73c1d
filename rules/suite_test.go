package rules

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestBadSuites compares the whole text of the error of each bad test file with
// the file *.want beside it.
func TestBadSuites(t *testing.T) {
	paths, err := filepath.Glob("testdata/suites/bad-*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no bad files: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			suites, err := LoadTests(path)
			var problems Problems
			if suites != nil || !errors.As(err, &problems) {
				t.Fatalf("got %v and %v, want Problems", suites, err)
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".want", err.Error()+"\n")
		})
	}
}

// testToken is the pseudonym of the proxy of these tests.
func testToken(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "psn_" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:32])
}

// A testProxy rewrites as the rules say and restores, then spoils what leaves or
// what was found.
type testProxy struct {
	spoil func(*testArrival)
}

type testArrival struct {
	method, target string
	header         http.Header
	body           string
	found          []Seen
}

func (p testProxy) try(set *Set, req *http.Request, to Collector) (*http.Response, Outcome) {
	body, _ := io.ReadAll(req.Body)
	path, query, _ := strings.Cut(req.RequestURI, "?")
	msg := &Message{Method: req.Method, Host: req.Host, Path: path, Query: query, Body: body, Header: req.Header}
	m, err := set.Match(msg)
	if m == nil || err != nil {
		return &http.Response{StatusCode: 403}, Outcome{Refused: "no_route", Detail: "none"}
	}
	out := Outcome{Route: m.Route.Name}
	if !m.Route.Pass {
		err := m.Rewrite(nil, func(f *Finding) (string, error) {
			with := testToken(f.Canonical())
			if f.Rule.Do == Keep {
				with = ""
			}
			if !f.Repeated() {
				out.Seen = append(out.Seen, Seen{f.Rule, f.Address(), f.Kind, f.Text(), with, f.Action()})
			}
			return with, nil
		})
		if err != nil {
			return &http.Response{StatusCode: 400}, Outcome{Route: m.Route.Name, Refused: "unparseable"}
		}
	}
	out.Tenant = strings.Split(path, "/")[min(2, strings.Count(path, "/"))]
	target := msg.Path
	if msg.Query != "" {
		target += "?" + msg.Query
	}
	a := &testArrival{req.Method, target, req.Header, string(msg.Body), out.Seen}
	if p.spoil != nil {
		p.spoil(a)
	}
	return a.deliver(to, out)
}

func (a *testArrival) deliver(to Collector, out Outcome) (*http.Response, Outcome) {
	path, query, _ := strings.Cut(a.target, "?")
	req := &http.Request{Method: a.method, URL: &url.URL{Opaque: path, RawQuery: query}, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body))}
	out.Seen = a.found
	res, err := to(req, a.found)
	if err != nil {
		return &http.Response{StatusCode: 502}, Outcome{Refused: "collector"}
	}
	text, _ := io.ReadAll(res.Body)
	restored := string(text)
	for _, f := range a.found {
		if f.With != "" {
			restored = strings.ReplaceAll(restored, f.With, f.Text)
			for _, values := range res.Header {
				values[0] = strings.ReplaceAll(values[0], f.With, f.Text)
			}
		}
	}
	res.Body = io.NopCloser(strings.NewReader(restored))
	return res, out
}

func (f Failure) String() string { return f.Place + ": " + f.Message }

func TestGoodSuites(t *testing.T) {
	suites, err := LoadTests("testdata/suites/good-requests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range suites {
		for _, r := range s.Run(testProxy{}.try) {
			for _, f := range r.Failures {
				t.Errorf("%s: %s\n  sent    %q\n  wanted  %q\n  arrived %q", r.Test.Name, f, f.Sent, f.Wanted, f.Arrived)
			}
		}
	}
}

// suiteOf parses the text of one test; it names no rules, but has these.
func suiteOf(t *testing.T, test string) *Suite {
	t.Helper()
	data, err := os.ReadFile("testdata/suites/events.yaml")
	if err != nil {
		t.Fatal(err)
	}
	dir := write(t, map[string]string{"events.yaml": string(data), "a_test.yaml": "rules: events.yaml\ntests:\n  - name: a\n    " +
		strings.ReplaceAll(strings.TrimSpace(test), "\n", "\n    ") + "\n"})
	suites, err := LoadTests(dir)
	if err != nil {
		t.Fatal(err)
	}
	return suites[0]
}

func failures(r Result) string {
	var all []string
	for _, f := range r.Failures {
		all = append(all, f.String())
	}
	return strings.Join(all, "\n")
}

// TestWrongProxies: whatever a proxy does wrong, a test sees it.
func TestWrongProxies(t *testing.T) {
	const test = `
request: POST /apps/7/rooms/%2B12025550143?x=%7e&user=call%20anna@example.com&y=1
headers: {X-User: [a, b], X-Other: c, Cookie: a=1}
body: '{"user":"anna", "a":1,"a":1, "n":1.50, "b":{"phone":"x +1\u0020202 555 0143 y"},"user2":"\u0061", "users":[{"name":"otto"}]}'
answer: {status: 200, headers: {Location: /<value=1>}, body: {who: <value=1>}}
want:
  route: join
  tenant: "7"
  changed: {path.room: <value>, query.user: call <email>, body.user: <value=1>, body.b.phone: x <phone> y, body.users.0.name: <value=2>}
  answer: {status: 200, headers: {Location: /anna}, body: {who: anna}}
`
	suite := suiteOf(t, test)
	inBody := func(old, new string) func(*testArrival) {
		return func(a *testArrival) {
			if !strings.Contains(a.body, old) {
				panic("the body has no " + old + ": " + a.body)
			}
			a.body = strings.Replace(a.body, old, new, 1)
		}
	}
	anna, otto := testToken("anna"), testToken("otto")
	tests := []struct {
		name  string
		spoil func(*testArrival)
		want  string
	}{
		{"nothing", func(*testArrival) {}, ""},
		{"another method", func(a *testArrival) { a.method = "PUT" }, "method: arrived differently"},
		{"the path decoded", func(a *testArrival) { a.target = strings.Replace(a.target, "/rooms", "/r%6foms", 1) }, "path: arrived differently"},
		{"a slash more", func(a *testArrival) { a.target = strings.Replace(a.target, "?", "/?", 1) }, "path.room: another value arrived"},
		{"no slash", func(a *testArrival) { a.target = strings.Replace(a.target, "/apps", "apps", 1) }, "path: arrived differently"},
		{"the query decoded", func(a *testArrival) { a.target = strings.Replace(a.target, "%7e", "~", 1) }, "query: arrived differently"},
		{"a parameter decoded", func(a *testArrival) { a.target = strings.Replace(a.target, "%20", "+", 1) },
			"query.user: what stands around the pseudonym did not arrive as it was sent"},
		{"parameters in another order", func(a *testArrival) { a.target = strings.Replace(a.target, "?x=%7e&", "?", 1) + "&x=%7e" }, "query: arrived differently"},
		{"a parameter less", func(a *testArrival) { a.target = strings.TrimSuffix(a.target, "&y=1") }, "query: arrived differently"},
		{"values of a header in another order", func(a *testArrival) { a.header["X-User"] = []string{"b", "a"} },
			"header.X-User: arrived differently\nheader.X-User: arrived differently"},
		{"a value of a header less", func(a *testArrival) { a.header["X-User"] = []string{"a"} }, "header.X-User: arrived with 1 values, not with 2"},
		{"a header less", func(a *testArrival) { a.header.Del("X-Other") }, "header.X-Other: did not arrive"},
		{"a header more", func(a *testArrival) { a.header.Set("Via", "x") }, "header.Via: arrived, but was not sent"},
		{"an empty header more", func(a *testArrival) { a.header.Set("Via", "") }, "header.Via: arrived, but was not sent"},
		{"an empty User-Agent", func(a *testArrival) { a.header.Set("User-Agent", "") }, ""},
		{"a header of the way", func(a *testArrival) { a.header.Set("Accept-Encoding", "gzip") }, ""},
		{"a cookie changed", func(a *testArrival) { a.header.Set("Cookie", "a=2") }, "header.Cookie: arrived differently"},
		{"a byte of a number", inBody("1.50", "1.5"), "body: arrived differently"},
		{"white space", inBody(", \"b\"", ",\"b\""), "body: arrived differently"},
		{"an escape", inBody(`\u0061`, "a"), "body: arrived differently"},
		{"an escape beside a pseudonym", inBody(`"x `, `"\u0078 `), "body.b.phone: what stands around the pseudonym did not arrive as it was sent"},
		{"a duplicate less", inBody(`"a":1,"a":1`, `"a":1`), "body: arrived differently"},
		{"members in another order", inBody(`"a":1, "n":1.50`, `"n":1.50, "a":1`), "body: arrived differently"},
		{"a byte more", func(a *testArrival) { a.body += "\n" }, "body: arrived differently"},
		{"nothing of the body", func(a *testArrival) { a.body = "" }, "body: did not arrive"},
		{"a token cut", inBody(anna, anna[:30]), "body.user: another value arrived"},
		{"a token that looks like one", inBody(anna, "psn_aaaa"), "body.user: another value arrived"},
		{"the other's pseudonym", inBody(anna, otto), "body.user: another value arrived"},
		{"pseudonyms swapped", func(a *testArrival) {
			a.body = strings.NewReplacer(anna, otto, otto, anna).Replace(a.body)
		}, "body.user: another value arrived\nbody.users.0.name: another value arrived"},
		{"one pseudonym for two", func(a *testArrival) {
			a.body = strings.ReplaceAll(a.body, otto, anna)
			for i := range a.found {
				if a.found[i].With == otto {
					a.found[i].With = anna
				}
			}
		}, "body.users.0.name: another value arrived"},
		{"the value as it was sent", inBody(anna, "anna"), "body.user: another value arrived"},
		{"a pseudonym nobody reported", func(a *testArrival) { a.found = nil },
			"path.room: nothing of the kind value was found there\nquery.user: nothing of the kind email was found there\n" +
				"body.user: nothing of the kind value was found there\nbody.b.phone: nothing of the kind phone was found there\n" +
				"body.users.0.name: nothing of the kind value was found there"},
		{"an object in the place", inBody(`"`+anna+`"`, `{"x":["`+anna+`"]}`), "body.user: another value arrived"},
		{"a string for a number", inBody("1.50", `"1.50"`), "body: arrived differently"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := failures(suite.Run(testProxy{tt.spoil}.try)[0])
			if got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// arrives is a proxy out of which this comes: the request, with these changes
// made to its text, and the findings as address kind text with.
func arrives(t *testing.T, found [][4]string, change ...string) Try {
	return func(_ *Set, req *http.Request, to Collector) (*http.Response, Outcome) {
		body, _ := io.ReadAll(req.Body)
		req.Body = io.NopCloser(bytes.NewReader(body))
		var b bytes.Buffer
		fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: x\r\n", req.Method, req.RequestURI)
		for _, name := range slices.Sorted(maps.Keys(req.Header)) {
			for _, v := range req.Header[name] {
				fmt.Fprintf(&b, "%s: %s\r\n", name, v)
			}
		}
		text := b.String() + "\r\n" + string(body)
		for i := 0; i < len(change); i += 2 {
			if !strings.Contains(text, change[i]) {
				t.Fatalf("there is no %q in %q", change[i], text)
			}
			text = strings.Replace(text, change[i], change[i+1], 1)
		}
		head, rest, _ := strings.Cut(text, "\r\n\r\n")
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		var all []Seen
		for _, f := range found {
			all = append(all, Seen{&Rule{}, f[0], f[1], f[2], f[3], Pseudonymize})
		}
		a := &testArrival{r.Method, r.RequestURI, r.Header, rest, all}
		return a.deliver(to, Outcome{Route: "join", Tenant: "7"})
	}
}

// TestExpected: what arrived, as another proxy than ours might make it, and what
// a test says of it. Failures are place: message.
func TestExpected(t *testing.T) {
	const p, q = "psn_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "psn_bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	phone := func(address, text string) [4]string { return [4]string{address, "phone", text, p} }
	// base64 of {"user":{"id":"anna","n":1.50},"x":"???"} and of what becomes of it
	claims := func(id string) string { return `{"user":{"id":"` + id + `","n":1.50},"x":"???"}` }
	std, raw := base64.StdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	head := raw([]byte(`{"alg":"none"}`))
	jwt := func(id string) string { return head + "." + raw([]byte(claims(id))) + ".c2ln" }
	anna := [4]string{"body.x", "value", "anna", p}
	tests := []struct {
		name, send, changed string
		found               [][4]string
		change              []string
		want                string
	}{
		{"a member is removed", `body: '{"a":1, "b":2 , "c":3}'`, "body.b: null", nil, []string{` "b":2 ,`, ""}, ""},
		{"a member is removed, and its white space", `body: '{"a":1, "b":2 , "c":3}'`, "body.b: null", nil, []string{`"b":2 , `, ""}, ""},
		{"the last member is removed", `body: '{"a":1, "b":2 }'`, "body.b: null", nil, []string{`, "b":2 `, ""}, ""},
		{"the last two members are removed", `body: '{"a":1,"b":2,"c":3}'`, "{body.b: null, body.c: null}", nil, []string{`,"b":2,"c":3`, ""}, ""},
		{"all members are removed", `body: '{"a":1,"b":2}'`, "{body.b: null, body.a: null}", nil, []string{`"a":1,"b":2`, ""}, ""},
		{"the only member is removed", `body: '{ "a":1 }'`, "body.a: null", nil, []string{`{ "a":1 }`, "{}"}, ""},
		{"a member between spaces is removed", `body: '{ "a":1 , "b" : 2 , "c":3}'`, "body.b: null", nil, []string{` , "b" : 2 , `, ` ,`}, ""},
		{"an element is removed", `body: '{"l":[1,"+12025550143",3]}'`, "body.l.0: null", nil, []string{`1,`, ""}, ""},
		{"elements are removed before one that changes", `body: '{"l":[1,2,"+12025550143",4]}'`, "{body.l.0: null, body.l.1: null, body.l.2: <phone>}",
			[][4]string{phone("body.l.2", "+12025550143")}, []string{`1,2,"+12025550143"`, `"` + p + `"`}, ""},
		{"a member is not removed", `body: '{"a":1,"b":2}'`, "body.b: null", nil, nil, "body: arrived differently"},
		{"a comma is left", `body: '{"a":1,"b":2}'`, "body.b: null", nil, []string{`"b":2`, ""}, "body: arrived differently"},
		{"a number that becomes another", `body: '{"n":12.345}'`, "body.n: 12.34", nil, []string{"12.345", "12.34"}, ""},
		{"a number that becomes a text", `body: '{"n":12.345}'`, "body.n: 12.34", nil, []string{"12.345", `"12.34"`}, "body.n: another value arrived"},
		{"a text that becomes a number", `body: '{"n":12.345}'`, `body.n: "12.34"`, nil, []string{"12.345", "12.34"}, "body.n: another value arrived"},
		{"a number in the shape of one", `body: '{"n":12025550143}'`, "body.n: <value>", [][4]string{{"body.n", "value", "12025550143", "19998887777"}},
			[]string{"12025550143", "19998887777"}, ""},
		{"a mask", `body: '{"n":"1234567890123456"}'`, `body.n: "************3456"`, nil, []string{"1234567890123456", "************3456"}, ""},
		{"a shape in a query", "request: POST /apps/7/rooms?to=%2B12025550143", "query.to: <phone>", [][4]string{{"query.to", "phone", "+12025550143", "+12025559999"}},
			[]string{"%2B12025550143", "%2B12025559999"}, ""},
		{"a parameter is removed", "request: POST /apps/7/rooms?a=1&b=2", "query.b: null", nil, []string{"&b=2", ""}, ""},
		{"a cookie is removed", `headers: {Cookie: "a=1; b=2; c=3"}`, "cookie.b: null", nil, []string{" b=2;", ""}, ""},
		{"cookies in two ways", `headers: {Cookie: "a=1"}`, "{cookie.a: 1, header.Cookie: a=1}", nil, nil,
			"header.Cookie: stands in one place with cookie.a, but reads it another way"},
		{"a header is removed", "headers: {X-A: [a, b]}", "header.X-A: null", nil, []string{"X-A: a\r\nX-A: b\r\n", ""}, ""},
		{"a header is not removed", "headers: {X-A: a}", "header.x-a: null", nil, nil, "header.x-a: arrived, but was to be removed"},
		{"a parameter is renamed", "request: POST /apps/7/rooms?%2b12025550143=1", "query.@keys.+12025550143: <phone>",
			[][4]string{phone("query.+12025550143", "+12025550143")}, []string{"%2b12025550143", p}, ""},
		{"a header is renamed", "headers: {X-Otto: 1}", "header.@keys.X-Otto: <value>", [][4]string{{"header.X-Otto", "value", "X-Otto", p}}, []string{"X-Otto", p}, ""},
		{"a header is renamed, and changed", "headers: {X-Otto: 1}", "header.@keys.X-Otto: <value>", [][4]string{{"header.X-Otto", "value", "X-Otto", p}},
			[]string{"X-Otto: 1", p + ": 2"}, "header.@keys.X-Otto: arrived with other values"},
		{"a header keeps its name", "headers: {X-Otto: 1}", "header.@keys.X-Otto: <value>", [][4]string{{"header.X-Otto", "value", "X-Otto", p}}, nil,
			"header.@keys.X-Otto: no header of this name arrived"},
		{"a form", "body: a=1&to=%2B12025550143", "form.to: <phone>", [][4]string{phone("form.to", "+12025550143")}, []string{"%2B12025550143", p}, ""},
		{"a form of parts", "headers: {Content-Type: multipart/form-data; boundary=b}\nbody: \"--b\\r\\nContent-Disposition: form-data; name=to\\r\\n\\r\\n" +
			"+12025550143\\r\\n--b\\r\\nContent-Disposition: form-data; name=\\\"from\\\"\\r\\n\\r\\nx\\r\\n--b--\\r\\n\"",
			"{form.to: <phone>, form.from: y}", [][4]string{phone("form.to", "+12025550143")}, []string{"+12025550143", p, "x\r\n--b--", "y\r\n--b--"}, ""},
		{"a text", "body: call +12025550143 now", "text: call <phone> now", [][4]string{phone("text", "+12025550143")}, []string{"+12025550143", p}, ""},
		{"lines of JSON", `body: "{\"a\":\"anna\"}\n{\"a\":\"otto\"}\n"`, "body.a: [<value=1>, <value=2>]",
			[][4]string{{"body.a", "value", "anna", p}, {"body.a", "value", "otto", q}}, []string{"anna", p, "otto", q}, ""},
		{"one label for two", `body: {a: anna, b: otto}`, "{body.a: <value=1>, body.b: <value=1>}",
			[][4]string{{"body.a", "value", "anna", p}, {"body.b", "value", "otto", q}}, []string{"anna", p, "otto", q}, "body.b: another value arrived"},
		{"two labels for one", `body: {a: anna, b: Anna}`, "{body.a: <value=1>, body.b: <value=2>}",
			[][4]string{{"body.a", "value", "anna", p}, {"body.b", "value", "Anna", p}}, []string{"anna", p, "Anna", p}, "body.b: another value arrived"},
		{"one label for two kinds", `body: {a: +1 202 555 0143, b: call +12025550143}`, "{body.a: <value=1>, body.b: call <phone=1>}",
			[][4]string{{"body.a", "value", "+1 202 555 0143", p}, phone("body.b", "+12025550143")}, []string{"+1 202 555 0143", p, "+12025550143", p}, ""},
		{"a place that was not sent", `body: {a: 1}`, "body.b: 1", nil, nil, "body.b: there is no such place in what was sent"},
		{"a capture that is none", `body: {a: 1}`, "path.rom: 1", nil, nil, "path.rom: there is no such place in what was sent"},
		{"a place in another", `body: {a: {b: 1}}`, "{body.a: 1, body.a.b: 1}", nil, nil, "body.a.b: stands inside another place of changed"},
		{"more values than were sent", `body: {a: 1}`, "body.a: [1, 1]", nil, nil, "body.a: the list has 2 values; sent under this name were 1"},
		{"a body in two ways", `body: {a: 1}`, "{body.a: 1, text: a}", nil, nil, "body: a body is JSON, a form or a text: changed takes it for more than one"},
		{"no JSON", `body: a`, "body.a: 1", nil, nil, "body.a: what was sent there is not JSON"},
		{"names that paths must escape", `body: '{"a.b":{":c":{"*":{"#":{"|@":"anna"}}}}, "":{"é ":[["otto"]]}}'`,
			`{'body.a\.b.:c.\*.\#.|@': <value>, 'body.@keys.a\.b': x}`, [][4]string{{"body.x", "value", "anna", p}}, []string{"anna", p, `"a.b"`, `"x"`}, ""},
		{"nested arrays", `body: {l: [[a, [b, anna]]]}`, "body.l.0.1.1: <value>", [][4]string{{"body.l", "value", "anna", p}}, []string{"anna", p}, ""},
		{"duplicates above", `body: '{"u":{"b":1},"u":{"a":"anna"}}'`, "body.u.a: <value>", [][4]string{{"body.u.a", "value", "anna", p}}, []string{"anna", p}, ""},

		{"JSON in a string", `body: '{"x":"{\"id\": \"anna\",\"n\":1.50}"}'`, "body.x.@fromstr.id: <value>", [][4]string{anna}, []string{"anna", p}, ""},
		{"JSON in a string, and a byte of it", `body: '{"x":"{\"id\": \"anna\",\"n\":1.50}"}'`, "body.x.@fromstr.id: <value>", [][4]string{anna},
			[]string{"anna", p, "1.50", "1.5"}, "body.x.@fromstr.id: arrived differently"},
		{"JSON that is no string", `body: '{"x":{"id": "anna"}}'`, "body.x.@fromstr.id: <value>", [][4]string{anna}, []string{"anna", p}, ""},
		{"two places in one string", `body: '{"x":"{\"id\":\"anna\",\"to\":\"otto\"}"}'`, "{body.x.@fromstr.id: <value=1>, body.x.@fromstr.to: <value=2>}",
			[][4]string{anna, {"body.x", "value", "otto", q}}, []string{"anna", p, "otto", q}, ""},
		{"one place in two ways", `body: '{"x":"{\"id\":\"anna\",\"to\":\"otto\"}"}'`, "{body.x.@fromstr.id: <value=1>, body.x: <value=2>}",
			[][4]string{anna}, []string{"anna", p}, "body.x: stands in one place with body.x.@fromstr.id, but reads it another way"},
		{"base64", "request: POST /apps/7/rooms?cx=" + raw([]byte(claims("anna"))), "query.cx.@base64.@fromstr.user.id: <value>", [][4]string{{"query.cx", "value", "anna", p}},
			[]string{raw([]byte(claims("anna"))), raw([]byte(claims(p)))}, ""},
		{"base64 in another alphabet", "request: POST /apps/7/rooms?cx=" + raw([]byte(claims("anna"))), "query.cx.@base64.@fromstr.user.id: <value>",
			[][4]string{{"query.cx", "value", "anna", p}}, []string{raw([]byte(claims("anna"))), strings.TrimRight(std([]byte(claims(p))), "=")},
			"query.cx.@base64.@fromstr.user.id: was not put back in the encoding in which it was sent"},
		{"base64 with another padding", `body: {x: ` + std([]byte("anna")) + `}`, "body.x.@base64: <value>", [][4]string{anna},
			[]string{std([]byte("anna")), strings.TrimRight(std([]byte(p)), "=") + "a"}, "body.x.@base64: another value arrived\nbody.x.@base64: was not put back in the encoding in which it was sent"},
		{"base64 of something else", `body: {x: ` + std([]byte("anna")) + `}`, "body.x.@base64: <value>", [][4]string{anna},
			[]string{std([]byte("anna")), std([]byte(q))}, "body.x.@base64: another value arrived"},
		{"no base64", `body: {x: "a b"}`, "body.x.@base64: <value>", nil, nil, "body.x.@base64: what was sent there is not base64"},
		{"a JWT", "headers: {Authorization: Bearer " + jwt("anna") + "}", "header.Authorization.@jwt.user.id: <value>", [][4]string{{"header.Authorization", "value", "anna", p}},
			[]string{jwt("anna"), jwt(p)}, ""},
		{"a JWT without its signature", "headers: {Authorization: Bearer " + jwt("anna") + "}", "header.Authorization.@jwt.user.id: <value>",
			[][4]string{{"header.Authorization", "value", "anna", p}}, []string{jwt("anna"), strings.TrimSuffix(jwt(p), "c2ln")},
			"header.Authorization.@jwt.user.id: arrived differently"},
		{"no JWT", "headers: {Authorization: Basic abc}", "header.Authorization.@jwt.user.id: <value>", nil, nil,
			"header.Authorization.@jwt.user.id: what was sent there is not a JWT"},
		{"percent in a claim", "headers: {Authorization: " + jwt("ann%61") + "}", "header.Authorization.@jwt.user.id.@pct: <value>",
			[][4]string{{"header.Authorization", "value", "anna", p}}, []string{jwt("ann%61"), jwt(p)}, ""},
		{"percent around", `body: {x: a%2fanna%2F}`, "body.x.@pct: a/<value>/", [][4]string{anna}, []string{"anna", p}, ""},
		{"percent around, spelled anew", `body: {x: a%2fanna%2F}`, "body.x.@pct: a/<value>/", [][4]string{anna}, []string{"%2fanna", "%2F" + p},
			"body.x.@pct: what stands around the pseudonym did not arrive as it was sent"},
		{"a URL", `body: {x: "https://u@anna.example:8080/a/anna?id=anna&y=1#anna"}`,
			`{body.x.@url.host: <value>.example, body.x.@url.path: a/<value>, body.x.@url.query.id: <value>, body.x.@url.fragment: <value>}`,
			[][4]string{anna}, []string{"anna", p, "anna", p, "anna", p, "anna", p}, ""},
		{"a list below steps", `body: {x: "/a?id=anna&y=1&id=anna"}`, `body.x.@url.query.id: [<value>, anna]`, [][4]string{anna}, []string{"anna", p}, ""},
		{"a URL in a query", "request: POST /apps/7/rooms?u=%2Fa%3Fid%3Danna%23f", `query.u.@url.query.id: <value>`,
			[][4]string{{"query.u", "value", "anna", p}}, []string{"anna", p}, ""},
		{"a URL and another byte of it", `body: {x: "/a?id=anna&y=1"}`, `body.x.@url.query.id: <value>`, [][4]string{anna}, []string{"anna", p, "y=1", "y=2"},
			"body.x.@url.query.id: arrived differently"},
		{"a parameter of a URL is removed", `body: {x: "/a?id=anna&y=1"}`, `body.x.@url.query.id: null`, nil, []string{"id=anna&", ""}, ""},
		{"a text in steps", "body: " + std([]byte(`{"a":"anna"}`)), "text.@base64.@fromstr.a: <value>", [][4]string{{"text", "value", "anna", p}},
			[]string{std([]byte(`{"a":"anna"}`)), std([]byte(`{"a":"` + p + `"}`))}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			send := tt.send
			if !strings.Contains(send, "request:") {
				send = "request: POST /apps/7/rooms\n" + send
			}
			changed := tt.changed
			if !strings.HasPrefix(changed, "{") {
				changed = "\n    " + changed
			}
			suite := suiteOf(t, send+"\nwant:\n  changed: "+changed)
			r := suite.Run(arrives(t, tt.found, tt.change...))[0]
			if got := failures(r); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
				for _, f := range r.Failures {
					t.Logf("%s\n%s\n%s", f.Sent, f.Wanted, f.Arrived)
				}
			}
		})
	}
}

// TestAnyByte: whatever byte of what arrives is another, or is not there, a test
// sees it.
func TestAnyByte(t *testing.T) {
	suite := suiteOf(t, `
request: POST /apps/7/rooms/%2B12025550143?x=%7e&user=call%20anna@example.com&y=1
headers: {X-User: "call +12025550143 now", Cookie: a=1}
body: '{"user":"anna", "a":1,"a":1, "b":{"phone":"x +1\u0020202 555 0143 y"}, "users":[{"name":"otto"},{}]}'
want:
  changed:
    path.room: <value>
    query.user: call <email>
    header.X-User: call <phone> now
    body.user: <value>
    body.b.phone: x <phone> y
    body.users.0.name: <value>
`)
	if got := failures(suite.Run(testProxy{}.try)[0]); got != "" {
		t.Fatal(got)
	}
	parts := map[string]func(a *testArrival) *string{
		"body":   func(a *testArrival) *string { return &a.body },
		"target": func(a *testArrival) *string { return &a.target },
		"header": func(a *testArrival) *string { return &a.header["X-User"][0] },
		"cookie": func(a *testArrival) *string { return &a.header["Cookie"][0] },
	}
	for name, part := range parts {
		for i, end := 0, false; !end; i++ {
			for _, with := range []string{"", "~"} {
				r := suite.Run(testProxy{func(a *testArrival) {
					s := part(a)
					if end = i >= len(*s); !end {
						*s = (*s)[:i] + with + (*s)[i+1:]
					}
				}}.try)[0]
				if !end && len(r.Failures) == 0 {
					t.Errorf("%s: nobody saw that byte %d became %q", name, i, with)
				}
			}
		}
	}
}

// TestLargeBodies: of a long body, what differs is shown, with what is around it.
func TestLargeBodies(t *testing.T) {
	row := `{"rtt":41.250,"name":"Mäkinen","n":[1,2,3]},` + "\n"
	body := "[" + strings.Repeat(row, 4000) + `{"user":"anna"},` + strings.Repeat(row, 1000) + "0]"
	suite := suiteOf(t, "request: POST /apps/7/rooms\nbody: x\nwant: {changed: {body.4000.user: <value>}}")
	suite.Tests[0].body = []byte(body)
	found := [][4]string{{"body.4000.user", "value", "anna", "psn_otto"}}
	user, at := strings.Index(body, "anna"), strings.LastIndex(body[:len(body)-9000], "41.250")
	r := suite.Run(arrives(t, found, body[user:at+len("41.250")], "psn_otto"+body[user+len("anna"):at]+"41.25"))[0]
	if len(r.Failures) != 1 {
		t.Fatal(failures(r))
	}
	f := r.Failures[0]
	for _, s := range []string{f.Sent, f.Wanted, f.Arrived} {
		if n := len([]rune(s)); n > shown+10 || n < around {
			t.Errorf("%d characters are shown: %s", n, s)
		}
	}
	differs := func(s string) string { return string([]rune(s)[f.Mark-5 : f.Mark+2]) }
	if differs(f.Wanted) != "41.250," || differs(f.Arrived) != `41.25,"` || !strings.HasPrefix(f.Wanted, "…") {
		t.Errorf("marked are %q and %q in\n%s\n%s", differs(f.Wanted), differs(f.Arrived), f.Wanted, f.Arrived)
	}
	want := fmt.Sprintf("arrived differently, in line %d of what was sent", strings.Count(body[:at], "\n")+1)
	if f.Message != want {
		t.Errorf("got %s, want %s", f.Message, want)
	}
	if !strings.Contains(f.Sent, "41.250") {
		t.Errorf("what was sent is not shown: %s", f.Sent)
	}
}

// TestOutcomes: where a request goes is compared with where a test wants it.
func TestOutcomes(t *testing.T) {
	refused := Outcome{Refused: "tenant", Detail: "it has none"}
	dropped := Outcome{Refused: "oversize", Detail: "it is", Dropped: true}
	gone := Outcome{Refused: "collector", Dropped: true}
	tests := []struct {
		name, want string
		out        Outcome
		asks       bool
		failures   string
	}{
		{"forwarded", "{}", Outcome{Route: "join"}, true, ""},
		{"forwarded to nobody", "{}", Outcome{Route: "join"}, false, ": nothing arrived at the collector"},
		{"refused", "{refused: tenant}", refused, false, ""},
		{"refused, unasked", "{}", refused, false, "refused: it was refused: tenant: it has none"},
		{"refused for another reason", "{refused: unsafe}", refused, false, "refused: it was refused for another reason"},
		{"refused, but sent", "{refused: tenant}", refused, true, "refused: it was refused, but the collector was asked"},
		{"not refused", "{refused: tenant}", Outcome{}, true, "refused: it was forwarded"},
		{"not dropped", "{dropped: oversize}", Outcome{}, true, "dropped: it was forwarded"},
		{"dropped, unasked", "{}", dropped, false, "dropped: it was dropped: oversize: it is"},
		{"dropped for another reason", "{dropped: encoding}", dropped, false, "dropped: it was dropped for another reason"},
		{"dropped, but sent", "{dropped: oversize}", dropped, true, "dropped: it was dropped, but the collector was asked"},
		{"dropped, but the client was told", "{dropped: oversize}", dropped, false, "dropped: the client was told something else"},
		{"no answer", "{dropped: collector}", gone, true, "dropped: the client was told something else"},
		{"dropped, not refused", "{refused: oversize}", dropped, false, "refused: it was dropped"},
		{"refused, not dropped", "{dropped: oversize}", Outcome{Refused: "oversize"}, false, "dropped: it was refused"},
		{"the tenant", "{tenant: a, route: b}", Outcome{Tenant: "a", Route: "b"}, true, ""},
		{"another tenant and route", "{tenant: a, route: b}", Outcome{Tenant: "b", Route: "a"}, true, "route: it was another\ntenant: it was another"},
		{"no tenant and no route", "{tenant: a, route: b}", Outcome{}, true,
			"route: no route matched\ntenant: nobody asked for the tenant: no pseudonym was needed"},
		{"the client's answer", "{refused: tenant, answer: {status: 403}}", refused, false, "answer.status: it was another"},
		{"another answer", "{answer: {status: 403, headers: {A: [b, c], D: e}, body: x}}", Outcome{}, true,
			"answer.status: it was another\nanswer.A: the client got 1 values, not 2\nanswer.D: the client got another value\nanswer.body: the client got another body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			suite := suiteOf(t, "request: POST /apps/7/rooms\nwant: "+tt.want)
			r := suite.Run(func(_ *Set, req *http.Request, to Collector) (*http.Response, Outcome) {
				if tt.asks {
					a := &testArrival{req.Method, req.RequestURI, req.Header, "", nil}
					a.deliver(to, Outcome{})
				}
				return &http.Response{StatusCode: 418, Header: http.Header{"A": {"b"}, "D": {"d"}}}, tt.out
			})[0]
			if got := failures(r); got != tt.failures {
				t.Errorf("got\n%s\nwant\n%s", got, tt.failures)
			}
		})
	}
}

// TestAnswers: placeholders in an answer are the pseudonyms of the request.
func TestAnswers(t *testing.T) {
	found := []Seen{{Rule: &Rule{}, Kind: "phone", With: "p1"}, {Rule: &Rule{}, Kind: "phone", With: "p2"}, {Rule: &Rule{}, Kind: "email", With: "e"}, {Rule: &Rule{}, Kind: "email", With: "e"}, {Kind: "ip"}}
	p := &pseudonyms{found: found, labels: map[string]string{"1": "p2"}}
	tests := []struct{ in, want string }{
		{"a <email> b <phone=1><email>", "a e b p2e"},
		{`<b>x</b> \<email> <B> < >`, "<b>x</b> <email> <B> < >"},
		{"<phone>", "error: <phone>: the request has 2 pseudonyms of this kind; number them in changed: <phone=1>"},
		{"<phone=2>", "error: <phone=2>: changed gives no pseudonym this number"},
		{"<ip>", "error: <ip>: the request has no pseudonym of this kind"},
		{"<value>", "error: <value>: the request has no pseudonym of this kind"},
	}
	for _, tt := range tests {
		got, err := p.expand(tt.in)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.in, got, tt.want)
		}
	}
}

func TestMatchTemplates(t *testing.T) {
	found := []Seen{{Rule: &Rule{}, Kind: "phone", With: "p1"}, {Rule: &Rule{}, Kind: "phone", With: "p"}, {Rule: &Rule{}, Kind: "value", With: "p1"}, {Rule: &Rule{}, Kind: "value", With: ""}}
	tests := []struct {
		template, text string
		want           bool
	}{
		{"<phone>", "p1", true}, {"<phone>", "p", true}, {"<phone>", "", false}, {"<phone>", "p11", false}, {"<phone>1", "p1", true}, {"<phone>1", "p11", true},
		{"<phone><phone>", "pp1", true}, {"<phone=a><phone=b>", "pp1", true}, {"<phone=a><phone=a>", "pp1", false}, {"<phone=a><phone=b>", "pp", false},
		{"<phone=a>-<value=a>", "p1-p1", true}, {"<phone=a>-<value=a>", "p-p1", false}, {"<phone=a>-<value=b>", "p1-p1", false},
		{"<phone=a>1<phone=a>", "p11p1", true}, {"<phone=a>1<phone=a>", "p1p", true}, {`\<phone>`, "<phone>", true}, {"a", "a", true}, {"a", "b", false}, {"<email>", "p", false},
	}
	for _, tt := range tests {
		p := &pseudonyms{found: found}
		if _, ok := p.match(template{pieces: pieces(tt.template)}, tt.text, anywhere); ok != tt.want {
			t.Errorf("%s and %s: got %v", tt.template, tt.text, ok)
		}
		if !tt.want && len(p.labels) > 0 {
			t.Errorf("%s and %s: the labels %v are left of what did not match", tt.template, tt.text, p.labels)
		}
	}
}

func TestCover(t *testing.T) {
	dir := write(t, map[string]string{
		"r/a.yaml": "version: 1\nrules: [{at: body.a}, {at: body.b}]\nroutes:\n  - {name: a, match: /a, rules: [{at: body.c, name: own}]}\n  - {name: b, match: /b}\n",
		"a_test.yaml": "rules: r\ntests: [{name: a, request: POST /a, body: {a: x, c: \"1\"}, want: {changed: {body.a: <value>, body.c: <value>}}},\n" +
			"  {name: b, request: POST /b, body: {a: x, d: +1 202 555 0143}, want: {changed: {body.a: <value>, body.d: <phone>}}}]\n",
		"b_test.yaml": "rules: [r/a.yaml]\ntests: [{name: a, request: POST /a, want: {}}]\n",
		"c_test.yml":  "no test", ".d_test.yaml": "nor this", "sub/e_test.yaml": "nor this",
	})
	suites, err := LoadTests(dir)
	if err != nil {
		t.Fatal(err)
	}
	var results []Result
	for _, s := range suites {
		results = append(results, s.Run(testProxy{}.try)...)
	}
	var got []string
	for _, r := range results {
		if len(r.Failures) > 0 {
			t.Errorf("%s: %s", r.Test.Name, failures(r))
		}
	}
	for _, c := range Cover(suites, results) {
		got = append(got, fmt.Sprintf("%s:%d %s %d", filepath.Base(c.Rule.File), c.Rule.Line, c.Rule.Name, c.Tests))
	}
	want := []string{"a.yaml:2 a/1 2", "a.yaml:2 a/2 0", "a.yaml:4 own 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLoadTestsErrors(t *testing.T) {
	dir := write(t, map[string]string{"r/a.yaml": "version: 2\n", "t/a_test.yaml": "rules: ../r\ntests: [{name: a, request: GET /, want: {}}]\n",
		"t/b_test.yaml": "rules: ../r/a.yaml\ntests: [{name: a, request: GET /, want: {}}]\n"})
	tests := []struct{ path, want string }{
		{"x", "reading tests: stat DIR/x: no such file or directory"},
		{"r", "reading tests: the folder DIR/r holds no *_test.yaml; folders in it are not looked into"},
		{"t", "DIR/r/a.yaml:1:10: version \"2\" is not known\n  hint: this statveil reads version: 1"}, // once
	}
	for _, tt := range tests {
		_, err := LoadTests(filepath.Join(dir, tt.path))
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != tt.want {
			t.Errorf("%s: got %v, want %s", tt.path, err, tt.want)
		}
	}
}

// FuzzSuite: whatever the file, it gives tests that can be run, or Problems that
// stand in it.
func FuzzSuite(f *testing.F) {
	paths, _ := filepath.Glob("testdata/suites/*.yaml")
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
	}
	f.Fuzz(func(t *testing.T, data string) {
		if strings.Contains(data, "/") && !strings.Contains(data, "rules: [events.yaml]") {
			return // it may name any file of this machine
		}
		suite, problems := parseTests("testdata/suites/a_test.yaml", []byte(data))
		for _, p := range problems {
			if p.Line < 1 || p.Col < 1 || p.Message == "" {
				t.Fatalf("%q: %#v", data, p)
			}
		}
		if len(problems) == 0 && suite.Rules != nil {
			suite.Run(testProxy{}.try)
		}
	})
}

// TestOracleAgrees: of any document and any choice of its values, the oracle
// makes what the proxy makes, and no byte of it may be another.
func TestOracleAgrees(t *testing.T) {
	for seed := range uint64(400) {
		w := &docWriter{Rand: rand.New(rand.NewPCG(seed, 2))}
		w.value("", 4)
		rules := "version: 1\nroutes:\n  - name: r\n    match: POST /\n    guard: off\n    rules:\n      - at: body.nobody\n"
		test := &Test{head: "POST / HTTP/1.1\r\nHost: x\r\n\r\n", body: w.Bytes()}
		for _, p := range w.paths {
			if p == "" || w.IntN(3) == 0 {
				continue
			}
			at := "body" + p
			rules += fmt.Sprintf("      - at: '%s'\n", at)
			spot, err := parseSpot(at)
			if err != nil {
				t.Fatal(err)
			}
			test.want.changed = append(test.want.changed, change{spot: spot, legs: spot.legs, want: []template{{source: "<value>", pieces: pieces("<value>")}}, scalar: scalar{text: at}})
		}
		suite := &Suite{Rules: parse(t, rules), Tests: []*Test{test}}
		arrived := 0
		if r := suite.Run(testProxy{func(a *testArrival) { arrived = len(a.body) }}.try)[0]; len(r.Failures) > 0 {
			f := r.Failures[0]
			t.Fatalf("%s: %s\ndoc     %s\nwanted  %s\narrived %s", f.Place, f.Message, test.body, f.Wanted, f.Arrived)
		}
		for range min(arrived, 5) {
			i := w.IntN(arrived)
			r := suite.Run(testProxy{func(a *testArrival) { a.body = a.body[:i] + "~" + a.body[i+1:] }}.try)[0]
			if len(r.Failures) == 0 {
				t.Fatalf("nobody saw that byte %d is another\ndoc %s", i, test.body)
			}
		}
	}
}
