package proxy_test

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
)

const recordText = `
version: 1
tenant: path.app
routes:
  - name: join
    match: POST /apps/{app}/join
    rules:
      - {at: body.id, do: keep}
      - {at: body.user}
      - {at: body.back, reversible: true}
      - {at: body.shape, as: shape}
      - {at: body.day, linkable: day}
      - {at: body.all, linkable: global}
      - {at: body.room, linkable: body.roomID}
      - {at: body.app, linkable: path.app}
      - {at: body.once, linkable: request}
  - {name: assets, match: "GET /static/{any...}", pass: true}
  - {name: own, match: POST /own, tenant: body.tenant, rules: [{at: body.user}, {at: body.no, do: reject}]}
  - {name: seen, match: POST /seen, tenant: {name: acme}, mode: observe, rules: [{at: body.user}]}
`

// A record becomes what a request with it as its body sends on, byte for byte.
func TestRecordAsRequest(t *testing.T) {
	s := newSanitizer(t, recordText)
	s.Now = func() time.Time { return time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) }
	var sent []byte
	s.Transport = transport(func(r *http.Request) *http.Response {
		sent = nil
		if r.Body != nil {
			var b bytes.Buffer
			b.ReadFrom(r.Body)
			sent = b.Bytes()
		}
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}
	})
	set := s.Rules()
	for _, doc := range []string{
		`{"id":"+12025550143","user":"anna","n":1.50}`,
		` {"user" : "\u0061nna" , "user":"+1 202 555 0143", "note":"call tel:+12025550143, anna@example.com"} `,
		`{"back":"anna@example.com","day":"anna","all":"anna","room":"anna","roomID":"r1"}`,
		`[1,2,{"x":"192.0.2.7"}]`,
		`{"nothing":"here"}`,
		`{"user":[358401234567,1e9,-123456,41.25],"shape":["+1 202 555 0143","192.0.2.7","anna@example.com",1000000000],"back":1000000000}`,
		`"anna@example.com"`,
		`{"user":""}`,
		`{`,
		`{"user":"` + "\xff" + `"}`,
		strings.Repeat("[", 200) + strings.Repeat("]", 200),
	} {
		sent = nil
		req, err := http.NewRequest("POST", "http://collector.example/apps/acme/join", strings.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, wantErr := s.RoundTrip(req)
		if wantErr == nil {
			res.Body.Close()
		}
		for _, dst := range [][]byte{nil, []byte("before"), append(make([]byte, 0, 1<<12), "before"...)} {
			got, err := s.Record(dst, []byte(doc), set.Route("join"), "acme")
			if wantErr != nil {
				var want, refusal *proxy.Refusal
				if !errors.As(err, &refusal) || !errors.As(wantErr, &want) || refusal.Reason != want.Reason || refusal.Detail != want.Detail {
					t.Errorf("got %v, want %v\nrecord: %q", err, wantErr, doc)
				}
				if string(got) != string(dst) {
					t.Errorf("a refused record left %q\nrecord: %q", got, doc)
				}
				continue
			}
			if want := string(dst) + string(sent); err != nil || string(got) != want {
				t.Errorf("got  %q, %v\nwant %q\nrecord: %q", got, err, want, doc)
			}
		}
	}
}

type transport func(*http.Request) *http.Response

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

func TestRecordTenant(t *testing.T) {
	s := newSanitizer(t, recordText)
	s.Limits.Body = 200
	s.Keys = func(tenant string) *pseudonym.Keyring {
		if tenant == "nokeys" {
			return nil
		}
		return keyring(tenant)
	}
	set := s.Rules()
	tests := []struct{ name, route, tenant, doc, want string }{
		{"given", "join", "acme", `{"user":"` + phone + `"}`, `{"user":"` + pseudonymOf(phone) + `"}`},
		{"not given", "join", "", `{"user":"anna"}`, "tenant: the tenant is absent or not the same everywhere: path.app"},
		{"not needed", "join", "", `{"n":1}`, `{"n":1}`},
		{"in the record", "own", "", `{"tenant":"acme","user":"` + phone + `"}`, `{"tenant":"acme","user":"` + pseudonymOf(phone) + `"}`},
		{"malformed", "own", "", `{"tenant":"a/b","user":"anna"}`, "tenant: the tenant is malformed: body.tenant"},
		{"without keys", "own", "", `{"tenant":"nokeys","user":"anna"}`, "keys: there is no keyring for the tenant of this request"},
		{"pass", "assets", "", `{"user":`, `{"user":`},
		{"observe", "seen", "", `{"user":"anna"}`, `{"user":"anna"}`},
		{"a form", "join", "acme", "user=anna", "unparseable: the body is not JSON at byte 0"},
		{"text", "join", "acme", "call " + phone, "unparseable: the body is not JSON at byte 0"},
		{"rejected", "own", "", `{"no":1}`, "rejected: rule own/2 rejects this request"},
		{"too large", "join", "acme", strings.Repeat(" ", 200) + "1", "oversize: the record is larger than 200 bytes"},
		{"as large as may be", "join", "acme", strings.Repeat(" ", 199) + "1", strings.Repeat(" ", 199) + "1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := s.Record(nil, []byte(tt.doc), set.Route(tt.route), tt.tenant)
			got := string(out)
			if err != nil {
				got += err.Error()
			}
			if got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// A scope that is read from elsewhere than the body is that of the record.
func TestRecordScopes(t *testing.T) {
	s := newSanitizer(t, recordText)
	for field, equal := range map[string]bool{"user": true, "day": true, "room": false, "app": false, "once": false} {
		doc := []byte(`{"` + field + `":"anna"}`)
		one, err := s.Record(nil, doc, s.Rules().Route("join"), "acme")
		two, err2 := s.Record(nil, doc, s.Rules().Route("join"), "acme")
		if err != nil || err2 != nil || bytes.Equal(one, two) != equal {
			t.Errorf("%s: got %s and %s (%v, %v), want them equal: %v", field, one, two, err, err2, equal)
		}
	}
}

// Now chooses the day and the key version, of requests as of records.
func TestNow(t *testing.T) {
	var now atomic.Pointer[time.Time]
	s := newSanitizer(t, recordText)
	s.Now = func() time.Time { return *now.Load() }
	set := func(at string) {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		now.Store(&when)
	}
	record := func() string {
		out, err := s.Record(nil, []byte(`{"day":"anna"}`), s.Rules().Route("join"), "acme")
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	set("2026-11-24T00:00:00Z")
	first := record()
	set("2026-11-24T23:59:59Z")
	if got := record(); got != first {
		t.Errorf("on one day: got %s, then %s", first, got)
	}
	set("2026-11-25T00:00:00Z")
	if got := record(); got == first {
		t.Errorf("on the next day: got %s again", got)
	}
	if want := keyring("acme").Seal(pseudonym.Context{Scope: "day:2026-11-24"}, "anna"); !strings.Contains(first, want) {
		t.Errorf("got %s, want %s in it", first, want)
	}
}
