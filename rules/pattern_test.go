package rules

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// matchText matches one request against one pattern and returns what was
// captured, "name=raw" each, or "no" where it does not match.
func matchText(t *testing.T, text, method, host, path string) string {
	t.Helper()
	p, err := parsePattern(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	split, err := splitPath(path)
	if err != nil {
		return err.Error()
	}
	captures, ok := p.match(nil, method, host, split)
	if !ok {
		return "no"
	}
	var all []string
	for _, c := range captures {
		all = append(all, c.name+"="+path[c.start:c.end])
	}
	return strings.Join(all, " ")
}

func TestPatternPaths(t *testing.T) {
	tests := []struct{ name, pattern, path, want string }{
		{"root", "/", "/", ""},
		{"root and more", "/", "/a", "no"},
		{"root, doubled", "/", "//", ""},
		{"literal", "/v1/apps", "/v1/apps", ""},
		{"case counts", "/v1/apps", "/v1/Apps", "no"},
		{"compared decoded", "/v1/apps", "/v1/%61pps", ""},
		{"compared decoded, either case of hex", "/v1/a~pps", "/v1/a%7Epps", ""},
		{"UTF-8 literal", "/büro", "/b%C3%BCro", ""},
		{"UTF-8 literal, raw", "/büro", "/büro", ""},
		{"plus is a plus in a literal", "/a+b", "/a%20b", "no"},
		{"too short", "/v1/apps", "/v1", "no"},
		{"too long", "/v1/apps", "/v1/apps/7", "no"},
		{"trailing slash", "/v1/apps", "/v1/apps/", ""},
		{"trailing slash of the pattern", "/v1/apps/", "/v1/apps", ""},
		{"empty segments", "/v1/apps", "//v1///apps//", ""},
		{"empty segments of the pattern", "//v1//apps", "/v1/apps", ""},

		{"one", "/c/{id}", "/c/x", "id=x"},
		{"one, raw", "/c/{id}", "/c/%2B1%20x", "id=%2B1%20x"},
		{"one, encoded slash", "/c/{id}", "/c/a%2Fb", "id=a%2Fb"},
		{"one, encoded slash, lower case", "/c/{id}", "/c/a%2fb", "id=a%2fb"},
		{"an encoded slash separates no literals", "/a/b", "/a%2Fb", "no"},
		{"one is not none", "/c/{id}", "/c/", "no"},
		{"one is not none in the middle", "/c/{id}/s", "/c//s", "no"},
		{"one, trailing slash outside", "/c/{id}", "/c/x/", "id=x"},
		{"one, doubled slash outside", "/c/{id}/{u}/s", "/c//x///u/s", "id=x u=u"},
		{"doubly encoded slash", "/c/{id}", "/c/a%252Fb", "id=a%252Fb"},

		{"rest at the end, one", "/c/{id...}", "/c/x", "id=x"},
		{"rest at the end, several", "/c/{id...}", "/c/x/y/z", "id=x/y/z"},
		{"rest at the end, none", "/c/{id...}", "/c", "id="},
		{"rest at the end, none, slash", "/c/{id...}", "/c/", "id="},
		{"rest at the end, slashes only", "/c/{id...}", "/c///", "id=//"},
		{"rest at the end keeps what is empty", "/c/{id...}", "/c//x//y/", "id=/x//y/"},
		{"rest at the end, literal before", "/c/{id...}", "/d/x", "no"},
		{"rest alone", "/{id...}", "/", "id="},
		{"rest alone, one", "/{id...}", "/x", "id=x"},
		{"rest alone, leading slashes", "/{id...}", "//x", "id=/x"},
		{"rest in front", "/{id...}/stats", "/x/y/stats", "id=x/y"},
		{"rest in front is not none", "/{id...}/stats", "/stats", "no"},
		{"rest in front is not only empty", "/{id...}/stats", "///stats", "no"},
		{"rest in the middle", "/c/{id...}/{u}/s", "/c/a/b/u/s", "id=a/b u=u"},
		{"rest in the middle, one", "/c/{id...}/{u}/s", "/c/a/u/s", "id=a u=u"},
		{"rest in the middle is not none", "/c/{id...}/{u}/s", "/c/u/s", "no"},
		{"rest in the middle is anchored on the right", "/c/{id...}/{u}/s", "/c/a/s/u/s", "id=a/s u=u"},
		{"rest in the middle, trailing slash outside", "/c/{id...}/{u}/s", "/c/a/b/u/s/", "id=a/b u=u"},
		{"rest in the middle, what is empty within", "/c/{id...}/s", "/c/a//b/s", "id=a//b"},
		{"rest in the middle, what is empty at its ends", "/c/{id...}/s", "/c//a//s", "id=/a/"},
		{"before and behind", "/{a}/{b...}/{c}", "/1/2/3/4", "a=1 b=2/3 c=4"},
		{"encoded slash in a rest", "/c/{id...}/s", "/c/a%2Fb/c/s", "id=a%2Fb/c"},

		{"URL as id, unescaped", "/c/{id...}", "/c/https://meet.example.com/x//y", "id=https://meet.example.com/x//y"},
		{"URL as id, unescaped, then more", "/c/{id...}/{u}/stats", "/c/https://meet.example.com/x//y/17/stats", "id=https://meet.example.com/x//y u=17"},
		{"URL as id, trailing slash", "/c/{id...}/{u}/stats", "/c/https://meet.example.com/x/y//17/stats", "id=https://meet.example.com/x/y/ u=17"},
		{"URL as id, escaped", "/c/{id...}/{u}/stats", "/c/https%3A%2F%2Fmeet.example.com%2Fx%2F%2Fy/17/stats", "id=https%3A%2F%2Fmeet.example.com%2Fx%2F%2Fy u=17"},
		{"URL as id, escaped, one segment", "/c/{id}", "/c/https%3A%2F%2Fmeet.example.com%2Fx%2F%2Fy", "id=https%3A%2F%2Fmeet.example.com%2Fx%2F%2Fy"},

		{"dots in a name", "/c/{id}", "/c/a..b", "id=a..b"},
		{"three dots", "/c/{id}", "/c/...", "id=..."},
		{"a percent sign", "/c/{id}", "/c/100%25", "id=100%25"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matchText(t, tt.pattern, "POST", "h", tt.path); got != tt.want {
				t.Errorf("%s against %s: got %q, want %q", tt.path, tt.pattern, got, tt.want)
			}
		})
	}
}

func TestPathRefused(t *testing.T) {
	const (
		dots   = "unparseable: the path has a . or .. segment"
		broken = "unparseable: the path has a broken percent-encoding or is not UTF-8"
		start  = "unparseable: the path does not begin with /"
	)
	tests := []struct{ path, want string }{
		{"", start},
		{"*", start},
		{"v1/x", start},
		{"http://example.com/", start},
		{"/.", dots},
		{"/..", dots},
		{"/a/./b", dots},
		{"/a/../b", dots},
		{"/a/..", dots},
		{"/%2e", dots},
		{"/%2E%2e/a", dots},
		{"/.%2e/a", dots},
		{"/%2e./a", dots},
		{"/a/%252e%252e/b", dots},
		{"/a/.%252e/b", dots},
		{"/a/%2525252e/b", dots},
		{"/a/%25252525252525252e%25252525252525252E/b", dots},
		{"/a/%" + strings.Repeat("25", 2000) + "2e/b", dots},
		{"/a/%25%32%65/b", dots},
		{"/a/%252%65/b", dots},
		{"/%", broken},
		{"/%4", broken},
		{"/a%4/b", broken},
		{"/%zz", broken},
		{"/%4g", broken},
		{"/%c3", broken},
		{"/%C0%AE%C0%AE/", broken},
		{"/%ED%A0%80", broken},
		{"/\xff", broken},
		{"/%c3/%bc", broken}, // one character over two segments
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%.40s", tt.path), func(t *testing.T) {
			_, err := splitPath(tt.path)
			if err == nil || err.Error() != tt.want {
				t.Fatalf("%s: got %v, want %s", tt.path, err, tt.want)
			}
			var e *Error
			if !errors.As(err, &e) || e.Reason != Unparseable {
				t.Errorf("%s: got %#v, want an *Error that says unparseable", tt.path, err)
			}
		})
	}
}

func TestPatternMethodAndHost(t *testing.T) {
	tests := []struct{ name, pattern, method, host, want string }{
		{"any method", "/", "PROPFIND", "h", ""},
		{"method", "POST /", "POST", "h", ""},
		{"other method", "POST /", "PUT", "h", "no"},
		{"method is as it is written", "POST /", "post", "h", "no"},
		{"one of several", "POST|PUT /", "PUT", "h", ""},
		{"HEAD as GET", "GET /", "HEAD", "h", ""},
		{"HEAD as one of several", "POST|GET /", "HEAD", "h", ""},
		{"HEAD is not POST", "POST /", "HEAD", "h", "no"},
		{"GET is not HEAD", "HEAD /", "GET", "h", "no"},
		{"method and host", "POST events.example.com/", "POST", "events.example.com", ""},
		{"host alone", "events.example.com/", "POST", "events.example.com", ""},
		{"other host", "events.example.com/", "POST", "stats.example.com", "no"},
		{"no host", "events.example.com/", "POST", "", "no"},
		{"host, case", "Events.Example.com/", "POST", "EVENTS.example.COM", ""},
		{"host, port", "events.example.com/", "POST", "events.example.com:8443", ""},
		{"host, final dot", "events.example.com/", "POST", "events.example.com.", ""},
		{"host, final dot and port", "events.example.com/", "POST", "events.example.com.:443", ""},
		{"host, longer", "events.example.com/", "POST", "events.example.com.example.net", "no"},
		{"host, longer before", "example.com/", "POST", "evil-example.com", "no"},
		{"any labels, one", "*.example.com/", "POST", "events.example.com", ""},
		{"any labels, several", "*.example.com/", "POST", "a.b.example.com:80", ""},
		{"any labels, case", "*.Example.com/", "POST", "A.EXAMPLE.COM", ""},
		{"any labels, not none", "*.example.com/", "POST", "example.com", "no"},
		{"any labels, not an empty one", "*.example.com/", "POST", ".example.com", "no"},
		{"any labels, whole ones", "*.example.com/", "POST", "evilexample.com", "no"},
		{"IPv4", "192.0.2.1/", "POST", "192.0.2.1:80", ""},
		{"IPv6 without host", "/", "POST", "[2001:db8::1]:80", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := matchText(t, tt.pattern, tt.method, tt.host, "/"); got != tt.want {
				t.Errorf("%s %s against %s: got %q, want %q", tt.method, tt.host, tt.pattern, got, tt.want)
			}
		})
	}
}

func TestBadPatterns(t *testing.T) {
	tests := []struct{ pattern, want string }{
		{"", "a match is METHOD[|METHOD] [HOST]/PATH, with one space"},
		{"POST example.com /x", "a match is METHOD[|METHOD] [HOST]/PATH, with one space"},
		{"POST", "the path of a match begins with /"},
		{"POST x", "the path of a match begins with /"},
		{"post /x", `"post" is no method; write METHOD[|METHOD] [HOST]/PATH`},
		{"POST| /x", `"" is no method; write METHOD[|METHOD] [HOST]/PATH`},
		{"/a /x", `"/a" is no method; write METHOD[|METHOD] [HOST]/PATH`},
		{"{M} /x", `"{M}" is no method; write METHOD[|METHOD] [HOST]/PATH`},
		{"a:80/x", `"a:80" is no host; write a name without port, or *.name`},
		{"*/x", `"*" is no host; write a name without port, or *.name`},
		{"*./x", `"*." is no host; write a name without port, or *.name`},
		{"a.*/x", `"a.*" is no host; write a name without port, or *.name`},
		{"*.*.a/x", `"*.*.a" is no host; write a name without port, or *.name`},
		{"a./x", `"a." is no host; write a name without port, or *.name`},
		{".a/x", `".a" is no host; write a name without port, or *.name`},
		{"{h}/x", `"{h}" is no host; write a name without port, or *.name`},
		{"http://a/x", `"http:" is no host; write a name without port, or *.name`},
		{"ANY /x", `"ANY" is no method; write METHOD[|METHOD] [HOST]/PATH`},
		{"* /x", `"*" is no method; write METHOD[|METHOD] [HOST]/PATH`},
		{"GET,POST /x", `"GET,POST" is no method; write METHOD[|METHOD] [HOST]/PATH`},
		{"POST/x", `"POST" is no host; write a name without port, or *.name`},
		{"^/x", `"^" is no host; write a name without port, or *.name`},
		{"büro.example/x", `"büro.example" is no host; write a name without port, or *.name`},
		{"/x/:id", `segment ":id": what varies is {name}, one segment, or {name...}, one or more`},
		{"/x/<id>", `segment "<id>": what varies is {name}, one segment, or {name...}, one or more`},
		{"/x/*", `segment "*": what varies is {name}, one segment, or {name...}, one or more`},
		{"/x/.*", `segment ".*": what varies is {name}, one segment, or {name...}, one or more`},
		{"/x?y=1", `segment "x?y=1": write the path decoded and without a query`},
		{"/a%20b", `segment "a%20b": write the path decoded and without a query`},
		{"/a#b", `segment "a#b": write the path decoded and without a query`},
		{"/a/../b", `segment "..": a request with . or .. in its path is refused`},
		{"/./b", `segment ".": a request with . or .. in its path is refused`},
		{"/a{b}", `segment "a{b}": a capture is a whole segment, {name} or {name...}`},
		{"/{a}b", `segment "{a}b": a capture is a whole segment, {name} or {name...}`},
		{"/{a", `segment "{a": a capture is a whole segment, {name} or {name...}`},
		{"/a}", `segment "a}": a capture is a whole segment, {name} or {name...}`},
		{"/{}", `segment "{}": a capture is a whole segment, {name} or {name...}`},
		{"/{...}", `segment "{...}": a capture is a whole segment, {name} or {name...}`},
		{"/{a.b}", `segment "{a.b}": a capture is a whole segment, {name} or {name...}`},
		{"/{a....}", `segment "{a....}": a capture is a whole segment, {name} or {name...}`},
		{"/{a*}", `segment "{a*}": a capture is a whole segment, {name} or {name...}`},
		{"/{ü}", `segment "{ü}": a capture is a whole segment, {name} or {name...}`},
		{"/{a}/{a}", "{a} stands twice"},
		{"/{a}/{A}", "{A} stands twice"},
		{"/{a}/{a...}", "{a} stands twice"},
		{"/{a...}/{b...}", "a match may hold one {name...}"},
	}
	for _, tt := range tests {
		t.Run(tt.pattern, func(t *testing.T) {
			if _, err := parsePattern(tt.pattern); err == nil || err.Error() != tt.want {
				t.Errorf("%q: got %v, want %s", tt.pattern, err, tt.want)
			}
		})
	}
}

// TestFirstRouteDecides: in the order of the file, whatever is more special,
// and no route is no match and no error.
func TestFirstRouteDecides(t *testing.T) {
	set := parse(t, `version: 1
routes:
  - {name: a, match: POST /c/a}
  - {name: rest, match: ["POST /c/{x...}", "PUT /d"]}
  - {name: late, match: "/c/{x}"}
`)
	tests := []struct{ method, path, want string }{
		{"POST", "/c/a", "a"},
		{"POST", "/c/a/", "a"},
		{"POST", "/c/%61", "a"},
		{"POST", "/c/b", "rest"},
		{"PUT", "/d", "rest"},
		{"POST", "/d", ""},
		{"GET", "/c/b", "late"},
		{"GET", "/", ""},
	}
	for _, tt := range tests {
		m, err := set.Match(&Message{Method: tt.method, Path: tt.path})
		got := ""
		if m != nil {
			got = m.Route.Name
		}
		if got != tt.want || err != nil {
			t.Errorf("%s %s: got %q and %v, want %q", tt.method, tt.path, got, err, tt.want)
		}
	}
}

// FuzzPath: what is captured by {x...} and what is not, put together, is the
// path; every path is accepted or refused without a panic.
func FuzzPath(f *testing.F) {
	for _, s := range []string{"/a/b/c/d", "/a//b/%2F/c/", "/%2e", "/a/https://x//y/u/s", "/", "//", "/a", "/é/%C3%A9/x/y"} {
		f.Add(s)
	}
	var patterns []*pattern
	for _, text := range []string{"/{x...}", "/a/{x...}", "/{x...}/s", "/{a}/{x...}/{u}/s"} {
		p, err := parsePattern(text)
		if err != nil {
			f.Fatal(err)
		}
		patterns = append(patterns, p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		split, err := splitPath(path)
		if err != nil {
			return
		}
		for _, p := range patterns {
			captures, ok := p.match(nil, "GET", "", split)
			if !ok {
				continue
			}
			end := 0
			for _, c := range captures {
				if c.start < max(end, 1) || c.end < c.start || c.end > len(path) {
					t.Fatalf("%q against %v: {%s} is [%d:%d] after %d", path, p.segments, c.name, c.start, c.end, end)
				}
				if c.start > 1 && path[c.start-1] != '/' && c.start < len(path) {
					t.Fatalf("%q against %v: {%s} begins within a segment, at %d", path, p.segments, c.name, c.start)
				}
				if c.end < len(path) && path[c.end] != '/' {
					t.Fatalf("%q against %v: {%s} ends within a segment, at %d", path, p.segments, c.name, c.end)
				}
				end = c.end
			}
		}
	})
}
