package proxy

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// Shapes of the exchange below, of a number and of a text.
const shapeOfNumber, shapeOfText = "583920", "+35850583920"

// answered is an exchange in which a number and a text were replaced.
func answered() (x *exchange, number, text string) {
	number, text = "psn_"+strings.Repeat("n", 32), "psn_"+strings.Repeat("t", 32)
	return &exchange{
		limits:    Limits{}.withDefaults(),
		originals: map[string]original{number: {"12.50", true}, text: {`a"b`, false}},
		lengths:   []int{36},
		shapes:    map[string]original{shapeOfNumber: {"1e9", true}, shapeOfText: {`+1"2`, false}},
		longest:   len(shapeOfText),
	}, number, text
}

// TestStreamPieces: cut anywhere, and byte by byte, lines are restored as they
// are in one piece, and JSON stays JSON.
func TestStreamPieces(t *testing.T) {
	x, n, u := answered()
	for _, line := range []string{
		`{"N":"N"}`, `{"N":"x"}`, `{"N":"p"}`, `{"a":"\"N"}`, `{"a":"N p"}`, `{"a":"U p"}`, `["NN","UNU","N,psn_x N","N"]`, `"N"`, `["N" , "psn_"]`, `{"a":"N"  }`,
		`{"P":"P","a":[S,"S", -S,1S,"U P"]}`, `S`, `"P"`,
	} {
		line = strings.NewReplacer("N", n, "U", u, "S", shapeOfNumber, "P", shapeOfText).Replace(line)
		want := string(x.expand([]byte(line), jsonEncoding)) + "\n"
		if !json.Valid([]byte(want)) {
			t.Fatalf("%s became %s", line, want)
		}
		for cut := range len(line) {
			s := &stream{x: x, medium: "application/x-ndjson", src: io.NopCloser(io.MultiReader(strings.NewReader(line[:cut]), strings.NewReader(line[cut:]+"\n")))}
			got, err := io.ReadAll(s)
			if err != nil || string(got) != want {
				t.Fatalf("cut at %d: got %q, %v, want %q", cut, got, err, want)
			}
		}
		s := &stream{x: x, medium: "application/x-ndjson", src: io.NopCloser(iotest.OneByteReader(strings.NewReader(line + "\n")))}
		if got, err := io.ReadAll(s); err != nil || string(got) != want {
			t.Fatalf("byte by byte: got %q, %v, want %q", got, err, want)
		}
	}
}

// FuzzExpand: whatever the answer is, restoring does not panic, and JSON that
// holds tokens stays JSON.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{`"N"N"`, `{"N":"N"}`, `\"N"`, `"N`, `N"`, `["N","U"]`, `{"a":"\\N"}`, `psn_psn_N`,
		`{"P":"P","a":[S,"S",-S,1S,S.0]}`, `"\u002b35850583920"`, `S`, "it\"s\n\"P\"", `"P\`, `"\uD800P"`, `S"S"`, "\x1eS", `"a":"\"`} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, s string, asJSON bool) {
		x, n, u := answered()
		doc := strings.NewReplacer("N", n, "U", u, "S", shapeOfNumber, "P", shapeOfText).Replace(s)
		e := encodingOf("text/html", nil)
		if asJSON {
			e = jsonEncoding
		}
		out := x.expand([]byte(doc), e)
		if asJSON && json.Valid([]byte(doc)) && !json.Valid(out) {
			t.Fatalf("%s became %s", doc, out)
		}
		st := &stream{x: x, medium: "application/x-ndjson", src: io.NopCloser(iotest.OneByteReader(strings.NewReader(doc)))}
		if got, err := io.ReadAll(st); err != nil || asJSON && !strings.Contains(doc, "\n") && string(got) != string(out) {
			t.Fatalf("streamed: got %q, %v, want %q", got, err, out)
		}
	})
}

// TestStreamIsBounded: neither a run that looks like a token, nor white space
// without end, nor a long value that comes back often is held or multiplied.
func TestStreamIsBounded(t *testing.T) {
	x, n, u := answered()
	for _, unit := range []string{"a", " ", "_", "psn_", "p"} {
		s := &stream{x: x, medium: "application/x-ndjson", src: io.NopCloser(strings.NewReader(`{"a":"` + n + `"` + "psn_" + strings.Repeat(unit, 8<<20/len(unit))))}
		buf, most := make([]byte, 4<<10), 0
		for {
			_, err := s.Read(buf)
			most = max(most, cap(s.held)+cap(s.out))
			if err != nil {
				break
			}
		}
		if most > 1<<20 {
			t.Errorf("%q without end: %d bytes were held", unit, most)
		}
	}
	x.limits.Body = 1 << 20
	x.originals[u] = original{strings.Repeat("a", 1<<19), false}
	got := x.expand([]byte(strings.Repeat(fmt.Sprintf("%q,", u), 500)), jsonEncoding)
	if len(got) > 2<<20 || strings.Count(string(got), u) < 490 {
		t.Errorf("a long value 500 times: %d bytes", len(got))
	}
}
