package proxy_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

const dropRules = `
version: 1
tenant: {name: acme}
routes:
  - name: drops
    match: /drop/{any...}
    on_failure: {unparseable: drop, oversize: drop, encoding: drop, keys: drop, collector: drop}
    rules: [{at: body.bad, do: reject}]
  - name: refuses
    match: /refuse/{any...}
    rules: [{at: body.bad, do: reject}]
`

// Where a route says so, who sent what cannot be treated or delivered is told that all
// is well, in a way that a browser believes; nothing arrives, and it is counted.
func TestDrop(t *testing.T) {
	noKeys := func(s *proxy.Sanitizer) { s.Keys = func(string) *pseudonym.Keyring { return nil } }
	hang := func(s *proxy.Sanitizer) { s.Transport = proxy.NewTransport(50*time.Millisecond, nil) }
	nobody := listen(t)
	nobody.Close()
	refusing := &url.URL{Scheme: "http", Host: nobody.Addr().String()}
	silent := listen(t)
	t.Cleanup(func() { silent.Close() })
	tests := []struct {
		name      string
		lines     []string
		body      string
		set       func(*proxy.Sanitizer)
		collector *url.URL
		want      outcome // if it is refused
		drops     bool
	}{
		{"no keys", nil, `"` + email + `"`, noKeys, nil, outcome{proxy.Keys, "", 503}, true},
		{"no collector", nil, `{}`, nil, refusing, outcome{proxy.Collector, "", 502}, true},
		{"a silent collector", nil, `{}`, hang, &url.URL{Scheme: "http", Host: silent.Addr().String()}, outcome{proxy.Collector, "upstream", 504}, true},
		{"no JSON", []string{asJSON}, `{"u":"` + email, nil, nil, outcome{proxy.Unparseable, "", 400}, true},
		{"a broken query", nil, ``, nil, nil, outcome{proxy.Unparseable, "", 400}, true},
		{"too large", nil, long(2000), nil, nil, outcome{proxy.Oversize, "body", 413}, true},
		{"too large by far", nil, long(1 << 20), nil, nil, outcome{proxy.Oversize, "body", 413}, true},
		{"too deep", nil, strings.Repeat("[", 200) + strings.Repeat("]", 200), nil, nil, outcome{proxy.Oversize, "depth", 413}, true},
		{"a coding", []string{"Content-Encoding: compress"}, `{}`, nil, nil, outcome{proxy.Encoding, "", 415}, true},
		{"a medium", []string{"Content-Type: image/png"}, "\x89PNG", nil, nil, outcome{proxy.Encoding, "", 415}, true},
		{"what a rule rejects", nil, `{"bad":1}`, nil, nil, outcome{proxy.Rejected, "", 403}, false},
		{"what is unsafe", []string{"Authorization: Bearer " + jwt}, ``, nil, nil, outcome{proxy.Unsafe, "", 422}, false},
		{"no room ever", nil, `{}`, func(s *proxy.Sanitizer) { s.InFlight = proxy.NewInFlight(1) }, nil, outcome{proxy.Oversize, "inflight", 413}, true},
		{"an upgrade", []string{"Connection: Upgrade", "Upgrade: websocket"}, ``, nil, nil, outcome{proxy.Method, "", 426}, false},
	}
	for _, tt := range tests {
		for _, route := range []string{"drop", "refuse"} {
			t.Run(tt.name+" "+route, func(t *testing.T) {
				c := newCollector(t, nil)
				to := c
				if tt.collector != nil {
					to = &collector{url: tt.collector}
				}
				inflight := proxy.NewInFlight(1 << 20)
				r := sanitized(t, to, &proxy.Server{}, func(s *proxy.Sanitizer) {
					set := parse(t, dropRules)
					s.Rules = func() *rules.Set { return set }
					s.Limits.Body, s.InFlight = 1000, inflight
					if tt.set != nil {
						tt.set(s)
					}
				})
				target := "/" + route + "/" + phone
				if tt.name == "no collector" || tt.name == "a silent collector" {
					target = "/" + route + "/a"
				}
				if strings.Contains(tt.name, "query") {
					target += "?a=%zz"
				}
				res := raw(t, r.address, request("POST", target, append([]string{"Origin: https://app.example"}, tt.lines...), tt.body))
				if res.Response == nil {
					t.Fatal(res.err)
				}
				for name, want := range map[string]string{"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true", "Vary": "Origin"} {
					if got := res.Header.Get(name); got != want {
						t.Errorf("%s: got %q, want %q", name, got, want)
					}
				}
				want := tt.want
				dropped := tt.drops && route == "drop"
				if dropped {
					want.status = http.StatusNoContent
				}
				if res.StatusCode != want.status || dropped && res.body != "" {
					t.Errorf("got %s %q, want %d", res.Status, res.body, want.status)
				}
				checkQuiet(t, fmt.Sprint(res.Header, res.body))
				free(t, inflight)
				r.only(t, want)
				if o := r.told.wait(t, 0)[0]; o.Dropped != dropped || o.ID == "" {
					t.Errorf("got %+v", o)
				}
				c.nothing(t, "")
			})
		}
	}
}
