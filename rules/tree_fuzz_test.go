package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// duplicated writes a random document whose members may have one name, in several
// spellings, and in which some leaves and names are somebody's.
func (w *docWriter) duplicated(depth int, own string) {
	leaf := func() string {
		return []string{"+12025550143", "x anna@example.com y", "", "a", "10.20.30.40", "2001:db8::17!", `"\/`, "é\u2028😀", own, own + " +447700900123"}[w.IntN(10)]
	}
	w.space()
	switch n := w.IntN(10); {
	case n < 3 && depth > 0:
		w.WriteByte('{')
		for i := range w.IntN(5) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.space()
			if w.IntN(4) == 0 {
				w.text(leaf())
			} else {
				w.text([]string{"u", "U", "a", "n", "list"}[w.IntN(5)])
			}
			w.space()
			w.WriteByte(':')
			w.duplicated(depth-1, own)
		}
		w.WriteByte('}')
	case n < 5 && depth > 0:
		w.WriteByte('[')
		for i := range w.IntN(4) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.duplicated(depth-1, own)
		}
		w.space()
		w.WriteByte(']')
	case n < 6:
		w.WriteString([]string{"true", "false", "null", "0", "-0.0", "1E+05", "9079290933572287000", "358401234567", "3.58401234567e11"}[w.IntN(9)])
	default:
		w.text(leaf())
	}
	w.space()
}

// FuzzTree: whatever is replaced, encoding/json and gjson read the same tree as
// before, duplicates and their order included, but for strings and numbers, and for
// names, of which a part is a pseudonym now; and not one of those is new that no rule
// replaced.
func FuzzTree(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed, fmt.Sprintf("%d\\\"\x7f", seed))
	}
	var routes []*Route
	for _, rules := range []string{
		"", "      - {at: body.**, find: any}\n", "      - at: body.**\n", "      - at: [body.**.u, body.**.n]\n", "      - {at: body.**.u.@keys}\n      - {at: body.**.list}\n",
		"      - {at: body.**.u, part: '^(.)'}\n      - {at: body.**.a, find: phone, do: keep}\n", "      - {at: body.**.n, do: mask}\n",
	} {
		routes = append(routes, route(f, rules))
	}
	f.Fuzz(func(t *testing.T, seed uint64, own string) {
		w := &docWriter{Rand: rand.New(rand.NewPCG(seed, 17))}
		own = strings.ToValidUTF8(own, "")
		for range 1 + w.IntN(2) {
			w.duplicated(5, strings.Map(func(r rune) rune { return max(r, ' ') }, own))
			w.WriteByte('\n')
		}
		doc := w.Bytes()
		r := routes[w.IntN(len(routes))]
		asked := 0
		got, err := r.Body(nil, doc, func(f *Finding) (string, error) {
			if asked++; f.Rule.Do != Pseudonymize {
				return f.Instead(), nil
			}
			return token, nil
		})
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		before, after := leavesOf(t, doc), leavesOf(t, got)
		if len(before) != len(after) {
			t.Fatalf("%d leaves became %d\ndoc %s\ngot %s", len(before), len(after), doc, got)
		}
		changed := 0
		for i := range before {
			b, a := before[i], after[i]
			if b == a {
				continue
			}
			changed++
			b, a = strings.TrimLeft(b, "nsm "), strings.TrimLeft(a, "sm ") // a number may become a string
			if !strings.Contains(a, token) && !strings.Contains(a, "*") || before[i][0] == 'm' && after[i][0] != 'm' || before[i][0] == 's' && after[i][0] != 's' || before[i][0] == '.' {
				t.Fatalf("%q became %q\ndoc %s\ngot %s", b, a, doc, got)
			}
		}
		if changed > asked {
			t.Fatalf("%d leaves changed for %d findings\ndoc %s\ngot %s", changed, asked, doc, got)
		}
		if g := strings.Join(gjsonLeaves(t, got), "\x00"); g != strings.Join(after, "\x00") {
			t.Fatalf("gjson reads another tree\ngot   %s\ngjson %q\njson  %q", got, g, after)
		}
	})
}

// leavesOf lists what encoding/json reads, in order: "m name", "s string", "n number"
// as it is spelled, and ". word" for all else.
func leavesOf(t *testing.T, doc []byte) (leaves []string) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var inObject []bool // and a name is next
	nameNext := false
	value := func() {
		nameNext = len(inObject) > 0 && inObject[len(inObject)-1]
	}
	for {
		token, err := d.Token()
		if err != nil {
			if d.More() || len(inObject) > 0 {
				t.Fatalf("encoding/json: %v\n%s", err, doc)
			}
			return leaves
		}
		switch v := token.(type) {
		case json.Delim:
			leaves = append(leaves, ". "+v.String())
			if v == '{' || v == '[' {
				inObject = append(inObject, v == '{')
				nameNext = v == '{'
				continue
			}
			inObject = inObject[:len(inObject)-1]
			value()
		case string:
			if nameNext {
				leaves = append(leaves, "m "+v)
				nameNext = false
				continue
			}
			leaves = append(leaves, "s "+v)
			value()
		case json.Number:
			leaves = append(leaves, "n "+v.String())
			value()
		default:
			leaves = append(leaves, fmt.Sprint(". ", v))
			value()
		}
	}
}

// gjsonLeaves is the same of what gjson reads.
func gjsonLeaves(t *testing.T, doc []byte) (leaves []string) {
	t.Helper()
	var walk func(gjson.Result)
	walk = func(v gjson.Result) {
		switch {
		case v.IsObject() || v.IsArray():
			ends := map[bool]string{true: "{}", false: "[]"}[v.IsObject()]
			leaves = append(leaves, ". "+ends[:1])
			v.ForEach(func(name, value gjson.Result) bool {
				if v.IsObject() {
					leaves = append(leaves, "m "+name.String())
				}
				walk(value)
				return true
			})
			leaves = append(leaves, ". "+ends[1:])
		case v.Type == gjson.String:
			leaves = append(leaves, "s "+v.String())
		case v.Type == gjson.Number:
			leaves = append(leaves, "n "+v.Raw)
		case v.Type == gjson.Null:
			leaves = append(leaves, ". <nil>")
		default:
			leaves = append(leaves, ". "+v.Raw)
		}
	}
	d := json.NewDecoder(bytes.NewReader(doc)) // cuts texts; gjson reads one
	for {
		var text json.RawMessage
		if d.Decode(&text) != nil {
			return leaves
		}
		if !gjson.ValidBytes(text) {
			t.Fatalf("gjson refuses %s", text)
		}
		walk(gjson.ParseBytes(text))
	}
}
