package proxy_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/statveil/statveil/proxy"
)

// spellers write a text in each charset that is made UTF-8, with the oracle of x/text.
var spellers = map[string]encoding.Encoding{
	"utf-16le":     unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	"utf-16be":     unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM),
	"utf-32le":     utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM),
	"utf-32be":     utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM),
	"iso-8859-1":   charmap.ISO8859_1,
	"windows-1252": charmap.Windows1252,
}

func in(t testing.TB, charset, text string) string {
	t.Helper()
	s, err := spellers[charset].NewEncoder().String(text)
	if err != nil {
		t.Fatalf("%q in %s: %v", text, charset, err)
	}
	return s
}

// A body in another charset leaves in UTF-8, and says so where it says it.
func TestCharsets(t *testing.T) {
	text := `{"city":"Köln","u":"` + phone + `"}`
	masked := `{"city":"Köln","u":"` + pseudonymOf(phone) + `"}`
	astral := `{"a":"😀 漢字 é","n":1.0}`
	tests := []struct{ name, medium, body, want, wantMedium string }{
		{"UTF-16LE by its mark", "application/json", "\ufeff" + text, masked, "application/json"},
		{"UTF-16LE with mark and label", "application/json; charset=UTF-16LE", "\ufeff" + text, masked, "application/json; charset=utf-8"},
		{"label without the order", `text/plain;x=y; CharSet="Utf-16" ; z=1`, "\ufeff" + text, masked, `text/plain;x=y; CharSet=utf-8 ; z=1`},
		{"by label", "application/json;charset=@", text, masked, "application/json;charset=utf-8"},
		{"by label, with an underscore", "application/json;charset='@'", text, masked, "application/json;charset=utf-8"},
		{"by its NULs", "application/json", text, masked, "application/json"},
		{"by its NULs, an array", "text/plain", "[1,2]", "[1,2]", "text/plain; charset=utf-8"},
		{"by its NULs, a number", "application/json", "7", "7", "application/json"},
		{"by its NULs, without a type", "", " \n" + text, " \n" + masked, ""},
		{"records", "application/x-ndjson", "{\"a\":1}\n" + text, "{\"a\":1}\n" + masked, "application/x-ndjson"},
		{"a text by its mark", "text/plain", "\ufeffcall " + phone + " in 東京", "call " + pseudonymOf(phone) + " in 東京", "text/plain; charset=utf-8"},
		{"a text by its label", "text/csv; charset=@", "東京,1\r\n", "東京,1\r\n", "text/csv; charset=utf-8"},
		{"beyond the first plane, nothing to replace", "application/json", astral, astral, "application/json"},
		{"full-width digits", "application/json", `"+１２０２５５５０１４３"`, `"` + pseudonymOf(phone) + `"`, "application/json"},
		{"two marks", "application/json", "\ufeff\ufeff[1]", "\ufeff[1]", "application/json"},
	}
	for _, charset := range []string{"utf-16le", "utf-16be", "utf-32le", "utf-32be"} {
		for _, tt := range tests {
			medium := strings.ReplaceAll(tt.medium, "@", charset)
			if strings.Contains(charset, "32") {
				medium = strings.NewReplacer("UTF-16", "utf-32", "Utf-16", "UTF_32").Replace(medium)
			}
			if strings.HasSuffix(charset, "be") {
				medium = strings.Replace(strings.Replace(medium, "16LE", "16BE", 1), "32LE", "32BE", 1)
			}
			t.Run(charset+", "+tt.name, func(t *testing.T) {
				c := newCollector(t, nil)
				inflight := proxy.NewInFlight(64 << 20)
				s := newSanitizer(t, ruleText)
				s.InFlight = inflight
				lines := []string{"Content-Digest: x", "Signature: y"}
				if medium != "" {
					lines = append(lines, "Content-Type: "+medium)
				}
				raw(t, serve(t, s, c.url), request("POST", "/free/a", lines, in(t, charset, tt.body))).fine(t)
				got, want := c.one(t), []string{lengthLine(tt.want)}
				if tt.wantMedium != "" {
					want = append(want, "Content-Type: "+tt.wantMedium)
				}
				if got.body != tt.want || !slices.Equal(got.lines, want) {
					t.Errorf("got  %q %q\nwant %q %q", got.lines, got.body, want, tt.want)
				}
				free(t, inflight)
			})
		}
	}
}

// What browsers and others read alike of Latin-1 is made UTF-8; where they may differ,
// nobody knows what was meant.
func TestLatin1(t *testing.T) {
	masked := `{"city":"Köln","u":"` + pseudonymOf(phone) + `"}`
	tests := []struct {
		name, medium, body, want string
		status                   int
	}{
		{"ISO-8859-1", "application/json; charset=iso-8859-1", "{\"city\":\"K\xf6ln\",\"u\":\"" + phone + "\"}", masked, 200},
		{"by another name", "text/plain;charset=Latin1", "{\"city\":\"K\xf6ln\",\"u\":\"" + phone + "\"}", masked, 200},
		{"Windows-1252", "application/json; charset=windows-1252", "{\"city\":\"K\xf6ln\",\"u\":\"" + phone + "\"}", masked, 200},
		{"what Windows has more", "text/plain; charset=cp1252", "\x93\x80 1 \x96 2\x94", "“€ 1 – 2”", 200},
		{"a dash in a number", "text/plain; charset=windows-1252", "+1\x96202\x96555\x960143 \xe9", pseudonymOf(phone) + " é", 200},
		{"all that both have", "text/plain; charset=iso-8859-1", "\xff \xa0\xa1\xbf\xfe", "ÿ \u00a0¡¿þ", 200},
		{"a control character, or a dash", "text/plain; charset=iso-8859-1", "+1\x96202\x96555\x960143 \xe9", "", 400},
		{"none in Windows", "text/plain; charset=windows-1252", phone + "\x81\xe9", "", 400},
		{"UTF-8 in truth", "application/json; charset=iso-8859-1", `{"city":"Köln","u":"＋１２０２５５５０１４３"}`, "", 415},
		{"UTF-8 in truth, Windows", "text/plain; charset=windows-1252", "＋１２０２５５５０１４３", "", 415},
		{"a mark of UTF-8", "text/plain; charset=iso-8859-1", "\ufeff\xe9" + phone, "", 415},
		{"Latin-2", "text/plain; charset=iso-8859-2", "\xe9" + phone, "", 415},
		{"Latin-2 of ASCII", "text/plain; charset=iso-8859-2", "call " + phone, "call " + pseudonymOf(phone), 200},
		{"a form", "application/x-www-form-urlencoded; charset=iso-8859-1", "city=K\xf6ln&u=%2B12025550143", "", 415},
		{"a multipart form", "multipart/form-data; boundary=b; charset=iso-8859-1", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xe9" + phone + "\r\n--b--\r\n", "", 415},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			in := request("POST", "/free/a", []string{"Content-Type: " + tt.medium}, tt.body)
			res := raw(t, serveRules(t, ruleText, c), in)
			if res.err != nil || res.StatusCode != tt.status {
				t.Fatalf("got %+v %q, want %d", res.Response, res.body, tt.status)
			}
			if tt.status != 200 {
				c.nothing(t, in)
				return
			}
			if got := c.one(t); got.body != tt.want || !strings.HasSuffix(strings.ToLower(got.header.Get("Content-Type")), "charset=utf-8") && tt.name != "Latin-2 of ASCII" {
				t.Errorf("got %q %q, want %q", got.header, got.body, tt.want)
			}
		})
	}
}

// A body whose charset nobody can be sure of is refused, and so is one that is broken.
func TestRefusedCharsets(t *testing.T) {
	le := func(s string) string { return in(t, "utf-16le", s) }
	text := `{"u":"` + phone + `"}`
	tests := []struct {
		name, medium, body string
		status             int
	}{
		{"half a character", "application/json", "\xff\xfe" + le(text) + "x", 400},
		{"half a character of four", "application/json", in(t, "utf-32be", text) + "\x00\x00", 400},
		{"a surrogate alone", "application/json", "\xff\xfe" + le(`["`+phone) + "\x00\xd8" + le(`"]`), 400},
		{"surrogates the other way round", "application/json", "\xff\xfe" + le(`["`+phone) + "\x00\xdc\x00\xd8" + le(`"]`), 400},
		{"a surrogate at the end", "text/plain", "\xff\xfe" + le(phone) + "\x3d\xd8", 400},
		{"a surrogate in UTF-32", "text/plain", "\x00\x00\xfe\xff" + in(t, "utf-32be", phone) + "\x00\x00\xd8\x00", 400},
		{"beyond the last character", "text/plain", "\x00\x00\xfe\xff" + in(t, "utf-32be", phone) + "\x00\x11\x00\x00", 400},
		{"a negative one", "text/plain", "\x00\x00\xfe\xff" + in(t, "utf-32be", phone) + "\xff\xff\xff\xff", 400},
		{"JSON that is broken in UTF-16", "application/json", le(`{"u":"` + phone), 400},
		{"a NUL in UTF-16", "application/json", le("[\"" + phone + "\x00\"]"), 400},
		{"a NUL behind the mark", "text/plain", "\xff\xfe\x00\x00" + le(phone), 400},
		{"label and mark of two orders", "application/json; charset=utf-16be", "\xff\xfe" + le(text), 415},
		{"label and NULs of two orders", "application/json; charset=utf-16be", le(text), 415},
		{"label and mark of two widths", "application/json; charset=utf-32", "\xff\xfe" + le(text), 415},
		{"label of UTF-8, mark of UTF-16", "application/json; charset=utf-8", "\xff\xfe" + le(text), 415},
		{"label of UTF-8, NULs of UTF-16", "application/json; charset=utf-8", le(text), 415},
		{"label of ASCII, NULs of UTF-32", "application/json; charset=us-ascii", in(t, "utf-32le", text), 415},
		{"label of Latin-1, NULs of UTF-16", "application/json; charset=iso-8859-1", le(text), 415},
		{"label of UTF-16, mark of UTF-8", "application/json; charset=utf-16le", "\ufeff" + text, 415},
		{"label of UTF-16, body of ASCII", "application/json; charset=utf-16le", `{"u":"` + phone + `" }`, 415},
		{"label of UTF-16, a text of ASCII", "text/plain; charset=utf-16be", "call " + phone + "!", 415},
		{"label of UTF-16, a text of UTF-8", "text/plain; charset=utf-16be", "é call " + phone, 415},
		{"UTF-16 of no order, a text", "text/plain; charset=utf-16", le("call " + phone), 415},
		{"two labels", "application/json; charset=utf-16le\r\nContent-Type: application/json; charset=utf-8", le(text), 415},
		{"two labels in one", "application/json; charset=utf-16le; charset=utf-8", le(text), 415},
		{"an encoded label", "application/json; charset*=us-ascii''utf-16le", le(text), 415},
		{"spaces around a label", "application/json; charset = utf-7", `{"u":"` + phone + `"}`, 415},
		{"spaces around a label of UTF-16", "application/json; charset = utf-16be", le(text), 415},
		{"a form in UTF-16", "application/x-www-form-urlencoded", "\xff\xfe" + le("u=%2B12025550143"), 415},
		{"a form in UTF-16 by its NULs", "application/x-www-form-urlencoded", le(text), 415},
		{"a multipart form in UTF-16", "multipart/form-data; boundary=b", "\xff\xfe" + le("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"+phone+"\r\n--b--\r\n"), 400},
		{"bytes with NULs", "application/octet-stream", "\x08\x00\x12\x0c" + phone, 415},
		{"EBCDIC", "application/json", "\xc0\x7f\xa4\x7fz\x7fN\xf1\xf2\x7f\xd0", 400},
		{"a mark of UTF-1", "text/plain", "\xf7\x64\x4c" + phone, 415},
		{"a mark of UTF-EBCDIC", "text/plain", "\xdd\x73\x66\x73" + phone, 415},
	}
	for _, name := range []string{"utf-7", "ibm037", "cp037", "shift_jis", "euc-jp", "gb18030", "big5", "iso-2022-jp", "hz-gb-2312", "utf-16xe", "ucs-2", "utf-8x", "x-user-defined", "koi8-r", "macintosh"} {
		tests = append(tests, struct {
			name, medium, body string
			status             int
		}{name, "application/json; charset=" + name, text, 415})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			inflight := proxy.NewInFlight(64 << 20)
			s := newSanitizer(t, ruleText)
			s.InFlight = inflight
			in := request("POST", "/free/a", []string{"Content-Type: " + tt.medium}, tt.body)
			res := raw(t, serve(t, s, c.url), in)
			if res.err != nil || res.StatusCode != tt.status {
				t.Errorf("got %+v %q, want %d", res.Response, res.body, tt.status)
			}
			c.nothing(t, in)
			free(t, inflight)
		})
	}
}

// What stands behind a byte order mark is read, and the mark leaves as it came.
func TestByteOrderMark(t *testing.T) {
	tests := []struct{ name, medium, body, want string }{
		{"nothing to replace", "application/json", "\ufeff{\"a\": 1.0}", "\ufeff{\"a\": 1.0}"},
		{"something", "application/json; charset=utf-8", "\ufeff{\"u\":\"" + phone + "\"}", "\ufeff{\"u\":\"" + pseudonymOf(phone) + "\"}"},
		{"as a text", "text/plain", "\ufeff{\"u\":\"" + phone + "\"}", "\ufeff{\"u\":\"" + pseudonymOf(phone) + "\"}"},
		{"a text", "text/plain", "\ufeff" + phone, "\ufeff" + pseudonymOf(phone)},
		{"a text, nothing to replace", "", "\ufeffhello", "\ufeffhello"},
		{"a form", "application/x-www-form-urlencoded", "\ufeffu=%2B12025550143", "\ufeffu=" + pseudonymOf(phone)},
		{"records", "application/x-ndjson", "\ufeff{}\n{\"u\":\"" + phone + "\"}\n", "\ufeff{}\n{\"u\":\"" + pseudonymOf(phone) + "\"}\n"},
		{"only the mark", "text/plain", "\ufeff", "\ufeff"},
		{"two, in a text", "text/plain", "\ufeff\ufeffx", "\ufeff\ufeffx"},
	}
	for _, tt := range tests {
		for _, e := range []string{"", "gzip", "br"} {
			t.Run(tt.name+" "+e, func(t *testing.T) {
				c := newCollector(t, nil)
				var lines []string
				body := tt.body
				if tt.medium != "" {
					lines = append(lines, "Content-Type: "+tt.medium)
				}
				if e != "" {
					lines, body = append(lines, "Content-Encoding: "+e), encoded(t, e, tt.body)
				}
				raw(t, serveRules(t, ruleText, c), request("POST", "/free/a", lines, body)).fine(t)
				if got := c.one(t); got.body != tt.want {
					t.Errorf("got  %q\nwant %q", got.body, tt.want)
				}
			})
		}
	}
	// A rule of a field covers the first one, too.
	c := newCollector(t, nil)
	raw(t, serveRules(t, "version: 1\ntenant: {name: acme}\nroutes: [{name: a, match: /a, rules: [{at: [form.u, body.u]}]}]", c), request("POST", "/a", []string{"Content-Type: application/x-www-form-urlencoded"}, "\ufeffu=Anna&v=Anna")).fine(t)
	if got := c.one(t).body; got != "\ufeffu="+pseudonymOf("Anna")+"&v=Anna" {
		t.Errorf("got %q", got)
	}
	for _, body := range []string{"\ufeff\ufeff{\"u\":\"" + phone + "\"}", "{\ufeff\"u\":\"" + phone + "\"}", "\ufeff" + `{"u":"` + phone} {
		c := newCollector(t, nil)
		in := request("POST", "/free/a", []string{asJSON}, body)
		checkProblem(t, raw(t, serveRules(t, ruleText, c), in), problem{400, "unparseable", "free"})
		c.nothing(t, in)
	}
}

// The limit holds for what a body becomes as UTF-8, and room is asked for before it is.
func TestLimitOfCharsets(t *testing.T) {
	for _, tt := range []struct {
		name, medium string
		body         func(n int) string // n bytes as UTF-8
	}{
		{"UTF-16", "application/json", func(n int) string {
			return "\xff\xfe" + in(t, "utf-16le", `"`+strings.Repeat("漢", (n-2)/3)+strings.Repeat("x", (n-2)%3)+`"`)
		}},
		{"Latin-1", "application/json; charset=latin1", func(n int) string {
			return `"` + strings.Repeat("\xe9", (n-2)/2) + strings.Repeat("x", (n-2)%2) + `"`
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for n, want := range map[int]outcome{1000: {"", "", 200}, 1001: {proxy.Oversize, "decoded", 413}} {
				c := newCollector(t, nil)
				r := sanitized(t, c, &proxy.Server{}, func(s *proxy.Sanitizer) { s.Limits.Body = 1000 })
				raw(t, r.address, request("POST", "/free/a", []string{"Content-Type: " + tt.medium}, tt.body(n)))
				r.only(t, want)
			}
			c := newCollector(t, nil)
			inflight := proxy.NewInFlight(40_000)
			r := sanitized(t, c, &proxy.Server{}, func(s *proxy.Sanitizer) { s.InFlight = inflight })
			raw(t, r.address, request("POST", "/free/a", []string{"Content-Type: " + tt.medium}, tt.body(40_000)))
			r.only(t, outcome{proxy.Oversize, "inflight", 413})
			free(t, inflight)
		})
	}
}

// One document has one set of pseudonyms, in whatever coding and charset it comes.
func TestOneDocumentInAllSpellings(t *testing.T) {
	rules := "version: 1\ntenant: {name: acme}\nroutes: [{name: a, match: /a, rules: [{at: [body.user, 'body.**.id']}]}]"
	doc := `{"user":"Zoë Müller","a":[{"id":17},{"id":"x"}],"note":"call +1 (202) 555-0143 or anna.lindqvist@example.com","n":1e3}`
	var want string
	try := func(name, medium, coding, body string) {
		c := newCollector(t, nil)
		lines := []string{"Content-Type: " + medium}
		if coding != "" {
			lines = append(lines, "Content-Encoding: "+coding)
		}
		raw(t, serveRules(t, rules, c), request("POST", "/a", lines, body)).fine(t)
		got := strings.TrimPrefix(c.one(t).body, "\ufeff")
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("%s: got  %s\nwant %s", name, got, want)
		}
	}
	try("UTF-8", "application/json", "", doc)
	if n := len(tokens.FindAllString(want, -1)); n != 5 {
		t.Fatalf("%d pseudonyms in %s", n, want)
	}
	spelled := map[string][2]string{"UTF-8": {"application/json; charset=utf-8", doc}, "UTF-8 with mark": {"text/plain", "\ufeff" + doc}, "octets": {"application/octet-stream", doc}}
	for charset := range spellers {
		spelled[charset] = [2]string{"application/json; charset=" + charset, in(t, charset, doc)}
		if strings.HasPrefix(charset, "utf") {
			spelled[charset+" unlabelled"] = [2]string{"text/plain", in(t, charset, doc)}
			spelled[charset+" with mark"] = [2]string{"application/csp-report", in(t, charset, "\ufeff"+doc)}
		}
	}
	for name, s := range spelled {
		try(name, s[0], "", s[1])
		for _, e := range encoders {
			try(fmt.Sprint(e.name, " of ", name), s[0], codingOf(e.name), encode(t, e.to, s[1]))
		}
		try("undeclared gzip of "+name, s[0], "", encoded(t, "gzip", s[1]))
	}
}
