package proxy_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"
)

const metamorphicText = `
version: 1
tenant: {name: acme}
detectors:
  dialled: {kind: phone, bare: true}
routes:
  - name: look
    match: POST /look
  - name: all
    match: POST /m
    guard: off      # of two pseudonyms that rules give one value, it takes the first, and members have no order
    rules:
      - {at: [body.callee, form.callee, query.callee], find: dialled, as: token}
      - {at: [body.user, body.users, body.number, form.user, query.user, cookie.user, header.X-User], as: token} # numbers, too
      - {at: body.back, reversible: true}
`

// A document is a body whose members, each once, are spelled anew: the tree stays.
type document struct {
	names  []string
	values map[string]any // strings, numbers, documents, lists of them
}

// someDocument draws one with personal data under rules and for the last look.
func someDocument(r *rand.Rand, depth int) document {
	d := document{values: map[string]any{}}
	names := []string{"user", "users", "number", "back", "callee", "text", "a/b", "ünï", "+12025550143", "list", "n"}
	for _, i := range r.Perm(len(names))[:2+r.IntN(len(names)-2)] {
		name := names[i]
		d.names = append(d.names, name)
		switch {
		case name == "number" || name == "n":
			d.values[name] = []json.Number{"17", "358401234567", "1000", "0.5", "-12"}[r.IntN(5)]
		case depth > 0 && r.IntN(3) == 0 && name != "back": // what is reversible keeps its spelling, numbers too
			d.values[name] = []any{someDocument(r, depth-1), "anna@example.com", json.Number("17")}
		default:
			d.values[name] = []string{"Anna", "+12025550143", "call +44 7700 900123 now", "tel:+1-202-555-0199", "358401234567", "x <anna@example.com>", "", "192.0.2.77", "Мария \"M\" \\ 😀", "line\nline"}[r.IntN(10)]
		}
	}
	return d
}

// spell writes a value; how says which spellings may vary.
func spell(r *rand.Rand, how string, v any) string {
	space := func() string {
		if strings.Contains(how, "space") {
			return strings.Repeat([]string{" ", "\t", "\n", "\r\n"}[r.IntN(4)], r.IntN(3))
		}
		return ""
	}
	switch v := v.(type) {
	case document:
		names := v.names
		if strings.Contains(how, "order") {
			names = nil
			for _, i := range r.Perm(len(v.names)) {
				names = append(names, v.names[i])
			}
		}
		var members []string
		for _, name := range names {
			members = append(members, space()+spell(r, how, name)+space()+":"+space()+spell(r, how, v.values[name])+space())
		}
		return "{" + strings.Join(members, ",") + "}"
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, space()+spell(r, how, e)+space())
		}
		return "[" + strings.Join(all, ",") + "]"
	case json.Number:
		if n := string(v); strings.Contains(how, "numbers") {
			exponents := map[string][]string{"17": {"17.0", "1.7e1", "170E-1"}, "358401234567": {"3.58401234567e11", "358401234567.000"}, "1000": {"1e3", "1E+03", "1000.0"}, "0.5": {"5e-1", "0.50"}, "-12": {"-1.2e1", "-12.0"}}[n]
			return exponents[r.IntN(len(exponents))]
		}
		return string(v)
	}
	if !strings.Contains(how, "escapes") {
		quoted, _ := json.Marshal(v)
		return string(quoted)
	}
	var b strings.Builder
	for _, c := range v.(string) {
		switch {
		case c == '/' && r.IntN(2) == 0:
			b.WriteString(`\/`)
		case c < ' ' || c == '"' || c == '\\' || r.IntN(2) == 0:
			for _, u := range utf16.Encode([]rune{c}) {
				fmt.Fprintf(&b, []string{`\u%04x`, `\u%04X`}[r.IntN(2)], u)
			}
		default:
			b.WriteRune(c)
		}
	}
	return `"` + b.String() + `"`
}

// TestRespelled: a document that is spelled in another way, in another order, framed,
// labelled or coded otherwise, arrives with the same pseudonyms in the same members.
func TestRespelled(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 19))
	sidecar := newRecorder(t, metamorphicText)
	read := func(in string) any {
		t.Helper()
		if !sidecar.send(in) || sidecar.arrived == "" {
			t.Fatalf("refused: %s\n%q", sidecar.answer, in)
		}
		_, body, _ := strings.Cut(sidecar.arrived, "\r\n\r\n")
		var tree any
		if err := json.Unmarshal([]byte(body), &tree); err != nil {
			t.Fatalf("%v in %q", err, body)
		}
		return tree
	}
	labels := []string{"application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "text/plain", "application/x-www-form-urlencoded", "application/vnd.x+json", "text/json", "application/octet-stream", ""}
	replaced := 0
	for range 400 {
		doc, target := someDocument(r, 2), []string{"/m", "/look"}[r.IntN(2)]
		want := read(request("POST", target, []string{asJSON}, spell(r, "", doc)))
		replaced += sidecar.outcome.Replaced
		for _, how := range []string{"escapes", "order", "space", "numbers", "escapes order space numbers"} {
			body := spell(r, how, doc)
			if got := read(request("POST", target, []string{asJSON}, body)); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: got %v\nwant %v\nsent %s", how, got, want, body)
			}
			var lines []string
			if label := labels[r.IntN(len(labels))]; label != "" {
				lines = append(lines, "Content-Type: "+label)
			}
			if r.IntN(2) == 0 {
				body = gzipped(body, gzip.Header{Name: "x"})
				if r.IntN(2) == 0 {
					lines = append(lines, "Content-Encoding: gzip")
				}
			}
			if r.IntN(2) == 0 {
				lines, body = append(lines, "Transfer-Encoding: chunked"), chunked(body, 1+r.IntN(50))
			}
			if got := read(request("POST", target, lines, body)); !reflect.DeepEqual(got, want) {
				t.Fatalf("%s, %q: got %v\nwant %v\nsent %q", how, lines, got, want, body)
			}
		}
	}
	if replaced < 1000 {
		t.Errorf("only %d values were replaced", replaced)
	}
}

// TestSameFieldElsewhere: a value has the same pseudonym as a member of a body, a field
// of a form of either kind, a parameter, a cookie and in a header, in every spelling
// that its place has.
func TestSameFieldElsewhere(t *testing.T) {
	sidecar := newRecorder(t, metamorphicText)
	r := rand.New(rand.NewPCG(23, 23))
	for _, user := range []string{"Anna", "+12025550143", "anna@example.com", "358401234567", "Änne & Bo=1", "50%", "a+b", "192.0.2.77", "tel:+1-202-555-0143", "😀"} {
		percents := percented(&choices{[]byte{1, 0, 1, 1, 0, 0, 1}}, user, 0)
		want := ""
		for name, in := range map[string]string{
			"JSON":             request("POST", "/m", []string{asJSON}, `{"user":`+spell(r, "", user)+`}`),
			"JSON, escaped":    request("POST", "/m", []string{asJSON}, `{"\u0075SER":`+spell(r, "escapes", user)+`}`),
			"records":          request("POST", "/m", []string{"Content-Type: application/x-ndjson"}, "{}\n"+`{"user":`+spell(r, "", user)+"}\n"),
			"form":             request("POST", "/m", []string{formType}, "user="+url.QueryEscape(user)),
			"form, all":        request("POST", "/m", []string{formType}, "a=1&%75ser="+percents),
			"multipart":        request("POST", "/m", []string{"Content-Type: multipart/form-data; boundary=b"}, "--b\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n"+user+"\r\n--b--\r\n"),
			"query":            request("POST", "/m?user="+url.QueryEscape(user), nil, ""),
			"query, all":       request("POST", "/m?x&USER="+percents, nil, ""),
			"header":           request("POST", "/m", []string{"X-User: " + user}, ""),
			"cookie, as it is": request("POST", "/m", []string{"Cookie: a=b; user=" + user}, ""),
		} {
			if !sidecar.send(in) || sidecar.arrived == "" {
				t.Errorf("%q, %s: refused: %s", user, name, sidecar.answer)
				continue
			}
			found := tokens.FindAllString(sidecar.arrived, -1)
			if len(found) == 1 && want == "" {
				want = found[0]
			}
			if len(found) != 1 || found[0] != want {
				t.Errorf("%q, %s: got %q, want %s", user, name, found, want)
			}
		}
	}
}
