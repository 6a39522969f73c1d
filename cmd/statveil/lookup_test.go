package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

// statveil runs a command line that ends well, and returns what it prints.
func statveil(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := execute(t.Context(), args, strings.NewReader(stdin), &out, &errs); code != exitOK {
		t.Fatalf("%q ends with %d\n%s", args, code, &errs)
	}
	return out.String()
}

// What the proxy makes of a value is among what lookup prints for it, however it is
// spelled, before and after rotations; and reveal turns the reversible ones back.
func TestLookupFindsWhatTheProxyMakes(t *testing.T) {
	t.Parallel()
	set, err := rules.Parse(rules.File{Name: "rules.yaml", Data: []byte(`
version: 1
tenant: path.app
detectors: {phone: {regions: [FI]}}
routes:
  - name: stats
    match: POST /{app}/{conf}
    rules:
      - {at: body.find, find: any}
      - {at: body.whole}
      - {at: body.shape, as: shape}
      - {at: body.dayShape, find: any, as: shape, linkable: day}
      - {at: body.globalShape, as: shape, linkable: global}
      - {at: body.reversible, reversible: true}
      - {at: body.part, find: any, reversible: true}
      - {at: body.global, linkable: global}
      - {at: body.globalReversible, linkable: global, reversible: true}
      - {at: body.day, linkable: day}
      - {at: body.week, linkable: week, reversible: true}
      - {at: body.month, linkable: month}
      - {at: body.conf, linkable: path.conf}
      - {at: body.confReversible, linkable: path.conf, reversible: true}
`)})
	if err != nil {
		t.Fatal(err)
	}
	const phone = "+358 (40) 123-4567"
	people := []struct {
		sent, same string   // by the client: alone, and within something
		typed      []string // the same value, as people may spell it
	}{
		{phone, "call tel:+358-40-123-4567!", []string{"+358401234567", "00358401234567", "tel:+358 40 1234567", "040 1234567", "＋３５８４０１２３４５６７", "sip:+358401234567@pbx.example"}},
		{"040 1234567", "user=040-123 4567;", []string{"+358401234567", "0401234567"}},
		{"Anna@Example.COM", "<Anna@EXAMPLE.com>", []string{"Anna@example.com", "Anna@EXAMPLE.COM"}},
		{"a\u0308nna@example.com", "(änna@example.com)", []string{"änna@Example.com", "a\u0308nna@example.com"}},
		{"2001:DB8::0:17", "from 2001:db8:0:0::17,", []string{"2001:db8::17", "2001:0db8::0017"}},
		{"Anna Virtanen, A\u030Angfors", "anna@example.com", []string{"Anna Virtanen, Ångfors"}},
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	statveil(t, "", "keys", "init", "--keys", "file:"+path)
	now := time.Now()
	for version, rotate := range [][]string{nil, {}, {"--tenant", "acme"}} {
		if rotate != nil {
			statveil(t, "", append([]string{"keys", "rotate", "--keys", "file:" + path, "--activate-in", "1h"}, rotate...)...)
			now = now.Add(2 * time.Hour)
		}
		for _, p := range people {
			t.Run(fmt.Sprintf("version %d %s", version+1, p.sent), func(t *testing.T) {
				const conference = "+1 202 555 0143"
				with := pseudonymized(t, set, path, now, conference, map[string]string{
					"find": p.same, "whole": p.sent, "reversible": p.sent, "part": p.sent, "global": p.sent, "globalReversible": p.sent,
					"shape": p.sent, "dayShape": p.sent, "globalShape": p.sent,
					"day": p.sent, "week": p.sent, "month": p.sent, "conf": p.sent, "confReversible": p.sent,
				})
				day, month := now.UTC().Format("2006-01-02"), now.UTC().Format("2006-01")
				for _, typed := range append(p.typed, p.sent) {
					found := lookedUp(statveil(t, typed+"\n", "lookup", "--keys", "file:"+path, "--tenant", "acme", "--regions", "FI",
						"--linkable", "day="+day, "--linkable", "week="+day, "--linkable", "month="+month, "--linkable", "path.conf=+1-202-555-0143", "-"))
					for member, linkable := range map[string]string{"find": "tenant", "whole": "tenant", "global": "global", "day": "day=" + day, "month": "month=" + month, "conf": "path.conf=+1-202-555-0143"} {
						if member == "find" && strings.Contains(p.sent, " Virtanen") {
							continue // there, another value
						}
						number := version + 1
						if number == 3 && member == "global" {
							number = 2 // acme alone was rotated
						}
						token := token.FindString(with[member])
						if got, want := found[token], fmt.Sprintf("version %d one-way %s", number, linkable); got != want || token == "" {
							t.Errorf("%q, sent as %s %q: the proxy made %q, lookup says %q, want %q", typed, member, p.sent, with[member], got, want)
						}
					}
				}
				// A shape is looked up as it arrived.
				found := lookedUp(statveil(t, "", "lookup", "--keys", "file:"+path, "--tenant", "acme", "--regions", "FI", "--linkable", "day="+day, p.sent))
				for member, linkable := range map[string]string{"shape": "tenant", "dayShape": "day=" + day, "globalShape": "global"} {
					number, kind := version+1, "shape"
					if number == 3 && member == "globalShape" {
						number = 2
					}
					if strings.Contains(p.sent, " Virtanen") {
						if member == "dayShape" {
							continue
						}
						kind = "one-way" // a name has none
					}
					if got, want := found[with[member]], fmt.Sprintf("version %d %s %s", number, kind, linkable); got != want {
						t.Errorf("sent as %s %q: the proxy made %q, lookup says %q, want %q", member, p.sent, with[member], got, want)
					}
				}
				// A reversible pseudonym is that of the exact text.
				found = lookedUp(statveil(t, "", "lookup", "--keys", "file:"+path, "--tenant", "acme", "--linkable", "week="+day, "--linkable", "path.conf="+conference, p.sent))
				for member, linkable := range map[string]string{"reversible": "tenant", "part": "tenant", "week": "week=" + day, "globalReversible": "global", "confReversible": "path.conf=" + conference} {
					number, tenant := version+1, "acme"
					if member == "globalReversible" {
						number, tenant = min(number, 2), "_global"
					}
					if member == "part" && strings.Contains(p.sent, " Virtanen") {
						continue // nothing to find
					}
					token := with[member]
					if got, want := found[token], fmt.Sprintf("version %d reversible %s", number, linkable); got != want {
						t.Errorf("sent as %s %q: the proxy made %q, lookup says %q, want %q", member, p.sent, token, got, want)
					}
					for _, spelled := range []string{token, strings.ToUpper(token)} {
						got := statveil(t, "", "reveal", "--keys", "file:"+path, "--tenant", tenant, "--format", "json", spelled)
						var answer struct{ Pseudonym, Value string }
						if err := json.Unmarshal([]byte(got), &answer); err != nil || answer.Value != p.sent || answer.Pseudonym != spelled {
							t.Errorf("reveal %s: got %s, want %q", spelled, got, p.sent)
						}
					}
				}
			})
		}
	}
}

// pseudonymized sends a JSON object of texts through the proxy, with the keys of a
// file, and returns what arrives.
func pseudonymized(t *testing.T, set *rules.Set, path string, now time.Time, conference string, values map[string]string) (arrived map[string]string) {
	t.Helper()
	store, err := keys.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sanitizer := &proxy.Sanitizer{
		Rules: func() *rules.Set { return set },
		Keys:  store.Keyring,
		Now:   func() time.Time { return now },
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNoContent, Header: http.Header{}, Body: http.NoBody, Request: r}, json.NewDecoder(r.Body).Decode(&arrived)
		}),
	}
	body, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	to := &url.URL{Scheme: "http", Host: "collector", Path: "/acme/" + conference}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := sanitizer.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return arrived
}

// lookedUp are the lines that lookup prints: by pseudonym, what stands behind it.
func lookedUp(text string) map[string]string {
	found := map[string]string{}
	for line := range strings.Lines(text) {
		token, rest, _ := strings.Cut(line, " ")
		found[token] = strings.Join(strings.Fields(rest), " ")
	}
	return found
}
