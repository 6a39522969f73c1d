package rules

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestCovers(t *testing.T) {
	tests := []struct {
		p, q string
		want bool
	}{
		{"/a", "/a", true}, {"/a", "/b", false}, {"/a", "/a/b", false}, {"/", "/", true}, {"/", "/a", false},
		{"/{x}", "/a", true}, {"/a", "/{x}", false}, {"/{x}", "/{y}", true}, {"/{x}/b", "/a/{y}", false},
		{"/{x...}", "/", true}, {"/{x...}", "/a/b", true}, {"/{x...}", "/{y...}", true}, {"/", "/{x...}", false},
		{"/a/{x...}", "/a", true}, {"/a/{x...}", "/{y...}", false}, {"/{x...}/s", "/s", false}, {"/{x...}/s", "/a/s", true},
		{"/{x...}/s", "/{x}/s", true}, {"/{x}/s", "/{x...}/s", false}, {"/{x...}", "/{a...}/s", true}, {"/{x...}/{y}", "/{a...}/s", true},
		{"/{x...}/{y}", "/{x...}", false}, {"/{a}/{x...}", "/{x...}/{y}", true}, {"/{a}/{b}/{x...}", "/{x...}/{y}", true}, {"/{a}/{b}/{c}/{x...}", "/{x...}/{y}", false},
		{"/c/{x...}/{u}/s", "/c/{x...}/s", false}, {"/c/{x...}/s", "/c/{x...}/{u}/s", true}, {"/c/{x...}/{u}", "/c/{a}/{b}", true},
		{"/c/{x...}", "/c/{x...}/{u}/stats", true}, {"/c/{x...}/stats", "/c/{x...}/{u}", false},
		{"POST /a", "/a", false}, {"/a", "POST /a", true}, {"POST|PUT /a", "PUT /a", true}, {"PUT /a", "POST|PUT /a", false},
		{"GET /a", "HEAD /a", true}, {"HEAD /a", "GET /a", false}, {"GET|HEAD /a", "GET /a", true}, {"GET /a", "GET|HEAD /a", true}, {"HEAD|POST /a", "GET /a", false},
		{"h/a", "/a", false}, {"/a", "h/a", true}, {"h/a", "H/a", true}, {"*.x.y/a", "a.x.y/a", true}, {"*.x.y/a", "x.y/a", false}, {"*.x.y/a", "ax.y/a", false},
		{"*.y/a", "*.x.y/a", true}, {"*.x.y/a", "*.y/a", false}, {"*.x.y/a", "*.x.y/a", true}, {"a.x.y/a", "*.x.y/a", false}, {"*.x.y/a", "*.ax.y/a", false}, {"*.x/a", "/a", false},
	}
	for _, tt := range tests {
		if got := mustPattern(t, tt.p).covers(mustPattern(t, tt.q)); got != tt.want {
			t.Errorf("%s covers %s: got %v, want %v", tt.p, tt.q, got, tt.want)
		}
	}
}

func mustPattern(t *testing.T, text string) *pattern {
	t.Helper()
	p, err := parsePattern(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// TestCoversByForce compares covers with all requests over a small alphabet, one
// letter of which stands in no pattern, and paths longer than any two patterns.
func TestCoversByForce(t *testing.T) {
	paths := []*requestPath{mustSplit(t, "/")}
	for last := []string{""}; len(last[0]) < 2*7; {
		var next []string
		for _, path := range last {
			for _, s := range []string{"/a", "/b", "/c"} {
				next = append(next, path+s)
			}
		}
		for _, path := range next {
			paths = append(paths, mustSplit(t, path))
		}
		last = next
	}
	methods := []string{"GET", "HEAD", "POST", "PUT"}
	hosts := []string{"x", "y", "a.x", "b.a.x", "aa.x", ""}
	random := rand.New(rand.NewPCG(3, 4))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	make := func() string {
		var segments []string
		for range random.IntN(4) {
			segments = append(segments, pick("a", "a", "b", "{}", "{}"))
		}
		if i := random.IntN(2 * (len(segments) + 1)); i <= len(segments) {
			segments = append(segments[:i:i], append([]string{"{...}"}, segments[i:]...)...)
		}
		for i, s := range segments { // captures of one pattern have different names
			segments[i] = strings.Replace(s, "{", "{"+string(rune('m'+i)), 1)
		}
		return pick("", "", "GET ", "HEAD ", "POST ", "GET|POST ", "POST|PUT ") + pick("", "", "", "x", "a.x", "*.x", "*.a.x") + "/" + strings.Join(segments, "/")
	}
	yes := 0
	for range 4000 {
		a, b := make(), make()
		if random.IntN(2) == 0 { // the same but for the path, so that yes is not rare
			b = a[:strings.Index(a, "/")] + b[strings.Index(b, "/"):]
		}
		p, q := mustPattern(t, a), mustPattern(t, b)
		want := true
		for _, m := range methods {
			for _, h := range hosts {
				if !q.matchMethod(m) || !q.matchHost(h) {
					continue
				}
				if !p.matchMethod(m) || !p.matchHost(h) {
					want = false
				}
			}
		}
		want = want && (len(p.methods) == 0 || len(q.methods) > 0) // there are more methods
		for _, path := range paths {
			if !want {
				break
			}
			if _, ok := (&pattern{segments: q.segments, rest: q.rest}).match(nil, "GET", "", path); ok {
				_, want = (&pattern{segments: p.segments, rest: p.rest}).match(nil, "GET", "", path)
			}
		}
		if got := p.covers(q); got != want {
			t.Fatalf("%s covers %s: got %v, want %v", a, b, got, want)
		}
		if want {
			yes++
		}
	}
	if yes < 200 {
		t.Errorf("only %d of the pairs cover", yes)
	}
}

func mustSplit(t *testing.T, raw string) *requestPath {
	t.Helper()
	p, err := splitPath(raw)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
