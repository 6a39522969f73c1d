package rules

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// FuzzEncodings: however often and however partly a text was percent-encoded,
// and spelled in JSON, in a path or in a query, exactly the personal data in it
// is replaced.
func FuzzEncodings(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, seed*31+7)
	}
	set, err := Parse(File{"r.yaml", []byte("version: 1\nroutes: [{name: r, match: 'POST /a/{x...}'}]\n")})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		r := rand.New(rand.NewPCG(a, b))
		pick := func(of ...string) string { return of[r.IntN(len(of))] }
		before := pick("", "hello ", "жук ", "\U0001F600 ", "a/b?c=", `x="`, `\ `, "é\n", "[", "数 ")
		secret := pick("+12025550143", "anna@example.com", "+44 7700 900123", "10.20.30.40", "anna.b+c@mail.example.org", "2001:db8::17")
		after := pick("", " bye", " жук", `"`, `\`, "&d=1", " 数")
		text, want := before+secret+after, before+"psn_x"+after
		if r.IntN(3) == 0 {
			text, want = text+" ; "+secret+after, want+" ; psn_x"+after
		}
		times := r.IntN(4)
		encoded := text
		for range times {
			encoded = partly(r, encoded)
		}
		decode := func(s string) string {
			for range times {
				if d, err := url.PathUnescape(s); err == nil {
					s = d
				}
			}
			return s
		}
		replace := func(*Finding) (string, error) { return "psn_x", nil }

		quoted, err := json.Marshal(encoded)
		if err != nil {
			t.Fatal(err)
		}
		out, err := set.routes[0].Body(nil, quoted, replace)
		if err != nil {
			t.Fatalf("%s: %v", quoted, err)
		}
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%s became %s: %v", quoted, out, err)
		}
		if got = decode(got); got != want {
			t.Fatalf("body %s: got %q, want %q", quoted, got, want)
		}

		query := url.QueryEscape(encoded)
		if r.IntN(2) == 0 {
			query = strings.ReplaceAll(query, "%2B", "+")
		}
		msg := &Message{Method: "POST", Path: "/a/" + url.PathEscape(encoded), Query: "k=" + query}
		m, err := set.Match(msg)
		if err != nil || m == nil {
			t.Fatalf("%s: %v, %v", msg.Path, m, err)
		}
		if err := m.Rewrite(nil, replace); err != nil {
			t.Fatal(err)
		}
		path, err := url.PathUnescape(strings.TrimPrefix(msg.Path, "/a/"))
		if path = decode(path); err != nil || path != want {
			t.Fatalf("path of %q, encoded as %q: got %q, %v, want %q", text, encoded, path, err, want)
		}
		// In a query, + may be either: the rest of the text is not certain.
		left, err := url.QueryUnescape(strings.TrimPrefix(msg.Query, "k="))
		left, gone := strings.ReplaceAll(decode(left), " ", ""), strings.ReplaceAll(secret, " ", "")
		if err != nil || strings.Contains(left, gone) {
			t.Fatalf("query %q: got %q, %v", query, left, err)
		}
	})
}

// partly percent-encodes some characters of s, and every %.
func partly(r *rand.Rand, s string) string {
	var b strings.Builder
	often := []int{1, 5, 10}[r.IntN(3)]
	for _, c := range s {
		if c != '%' && r.IntN(10) >= often {
			b.WriteRune(c)
			continue
		}
		for _, octet := range []byte(string(c)) {
			fmt.Fprintf(&b, []string{"%%%02X", "%%%02x"}[r.IntN(2)], octet)
		}
	}
	return b.String()
}
