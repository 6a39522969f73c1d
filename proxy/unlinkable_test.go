package proxy_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

// TestUnlinkable: over random requests of several tenants, at several times, across a
// rotation of keys, in several conferences, through two sidecars, and with each value
// in several spellings, two pseudonyms are equal exactly if what the rule's linkable
// names is the same for both, and tenant (but for global), key version, direction and
// canonical form are.
func TestUnlinkable(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	rotation := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	rings := map[string]*pseudonym.Keyring{}
	for _, tenant := range []string{"acme", "other", "acme.x", pseudonym.Global} {
		old, next := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
		copy(old, tenant)
		copy(next, tenant)
		ring, err := pseudonym.NewKeyring(tenant, pseudonym.Version{Number: 1, Secret: old}, pseudonym.Version{Number: 2, Secret: next, From: rotation})
		if err != nil {
			t.Fatal(err)
		}
		rings[tenant] = ring
	}
	var now time.Time
	var sidecars [2]*recorder
	for i := range sidecars {
		sidecars[i] = newRecorder(t, linkText)
		sidecars[i].Keys = func(tenant string) *pseudonym.Keyring { return rings[tenant] }
		sidecars[i].Now = func() time.Time { return now }
	}
	// The spellings of one value in a row; the first is its canonical form.
	values := [][]string{
		{"+12025550143", "tel:+1-202-555-0143", "+1 (202) 555-0143", "＋１２０２５５５０１４３", "001 202 555 0143"},
		{"+12025550144", "+1.202.555.0144"},
		{"anna@example.com", "anna@EXAMPLE.com"},
		{"192.0.2.77", "::ffff:192.0.2.77"},
		{"Änne", "A\u0308nne"},
		{"day:2026-11-30"}, {"acme"},
	}
	times := []time.Time{
		time.Date(2026, 11, 29, 23, 59, 59, 0, time.UTC), // a Sunday
		time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 11, 30, 23, 59, 59, 999_999_999, time.UTC),
		time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 12, 1, 1, 30, 0, 0, time.FixedZone("", 2*3600)), // still November
		rotation.Add(-1), rotation,
		time.Date(2027, 1, 1, 10, 0, 0, 0, time.UTC), // in ISO week 53 of 2026
		time.Date(2026, 12, 31, 10, 0, 0, 0, time.UTC),
	}
	members := []string{"tenant", "global", "request", "day", "week", "month", "conf", "back", "backDay"}
	conferences := []string{"x", "y", "%78", "day:2026-11-30"}
	classes, tokenOf := map[string]string{}, map[string]string{}
	for n := range 3000 {
		now = times[r.IntN(len(times))]
		tenant := []string{"acme", "other", "acme.x"}[r.IntN(3)]
		conf := conferences[r.IntN(len(conferences))]
		var body strings.Builder
		var want []string
		for _, member := range members {
			row := values[r.IntN(len(values))]
			spelled := row[r.IntN(len(row))]
			fmt.Fprintf(&body, `,%q:%q`, member, spelled)
			utc := now.UTC()
			year, week := utc.ISOWeek()
			of, value, version, reach := tenant, row[0], 1, ""
			if !now.Before(rotation) {
				version = 2
			}
			switch member {
			case "global":
				of = pseudonym.Global
			case "request":
				reach = fmt.Sprint(n)
			case "day", "backDay":
				reach = utc.Format(time.DateOnly)
			case "week":
				reach = fmt.Sprint(year, " ", week)
			case "month":
				reach = utc.Format("2006-01")
			case "conf":
				reach = "conference " + strings.ReplaceAll(conf, "%78", "x")
			}
			if strings.HasPrefix(member, "back") {
				value = "reversible " + spelled
			}
			kind := strings.TrimPrefix(member, "back")
			if reach == "" {
				kind = ""
			}
			want = append(want, strings.Join([]string{of, fmt.Sprint(version), strings.ToLower(kind), reach, value}, "|"))
		}
		sidecar := sidecars[r.IntN(2)]
		if !sidecar.send(request("POST", "/link/"+conf, []string{"X-App: " + tenant}, "{"+body.String()[1:]+"}")) || sidecar.arrived == "" {
			t.Fatalf("refused: %s", sidecar.answer)
		}
		_, doc, _ := strings.Cut(sidecar.arrived, "\r\n\r\n")
		found := tokens.FindAllString(doc, -1)
		if len(found) != len(want) {
			t.Fatalf("%d pseudonyms in %s", len(found), doc)
		}
		for i, token := range found {
			if before, ok := classes[token]; ok && before != want[i] {
				t.Fatalf("one pseudonym, %s, for\n%s and\n%s", token, before, want[i])
			}
			if before, ok := tokenOf[want[i]]; ok && before != token {
				t.Fatalf("two pseudonyms, %s and %s, for\n%s", before, token, want[i])
			}
			classes[token], tokenOf[want[i]] = want[i], token
		}
	}
	if len(classes) < 2500 {
		t.Errorf("only %d pseudonyms were made", len(classes))
	}
}
