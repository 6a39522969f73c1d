package rules

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestOnFailure(t *testing.T) {
	set := parse(t, `version: 1
routes:
  - {name: all, match: /all, on_failure: {unparseable: text, oversize: drop, encoding: reject, keys: drop, collector: drop}}
  - {name: none, match: /none}
  - {name: passes, match: /passes, pass: true, on_failure: {collector: drop}}
  - {name: observes, match: /observes, mode: observe, on_failure: {unparseable: drop}}
`)
	for route, want := range map[string]map[string]OnFailure{
		"all":      {"unparseable": FailText, "oversize": FailDrop, "keys": FailDrop, "collector": FailDrop},
		"none":     {},
		"passes":   {"collector": FailDrop},
		"observes": {"unparseable": FailDrop},
	} {
		for _, reason := range append(reasons, "") { // a reason that no file can name: reject
			if got := set.Route(route).OnFailure(reason); got != want[reason] {
				t.Errorf("%s, %s: got %d, want %d", route, reason, got, want[reason])
			}
		}
	}
}

func TestParameters(t *testing.T) {
	set := parse(t, "version: 1\ntenant: query.t\nroutes:\n  - {name: r, match: /, rules: [{at: form.x}]}\n")
	multipart := func(n int) string {
		return strings.Repeat("--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", n) + "--b--\r\n"
	}
	for name, send := range map[string]func(n int) *Message{
		"parameters of the query": func(n int) *Message { return &Message{Query: strings.Repeat("a=1&", n-1)} },
		"lines of the header": func(n int) *Message {
			return &Message{Header: map[string][]string{"X-A": slices.Repeat([]string{"1"}, n-1), "Cookie": {"a=1; b=2"}}}
		},
		"cookies": func(n int) *Message {
			return &Message{Header: map[string][]string{"Cookie": {"a=1; b=2", strings.Repeat("a=1;", n-3)}}}
		},
		"fields of the form": func(n int) *Message {
			return &Message{Header: map[string][]string{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(strings.Repeat("a=1&", n-1) + "a")}
		},
		"parts of the form": func(n int) *Message {
			return &Message{Header: map[string][]string{"Content-Type": {"multipart/form-data; boundary=b"}}, Body: []byte(multipart(n))}
		},
	} {
		for _, limit := range []int{0, 3, 5} {
			most := limit
			if limit == 0 {
				most = DefaultParameters
			}
			for _, n := range []int{most, most + 1} {
				msg := send(n)
				msg.Method, msg.Path, msg.Parameters = "POST", "/", limit
				m, err := set.Match(msg)
				if err != nil {
					t.Fatal(err)
				}
				got := cmp.Or(m.Read(), m.Rewrite(nil, mark))
				var e *Error
				switch errors.As(got, &e); {
				case n == most && got != nil:
					t.Errorf("%s: %d of %d are refused: %v", name, n, most, got)
				case n > most && (e == nil || e.Reason != Oversize || e.Limit != "parameters" || e.Detail != fmt.Sprintf("there are more than %d %s", most, name)):
					t.Errorf("%s: %d of %d: got %v", name, n, most, got)
				}
			}
		}
	}
}
