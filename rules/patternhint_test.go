package rules

import (
	"strings"
	"testing"
)

// TestPatternHint: what people who know other tools write.
func TestPatternHint(t *testing.T) {
	tests := []struct{ from, text, meant string }{
		{"lower case", "post /x", "POST /x"},
		{"several, by comma", "GET,POST /x", "GET|POST /x"},
		{"several, by comma and space", "get, post /x", "GET|POST /x"},
		{"several, as a list", "[GET, POST] /x", "GET|POST /x"},
		{"several words", "GET POST /x", "GET|POST /x"},
		{"a colon", "POST: /x", "POST /x"},
		{"every method", "ANY /x", "/x"},
		{"every method", "* /x", "/x"},
		{"the other way round", "/x POST", "POST /x"},
		{"no space", "POST/v1/x", "POST /v1/x"},
		{"no slash", "POST events", "POST /events"},
		{"no slash, no method", "events/{x}?", "/events/{x}"},
		{"host apart", "POST example.com /x", "POST /x"},
		{"a URL", "https://example.com/x", "example.com/x"},
		{"a URL with a port", "POST http://example.com:8080/x", "POST example.com/x"},
		{"a port", "example.com:443/x", "example.com/x"},
		{"every host", "*/x", "/x"},
		{"a host that varies", "{host}/x", "/x"},
		{"nginx", "~ ^/x/.*$", "/x/{any...}"},
		{"a query", "/x?user=anna", `/x`},
		{"a fragment", "/x#top", "/x"},
		{"percent", "/a%20b", ""}, // a space separates
		{"percent", "/b%C3%BCro/x", "/büro/x"},
		{"Express", "/users/:id", "/users/{id}"},
		{"Express", "GET /users/:id(\\d+)", "GET /users/{id}"},
		{"Express", "/files/:path*", "/files/{path...}"},
		{"Express", "/files/:path+", "/files/{path...}"},
		{"Express, optional", "/users/:id?", "/users/{id}"},
		{"Gin", "/files/*path", "/files/{path...}"},
		{"Flask", "/users/<id>", "/users/{id}"},
		{"Flask", "/users/<int:id>/x", "/users/{id}/x"},
		{"Flask", "/files/<path:name>", "/files/{name...}"},
		{"gorilla", "/users/{id:[0-9]+}", "/users/{id}"},
		{"gorilla", "/users/{id:[0-9]{3}}/x", "/users/{id}/x"},
		{"gorilla", "/users/{id:[^/]+}", "/users/{id}"},
		{"gorilla", "/files/{path:.*}", "/files/{path...}"},
		{"FastAPI", "/files/{name:path}", "/files/{name...}"},
		{"gRPC", "/v1/{name=**}", "/v1/{name...}"},
		{"ASP.NET", "/files/{*path}", "/files/{path...}"},
		{"ASP.NET", "/files/{**path}", "/files/{path...}"},
		{"URI templates", "/files/{+path}", "/files/{path...}"},
		{"URI templates", "/files/{path*}", "/files/{path...}"},
		{"Go", "/x/{$}", "/x"},
		{"a star at the end", "/static/*", "/static/{any...}"},
		{"a star within", "/a/*/b/*", "/a/{any}/b/{any2...}"},
		{"two stars", "/a/**", "/a/{any...}"},
		{"two stars twice", "/a/**/b/**", "/a/{any...}/b/{any2}"},
		{"a star in a name", "/a/*.js", "/a/{any}"},
		{"an expression", "/a/(.*)", "/a/{any...}"},
		{"an expression", "/a/[0-9]+/b", "/a/{any}/b"},
		{"an expression", "/a/[^/]+/b", "/a/{any}/b"},
		{"part of a segment", "/a/{file}.json", "/a/{file}"},
		{"no name", "/a/{}", "/a/{any}"},
		{"dots", "/a/../b", "/a/b"},
		{"two rests", "/{a...}/{b...}", "/{a...}/{b}"},
		{"nothing to guess", "", ""},
		{"nothing to guess", "POST", ""},
		{"nothing to guess", "/{a}/{a}", ""},
	}
	for _, tt := range tests {
		if _, err := parsePattern(tt.text); err == nil && !strings.HasPrefix(tt.from, "an expr") {
			t.Errorf("%s: %s can be read: nobody asks for a hint", tt.from, tt.text)
		}
		got := ""
		if hint := patternHint(tt.text); hint != "" {
			got = strings.Split(hint, `"`)[1]
		}
		if got != tt.meant {
			t.Errorf("%s: %s: got %s, want %s", tt.from, tt.text, got, tt.meant)
		}
	}
	if got, want := patternHint("/x?user=anna"), `did you mean "/x"? A rule reads the parameter, at query.user`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzPatternHint(f *testing.F) {
	for _, s := range []string{"post /x", "/:id/<a>/{b:[0-9]+}/*?q=1", "http://a:1/x", "{", "/{a:{b}}", "~ ^/$", "a b c /"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) { patternHint(text) })
}
