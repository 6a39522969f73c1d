package rules

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func pack(t testing.TB) *Set {
	t.Helper()
	set, err := Load("packs/callstats.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestPackRoutes: every kind of request of every client finds its route, with
// the conference and the tenant that it is about.
func TestPackRoutes(t *testing.T) {
	const app = "/v1/apps/123456789/conferences/"
	tests := []struct{ name, method, path, route, conf string }{
		{"join, JavaScript", "POST", app + "tel%3A%2B12025550143", "join", "tel%3A%2B12025550143"},
		{"join, JavaScript, URL", "POST", app + "https%3A%2F%2Fmeet.example.com%2F%2Froom%3Fx%3D1", "join", "https%3A%2F%2Fmeet.example.com%2F%2Froom%3Fx%3D1"},
		{"join, Java", "POST", app + "Anna+Example+%2F+private", "join", "Anna+Example+%2F+private"},
		{"join, Java, plus", "POST", app + "%2B12025550143", "join", "%2B12025550143"},
		{"join, Android, plus", "POST", app + "+12025550143", "join", "+12025550143"},
		{"join, Android, slashes", "POST", app + "anna@example.com/2026-11-23T10:30", "join", "anna@example.com/2026-11-23T10:30"},
		{"join, Android, URL", "POST", app + "https://meet.example.com//room", "join", "https://meet.example.com//room"},
		{"alive", "POST", app + "room/uc17/events/user/alive", "alive", "room"},
		{"alive, JavaScript", "POST", app + "anna%40example.com/uc17/events/user/alive", "alive", "anna%40example.com"},
		{"alive, Java", "POST", app + "Anna+Example/uc17/events/user/alive", "alive", "Anna+Example"},
		{"alive, Android, slashes", "POST", app + "anna@example.com/2026-11-23T10:30/uc17/events/user/alive", "alive", "anna@example.com/2026-11-23T10:30"},
		{"alive, of a conference that is called alive", "POST", app + "x/y/events/user/alive/uc17/events/user/alive", "alive", "x/y/events/user/alive"},
		{"sdp", "POST", app + "room/uc17/events/sdp", "sdp", "room"},
		{"sdp, Android, slashes", "POST", app + "a/b/c/uc17/events/sdp", "sdp", "a/b/c"},
		{"stats", "POST", app + "room/uc17/stats", "stats", "room"},
		{"stats, REST", "POST", app + "%2B1%20202%20555%200143%20%2F%20Ext.%207/uc17/stats", "stats", "%2B1%20202%20555%200143%20%2F%20Ext.%207"},
		{"stats, Android, slashes", "POST", app + "a/b/uc17/stats", "stats", "a/b"},
		{"stats, trailing slash", "POST", app + "room/uc17/stats/", "stats", "room"},
		{"stats without a participant is a conference", "POST", app + "room/stats", "join", "room/stats"},
		{"another method", "GET", app + "room", "", ""},
		{"another method, preflight undone", "OPTIONS", app + "room", "", ""},
		{"no app", "POST", "/v1/apps/conferences/room", "", ""},
		{"encoded slash is no separator", "POST", "/v1/apps/123456789%2Fconferences/room", "", ""},
		{"another version", "POST", "/v2/apps/123456789/conferences/room", "", ""},
	}
	set := pack(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := set.Match(&Message{Method: tt.method, Host: "events.example.com", Path: tt.path})
			if err != nil {
				t.Fatal(err)
			}
			if m == nil {
				if tt.route != "" {
					t.Errorf("%s: no route, want %s", tt.path, tt.route)
				}
				return
			}
			if m.Route.Name != tt.route {
				t.Errorf("%s: got route %s, want %q", tt.path, m.Route.Name, tt.route)
			}
			for _, c := range m.captures {
				if got := tt.path[c.start:c.end]; c.name == "confID" && got != tt.conf {
					t.Errorf("%s: got confID %s, want %s", tt.path, got, tt.conf)
				}
			}
			if err := m.Read(); err != nil {
				t.Fatal(err)
			}
			if got, err := m.Tenant(); got != "123456789" || err != nil {
				t.Errorf("%s: got tenant %q and %v, want 123456789", tt.path, got, err)
			}
		})
	}
}

// TestPackIDs: which ids of conferences and people are taken, and that one
// person is one whatever client writes the id, and wherever.
func TestPackIDs(t *testing.T) {
	tests := []struct{ name, path, body, wantPath, wantBody string }{
		{"phone number", "%2B12025550143", "+1 (202) 555-0143", "psn_1", "psn_1"},
		{"phone number, Android", "+12025550143", "tel:+12025550143", "psn_1", "psn_1"},
		{"tel URI", "tel%3A%2B12025550143", "+12025550143", "psn_1", "psn_1"},
		{"sip URI of a phone number", "sip%3A%2B12025550143%40pbx.example.com%3Buser%3Dphone", "+12025550143", "psn_1", "psn_1"},
		{"sip URI", "sip%3Aanna%40voip.example.com", "sip:anna@VOIP.example.com", "psn_1", "psn_1"},
		{"e-mail", "anna%40example.com", "anna@EXAMPLE.com", "psn_1", "psn_1"},
		{"e-mail, Android", "anna@example.com", "\\u0061nna@example.com", "psn_1", "psn_1"},
		{"name, Java and JavaScript", "Anna+M%C3%BCller", "Anna Mu\\u0308ller", "psn_1", "psn_1"},
		{"name, REST", "Anna%20M%C3%BCller", "Anna Müller", "psn_1", "psn_1"},
		{"room that somebody named", "weekly", "anna", "psn_1", "psn_2"},
		{"slashes", "anna@example.com/2026-11-23T10:30", "anna@example.com/2026-11-23T10:30", "psn_1", "psn_1"},
		{"UUID", "3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d", "3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d", "3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d", "3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d"},
		{"UUID with a name", "anna-3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d", "3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d@example.com", "psn_1", "psn_2"},
	}
	set := pack(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The participant's id and the app's are no person's.
			in := "POST /v1/apps/123456789/conferences/" + tt.path + "/uc17/events/user/alive\n\n" + `{"localID":"` + tt.body + `","n":1}`
			want := "POST /v1/apps/123456789/conferences/" + tt.wantPath + "/uc17/events/user/alive\n\n" + `{"localID":"` + tt.wantBody + `","n":1}`
			if got, n := send(set, in); got != want {
				t.Errorf("in   %s\ngot  %s\nwant %s\nfound %s", in, got, want, strings.Join(n.log, "; "))
			}
		})
	}
}

// TestPackSamples rewrites testdata/callstats/*.http and compares what leaves,
// byte for byte, with *.want beside them, found findings included.
func TestPackSamples(t *testing.T) {
	paths, err := filepath.Glob("testdata/callstats/*.http")
	if err != nil || len(paths) < 4 {
		t.Fatalf("got samples %v, %v", paths, err)
	}
	set := pack(t)
	routes := map[string]bool{}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			msg := request(string(data))
			m, err := set.Match(msg)
			if err != nil || m == nil {
				t.Fatalf("got %v and %v", m, err)
			}
			routes[m.Route.Name] = true
			got, n := send(set, string(data))
			golden(t, strings.TrimSuffix(path, ".http")+".want", got)
			golden(t, strings.TrimSuffix(path, ".http")+".found", strings.Join(n.log, "\n")+"\n")
			_, body, _ := strings.Cut(got, "\n\n")
			if !json.Valid([]byte(body)) {
				t.Errorf("the body is no JSON: %s", body)
			}
			for _, who := range []string{"anna", "5550143", "555-0143", "example.com", "192.0.2", "198.51.100", "2001:db8", "bob"} {
				if i := strings.Index(strings.ToLower(got), who); i >= 0 {
					t.Errorf("%s left: ...%s", who, got[max(0, i-40):min(len(got), i+60)])
				}
			}
			// What was rewritten once is not changed again.
			again := request(got)
			if m, err = set.Match(again); err != nil || m == nil {
				t.Fatalf("again: got %v and %v", m, err)
			}
			long := func(f *Finding) (string, error) { return f.Text(), nil }
			if err := m.Rewrite(nil, long); err != nil || requestText(again) != got {
				t.Errorf("again: got %v and\n%s", err, requestText(again))
			}
		})
	}
	for _, r := range set.Routes() {
		if !routes[r.Name] {
			t.Errorf("no sample of route %s", r.Name)
		}
	}
}
