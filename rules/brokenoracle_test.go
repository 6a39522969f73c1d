package rules

import (
	"fmt"
	"html"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/statveil/statveil/rules/detect"
)

// A lenient is a reader of what is no JSON: it undoes what it knows, and leaves the
// rest.
type lenient struct {
	name string
	read func(string) string
}

var (
	percentEscape = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	stringEscape  = regexp.MustCompile(`\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[^ux0-7])`)
	strictEscape  = regexp.MustCompile(`\\(u[0-9A-Fa-f]{4}|["\\/bfnrt])`)
)

func unpercentText(text string) string {
	return percentEscape.ReplaceAllStringFunc(text, func(e string) string {
		n, _ := strconv.ParseUint(e[1:], 16, 8)
		return string([]byte{byte(n)})
	})
}

func unescapeText(of *regexp.Regexp) func(string) string {
	return func(text string) string {
		return of.ReplaceAllStringFunc(text, func(e string) string {
			if n, err := strconv.ParseUint(e[2:], 16, 32); err == nil && (e[1] == 'u' || e[1] == 'x') {
				return string(rune(n))
			}
			if i := strings.IndexByte("bfnrt", e[1]); i >= 0 {
				return "\b\f\n\r\t"[i : i+1]
			}
			return e[1:]
		})
	}
}

// An escapeTable is a language as its manual tells what stands behind a backslash: what
// is an escape at all, which letters are a character, and which are nothing.
type escapeTable struct {
	escape *regexp.Regexp
	letter map[string]string
}

var escapeTables = map[string]escapeTable{
	"JSON5": {regexp.MustCompile(`\\(u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|\r\n|(?s:.))`), map[string]string{
		"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "0": "\x00", "\n": "", "\r": "", "\r\n": "", "\u2028": "", "\u2029": ""}},
	"ECMAScript": {regexp.MustCompile(`\\(u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[0-3][0-7]{1,2}|[0-7]{1,2}|\r\n|(?s:.))`), map[string]string{
		"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\n": "", "\r": "", "\r\n": "", "\u2028": "", "\u2029": ""}},
	"PHP": {regexp.MustCompile(`\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|(?s:.))`), map[string]string{
		"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}}, // stripcslashes()
	"YAML": {regexp.MustCompile(`\\(U[0-9A-Fa-f]{8}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|\n[ \t]*|[0abtnvfreNLP_ "/\\])`), map[string]string{
		"0": "\x00", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b", "N": "\u0085", "_": "\u00a0", "L": "\u2028", "P": "\u2029"}},
	"Perl": {regexp.MustCompile(`\\(x\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{0,2}|o\{[0-7]+\}|N\{U\+[0-9A-Fa-f]+\}|[0-7]{1,3}|c[!-~]|(?s:.))`), map[string]string{
		"a": "\a", "b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b", "x": "\x00", "Q": "", "E": "", "L": "", "U": "", "F": "", "l": "", "u": ""}},
	"Python": {regexp.MustCompile(`\\(U[0-9A-Fa-f]{8}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[0-7]{1,3}|[abfnrtv"'\\\n])`), map[string]string{
		"a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "\n": ""}},
	"Lua":  {regexp.MustCompile(`\\(z\s*|u\{[0-9A-Fa-f]+\}|x[0-9A-Fa-f]{2}|[0-9]{1,3}|[abfnrtv"'\\\n])`), map[string]string{"a": "\a", "v": "\v", "n": "\n", "r": "\r", "t": "\t"}},
	"LDAP": {regexp.MustCompile(`\\([0-9A-Fa-f]{2}|[ "#+,;<=>\\])`), nil},
	"CSS":  {regexp.MustCompile(`\\([0-9A-Fa-f]{1,6}\s?|[^\n])`), nil},
}

func (table escapeTable) read(name, text string) string {
	return table.escape.ReplaceAllStringFunc(text, func(e string) string {
		e = e[1:]
		if spelled, ok := table.letter[e]; ok {
			return spelled
		}
		digits, base := strings.Trim(strings.TrimLeft(e, "uUxoN"), "{U+} \t\n"), 16
		switch first := e[0]; {
		case e[0] == 'o', (name == "Perl" || name == "Python" || name == "ECMAScript" || name == "PHP") && first >= '0' && first <= '7':
			base = 8
		case name == "Lua" && first >= '0' && first <= '9':
			base = 10
		case name != "LDAP" && name != "CSS" && !(strings.IndexByte("uUxN", first) >= 0 && len(e) > 1):
			digits = ""
		}
		if n, err := strconv.ParseUint(digits, base, 32); err == nil {
			if name == "PHP" {
				n &= 0xFF
			}
			return string(rune(n))
		}
		switch {
		case e[0] == 'z' && name == "Lua", e[0] == '\n' && name == "YAML":
			return ""
		case e[0] == 'c' && len(e) > 1:
			return string(unicode.ToUpper(rune(e[1])) ^ 64)
		}
		return e
	})
}

var unescapeEscape = regexp.MustCompile(`%(u[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})`)

func unescapeFunction(text string) string {
	return unescapeEscape.ReplaceAllStringFunc(text, func(e string) string {
		n, _ := strconv.ParseUint(strings.TrimLeft(e, "%u"), 16, 32)
		return string(rune(n))
	})
}

// lenients read a text as it is, as JSON or a relative, as a form or HTML, and as one in
// the other.
var lenients = func() []lenient {
	js, strict := lenient{"JavaScript", unescapeText(stringEscape)}, lenient{"JSON", unescapeText(strictEscape)}
	form, unescape, browser := lenient{"percent", unpercentText}, lenient{"unescape()", unescapeFunction}, lenient{"HTML", html.UnescapeString}
	all := []lenient{{"as is", func(s string) string { return s }}, js, strict, form, unescape, browser}
	pairs := [][2]lenient{{js, form}, {form, js}, {strict, form}, {form, strict}, {js, js}, {form, form}, {unescape, unescape}, {browser, strict}, {strict, browser}}
	for _, name := range slices.Sorted(maps.Keys(escapeTables)) {
		table := lenient{name, func(s string) string { return escapeTables[name].read(name, s) }}
		all = append(all, table)
		pairs = append(pairs, [2]lenient{table, form}, [2]lenient{unescape, table}, [2]lenient{strict, table}, [2]lenient{table, table})
	}
	for _, pair := range pairs {
		all = append(all, lenient{pair[0].name + ", then " + pair[1].name, func(s string) string { return pair[1].read(pair[0].read(s)) }})
	}
	return all
}()

// TestLenients: the oracle reads what the manuals say.
func TestLenients(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"JSON5", `\v\u{00002b}1\x32\q\` + "\n", "\v+12q"},
		{"ECMAScript", `\v\531\0q`, "\v+1\x00q"},
		{"PHP", `\453\xb\v\@`, "+\v\v@"},
		{"YAML", `\e\_\U0000002b\q\` + "\n  1", "\x1b\u00a0+" + `\q1`},
		{"Perl", `\x{2b}\x\o{53}\N{U+2b}\53\cK\Q\a`, "+\x00+++\v\a"},
		{"Python", `\U0000002b\53\v\q`, "++\v" + `\q`},
		{"Lua", `\0431\z  2`, "+12"},
		{"LDAP", `\2b1`, "+1"},
		{"CSS", `\2b 1\00002B1`, "+1+1"},
		{"unescape()", `%u002b%2B%u2b`, "++%u2b"},
	} {
		i := slices.IndexFunc(lenients, func(l lenient) bool { return l.name == tt.name })
		if got := lenients[i].read(tt.text); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

var tokenOfBroken = regexp.MustCompile(`psn_[0-9]+`)

// standsIn says whether a text stands in another, and no letter or digit beside it.
func standsIn(text, part string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], part)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		at += i + len(part)
		behind, _ := utf8.DecodeRuneInString(text[at:])
		if word := func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.M) }; !word(before) && !word(behind) {
			return true
		}
	}
}

// checkBroken fails where some reader of a body that was read as a text, and that
// leaves as this, can still read personal data in it, or one of these secrets. A
// token is no part of either.
func checkBroken(t *testing.T, body, out string, secrets []string) {
	t.Helper()
	for _, piece := range tokenOfBroken.Split(out, -1) {
		for _, reader := range lenients {
			text := reader.read(piece)
			for _, secret := range secrets {
				if standsIn(text, secret) {
					t.Errorf("%s is left, read as %s\nsent   %q\nleaves %q", secret, reader.name, body, out)
				}
			}
			if !utf8.ValidString(text) {
				continue // its reader has another text
			}
			for _, s := range detect.Find(nil, text, detect.Any...) {
				t.Errorf("%s is left, read as %s\nsent   %q\nleaves %q", text[s.Start:s.End], reader.name, body, out)
			}
		}
	}
}

const textOnly = "version: 1\nroutes:\n  - {name: r, match: /, otherwise: keep, on_failure: {unparseable: text}}\n"

// sendBroken returns what leaves of a body, and whether it was read as a text.
func sendBroken(t *testing.T, set *Set, body string) (string, bool, error) {
	t.Helper()
	m, err := set.Match(&Message{Method: "POST", Path: "/", Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	err = m.Rewrite(nil, (&numberer{}).replace)
	return string(m.Body()), m.AsText(), err
}

// FuzzBroken: of JSON with secrets in it, escaped at random and cut off or spoiled at
// random, no reader can read a secret where the body is read as a text.
func FuzzBroken(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed, `{"a":`, "")
	}
	set := parse(f, textOnly)
	f.Fuzz(func(t *testing.T, seed uint64, around, spoiled string) {
		r := rand.New(rand.NewPCG(seed, 2))
		pick := func(of ...string) string { return of[r.IntN(len(of))] }
		secrets := []string{"+12025550143", "anna@example.com", "+447700900123"}
		others := []string{"2001:db8::17", "10.20.30.40"} // behind a v they are versions
		spell := func(text string) string {
			var b strings.Builder
			chance := r.IntN(4)
			for _, c := range []byte(text) {
				if r.IntN(8) >= chance {
					b.WriteByte(c)
					continue
				}
				b.WriteString(pick(fmt.Sprintf(`\u%04x`, c), fmt.Sprintf(`\u00%02X`, c), fmt.Sprintf(`\x%02x`, c), fmt.Sprintf("%%%02X", c), fmt.Sprintf("%%25%02x", c), fmt.Sprintf(`\\u%04x`, c), string(c),
					fmt.Sprintf(`\u{%0*x}`, 2+r.IntN(20), c), fmt.Sprintf(`\U%08x`, c), fmt.Sprintf(`\x{%02X}`, c), fmt.Sprintf("%%u%04X", c), fmt.Sprintf(`\%03o`, c), fmt.Sprintf(`\%o`, c), fmt.Sprintf(`\%o`, int(c)+256), fmt.Sprintf(`\o{%o}`, c),
					fmt.Sprintf(`\N{U+%02x}`, c), fmt.Sprintf(`\%03d`, c), fmt.Sprintf(`\%02x`, c), fmt.Sprintf(`\%06x`, c), fmt.Sprintf(`\%x `, c), fmt.Sprintf("&#%03d;", c), fmt.Sprintf("&#x%x", c), `\`+string(c), `\E`+string(c), "\\\n"+string(c)))
			}
			return b.String()
		}
		var b strings.Builder
		b.WriteString(around[:min(len(around), 20)]) // more could be the 64 characters before an @ that make it none
		for range 1 + r.IntN(4) {
			b.WriteString(spell(pick(`"`, `","b":"`, `{"to":"`, ` `, `\n`, `","n":17,"c":"`, "'", ";tel=", `"\v`, `"\e`, `"\a`, `\0`, `\N`, `\_`, `\cK`, `\ud83d`, `\xb`, "&nbsp") + pick(slices.Concat(secrets, others)...) + pick(`"`, `",`, `"}`, " ", `\n`, "")))
		}
		body := b.String() + spoiled
		if body = body[:len(body)-r.IntN(min(len(body), 12))]; !strings.HasPrefix(body, "{") {
			body = "{" + body
		}
		out, asText, err := sendBroken(t, set, body)
		if err != nil || !asText {
			return // refused, or JSON after all
		}
		checkBroken(t, body, out, secrets)
	})
}
