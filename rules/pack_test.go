package rules

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
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
	const (
		app  = "/v1/apps/123456789/"
		conf = app + "conferences/"
	)
	tests := []struct{ name, method, path, route, conf string }{
		{"join, JavaScript", "POST", conf + "tel%3A%2B12025550143", "join", "tel%3A%2B12025550143"},
		{"join, JavaScript, URL", "POST", conf + "https%3A%2F%2Fmeet.example.com%2F%2Froom%3Fx%3D1", "join", "https%3A%2F%2Fmeet.example.com%2F%2Froom%3Fx%3D1"},
		{"join, JavaScript, like an event", "POST", conf + "a%2Fb%2Fevents%2Fsdp", "join", "a%2Fb%2Fevents%2Fsdp"},
		{"join, Java", "POST", conf + "Anna+Example+%2F+private", "join", "Anna+Example+%2F+private"},
		{"join, Java, plus", "POST", conf + "%2B12025550143", "join", "%2B12025550143"},
		{"join, Android, plus", "POST", conf + "+12025550143", "join", "+12025550143"},
		{"join, Android, slashes", "POST", conf + "anna@example.com/2026-11-23T10:30", "join", "anna@example.com/2026-11-23T10:30"},
		{"join, Android, URL", "POST", conf + "https://meet.example.com//room", "join", "https://meet.example.com//room"},
		{"join, trailing slash is of the id", "POST", conf + "room/", "join", "room/"},
		{"join, slashes around the id", "POST", conf + "/room//", "join", "/room//"},
		{"join, nothing but a slash", "POST", conf + "/", "join", "/"},
		{"join, no id", "POST", conf, "join", ""},
		{"join, no id, no slash", "POST", strings.TrimSuffix(conf, "/"), "join", ""},
		{"join, an id that ends like a request", "POST", conf + "stats", "join", "stats"},
		{"join, too short to be an event", "POST", conf + "ucid01/events/sdp", "join", "ucid01/events/sdp"},
		{"join, too long to be an event", "POST", conf + "room/ucid01/events/a/b/c", "join", "room/ucid01/events/a/b/c"},

		{"event, alive", "POST", conf + "room/ucid01/events/user/alive", "event", "room"},
		{"event, alive, JavaScript", "POST", conf + "anna%40example.com/ucid01/events/user/alive", "event", "anna%40example.com"},
		{"event, alive, Java", "POST", conf + "Anna+Example/ucid01/events/user/alive", "event", "Anna+Example"},
		{"event, alive, Android, slashes", "POST", conf + "anna@example.com/2026-11-23T10:30/ucid01/events/user/alive", "event", "anna@example.com/2026-11-23T10:30"},
		{"event, alive, Android, URL", "POST", conf + "https://meet.example.com//room/ucid01/events/user/alive", "event", "https://meet.example.com//room"},
		{"event, alive, of a conference that is called alive", "POST", conf + "x/y/events/user/alive/ucid01/events/user/alive", "event", "x/y/events/user/alive"},
		{"event, spelled otherwise", "POST", conf + "room/ucid01/%65vents/user/%61live", "event", "room"},
		{"event, trailing slash", "POST", conf + "room/ucid01/events/user/alive/", "event", "room"},
		{"event, doubled slashes", "POST", conf + "room/ucid01//events///user/alive", "event", "room"},
		{"event, an id that ends in a slash", "POST", conf + "room//ucid01/events/sdp", "event", "room/"},
		{"event, left", "POST", conf + "room/ucid01/events/user/left", "event", "room"},
		{"event, userdetails", "POST", conf + "room/ucid01/events/userdetails", "event", "room"},
		{"event, sdp", "POST", conf + "room/ucid01/events/sdp", "event", "room"},
		{"event, sdp, Android, slashes", "POST", conf + "a/b/c/ucid01/events/sdp", "event", "a/b/c"},
		{"event, fabric, REST", "POST", conf + "room/ucid01/events/fabric", "event", "room"},
		{"event, fabric, JavaScript", "POST", conf + "room/ucid01/events/fabric/setup", "event", "room"},
		{"event, of a conference that is called events", "POST", conf + "events/events/events/events", "event", "events"},
		{"event, of a conference that is called events, in a group", "POST", conf + "events/events/events/events/events", "event", "events/events"},
		{"event, feedback in a group is none", "POST", conf + "room/ucid01/events/x/feedback", "event", "room"},
		{"feedback", "POST", conf + "room/ucid01/events/feedback", "feedback", "room"},
		{"feedback, trailing slash", "POST", conf + "room/ucid01/events/feedback/", "feedback", "room"},
		{"feedback, Android, URL", "POST", conf + "https://meet.example.com/room/ucid01/events/feedback", "feedback", "https://meet.example.com/room"},

		{"stats", "POST", conf + "room/ucid01/stats", "stats", "room"},
		{"stats, REST", "POST", conf + "%2B1%20202%20555%200143%20%2F%20Ext.%207/ucid01/stats", "stats", "%2B1%20202%20555%200143%20%2F%20Ext.%207"},
		{"stats, Android, slashes", "POST", conf + "a/b/ucid01/stats", "stats", "a/b"},
		{"stats, Android, URL", "POST", conf + "https://meet.example.com//room/ucid01/stats", "stats", "https://meet.example.com//room"},
		{"stats, trailing slash", "POST", conf + "room/ucid01/stats/", "stats", "room"},
		{"stats without a participant is a conference", "POST", conf + "room/stats", "join", "room/stats"},
		{"customstats", "POST", conf + "room/ucid01/customstats", "stats", "room"},
		{"system/status, REST", "POST", conf + "room/ucid01/system/status", "stats", "room"},
		{"system/status, slashes", "POST", conf + "a/b/ucid01/system/status", "stats", "a/b"},

		{"app, precall", "POST", app + "events/precall", "app", ""},
		{"app, precallnotification", "POST", app + "events/precallnotification", "app", ""},
		{"app, precall, trailing slash", "POST", app + "events/precall/", "app", ""},
		{"app, no event", "POST", app + "events", "", ""},
		{"app, stats/system, Android", "POST", app + "stats/system", "app", ""},
		{"app, stats/system/status", "POST", app + "stats/system/status", "app", ""},
		{"app, stats/bridge, Java", "POST", app + "stats/bridge/alive", "app", ""},
		{"app, stats", "POST", app + "stats", "app", ""},
		{"configurations", "GET", app + "configurations", "configurations", ""},
		{"configurations, POST", "POST", app + "configurations", "configurations", ""},
		{"configurations, HEAD as GET", "HEAD", app + "configurations", "configurations", ""},
		{"configurations, internal", "GET", app + "configurations/internal", "configurations", ""},
		{"configurations, trailing slash", "GET", app + "configurations/internal/", "configurations", ""},
		{"configurations, no version", "GET", "/123456789/configurations", "configurations", ""},
		{"configurations, no version, internal", "GET", "/123456789/configurations/internal", "configurations", ""},
		{"configurations, no version, POST", "POST", "/123456789/configurations", "configurations", ""},
		{"configurations, deleted", "DELETE", app + "configurations", "", ""},
		{"authenticate", "POST", "/authenticate", "authenticate", ""},
		{"authenticate, trailing slash", "POST", "/authenticate/", "authenticate", ""},
		{"authenticate, another method", "GET", "/authenticate", "", ""},
		{"generics", "POST", "/generics", "generics", ""},
		{"clockSync", "GET", "/clockSync", "clocksync", ""},
		{"clockSync is spelled so", "GET", "/clocksync", "", ""},

		{"another method", "GET", conf + "room", "", ""},
		{"another method, preflight undone", "OPTIONS", conf + "room", "", ""},
		{"no app", "POST", "/v1/apps/conferences/room", "", ""},
		{"encoded slash is no separator", "POST", "/v1/apps/123456789%2Fconferences/room", "", ""},
		{"another version", "POST", "/v2/apps/123456789/conferences/room", "", ""},
		{"another path", "POST", app + "rooms/room", "", ""},
		{"no path", "POST", "/", "", ""},
	}
	set := pack(t)
	routes := map[string]bool{}
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
			routes[m.Route.Name] = true
			if m.Route.Name != tt.route {
				t.Errorf("%s: got route %s, want %q", tt.path, m.Route.Name, tt.route)
			}
			conf := ""
			for _, c := range m.captures {
				if c.name == "confID" {
					conf = tt.path[c.start:c.end]
				}
			}
			if conf != tt.conf {
				t.Errorf("%s: got confID %s, want %s", tt.path, conf, tt.conf)
			}
			if !strings.Contains(tt.path, "123456789") { // the body says whose data it is
				return
			}
			if err := m.Read(); err != nil {
				t.Fatal(err)
			}
			if got, err := m.Tenant(); got != "123456789" || err != nil {
				t.Errorf("%s: got tenant %q and %v, want 123456789", tt.path, got, err)
			}
		})
	}
	for _, r := range set.Routes() {
		if !routes[r.Name] {
			t.Errorf("no path of route %s", r.Name)
		}
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

// lookedThrough is a request with what its base64url holds below it, in lower case.
func lookedThrough(text string) string {
	all := text
	for _, word := range base64Words.FindAllString(text, -1) {
		if inside, err := base64.RawURLEncoding.DecodeString(word); err == nil {
			all += "\n" + string(inside)
		}
	}
	return strings.ToLower(all)
}

var base64Words = regexp.MustCompile(`[A-Za-z0-9_-]{16,}`)

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
			head, body, _ := strings.Cut(got, "\n\n")
			if body != "" && !strings.Contains(head, "urlencoded") && !json.Valid([]byte(body)) {
				t.Errorf("the body is no JSON: %s", body)
			}
			for _, who := range []string{"anna", "5550143", "555-0143", "example.com", "192.0.2", "198.51.100", "2001:db8", "bob"} {
				if i := strings.Index(lookedThrough(got), who); i >= 0 {
					t.Errorf("%s left: ...%s", who, lookedThrough(got)[max(0, i-40):min(len(lookedThrough(got)), i+60)])
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

// TestPackOnePerson: one user is one pseudonym in all the requests of a tenant,
// whatever encoding the client uses in that place.
func TestPackOnePerson(t *testing.T) {
	const event = "POST /v1/apps/123456789/conferences/3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d/ucid01/events/"
	token := func(claims string) string {
		return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
	}
	for _, who := range []struct{ name, plain, percent, form, android string }{
		{"e-mail", "anna@example.com", "anna%40example.com", "anna%40example.com", "anna@example.com"},
		{"phone number", "+12025550143", "%2B12025550143", "%2B12025550143", "+12025550143"},
		{"phone number with spaces", "+1 202 555 0143", "%2B1%20202%20555%200143", "%2B1+202+555+0143", "+1+202+555+0143"},
		{"tel URI", "tel:+12025550143", "tel%3A%2B12025550143", "tel%3A%2B12025550143", "tel:+12025550143"},
		{"SIP address", "sip:anna@voip.example.com", "sip%3Aanna%40voip.example.com", "sip%3Aanna%40voip.example.com", "sip:anna@voip.example.com"},
	} {
		t.Run(who.name, func(t *testing.T) {
			n := &numberer{}
			for _, tt := range []struct{ name, in string }{
				{"plain", event + "user/alive\n\n" + `{"localID":"WHO"}`},
				{"plain, another place", event + "ssrcmap\n\n" + `{"ssrcData":[{"ssrc":2025550143,"userID":"WHO"}]}`},
				{"plain, escaped", event + "user/alive\n\n" + `{"\u006cocalID":"` + fmt.Sprintf("\\u%04x", who.plain[0]) + who.plain[1:] + `"}`},
				{"percent, in a path", "POST /v1/apps/123456789/conferences/PCT/ucid01/stats"},
				{"percent, in JSON", event + "feedback\n\n" + `{"connectionID":"PCT"}`},
				{"percent, in generics", "POST /generics\n\n" + `{"appID":123456789,"userID":"PCT"}`},
				{"percent, in a JWT", event + "sdp\nAuthorization: Bearer " + token(`{"userID":"`+who.percent+`"}`)},
				{"form", "POST /authenticate\nContent-Type: application/x-www-form-urlencoded\n\nclient_id=FORM%40123456789&code=" + token(`{"userID":"`+who.plain+`","appID":123456789}`)},
				{"form, not encoded", "POST /authenticate\nContent-Type: application/x-www-form-urlencoded\n\nclient_id=ANDROID@123456789&code=" + token(`{"userID":"`+who.percent+`","appID":123456789}`)},
				{"JSON in a string", event + "app/logs\n\n" + `{"message":"{\"who\":\"WHO\"}"}`},
				{"JSON in a string in a string", event + "app/logs\n\n" + `{"message":"{\"m\":\"{\\\"who\\\":\\\"WHO\\\"}\"}"}`},
				{"a URL", event + "app/logs\n\n" + `{"stack":"at dial (https://app.meet.invalid/call?to=PCT:3)"}`},
				{"a URL, form", "GET /clockSync\nReferer: https://app.meet.invalid/call?x=1&to=FORM&y=2"},
				{"a member's name", event[:len(event)-len("events/")] + "customstats\n\n" + `{"stats":{"agents":{"WHO":{"mos":4.20}}}}`},
			} {
				in := strings.NewReplacer("WHO", who.plain, "PCT", who.percent, "FORM", who.form, "ANDROID", who.android).Replace(tt.in)
				msg := request(in)
				m, err := pack(t).Match(msg)
				if err != nil || m == nil {
					t.Fatalf("%s: got %v and %v", tt.name, m, err)
				}
				if err := m.Rewrite(nil, n.replace); err != nil {
					t.Errorf("%s: %v", tt.name, err)
				}
				got := lookedThrough(requestText(msg))
				if !strings.Contains(got, "psn_1") || len(n.numbers) > 1 || strings.Contains(got, "anna") || strings.Contains(got, "0143\"") {
					t.Fatalf("%s\nin   %s\ngot  %s\nfound %s", tt.name, in, got, strings.Join(n.log, "; "))
				}
			}
		})
	}
}
