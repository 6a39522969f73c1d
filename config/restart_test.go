package config_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/statveil/statveil/config"
)

// TestNeedsRestart changes every field, one at a time.
func TestNeedsRestart(t *testing.T) {
	want := []string{"listen", "admin.listen", "admin.private", "limits.headers", "limits.connections",
		"timeouts.read_header", "timeouts.read_body", "timeouts.write", "timeouts.idle", "timeouts.drain", "log.format"}
	var all []string
	for field, p := range scalars(t) {
		all = append(all, variable(field)+"="+another(p))
		if said := strings.HasSuffix(p.Description, " A change takes effect at the next start."); said != slices.Contains(want, field) {
			t.Errorf("%s is described: %s", field, p.Description)
		}
		next := config.Default()
		if _, err := next.Environment([]string{variable(field) + "=" + another(p)}); err != nil {
			t.Fatal(err)
		}
		expected := []string(nil)
		switch {
		case field == "tls.cert":
			expected = []string{"tls"}
		case slices.Contains(want, field):
			expected = []string{field}
		}
		for _, got := range [][]string{config.Default().NeedsRestart(next), next.NeedsRestart(config.Default())} {
			if !slices.Equal(got, expected) {
				t.Errorf("%s: got %q, want %q", field, got, expected)
			}
		}
		if got := next.NeedsRestart(next); got != nil {
			t.Errorf("%s did not change: got %q", field, got)
		}
	}
	next := config.Default()
	if _, err := next.Environment(all); err != nil {
		t.Fatal(err)
	}
	if got := config.Default().NeedsRestart(next); !slices.Equal(got, append(want, "tls")) {
		t.Errorf("everything: got %q", got)
	}
	// One certificate or another, collectors and rules are for a reload.
	a, b := config.Default(), config.Default()
	a.TLS, b.TLS = config.TLS{Cert: "a", Key: "a"}, config.TLS{Cert: "b", Key: "b", ClientCA: "b"}
	b.Rules, b.Collectors = []string{"b"}, []config.Collector{{Host: "*"}}
	if got := a.NeedsRestart(b); got != nil {
		t.Errorf("what a reload takes over: got %q", got)
	}
}
