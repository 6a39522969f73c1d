package rules

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// sentinel is what a rule takes, beside what nobody but the last look takes. No
// encoding leaves either as it is in all of its spellings.
const (
	sentinel = "Zq!x"
	beside   = "u@example.com"
)

func jsonString(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// nests are the wrappers, and some that hold a second value.
var nests = append(slices.Clone(wrappers), []wrapper{
	{"@fromstr", func(_ *rand.Rand, text string) string { return jsonString(text) }},
	{"@fromstr.u", func(_ *rand.Rand, text string) string {
		return `{"w":"` + beside + `","u":` + jsonString(text) + `}`
	}},
	{"@fromstr.#.u", func(_ *rand.Rand, text string) string {
		return `["` + beside + `",{"u":` + jsonString(text) + `}]`
	}},
	{"@url.query.q", func(_ *rand.Rand, text string) string {
		return "https://h.example/p?w=" + beside + "&q=" + url.QueryEscape(text)
	}},
	{"@url.path.@pct", func(_ *rand.Rand, text string) string {
		return "https://h.example/" + url.PathEscape(text) + "?w=" + beside
	}},
}...)

// A planter makes a request with the sentinel in it, and addresses of it.
type planter struct {
	*rand.Rand
	root  string
	depth int // of a body
}

func (p *planter) pick(from ...string) string { return from[p.IntN(len(from))] }

// address names the place of the value, or one near it, and goes on by steps.
func (p *planter) address(there bool, steps string) string {
	at := p.root
	switch p.root {
	case "body":
		depth := p.depth
		if !there {
			depth = 1 + p.IntN(3)
		}
		for range depth {
			at += "." + p.pick("a", "a", "*", "?", "**.a", "**")
		}
	case "text":
	case "header":
		at += "." + p.pick("X-Q", "x-?")
	default:
		at += "." + p.pick("q", "*", "?")
	}
	return at + steps
}

// request puts the value where the address of the root says, and the other one
// beside it.
func (p *planter) request(value string) string {
	switch p.root {
	case "body":
		doc := jsonString(value)
		for range p.depth {
			doc = `{"x":1,"a":` + doc + `,"c":"` + beside + `"}`
		}
		return "POST /c\n\n" + doc
	case "query":
		return "POST /c?w=" + beside + "&q=" + url.QueryEscape(value)
	case "cookie":
		return "POST /c\nCookie: w=" + beside + "; q=" + value
	case "header":
		return "POST /c\nX-Q: " + value
	case "text":
		return "POST /c\nContent-Type: text/plain\n\n" + value
	}
	if p.IntN(2) == 0 {
		return "POST /c\nContent-Type: application/x-www-form-urlencoded\n\nw=" + beside + "&q=" + url.QueryEscape(value)
	}
	return "POST /c\nContent-Type: multipart/form-data; boundary=b\n\n--b\r\nContent-Disposition: form-data; name=\"q\"\r\n\r\n" + value + "\r\n--b--\r\n"
}

// chain draws up to n wrappers. A JSON string that is all of a text ends them.
func (p *planter) chain(n int) (chain []wrapper) {
	for range n {
		chain = append(chain, nests[p.IntN(len(nests))])
		if chain[len(chain)-1].step == "@fromstr" {
			break
		}
	}
	return chain
}

func stepsOf(chain []wrapper) (steps string) {
	for _, w := range chain {
		steps += "." + w.step
	}
	return steps
}

// FuzzSentinel: behind a random chain of encodings, in any part of a request, a
// rule takes a sentinel whole, and other rules, with chains of their own, search
// the value or take it, but keep nothing that is there. Whatever their order, a
// reader who undoes percent-encoding, base64 and JSON reads neither the sentinel
// nor what the last look takes beside it. Only for a JWT may a request be refused.
func FuzzSentinel(f *testing.F) {
	for seed := range uint64(400) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		p := &planter{Rand: rand.New(rand.NewPCG(seed, 3)), depth: 1}
		p.root, p.depth = p.pick("body", "body", "query", "form", "form", "cookie", "header", "text"), 1+p.IntN(3)
		chain := p.chain(p.IntN(4))
		value := sentinel
		in := len(chain)
		if p.IntN(4) == 0 { // the address goes on where the value does not
			in = p.IntN(in + 1)
			if slices.ContainsFunc(chain[in:], func(w wrapper) bool { return strings.HasPrefix(w.step, "@url") }) {
				in = len(chain) // any text is a URL
			}
		}
		for _, w := range slices.Backward(chain[:in]) {
			value = w.wrap(p.Rand, value)
		}
		if p.root == "text" && strings.ContainsAny(value[:1], `{["`) {
			p.root = "header" // JSON is a body, not a text
		}
		rules := []string{fmt.Sprintf("{at: '%s'}", p.address(true, stepsOf(chain)))}
		for range p.IntN(4) {
			at := p.address(false, stepsOf(p.chain(p.IntN(4))))
			rules = slices.Insert(rules, p.IntN(len(rules)+1), fmt.Sprintf("{at: '%s'%s}", at,
				p.pick("", ", find: phone, do: keep", ", find: email", ", find: [phone, email], do: mask")))
		}
		list := "[" + strings.Join(rules, ", ") + "]"
		set, _ := parseDead(t, "version: 1\nroutes:\n  - {name: r, match: 'POST /c/{id...}', rules: "+list+"}\n")
		sent := p.request(value)
		msg := request(sent)
		m, err := set.Match(msg)
		if err == nil {
			err = m.Rewrite(nil, new(numberer).replace)
		}
		switch {
		case err != nil && !(strings.HasPrefix(err.Error(), "unsafe: a JWT") && strings.Contains(stepsOf(chain[:in]), "@jwt")):
			t.Fatalf("rules %s\nsent %s\ngot  %v", list, sent, err)
		case err == nil && legible(requestText(msg), 6):
			t.Fatalf("rules %s\nsent %s\ngot  %s", list, sent, requestText(msg))
		}
	})
}

var (
	percents = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	base64ed = regexp.MustCompile(`[A-Za-z0-9+/_-]{4,}`)
	escaped  = regexp.MustCompile(`\\+u00[0-7][0-9A-Fa-f]`)
)

// legible says whether the sentinel, or what was beside it, can be read in a text
// or in what that decodes to. A text in base64 may begin after another character of
// its alphabet.
func legible(text string, depth int) bool {
	if strings.Contains(text, sentinel) || strings.Contains(text, beside) {
		return true
	}
	if depth == 0 {
		return false
	}
	char := func(s string) string {
		var c byte
		fmt.Sscanf(s[len(s)-2:], "%x", &c)
		return string([]byte{c})
	}
	plain := escaped.ReplaceAllStringFunc(percents.ReplaceAllStringFunc(text, char), char)
	if plain != text && legible(plain, depth-1) {
		return true
	}
	for _, word := range base64ed.FindAllString(text, -1) {
		word = strings.NewReplacer("-", "+", "_", "/").Replace(word)
		for skip := range 4 {
			part := word[skip:]
			if len(part)%4 == 1 {
				part = part[:len(part)-1]
			}
			if decoded, err := base64.RawStdEncoding.DecodeString(part); err == nil && utf8.Valid(decoded) && legible(string(decoded), depth-1) {
				return true
			}
		}
	}
	return false
}
