package rules

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// This file compares the automaton with the obvious way to match an address:
// by recursion over its steps and the names that lead to a value.

// A hop leads from a value to one below it: a member's name, or an element.
type hop struct {
	name    string
	element bool
	index   int
	says    *[]said // the strings in an element that is an object
}

// What is said in an object: a string under a name.
type said struct{ name, text string }

// A wanted step is one step of an address, and how it may be spelled in a file.
type wantedStep struct {
	spelled string
	deep    bool
	matches func(hop) bool
}

func nameStep(name string) wantedStep {
	return wantedStep{spelled: name, matches: func(h hop) bool {
		if h.element {
			return strconv.Itoa(h.index) == name
		}
		return strings.EqualFold(h.name, name)
	}}
}

func patternStep(pattern string) wantedStep {
	expr := regexp.MustCompile("(?i)" + wildRegexp(pattern).String())
	return wantedStep{spelled: pattern, matches: func(h hop) bool { return !h.element && expr.MatchString(h.name) }}
}

// queryStep is a query for what an object of the tree says, or nearly says.
func queryStep(r *rand.Rand, tree *tree) wantedStep {
	s := said{"a", "v1"}
	if len(tree.said) > 0 {
		s = tree.said[r.IntN(len(tree.said))]
	}
	for s.name == "" || r.IntN(8) == 0 {
		s.name = treeNames[r.IntN(len(treeNames))]
	}
	value, op, expr := s.text, "==", "^"+regexp.QuoteMeta(s.text)+"$"
	switch n := r.IntN(12); {
	case n == 0:
		value, expr = strings.ToUpper(s.text), "^"+regexp.QuoteMeta(strings.ToUpper(s.text))+"$"
	case n == 1:
		value, expr = "v*", `^v\*$`
	case n == 2:
		value, expr = fmt.Sprint(1000+r.IntN(20)), "^never$"
	case n < 6:
		op, value = "%", []string{"v*", "v?", "*", "*1*", s.text, "V*"}[r.IntN(6)]
		expr = wildRegexp(value).String()
	}
	name := regexp.MustCompile(`[^0-9A-Za-z\x80-\x{10FFFF}]`).ReplaceAllString(tree.anyCase(s.name), `\$0`)
	text := regexp.MustCompile(expr)
	return wantedStep{spelled: fmt.Sprintf(`#(%s%s"%s")#`, name, op, value), matches: func(h hop) bool {
		return h.element && slices.ContainsFunc(*h.says, func(has said) bool { return strings.EqualFold(has.name, s.name) && text.MatchString(has.text) })
	}}
}

var wantedSteps = []wantedStep{
	{spelled: "#", matches: func(h hop) bool { return h.element }},
	{spelled: "#", matches: func(h hop) bool { return h.element }},
	{spelled: "**", deep: true},
	{spelled: "**", deep: true},
	nameStep("a"), nameStep("b"), nameStep("user"), nameStep("userID"), nameStep("ip"), nameStep("key"), nameStep("stats"),
	nameStep("Ünï"), nameStep("0"), nameStep("1"), nameStep("10"), nameStep("東京"),
	nameStep("aVeryLongNameOfAMemberOfMoreThanThirtyTwoCharacters"),
	patternStep("*"), patternStep("u*"), patternStep("*I?"), patternStep("?"),
}

// covers says whether an address of these steps names the place, or one around it.
func covers(steps []wantedStep, path []hop) bool {
	switch {
	case len(steps) == 0:
		return true
	case steps[0].deep:
		return covers(steps[1:], path) || len(path) > 0 && covers(steps, path[1:])
	case len(path) == 0:
		return false
	}
	return steps[0].matches(path[0]) && covers(steps[1:], path[1:])
}

type wantedRule struct{ at [][]wantedStep }

func (r wantedRule) covers(path []hop) bool {
	return slices.ContainsFunc(r.at, func(steps []wantedStep) bool { return covers(steps, path) })
}

// yaml spells rule i with all its addresses.
func (r wantedRule) yaml(i int) string {
	var at []string
	for _, steps := range r.at {
		text := "body"
		for _, s := range steps {
			text += "." + s.spelled
		}
		at = append(at, "'"+text+"'")
	}
	return fmt.Sprintf("      - {name: r%d, at: [%s]}\n", i, strings.Join(at, ", "))
}

// firstOf returns the name of the first of the rules from i on that covers path.
func firstOf(rules []wantedRule, from int, path []hop) string {
	for i := from; i < len(rules); i++ {
		if rules[i].covers(path) {
			return fmt.Sprintf("r%d", i)
		}
	}
	return ""
}

// A tree is a random document: the text, and of every string and number that it
// holds, and of every name that is personal, the way to it.
type tree struct {
	*rand.Rand
	bytes.Buffer
	values map[string][]hop // by its unique text
	names  map[string][]hop // the object's
	said   []said
}

// says notes that a string stands under a name in an element.
func (t *tree) says(path []hop, text string) {
	if n := len(path); n > 1 && !path[n-1].element && path[n-2].element {
		s := said{path[n-1].name, text}
		*path[n-2].says = append(*path[n-2].says, s)
		t.said = append(t.said, s)
	}
}

var treeNames = []string{
	"a", "b", "c", "user", "userID", "ip", "key", "stats", "Ünï", "ünÏ", "0", "1", "10", "01", "東京", "", "zz",
	"\u017Ftat\u017F", "\u212Aey", "U\u017Fer", "aVeryLongNameOfAMemberOfMoreThanThirtyTwoCharacters", "#", "**", "*", "a.b", "x\"y",
}

func (t *tree) value(path []hop, depth int) {
	path = slices.Clone(path)
	switch n := t.IntN(10); {
	case depth > 0 && n < 4:
		t.WriteByte('{')
		for i := range t.IntN(6) {
			if i > 0 {
				t.WriteString(", ")
			}
			name := t.anyCase(treeNames[t.IntN(len(treeNames))])
			if t.IntN(12) == 0 {
				name = fmt.Sprintf("m%d@example.com", len(t.names))
				t.names[name] = path
			}
			t.text(name)
			t.WriteByte(':')
			t.value(append(path, hop{name: name}), depth-1)
		}
		t.WriteByte('}')
	case depth > 0 && n < 7:
		t.WriteByte('[')
		for i := range t.IntN(13) {
			if i > 0 {
				t.WriteByte(',')
			}
			t.value(append(path, hop{element: true, index: i, says: new([]said)}), depth-1-t.IntN(2))
		}
		t.WriteByte(']')
	case n == 7:
		literal := []string{"true", "false", "null", `""`}[t.IntN(4)]
		if literal == `""` {
			t.says(path, "")
		}
		t.WriteString(literal)
	case n == 8:
		text := strconv.Itoa(1000 + len(t.values))
		t.values[text] = path
		t.WriteString(text)
	default:
		text := fmt.Sprintf("v%d", len(t.values))
		t.values[text] = path
		t.says(path, text)
		t.text(text)
	}
}

func (t *tree) anyCase(s string) string {
	return strings.Map(func(r rune) rune {
		if t.IntN(3) == 0 {
			return unicode.SimpleFold(r)
		}
		return r
	}, s)
}

func (t *tree) text(s string) {
	t.WriteByte('"')
	for _, r := range s {
		if r == '"' || r < 0x10000 && t.IntN(5) == 0 {
			fmt.Fprintf(t, `\u%04x`, r)
			continue
		}
		t.WriteRune(r)
	}
	t.WriteByte('"')
}

func randomTree(r *rand.Rand) *tree {
	t := &tree{Rand: r, values: map[string][]hop{}, names: map[string][]hop{}}
	t.value(nil, 6)
	return t
}

func randomRules(r *rand.Rand, n int, queries func() wantedStep) []wantedRule {
	rules := make([]wantedRule, n)
	for i := range rules {
		for range 1 + r.IntN(2) {
			var steps []wantedStep
			for range 1 + r.IntN(4) {
				s := wantedSteps[r.IntN(len(wantedSteps))]
				if queries != nil && r.IntN(3) == 0 {
					s = queries()
				}
				if n := len(steps); n > 0 && strings.HasPrefix(s.spelled, "#") && strings.HasPrefix(steps[n-1].spelled, "#(") {
					s = nameStep("a") // what a query names has no elements
				}
				steps = append(steps, s)
			}
			rules[i].at = append(rules[i].at, steps)
		}
	}
	return rules
}

// taken runs the document through the rules from i on and returns which rule
// took what. What is said never to apply must not.
func taken(t *testing.T, rules []wantedRule, from int, doc []byte) (map[string]string, bool) {
	var text strings.Builder
	text.WriteString("version: 1\nroutes:\n  - name: r\n    match: POST /\n    rules:\n")
	for i := from; i < len(rules); i++ {
		text.WriteString(rules[i].yaml(i))
	}
	if _, err := Parse(File{"r.yaml", []byte(text.String())}); err != nil && (strings.Contains(err.Error(), "states; use fewer **") || strings.Contains(err.Error(), "queries such as")) {
		return nil, false
	}
	set, dead := parseDead(t, text.String())
	by := map[string]string{}
	_, err := set.routes[0].Body(nil, doc, func(f *Finding) (string, error) {
		if before, twice := by[f.Text()]; twice {
			t.Errorf("%s is taken by %s and again by %s", f.Text(), before, f.Rule.Name)
		}
		for _, p := range dead {
			if p.Line == f.Rule.Line {
				t.Errorf("%s is taken by %s, of which is said: %s", f.Text(), f.Rule.Name, p.Message)
			}
		}
		by[f.Text()] = f.Rule.Name
		return "x", nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return by, true
}

// compareRules checks every value and name of the document against the rules
// from each of these on: so the order counts, not only the first.
func compareRules(t *testing.T, rules []wantedRule, tree *tree, froms []int) bool {
	t.Helper()
	for _, from := range froms {
		got, ok := taken(t, rules, from, tree.Bytes())
		if !ok {
			return false
		}
		want := map[string]string{}
		for text, path := range tree.values {
			if first := firstOf(rules, from, path); first != "" {
				want[text] = first
			}
		}
		for name, path := range tree.names {
			want[name] = "otherwise"
			if first := firstOf(rules, from, path); first != "" {
				want[name] = first
			}
		}
		for text := range tree.values {
			if got[text] != want[text] {
				t.Errorf("%s at %v is taken by %q, want %q", text, tree.values[text], got[text], want[text])
			}
		}
		for name := range tree.names {
			if got[name] != want[name] {
				t.Errorf("name %s in %v is taken by %q, want %q", name, tree.names[name], got[name], want[name])
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d findings, want %d", len(got), len(want))
		}
		if t.Failed() {
			for i := from; i < len(rules); i++ {
				t.Log(rules[i].yaml(i))
			}
			t.Fatalf("%s", tree.Bytes())
		}
	}
	return true
}

// FuzzCovers: of random documents, every value, and every name that is
// personal, is taken by the rule that the obvious matcher says, from whichever
// rule on.
func FuzzCovers(f *testing.F) {
	for seed := range uint64(120) {
		f.Add(seed, seed*6151)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		r := rand.New(rand.NewPCG(a, b))
		tree := randomTree(r)
		rules := randomRules(r, 1+r.IntN(8), func() wantedStep { return queryStep(r, tree) })
		froms := make([]int, len(rules))
		for i := range froms {
			froms[i] = i
		}
		compareRules(t, rules, tree, froms)
	})
}

// TestCoversManyRules: the same with a hundred rules.
func TestCoversManyRules(t *testing.T) {
	compared := 0
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 100))
		rules := make([]wantedRule, 0, 100)
		// More ** would need more states than there are.
		for _, rule := range randomRules(r, 100, nil) {
			deep := 0
			for i, at := range rule.at {
				for k, s := range at {
					if s.deep && (deep > 0 || len(rules)%10 > 0) {
						rule.at[i][k] = nameStep("a")
					} else if s.deep {
						deep++
					}
				}
			}
			rules = append(rules, rule)
		}
		for range 5 {
			if compareRules(t, rules, randomTree(r), []int{0, r.IntN(100), 50, 90}) {
				compared++
			}
		}
	}
	if compared < 15 {
		t.Errorf("only %d of 30 documents were compared: the others need too many states", compared)
	}
}

// TestCoversNested: addresses that end within what other addresses cover.
func TestCoversNested(t *testing.T) {
	doc := `{"a":[{"b":"1","ip":"2"},{"IP":{"ip":"3","x":"4"}}],"ip":[["5"]],"x":{"a":[{"b":{"ip":"6"}}]},"b":"7"}`
	tests := []struct {
		name, rules string
		want        string // value=rule in the order of the document
	}{
		{"deep first", "[body.**] [body.**.ip] [body.a.#.b]", "1=r0 2=r0 3=r0 4=r0 5=r0 6=r0 7=r0"},
		{"deep last", "[body.a.#.b] [body.**.ip] [body.**]", "1=r0 2=r1 3=r1 4=r1 5=r1 6=r1 7=r2"},
		{"inner before outer", "[body.x.a.0.b] [body.x] [body.**.b]", "1=r2 6=r0 7=r2"},
		{"outer before inner", "[body.x] [body.x.a.0.b] [body.**.b]", "1=r2 6=r0 7=r2"},
		{"element and index", "[body.a.1] [body.a.#] [body.a]", "1=r1 2=r1 3=r0 4=r0"},
		{"one rule, several addresses", "[body.b, body.**.x, body.**.IP]", "2=r0 3=r0 4=r0 5=r0 6=r0 7=r0"},
		{"deep in the middle", "[body.a.**.ip.ip] [body.**.a.**.b]", "1=r1 3=r0 6=r1"},
		{"deep twice", "[body.**.a.**.ip]", "2=r0 3=r0 4=r0 6=r0"},
		{"index as a name, name as an index", "[body.**.0]", "1=r0 2=r0 5=r0 6=r0"},
		{"any name", "[body.*.*] [body.*]", "1=r1 2=r1 3=r1 4=r1 5=r1 6=r0 7=r1"},
		{"elements are no names", "[body.a.*]", ""},
		{"beyond the end", "[body.b.c, body.ip.#.#.#, body.a.2]", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var rules strings.Builder
			for i, at := range strings.SplitAfter(tt.rules, "]") {
				if at != "" {
					fmt.Fprintf(&rules, "      - {name: r%d, at: %s}\n", i, at)
				}
			}
			var got []string
			set, _ := parseDead(t, "version: 1\nroutes:\n  - name: r\n    match: POST /\n    rules:\n"+rules.String())
			_, err := set.routes[0].Body(nil, []byte(doc), func(f *Finding) (string, error) {
				got = append(got, f.Text()+"="+f.Rule.Name)
				return "", nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%s\ngot  %s\nwant %s", tt.rules, strings.Join(got, " "), tt.want)
			}
		})
	}
}

// TestTooManyStates: what contrived addresses need is bounded, and said.
func TestTooManyStates(t *testing.T) {
	var tangled, wilds strings.Builder
	for i := range 20 {
		fmt.Fprintf(&tangled, "      - at: body.**.a%d.**.b%d.**.c%d\n", i, i, i)
	}
	for i := range 7 {
		fmt.Fprintf(&wilds, "      - at: body.x%d*\n", i)
	}
	tests := []struct{ name, rules, want string }{
		{"states", tangled.String(), "r.yaml:3:5: the addresses of this route need too many states; use fewer of them, or fewer ** and wildcards in the middle"},
		{"wildcards", wilds.String(), "r.yaml:3:5: more than 6 names with * or ? apply at one place of this route"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(File{"r.yaml", []byte("version: 1\nroutes:\n  - name: r\n    match: /\n    rules:\n" + tt.rules)})
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}
