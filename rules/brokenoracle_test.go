package rules

import (
	"fmt"
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

// lenients read a text as it is, as JSON or a relative, as a form, and as one in the
// other.
var lenients = func() []lenient {
	js, strict := lenient{"JavaScript", unescapeText(stringEscape)}, lenient{"JSON", unescapeText(strictEscape)}
	form := lenient{"percent", unpercentText}
	all := []lenient{{"as is", func(s string) string { return s }}, js, strict, form}
	for _, pair := range [][2]lenient{{js, form}, {form, js}, {strict, form}, {form, strict}, {js, js}, {form, form}} {
		all = append(all, lenient{pair[0].name + ", then " + pair[1].name, func(s string) string { return pair[1].read(pair[0].read(s)) }})
	}
	return all
}()

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
				b.WriteString(pick(fmt.Sprintf(`\u%04x`, c), fmt.Sprintf(`\u00%02X`, c), fmt.Sprintf(`\x%02x`, c), fmt.Sprintf("%%%02X", c), fmt.Sprintf("%%25%02x", c), fmt.Sprintf(`\\u%04x`, c), string(c)))
			}
			return b.String()
		}
		var b strings.Builder
		b.WriteString(around[:min(len(around), 20)]) // more could be the 64 characters before an @ that make it none
		for range 1 + r.IntN(4) {
			b.WriteString(spell(pick(`"`, `","b":"`, `{"to":"`, ` `, `\n`, `","n":17,"c":"`, "'", ";tel=") + pick(slices.Concat(secrets, others)...) + pick(`"`, `",`, `"}`, " ", `\n`, "")))
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
