package proxy_test

import (
	"bufio"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// seeds are choices for requests, for a fuzzer to begin with.
func seeds(f *testing.F, n int) {
	r := rand.New(rand.NewPCG(29, 29))
	for range n {
		seed := make([]byte, 96)
		for i := range seed {
			seed[i] = byte(r.Uint32())
		}
		f.Add(seed)
	}
}

// ordinary are values that are nobody's, or look like it.
var ordinary = []string{
	"", "x", "opus/48000", "1.2.3", "v12.0.4-rc1", "3175538551", "1795461441956.374", "a=rtpmap:111 opus/48000/2", "50%", "%", "100%25", "a+b", "?a=b&c", "\\", `"`, "{}", "[1,2", "&amp;",
	"&#43;", "Grüße 😀", "3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d", "677b83b821447fdc15b237198fd7cf59", "YWJjZGVmZ2hpamtsbW5vcA==", "-", "..x", "@", "@scope/pkg@1.2.3", "anna@localhost", "+1",
	"psn_aaaa", "000000000000", "data:,x", "\u200b", "٣", "a;b=c", "40 bytes", "127.0.0.1",
}

// FuzzIdentity: where nothing is found, every byte of the target, of the header and of
// the body arrives as the client sent it, wherever the value stands and in whatever
// encodings.
func FuzzIdentity(f *testing.F) {
	seeds(f, 300)
	sidecar := newRecorder(f, plantedText)
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &choices{data}
		value := ordinary[c.n(len(ordinary))] + ordinary[c.n(len(ordinary))]
		for range c.n(4) {
			value = around(c, encodings[c.n(len(encodings))].wrap(c, value))
		}
		place := placesToPlant[c.n(len(placesToPlant))]
		s := place.put(c, value)
		if s.target == "" {
			s.target = "/c"
		}
		in := request("POST", s.target, s.lines, s.body)
		if !sidecar.send(in) || sidecar.arrived == "" || sidecar.outcome.Replaced > 0 {
			return // it is no request, or refused, or something was found
		}
		if sent, got := partsOf(t, in), partsOf(t, sidecar.arrived); !maps.EqualFunc(sent, got, slices.Equal) {
			t.Errorf("%s\nsent %q\ngot  %q", place.name, in, sidecar.arrived)
		}
	})
}

// partsOf takes a request apart: its line, the lines of its header but for Host, which
// is the collector's, and the length of no body, and its body.
func partsOf(t *testing.T, wire string) map[string][]string {
	t.Helper()
	line, _, _ := strings.Cut(wire, "\r\n")
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(wire)))
	if err != nil {
		t.Fatalf("%v: %q", err, wire)
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		t.Fatalf("%v: %q", err, wire)
	}
	parts := map[string][]string(req.Header)
	delete(parts, "X-Forwarded-For") // dropped, unless a rule names it
	if len(body) == 0 {
		delete(parts, "Content-Length")
	}
	parts[""] = []string{line, string(body)}
	return parts
}

const twiceText = `
version: 1
tenant: {name: acme}
routes:
  - name: all
    match: /{any...}
    rules:
      - {at: [query.u, form.u, header.X-User, cookie.u]}
      - {at: body.u, reversible: true}
      - {at: [body.**.c, body.**.key], linkable: day}
      - {at: body.**.v, find: [phone, email], linkable: global}
`

// FuzzTwice: what has been through a sidecar goes through another one with the same
// keys as it is: no pseudonym is taken for a value, wherever it stands and whatever
// surrounds it, and what was not found at first is not found because a pseudonym
// stands beside it now.
func FuzzTwice(f *testing.F) {
	seeds(f, 300)
	sidecars := []*recorder{newRecorder(f, plantedText), newRecorder(f, twiceText)}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &choices{data}
		sidecar := sidecars[c.n(2)]
		p := plantOne(c)
		if !sidecar.send(p.wire) || sidecar.arrived == "" {
			return
		}
		once := sidecar.arrived
		if !sidecar.send(once) || sidecar.arrived != once || sidecar.outcome.Replaced > 0 {
			t.Errorf("%s at %s in %q\nsent  %q\nonce  %q\ntwice %q (%d replaced) %s", p.kind, p.place, p.encodings, p.plain, once, sidecar.arrived, sidecar.outcome.Replaced, sidecar.answer)
		}
	})
}

// TestOwnTokenEncoded: a pseudonym in an address that stands in an encoding is known
// again, and is no passport for what stands beside it.
func TestOwnTokenEncoded(t *testing.T) {
	own := pseudonymOf(phone)
	sidecar := newRecorder(t, plantedText)
	for in, passes := range map[string]bool{
		`"sip:` + own + `%40pbx.example"`:                        true,
		`"sip:` + own + `%2540pbx.example"`:                      true,
		`"sip:` + own + `&#64;pbx.example"`:                      true,
		`"{\"a\":\"sip:` + own + `\\u0040pbx.example\"}"`:        true,
		`"sip:` + own + `%3A%2B447700900123%40pbx.example"`:      false,
		`"sip:` + own + `%3Aanna%2540example.com%40pbx.example"`: false,
		`"sip:` + own + `x%40pbx.example"`:                       false,
	} {
		sidecar.send(request("POST", "/c", []string{asJSON}, in))
		_, got, _ := strings.Cut(sidecar.arrived, "\r\n\r\n")
		if (got == in) != passes || strings.Contains(got, "7700900123") || strings.Contains(got, "anna") {
			t.Errorf("%s arrives as %s, want unchanged %v", in, got, passes)
		}
	}
}
