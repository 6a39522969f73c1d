package rules

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// This file compares what actions make of a document with the obvious way to do
// it: on a tree, from the root down, rule by rule.

// A jsonTree is a JSON value with all its members, duplicates too, in order.
type jsonTree struct {
	open  json.Delim // { or [
	names []string
	items []*jsonTree
	leaf  json.Token // of what is neither: a string, number, bool or nil
}

func readTree(d *json.Decoder) (*jsonTree, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	n := &jsonTree{leaf: token}
	var open bool
	if n.open, open = token.(json.Delim); !open {
		return n, nil
	}
	for d.More() {
		if n.open == '{' {
			name, err := d.Token()
			if err != nil {
				return nil, err
			}
			n.names = append(n.names, name.(string))
		}
		item, err := readTree(d)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
	}
	_, err = d.Token()
	return n, err
}

// readTrees reads the JSON texts of a document. None of its strings holds a record
// separator.
func readTrees(doc string) (all []*jsonTree, err error) {
	d := json.NewDecoder(strings.NewReader(strings.ReplaceAll(doc, "\x1e", " ")))
	d.UseNumber()
	for d.More() {
		n, err := readTree(d)
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

// String spells a tree so that two which differ are spelled differently.
func (n *jsonTree) String() string {
	if n.open == 0 {
		return fmt.Sprintf("%T %#v", n.leaf, n.leaf)
	}
	var b strings.Builder
	b.WriteString(n.open.String())
	for i, item := range n.items {
		if n.open == '{' {
			fmt.Fprintf(&b, "%q:", n.names[i])
		}
		b.WriteString(item.String() + ",")
	}
	return b.String() + "."
}

// An actingRule is one of the obvious interpreter.
type actingRule struct {
	wantedRule
	do string
}

// Few names and steps, so that rules meet and members repeat.
var (
	actingNames = []string{"a", "A", "b", "0", "\u017F", "Ünï"}
	actingSteps = []wantedStep{
		{spelled: "**", deep: true}, {spelled: "#", matches: func(h hop) bool { return h.element }},
		nameStep("a"), nameStep("b"), nameStep("0"), nameStep("s"), nameStep("ünï"), patternStep("*"), patternStep("?"),
	}
)

// randomAction draws a rule. The document itself cannot be removed: so no address
// is ** alone.
func randomAction(random *rand.Rand) actingRule {
	var steps []wantedStep
	for range random.IntN(4) {
		steps = append(steps, actingSteps[random.IntN(len(actingSteps))])
	}
	steps = append(steps, actingSteps[1+random.IntN(len(actingSteps)-1)])
	do := []string{"remove", "remove", "keep", "keep", "mask", "pseudonymize", "pseudonymize", "reject"}[random.IntN(8)]
	return actingRule{wantedRule{[][]wantedStep{steps}}, do}
}

// act returns what the rules leave of a value, nil if they remove it, and whether
// one rejects it.
func act(rules []actingRule, n *jsonTree, path []hop) (left *jsonTree, rejected bool) {
	text, isText := n.leaf.(string)
	number, isNumber := n.leaf.(json.Number)
	if isNumber {
		text = string(number)
	}
	replaceable := text != "" && (isText || isNumber)
rules:
	for _, r := range rules {
		if !r.covers(path) {
			continue
		}
		switch {
		case r.do == "reject":
			return nil, true
		case r.do == "remove":
			return nil, false
		case n.open != 0: // what is below is asked for itself
			break rules
		case r.do == "keep":
			return n, false
		case replaceable && r.do == "mask":
			return &jsonTree{leaf: mask(text)}, false
		case replaceable:
			return &jsonTree{leaf: "psn:" + text}, false
		}
	}
	if n.open == 0 {
		return n, false
	}
	left = &jsonTree{open: n.open}
	for i, item := range n.items {
		h := hop{element: true, index: i}
		if n.open == '{' {
			h = hop{name: n.names[i]}
		}
		item, no := act(rules, item, append(slices.Clone(path), h))
		if no {
			return nil, true
		}
		if item != nil {
			left.items = append(left.items, item)
			if n.open == '{' {
				left.names = append(left.names, n.names[i])
			}
		}
	}
	return left, false
}

// An itemWriter makes random JSON with white space everywhere.
type itemWriter struct{ docWriter }

func (w *itemWriter) items(depth int) {
	w.space()
	switch n := w.IntN(10); {
	case n < 3 && depth > 0 || depth == 4:
		w.list("{}", func() {
			w.space()
			w.text(actingNames[w.IntN(len(actingNames))])
			w.space()
			w.WriteByte(':')
			w.items(depth - 1)
		})
	case n < 5 && depth > 0:
		w.list("[]", func() { w.items(depth - 1) })
	case n < 6:
		w.WriteString([]string{"true", "false", "null", `""`}[w.IntN(4)])
	case n < 8:
		w.WriteString([]string{"0", "-1.50", "1e3", "17"}[w.IntN(4)])
	default:
		w.text([]string{"x", "a/b\\c\"d", "東京\n"}[w.IntN(3)])
	}
	w.space()
}

func (w *itemWriter) list(around string, item func()) {
	w.WriteByte(around[0])
	for i := range w.IntN(5) {
		if i > 0 {
			w.WriteByte(',')
		}
		item()
	}
	w.space()
	w.WriteByte(around[1])
}

// FuzzActions: of random documents, one or several records, rules that remove,
// mask, keep, reject and pseudonymize whole values leave what the obvious
// interpreter leaves of the tree that encoding/json reads.
func FuzzActions(f *testing.F) {
	for seed := range uint64(400) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 4))
		var rules []actingRule
		text := "version: 1\nroutes:\n  - name: r\n    match: POST /\n    rules:\n"
		for i := range 1 + random.IntN(5) {
			r := randomAction(random)
			rules = append(rules, r)
			text += strings.Replace(r.yaml(i), "{", "{do: "+r.do+", ", 1)
		}
		w := &itemWriter{docWriter{Rand: random}}
		for range 1 + random.IntN(2) {
			w.items(4)
			w.WriteString([]string{"", "\n", "\n\x1e"}[random.IntN(3)])
		}
		doc := w.String()
		trees, err := readTrees(doc)
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		var want []*jsonTree
		rejects := false
		for _, tree := range trees {
			left, no := act(rules, tree, nil)
			want, rejects = append(want, left), rejects || no
		}

		set, _ := parseDead(t, text)
		out, err := set.routes[0].Body(nil, []byte(doc), func(f *Finding) (string, error) { return "psn:" + f.Text(), nil })
		if rejects {
			if err == nil || !strings.HasPrefix(err.Error(), "rejected: ") {
				t.Fatalf("%s\ndoc  %s\ngot  %s, %v\nwant a rejection", text, doc, out, err)
			}
			return
		}
		if err != nil {
			t.Fatalf("%s\ndoc  %s\n%v", text, doc, err)
		}
		got, err := readTrees(string(out))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s\ndoc  %s\ngot  %s, %v\nwant %v", text, doc, out, err, want)
		}
	})
}
