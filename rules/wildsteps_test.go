package rules

import "testing"

// TestWildSteps: ** stands for every name also where steps into encodings follow.
func TestWildSteps(t *testing.T) {
	const form = "\nContent-Type: application/x-www-form-urlencoded\n\n"
	tests := []struct{ name, rules, in, want string }{
		{"query", "at: query.**.@fromstr.u", `POST /c?d={"u":"Bo"}`, `POST /c?d={"u":"psn_1"}`},
		{"query, every one", "at: query.**.@fromstr.u", `POST /c?1={"u":"Bo"}&D.e={"u":"Al"}&u=Cy`, `POST /c?1={"u":"psn_1"}&D.e={"u":"psn_2"}&u=psn_3`},
		{"query, removed", "{at: query.**.@fromstr.u, do: remove}", `POST /c?d={"u":"Bo","v":1}`, `POST /c?d={"v":1}`},
		{"query, twice encoded", "at: query.**.@base64.@fromstr.u", "POST /c?d=" + u64(`{"u":"Bo"}`), "POST /c?d=" + u64(`{"u":"psn_1"}`)},
		{"header", "at: header.**.@fromstr.u", "POST /c\nX-Context: {\"u\":\"Bo\"}\n\n", "POST /c\nX-Context: {\"u\":\"psn_1\"}"},
		{"form", "at: form.**.@fromstr.u", "POST /c" + form + "d=%7B%22u%22:%22Bo%22%7D", "POST /c" + form + "d=%7B%22u%22:%22psn_1%22%7D"},
		{"cookie", "at: cookie.**.@pct.@fromstr.u", "POST /c\nCookie: d=%7B%22u%22:%22Bo%22%7D\n\n", "POST /c\nCookie: d=%7B%22u%22:%22psn_1%22%7D"},
		{"path", "at: path.**.@fromstr.u", `POST /c/{"u":"Bo"}`, `POST /c/{"u":"psn_1"}`},
		{"a URL in a body", "at: body.a.@url.query.**.@fromstr.u", "POST /c\n\n" + `{"a":"/x?d=%7B%22u%22:%22Bo%22%7D"}`, "POST /c\n\n" + `{"a":"/x?d=%7B%22u%22:%22psn_1%22%7D"}`},
		{"what names a value more exactly comes first", "[{at: query.d.@fromstr.u, do: keep}, {at: query.**.@fromstr.u}]", `POST /c?d={"u":"Bo"}&e={"u":"Al"}`, `POST /c?d={"u":"Bo"}&e={"u":"psn_1"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRewrite(t, "", tt.rules, tt.in, tt.want) })
	}
}

// TestWildStepsAlive: which rules are said never to apply.
func TestWildStepsAlive(t *testing.T) {
	const never = `r.yaml:6:9: rule "r/2" can never apply: rule "r/1" at line 5 leaves it nothing at `
	const first = "\n  hint: rules are tried in order: put the one with find first, or remove one"
	tests := []struct{ first, second, want string }{
		{"query.**.@fromstr.u", "query.d.@fromstr.u", never + "query.d.@fromstr.u" + first},
		{"query.**.@base64", "query.**.@base64", never + "query.**.@base64" + first},
		{"query.d.@fromstr.u", "query.**.@fromstr.u", ""},
		{"query.**.@fromstr.u", "query.**", ""},
		{"query.**.@fromstr.u", "query.**.@fromstr.v", ""},
		{"header.**.@jwt.sub", "header.Authorization.@jwt.sub", ""}, // ** does not mean it
	}
	for _, tt := range tests {
		_, err := Parse(File{"r.yaml", []byte("version: 1\nroutes:\n- name: r\n  match: /x\n  rules: [{at: " + tt.first + "},\n        {at: " + tt.second + "}]\n")})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s before %s\ngot  %s\nwant %s", tt.first, tt.second, got, tt.want)
		}
	}
}
