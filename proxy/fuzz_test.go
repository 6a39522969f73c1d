package proxy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

const fuzzText = `
version: 1
tenant: {name: acme}
routes:
  - name: all
    match: /{any...}
    rules:
      - {at: [body.user, body.users, body.**.deep]}
`

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzRestore: a collector that says a client's own JSON back to it has said
// what the client wrote, whatever was replaced on the way. Where one value was
// spelled in several ways its first spelling comes back, and the answer is JSON.
func FuzzRestore(f *testing.F) {
	for _, seed := range []string{
		`{"user":"O\"Br\\ien\u0001","x":"+12025550143"}`, `{"users":[1,"1",{"a":"x"},358401234567]}`,
		`{"+12025550143":{"deep":{"n":12}}}`, `["anna@example.com","tel:+12025550143 and +1 202 555 0143"]`,
		`{"user":"\u2028<&>😀"}`, `{"user":12,"x":"12"}`, `{"a":{"deep":["a",null,true,0.5]}}`, `"+12025550143"`, `{"user":"psn_a"}`,
	} {
		f.Add([]byte(seed))
	}
	set := parse(f, fuzzText)
	var sent []byte
	s := &proxy.Sanitizer{
		Rules: func() *rules.Set { return set }, Keys: keyring,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			sent = body
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}},
				Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
		}),
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		var want any
		if !decode(doc, &want) {
			return
		}
		req := httptest.NewRequest("POST", "http://collector/x", bytes.NewReader(doc))
		req.RequestURI = ""
		res, err := s.RoundTrip(req)
		if err != nil {
			return // refused
		}
		answer, err := io.ReadAll(res.Body)
		var got any
		if err != nil || !decode(answer, &got) || !repeated(sent) && !reflect.DeepEqual(got, want) {
			t.Errorf("got  %s\nwant %s", answer, doc)
		}
	})
}

// decode reads numbers by their value, as every reader of JSON may.
func decode(doc []byte, into *any) bool {
	return utf8.Valid(doc) && json.Unmarshal(doc, into) == nil
}

// repeated says whether a body holds one token twice.
func repeated(body []byte) bool {
	seen := map[string]bool{}
	for _, token := range tokens.FindAllString(string(body), -1) {
		if seen[token] {
			return true
		}
		seen[token] = true
	}
	return false
}

// FuzzTarget: a path and a query, however they are spelled, are refused, or
// arrive byte for byte where nothing in them was replaced.
func FuzzTarget(f *testing.F) {
	for _, seed := range [][2]string{
		{"/a%2fb//c/", "x=1;&&y"}, {"//x", ""}, {"/\"<>|^`{}", "a=\"|"}, {"/%zz", "%"}, {"/a/../b", ""}, {"/Gr\xc3\xbc\xc3\x9fe", "ü=ü"},
		{"/+12025550143", "u=a@example.com"}, {"//|", "?"}, {"/#", "#"}, {"/%252e%252e", ""}, {"*", ""}, {"http://x/y", ""}, {"/:a", "a:b"},
	} {
		f.Add(seed[0], seed[1])
	}
	set := parse(f, fuzzText)
	var wire string
	s := &proxy.Sanitizer{
		Rules: func() *rules.Set { return set }, Keys: func(string) *pseudonym.Keyring { return keyring("acme") },
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			var b bytes.Buffer
			if err := r.Write(&b); err != nil { // what net/http puts on the wire
				return nil, errors.New("not sent")
			}
			wire, _, _ = strings.Cut(b.String(), " HTTP/1.1\r\n")
			return &http.Response{StatusCode: 204, Body: http.NoBody, Request: r}, nil
		}),
	}
	var findings int
	s.Observe = func(o proxy.Outcome) { findings = o.Replaced }
	handler := reverse(s, &url.URL{Scheme: "http", Host: "collector"})
	f.Fuzz(func(t *testing.T, path, query string) {
		target := path
		if query != "" {
			target += "?" + query
		}
		u, err := url.ParseRequestURI(target)
		if err != nil || len(target) == 0 || target[0] != '/' {
			return // net/http's server refuses these
		}
		wire, findings = "", 0
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, &http.Request{Method: "GET", URL: u, RequestURI: target, Host: "x", Header: http.Header{}, ProtoMajor: 1, ProtoMinor: 1})
		switch {
		case w.Code != 204 && wire != "":
			t.Errorf("%q was sent and answered %d", target, w.Code)
		case strings.Count(wire, " ") > 1:
			t.Errorf("%q was sent as %q", target, wire)
		case w.Code == 204 && findings == 0 && wire != "GET "+target:
			t.Errorf("got  %q\nwant %q", wire, "GET "+target)
		}
	})
}
