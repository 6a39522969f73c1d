package proxy_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/statveil/statveil/pseudonym"
)

var tokens = regexp.MustCompile(`psn_[a-z0-9]+`)

// One value has one pseudonym, wherever it stands and however it is spelled,
// also behind a second Sanitizer with the same keys.
func TestOnePseudonym(t *testing.T) {
	c := newCollector(t, nil)
	for range 2 {
		raw(t, serveRules(t, ruleText, c), request("POST", "/v1/%2B12025550143/%2b1-202-555-0143?user=+12025550143&x=tel:%2B12025550143",
			[]string{"X-User: +1 202 555 0143", "Referer: https://a.example/?u=%2B12025550143", "Cookie: u=1"},
			`{"user":"\u002b12025550143","x":{"+12025550143":"call +1 (202) 555-0143 now"}}`)).fine(t)
	}
	want := pseudonymOf(phone)
	cookie := pseudonymOf("u=1")
	for _, r := range c.all() {
		found := tokens.FindAllString(r.raw, -1)
		n := 0
		for _, token := range found {
			switch token {
			case want:
				n++
			case cookie:
			default:
				t.Errorf("got %s, want %s", token, want)
			}
		}
		if n != 9 {
			t.Errorf("found %d tokens, want 9 in %q", n, r.raw)
		}
		if strings.Contains(r.raw, "5550143") {
			t.Errorf("the number is in %q", r.raw)
		}
	}
}

const tenantText = `
version: 1
routes:
  - name: path
    match: POST /path/{app}
    tenant: path.app
  - name: query
    match: POST /query
    tenant: query.app
  - name: header
    match: POST /header
    tenant: header.X-App
  - name: body
    match: POST /body
    tenant: body.**.app
  - name: fixed
    match: POST /fixed
    tenant: {name: seven}
  - name: default
    match: POST /default
`

// A tenant is read from where its route says, and each has pseudonyms of its own.
func TestTenants(t *testing.T) {
	value := `"` + phone + `"`
	tests := []struct {
		name   string
		target string
		lines  []string
		body   string
		want   string // tenant; "" is refused
	}{
		{"path", "/path/seven", nil, value, "seven"},
		{"path, encoded", "/path/%73even", nil, value, "seven"},
		{"path, another", "/path/eight", nil, value, "eight"},
		{"path, malformed", "/path/se_ven", nil, value, ""},
		{"query", "/query?x=1&app=seven", nil, value, "seven"},
		{"query, twice the same", "/query?app=seven&APP=%73even", nil, value, "seven"},
		{"query, twice", "/query?app=seven&app=eight", nil, value, ""},
		{"query, absent", "/query", nil, value, ""},
		{"header", "/header", []string{"X-App: seven"}, value, "seven"},
		{"header, twice the same", "/header", []string{"X-App: seven", "x-app: seven"}, value, "seven"},
		{"header, twice", "/header", []string{"X-App: seven", "X-App: eight"}, value, ""},
		{"header, absent", "/header", nil, value, ""},
		{"header, dropped by Connection", "/header", []string{"X-App: seven", "Connection: X-App"}, value, ""},
		{"body", "/body", nil, `{"x":` + value + `,"in":{"App":"seven"}}`, "seven"},
		{"body, twice the same", "/body", nil, `{"app":"seven","x":` + value + `,"\u0061pp":"seve\u006e"}`, "seven"},
		{"body, twice", "/body", nil, `{"app":"seven","x":` + value + `,"in":{"app":"eight"}}`, ""},
		{"body, empty", "/body", nil, `{"app":"","x":` + value + `}`, ""},
		{"body, a number", "/body", nil, `{"app":7,"x":` + value + `}`, "7"},
		{"fixed", "/fixed", nil, value, "seven"},
		{"nobody's", "/default", nil, value, "default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			in := request("POST", tt.target, tt.lines, tt.body)
			res := raw(t, serveRules(t, tenantText, c), in)
			if tt.want == "" {
				checkProblem(t, res, problem{403, "tenant", strings.FieldsFunc(tt.target, func(r rune) bool { return r == '/' || r == '?' })[0]})
				c.nothing(t, in)
				return
			}
			res.fine(t)
			want := keyring(tt.want).Seal(pseudonym.Context{}, phone)
			if got := c.one(t); !strings.Contains(got.body, want) {
				t.Errorf("got %q, want %s in it", got.body, want)
			}
		})
	}
	t.Run("none is needed", func(t *testing.T) {
		c := newCollector(t, nil)
		raw(t, serveRules(t, tenantText, c), request("POST", "/query", nil, `{"a":1}`)).fine(t)
	})
}

const linkText = `
version: 1
tenant: header.X-App
routes:
  - name: link
    match: POST /link/{conf}
    rules:
      - {at: body.tenant}
      - {at: body.global, linkable: global}
      - {at: body.request, linkable: request}
      - {at: body.day, linkable: day}
      - {at: body.week, linkable: week}
      - {at: body.month, linkable: month}
      - {at: body.conf, linkable: path.conf}
      - {at: body.back, reversible: true}
      - {at: body.backDay, reversible: true, linkable: day}
      - {at: body.kept, do: keep}
`

// Two pseudonyms of one value are equal across what the rule says, and there only.
func TestLinkable(t *testing.T) {
	c := newCollector(t, nil)
	address := serveRules(t, linkText, c)
	names := []string{"tenant", "global", "request", "day", "week", "month", "conf"}
	send := func(app, conf string) map[string][]string {
		t.Helper()
		var b strings.Builder
		for _, name := range names {
			fmt.Fprintf(&b, `,%q:["%[2]s","%[2]s"]`, name, phone)
		}
		raw(t, address, request("POST", "/link/"+conf, []string{"X-App: " + app}, "{"+b.String()[1:]+"}")).fine(t)
		all := c.all()
		found := tokens.FindAllString(all[len(all)-1].body, -1)
		if len(found) != 2*len(names) {
			t.Fatalf("found %d tokens in %q", len(found), all[len(all)-1].body)
		}
		got := map[string][]string{}
		for i, name := range names {
			got[name] = found[2*i : 2*i+2]
		}
		return got
	}
	first, second := send("acme", "x"), send("acme", "x")
	elsewhere, anotherTenant := send("acme", "y"), send("other", "x")
	seen := map[string]string{}
	for _, name := range names {
		if first[name][0] != first[name][1] {
			t.Errorf("%s: two pseudonyms in one request", name)
		}
		if with := seen[first[name][0]]; with != "" {
			t.Errorf("%s and %s have one pseudonym", name, with)
		}
		seen[first[name][0]] = name
		for _, tt := range []struct {
			name string
			got  map[string][]string
			same bool
		}{
			{"the next request", second, name != "request"},
			{"another conference", elsewhere, name != "request" && name != "conf"},
			{"another tenant", anotherTenant, name == "global"},
		} {
			if same := tt.got[name][0] == first[name][0]; same != tt.same {
				t.Errorf("%s, %s: the same is %v, want %v", name, tt.name, same, tt.same)
			}
		}
	}
}

// Where the address of a scope is absent or ambiguous, nothing is linkable beyond
// the request.
func TestLinkableAcrossNothing(t *testing.T) {
	const text = `
version: 1
tenant: {name: acme}
routes:
  - name: all
    match: POST /x
    rules: [{at: body.user, linkable: query.room}]
`
	for query, same := range map[string]bool{"?room=a": true, "?room=a&ROOM=%61": true, "": false, "?room=": false, "?room=a&room=b": false, "?rooms=a": false} {
		c := newCollector(t, nil)
		address := serveRules(t, text, c)
		var got []string
		for range 2 {
			raw(t, address, request("POST", "/x"+query, nil, `{"user":["Anna","Anna"]}`)).fine(t)
			all := c.all()
			found := tokens.FindAllString(all[len(all)-1].body, -1)
			if len(found) != 2 || found[0] != found[1] {
				t.Errorf("%q: got %q in one request", query, found)
			}
			got = append(got, found[0])
		}
		if (got[0] == got[1]) != same {
			t.Errorf("%q: got %q, the same: want %v", query, got, same)
		}
	}
}

func TestReversibleAndKept(t *testing.T) {
	c := newCollector(t, nil)
	raw(t, serveRules(t, linkText, c), request("POST", "/link/x", []string{"X-App: acme"},
		`{"back":" +1 202\u0020555-0143","backDay":"Änne","kept":"`+phone+`"}`)).fine(t)
	got := c.one(t)
	var opened []string
	for _, token := range tokens.FindAllString(got.body, -1) {
		text, err := keyring("acme").Open(token)
		if err != nil {
			t.Fatal(err)
		}
		opened = append(opened, text)
	}
	if want := []string{" +1 202 555-0143", "Änne"}; fmt.Sprint(opened) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", opened, want)
	}
	if !strings.HasSuffix(got.body, `"kept":"`+phone+`"}`) {
		t.Errorf("got %q, want the kept value at its end", got.body)
	}
}

// A second sidecar with the same keys finds nothing to do.
func TestTwoSidecars(t *testing.T) {
	tests := []struct{ name, target, cookie, body string }{
		{"rules and last look", "/v1/+12025550143/tel:+447700900123?user=a@example.com&x=+12025550143", "u=+12025550143",
			`{"user":"Anna","users":["x",{"y":3}],"n":12,"n":1e3,"t":"call +1 202 555 0143, 192.0.2.7 or 2001:db8::7","sip":"sip:+442079460018@pbx.example.com;user=phone","+12025550143":1}`},
		{"only the last look", "/free/+12025550143?+12025550143", "a=anna@example.com", `["+12025550143", "anna@example.com"]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			once, twice := newCollector(t, nil), newCollector(t, nil)
			in := request("POST", tt.target, []string{"X-User: 7", "Cookie: " + tt.cookie}, tt.body)
			raw(t, serveRules(t, ruleText, once), in).fine(t)

			inner := newSanitizer(t, ruleText)
			var changed atomic.Int64
			inner.Observe = countFindings(&changed)
			outer := newSanitizer(t, ruleText)
			middle := *twice.url
			middle.Host = serve(t, inner, twice.url)
			raw(t, serve(t, outer, &middle), in).fine(t)

			want := strings.ReplaceAll(once.one(t).raw, once.url.Host, twice.url.Host)
			if got := twice.one(t).raw; got != want {
				t.Errorf("got  %q\nwant %q", got, want)
			}
			if n := changed.Load(); n != 0 {
				t.Errorf("the second sidecar replaced %d values", n)
			}
		})
	}
}

// Somebody's text does not pass because a pseudonym stands at its beginning.
func TestPseudonymIsNoPassport(t *testing.T) {
	token := pseudonymOf(phone)
	for _, text := range []string{token + "@Anna Lindqvist", token + "@" + other, token + " " + other, token + "anna", "psn_" + strings.Repeat("a", 32), token[:35]} {
		c := newCollector(t, nil)
		raw(t, serveRules(t, ruleText, c), request("POST", "/v1/x/y", nil, `{"user":"`+text+`"}`)).fine(t)
		if got := c.one(t).body; strings.Contains(got, text) || strings.Contains(strings.ToLower(got), "anna") || strings.Contains(got, other[1:]) {
			t.Errorf("%q passed: %q", text, got)
		}
	}
}

// TestOwnTokenShields: only a pseudonym, and the domain that a number left
// behind, pass as they are; what else stands after one is looked at.
func TestOwnTokenShields(t *testing.T) {
	own := pseudonymOf("Anna")
	for in, passes := range map[string]bool{
		`"` + own + `"`:                        true,
		`"sip:` + own + `@pbx.example.com"`:    true,
		`"sip:` + own + `@anna@example.com"`:   false,
		`"` + own + `@anna@example.com"`:       false,
		`"sip:` + own + `@12025550143"`:        false,
		`"` + own + ` anna@example.com"`:       false,
		`"` + own[:35] + `a anna@example.com"`: false,
	} {
		c := newCollector(t, echo)
		raw(t, serveRules(t, ruleText, c), request("POST", "/free/a", nil, in)).fine(t)
		got := c.one(t).body
		if (got == in) != passes || strings.Contains(got, "anna") || strings.Contains(got, "2025550143") {
			t.Errorf("%s arrives as %s", in, got)
		}
	}
}

// TestTenantFromForwarded: a tenant may be named by a header that is dropped.
func TestTenantFromForwarded(t *testing.T) {
	c := newCollector(t, echo)
	address := serveRules(t, "version: 1\ntenant: header.X-Forwarded-Host\nroutes: [{name: r, match: /r}]\n", c)
	raw(t, address, request("POST", "/r", []string{"X-Forwarded-Host: acme"}, `"`+phone+`"`)).fine(t)
	got := c.one(t)
	if got.body != `"`+pseudonymOf(phone)+`"` || got.header.Get("X-Forwarded-Host") != "" {
		t.Errorf("got %q with %v", got.body, got.lines)
	}
}
