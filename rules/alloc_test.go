//go:build !race

// Under the race detector sync.Pool drops what it is given, at random, so that
// allocations cannot be counted.

package rules

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// quiet is a body of n reports in which nothing is to be found, but much that a
// detector looks at twice.
func quiet(n int) []byte {
	var b strings.Builder
	b.WriteString(`{"localID":"","stats":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"inbound-rtp","id":"IT01V%d","ssrc":%d,"jitter":0.00%d,"ts":1795461441956.374,"sdp":"a=rtpmap:%d VP8/90000",`+
			`"v":"1.2.%d","text":"two words, and more. 100 of them: x-%d","flag":true,"none":null,"\u0065sc":"line\nline","city":"東京","n":{"l":[1,"x",[]]}}`,
			i, 3175538551+i, i, i%100, i, i)
	}
	b.WriteString(`]}`)
	return []byte(b.String())
}

func ruleLines(n int) string {
	var b strings.Builder
	for i := range n {
		deep := ""
		if i%10 == 0 {
			deep = ".**"
		}
		fmt.Fprintf(&b, "      - {at: [body.some.place%d.user, body%s.never%d, 'body.stats.#.%d'], find: phone}\n", i, deep, i, i)
	}
	return b.String()
}

func bodyAllocs(t *testing.T, r *Route, doc []byte) float64 {
	t.Helper()
	dst := make([]byte, 0, 2*len(doc))
	found := func(f *Finding) (string, error) {
		t.Errorf("%s is found", f.Text())
		return "", nil
	}
	return testing.AllocsPerRun(20, func() {
		out, err := r.Body(dst, doc, found)
		if err != nil || len(out) != len(doc) {
			t.Errorf("got %v and %d bytes, want %d", err, len(out), len(doc))
		}
	})
}

// TestNoAllocations: what is not replaced costs no memory, neither for a value
// nor for a rule.
func TestNoAllocations(t *testing.T) {
	deep := "      - {at: 'body.**.n', find: phone}\n      - {at: 'body.**.l', find: email}\n      - {at: body.stats.#.n, find: ip}\n      - {at: body.**, find: any}\n"
	tests := []struct {
		name, rules string
	}{
		{"no rule", ""},
		{"1 rule", ruleLines(1)},
		{"100 rules", ruleLines(100)},
		{"rules within rules", deep},
		{"queries", "      - {at: ['body.**.#(esc%\"line*x\")#.text', 'body.**.#(TYPE==\"inbound\")#', 'body.stats.#(c*==\"x\")#.l.#(e==\"x\")#'], find: phone}\n      - {at: 'body.stats.#(city==\"東京\")#.id', find: phone}\n"},
		{"numbers that a rule looks at", "      - {at: body.**, find: [phone, email, opaque]}\n"},
	}
	for _, tt := range tests {
		r := route(t, tt.rules)
		for _, n := range []int{1, 10, 1000} {
			if got := bodyAllocs(t, r, quiet(n)); got != 0 {
				t.Errorf("%s, %d reports: %v allocations, want none", tt.name, n, got)
			}
		}
	}
}

// TestAllocationsOfFindings: what is replaced costs the same whatever stands
// around it, and however many rules there are.
func TestAllocationsOfFindings(t *testing.T) {
	count := func(rules, reports int) float64 {
		r := route(t, ruleLines(rules))
		doc := append(quiet(reports), "  "...)
		doc = append(append([]byte(`[{"u":"x anna@example.com"},`), doc...), ']')
		dst := make([]byte, 0, 2*len(doc))
		return testing.AllocsPerRun(20, func() {
			if _, err := r.Body(dst, doc, toToken); err != nil {
				t.Error(err)
			}
		})
	}
	few := count(1, 1)
	for _, n := range [][2]int{{1, 500}, {100, 1}, {100, 500}} {
		if got := count(n[0], n[1]); got > few {
			t.Errorf("%d rules, %d reports: %v allocations, with one of each %v", n[0], n[1], got, few)
		}
	}
}

// TestAllocationsOfMatches: a body with one-way tokens costs so many allocations a
// match, whatever its size, and none for anything else. The token itself is the
// Replacer's.
func TestAllocationsOfMatches(t *testing.T) {
	for _, tt := range []struct {
		name, rules string
		most        float64 // a match
	}{
		{"whole", "      - at: 'body.#.user'\n", 0},
		{"find", "      - {at: 'body.#.user', find: phone}\n", 2},
		{"last look", "", 2},
	} {
		r := route(t, tt.rules)
		for _, n := range []int{0, 1, 10, 1000} {
			doc := []byte(`[{"ts":1795461441956.374,"v":"1.2.3"}`)
			for i := range n {
				doc = fmt.Appendf(doc, `,{"user":"+1202555%04d","ssrc":%d}`, i, 3175538551+i)
			}
			doc = append(doc, ']')
			dst := make([]byte, 0, 3*len(doc)+100)
			got := testing.AllocsPerRun(20, func() {
				if _, err := r.Body(dst, doc, toToken); err != nil {
					t.Error(err)
				}
			})
			if got > tt.most*float64(n) {
				t.Errorf("%s, %d matches: %v allocations, want at most %v", tt.name, n, got, tt.most*float64(n))
			}
		}
	}
}

// TestBytesOfPacked: what only begins as gzip or zlib in base64, at thousands of places,
// does not take a decoder each.
func TestBytesOfPacked(t *testing.T) {
	r := route(t, "")
	for _, begin := range []string{"eJwAAAAAAAAAAAAA", "H4sIAAAAAAAAAAAAAA"} {
		const places = 2000
		doc := []byte(`["` + strings.Repeat(begin+`","`, places) + `"]`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := r.Body(nil, doc, toToken); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if each := (after.TotalAlloc - before.TotalAlloc) / places; each > 8<<10 {
			t.Errorf("%s: %d bytes each", begin, each)
		}
	}
}
