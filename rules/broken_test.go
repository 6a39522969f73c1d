package rules

import (
	"strings"
	"testing"
)

const brokenRules = `version: 1
detectors:
  employee: {pattern: '\bE[0-9]{6}\b'}
rules:
  - at: body.user
routes:
  - {name: text, match: /text, on_failure: {unparseable: text}}
  - name: taught
    match: /taught
    otherwise: keep
    on_failure: {unparseable: text}
    rules:
      - {at: text, find: employee}
      - {at: text, find: ip, do: keep}
      - {at: form.x}
  - {name: whole, match: /whole, on_failure: {unparseable: text}, rules: [{at: text}]}
  - {name: tenant, match: /tenant, tenant: body.t, on_failure: {unparseable: text}}
  - {name: refuses, match: /refuses}
`

func TestBroken(t *testing.T) {
	set := parse(t, brokenRules)
	form := "\nContent-Type: application/x-www-form-urlencoded\n\n"
	multipart := "\nContent-Type: multipart/form-data; boundary=b\n\n"
	for _, tt := range []struct{ name, path, body, want string }{
		{"whole, it is JSON", "/text", "\n\n" + `{"user":"Anna","b":"+12025550143"}`, `{"user":"psn_1","b":"psn_2"}`},
		{"cut off", "/text", "\n\n" + `{"user":"Anna","b":"+12025550143","c":"anna@exam`, `{"user":"Anna","b":"psn_1","c":"anna@exam`},
		{"escaped", "/text", "\n\n" + `{"a":"\u002b12025550143","b":"anna\u0040example.com`, `{"a":"psn_1","b":"psn_2`},
		{"as JavaScript escapes", "/text", "\n\n" + `{a:'\x2b12025550143',b:'\5312025550143',c:'\u{2b}12025550143',d:'anna\@example.com',e:'+1202\` + "\n" + `5550143'}`,
			`{a:'psn_1',b:'psn_1',c:'psn_1',d:'psn_2',e:'psn_1'}`},
		{"twice", "/text", "\n\n" + `{"a":"{\"b\":\"\\u002b12025550143\"}`, `{"a":"{\"b\":\"psn_1\"}`},
		{"percent and base64", "/text", "\n\n" + `{"a":"%2B12025550143","b":"eyJhIjoiYW5uYUBleGFtcGxlLmNvbSJ9`, `{"a":"psn_1","b":"eyJhIjoipsn_2`},
		{"one digit more, to some", "/text", "\n\n" + `{"a":"\u002b12025550143%31`, `{"a":"psn_1%31`},
		{"a path of Windows", "/text", "\n\n" + `{"path":"C:\Users\anna","to":"+12025550143"}`, `{"path":"C:\Users\anna","to":"psn_1"}`},
		{"two records", "/text", "\nContent-Type: application/x-ndjson\n\n" + `{"user":"Anna"}` + "\n" + `{"user":`, `{"user":"Anna"}` + "\n" + `{"user":`},
		{"form", "/text", form + "discount=100%&tel=%2B1+202+555+0143&n=00+1202+5550143", "discount=100%&tel=psn_1&n=psn_1"},
		{"multipart", "/text", multipart + "--b\nContent-Disposition: form-data; name=\"a\"\n\n+12025550143\n--b--\n", "--b\nContent-Disposition: form-data; name=\"a\"\n\npsn_1\n--b--\n"},

		{"text rules, and the last look", "/taught", "\n\n" + `{"a":"E123456 \u0045123457 192.0.2.7 anna@example.com`, `{"a":"psn_1 psn_2 192.0.2.7 psn_3`},
		{"otherwise: keep, where it can be read", "/taught", "\n\n" + `{"a":"E123456 anna@example.com"}`, `{"a":"E123456 anna@example.com"}`},
		{"taken whole", "/whole", "\n\n" + `{"a":1`, "psn_1"},

		{"refused", "/refuses", "\n\n" + `{"a":1`, "unparseable: the body ends in the middle of a JSON text"},
		{"not UTF-8", "/text", "\n\n" + "{\"a\":\"\xff\"", "unparseable: the JSON string at byte 5 is not closed, or holds a control character, a broken escape, a lone surrogate or what is not UTF-8; and it is no plain text"},
		{"control", "/text", "\n\n" + "{\"a\":\x00", "unparseable: the body is not JSON at byte 5; and it is no plain text"},
		{"markup", "/text", "\nContent-Type: application/json\n\n<a>&#43;12025550143</a>", "unparseable: the body is not JSON at byte 0; and it is no plain text"},
		{"another medium", "/text", "\nContent-Type: application/javascript\n\n{a:1}", "unparseable: the body is not JSON at byte 1; and it is no plain text"},
		{"encoded parts", "/text", multipart + "--b\r\nContent-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=2B12025550143\r\n", "unparseable: the form cannot be read: it has no closing boundary; and its parts may be encoded"},
		{"too deep", "/text", "\n\n" + strings.Repeat("[", 129), "oversize: the body nests deeper than 128"},
		{"the query", "/text?a=%", "\n\n" + `{"a":1`, "unparseable: the query has a broken percent-encoding or is not UTF-8"},
		{"a JWT", "/text", "\n\n" + `{"a":"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm5hQGV4YW1wbGUuY29tIn0.c2ln"`, "unsafe: a JWT holds personal data; name it in a rule with @jwt, or keep it"},
	} {
		got, n := send(set, "POST "+tt.path+tt.body)
		if i := strings.Index(got, "\n\n"); i >= 0 {
			got = got[i+2:]
		}
		if got != tt.want {
			t.Errorf("%s: got  %s\nwant %s", tt.name, got, tt.want)
		}
		for _, line := range n.log { // of a first attempt to read it, nobody is told
			if tt.name != "whole, it is JSON" && tt.name != "otherwise: keep, where it can be read" && !strings.HasPrefix(line, "text ") {
				t.Errorf("%s: the Replacer was shown %s", tt.name, line)
			}
		}
	}
}

// TestBrokenCost: no broken body takes long, whatever it was made for.
func TestBrokenCost(t *testing.T) {
	set := parse(t, textOnly)
	for _, unit := range []string{
		"a", `\`, `\\u005c`, `\x5c`, `\u0025`, "%25", "%5Cu0025", "&#38;", `\7`, `%\&`, "KzEyMDI1NTUwMTQz/", "::", "1:", "+1",
		`+12025550143" `, `\u002b12025550143 %2B12025550143 +12025550143 `, "+12025550143:2001:db8::17:", "anna@example.com@", "psn_1@",
	} {
		t.Run(unit, func(t *testing.T) {
			growsEvenly(t, 1<<14, func(n int) {
				if _, asText, err := sendBroken(t, set, "{"+strings.Repeat(unit, n/len(unit))); err == nil && !asText {
					t.Fatal("it can be read")
				}
			})
		})
	}
}
