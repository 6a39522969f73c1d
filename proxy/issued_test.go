package proxy_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

// TestIssued: what stands in a JWT gets the pseudonym of the key version that held
// when the token was issued, so that the token stays the same through a rotation;
// what stands elsewhere gets that of now, and a token of tomorrow no later one.
func TestIssued(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	keys := func(versions int) *pseudonym.Keyring {
		var all []pseudonym.Version
		for i := range versions {
			all = append(all, pseudonym.Version{Number: uint16(i + 1), From: now.Add(time.Duration(i-1) * 24 * time.Hour), Secret: bytes.Repeat([]byte{byte(i + 1)}, 32)})
		}
		k, err := pseudonym.NewKeyring("acme", all...)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	k := keys(3) // since yesterday, since today, from tomorrow on
	seal := func(at time.Time) string {
		return keys(3).Seal(pseudonym.Context{Time: at}, "Bo")
	}
	yesterday, today := seal(now.Add(-time.Hour)), seal(now)
	if yesterday == today {
		t.Fatal("both versions make one pseudonym")
	}
	tests := []struct{ name, claims, want string }{
		{"issued before the rotation", fmt.Sprintf(`{"sub":"Bo","iat":%d}`, now.Add(-time.Hour).Unix()), yesterday},
		{"issued after it", fmt.Sprintf(`{"sub":"Bo","iat":%d.5}`, now.Unix()), today},
		{"issued tomorrow", fmt.Sprintf(`{"sub":"Bo","iat":%d}`, now.Add(48*time.Hour).Unix()), today},
		{"issued never", `{"sub":"Bo"}`, today},
		{"issued at no time", `{"sub":"Bo","iat":"yesterday"}`, today},
		{"issued before all versions", `{"sub":"Bo","iat":17}`, yesterday},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			s := newSanitizer(t, "version: 1\ntenant: {name: acme}\nroutes:\n  - {name: r, match: /a, rules: [{at: [header.Authorization.@jwt.sub, body.user]}]}\n")
			s.Keys = func(string) *pseudonym.Keyring { return k }
			s.Now = func() time.Time { return now }
			encode := base64.RawURLEncoding.EncodeToString
			token := encode([]byte(`{"alg":"none"}`)) + "." + encode([]byte(tt.claims)) + "."
			raw(t, serve(t, s, c.url), request("POST", "/a", []string{"Authorization: Bearer " + token}, `{"user":"Bo"}`)).fine(t)
			got := c.one(t)
			if got.body != `{"user":"`+today+`"}` {
				t.Errorf("got body %s, want %s", got.body, today)
			}
			claims, err := base64.RawURLEncoding.DecodeString(strings.Split(got.header.Get("Authorization"), ".")[1])
			if want := strings.Replace(tt.claims, "Bo", tt.want, 1); err != nil || string(claims) != want {
				t.Errorf("got claims %s, want %s", claims, want)
			}
		})
	}
}
