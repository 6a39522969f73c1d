package rules

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"runtime"
	"strings"
	"testing"
)

// TestMeetings: where documents nest what eight addresses name, in random orders,
// the addresses meet in 256 ways at most, and each has one plan. So the work, of
// which the memory that it takes is the measure, grows as the documents do.
func TestMeetings(t *testing.T) {
	const ways = 1 << 8
	var rules strings.Builder
	for i := range 8 {
		fmt.Fprintf(&rules, "      - at: body.**.a%d.@pct.@fromstr.u\n", i)
	}
	cost := func(documents int) uint64 {
		random := rand.New(rand.NewPCG(1, 3))
		var body strings.Builder
		for range documents {
			for _, i := range random.Perm(8) {
				fmt.Fprintf(&body, `{"a%d":`, i)
			}
			body.WriteString(`"%7B%22u%22:%22Bo%22%7D"` + strings.Repeat("}", 8) + "\n")
		}
		doc := []byte(body.String())
		want := strings.ReplaceAll(body.String(), "Bo", "psn")
		least := ^uint64(0)
		for range 3 {
			r := route(t, rules.String()) // one that has met nothing yet
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := r.Body(nil, doc, func(*Finding) (string, error) { return "psn", nil })
			runtime.ReadMemStats(&after)
			if err != nil || string(got) != want {
				t.Fatalf("got %.500s, %v", got, err)
			}
			if met := r.parts[inBody].met.Load(); met == 0 || met > ways {
				t.Errorf("%d documents: %d plans of addresses that meet, want between 1 and %d", documents, met, ways)
			}
			least = min(least, after.TotalAlloc-before.TotalAlloc)
		}
		return least
	}
	const n = 500
	if few, many := cost(n), cost(4*n); many > 8*few {
		t.Errorf("%d documents take %d bytes, %d take %d", n, few, 4*n, many)
	}
}

// TestManySteps: an address through encodings in encodings, each of which may be
// there or not, is no more work to compile for each. It would not end otherwise.
func TestManySteps(t *testing.T) {
	const n = 4
	r := route(t, "      - at: body.a"+strings.Repeat(".@pct.@fromstr", n)+"\n")
	sent, want := "Bo", "psn"
	for range n {
		sent, want = url.PathEscape(jsonString(sent)), url.PathEscape(jsonString(want))
	}
	got, err := r.Body(nil, []byte(`{"a":"`+sent+`"}`), func(*Finding) (string, error) { return "psn", nil })
	if err != nil || string(got) != `{"a":"`+want+`"}` {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
}

// TestMeetingsSpent: one body in which more addresses meet than are made ready for
// is refused, its names included, and weakens nothing for those that come after.
func TestMeetingsSpent(t *testing.T) {
	var rules strings.Builder
	for i := range 12 {
		fmt.Fprintf(&rules, "      - {at: body.**.a%d, find: ip}\n", i)
	}
	rules.WriteString("      - {at: 'body.**.z.@base64', find: email}\n")
	r := route(t, rules.String())
	var body strings.Builder
	body.WriteString("[")
	for set := range 1 << 12 {
		depth := 0
		for i := range 12 {
			if set>>i&1 == 1 {
				fmt.Fprintf(&body, `{"a%d":`, i)
				depth++
			}
		}
		body.WriteString(`{"z":"Qm8="}` + strings.Repeat("}", depth) + ",")
	}
	body.WriteString("0]")
	if got, err := r.Body(nil, []byte(body.String()), toToken); err != errMet {
		t.Errorf("got %.100s and %v, want %v", got, err, errMet)
	}
	const encoded = "YW5uYUBleGFtcGxlLmNvbQ==" // anna@example.com
	for _, doc := range []string{`{"z":"` + encoded + `"}`, `{"a11":{"a10":{"a3":{"z":"` + encoded + `"}}}}`, `{"a11":{"a9":{"a3":{"anna@example.com":{"z":{}}}}}}`} {
		got, err := r.Body(nil, []byte(doc), toToken)
		if err != nil || strings.Contains(string(got), encoded) || strings.Contains(string(got), "anna") {
			t.Errorf("%s: got %s and %v", doc, got, err)
		}
	}
}
