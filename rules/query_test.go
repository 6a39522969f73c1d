package rules

import (
	"testing"
)

func TestParseQuery(t *testing.T) {
	tests := []struct{ in, want string }{
		{`body.#(id=="x")#`, "body: query id is x"},
		{`body.**.attributes.#(key=="user.id")#.value.stringValue`, "body: deep, name attributes, query key is user.id, name value, name stringvalue"},
		{`body.a.#( ID == "X y" )#.b`, "body: name a, query id is X y, name b"},
		{`body.#(key%"user.*")#.v`, "body: query key is user.*, name v"},
		{`body.#(key%"us?r")#.v`, "body: query key is us?r, name v"},
		{`body.#(key=="user.*")#.v`, `body: query key is user.\*, name v`},
		{`body.#(key%"user.\*")#.v`, `body: query key is user.\*, name v`},
		{`body.#(key=="a)#.b")#.v`, "body: query key is a)#.b, name v"},
		{`body.#(key=="say \"hi\"")#.v`, `body: query key is say "hi", name v`},
		{`body.#(key=="a\\b")#.v`, `body: query key is a\\b, name v`},
		{`body.#(key=="")#.v`, "body: query key is , name v"},
		{`body.#(a\.b=="x")#`, "body: query a.b is x"},
		{`body.#(a\=b=="x")#`, "body: query a=b is x"},
		{`body.#( \ a\ \  =="x")#`, "body: query  a   is x"},
		{`body.#(k*=="x")#`, "body: query k* is x"},
		{`body.#(k\*=="x")#`, `body: query k\* is x`},
		{`body.#(KEY=="Ü")#`, "body: query key is Ü"},
		{`body.#(a=="1")#.b.#(c=="2")#.@keys`, "body: query a is 1, name b, query c is 2"},
		{`body.#(a=="x")#.**`, "body: query a is x"},
		{`body.#(a=="x")#.**.#(b=="y")#`, "body: query a is x, deep, query b is y"},
		{`body.\#(a`, "body: name #(a"},
		{`query.x.@fromstr.#(a==".@b")#.c`, "query: name x, query a is .@b, name c"},
	}
	for _, tt := range tests {
		a, err := parseAddress(scalar{text: tt.in})
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
		} else if got := stepsText(a); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestBadQueries(t *testing.T) {
	const like = `it is written #(name=="value")# or #(name%"val*")#`
	tests := []struct{ in, want string }{
		{`body.#(`, `"#(": the query has no end; ` + like},
		{`body.#(a=="b`, `"#(a==\"b": the query has no end; ` + like},
		{`body.#(a=="b)#.c`, `"#(a==\"b)#.c": the query has no end; ` + like},
		{`body.#(a=="b"#`, `"#(a==\"b\"#": the query has no end; ` + like},
		{`body.#()#`, `"#()#": a query names a member and a value; ` + like},
		{`body.#(a)#`, `"#(a)#": a query names a member and a value; ` + like},
		{`body.#(=="b")#`, `"#(==\"b\")#": a query names a member and a value; ` + like},
		{`body.#("a"=="b")#`, `"#(\"a\"==\"b\")#": the name in a query stands without quotes; ` + like},
		{`body.#(a=="b"&&c=="d")#`, `"#(a==\"b\"&&c==\"d\")#": "&&c==\"d\"" means nothing in a query; ` + like},
		{`body.#(a=="b")#x.c`, `"#(a==\"b\")#x": "x" means nothing in a query; ` + like},
		{`body.#(a=="b")##`, `"#(a==\"b\")##": "#" means nothing in a query; ` + like},
		{`body.#(a.b=="c")#`, `"#(a.b==\"c\")#": a query is about members of the element itself, and a.b is a path (a dot in a name is \.)`},
		{`body.#(#(a=="b")=="c")#`, `"#(#(a==\"b\")==\"c\")#": a query is about members of the element itself; in a name, write \#`},
		{`body.#(#=="c")#`, `"#(#==\"c\")#": a query is about members of the element itself; in a name, write \#`},
		{`body.#(@keys=="c")#`, `"#(@keys==\"c\")#": a query is about members of the element itself; in a name, write \@`},
		{`body.#(a="b")#`, `"#(a=\"b\")#": = is written ==`},
		{`body.#(a!="b")#`, `"#(a!=\"b\")#": elements are named by what stands there, with == or %, and not with !=; to leave some out, keep them with a rule that comes first`},
		{`body.#(a!%"b")#`, `"#(a!%\"b\")#": elements are named by what stands there, with == or %, and not with !%; to leave some out, keep them with a rule that comes first`},
		{`body.#(a<"b")#`, `"#(a<\"b\")#": elements are named by what stands there, with == or %, and not with <; to leave some out, keep them with a rule that comes first`},
		{`body.#(a==~true)#`, `"#(a==~true)#": values are compared with strings only: which elements have true there, no query can say; # is every element`},
		{`body.#(a==3)#`, `"#(a==3)#": values are compared with strings only: which elements have 3 there, no query can say; # is every element`},
		{`body.#(a>3)#`, `"#(a>3)#": values are compared with strings only: which elements have 3 there, no query can say; # is every element`},
		{`body.#(a==null)#`, `"#(a==null)#": values are compared with strings only: which elements have null there, no query can say; # is every element`},
		{`body.#(a==b)#`, `"#(a==b)#": the value stands in double quotes, as in #(name=="value")#`},
		{`body.#(a=='b')#`, `"#(a=='b')#": the value stands in double quotes, as in #(name=="value")#`},
		{`body.#(a=="b").c`, `"#(a==\"b\")" is the first such element alone, which another client may send second; with # at its end it is every one`},
		{`body.#(a=="\u00e9")#`, `"#(a==\"\\u00e9\")#": \u is no escape; write the character itself`},
		{`body.#(a=="b")#.#.c`, `"#": an element that a query names has members, and no elements`},
		{`body.#(a=="b")#.#(c=="d")#`, `"#(c==\"d\")#": an element that a query names has members, and no elements`},
		{`body.#(a=="b")#.`, "the path has an empty step"},
		{`body.@keys.#(a=="b")#`, "@keys is the last step: it selects names"},
		{`body.x.@pct.#(a=="b")#`, `"#(a==\"b\")#": what stands there is text, only a step into an encoding may follow: @fromstr, @base64, @pct, @url, @jwt`},
		{`query.#(a=="b")#`, `# is an element of an array, and there is none here; the name is \#`},
		{`header.#(a=="b")#.@fromstr.x`, `# is an element of an array, and there is none here; the name is \#`},
		{`path.#(a=="b")#`, `"#(a==\"b\")#" names no capture; write path.NAME as in {NAME}, or path.**`},
	}
	for _, tt := range tests {
		if _, err := parseAddress(scalar{text: tt.in}); err == nil || err.Error() != tt.want {
			t.Errorf("%q:\ngot  %v\nwant %s", tt.in, err, tt.want)
		}
	}
}
