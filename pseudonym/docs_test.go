package pseudonym_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// The worked example of docs/pseudonyms.md, with every step between, is that of
// the vectors.
func TestDocsExample(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/pseudonyms.md")
	if err != nil {
		t.Fatal(err)
	}
	docs := string(b)
	want := map[string]string{}
	for _, v := range readVectors(t) {
		if v.Name != "phone number" && v.Name != "day" {
			continue
		}
		o, raw := v.oracle(t), decode(t, v.Token)
		want["secret"] = v.Secret
		want["text"] = v.Text
		want["scope"] = v.Scope
		want["PRK"] = hex.EncodeToString(oracleHMAC([]byte("statveil/1"), o.secret))
		who := v.Name
		if v.Reversible {
			who += ", reversible"
			want[who+" key"] = hex.EncodeToString(o.key("reversible", "", 64))
			want[who+" scope key"] = hex.EncodeToString(o.key("scope", "", 32))
			want[who+" scope tag"] = hex.EncodeToString(oracleHMAC(o.key("scope", "", 32), []byte(v.Scope))[:6])
			want[who+" SIV"] = hex.EncodeToString(raw[2:18])
			want[who+" ciphertext"] = hex.EncodeToString(raw[18:])
		} else {
			want[who+" key"] = hex.EncodeToString(o.key("one-way", v.Scope, 32))
			want[who+" tag key"] = hex.EncodeToString(o.key("tag", "", 32))
			want[who+" PRF"] = hex.EncodeToString(raw[2:16])
			want[who+" tag"] = hex.EncodeToString(raw[16:])
		}
		want[who+" token"] = v.Token
	}
	for _, v := range readShapes(t) {
		if v.Name != "phone number" && v.Name != "integer" && v.Name != "IPv4" && v.Name != "e-mail" {
			continue
		}
		use := map[string]string{"phone number": "phone-shape", "integer": "integer-shape", "IPv4": "ip-shape", "e-mail": "one-way"}[v.Name]
		want[v.Name+" as a shape"], want[v.Name+" before"] = "shape    "+v.Shape+"\n", "text     "+v.Text
		want[v.Name+" shape key"] = hex.EncodeToString(oracle{unhex(t, v.Secret), v.Tenant, int(v.Version)}.key(use, "", 32))
	}
	for name, text := range want {
		if !strings.Contains(docs, text) {
			t.Errorf("docs/pseudonyms.md lacks the %s: %s", name, text)
		}
	}
}

// Words that promise what a pseudonym is not.
func TestDocsWords(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../docs/pseudonyms.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"salted", "a salt", "anonymiz", "anonymis", "unbreakable", "GDPR does not apply"} {
		if strings.Contains(strings.ToLower(string(b)), strings.ToLower(word)) {
			t.Errorf("docs/pseudonyms.md says %q", word)
		}
	}
}
