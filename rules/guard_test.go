package rules

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

const guardText = `
version: 1
detectors:
  vip: {words: [Bo]}
  digit: {pattern: 'room-([0-9]+)'}
  dialled: {kind: phone, bare: true}
routes:
  - name: r
    match: POST /calls/{id}
    GUARD
    rules:
      - {at: body.kept, do: keep}
      - {at: body.note, find: vip, do: keep}
      - {at: [path.id, body.user, query.user, header.X-User, cookie.user, form.user, body.users, body.name.@keys]}
      - {at: body.vip, find: [vip, digit]}
      - {at: body.dial, find: dialled}
      - {at: body.part, part: '^u=(.*);'}
      - {at: body.masked, do: mask}
      - {at: body.back, reversible: true}
      - {at: body.inner.@fromstr.user}
      - {at: body.b64.@base64, find: vip}
      - {at: header.Authorization.@jwt.user}
      - {at: text, part: '^user=([^ ]*)'}
`

func guardSet(t testing.TB, guard string) *Set {
	return parse(t, strings.Replace(guardText, "GUARD", guard, 1))
}

const (
	named = "\n\n" + `{"user":"anna.virtanen"`
	psn2  = "\n\n" + `{"user":"psn_2"`
)

func TestGuard(t *testing.T) {
	set := guardSet(t, "guard: replace")
	tests := []struct{ name, in, want string }{
		{"another member, a name, an element, within a text", "POST /calls/0" + named + `,"a":"anna.virtanen","anna.virtanen":1,"l":["x anna.virtanen: y"]}`,
			"POST /calls/psn_1" + psn2 + `,"a":"psn_2","psn_2":1,"l":["x psn_2: y"]}`},
		{"case", "POST /calls/0" + named + `,"a":"ANNA.Virtanen"}`, "POST /calls/psn_1" + psn2 + `,"a":"psn_2"}`},
		{"within longer words and numbers", "POST /calls/0" + named + `,"a":"xanna.virtanen anna.virtanen2 anna.virtanenä äanna.virtanen"}`, "POST /calls/psn_1" + psn2 + `,"a":"xanna.virtanen anna.virtanen2 anna.virtanenä äanna.virtanen"}`},
		{"not within another name", "POST /calls/0" + named + `,"a":"_anna.virtanen-anna.virtanen.anna.virtanen"}`, "POST /calls/psn_1" + psn2 + `,"a":"_psn_2-psn_2.psn_2"}`},
		{"the path, which comes before", "POST /calls/x-anna.virtanen" + `?q=a` + named + `}`, "POST /calls/psn_1?q=a" + "\n\n" + `{"user":"psn_2"}`},
		{"the pattern's own segments", "POST /calls/0?user=calls.calls" + "\n\n" + `{"user":"callscalls","a":"/calls/callscalls"}`, "POST /calls/psn_1?user=psn_2" + "\n\n" + `{"user":"psn_3","a":"/calls/psn_3"}`},
		{"query, its names, headers, cookies", "POST /calls/0?a=anna.virtanen&anna.virtanen=1&b=%61nna.virtanen\nCookie: a=anna.virtanen; anna.virtanen=1\nReferer: https://a.example/anna.virtanen?u=anna.virtanen\nX-Anna.virtanen: 1" + named + `}`,
			"POST /calls/psn_1?a=psn_2&psn_2=1&b=psn_2\nCookie: a=psn_2; psn_2=1\nReferer: https://a.example/psn_2?u=psn_2\nX-psn_2: 1" + psn2 + `}`},
		{"from the query, from a header, from a cookie", "POST /calls/0?user=anna.virtanen\nCookie: user=bo.example.x\nX-User: eve.example.x\n\n" + `{"a":["anna.virtanen","bo.example.x","eve.example.x"]}`,
			"POST /calls/psn_1?user=psn_2\nCookie: user=psn_4\nX-User: psn_3\n\n" + `{"a":["psn_2","psn_4","psn_3"]}`},
		{"escapes", "POST /calls/0" + named + `,"a":"\u0061nna.virtanen\u0020x","b":"https:\/\/h\/%61nna%2Evirtanen","c":"%2561nna.virtanen"}`,
			"POST /calls/psn_1" + psn2 + `,"a":"psn_2\u0020x","b":"https:\/\/h\/psn_2","c":"psn_2"}`},
		{"what must be escaped", "POST /calls/0\n\n" + `{"user":"Anna \"A\" V","a":"x Anna \u0022A\u0022 V y"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"x psn_2 y"}`},
		{"JSON in a string, base64", "POST /calls/0" + named + `,"inner":"{\"user\":\"x\",\"a\":\"anna.virtanen\"}","b64":"YW5uYS52aXJ0YW5lbg=="}`, "POST /calls/psn_1" + psn2 + `,"inner":"{\"user\":\"psn_3\",\"a\":\"psn_2\"}","b64":"cHNuXzI="}`},
		{"a space as a plus", "POST /calls/0?a=Anna+Virtanen&b=Anna%20Virtanen\n\n" + `{"user":"Anna Virtanen"}`, "POST /calls/psn_1?a=psn_2&b=psn_2\n\n" + `{"user":"psn_2"}`},
		{"a form", "POST /calls/0\nContent-Type: application/x-www-form-urlencoded\n\nuser=Anna+Virtanen&a=Anna+Virtanen!&b=x", "POST /calls/psn_1\nContent-Type: application/x-www-form-urlencoded\n\nuser=psn_2&a=psn_2!&b=x"},
		{"a text", "POST /calls/0\nContent-Type: text/plain\n\nuser=anna.virtanen says anna.virtanen", "POST /calls/psn_1\nContent-Type: text/plain\n\nuser=psn_2 says psn_2"},
		{"keep", "POST /calls/0" + named + `,"kept":"anna.virtanen","note":"Bo","a":"anna.virtanen"}`, "POST /calls/psn_1" + psn2 + `,"kept":"anna.virtanen","note":"Bo","a":"psn_2"}`},
		{"keep in it", "POST /calls/0\n\n" + `{"user":"Anna Bo Virtanen","note":"Anna Bo Virtanen","a":"Anna Bo Virtanen"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","note":"Anna Bo Virtanen","a":"psn_2"}`},
		{"a short value", "POST /calls/0\n\n" + `{"user":"anna.vi","a":"anna.vi"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"anna.vi"}`},
		{"eight characters, not bytes", "POST /calls/0\n\n" + `{"user":"äöüäöüä","a":"äöüäöüä","users":["äöüäöüäö"],"b":"ÄÖÜÄÖÜÄÖ"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"äöüäöüä","users":["psn_3"],"b":"psn_3"}`},
		{"short, but found", "POST /calls/0\n\n" + `{"vip":"call Bo","a":"Bo, bob"}`, "POST /calls/psn_1\n\n" + `{"vip":"call psn_2","a":"psn_2, bob"}`},
		{"a counter that a detector found", "POST /calls/0\n\n" + `{"vip":"room-7","a":7,"b":"7"}`, "POST /calls/psn_1\n\n" + `{"vip":"room-psn_2","a":7,"b":"7"}`},
		{"a part", "POST /calls/0\n\n" + `{"part":"u=anna.virtanen;x","a":"anna.virtanen"}`, "POST /calls/psn_1\n\n" + `{"part":"u=psn_2;x","a":"psn_2"}`},
		{"masked", "POST /calls/0\n\n" + `{"masked":"anna.virtanen","a":"anna.virtanen"}`, "POST /calls/psn_1\n\n" + `{"masked":"****.****anen","a":"anna.virtanen"}`},
		{"a phone number in its other spellings", "POST /calls/0\n\n" + `{"dial":"+1 202 555 0143","a":"12025550143","b":12025550143,"c":1.2025550143e10,"d":120255501430,"e":-12025550143,"f":12025550143.5,"g":"x12025550143 +1 202 555 0143"}`,
			"POST /calls/psn_1\n\n" + `{"dial":"psn_2","a":"psn_2","b":"psn_2","c":"psn_2","d":120255501430,"e":-12025550143,"f":12025550143.5,"g":"x12025550143 psn_2"}`},
		{"a whole number", "POST /calls/0\n\n" + `{"user":9876543210,"a":"id 9876543210","b":9876543210,"c":98765432100}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"id psn_2","b":"psn_2","c":98765432100}`},
		{"more than the last look takes of it", "POST /calls/0\n\n" + `{"user":"Anna V <anna@example.com>","a":"by Anna V <anna@example.com> today"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"by psn_2 today"}`},
		{"around two that the last look takes, twice", "POST /calls/0\n\n" + `{"user":"anna@x.fi bo@x.fi V","a":"anna@x.fi bo@x.fi V, Anna@x.fi Bo@x.fi V; eve@x.fi"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"psn_2, psn_2; psn_7"}`},
		{"across what the last look takes", "POST /calls/0\n\n" + `{"user":"Virtanen-anna","a":"Virtanen-anna@example.com"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"psn_3"}`},
		{"two people", "POST /calls/0\n\n" + `{"users":["anna.virtanen","bo.example"],"log":"anna.virtanen calls bo.example; bo.example: busy"}`, "POST /calls/psn_1\n\n" + `{"users":["psn_2","psn_3"],"log":"psn_2 calls psn_3; psn_3: busy"}`},
		{"one is part of another", "POST /calls/0\n\n" + `{"users":["anna.virtanen","anna.virtanen junior"],"log":"anna.virtanen junior, anna.virtanen"}`, "POST /calls/psn_1\n\n" + `{"users":["psn_2","psn_3"],"log":"psn_3, psn_2"}`},
		{"a pseudonym of ours is no value", "POST /calls/0\n\n" + `{"user":"psn_anna1234","a":"psn_anna1234"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_anna1234","a":"psn_anna1234"}`},
		{"headers that frame", "POST /calls/0\nAccept: application/json\nContent-Type: application/json\n\n" + `{"user":"application","a":"application"}`, "POST /calls/psn_1\nAccept: application/json\nContent-Type: application/json\n\n" + `{"user":"psn_2","a":"psn_2"}`},
		{"in a JWT", "POST /calls/0" + named + `,"t":"` + jwtOf(`{"sub":"anna.virtanen"}`) + `"}`, unsafeToken},
		{"in a JWT in a header", "POST /calls/0\nX-Token: " + jwtOf(`{"sub":"anna.virtanen"}`) + named + `}`, unsafeToken},
		{"in a JWT, where a rule takes it", "POST /calls/0\nAuthorization: Bearer " + jwtOf(`{"user":"anna.virtanen"}`) + named + `}`,
			"POST /calls/psn_1\nAuthorization: Bearer " + jwtOf(`{"user":"psn_2"}`) + psn2 + `}`},
		{"in a JWT, beside what a rule takes", "POST /calls/0\nAuthorization: Bearer " + jwtOf(`{"user":"anna.virtanen","sub":"anna.virtanen"}`) + named + `}`, unsafeToken},
		{"in credentials", "POST /calls/0\nAuthorization: Basic YW5uYS52aXJ0YW5lbjp4" + named + `}`, unsafeLogin},
		{"in credentials, as they are", "POST /calls/0\nAuthorization: Custom anna.virtanen" + named + `}`, unsafeLogin},
		{"nothing of it elsewhere", "POST /calls/0\nReferer: https://a.example/" + named + `,"a":"bo"}`, "POST /calls/psn_1\nReferer: https://a.example/" + psn2 + `,"a":"bo"}`},
		{"two that differ in case", "POST /calls/0\n\n" + `{"users":["Anna.Virtanen","anna.virtanen"],"a":"anna.virtanen, Anna.Virtanen, an%6ea.virtanen, ANNA.virtanen"}`,
			"POST /calls/psn_1\n\n" + `{"users":["psn_2","psn_3"],"a":"psn_3, psn_2, psn_3, psn_2"}`},
		{"what is left of a finding is none", "POST /calls/0\n\n" + `{"vip":"bo@example.com","a":"https://example.com/bo"}`, "POST /calls/psn_1\n\n" + `{"vip":"psn_2@psn_3","a":"https://example.com/psn_2"}`},
		{"only values longer than a word may be", "POST /calls/0\n\n" + `{"user":"` + long + `","a":"` + long + `","b":"x \u0000 y"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"psn_2","b":"x \u0000 y"}`},
		{"longer than a word may be", "POST /calls/0\n\n" + `{"user":"` + long + `","a":"` + long + `","b":"x ` + long + `"}`, "POST /calls/psn_1\n\n" + `{"user":"psn_2","a":"psn_2","b":"x ` + long + `"}`},
	}
	for _, tt := range tests {
		rules := set
		if strings.HasPrefix(tt.name, "in credentials") { // that no rule names
			rules = parse(t, strings.NewReplacer("GUARD", "", "      - {at: header.Authorization.@jwt.user}\n", "").Replace(guardText))
		}
		got, n := send(rules, tt.in)
		if got != tt.want {
			t.Errorf("%s\n in   %s\n got  %s\n want %s\n%s", tt.name, tt.in, got, tt.want, strings.Join(n.log, "\n"))
		}
		if seen := map[string]bool{}; tt.want[0] == 'P' {
			for _, line := range n.log {
				if seen[line] && !strings.HasSuffix(line, GuardRule) {
					t.Errorf("%s: reported twice: %s", tt.name, line)
				}
				seen[line] = true
			}
		}
	}
}

var long = strings.Repeat("Anna Virtanen of Example Street. ", 9) + "x"

// jwtOf is a token that a program read: its signature signs nothing.
func jwtOf(claims string) string {
	return "eyJhbGciOiJub25lIn0." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestGuardOtherwise(t *testing.T) {
	in := "POST /calls/0?a=anna.virtanen" + named + `,"a":"anna.virtanen"}`
	if got, _ := send(guardSet(t, "guard: off"), in); got != "POST /calls/psn_1?a=anna.virtanen"+psn2+`,"a":"anna.virtanen"}` {
		t.Errorf("off: %s", got)
	}
	if got, _ := send(guardSet(t, ""), in); got != "POST /calls/psn_1?a=psn_2"+psn2+`,"a":"psn_2"}` {
		t.Errorf("by default: %s", got)
	}
	if got, _ := send(guardSet(t, "otherwise: keep"), in); got != "POST /calls/psn_1?a=psn_2"+psn2+`,"a":"psn_2"}` {
		t.Errorf("without a last look: %s", got)
	}
	if got, _ := send(guardSet(t, "otherwise: keep"), "POST /calls/0"+named+`,"t":"`+jwtOf(`{"sub":"anna.virtanen"}`)+`"}`); got != unsafeToken {
		t.Errorf("in a JWT, without a last look: %s", got)
	}
	reject := guardSet(t, "guard: reject")
	if got, n := send(reject, in); got != "unsafe: a value that was pseudonymized stands elsewhere in the request too; name that place in a rule" {
		t.Errorf("reject: %s\n%s", got, n.log)
	}
	for _, in := range []string{"POST /calls/0" + named + `,"kept":"anna.virtanen"}`, "POST /calls/0" + named + `,"a":"anna.virtanen2"}`, "POST /calls/0" + named + `,"users":["anna.virtanen"]}`} {
		if got, _ := send(reject, in); !strings.HasPrefix(got, "POST /calls/psn_1") {
			t.Errorf("reject: %s is refused: %s", in, got)
		}
	}
	for _, text := range []string{
		"version: 1\nroutes: [{name: r, match: /r, guard: maybe}]\n",
		"version: 1\nroutes: [{name: r, match: /r, guard: off, pass: true}]\n",
	} {
		if _, err := Parse(File{"r.yaml", []byte(text)}); err == nil {
			t.Errorf("%s is accepted", text)
		}
	}
}

// TestGuardReport: the second pass tells of nothing that the first one told, and what
// the guard finds has the kind of the value and no rule of a file.
func TestGuardReport(t *testing.T) {
	_, n := send(guardSet(t, ""), "POST /calls/0?a=anna.virtanen\n\n"+`{"user":"anna.virtanen","dial":"12025550143","kept":"anna.virtanen","b":12025550143,"masked":"x"}`)
	want := []string{
		"path.id value 0 by r/3", "body.user value anna.virtanen by r/3", "body.dial phone +12025550143 by r/5", "body.kept value anna.virtanen by r/1 keeps",
		"body.masked value x by r/7", "query.a value anna.virtanen by guard", "body.b phone 12025550143 by guard",
	}
	if got := strings.Join(n.log, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// TestGuardMany: of a message with many people, the first count, and all are as many
// times as much work as one.
func TestGuardMany(t *testing.T) {
	set := guardSet(t, "")
	var body strings.Builder
	body.WriteString(`{"users":[`)
	const people = 10_000
	for i := range people {
		fmt.Fprintf(&body, `"person number %d",`, i)
	}
	body.WriteString(`"x"],"log":"`)
	for i := range people {
		fmt.Fprintf(&body, "person number %d; ", i)
	}
	body.WriteString(`"}`)
	got, _ := send(set, "POST /calls/0\n\n"+body.String())
	_, log, _ := strings.Cut(got, `"log":"`)
	left := regexp.MustCompile(`person number ([0-9]+); `).FindAllStringSubmatch(log, -1)
	if len(left) != people-maxGuarded || left[0][1] != fmt.Sprint(maxGuarded) {
		t.Errorf("%d are left, from %v on", len(left), left[:min(1, len(left))])
	}
}

// TestGuardRoom: what is remembered is asked for, and what the first pass took is given
// back for the second.
func TestGuardRoom(t *testing.T) {
	var users strings.Builder
	const people = 3000
	for i := range people {
		fmt.Fprintf(&users, `"person number %d",`, i)
	}
	most := func(guard, log string) (most int) {
		now := 0
		msg := request("POST /calls/0\n\n" + `{"users":[` + users.String() + `"x"],"log":"` + log + `"}`)
		msg.Room = func(n int) error {
			now += n
			most = max(most, now)
			return nil
		}
		m, err := guardSet(t, guard).Match(msg)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Rewrite(nil, (&numberer{}).replace); err != nil {
			t.Fatal(err)
		}
		return most
	}
	off, one, two := most("guard: off", "number 7"), most("", "number 7"), most("", "person number 7")
	if one < off+people*perGuarded || two < one || two > one+one/8 {
		t.Errorf("asked for %d bytes without a guard, %d with one, %d with two passes", off, one, two)
	}
}

// FuzzGlance: a glance never says no where the guard finds something.
func FuzzGlance(f *testing.F) {
	f.Add("anna.virtanen", `{"a":"anna.virtanen"}`)
	f.Add("äöüäöüäö", `{"a":"ÄÖÜÄÖÜÄÖ"}`)
	f.Add("Anna \"A\"", `{"a":"x Anna \u0022A\u0022"}`)
	f.Add("12025550143", `{"a":1.2025550143e10,"b":"%31%32025550143"}`)
	f.Add("Anna Virtanen", `a=Anna+Virtanen`)
	f.Add("ab", `{"b":"ab"}`)
	set := parse(f, "version: 1\nroutes:\n  - name: r\n    match: POST /r\n    otherwise: keep\n    rules: [{at: header.X-User}]\n")
	f.Fuzz(func(t *testing.T, value, body string) {
		value = strings.TrimSpace(value)
		if strings.ContainsFunc(value, func(r rune) bool { return r == utf8.RuneError || r < ' ' || unicode.IsControl(r) }) {
			return
		}
		msg := func() *Message {
			return &Message{Method: "POST", Path: "/r", Header: map[string][]string{"X-User": {value}}, Body: []byte(body)}
		}
		m, _ := set.Match(msg())
		if err := m.Rewrite(nil, (&numberer{}).replace); err != nil {
			return
		}
		got := string(m.Body())
		forced, _ := set.Match(msg())
		g := &guardian{}
		replace := (&numberer{}).replace
		if _, err := forced.rewrite(nil, replace, g); err != nil || len(g.values) == 0 {
			return
		}
		g.look = newGlance(g)
		g.arm(forced.Route)
		forced.msg.Body, forced.msg.Header = []byte(body), map[string][]string{"X-User": {value}}
		if _, err := forced.rewrite(nil, replace, g); err != nil {
			return
		}
		if want := string(forced.Body()); got != want {
			t.Fatalf("%q in %q: got %q, with a second pass %q", value, body, got, want)
		}
	})
}

func BenchmarkGuard(b *testing.B) {
	for _, size := range []int{2 << 10, 120 << 10} {
		doc := statsBody(size)
		for _, guard := range []Guard{GuardOff, GuardReplace} {
			b.Run(fmt.Sprintf("%d/%s", len(doc), guardNames[guard]), func(b *testing.B) {
				route := *packRoute(b, "stats")
				route.Guard = guard
				b.SetBytes(int64(len(doc)))
				b.ReportAllocs()
				for b.Loop() {
					m := route.Record(doc, 0)
					if err := m.Rewrite(nil, toToken); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// FuzzGuard: what was pseudonymized stands nowhere else as a word, as another parser
// reads what leaves. "@" in a document is where the value is put in, also in the middle of a word.
func FuzzGuard(f *testing.F) {
	f.Add("anna.virtanen", `{"a":"@","@":[1,"x @ y","@2","é@"],"b":"\u0020@"}`)
	f.Add("Anna Bo Virtanen", `["@@","@ @","@-@","+12025550143@","@example.com"]`)
	f.Add("anna@example.com x", `{"a":"<@>","b":"%20@"}`)
	f.Add("12025550143", `[@,"@",0.@,@e1,"+@"]`)
	f.Add("+1 202 555 0143", `["@","tel:@","@@"]`)
	set := parse(f, "version: 1\nroutes:\n  - name: r\n    match: POST /r\n    rules: [{at: header.X-User}]\n")
	f.Fuzz(func(t *testing.T, value, doc string) {
		if value = strings.TrimSpace(value); utf8.RuneCountInString(value) < leastGuarded || len(value) > longestWord || !telling(value) || strings.HasPrefix(value, "psn_") ||
			!utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || unicode.IsControl(r) }) {
			return
		}
		body := strings.ReplaceAll(doc, "@", value)
		m, _ := set.Match(&Message{Method: "POST", Path: "/r", Header: map[string][]string{"X-User": {value}, "Content-Type": {"application/json"}}, Body: []byte(body)})
		n := &numberer{}
		if err := m.Rewrite(nil, n.replace); err != nil {
			return
		}
		trees, err := readTrees(string(m.Body()))
		if err != nil {
			return // no JSON
		}
		if len(n.log) == 0 || !strings.HasPrefix(n.log[0], "header.X-User value") {
			return
		}
		check := func(text string) {
			for from := 0; ; from++ {
				k := strings.Index(text[from:], value)
				if k < 0 {
					return
				}
				from += k
				before, _ := utf8.DecodeLastRuneInString(text[:from])
				first, _ := utf8.DecodeRuneInString(value)
				last, _ := utf8.DecodeLastRuneInString(value)
				after, _ := utf8.DecodeRuneInString(text[from+len(value):])
				word := func(r rune) bool {
					return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r))
				}
				if !(word(before) && word(first)) && !(word(last) && word(after)) {
					t.Fatalf("%q is left in %q: %s becomes %s", value, text, body, m.Body())
				}
			}
		}
		var walk func(*jsonTree)
		walk = func(n *jsonTree) {
			for _, name := range n.names {
				check(name)
			}
			for _, item := range n.items {
				walk(item)
			}
			switch leaf := n.leaf.(type) {
			case string:
				check(leaf)
			case json.Number:
				if string(leaf) == value {
					t.Fatalf("%s is left: %s becomes %s", value, body, m.Body())
				}
			}
		}
		for _, n := range trees {
			walk(n)
		}
	})
}
