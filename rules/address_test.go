package rules

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// stepsText spells the steps of an address so that a test can compare them.
func stepsText(a *address) string {
	var all []string
	for _, s := range a.steps {
		switch s.kind {
		case stepName:
			all = append(all, "name "+s.name)
		case stepPattern:
			all = append(all, "pattern "+s.name)
		case stepElement:
			all = append(all, "element")
		case stepDeep:
			all = append(all, "deep")
		case stepQuery:
			all = append(all, "query "+s.name+" is "+s.value)
		}
	}
	return rootNames[a.root] + ": " + strings.Join(all, ", ")
}

func TestParseAddress(t *testing.T) {
	tests := []struct{ in, want string }{
		{"path.confID", "path: name confid"},
		{"path.conf-ID_2", "path: name conf-id_2"},
		{"path.**", "path: "},
		{"query.user", "query: name user"},
		{"query.**", "query: "},
		{"query.a.b", "query: name a.b"},
		{`query.a\.b`, "query: name a.b"},
		{"query.u*", "query: pattern u*"},
		{"query.u?er", "query: pattern u?er"},
		{`query.u\?er`, "query: name u?er"},
		{`query.\#`, "query: name #"},
		{"query.17", "query: name 17"},
		{"header.X-User-ID", "header: name x-user-id"},
		{"header.X-*", "header: pattern x-*"},
		{"header.**", "header: "},
		{"body.user", "body: name user"},
		{"body.userName.Ünï", "body: name username, name " + fold("ünï")},
		{"body.stats.#.id", "body: name stats, element, name id"},
		{"body.stats.0.id", "body: name stats, name 0, name id"},
		{"body.**", "body: "},
		{"body.**.**", "body: "},
		{"body.**.ip", "body: deep, name ip"},
		{"body.**.**.ip", "body: deep, deep, name ip"},
		{"body.a.**", "body: name a"},
		{"body.a.**.#", "body: name a, deep, element"},
		{"body.#", "body: element"},
		{"body.*", "body: pattern *"},
		{"body.*.id", "body: pattern *, name id"},
		{"body.a*b?c", "body: pattern a*b?c"},
		{"body.***", "body: pattern ***"},
		{`body.a\.b.c`, "body: name a.b, name c"},
		{`body.a\*b`, "body: name a*b"},
		{`body.a\*b*`, `body: pattern a\*b*`},
		{`body.a\\b`, `body: name a\b`},
		{`body.a\\*`, `body: pattern a\\*`},
		{`body.a\\\*`, `body: name a\*`},
		{`body.a\b`, "body: name ab"},
		{`body.\#`, "body: name #"},
		{`body.\@x`, "body: name @x"},
		{`body.\{x`, "body: name {x"},
		{`body.a\|b`, "body: name a|b"},
		{`body.\*\*`, "body: name **"},
		{"body.a b", "body: name a b"},
		{"body.a#", "body: name a#"},
		{"body.a@b", "body: name a@b"},
		{"body.K\u017F", "body: name ks"}, // long s
		{"body.\u212Aey", "body: name key"},
		{"body.ΣΑΣ", "body: name " + fold("σας")},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			a, err := parseAddress(scalar{tt.in, 3, 7})
			if err != nil {
				t.Fatalf("%s: %v", tt.in, err)
			}
			if got := stepsText(a); got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
			}
			if a.text != tt.in || a.line != 3 || a.col != 7 {
				t.Errorf("%s: got text %q at %d:%d, want it at 3:7", tt.in, a.text, a.line, a.col)
			}
		})
	}
}

func TestBadAddresses(t *testing.T) {
	tests := []struct{ in, want string }{
		{"bdy.user", `"bdy" is no part of a request; known are: path, query, header, cookie, body, form, text`},
		{"Body.user", `"Body" is no part of a request; known are: path, query, header, cookie, body, form, text`},
		{"user", `"user" is no part of a request; known are: path, query, header, cookie, body, form, text`},
		{"zzzzzz.x", `"zzzzzz" is no part of a request; known are: path, query, header, cookie, body, form, text`},
		{"", `"" is no part of a request; known are: path, query, header, cookie, body, form, text`},
		{".x", `"" is no part of a request; known are: path, query, header, cookie, body, form, text`},
		{"body", "body needs a path: body.user, or body.** for all of it"},
		{"body.", "body needs a path: body.user, or body.** for all of it"},
		{"path", "path needs a name: path.NAME or path.**"},
		{"query.", "query needs a name: query.NAME or query.**"},
		{"header", "header needs a name: header.NAME or header.**"},
		{"path.a.b", `"a.b" names no capture; write path.NAME as in {NAME}, or path.**`},
		{"path.*", `"*" names no capture; write path.NAME as in {NAME}, or path.**`},
		{"path.a*", `"a*" names no capture; write path.NAME as in {NAME}, or path.**`},
		{"query.#", `# is an element of an array, and there is none here; the name is \#`},
		{"header.#", `# is an element of an array, and there is none here; the name is \#`},
		{"query.@x", `"@x" names no place to write to; steps are @keys, @fromstr, @base64, @pct, @url, @jwt; a member of that name is \@x`},
		{`header.X\`, `the path ends in the middle of an escape; \\ is a backslash`},
		{"body..a", "the path has an empty step"},
		{"body.a..b", "the path has an empty step"},
		{"body.a.", "the path has an empty step"},
		{`body.a\`, `the path ends in the middle of an escape; \\ is a backslash`},
		{`body.a\\\`, `the path ends in the middle of an escape; \\ is a backslash`},
		{"body.##", `"##": of the forms with #, only # alone (every element) and #(name=="value")# name places here`},
		{`body.#[id=="x"]#`, `"#[id==\"x\"]#": of the forms with #, only # alone (every element) and #(name=="value")# name places here`},
		{"body.a.@reverse", `"@reverse" names no place to write to; steps are @keys, @fromstr, @base64, @pct, @url, @jwt; a member of that name is \@reverse`},
		{"body.a|b", `"a|b": pipes name no place to write to; a | in a name is \|`},
		{"body.{a,b}", `"{a,b}": literals and multipaths name no place to write to; escape the first character with \`},
		{"body.[a,b]", `"[a,b]": literals and multipaths name no place to write to; escape the first character with \`},
		{`body.!"x"`, `"!\"x\"": literals and multipaths name no place to write to; escape the first character with \`},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			if _, err := parseAddress(scalar{text: tt.in}); err == nil || err.Error() != tt.want {
				t.Errorf("%q:\ngot  %v\nwant %s", tt.in, err, tt.want)
			}
		})
	}
}

func fold(s string) string { return string(appendFold(nil, s)) }

func TestFold(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", ""},
		{"userID", "userid"},
		{"A-Z_09@[`{", "a-z_09@[`{"},
		{"\u017Ftats", "stats"}, // LATIN SMALL LETTER LONG S
		{"\u212Aey", "key"},     // KELVIN SIGN
		{"ÜNÏ", "ünï"},
		{"\u1E9E", "ß"}, // LATIN CAPITAL LETTER SHARP S folds to the small one
		{"ss", "ss"},
		{"\u0130", "\u0130"}, // capital I with dot is no other letter's case
		{"\u0131", "\u0131"},
		{"東京\U0001F600", "東京\U0001F600"},
		{"\U00010400", "\U00010400"},
	}
	for _, tt := range tests {
		if got := fold(tt.in); fold(tt.want) != got || (tt.in < "\u0080" && got != tt.want) {
			t.Errorf("%q: got %q, want what %q folds to, %q", tt.in, got, tt.want, fold(tt.want))
		}
	}
	for _, name := range []string{"\u017F", "\u212A"} {
		if got := fold(name); len(got) != 1 {
			t.Errorf("%q: got %q, want the ASCII letter", name, got)
		}
	}
}

// TestFoldEveryRune: two characters fold to one exactly if strings.EqualFold,
// which encoding/json uses for members, says that they are equal.
func TestFoldEveryRune(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !utf8.ValidRune(r) {
			continue
		}
		self := fold(string(r))
		if !strings.EqualFold(self, string(r)) {
			t.Errorf("%U folds to %q, which is another letter", r, self)
		}
		if fold(self) != self {
			t.Errorf("%U folds to %q, and that to %q", r, self, fold(self))
		}
		for o := unicode.SimpleFold(r); o != r; o = unicode.SimpleFold(o) {
			if got := fold(string(o)); got != self {
				t.Errorf("%U folds to %q, but %U to %q", r, self, o, got)
			}
		}
	}
}

func TestWild(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true},
		{"*", "anything", true},
		{"?", "", false},
		{"?", "a", true},
		{"?", "é", true},
		{"?", "\U0001F600", true},
		{"??", "é", false},
		{"??", "éé", true},
		{"*?", "é", true},
		{"*??", "é", false},
		{"a*", "a", true},
		{"a*", "ba", false},
		{"*a", "ba", true},
		{"*a", "bab", false},
		{"a*b*c", "a-b-b-c", true},
		{"a*b*c", "a-c-b", false},
		{"*aab", "aaaab", true},
		{"***", "x", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{`a\*c`, "a*c", true},
		{`a\*c`, "abc", false},
		{`*\?`, "really?", true},
		{`*\?`, "reallyx", false},
		{`*\\`, `a\`, true},
		{`\**`, "*x", true},
		{`\**`, "x", false},
		{"user*", "userid", true},
		{"*id", "userid", true},
	}
	for _, tt := range tests {
		if got := wild(tt.pattern, tt.name); got != tt.want {
			t.Errorf("%q against %q: got %v, want %v", tt.pattern, tt.name, got, tt.want)
		}
	}
}

// wildRegexp is the slow, obvious meaning of a pattern.
func wildRegexp(pattern string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	escaped := false
	for _, r := range pattern {
		switch {
		case escaped:
			b.WriteString(regexp.QuoteMeta(string(r)))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '*':
			b.WriteString(".*")
		case r == '?':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	b.WriteString(`\z`)
	return regexp.MustCompile(b.String())
}

// FuzzWild: a pattern of an address matches the names that the regular
// expression of it matches.
func FuzzWild(f *testing.F) {
	for _, s := range []string{"*", "a*b?c", `a\*`, "*é?", "**?*", `\\*`, "*a*a*a", "?*?"} {
		for _, n := range []string{"", "a", "abc", "aéa", "a*", `\x`, "aaaaaa", "ébé"} {
			f.Add(s, n)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(name) || pattern == "" || len(pattern) > 100 || len(name) > 1000 {
			return
		}
		s, err := parseStep(pattern)
		if err != nil || s.kind == stepDeep || s.kind == stepElement {
			return
		}
		name = fold(name)
		got := s.name == name
		want := wildRegexp(fold(pattern)).MatchString(name)
		if s.kind == stepPattern {
			got = wild(s.name, name)
		}
		if got != want {
			t.Fatalf("%q (%+v) against %q: got %v, want %v", pattern, s, name, got, want)
		}
	})
}

// TestWildEnds: the worst pattern for an algorithm with backtracking
// into every * ends.
func TestWildEnds(t *testing.T) {
	pattern := strings.Repeat("*a", 30) + "*b"
	if wild(pattern, strings.Repeat("a", 20000)) {
		t.Errorf("%s matches only a", pattern)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"path", "query", "header", "body"}
	tests := []struct{ in, want string }{
		{"pahts", "path"}, {"BODY", "body"}, {"qeury", "query"}, {"headers", "header"}, {"xyz", ""}, {"", ""},
	}
	for _, tt := range tests {
		if got := nearest(tt.in, known); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"ca", "abc", 3}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: got %d, want %d", fmt.Sprintf("%q to %q", tt.a, tt.b), got, tt.want)
		}
	}
}
