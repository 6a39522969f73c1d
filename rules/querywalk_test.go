package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestQueries: which elements a query names, and what of them.
func TestQueries(t *testing.T) {
	const body, form = "POST /c\n\n", "\nContent-Type: application/x-www-form-urlencoded\n\n"
	const ids = `at: 'body.ids.#(type=="pstn")#.id'`
	tests := []struct{ name, rules, in, want string }{
		{"before it", ids, body + `{"ids":[{"type":"pstn","id":"Bo"},{"type":"app","id":"x"}]}`, body + `{"ids":[{"type":"pstn","id":"psn_1"},{"type":"app","id":"x"}]}`},
		{"behind it", ids, body + `{"ids":[{"id":"Bo","type":"pstn"},{"id":"x","type":"app"}]}`, body + `{"ids":[{"id":"psn_1","type":"pstn"},{"id":"x","type":"app"}]}`},
		{"on both sides, nested, in white space", ids, body + ` { "ids" : [ { "id" : "Bo" , "x" : [ { "type" : "}]\"" } , 1 ] , "type" : "pstn" , "id" : 17 } ] } `, body + ` { "ids" : [ { "id" : "psn_1" , "x" : [ { "type" : "}]\"" } , 1 ] , "type" : "pstn" , "id" : "psn_2" } ] } `},
		{"a member of a member is none", ids, body + `{"ids":[{"id":"x","y":{"type":"pstn"}},{"id":"x","y":[{"type":"pstn"}]}]}`, ""},
		{"escaped", ids, body + `{"ids":[{"id":"Bo","\u0074ype":"p\u0073tn"},{"i\u0064":"Al","TYPE":"\u0070\u0073\u0074\u006e"}]}`, body + `{"ids":[{"id":"psn_1","\u0074ype":"p\u0073tn"},{"i\u0064":"psn_2","TYPE":"\u0070\u0073\u0074\u006e"}]}`},
		{"another case of the name", ids, body + `{"ids":[{"id":"Bo","TyPe":"pstn"},{"ID":"Bo","tYpE":"pstn"}]}`, body + `{"ids":[{"id":"psn_1","TyPe":"pstn"},{"ID":"psn_1","tYpE":"pstn"}]}`},
		{"a folded letter", `at: 'body.#(stats=="1")#.key'`, body + "[{\"\u017Ftat\u017F\":\"1\",\"\u212Aey\":\"Bo\"},{\"\\u017Ftats\":\"1\",\"key\":\"Bo\"}]", body + "[{\"\u017Ftat\u017F\":\"1\",\"\u212Aey\":\"psn_1\"},{\"\\u017Ftats\":\"1\",\"key\":\"psn_1\"}]"},
		{"another case of the value", ids, body + `{"ids":[{"id":"x","type":"Pstn"},{"id":"x","type":"pst"},{"id":"x","type":"pstn "},{"id":"x","type":"ｐstn"}]}`, ""},
		{"twice, one of them is enough", ids, body + `{"ids":[{"type":"app","id":"Bo","type":"pstn"},{"type":"pstn","id":"Bo","Type":"app"},{"type":null,"id":"Bo","type":"pstn"}]}`,
			body + `{"ids":[{"type":"app","id":"psn_1","type":"pstn"},{"type":"pstn","id":"psn_1","Type":"app"},{"type":null,"id":"psn_1","type":"pstn"}]}`},
		{"every member of the name", ids, body + `{"ids":[{"id":"Bo","type":"pstn","id":"Al","ID":"Cy"}]}`, body + `{"ids":[{"id":"psn_1","type":"pstn","id":"psn_2","ID":"psn_3"}]}`},
		{"the list twice", ids, body + `{"ids":[{"id":"Bo","type":"pstn"}],"IDS":[{"id":"Bo","type":"pstn"}],"ids":{"id":"x","type":"pstn"}}`, body + `{"ids":[{"id":"psn_1","type":"pstn"}],"IDS":[{"id":"psn_1","type":"pstn"}],"ids":{"id":"x","type":"pstn"}}`},
		{"no strings", `at: 'body.#(n=="1")#.id'`, body + `[{"id":"x","n":1},{"id":"x","n":true},{"id":"x","n":null},{"id":"x","n":["1"]},{"id":"x","n":{"1":"1"}},{"id":"x","n":1.0}]`, ""},
		{"no objects", ids, body + `{"ids":["pstn",17,null,true,["type","pstn"],[{"type":"pstn","id":"x"}],{}]}`, ""},
		{"an element of an element", `at: 'body.#.#(type=="pstn")#.id'`, body + `[[{"type":"pstn","id":"Bo"}],{"type":"pstn","id":"x"}]`, body + `[[{"type":"pstn","id":"psn_1"}],{"type":"pstn","id":"x"}]`},
		{"a member is no element", `at: 'body.#(type=="pstn")#.id'`, body + `{"a":{"type":"pstn","id":"x"},"type":"pstn","id":"x"}`, ""},
		{"an empty value", `at: 'body.#(t=="")#.id'`, body + `[{"t":"","id":"Bo"},{"t":" ","id":"x"},{"id":"x"}]`, body + `[{"t":"","id":"psn_1"},{"t":" ","id":"x"},{"id":"x"}]`},
		{"the whole element", `at: 'body.#(t=="u")#'`, body + `[{"t":"u","a":{"b":["Bo",7]}},{"t":"v","a":"x"}]`, body + `[{"t":"psn_1","a":{"b":["psn_2","psn_3"]}},{"t":"v","a":"x"}]`},
		{"@keys", `at: 'body.#(t=="m")#.users.@keys'`, body + `[{"users":{"Bo":{"u":1},"\u0041l":2},"t":"m"},{"users":{"x":1},"t":"n"}]`, body + `[{"users":{"psn_1":{"u":1},"psn_2":2},"t":"m"},{"users":{"x":1},"t":"n"}]`},
		{"@keys of the element", `at: 'body.#(t=="m")#.@keys'`, body + `[{"t":"m","Bo":1}]`, body + `[{"psn_1":"m","psn_2":1}]`},
		{"in a map keyed by user", `at: ['body.m.@keys', 'body.m.*.#(k=="id")#.v']`, body + `{"m":{"Bo":[{"v":"Bo","k":"id"},{"v":"x","k":"n"}]}}`, body + `{"m":{"psn_1":[{"v":"psn_1","k":"id"},{"v":"x","k":"n"}]}}`},
		{"OTLP", `at: 'body.**.attributes.#(key=="user.id")#.value.stringValue'`,
			body + `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}},{"key":"user.id","value":{"stringValue":"Bo"}}]},"scopeLogs":[{"logRecords":[{"attributes":[{"value":{"stringValue":"Bo"},"key":"user.id"},{"key":"n","value":{"intValue":"7"}}]}]}]}]}`,
			body + `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}},{"key":"user.id","value":{"stringValue":"psn_1"}}]},"scopeLogs":[{"logRecords":[{"attributes":[{"value":{"stringValue":"psn_1"},"key":"user.id"},{"key":"n","value":{"intValue":"7"}}]}]}]}]}`},
		{"a pattern", `at: 'body.#(k%"user.*")#.v'`, body + `[{"k":"user.id","v":"Bo"},{"k":"user.","v":"Al"},{"k":"user","v":"x"},{"k":"User.id","v":"x"}]`, body + `[{"k":"user.id","v":"psn_1"},{"k":"user.","v":"psn_2"},{"k":"user","v":"x"},{"k":"User.id","v":"x"}]`},
		{"a pattern of one character", `at: 'body.#(k%"?b")#.v'`, body + `[{"k":"éb","v":"Bo"},{"k":"b","v":"x"},{"k":"\uD83D\uDE00b","v":"Bo"}]`, body + `[{"k":"éb","v":"psn_1"},{"k":"b","v":"x"},{"k":"\uD83D\uDE00b","v":"psn_1"}]`},
		{"== has no pattern, % an escape", `at: ['body.#(k=="a*")#.v', 'body.#(k%"b\*")#.v']`, body + `[{"k":"a*","v":"Bo"},{"k":"ab","v":"x"},{"k":"b*","v":"Bo"},{"k":"bb","v":"x"}]`, body + `[{"k":"a*","v":"psn_1"},{"k":"ab","v":"x"},{"k":"b*","v":"psn_1"},{"k":"bb","v":"x"}]`},
		{"a pattern of names", `at: 'body.#(k*=="u")#.v'`, body + `[{"KEY":"u","v":"Bo"},{"\u212Aind":"u","v":"Bo"},{"x":"u","v":"x"}]`, body + `[{"KEY":"u","v":"psn_1"},{"\u212Aind":"u","v":"psn_1"},{"x":"u","v":"x"}]`},
		{"what YAML and paths have", `at: 'body.#(a\.b=="x)#.y \"z\" \\ #")#.v'`, body + `[{"a.b":"x)#.y \"z\" \\ #","v":"Bo"},{"a.b":"x","v":"x"}]`, body + `[{"a.b":"x)#.y \"z\" \\ #","v":"psn_1"},{"a.b":"x","v":"x"}]`},
		{"several in a chain", `at: 'body.#(a=="1")#.l.#(b=="2")#.v'`, body + `[{"l":[{"v":"Bo","b":"2"},{"v":"x","b":"1"}],"a":"1"},{"l":[{"v":"x","b":"2"}],"a":"2"}]`, body + `[{"l":[{"v":"psn_1","b":"2"},{"v":"x","b":"1"}],"a":"1"},{"l":[{"v":"x","b":"2"}],"a":"2"}]`},
		{"** on all sides", `at: 'body.**.#(a=="1")#.**.#(b=="2")#.**.v'`, body + `{"x":[{"y":[[{"b":"2","z":{"v":"Bo"}}]],"a":"1"}],"w":[{"b":"2","v":"x"}]}`, body + `{"x":[{"y":[[{"b":"2","z":{"v":"psn_1"}}]],"a":"1"}],"w":[{"b":"2","v":"x"}]}`},
		{"one element, two queries of one rule", `at: ['body.#(a=="1")#.v', 'body.#(b=="2")#.v']`, body + `[{"a":"1","b":"2","v":"Bo"}]`, body + `[{"a":"1","b":"2","v":"psn_1"}]`},
		{"one element, two queries, two ways", `at: ['body.#(a=="1")#.v', 'body.#(b=="2")#.w']`, body + `[{"v":"Bo","w":"Al","a":"1","b":"2"},{"v":"Bo","w":"x","a":"1"},{"v":"x","w":"Al","b":"2"},{"v":"x","w":"x"}]`, body + `[{"v":"psn_1","w":"psn_2","a":"1","b":"2"},{"v":"psn_1","w":"x","a":"1"},{"v":"x","w":"psn_2","b":"2"},{"v":"x","w":"x"}]`},
		{"a query, every element, one element", `[{at: 'body.#(a=="1")#.v'}, {at: body.#.w}, {at: body.1.x}]`, body + `[{"v":"Bo","w":"Al","x":"x","a":"1"},{"v":"Bo","w":"Al","x":"Cy","a":"1"},{"v":"x","w":"Al","x":"x"}]`, body + `[{"v":"psn_1","w":"psn_2","x":"x","a":"1"},{"v":"psn_1","w":"psn_2","x":"psn_3","a":"1"},{"v":"x","w":"psn_2","x":"x"}]`},
		{"keep some, take all", `[{at: 'body.#(k=="n")#.v', do: keep}, {at: body.#.v}]`, body + `[{"v":"x","k":"n"},{"v":"Bo","k":"u"},{"v":"Bo"}]`, body + `[{"v":"x","k":"n"},{"v":"psn_1","k":"u"},{"v":"psn_1"}]`},
		{"the elements are removed", `{at: 'body.#(k=="u")#', do: remove}`, body + `[{"k":"u","v":1},{"k":"n"},{"v":2,"k":"u"}]`, body + `[{"k":"n"}]`},
		{"a member is removed, the one that is asked too", `{at: ['body.#(k=="u")#.v', 'body.#(k=="u")#.k'], do: remove}`, body + `[{"k":"u","v":1,"w":2},{"v":1}]`, body + `[{"w":2},{"v":1}]`},
		{"what is asked for is replaced", `[{at: body.#.k}, {at: 'body.#(k=="u")#.v'}]`, body + `[{"k":"u","v":"Bo"}]`, body + `[{"k":"psn_1","v":"psn_2"}]`},
		{"reject", `{at: 'body.#(k=="u")#', do: reject}`, body + `[{"a":1,"k":"u"}]`, "rejected: rule r/1 rejects this request"},
		{"records", ids, body + `{"ids":[{"id":"Bo","type":"pstn"}]}` + "\n" + `{"ids":[{"id":"Bo","type":"pstn"},{"id":"x"}]}`, body + `{"ids":[{"id":"psn_1","type":"pstn"}]}` + "\n" + `{"ids":[{"id":"psn_1","type":"pstn"},{"id":"x"}]}`},
		{"in a string", `at: 'body.d.@fromstr.#(t=="u")#.v'`, body + `{"d":"[{\"v\":\"Bo\",\"t\":\"u\"},{\"v\":\"x\",\"t\":\"w\"}]"}`, body + `{"d":"[{\"v\":\"psn_1\",\"t\":\"u\"},{\"v\":\"x\",\"t\":\"w\"}]"}`},
		{"in no string", `at: 'body.d.@fromstr.#(t=="u")#.v'`, body + `{"d":[{"v":"Bo","t":"u"},{"v":"x","t":"w"}]}`, body + `{"d":[{"v":"psn_1","t":"u"},{"v":"x","t":"w"}]}`},
		{"a string in what it names", `at: 'body.#(t=="u")#.d.@fromstr.v'`, body + `[{"d":"{\"v\":\"Bo\"}","t":"u"},{"d":"{\"v\":\"x\"}","t":"w"}]`, body + `[{"d":"{\"v\":\"psn_1\"}","t":"u"},{"d":"{\"v\":\"x\"}","t":"w"}]`},
		{"two ways into one string", `at: ['body.d.@fromstr.#(a=="b c")#.v', 'body.d.@fromstr.#(a\ b=="c")#.v']`, body + `{"d":"[{\"v\":\"Bo\",\"a b\":\"c\"},{\"v\":\"Al\",\"a\":\"b c\"},{\"v\":\"x\",\"a\":\"c\"}]"}`, body + `{"d":"[{\"v\":\"psn_1\",\"a b\":\"c\"},{\"v\":\"psn_2\",\"a\":\"b c\"},{\"v\":\"x\",\"a\":\"c\"}]"}`},
		{"base64 in a query", `at: 'query.cx.@base64.@fromstr.data.#(schema%"*/user/*")#.id'`, "POST /c?cx=" + u64(`{"data":[{"id":"Bo","schema":"x/user/1"},{"id":"x","schema":"x/n/1"}]}`), "POST /c?cx=" + u64(`{"data":[{"id":"psn_1","schema":"x/user/1"},{"id":"x","schema":"x/n/1"}]}`)},
		{"a form", `at: 'form.e.@fromstr.#(t=="u")#.v'`, "POST /c" + form + "e=%5B%7B%22v%22:%22Bo%22,%22t%22:%22u%22%7D%5D", "POST /c" + form + "e=%5B%7B%22v%22:%22psn_1%22,%22t%22:%22u%22%7D%5D"},
		{"a JWT", `at: 'header.Authorization.@jwt.ids.#(t=="pstn")#.v'`, "POST /c\nAuthorization: Bearer " + token64(`{"ids":[{"v":"Bo","t":"pstn"},{"v":"x","t":"y"}]}`) + "\n\n", "POST /c\nAuthorization: Bearer " + token64(`{"ids":[{"v":"psn_1","t":"pstn"},{"v":"x","t":"y"}]}`)},
		{"the last look sees the rest", ids, body + `{"ids":[{"id":"Bo","type":"pstn","x":"+12025550143"},{"id":"anna@example.com","type":"app"}]}`, body + `{"ids":[{"id":"psn_1","type":"pstn","x":"psn_2"},{"id":"psn_3","type":"app"}]}`},
		{"broken in what is looked over", ids, body + `{"ids":[{"id":"Bo","type":"pstn",]}]}`, "unparseable: the body is not JSON at byte 33"},
		{"not closed", ids, body + `{"ids":[{"id":"Bo","type":"pstn"`, "unparseable: the body ends in the middle of a JSON text"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRewrite(t, "", tt.rules, tt.in, tt.want) })
	}
}

// TestQueriesOfTheTenant: tenant and scope may stand in an element.
func TestQueriesOfTheTenant(t *testing.T) {
	set := parse(t, `{version: 1, tenant: 'body.resource.#(key=="tenant.id")#.value', routes: [{name: r, match: POST /c, rules: [{at: body.u, linkable: 'body.resource.#(key=="session")#.value'}]}]}`)
	for _, tt := range []struct{ body, tenant, scope string }{
		{`{"u":"Bo","resource":[{"key":"session","value":"s"},{"value":"acme","key":"tenant.id"}]}`, "acme", "s"},
		{`{"u":"Bo","resource":[{"key":"tenant.id","value":"acme"},{"key":"tenant.id","value":"emca"}]}`, "", ""},
		{`{"u":"Bo","resource":[{"key":"tenant.id","value":"acme","key":"session"}]}`, "acme", "acme"},
		{`{"u":"Bo","resource":{"key":"tenant.id","value":"acme"}}`, "", ""},
	} {
		m, err := set.Match(&Message{Method: "POST", Path: "/c", Body: []byte(tt.body)})
		if err == nil {
			err = m.Read()
		}
		if err != nil {
			t.Fatal(err)
		}
		tenant, _ := m.Tenant()
		scope, _ := m.Scope(set.Rules()[0])
		if tenant != tt.tenant || scope != tt.scope {
			t.Errorf("%s: got tenant %q and scope %q, want %q and %q", tt.body, tenant, scope, tt.tenant, tt.scope)
		}
	}
}

// TestManyQueries: one rule may name as many values of a member as there are. What
// multiplies is bounded, and said.
func TestManyQueries(t *testing.T) {
	var at, doc, want []string
	for i := range 300 {
		at = append(at, fmt.Sprintf(`'body.**.attributes.#(key=="k%d")#.v'`, i))
		doc = append(doc, fmt.Sprintf(`{"v":"v%d","key":"k%d"},{"v":"x","key":"x%d"}`, i, i, i))
		want = append(want, fmt.Sprintf(`{"v":"psn","key":"k%d"},{"v":"x","key":"x%d"}`, i, i))
	}
	r := route(t, "      - at: ["+strings.Join(at, ", ")+"]\n")
	got, err := r.Body(nil, []byte(`{"attributes":[`+strings.Join(doc, ",")+`]}`), func(*Finding) (string, error) { return "psn", nil })
	if err != nil || string(got) != `{"attributes":[`+strings.Join(want, ",")+`]}` {
		t.Errorf("got %v\n%s", err, got)
	}
	rules := func(n int, at string) string {
		text := "version: 1\nroutes:\n  - name: r\n    match: /\n    rules:\n"
		for i := range n {
			text += "      - at: '" + strings.ReplaceAll(at, "N", fmt.Sprint(i)) + "'\n"
		}
		return text
	}
	const leads = `queries such as #(name=="value")# lead to more than 8 different things at one place of this route; queries of one rule that go on alike count as one`
	const asked = `queries such as #(name=="value")# at one place of this route are about more than 16 names and patterns of values; to queries by == for the values of one name there is no end`
	for _, tt := range []struct {
		n        int
		at, want string
	}{
		{8, `body.a.#(k=="N")#.v`, ""},
		{9, `body.a.#(k=="N")#.v`, leads},
		{9, `body.aN.#(k=="N")#.v`, ""},
		{8, `body.**.#(k=="N")#.**.#(l=="N")#.v`, leads},
		{300, `body.#(k=="a")#.vN`, ""}, // all of them or none
		{8, `body.**.#(k=="N")#.v`, ""},
		{8, `body.**.#(k=="N")#.N`, "need too many states"}, // an element, too
	} {
		_, err := Parse(File{"r.yaml", []byte(rules(tt.n, tt.at))})
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%d of %s: got %v, want %q", tt.n, tt.at, err, tt.want)
		}
	}
	for _, query := range []string{`kN=="x"`, `k%"N*"`} {
		var at []string
		for i := range 17 {
			at = append(at, "'body.#("+strings.ReplaceAll(query, "N", fmt.Sprint(i))+")#.v'")
		}
		_, err := Parse(File{"r.yaml", []byte("version: 1\nroutes:\n  - {name: r, match: /, rules: [{at: [" + strings.Join(at, ", ") + "]}]}\n")})
		if err == nil || !strings.Contains(err.Error(), asked) {
			t.Errorf("17 of %s: got %v, want %q", query, err, asked)
		}
	}
}

// TestQueriesAlive: which rules are said never to apply.
func TestQueriesAlive(t *testing.T) {
	tests := []struct {
		first, second string
		dead          bool
	}{
		{`body.a.#`, `body.a.#(k=="v")#`, true},
		{`body.a.#.id`, `body.a.#(k=="v")#.id`, true},
		{`body.a.#.id`, `body.a.#(k%"v*")#.id.x`, true},
		{`body.a`, `body.a.#(k=="v")#.id`, true},
		{`body.**`, `body.**.#(k=="v")#.id`, true},
		{`body.a.#(k=="v")#`, `body.a.#(k=="v")#.id`, true},
		{`body.a.#(k=="v")#.id`, `body.a.#(K%"v")#.ID`, true},
		{`body.a.#(k=="v")#.id`, `body.a.#.id`, false},
		{`body.a.#(k=="v")#`, `body.a.#`, false},
		{`body.a.#(k=="v")#`, `body.a.#(k=="w")#`, false},
		{`body.a.#(k=="v")#`, `body.a.#(k=="V")#`, false},
		{`body.a.#(k=="v*")#`, `body.a.#(k%"v*")#`, false},
		{`body.a.#(k=="v")#`, `body.a.#(k%"*")#`, false},
		{`body.a.#(k=="v")#`, `body.a.0`, false},
		{`body.a.*`, `body.a.#(k=="v")#`, false}, // * stands for members
		{`body.a.0`, `body.a.#(k=="v")#`, false},
		{`body.a.#(k=="v")#`, `body.a.#(k=="v")#.@keys`, false}, // names are places of their own
	}
	for _, tt := range tests {
		_, dead := parseDead(t, "version: 1\nroutes:\n- name: r\n  match: /x\n  rules:\n  - at: '"+tt.first+"'\n  - at: '"+tt.second+"'\n")
		if (len(dead) > 0) != tt.dead {
			t.Errorf("%s before %s: got %v", tt.first, tt.second, dead)
		}
	}
}

// TestQueriesNest: where ** makes every level be looked over, the cost is bounded.
func TestQueriesNest(t *testing.T) {
	r := route(t, `      - at: 'body.**.#(k=="v")#.id'`+"\n")
	nested := func(levels, size int) []byte {
		return []byte(strings.Repeat(`[{"a":`, levels) + `"` + strings.Repeat("x", size) + `","id":"Bo","k":"v"` + strings.Repeat(`}]`, levels))
	}
	want := &Error{}
	got, err := r.Body(nil, nested(63, 1<<20), mark)
	if !errors.As(err, &want) || want.Reason != Oversize || !want.Body || len(got) > 0 {
		t.Errorf("63 levels around 1 MB: got %v, want oversize", err)
	}
	for _, tt := range []struct{ levels, size int }{{14, 1 << 20}, {63, 1000}} {
		if got, err := r.Body(nil, nested(tt.levels, tt.size), mark); err != nil || !bytes.Contains(got, []byte(`"id":"`+jsonText(marked)+`"`)) {
			t.Errorf("%d levels around %d bytes: got %v", tt.levels, tt.size, err)
		}
	}
	broken := nested(63, 1<<20)
	if _, err := r.Body(nil, broken[:len(broken)-3], mark); err == nil {
		t.Error("what is broken is accepted")
	}
	growsEvenly(t, 40_000, func(n int) {
		_, _ = r.Body(nil, []byte(strings.Repeat(`[{"a":`, n)), mark)
		doc := []byte(strings.Repeat(`[{"a":`, 40) + `"` + strings.Repeat("x", n) + `"` + strings.Repeat(`}]`, 40))
		_, _ = r.Body(nil, doc, mark)
		list := []byte("[" + strings.Repeat(`{"k":"w","a":[{"k":"w"},{}]},`, n/16) + "1]")
		if _, err := r.Body(nil, list, mark); err != nil {
			t.Error(err)
		}
	})
}

// A reading is what encoding/json reads: members in order, and twice where they
// stand twice.
type readJSON struct {
	members  []readMember
	elements []readJSON
	text     string
	kind     byte // { [ " 0 and others
}

type readMember struct {
	name  string
	value readJSON
}

func readAll(d *json.Decoder) (v readJSON, err error) {
	token, err := d.Token()
	if err != nil {
		return v, err
	}
	switch token := token.(type) {
	case string:
		return readJSON{text: token, kind: '"'}, nil
	case json.Number:
		return readJSON{text: token.String(), kind: '0'}, nil
	case json.Delim:
		v.kind = byte(token)
		for d.More() {
			name := ""
			if v.kind == '{' {
				n, err := d.Token()
				if err != nil {
					return v, err
				}
				name, _ = n.(string)
			}
			below, err := readAll(d)
			if err != nil {
				return v, err
			}
			if v.kind == '{' {
				v.members = append(v.members, readMember{name, below})
			} else {
				v.elements = append(v.elements, below)
			}
		}
		_, err = d.Token()
		return v, err
	}
	return v, nil
}

// below lists the strings and numbers in it that are named: by a query, in order.
func (v readJSON) below(named bool, query func(readMember) bool) (all []string) {
	if named && (v.kind == '0' || v.kind == '"' && v.text != "") {
		all = append(all, v.text)
	}
	for _, m := range v.members {
		all = append(all, m.value.below(named, query)...)
	}
	for _, e := range v.elements {
		all = append(all, e.below(named || slices.ContainsFunc(e.members, query), query)...)
	}
	return all
}

// FuzzQueries: of any document, with any name and value, what the address takes is
// what encoding/json reads in the elements that the obvious reading of the query names.
func FuzzQueries(f *testing.F) {
	for _, doc := range []string{
		`[{"k":"v","a":"1"},{"a":["2",{"K":"v"}],"k":"w"}]`, `{"x":[{"\u006b":"\u0076","b":3},{"k":"v"}],"k":"v"}`, `[[{"k":"x","k":"v","a":1e3}]]`, `[{"k":{"k":"v"}},{"k":["v"]},{"k":17,"a":"x"}]`,
		"[{\"\u212A\":\"v\",\"a\":\"1\"}]", `[{"a)#.b":"v"}] [{"a)#.b":"\"\\"}]`, `[{"k":"v","a":"1"`, `[{"k":"v" "a":"1"}]`, `[{"k":"\ud800"}]`, `[{"k" : "v" , "a" : [ ] , "b" : "" , "c" : -0.0 }, "v", {}]`,
	} {
		for _, name := range []string{"k", "K", "a)#.b", "a.b", "k*", ""} {
			for _, value := range []string{"v", `"\`, "v*", "", "17", "é\n"} {
				f.Add([]byte(doc), name, value, false)
				f.Add([]byte(doc), name, value, true)
			}
		}
	}
	special := regexp.MustCompile(`[^0-9A-Za-z\x80-\x{10FFFF}]`)
	f.Fuzz(func(t *testing.T, doc []byte, name, value string, pattern bool) {
		if name == "" || !utf8.ValidString(name+value) || len(name)+len(value) > 1000 || len(doc) > 1<<14 || strings.ContainsFunc(name+value, func(r rune) bool { return r < ' ' || r >= 0x7F && r < 0xA0 || r >= 0xFFFE && r <= 0xFFFF }) {
			return
		}
		matches := func(text string) bool { return text == value }
		spelled := special.ReplaceAllString(value, `\$0`)
		op := "=="
		if pattern {
			expr := wildRegexp(value)
			matches, op = expr.MatchString, "%"
			spelled = regexp.MustCompile(`[^0-9A-Za-z\x80-\x{10FFFF}*?]`).ReplaceAllString(value, `\$0`)
			if strings.Contains(value, `\`) {
				return // FuzzWild knows escapes
			}
		}
		address, _ := json.Marshal(`body.**.#(` + special.ReplaceAllString(name, `\$0`) + op + `"` + spelled + `")#`)
		set, err := Parse(File{"r.yaml", []byte("version: 1\nroutes:\n  - {name: r, match: POST /, otherwise: keep, rules: [{at: " + string(address) + ", name: q}]}\n")})
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		var got []string
		_, err = set.routes[0].Body(nil, doc, func(f *Finding) (string, error) {
			if f.Kind == "value" {
				got = append(got, f.Text())
			}
			return "x", nil
		})
		if err != nil {
			return
		}
		var want []string
		for d := json.NewDecoder(bytes.NewReader(bytes.ReplaceAll(doc, []byte("\x1e"), []byte(" ")))); ; {
			d.UseNumber()
			v, err := readAll(d)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", doc, err)
			}
			want = append(want, v.below(false, func(m readMember) bool {
				return m.value.kind == '"' && strings.EqualFold(m.name, name) && matches(m.value.text)
			})...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s of %s\ngot  %q\nwant %q", address, doc, got, want)
		}
	})
}
