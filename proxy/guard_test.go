package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

const guardText = `
version: 1
tenant: {name: acme}
routes:
  - name: calls
    match: POST /calls/{id}
    GUARD
    rules:
      - {at: [path.id, body.users, body.once], linkable: request}
      - {at: body.kept, do: keep}
      - {at: body.where, find: [ip, coordinates], do: generalize}
      - {at: body.ip, do: generalize}
`

// TestGuard: a value that the path says is replaced in all other places, by one
// pseudonym, and comes back in the answer; what is reported is reported once.
func TestGuard(t *testing.T) {
	c := newCollector(t, func(r *received) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%s\r\n\r\n%s", lengthLine(r.body), r.body)
	})
	s := newSanitizer(t, strings.Replace(guardText, "GUARD", "guard: replace", 1))
	var mu sync.Mutex
	var found []string
	var outcome proxy.Outcome
	s.Found = func(_ *rules.Route, f *rules.Finding, with string) {
		mu.Lock()
		defer mu.Unlock()
		found = append(found, f.Address()+" "+f.Kind+" "+f.Rule.Name+" "+f.Action().String())
	}
	s.Observe = func(o proxy.Outcome) {
		mu.Lock()
		defer mu.Unlock()
		outcome = o
	}
	body := `{"users":["bo.example"],"log":"anna.virtanen calls bo.example, not anna.virtanen2","anna.virtanen":1,"kept":"anna.virtanen"}`
	answer := raw(t, serve(t, s, c.url), request("POST", "/calls/anna.virtanen?from=bo.example", []string{
		"Referer: https://www.example.com/calls/anna.virtanen", "Cookie: last=anna.virtanen", "X-Log: for=anna.virtanen;", "Content-Type: application/json", "Digest: sha-256=x",
	}, body)).fine(t)
	if answer.body != body {
		t.Errorf("the client gets %s", answer.body)
	}
	got := c.one(t)
	people := slices.Compact(tokens.FindAllString(got.target, -1))
	if len(people) != 2 {
		t.Fatalf("the target is %s", got.target)
	}
	anna, bo := people[0], people[1]
	undo := strings.NewReplacer(anna, "anna.virtanen", bo, "bo.example")
	if got.target != "/calls/"+anna+"?from="+bo || undo.Replace(got.body) != body || strings.Count(got.body, "anna.virtanen") != 2 || strings.Contains(got.body, "bo.example") {
		t.Errorf("got %s\n%s", got.target, got.body)
	}
	for name, want := range map[string]string{"Referer": "https://www.example.com/calls/" + anna, "Cookie": "last=" + anna, "X-Log": "for=" + anna + ";", "Digest": ""} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.header.Get(name), want)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	want := []string{
		"path.id value calls/1 pseudonymize", "body.users.0 value calls/1 pseudonymize", "body.kept value calls/2 keep",
		"query.from value guard pseudonymize", "header.Referer value guard pseudonymize", "header.X-Log value guard pseudonymize", "cookie.last value guard pseudonymize",
		"body.log value guard pseudonymize", "body.log value guard pseudonymize", "body.anna\\.virtanen value guard pseudonymize",
	}
	if !slices.Equal(found, want) {
		t.Errorf("reported\n%s\nwant\n%s", strings.Join(found, "\n"), strings.Join(want, "\n"))
	}
	if outcome.Replaced != len(want)-1 {
		t.Errorf("%d were replaced, want %d", outcome.Replaced, len(want)-1)
	}
}

func TestGuardModes(t *testing.T) {
	target, body := "/calls/anna.virtanen", `{"log":"anna.virtanen"}`
	for _, tt := range []struct {
		route  string
		status int
		left   bool
	}{
		{"guard: replace", 200, false}, {"guard: reject", 422, false}, {"guard: off", 200, true},
		{"otherwise: keep", 200, false}, {"mode: observe", 200, true},
	} {
		c := newCollector(t, nil)
		answer := raw(t, serveRules(t, strings.Replace(guardText, "GUARD", tt.route, 1), c), request("POST", target, []string{"Content-Type: application/json"}, body))
		if answer.StatusCode != tt.status || strings.Contains(answer.body, "virtanen") {
			t.Errorf("%s: %d %s", tt.route, answer.StatusCode, answer.body)
		}
		if tt.status != 200 {
			c.nothing(t, tt.route)
			continue
		}
		if got := c.one(t); strings.Contains(got.body, "virtanen") != tt.left {
			t.Errorf("%s: got %s", tt.route, got.body)
		}
	}
}

// TestGuardRecord: of a stored record, the same values are replaced.
func TestGuardRecord(t *testing.T) {
	s := newSanitizer(t, strings.Replace(guardText, "GUARD", "", 1))
	got, err := s.Record(make([]byte, 3, 1024), []byte(`{"users":["bo.example"],"log":"bo.example called","kept":"bo.example"}`), s.Rules().Route("calls"), "")
	if err != nil {
		t.Fatal(err)
	}
	bo := tokens.FindString(string(got))
	if want := "\x00\x00\x00" + `{"users":["` + bo + `"],"log":"` + bo + ` called","kept":"bo.example"}`; bo == "" || string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestGeneralized: what is generalized leaves as it is, needs no tenant, and does not
// come back.
func TestGeneralized(t *testing.T) {
	text := strings.NewReplacer("tenant: {name: acme}", "tenant: header.X-App", "GUARD", "").Replace(guardText)
	c := newCollector(t, func(r *received) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%s\r\n\r\n%s", lengthLine(r.body), r.body)
	})
	address := serveRules(t, strings.Replace(text, "path.id, ", "", 1), c)
	body, want := `{"where":"192.0.2.7 geo:60.1699,24.9384","ip":"2001:db8:1:2::7"}`, `{"where":"192.0.2.0 geo:60.17,24.94","ip":"2001:db8:1::"}`
	answer := raw(t, address, request("POST", "/calls/7", []string{"Content-Type: application/json"}, body)).fine(t)
	if got := c.one(t); got.body != want || answer.body != want {
		t.Errorf("got %s, and the client %s; want %s", got.body, answer.body, want)
	}
	if a := raw(t, address, request("POST", "/calls/7", []string{"Content-Type: application/json"}, `{"ip":"Anna"}`)); a.StatusCode != 403 {
		t.Errorf("what is neither needs a tenant: got %d", a.StatusCode)
	}
}
