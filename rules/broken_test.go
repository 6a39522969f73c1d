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
		{"form of unescape()", "/text", form + "a=%u002b12025550143&b=anna.lindqvist%u0040example.com", "a=psn_1&b=psn_2"},
		{"form of nobody", "/text", form + "a=%u2b&b=1", "unsafe: the text has an escape of a kind that is not known, or too many on top of each other"},
		{"YAML", "/text", "\n\n" + `{"a":"\e+12025550143","b":"+1202\` + "\n" + `    5550143","c":"\U0000002b12025550143`, `{"a":"\epsn_1","b":"psn_1","c":"psn_1`},
		{"Perl", "/text", "\n\n" + `{"a":"\x{2b}12025550143"`, `{"a":"psn_1"`},
		{"JSON5", "/text", "\n\n" + `{"a":"\v+12025550143"`, `{"a":"\vpsn_1"`},
		{"side by side, as the documentation says", "/text", "\n\n" + `{"a":"+1202" "5550143",b:+1202/**/5550143`, `{"a":"+1202" "5550143",b:+1202/**/5550143`},
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

// TestBrokenEscapes: what readers have behind a backslash, a percent sign and an
// ampersand is read, and what may be an escape to somebody else is refused.
func TestBrokenEscapes(t *testing.T) {
	set := parse(t, textOnly)
	const left, unknown = "left", "unknown"
	for escape, want := range map[string]string{ // before 12025550143, after a letter
		`\v+`: "", `\e+`: "", `\a+`: "", `\N+`: "", `\_+`: "", `\0+`: "", `\L+`: "", `\s+`: "", `\q+`: "", `\cK+`: "", `\xb+`: "", `\x+`: "", // nothing personal is glued to it
		`\E+`: "", `\ud83d+`: "", `\udc00+`: "", `\ +`: "", "\\\n+": "", "\\\u2028+": "", `&nbsp+`: "", `&nbsp;+`: "",
		`\v\u{000000000002b}`: "", `\v\u{` + strings.Repeat("0", 4000) + `2b}`: "", `\v\U0000002b`: "", `\v\x{2b}`: "", `\v\o{53}`: "", `\v\N{U+2b}`: "", `\v\53`: "", `\v\053`: "", `\v\uu002b`: "",
		`%0a%u002b`: "", `%0A%U002B`: "", `\v\043`: "", `\v\453`: "", `\20\2b`: "", `\20 \2b `: "", `\20 \00002b`: "", `&#10;&#43;`: "", `&#10&#000000000000043;`: "", `&#10;&plus;`: "", `\\v\\+`: "",

		`\u{2b `: unknown, `\u{2b 31}`: unknown, `\x{}`: unknown, `\N{PLUS SIGN}`: unknown, `\o{9}`: unknown, `\u{110000}+`: "", `\u{` + strings.Repeat("0", 5000) + `2b}`: unknown,
		`\u2b-`: unknown, `\U2b-`: unknown, `\C-k+`: unknown, `\M-k+`: unknown, `\x0002b`: unknown, `%u2b-`: unknown, `%u{2b}`: unknown,
		`\\u{2b 31}`: unknown, `%5cu{2b 31}`: unknown,
		"%25252525250a+": unknown, // six times

		"": left, "v": left, "%v": left, `%u`: left,
	} {
		body := `{"a":"x` + escape + `12025550143"`
		got, _, err := sendBroken(t, set, body)
		switch {
		case err != nil:
			if want != unknown || err.Error() != "unsafe: "+errHidden.Detail {
				t.Errorf("%s: %v", body, err)
			}
		case want == unknown, (want == left) != (got == body), want == "" && strings.Contains(got, "2555"):
			t.Errorf("%s: got %s", body, got)
		}
	}
	for _, body := range []string{ // what people send, and nobody is in
		`{"path":"C:\Users\anna\Documents","n":1`, `{"path":"C:\Users\anna\2024\x64\news\05.txt"`, `{"path":"C:\\Users\\anna\\uta2\\x\\build`, `{"unc":"\\server\share\uploads\data"`,
		`{"ua":"Mozilla/5.0 (X11; Linux x86_64)","ms":41.250,"note":"100% sure`, `{"discount":"5%","width":"50%;height:20%"`, `{"css":"width:calc(100% - 2px)","t":`,
		`{"e":"Error: x\n    at f (https://app.example/a.js:1:20)\n    at g`, `{"re":"^\\d{3}-\\w+$","re2":"\\x1b\\[0m\\u00e9`, `{"e":"\ud83d\ude00 \u00`, `{"e":"\ud83d","f":`, `{"e":"\u00`, `{"e":"caf\u00e9 \u4f60\u597d","f`,
		`{"json":"{\"a\":{\"b\":\"c\\n\"}}","x`, `{"url":"https://app.example/a?b=%C3%A9&c=%2Fd%2F&copy=1&lt=2`, `{"tex":"\\alpha_{1} \\frac{1}{2} \u03b1`, `{"html":"a &amp; b &lt;c&gt; &#39;d&#39; &nb`, `{"a":"\`, `{"a":"%`, `{"a":"%u`, `{"a":"\u{`,
		`{"printf":"%d %s %5.2f %u items %x","n":`, `{"date":"%Y-%m-%d"`,
	} {
		if got, asText, err := sendBroken(t, set, body); err != nil || !asText || got != body {
			t.Errorf("%s: got %s, %v", body, got, err)
		}
	}
}

// TestBrokenCost: no broken body takes long, whatever it was made for.
func TestBrokenCost(t *testing.T) {
	set := parse(t, textOnly)
	for _, unit := range []string{
		"a", `\`, `\\u005c`, `\x5c`, `\u0025`, "%25", "%5Cu0025", "&#38;", `\7`, `%\&`, `\v`, `\u{0`, `\u{00005c}`, `\uu`, `\u{`, "\\u{" + strings.Repeat("0", 4000), `%u0025`, "&amp", "&#0", "\\\n ", `\z  `, `\0`, `\134`, `\5c`, `\92`, `\e\v\q\d\_`, `\E`, "KzEyMDI1NTUwMTQz/", "::", "1:", "+1",
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
