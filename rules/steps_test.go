package rules

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// A wrapper puts a text into an encoding, and says by which steps an address
// goes back to it.
type wrapper struct {
	step string
	wrap func(random *rand.Rand, text string) string
}

var wrappers = []wrapper{
	{"@pct", func(random *rand.Rand, text string) string {
		var b strings.Builder
		for i := range len(text) {
			if c := text[i]; c == '%' || c >= 0x80 || c <= ' ' || c == '+' || random.IntN(2) == 0 {
				fmt.Fprintf(&b, "%%%02X", c)
			} else {
				b.WriteByte(c)
			}
		}
		return b.String()
	}},
	{"@base64", func(random *rand.Rand, text string) string {
		return []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding}[random.IntN(4)].EncodeToString([]byte(text))
	}},
	{"@fromstr.a.#.user", func(random *rand.Rand, text string) string {
		quoted, _ := json.Marshal(text)
		spelled := string(quoted)
		if random.IntN(2) == 0 {
			spelled = strings.ReplaceAll(spelled, "o", `\u006f`) // no escape has an o in it
		}
		return `{"b":1.50, "a" : [{"n":[],"user":` + spelled + `,"u":null}]}`
	}},
	{`@fromstr.l.#(t=="u")#.user`, func(random *rand.Rand, text string) string {
		quoted, _ := json.Marshal(text)
		return `{"l":[{"user":"x","t":"w"} , {"user":` + string(quoted) + `,"t":"` + []string{"u", `\u0075`}[random.IntN(2)] + `","t":7},"u"]}`
	}},
	{"@url.query.u", func(random *rand.Rand, text string) string {
		return "https://example.com/p/%7e?x=1&u=" + url.QueryEscape(text) + "&y=%41#z"
	}},
	{"@url.fragment.@pct", func(_ *rand.Rand, text string) string { return "//h/p?q#" + url.PathEscape(text) }},
	{"@jwt.sub", func(_ *rand.Rand, text string) string {
		quoted, _ := json.Marshal(text)
		return token64(`{"iss":"x","sub":` + string(quoted) + `,"iat":17}`)
	}},
	{"@jwt.sub", func(_ *rand.Rand, text string) string {
		quoted, _ := json.Marshal(text)
		return "Bearer " + token64(`{"sub":`+string(quoted)+`}`)
	}},
}

// FuzzChains: a text in a random chain of encodings, at a random place, is found
// by the address that names the chain; what comes out is the same chain around
// the pseudonym, whose reader undoes the encodings as they are commonly read.
func FuzzChains(f *testing.F) {
	for seed := range uint64(200) {
		f.Add("Bo +1 %41 é\"\\/=", seed)
	}
	f.Fuzz(func(t *testing.T, text string, seed uint64) {
		if text == "" || strings.ToValidUTF8(text, "") != text || len(text) > 1000 {
			return
		}
		random := rand.New(rand.NewPCG(seed, 1))
		value, steps := text, ""
		for range 1 + random.IntN(4) {
			w := wrappers[random.IntN(len(wrappers))]
			value, steps = w.wrap(random, value), "."+w.step+steps
		}
		quoted, _ := json.Marshal(value)
		rule := "at: 'body.x.y" + steps + "'"
		set := parse(t, "version: 1\nroutes:\n  - {name: r, match: /x, rules: [{"+rule+"}]}\n")
		seen := ""
		msg := &Message{Path: "/x", Body: []byte(`{"k":1.0,"x":{"y":` + string(quoted) + `},"z":[]}`)}
		m, err := set.Match(msg)
		if err != nil {
			t.Fatal(err)
		}
		err = m.Rewrite(nil, func(f *Finding) (string, error) {
			if f.Rule.Name == "r/1" {
				seen += f.Text()
			}
			return "psn_1", nil
		})
		if err != nil { // the last look may find what looks like one in a JWT
			if strings.Contains(steps, "jwt") && strings.HasPrefix(err.Error(), "unsafe") {
				return
			}
			t.Fatalf("%s: %v\n%s", steps, err, value)
		}
		var doc struct {
			K json.RawMessage
			X struct{ Y string }
		}
		if err := json.Unmarshal(msg.Body, &doc); err != nil || string(doc.K) != "1.0" {
			t.Fatalf("got %s: %v", msg.Body, err)
		}
		if got, err := unwrap(doc.X.Y, steps); err != nil || got != "psn_1" {
			t.Fatalf("%s of %q\ngot  %q, %v in %s\nsent %s\nseen %q", steps, text, got, err, doc.X.Y, value, seen)
		}
	})
}

// unwrap is a collector: it reads what stands behind the steps.
func unwrap(value, steps string) (string, error) {
	for steps != "" {
		switch {
		case strings.HasPrefix(steps, ".@pct"):
			text, err := url.PathUnescape(value)
			if err != nil {
				return "", err
			}
			value, steps = text, steps[len(".@pct"):]
		case strings.HasPrefix(steps, ".@base64"):
			std := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(value)
			text, err := base64.RawStdEncoding.DecodeString(std)
			if err != nil {
				return "", err
			}
			value, steps = string(text), steps[len(".@base64"):]
		case strings.HasPrefix(steps, ".@fromstr.a.#.user"):
			var doc struct {
				B json.RawMessage
				A []struct{ User string }
			}
			if err := json.Unmarshal([]byte(value), &doc); err != nil || len(doc.A) != 1 || string(doc.B) != "1.50" {
				return "", fmt.Errorf("no such JSON: %w", err)
			}
			value, steps = doc.A[0].User, steps[len(".@fromstr.a.#.user"):]
		case strings.HasPrefix(steps, `.@fromstr.l.#(t=="u")#.user`):
			var doc struct{ L [3]any }
			err := json.Unmarshal([]byte(value), &doc)
			other, _ := doc.L[0].(map[string]any)
			named, ok := doc.L[1].(map[string]any)
			if err != nil || !ok || other["user"] != "x" || named["t"] != 7.0 {
				return "", fmt.Errorf("no such list: %w", err)
			}
			value, _ = named["user"].(string)
			steps = steps[len(`.@fromstr.l.#(t=="u")#.user`):]
		case strings.HasPrefix(steps, ".@url.query.u"):
			u, err := url.Parse(value)
			if err != nil || !strings.HasPrefix(value, "https://example.com/p/%7e?x=1&u=") || !strings.HasSuffix(value, "&y=%41#z") {
				return "", fmt.Errorf("no such URL: %w", err)
			}
			value, steps = u.Query().Get("u"), steps[len(".@url.query.u"):]
		case strings.HasPrefix(steps, ".@url.fragment"):
			_, fragment, ok := strings.Cut(value, "//h/p?q#")
			if !ok {
				return "", fmt.Errorf("no such URL")
			}
			value, steps = fragment, steps[len(".@url.fragment"):]
		case strings.HasPrefix(steps, ".@jwt.sub"):
			parts := strings.Split(strings.TrimPrefix(value, "Bearer "), ".")
			if len(parts) != 3 || parts[2] != "c2lnbmF0dXJl" {
				return "", fmt.Errorf("no such JWT")
			}
			claims, err := base64.RawURLEncoding.DecodeString(parts[1])
			if err != nil {
				return "", err
			}
			var c struct{ Sub string }
			if err := json.Unmarshal(claims, &c); err != nil {
				return "", err
			}
			value, steps = c.Sub, steps[len(".@jwt.sub"):]
		default:
			return "", fmt.Errorf("no such step: %s", steps)
		}
	}
	return value, nil
}

// TestTangledSteps: addresses through encodings that lead to a multitude of places
// are refused, whatever they multiply: states, encodings in encodings, both.
func TestTangledSteps(t *testing.T) {
	many := func(n int, address string) string {
		var all []string
		for i := range n {
			all = append(all, strings.ReplaceAll(address, "N", fmt.Sprint(i)))
		}
		return strings.Join(all, ", ")
	}
	for _, at := range []string{
		many(50, "body.**.a*.b"+strings.Repeat(".@fromstr.**.a*.b", 8)+"N"),
		many(200, "body.**.xN.@fromstr.**.yN.@fromstr.**.zN"),
		many(300, "body.**.@fromstr.**.xN.@jwt.**.yN.@url.query.zN.@pct.@fromstr.**.a*.**.b*.**.cN"),
	} {
		_, err := Parse(File{"r.yaml", []byte("version: 1\nroutes:\n  - {name: r, match: /x, rules: [{at: [" + at + "], find: phone}]}\n")})
		if err == nil || !strings.Contains(err.Error(), "too many states") && !strings.Contains(err.Error(), "names with * or ?") {
			t.Errorf("got %.200v for %.80s", err, at)
		}
	}
}
