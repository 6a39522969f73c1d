package rules

import (
	"fmt"
	"strings"
	"testing"
)

// TestAfterAPanic: a Replacer that panics, wherever it is called, leaves nothing
// behind that makes the next request leave in the clear.
func TestAfterAPanic(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: '/p/{x...}', rules: [{at: [body.n, path.x, query.q, header.X-A, body.s]}]}\n")
	for _, first := range []*Message{
		{Path: "/p/a", Body: []byte(`{"n":12025550143}`)},
		{Path: "/p/a+b%2Bc"},
		{Path: "/p/", Query: "q=a+%252B"},
		{Path: "/p/", Header: map[string][]string{"X-A": {"a%2Bb"}}},
		{Path: "/p/", Body: []byte(`{"s":"\u002b%2B+"}`)},
	} {
		for range 20 { // one of them gets the same walker again
			func() {
				defer func() {
					if recover() == nil {
						t.Error("nothing was found, so nothing panicked")
					}
				}()
				m, err := set.Match(first)
				if err != nil || m == nil {
					t.Fatal(m, err)
				}
				m.Rewrite(nil, func(*Finding) (string, error) { panic("of the one who was called") })
			}()
			next := &Message{Path: "/p/+12025550143", Query: "a=anna@example.com", Header: map[string][]string{"X-B": {"192.0.2.7"}},
				Body: []byte(`{"x":"+12025550143","y":"anna@example.com"}`)}
			m, err := set.Match(next)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Rewrite(nil, func(*Finding) (string, error) { return "psn_x", nil }); err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprint(next.Path, next.Query, next.Header, string(next.Body))
			for _, secret := range []string{"2025550143", "anna", "192.0.2.7"} {
				if strings.Contains(got, secret) {
					t.Fatalf("after a panic on %+v: %s", first, got)
				}
			}
		}
	}
}
