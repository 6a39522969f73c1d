package proxy_test

import (
	"compress/gzip"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/statveil/statveil/proxy"
)

const observed = `
version: 1
tenant: {name: acme}
routes:
  - name: watched
    match: /w/{id...}
    mode: observe
    rules: [{at: [path.id, body.user, header.X-User]}, {at: body.gone, do: remove}, {at: body.bad, do: reject}]
`

// TestObserve: a route that observes forwards every byte as it came, whatever its
// rules say of it, and reports what they would have done.
func TestObserve(t *testing.T) {
	zipped := gzipped(`{"user":"`+email+`"}`, gzip.Header{Name: "x"})
	tests := []struct {
		name, target string
		lines        []string
		body         string
		replaced     int
		refused      proxy.Reason
	}{
		{"findings", "/w/%2b12025550143?a=" + email, []string{"Content-Type: application/json", "Digest: sha-256=x", "X-Forwarded-For: 192.0.2.7", "X-User: Bo"}, `{"user" : "` + email + `","gone":1}`, 5, ""},
		{"nothing", "/w/", []string{"Content-Type: application/json"}, `{"a":1}`, 0, ""},
		{"no body", "/w/" + phone, nil, "", 1, ""},
		{"gzip", "/w/", []string{"Content-Encoding: gzip"}, zipped, 1, ""},
		{"zstd of UTF-16", "/w/", []string{"Content-Encoding: zstd"}, encoded(t, "zstd", "\xff\xfe"+in(t, "utf-16le", `{"user":"`+email+`"}`)), 1, ""},
		{"UTF-16 that is none", "/w/", []string{"Content-Type: text/plain"}, "\xff\xfea", 0, proxy.Unparseable},
		{"gzip that is none", "/w/", []string{"Content-Encoding: gzip"}, "x" + zipped, 0, proxy.Unparseable},
		{"a coding that cannot be undone", "/w/", []string{"Content-Encoding: compress"}, "x", 0, proxy.Encoding},
		{"broken JSON", "/w/", []string{"Content-Type: application/json"}, `{"user":"` + email, 0, proxy.Unparseable},
		{"bytes", "/w/", []string{"Content-Type: image/png"}, "\x89PNG\x00", 0, proxy.Encoding},
		{"rejected", "/w/", nil, `{"bad":1}`, 0, proxy.Rejected},
		{"personal credentials", "/w/", []string{"Authorization: Bearer " + jwt}, "", 0, proxy.Unsafe},
		{"larger than the limit", "/w/", []string{"Content-Type: application/json"}, `{"user":"` + email + strings.Repeat(" ", 2<<20) + `"}`, 0, proxy.Oversize},
		{"as large as the limit", "/w/", []string{"Content-Type: text/plain"}, strings.Repeat("a", 1<<20), 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			var mu sync.Mutex
			var outcomes []proxy.Outcome
			s := newSanitizer(t, observed)
			s.Limits.Body = 1 << 20
			s.Observe = func(o proxy.Outcome) {
				mu.Lock()
				defer mu.Unlock()
				outcomes = append(outcomes, o)
			}
			raw(t, serve(t, s, c.url), request("POST", tt.target, tt.lines, tt.body)).fine(t)
			mu.Lock()
			defer mu.Unlock()
			got := c.one(t)
			if target := strings.TrimPrefix(strings.Split(got.raw, " HTTP/1.1\r\n")[0], "POST "); target != tt.target || got.body != tt.body {
				t.Errorf("got %.200q and %d bytes, want %q and %d", target, len(got.body), tt.target, len(tt.body))
			}
			for _, line := range tt.lines {
				if !slices.Contains(got.lines, line) {
					t.Errorf("%q is not in %q", line, got.lines)
				}
			}
			if len(outcomes) != 1 {
				t.Fatalf("got outcomes %v", outcomes)
			}
			if o := outcomes[0]; !o.Observed || o.Route != "watched" || o.Status != 200 || o.Refused != tt.refused || tt.refused == "" && o.Replaced != tt.replaced {
				t.Errorf("got %+v, want %d replaced, refused %q", o, tt.replaced, tt.refused)
			}
		})
	}
}
