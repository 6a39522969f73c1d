package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// This file holds what must not become slow or large.

// TestManyFindings: thousands of findings in one string, in one array, as names,
// in a query and in a header.
func TestManyFindings(t *testing.T) {
	each := func(list, old, with string) string { return strings.ReplaceAll(list, old, with) }
	tests := []struct {
		name, rules string
		body        func(list, tokens string) (in, want string)
	}{
		{"one string", "[]", func(list, tokens string) (string, string) { return `"` + list + `"`, `"` + tokens + `"` }},
		{"one string, escaped", "[]", func(list, tokens string) (string, string) {
			return `"\u0061` + list[1:] + `\n"`, `"` + tokens + `\n"`
		}},
		{"one string, all escaped", "[]", func(list, tokens string) (string, string) {
			return `"` + each(list, "@", `\u0040`) + `"`, `"` + tokens + `"`
		}},
		{"one string, percent-encoded", "[]", func(list, tokens string) (string, string) {
			return `"` + each(list, "@", "%40") + `"`, `"` + tokens + `"`
		}},
		{"one string, each second kept", "[{at: body.**, find: phone, do: keep}, {at: body.**, find: email}]", func(list, tokens string) (string, string) {
			return `"` + each(list, ",", ", +12025550143, ") + `"`, `"` + each(tokens, ",", ", +12025550143, ") + `"`
		}},
		{"one string, whole after all was found", "[{at: body.**, find: email}, {at: body.**}]", func(list, _ string) (string, string) {
			return `"` + list + `"`, `"psn_1"`
		}},
		{"array", "[]", func(list, tokens string) (string, string) {
			return `["` + each(list, ",", `","`) + `"]`, `["` + each(tokens, ",", `","`) + `"]`
		}},
		{"names", "[]", func(list, tokens string) (string, string) {
			return `{"` + each(list, ",", `":0,"`) + `":0}`, `{"` + each(tokens, ",", `":0,"`) + `":0}`
		}},
	}
	const n = 2_000
	many := func(piece string, n int) string { return strings.TrimSuffix(strings.Repeat(piece+",", n), ",") }
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := parse(t, "version: 1\nroutes:\n  - {name: r, match: /, rules: "+tt.rules+"}\n")
			growsEvenly(t, n, func(n int) {
				in, want := tt.body(many("anna@example.com", n), many("psn_1", n))
				got, err := set.routes[0].Body(nil, []byte(in), new(counter).replace)
				if err != nil {
					t.Fatal(err)
				}
				if string(got) != want {
					t.Errorf("got %d bytes, %.100s..., want %d, %.100s...", len(got), got, len(want), want)
				}
			})
		})
	}

	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: /}\n")
	growsEvenly(t, n, func(n int) {
		list, tokens := many("anna@example.com", n), many("psn_1", n)
		msg := &Message{Method: "GET", Path: "/", Query: "a=" + each(list, ",", "&a="), Header: map[string][]string{"X-A": {list}}, Parameters: 32 * n}
		m, err := set.Match(msg)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Rewrite(nil, new(counter).replace); err != nil {
			t.Fatal(err)
		}
		if msg.Query != "a="+each(tokens, ",", "&a=") || msg.Header["X-A"][0] != tokens {
			t.Errorf("query: got %.100s..., header: got %.100s...", msg.Query, msg.Header["X-A"][0])
		}
	})
}

// A counter is a numberer that keeps no log.
type counter struct{ numberer }

func (c *counter) replace(f *Finding) (string, error) {
	with, err := c.numberer.replace(f)
	c.log = c.log[:0]
	return with, err
}

// TestHostileTexts: long texts that begin like something, again and again.
func TestHostileTexts(t *testing.T) {
	const n = 200_000
	r := route(t, "      - {at: body.**, find: [any, opaque]}\n")
	for _, piece := range []string{"+", "+1", "00", "@", "a@", "sip:", "sip:a@", "tel:", ".", "1.", ":", "::", "0:", "ip-1-", "%", "%2", "%25", "%41", "eyJ", "eyJ.", "eyJ.eyJ.", ".eyJ", "a-", "psn_", "-", "1", "aA1"} {
		t.Run(piece, func(t *testing.T) {
			doc := `["` + strings.Repeat(piece, n/len(piece)) + `"]`
			if _, err := r.Body(nil, []byte(doc), toToken); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestDeepDocument: as deep as the limit of the Message allows, and never as
// deep as a stack of the machine.
func TestDeepDocument(t *testing.T) {
	const n = 200_000
	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: /, rules: [{at: body.**.a}, {at: body.**.b}]}\n")
	msg := &Message{Path: "/", Depth: n, Body: []byte(strings.Repeat(`{"a":[`, n/2) + `"x"` + strings.Repeat("]}", n/2))}
	m, err := set.Match(msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Rewrite(nil, mark); err != nil {
		t.Error(err)
	}
}

// TestMergedIsBounded: bodies that lead through all combinations of what rules
// cover make a walker remember no more than maxMerged plans.
func TestMergedIsBounded(t *testing.T) {
	var rules strings.Builder
	for i := range 12 {
		fmt.Fprintf(&rules, "      - {at: body.**.n%d, find: phone}\n", i)
	}
	r := route(t, rules.String())
	random := rand.New(rand.NewPCG(1, 2))
	w := &walker{}
	w.here = w.address
	w.t.place, w.t.replace, w.t.depth = w.here, toToken, DefaultDepth
	most := 0
	for range 300 {
		var doc strings.Builder
		const depth = 100
		for range depth {
			fmt.Fprintf(&doc, `{"n%d":`, random.IntN(12))
		}
		doc.WriteString(`"+12025550143"` + strings.Repeat("}", depth))
		w.t.met = 0
		out, edited, err := w.rewrite(nil, []byte(doc.String()), r.parts[inBody])
		if err != nil || !edited || !strings.Contains(string(out), token) {
			t.Fatalf("got %s and %v", out, err)
		}
		most = max(most, len(w.merged))
	}
	if most == 0 || most > maxMerged {
		t.Errorf("%d plans are remembered, want between 1 and %d", most, maxMerged)
	}
}
