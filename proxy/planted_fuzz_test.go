package proxy_test

import (
	"bufio"
	"bytes"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

// A recorder is a proxy in front of a collector that writes down what arrives.
type recorder struct {
	*proxy.Sanitizer
	handler http.Handler
	arrived string // all that the collector got, "" where nothing did
	status  int
	answer  string
	outcome proxy.Outcome
}

func newRecorder(t testing.TB, text string) *recorder {
	set := parse(t, text)
	r := &recorder{}
	r.Sanitizer = &proxy.Sanitizer{
		Rules: func() *rules.Set { return set }, Keys: keyring, Observe: func(o proxy.Outcome) { r.outcome = o },
		Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			var b bytes.Buffer
			if err := req.Write(&b); err != nil { // what net/http puts on the wire
				return nil, err
			}
			r.arrived = b.String()
			return &http.Response{StatusCode: 204, Body: http.NoBody, Request: req}, nil
		}),
	}
	r.handler = reverse(r.Sanitizer, &url.URL{Scheme: "http", Host: "collector"})
	return r
}

// send has the proxy read a request from bytes, as a server does. It says whether
// they are one.
func (r *recorder) send(wire string) bool {
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
	if err != nil {
		return false
	}
	r.arrived, r.outcome = "", proxy.Outcome{}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	r.status, r.answer = w.Code, w.Body.String()
	return true
}

const plantedText = "version: 1\ntenant: {name: acme}\nroutes: [{name: all, match: '/{any...}'}]\n"

// checkPlanted sends one planted request, and fails the test if the judge can read
// the secret out of anything but what the client sent.
func checkPlanted(t *testing.T, r *recorder, p planting) {
	t.Helper()
	if p.judge.reads(t, p.plain) == "" {
		t.Fatalf("the judge is blind: %s at %s in %q\n%s", p.kind, p.place, p.encodings, p.plain)
	}
	if !r.send(p.wire) {
		t.Fatalf("not a request: %q", p.wire)
	}
	if how := p.judge.reads(t, r.arrived); how != "" {
		t.Errorf("%s at %s in %q (%s) is read: %s\nsent %q\ngot  %q", p.kind, p.place, p.encodings, p.coding, how, p.plain, r.arrived)
	}
	if how := p.judge.reads(t, r.answer+r.outcome.Detail); how != "" {
		t.Errorf("%s at %s in %q (%s) is read in the answer: %s\nsent %q\ngot  %q", p.kind, p.place, p.encodings, p.coding, how, p.plain, r.answer)
	}
}

// FuzzPlanted: somebody's value, in one of its spellings, at any place of a request
// to a route without rules, in up to five encodings on top of each other, cannot be
// read out of what arrives at the collector.
func FuzzPlanted(f *testing.F) {
	r := rand.New(rand.NewPCG(6, 6))
	for range 300 {
		seed := make([]byte, 96)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
	sidecar := newRecorder(f, plantedText)
	f.Fuzz(func(t *testing.T, data []byte) { checkPlanted(t, sidecar, plantOne(&choices{data})) })
}

// TestPlanted is FuzzPlanted for so many requests that each kind was sent from each
// place and in each encoding, and counts: where the proxy refuses, nothing leaks, but
// a proxy that refuses what it could have read is of no use.
func TestPlanted(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	sidecar := newRecorder(t, plantedText)
	sent, forwarded := map[string]int{}, map[string]int{}
	refusals := map[string]string{}
	for range 3000 {
		data := make([]byte, 128)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		p := plantOne(&choices{data})
		checkPlanted(t, sidecar, p)
		if p.refused {
			continue
		}
		for _, what := range append(p.encodings, p.kind+" at "+p.place, "coding "+p.coding, "all") {
			sent[what]++
			if sidecar.arrived != "" {
				forwarded[what]++
			} else {
				refusals[what] = sidecar.outcome.Detail
			}
		}
	}
	for what, n := range sent {
		if forwarded[what] == 0 {
			t.Errorf("%s: all %d were refused: %s", what, n, refusals[what])
		}
	}
	t.Logf("%d of %d were forwarded", forwarded["all"], sent["all"])
}
