package rules

import (
	"strings"
	"testing"
)

// TestMeantAddress: what people who know other languages write.
func TestMeantAddress(t *testing.T) {
	tests := []struct{ from, text, meant string }{
		{"JSONPath", "$.user.id", "body.user.id"},
		{"JSONPath", "$..ip", "body.**.ip"},
		{"JSONPath", "$.list[*].name", "body.list.#.name"},
		{"JSONPath", "$.list[0].name", "body.list.0.name"},
		{"JSONPath", "$.list[-1:]", "body.list.#"},
		{"JSONPath", "$['user']['id']", "body.user.id"},
		{"JSONPath", `$["user"].id`, "body.user.id"},
		{"JSONPath", "$[*].id", "body.#.id"},
		{"JSONPath", "$[0]", "body.0"},
		{"JSONPath", "$.*", "body.**"},
		{"JSONPath", "$", "body.**"},
		{"JSONPath", `$.list[?(@.kind=="user")].id`, `body.list.#(kind=="user")#.id`},
		{"JSONPath", `$.list[?@.kind == 'user'].id`, `body.list.#(kind=="user")#.id`},
		{"JSONPath", `$.list[?(@.kind=='a.b c|d')].id`, `body.list.#(kind=="a.b c|d")#.id`},
		{"JSONPath", `$.list[?(@['kind']=='user')]..id`, `body.list.#(kind=="user")#.**.id`},
		{"JSONPath", `$..attributes[?(@.key=='user.id')].value`, `body.**.attributes.#(key=="user.id")#.value`},
		{"JSONPath", `$[?(@.a=='x')].b[?(@.c=='y')].d`, `body.#(a=="x")#.b.#(c=="y")#.d`},
		{"JSONPath", `$.list[?(@.kind==3)].id`, "body.list.#.id"},
		{"JSONPath", `$.list[?(@.kind!='user')].id`, "body.list.#.id"},
		{"JSONPath", `$.list[?(@.a=='x' && @.b=='y')].id`, "body.list.#.id"},
		{"JSONPath", `$.list[?(@.a.b=='x')].id`, "body.list.#.id"},
		{"JMESPath", "list[?kind=='user'].id", `body.list.#(kind=="user")#.id`},
		{"jq", ".user.id", "body.user.id"},
		{"jq", ".list[].name", "body.list.#.name"},
		{"jq", ".list[0]", "body.list.0"},
		{"jq", `.["user"].id`, "body.user.id"},
		{"jq", `.list[] | select(.kind=="user") | .id`, `body.list.#(kind=="user")#.id`},
		{"jq", `.list[]|select(.kind == "user").id`, `body.list.#(kind=="user")#.id`},
		{"jq", `.[] | select(.kind=="user")`, `body.#(kind=="user")#`},
		{"jq", ".[]", "body.#"},
		{"jq", `."user"`, "body.user"},
		{"jq", ".. | .ip", "body.**.ip"},
		{"jq", "..ip", "body.**.ip"},
		{"jq", ".user | .id", "body.user.id"},
		{"jq", ".peers | keys[]", "body.peers.@keys"},
		{"jq", ".cx | @base64d | fromjson | .id", "body.cx.@base64.@fromstr.id"},
		{"jq", ".data | fromjson", "body.data.@fromstr"},
		{"jq", ".u | @uri", "body.u.@pct"},
		{"gjson", "user.id", "body.user.id"},
		{"gjson", "list.#.name", "body.list.#.name"},
		{"gjson", `body.list.#(kind=="user").id`, `body.list.#(kind=="user")#.id`},
		{"gjson", `body.list.#(kind=user)#.id`, `body.list.#(kind=="user")#.id`},
		{"gjson", `body.list.#(kind%"u*").id`, `body.list.#(kind%"u*")#.id`},
		{"gjson", `body.list.#[kind=="user"]#.id`, `body.list.#(kind=="user")#.id`},
		{"gjson", `list.#(kind=="a.b")#.@this.id`, `body.list.#(kind=="a.b")#.id`},
		{"gjson", `body.list.#(kind!="user")#.id`, "body.list.#.id"},
		{"gjson", `body.list.#(age>45)#.id`, "body.list.#.id"},
		{"gjson", `body.list.#(age==45)#.id`, "body.list.#.id"},
		{"gjson", "body.list.@reverse.0", "body.list.0"},
		{"gjson", "body.list|0", "body.list.0"},
		{"gjson", "body.x.@values", "body.x.*"},
		{"gjson", "body.x.@this", "body.x"},
		{"gjson", "body.x.@pretty:{a}", "body.x"},
		{"gjson", "body.x.@keys.y", "body.x.*.y"},
		{"gjson", "body.x.@keys.#", "body.x.@keys"},
		{"gjson", "body.x.@tostr", "body.x.@fromstr"},
		{"JSON pointer", "/user/id", "body.user.id"},
		{"JSON pointer", "body/user/id", "body.user.id"},
		{"an index", "body.list[0]", "body.list.0"},
		{"an index", "body.list.[0].id", "body.list.0.id"},
		{"every element", "body.list[].id", "body.list.#.id"},
		{"every element", "body.list[*]", "body.list.#"},
		{"a name in brackets", "body['user']", "body.user"},
		{"a name in brackets", "body[user]", "body.user"},
		{"any depth", "body..ip", "body.**.ip"},
		{"a dot too many", "body.user.", "body.user"},
		{"a dot too many", ".body.user", "body.user"},
		{"a capture", "{id}", "path.id"},
		{"a capture", "{id...}", "path.id"},
		{"a capture", ":id", "path.id"},
		{"a capture", "<id>", "path.id"},
		{"a capture", "${id}", "path.id"},
		{"a capture", "$id", "path.id"},
		{"a capture", "path.{id}", "path.id"},
		{"a capture", "path.:id", "path.id"},
		{"a capture", "path/{id}", "path.id"},
		{"a capture", "params.id", "path.id"},
		{"a capture", "req.params.id", "path.id"},
		{"a capture", "path[id]", "path.id"},
		{"a program", "request.body.user", "body.user"},
		{"a program", "req.headers['X-User']", "header.X-User"},
		{"a program", "req.query.user", "query.user"},
		{"a header", "headers.X-User", "header.X-User"},
		{"a header", "Header.X-User", "header.X-User"},
		{"a header", "header:X-User", "header.X-User"},
		{"a header", "header/X-User", "header.X-User"},
		{"a header", `header("X-User")`, "header.X-User"},
		{"a header", "header[X-User]", "header.X-User"},
		{"a parameter", "query_string.user", "query.user"},
		{"a parameter", "args.user", "query.user"},
		{"a cookie", "cookies.sid", "cookie.sid"},
		{"a field", "form_data.user", "form.user"},
		{"a body", "json.user", "body.user"},
		{"a body", "Body.user", "body.user"},
		{"a body", "bdy.user", "body.user"},
		{"a body", "body", "body.**"},
		{"all headers", "headers", "header.**"},
		{"everything", "**", "body.**"},
		{"SQL", "body->'user'->>'id'", "body.user.id"},
		{"a template", "{{ .body.user }}", "body.user"},
		{"an encoding", "query.cx.@b64.@json.id", "query.cx.@base64.@fromstr.id"},
		{"an encoding", "body.u.@urldecode", "body.u.@pct"},
		{"an encoding", "header.Authorization.@claims.sub", "header.Authorization.@jwt.sub"},
	}
	for _, tt := range tests {
		if !readable(tt.meant) {
			t.Errorf("%s: %s: %s cannot be read: nobody would see it", tt.from, tt.text, tt.meant)
		}
		if got := meantAddress(tt.text); got != tt.meant {
			t.Errorf("%s: %s: got %s, want %s", tt.from, tt.text, got, tt.meant)
		}
	}
}

func TestAddressHint(t *testing.T) {
	tests := []struct{ text, want string }{
		{"$.user", `did you mean "body.user"?`},
		{"body.list[0]", `did you mean "body.list.0"?`},
		{"body.{a,b}", "an address is one place; write a list: [body.a, body.b]"},
		{"body.user.{first, last}", "an address is one place; write a list: [body.user.first, body.user.last]"},
		{"{a,b}", "an address is one place; write a list: [body.a, body.b]"},
		{`body.list.#(kind=='user')#`, `did you mean 'body.list.#(kind=="user")#'?`},
		{`body.list.#(kind=="it's")`, `did you mean "body.list.#(kind==\"it's\")#"?`},
		{`body.list.#(kind=="a\.b").id[0]`, `did you mean "body.list.#(kind==\"a\\.b\")#.id.0"?`},
		{"body.user", ""},       // it can be read
		{"body.a.@nothing", ""}, // there is none
		{`body.a\`, ""},         // nor here
		{"body.x.@a{,}", ""},    // nor here
		{"path.a.b", ""},        // a name has no dots
		{"", ""},
	}
	for _, tt := range tests {
		if got := addressHint(tt.text); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.text, got, tt.want)
		}
	}
}

// FuzzAddressHint: what is proposed can be read.
func FuzzAddressHint(f *testing.F) {
	for _, s := range []string{"$.a[0]['b']..c", ".a|.b", "body.{a,b}", "header:X", "/a/b", "{{ a }}", "#(a==\"b\").c", "body.@keys.x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hint := addressHint(text)
		if meant, ok := strings.CutPrefix(hint, `did you mean "`); ok && !strings.Contains(meant, `\`) && !readable(strings.TrimSuffix(meant, `"?`)) {
			t.Errorf("%q: %s", text, hint)
		}
	})
}
