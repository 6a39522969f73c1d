package rules

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLint compares all that is said of each testdata/lint/*.yaml, which has no
// mistake, with the file *.want beside it.
func TestLint(t *testing.T) {
	paths, err := filepath.Glob("testdata/lint/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, path := range paths {
		name := filepath.Base(path)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			set, err := Parse(File{name, data})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, p := range set.Lint() {
				got += p.String() + "\n"
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".want", got)
		})
	}
}

// TestLintBesideMistakes: a mistake in one place hides no finding in another.
func TestLintBesideMistakes(t *testing.T) {
	set, problems := Check(File{"a.yaml", []byte("version: 1\nroutes:\n  - {name: a, match: POST /a, otherwise: keep, restore: ecko}\n")},
		File{"b.yaml", []byte("version: 1\nroutes:\n  - {name: b, match: /b, pass: true}\n")})
	if len(problems) != 1 || len(set.Lint()) != 2 {
		t.Errorf("got %d problems and %d findings, want 1 and 2\n%v\n%v", len(problems), len(set.Lint()), problems, set.Lint())
	}
}

// TestDeadRulesDoNothing: without a rule that is said never to apply, and without
// an address where a rule is said never to, every request leaves as with it.
func TestDeadRulesDoNothing(t *testing.T) {
	addresses := []string{"body.user", "body.user.name", "body.*", "body.**", "body.list", "body.list.#", "body.list.0", "body.list.*", "body.*.name", "body.**.name",
		"path.id", "path.**", "query.user", "query.**", "header.X-User", "header.**", "header.Authorization", "cookie.sid", "cookie.**",
		"body.user.@keys", "body.**.@keys", "body.user.@pct", "query.user.@pct", "body.list.@fromstr.name",
		`'body.list.#(name=="x")#'`, `'body.list.#(name=="x")#'`, `'body.list.#(name=="x")#.name'`, `'body.list.#(name%"*")#'`, "body.list.#.name", `'body.**.#(name=="x")#'`}
	finds := []string{"", "", ", find: phone", ", find: [phone, email]", ", find: any", ", find: [email, opaque]"}
	dos := []string{"", "", "", ", do: keep", ", do: keep", ", do: mask", ", do: remove", ", do: reject", ", part: '^(.*)@'"}
	var requests []string
	for _, body := range []string{
		`{"user":"anna@example.com +12025550143","list":["+12025550143",{"name":"x"},{"name":"y","mail":"anna@example.com"},{"mail":"bo@example.com","name":"x"}],"name":"Anna"}`,
		`{"user":{"name":"anna@example.com","+12025550143":"1"},"list":{"name":"550e8400-e29b-41d4-a716-446655440000","0":"x"}}`,
		`{"user":[{"name":null,"x":""},"call +12025550143"],"x":{"name":"192.0.2.7","y":{"name":"anna@example.com"}}}`,
	} {
		requests = append(requests, "POST /c/+12025550143?user=anna@example.com&x=+12025550143\nX-User: anna@example.com\nX-Other: call +12025550143\nCookie: sid=anna@example.com; x=1\n\n"+body)
	}
	random := rand.New(rand.NewPCG(5, 6))
	pick := func(from []string) string { return from[random.IntN(len(from))] }
	dead := 0
	for tries := 0; tries < 2500 && dead < 200; tries++ {
		var rules [][]string // addresses and, last, what is done there
		for i := range 1 + random.IntN(4) {
			rule := []string{pick(addresses)}
			for range random.IntN(2) {
				rule = append(rule, pick(addresses))
			}
			rules = append(rules, append(rule, fmt.Sprintf(", name: r%d%s%s", i, pick(finds), pick(dos))))
		}
		file := func(rules [][]string) string {
			text := "version: 1\nroutes:\n  - name: a\n    match: POST /c/{id}\n    rules:\n"
			for _, r := range rules {
				for j, at := range r[:len(r)-1] { // one line an address, so that a finding names it
					open := "      - {at: [" + at
					if j > 0 {
						open = "          " + at
					}
					text += open + strings.Repeat(",\n", min(1, len(r)-2-j))
				}
				text += "]" + r[len(r)-1] + "}\n"
			}
			return text
		}
		set, problems := Check(File{"r.yaml", []byte(file(rules))})
		if slices.ContainsFunc(problems, func(p Problem) bool { return !strings.Contains(p.Message, "can never apply") }) {
			continue // what cannot be done there
		}
		left := slices.Clone(rules)
		switch lints := slices.DeleteFunc(set.Lint(), func(p Problem) bool {
			return !strings.Contains(p.Message, "never applies at") && !strings.Contains(p.Message, "adds nothing")
		}); {
		case len(problems) > 0:
			i := 0
			for !strings.Contains(problems[0].Message, fmt.Sprintf(`rule "r%d" can`, i)) {
				i++
			}
			left = slices.Delete(left, i, i+1)
		case len(lints) > 0:
			line := 6
			for i, r := range rules {
				if j := lints[0].Line - line; j >= 0 && j < len(r)-1 {
					left[i] = slices.Delete(slices.Clone(r), j, j+1)
				}
				line += len(r) - 1
			}
		default:
			continue
		}
		dead++
		without, _ := parseDead(t, file(left))
		for _, req := range requests {
			a, _ := send(set, req)
			if b, _ := send(without, req); a != b {
				t.Fatalf("%s%v\nwith    %s\nwithout %s", file(rules), append(problems, set.Lint()...), a, b)
			}
		}
	}
	if dead < 200 {
		t.Errorf("only %d files had a rule that never applies", dead)
	}
}
