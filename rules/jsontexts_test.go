package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// A classedText is a line of testdata/json/texts.txt.
type classedText struct {
	line        int
	class, word string
	doc         []byte
}

var joinedStrings = regexp.MustCompile(`("(?:[^"\\]|\\.)*")(?:\s*\*\s*([0-9]+))?`)

// classedTexts reads testdata/json/texts.txt.
func classedTexts(t testing.TB) []classedText {
	t.Helper()
	data, err := os.ReadFile("testdata/json/texts.txt")
	if err != nil {
		t.Fatal(err)
	}
	var all []classedText
	class := ""
	for n, line := range strings.Split(string(data), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "", "#":
			continue
		case "==":
			class = rest
			continue
		}
		text := classedText{line: n + 1, class: class, word: word}
		for _, part := range joinedStrings.FindAllStringSubmatch(rest, -1) {
			piece, err := strconv.Unquote(part[1])
			times := 1
			if part[2] != "" && err == nil {
				times, err = strconv.Atoi(part[2])
			}
			if err != nil {
				t.Fatalf("texts.txt:%d: %v", n+1, err)
			}
			text.doc = append(text.doc, strings.Repeat(piece, times)...)
		}
		if left := strings.TrimSpace(joinedStrings.ReplaceAllString(rest, "")); left != "" {
			t.Fatalf("texts.txt:%d: %q is no string", n+1, left)
		}
		all = append(all, text)
	}
	return all
}

// verdict is what encoding/json, UTF-8, surrogates and the depth make of a text, in
// the words of texts.txt.
func verdict(doc []byte) string {
	characters := utf8.Valid(doc) && !loneSurrogate(doc)
	switch {
	case json.Valid(doc) && !characters:
		return "chars"
	case json.Valid(doc) && depth(doc) > DefaultDepth:
		return "deep"
	case json.Valid(doc):
		return "accept"
	case validTexts(doc) && characters && depth(doc) <= DefaultDepth:
		return "several"
	}
	return "refuse"
}

// TestJSONTexts: a body is accepted exactly if encoding/json accepts it, up to the
// depth, with UTF-8 and whole characters on top; the one difference is that several
// texts in a row are records. So is the JSON in a string, which a rule otherwise
// takes for a text; and whatever the engine does with a body, it reads the same JSON.
func TestJSONTexts(t *testing.T) {
	rewriters := map[string]*Route{
		"no rule":    route(t, ""),
		"rules":      route(t, "      - {at: body.**.nobody}\n      - {at: 'body.#.*.x?', find: phone}\n"),
		"everything": route(t, "      - {at: body.**, find: any}\n"),
	}
	reads := parse(t, "version: 1\ntenant: body.**.tenant\nroutes: [{name: r, match: POST /}]\n")
	inside := parse(t, "version: 1\nroutes: [{name: r, match: POST /, rules: [{at: body.d.@fromstr.nobody}]}]\n")
	classes := map[string]int{}
	for _, text := range classedTexts(t) {
		if got := verdict(text.doc); got != text.word {
			t.Errorf("texts.txt:%d: it says %s, encoding/json %s", text.line, text.word, got)
			continue
		}
		classes[text.class+", "+text.word]++
		accepted := text.word == "accept" || text.word == "several"
		reason := map[string]Reason{"chars": Unparseable, "deep": Oversize}[text.word]
		check := func(how string, out []byte, err error) {
			t.Helper()
			var e *Error
			switch {
			case (err == nil) != accepted:
				t.Errorf("texts.txt:%d, %s, %s: got error %v, want accepted %v\n%.200q", text.line, text.class, how, err, accepted, text.doc)
			case err == nil && !bytes.Equal(out, text.doc):
				t.Errorf("texts.txt:%d, %s, %s: became %.200q", text.line, text.class, how, out)
			case err != nil && (!errors.As(err, &e) || reason != "" && e.Reason != reason):
				t.Errorf("texts.txt:%d, %s, %s: got %v, want reason %s", text.line, text.class, how, err, reason)
			}
		}
		for how, r := range rewriters {
			out, err := r.Body(nil, text.doc, mark)
			check(how, out, err)
			m := r.Record(text.doc, 0)
			err = m.Rewrite(nil, mark)
			if len(text.doc) > 0 { // an empty body is no body
				check(how+", a record", m.Body(), err)
			}
		}
		if len(text.doc) == 0 {
			continue
		}
		msg := &Message{Method: "POST", Path: "/", Header: map[string][]string{"Content-Type": {"application/json"}}, Body: text.doc}
		m, err := reads.Match(msg)
		if err != nil {
			t.Fatal(err)
		}
		check("the tenant is in it", msg.Body, m.Read())

		if !utf8.Valid(text.doc) {
			continue // no string can hold it
		}
		quoted := `{"d":"` + string(appendEscaped(nil, string(text.doc))) + `"}`
		msg = &Message{Method: "POST", Path: "/", Body: []byte(quoted)}
		if m, err = inside.Match(msg); err != nil {
			t.Fatal(err)
		}
		want := quoted
		if !accepted {
			want = `{"d":"` + token + `"}` // as it stands, whole
		}
		if err := m.Rewrite(nil, toToken); err != nil || string(msg.Body) != want {
			t.Errorf("texts.txt:%d, %s, in a string: got %.200s, %v, want %.200s", text.line, text.class, msg.Body, err, want)
		}
	}
	for _, class := range []string{
		"structure, accept", "structure, refuse", "comments, refuse", "numbers, accept", "numbers, refuse", "literals, refuse", "strings, accept", "strings, refuse",
		"escapes, accept", "escapes, refuse", "surrogates, accept", "surrogates, chars", "white space, accept", "white space, refuse",
		"control characters in strings, refuse", "duplicate and telling names, accept", "depth, accept", "depth, deep", "depth, refuse",
		"byte order marks and other charsets, refuse", "UTF-8, accept", "UTF-8, chars", "truncations, refuse", "several texts, which are records, several",
	} {
		if classes[class] == 0 {
			t.Errorf("no text of the class %s", class)
		}
	}
}

// TestJSONTruncated: of no text that is accepted is the beginning accepted, but for
// where encoding/json accepts it too.
func TestJSONTruncated(t *testing.T) {
	r := route(t, "")
	for _, text := range classedTexts(t) {
		if text.word != "accept" && text.word != "several" || len(text.doc) > 300 {
			continue
		}
		for n := range text.doc {
			want := verdict(text.doc[:n])
			if _, err := r.Body(nil, text.doc[:n], mark); (err == nil) != (want == "accept" || want == "several") {
				t.Errorf("texts.txt:%d, the first %d bytes: got %v, want %s\n%q", text.line, n, err, want, text.doc[:n])
			}
		}
	}
}
