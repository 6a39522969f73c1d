package proxy_test

import (
	"compress/gzip"
	"slices"
	"strings"
	"testing"
)

// named is a gzip header with personal values in it.
var named = gzip.Header{Name: "anna.lindqvist.json", Comment: "of " + phone, Extra: []byte(phone)}

// A gzip body leaves decoded and without its coding, whether anything in it was
// replaced or not: its own header can hold text.
func TestGzip(t *testing.T) {
	const plain = `{"a":1.0,"p":9079290933572287000}`
	changed := `{"u":"` + phone + `"}`
	tests := []struct{ name, body, want string }{
		{"one member", gzipped(plain, gzip.Header{}), plain},
		{"a name, a comment and more", gzipped(plain, named), plain},
		{"several members", gzipped(plain[:7], gzip.Header{}) + gzipped("", named) + gzipped(plain[7:], named), plain},
		{"something to replace", gzipped(changed, named), `{"u":"` + pseudonymOf(phone) + `"}`},
		{"something across two members", gzipped(changed[:10], named) + gzipped(changed[10:], named), `{"u":"` + pseudonymOf(phone) + `"}`},
		{"nothing in it", gzipped("", named), ""},
	}
	for _, tt := range tests {
		for _, coding := range []string{"Content-Encoding: gzip", "Content-Encoding: x-gzip", "Content-Encoding: GZip", "Content-Encoding: gzip, identity", ""} {
			t.Run(tt.name+", "+coding, func(t *testing.T) {
				c := newCollector(t, nil)
				lines := []string{asJSON, "Content-Digest: sha-256=:x:", "Repr-Digest: y", "Digest: z", "Content-Md5: q", "Signature: s=:x:", "Signature-Input: s=()"}
				if coding != "" {
					lines = append(lines, coding)
				}
				raw(t, serveRules(t, ruleText, c), request("POST", "/free/a", lines, tt.body)).fine(t)
				got := c.one(t)
				want := []string{lengthLine(tt.want), asJSON}
				got.lines = slices.DeleteFunc(got.lines, func(l string) bool { return strings.HasPrefix(l, "Accept-Encoding") })
				if got.body != tt.want || !slices.Equal(got.lines, want) {
					t.Errorf("got %q %q, want %q %q", got.lines, got.body, want, tt.want)
				}
				checkQuiet(t, got.raw)
			})
		}
	}
}

// What is not gzip to its last byte is refused, whatever of it could be read.
func TestBrokenGzip(t *testing.T) {
	whole := gzipped(`{"u":"`+phone+`"}`, gzip.Header{})
	flip := func(at int) string {
		b := []byte(whole)
		b[len(b)+at] ^= 1
		return string(b)
	}
	tests := []struct{ name, body string }{
		{"more behind", whole + `{"u":"` + phone + `"}`},
		{"a byte behind", whole + "x"},
		{"zeros behind", whole + "\x00\x00\x00\x00"},
		{"half a member behind", whole + whole[:12]},
		{"a wrong checksum", flip(-8)},
		{"a wrong length", flip(-1)},
		{"no end", whole[:len(whole)-1]},
		{"no trailer", whole[:len(whole)-8]},
		{"half", whole[:len(whole)/2]},
		{"a header only", whole[:10]},
		{"two bytes", whole[:2]},
		{"an unknown method", whole[:2] + "\x07" + whole[3:]},
	}
	for _, tt := range tests {
		for _, lines := range [][]string{{"Content-Encoding: gzip"}, nil} {
			t.Run(tt.name, func(t *testing.T) {
				c := newCollector(t, nil)
				in := request("POST", "/free/a", lines, tt.body)
				checkProblem(t, raw(t, serveRules(t, ruleText, c), in), problem{400, "unparseable", "free"})
				c.nothing(t, in)
			})
		}
	}
}
