package rules

import "testing"

// TestKeysAnywhere: names of members are taken whole only by @keys, however the
// client spells them, as often as they stand there, and wherever the object is.
func TestKeysAnywhere(t *testing.T) {
	const body, keys = "POST /c\n\n", "at: body.m.@keys"
	jwt := token64(`{"m":{"Bo":1}}`)
	tests := []struct{ name, rules, in, want string }{
		{"twice, escaped, in another case", keys, body + `{"m":{"Bo":1,"Bo":2,"B\u006f":3,"\u0042\u006F":4,"bo":5}}`, body + `{"m":{"psn_1":1,"psn_1":2,"psn_1":3,"psn_1":4,"psn_2":5}}`},
		{"the object twice, in any spelling", keys, body + `{"m":{"Bo":1},"M":{"Bo":1},"\u006d":{"Bo":1},"n":{"x":1}}`, body + `{"m":{"psn_1":1},"M":{"psn_1":1},"\u006d":{"psn_1":1},"n":{"x":1}}`},
		{"digits, an empty name, white space", keys, body + `{ "m" : { "17" : { } , "" : [ ] , " " : null } }`, body + `{ "m" : { "psn_1" : { } , "" : [ ] , "psn_2" : null } }`},
		{"a name that must be escaped", keys, body + `{"m":{"B\"o\\\n":1,"\ud83d\ude00":2}}`, body + `{"m":{"psn_1":1,"psn_2":2}}`},
		{"a name that other rules know", "[{at: body.m.@keys}, {at: body.m.bo.x}]", body + `{"m":{"Bo":{"x":"Al","y":"x"}}}`, body + `{"m":{"psn_1":{"x":"psn_2","y":"x"}}}`},
		{"the value of a name that was replaced", "at: [body.m.@keys, body.m.*]", body + `{"m":{"Bo":{"Bo":["Bo"]}}}`, body + `{"m":{"psn_1":{"Bo":["psn_1"]}}}`},
		{"a phone number", keys, body + `{"m":{"+12025550143":"+1 202 555 0143"}}`, body + `{"m":{"psn_1":"psn_1"}}`},
		{"find", "{at: body.m.@keys, find: email}", body + `{"m":{"x/anna@example.com":1,"Bo":2,"+12025550143":3}}`, body + `{"m":{"x/psn_1":1,"Bo":2,"psn_2":3}}`},
		{"keep", "{at: body.m.@keys, do: keep}", body + `{"m":{"anna@example.com":1},"n":{"anna@example.com":1}}`, body + `{"m":{"anna@example.com":1},"n":{"psn_1":1}}`},
		{"part", `{at: body.m.@keys, part: '^(.*)/'}`, body + `{"m":{"Bo/1":1,"Al":2}}`, body + `{"m":{"psn_1/1":1,"psn_2":2}}`},
		{"mask", `{at: body.m.@keys, do: mask}`, body + `{"m":{"\u0041nna":1}}`, body + `{"m":{"****":1}}`},
		{"reject", `{at: body.m.@keys, do: reject}`, body + `{"m":{"Bo":1}}`, "rejected: rule r/1 rejects this request"},
		{"reject nothing", `{at: body.m.@keys, do: reject}`, body + `{"m":{},"n":{"Bo":1},"m":"Bo"}`, ""},
		{"of a subtree, searched", "at: body.m", body + `{"m":{"Bo":{"anna@example.com":"Bo","Bo":1}}}`, body + `{"m":{"Bo":{"psn_1":"psn_2","Bo":"psn_3"}}}`},
		{"below a subtree that is kept", "[{at: body.m.x.@keys}, {at: body.m, do: keep}]", body + `{"m":{"x":{"Bo":"anna@example.com"},"anna@example.com":"x"}}`, body + `{"m":{"x":{"psn_1":"anna@example.com"},"anna@example.com":"x"}}`},
		{"in an element that is removed", "[{at: body.m.#.@keys}, {at: body.m.1, do: remove}]", body + `{"m":[{"Bo":1},{"Al":1},{"Bo":2}]}`, body + `{"m":[{"psn_1":1},{"psn_1":2}]}`},
		{"a member that is removed", "[{at: body.m.@keys}, {at: body.m.bo, do: remove}]", body + `{"m":{"Bo":1,"Al":2}}`, body + `{"m":{"psn_3":2}}`},
		{"at any depth, but not all around", "at: body.**.m.@keys", body + `[{"m":{"m":{"Bo":1}}},{"x":[{"m":{"Al":{"x":1}}}]}]`, body + `[{"m":{"psn_1":{"psn_2":1}}},{"x":[{"m":{"psn_3":{"x":1}}}]}]`},
		{"of all", "at: body.@keys", body + `{"Bo":{"x":1}} {"Bo":2}` + "\n\x1e" + `{"Al":3}`, body + `{"psn_1":{"x":1}} {"psn_1":2}` + "\n\x1e" + `{"psn_2":3}`},
		{"of every element", "at: body.#.@keys", body + `[{"Bo":1},[{"x":1}],{"Al":{"x":1}}]`, body + `[{"psn_1":1},[{"x":1}],{"psn_2":{"x":1}}]`},
		{"through a map of users to one", "at: [body.m.@keys, body.m.*.peers.@keys]", body + `{"m":{"Bo":{"peers":{"Al":{"x":1},"Bo":2}}}}`, body + `{"m":{"psn_1":{"peers":{"psn_2":{"x":1},"psn_1":2}}}}`},
		{"in JSON in base64 in a query", "at: query.q.@base64.@fromstr.m.@keys", "POST /c?q=" + u64(`{"m":{"B\u006f":{"x":1}}}`), "POST /c?q=" + u64(`{"m":{"psn_1":{"x":1}}}`)},
		{"in JSON in JSON", "at: body.d.@fromstr.e.@fromstr.@keys", body + `{"d":"{\"e\":\"{\\\"Bo\\\":1}\"}"}`, body + `{"d":"{\"e\":\"{\\\"psn_1\\\":1}\"}"}`},
		{"in JSON in a URL", "at: body.u.@url.query.q.@fromstr.@keys", body + `{"u":"/x?q=%7B%22Bo%22:1%7D&r=%7e"}`, body + `{"u":"/x?q=%7B%22psn_1%22:1%7D&r=%7e"}`},
		{"in a JWT", "at: header.Authorization.@jwt.m.@keys", "POST /c\nAuthorization: Bearer " + jwt + "\n\n", "POST /c\nAuthorization: Bearer " + token64(`{"m":{"psn_1":1}}`)},
		{"in a cookie", "at: cookie.c.@pct.@fromstr.@keys", "POST /c\nCookie: a=1; c=%7B%22Bo%22:1%7D\n\n", "POST /c\nCookie: a=1; c=%7B%22psn_1%22:1%7D"},
		{"of what is no object", keys, body + `{"m":"Bo","m":["Bo",{"Bo":1}],"m":7,"m":null,"m":{}}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRewrite(t, "", tt.rules, tt.in, tt.want) })
	}
}
