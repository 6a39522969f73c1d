package proxy_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/statveil/statveil/pseudonym"
)

const shapeText = `
version: 1
tenant: {name: acme}
detectors:
  dialled: {kind: phone, bare: true}
  badge: {pattern: '\bE([0-9]{6})\b'}
routes:
  - name: shapes
    match: /s/{id}/{any...}
    on_failure: {unparseable: text}
    rules:
      - {at: body.token, as: token}
      - {at: body.back, reversible: true}
      - {at: body.day, as: shape, linkable: day}
      - {at: body.keep, do: keep}
      - {at: [body.found, query.found, header.X-Found, text], find: [dialled, badge, any], as: shape}
      - {at: body.dialled, find: dialled}
      - {at: body.part, part: '^u:(.*)$', as: shape}
      - {at: [body.number, body.numbers]}
      - {at: [path.id, query.user, header.X-User, cookie.uid, form.user, body.shape, body.map.@keys], as: shape}
`

// made is what the keyring makes of a canonical form.
func made(t *testing.T, canonical string, keep int) string {
	t.Helper()
	shape, ok := keyring("acme").Shape(pseudonym.Context{}, canonical, keep)
	if !ok {
		t.Fatalf("%q has no shape", canonical)
	}
	return shape
}

func base64Of(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

// What leaves looks like what came, by the shape of its canonical form.
func TestShapesLeave(t *testing.T) {
	phone, bare := made(t, "+12025550143", 2), made(t, "+12025550143", 2)[1:]
	four, six, email := made(t, "192.0.2.7", 0), made(t, "2001:db8::17", 0), made(t, "anna@example.com", 0)
	integer := func(text string) string { return made(t, text, 0) }
	tests := []struct{ name, in, want string }{
		{"one person in many spellings", `{"shape":["+12025550143","+1 (202) 555-0143","001-202-555-0143","tel:+12025550143","sip:+12025550143@pbx.example.com"]}`,
			`{"shape":["P","P","P","P","P"]}`},
		{"in a text", `{"found":"call +1 202 555 0143 or +12025550143x7"}`, `{"found":"call P or Px7"}`},
		{"digits alone", `{"found":["12025550143","sip:12025550143@pbx.example.com",12025550143]}`, `{"found":["B","sip:B@pbx.example.com",B]}`},
		{"a number, digits alone", `{"dialled":[12025550143,1.2025550143e10,"12025550143"]}`, `{"dialled":[B,B,"T"]}`},
		{"a number taken whole is no phone number", `{"number":12025550143}`, `{"number":` + integer("12025550143") + `}`},
		{"numbers by their value", `{"numbers":[1000000000,1e9,1000000000.0,10000000000e-1]}`, strings.ReplaceAll(`{"numbers":[I,I,I,I]}`, "I", integer("1000000000"))},
		{"a negative number", `{"number":-123456}`, `{"number":` + integer("-123456") + `}`},
		{"least and most digits", `{"numbers":[100000,999999999999999]}`, `{"numbers":[` + integer("100000") + `,` + integer("999999999999999") + `]}`},
		{"a number in JSON in a string", `{"shape":"{\"a\":1}","numbers":"1000000000"}`, `{"shape":"` + pseudonymOf(`{"a":1}`) + `","numbers":"` + pseudonymOf("1000000000") + `"}`},
		{"numbers without a shape", `{"numbers":[12345,1234567890123456,41.25,1e65,0,-12345]}`,
			fmt.Sprintf(`{"numbers":["%s","%s","%s","%s","%s","%s"]}`, pseudonymOf("12345"), pseudonymOf("1234567890123456"), pseudonymOf("41.25"), pseudonymOf("1e65"), pseudonymOf("0"), pseudonymOf("-12345"))},
		{"as: token", `{"token":[1000000000,"+12025550143"]}`, `{"token":["` + pseudonymOf("1000000000") + `","T"]}`},
		{"digits in a string", `{"shape":["1000000000","0401234567","12345"]}`, `{"shape":["` + integer("1000000000") + `","` + integer("0401234567") + `","` + pseudonymOf("12345") + `"]}`},
		{"a part of a number", `{"found":-12025550143}`, `{"found":"-T"}`},
		{"a part of a value", `{"part":"u:+1-202-555-0143"}`, `{"part":"u:P"}`},
		{"what a pattern finds", `{"found":"badge E123456"}`, `{"found":"badge E` + integer("123456") + `"}`},
		{"addresses", `{"shape":["192.0.2.7","::ffff:192.0.2.7","2001:DB8::0:17"],"found":"http://192.0.2.7:80/ http://[2001:db8::17]/"}`, `{"shape":["4","4","6"],"found":"http://4:80/ http://[6]/"}`},
		{"loopback, taken whole", `{"shape":"127.0.0.1"}`, `{"shape":"` + integer("127.0.0.1") + `"}`},
		{"a zone is none of it", `{"shape":["fe80::1%eth0","fe80::1"]}`, `{"shape":["` + integer("fe80::1") + `","` + integer("fe80::1") + `"]}`},
		{"e-mail", `{"shape":"anna@EXAMPLE.com","found":"<anna@example.com>"}`, `{"shape":"M","found":"<M>"}`},
		{"what has no shape", `{"shape":["Anna","sip:anna@example.com","room@conference.example.com","00:1a:2b:3c:4d:5e"]}`,
			fmt.Sprintf(`{"shape":["%s","%s","%s","%s"]}`, pseudonymOf("Anna"), pseudonymOf("sip:anna@example.com"), pseudonymOf("room@conference.example.com"), pseudonymOf("00:1a:2b:3c:4d:5e"))},
		{"percent-encoded", `{"found":"https://a.example/?u=%2B12025550143"}`, `{"found":"https://a.example/?u=%2B` + bare + `"}`},
		{"in HTML", `{"found":"<b>&#43;1 202&nbsp;555 0143</b>"}`, `{"found":"<b>P</b>"}`},
		{"in JSON in a string", `{"found":"{\"a\":12025550143,\"b\":\"\\u002b12025550143\"}"}`, `{"found":"{\"a\":B,\"b\":\"P\"}"}`},
		{"in base64", `{"found":"` + base64Of("call +12025550143") + `"}`, `{"found":"` + base64Of("call "+phone) + `"}`},
		{"names", `{"map":{"+12025550143":1,"192.0.2.7":2}}`, `{"map":{"P":1,"4":2}}`},
		{"the last look makes tokens", `{"x":"+12025550143"}`, `{"x":"T"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, echo)
			raw(t, serveRules(t, shapeText, c), request("POST", "/s/x/", nil, tt.in)).fine(t)
			got := c.one(t).body
			checkQuiet(t, got)
			want := regexp.MustCompile(`\b[PBTM46]\b|Px`).ReplaceAllStringFunc(tt.want, func(s string) string {
				return strings.NewReplacer("P", phone, "B", bare, "T", pseudonymOf("+12025550143"), "4", four, "6", six, "M", email).Replace(s)
			})
			if got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			if !json.Valid([]byte(got)) {
				t.Errorf("%s is no JSON", got)
			}
		})
	}
	t.Run("a broken body", func(t *testing.T) {
		c := newCollector(t, echo)
		raw(t, serveRules(t, shapeText, c), request("POST", "/s/x/", nil, `{"found":"+12025550143","number":1000000000,"a":"\x2b12025550143`)).fine(t)
		token := pseudonymOf("+12025550143")
		if got, want := c.one(t).body, `{"found":"`+token+`","number":1000000000,"a":"`+token; got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
	t.Run("a reversible number is a token", func(t *testing.T) {
		c := newCollector(t, echo)
		raw(t, serveRules(t, shapeText, c), request("POST", "/s/x/", nil, `{"back":1000000000}`)).fine(t)
		if got := c.one(t).body; !regexp.MustCompile(`^\{"back":"psn_q[a-z2-7]+"\}$`).MatchString(got) {
			t.Errorf("got %s", got)
		}
	})
}

// In other places a shape is spelled so that it means the same there.
func TestShapesElsewhere(t *testing.T) {
	phone, email, six := made(t, "+12025550143", 2), made(t, "anna@example.com", 0), made(t, "2001:db8::17", 0)
	c := newCollector(t, echo)
	raw(t, serveRules(t, shapeText, c), request("POST", "/s/+1%20202%20555%200143/?user=+12025550143&found=2001:db8::17",
		[]string{"X-User: tel:+12025550143", "X-Found: <anna@example.com>", "Cookie: uid=+12025550143", "Content-Type: application/x-www-form-urlencoded"},
		"user=anna%40example.com")).fine(t)
	got := c.one(t)
	escape := func(s string) string { return strings.NewReplacer("+", "%2B", ":", "%3A", "@", "%40").Replace(s) }
	if want := "/s/" + escape(phone) + "/?user=" + escape(phone) + "&found=" + escape(six); got.target != want {
		t.Errorf("got  %s\nwant %s", got.target, want)
	}
	if got.header.Get("X-User") != phone || got.header.Get("X-Found") != "<"+email+">" || got.header.Get("Cookie") != "uid="+phone || got.body != "user="+escape(email) {
		t.Errorf("got %q and %s", got.lines, got.body)
	}
}

// A second sidecar with the same keys leaves the shape of an e-mail address as it is,
// as it leaves tokens. Other shapes cannot be known: they become others.
func TestShapesAgain(t *testing.T) {
	email, phone := made(t, "anna@example.com", 0), made(t, "+12025550143", 2)
	c := newCollector(t, echo)
	in := `{"shape":"` + email + `","found":"<` + email + `>","x":"` + strings.ToUpper(email) + `","token":"` + email + `"}`
	raw(t, serveRules(t, shapeText, c), request("POST", "/s/x/", nil, in)).fine(t)
	if got := c.one(t).body; got != in {
		t.Errorf("got  %s\nwant %s", got, in)
	}
	c = newCollector(t, echo)
	raw(t, serveRules(t, shapeText, c), request("POST", "/s/x/", nil, `{"shape":"`+phone+`"}`)).fine(t)
	if got, want := c.one(t).body, `{"shape":"`+made(t, phone, 2)+`"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestShapesCannotBeJoined: what the collector sees of one address in two networks,
// days and tenants.
func TestShapesCannotBeJoined(t *testing.T) {
	seen := map[string]bool{}
	for _, tenant := range []string{"acme", "seven"} {
		c := newCollector(t, echo)
		text := strings.Replace(shapeText, "{name: acme}", "{name: "+tenant+"}", 1)
		raw(t, serveRules(t, text, c), request("POST", "/s/x/", nil, `{"shape":"192.0.2.7","day":"192.0.2.7"}`)).fine(t)
		var got struct{ Shape, Day netip.Addr }
		if err := json.Unmarshal([]byte(c.one(t).body), &got); err != nil || !got.Shape.Is4() || !got.Day.Is4() {
			t.Fatalf("got %+v, %v", got, err)
		}
		seen[got.Shape.String()], seen[got.Day.String()] = true, true
	}
	if len(seen) != 4 {
		t.Errorf("got %v: some are the same", seen)
	}
}

// Shapes come back where they are a whole value, and nowhere else.
func TestShapesRestored(t *testing.T) {
	phone := made(t, "+12025550143", 2)
	bare, integer := phone[1:], made(t, "1000000000", 0)
	four, email := made(t, "192.0.2.7", 0), made(t, "anna@example.com", 0)
	const sent = `{"shape":["+1 202 555 0143","+12025550143","192.0.2.7","anna@EXAMPLE.com"],"dialled":12025550143,"number":1e9,"keep":[1]}`
	tests := []struct{ name, medium, body, want string }{
		{"JSON", "application/json", `{"a":"$P","b":["$4" , "$M"],"c":$I,"d": $B }`, `{"a":"+1 202 555 0143","b":["192.0.2.7" , "anna@EXAMPLE.com"],"c":1e9,"d": 12025550143 }`},
		{"JSON, escaped", "application/json", `{"a":"\u002b` + bare + `"}`, `{"a":"+1 202 555 0143"}`},
		{"names", "application/json", `{"$P":{"$I":1,"$4":2}}`, `{"+1 202 555 0143":{"1e9":1,"192.0.2.7":2}}`},
		{"a number as a string", "application/json", `["$I","$B"]`, `[1e9,12025550143]`},
		{"alone", "application/json", `"$P"`, `"+1 202 555 0143"`},
		{"a number alone", "application/json", `$I`, `1e9`},
		{"no whole value", "application/json", `{"a":"x$P","b":"$P ","c":"$I1","d":["$B.5",1$I,$I0,-$I,$I.0,$Ie1]}`, ``},
		{"an escaped quote", "application/json", `{"a":"\"$P","b":"\\","c":"$P"}`, `{"a":"\"$P","b":"\\","c":"+1 202 555 0143"}`},
		{"lines of JSON", "application/x-ndjson", "$I\n{\"a\":\"$P\"}\nit\"s\n\"$4\"\n", "1e9\n{\"a\":\"+1 202 555 0143\"}\nit\"s\n\"192.0.2.7\"\n"},
		{"events", "text/event-stream", "data: {\"a\":\"$P\"}\nid: $4\n\n", "data: {\"a\":\"+1 202 555 0143\"}\nid: $4\n\n"},
		{"text", "text/plain", "$P", "+1 202 555 0143"},
		{"lines of text", "text/plain", "$P\r\n  $4  \n$I and $I\n\n$M", "+1 202 555 0143\r\n  192.0.2.7  \n$I and $I\n\nanna@EXAMPLE.com"},
		{"HTML", "text/html", "<p>$P</p>\n$M\n", "<p>$P</p>\nanna@EXAMPLE.com\n"},
		{"a form", "application/x-www-form-urlencoded", "a=" + strings.Replace(phone, "+", "%2B", 1) + "&$I=1&b=x$I&c=$4&d=$P&e", "a=%2B1%20202%20555%200143&1e9=1&b=x$I&c=192.0.2.7&d=$P&e"},
		{"beside tokens", "application/json", `{"a":"$T","b":"$P"}`, `{"a":"a, b","b":"+1 202 555 0143"}`},
	}
	for _, tt := range tests {
		for _, framed := range []string{"length", "chunks"} {
			t.Run(tt.name+", "+framed, func(t *testing.T) {
				fill := strings.NewReplacer("$P", phone, "$I", integer, "$B", bare, "$4", four, "$M", email, "$T", pseudonymOf("a, b"))
				body, want := fill.Replace(tt.body), fill.Replace(tt.want)
				if tt.want == "" {
					want = body
				}
				c := newCollector(t, func(r *received) string {
					if framed == "length" {
						return answerOf([]string{"Content-Type: " + tt.medium}, body)
					}
					return "HTTP/1.1 200 OK\r\nContent-Type: " + tt.medium + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, 5)
				})
				in := strings.Replace(sent, "[1]", `[1],"token":"a, b"`, 1)
				res := raw(t, serveRules(t, shapeText, c), request("POST", "/s/x/", nil, in)).fine(t)
				if res.body != want {
					t.Errorf("got  %q\nwant %q", res.body, want)
				}
				checkQuiet(t, c.one(t).raw)
			})
		}
	}
}

func TestShapesRestoredInHeaders(t *testing.T) {
	phone := made(t, "+12025550143", 2)
	c := newCollector(t, func(*received) string {
		return answerOf([]string{"Location: " + phone, "Content-Location: %2B" + phone[1:], "Link: </" + phone + ">"}, "")
	})
	res := raw(t, serveRules(t, shapeText, c), request("POST", "/s/+12025550143/", nil, "")).fine(t)
	for name, want := range map[string]string{"Location": "%2B12025550143", "Content-Location": "%2B12025550143", "Link": "</" + phone + ">"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// Where two values have one shape, the first comes back; where a restored value
// looks like a shape of another one, it stays.
func TestShapesThatMeet(t *testing.T) {
	integer := made(t, "1000000000", 0)
	for _, tt := range []struct{ in, want string }{
		{`{"number":1e9,"numbers":[1000000000,1.0e9]}`, `{"number":1e9,"numbers":[1e9,1e9]}`},
		{`{"token":"` + integer + `","number":1000000000}`, `{"token":"` + integer + `","number":1000000000}`},
	} {
		c := newCollector(t, echo)
		if res := raw(t, serveRules(t, shapeText, c), request("POST", "/s/x/", nil, tt.in)).fine(t); res.body != tt.want {
			t.Errorf("got  %s\nwant %s", res.body, tt.want)
		}
	}
}
