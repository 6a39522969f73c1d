package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// mark replaces everything by one text that JSON must escape.
const marked = `p"s\n`

func mark(*Finding) (string, error) { return marked, nil }

// route compiles one route for POST / with these rules.
func route(t testing.TB, rules string) *Route {
	t.Helper()
	text := "version: 1\nroutes:\n  - name: r\n    match: POST /\n"
	if rules != "" {
		text += "    rules:\n" + rules
	}
	set, err := Parse(File{"r.yaml", []byte(text)})
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return set.routes[0]
}

// A docWriter makes random JSON without duplicate members, in random spelling.
type docWriter struct {
	*rand.Rand
	bytes.Buffer
	paths []string // of the strings and numbers, for sjson and for us
}

var memberNames = []string{"user", "id", "stats", "a-b", "X", "list", "ünï", "0", "17"}

func (w *docWriter) space() {
	for w.IntN(6) == 0 {
		w.WriteByte(" \t\n\r"[w.IntN(4)])
	}
}

func (w *docWriter) value(path string, depth int) {
	w.space()
	switch n := w.IntN(10); {
	case n < 2 && depth > 0:
		w.WriteByte('{')
		for i, k := range w.Perm(len(memberNames))[:w.IntN(5)] {
			if i > 0 {
				w.WriteByte(',')
			}
			w.space()
			w.text(memberNames[k])
			w.space()
			w.WriteByte(':')
			w.value(path+"."+memberNames[k], depth-1)
		}
		w.space()
		w.WriteByte('}')
	case n < 4 && depth > 0:
		w.WriteByte('[')
		for i := range w.IntN(5) {
			if i > 0 {
				w.WriteByte(',')
			}
			w.value(fmt.Sprintf("%s.%d", path, i), depth-1)
		}
		w.space()
		w.WriteByte(']')
	case n < 5:
		w.WriteString([]string{"true", "false", "null"}[w.IntN(3)])
	case n < 7:
		w.paths = append(w.paths, path)
		w.WriteString([]string{"0", "-1.5", "9079290933572287000", "1795461441956.374", "1e3", "2E-7"}[w.IntN(6)])
	default:
		w.paths = append(w.paths, path)
		w.text([]string{"x", "anna", "a/b\\c\"d", "Mäkinen", "東京", "line\nline", "\U0001F600"}[w.IntN(7)])
	}
	w.space()
}

// text writes a string, each character plain or escaped at random.
func (w *docWriter) text(s string) {
	w.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.WriteString(`\` + string(r))
		case r == '\n':
			w.WriteString(`\n`)
		case w.IntN(4) == 0 && r < 0x10000:
			fmt.Fprintf(w, `\u%04X`, r)
		default:
			w.WriteRune(r)
		}
	}
	w.WriteByte('"')
}

// FuzzSplice: for documents without duplicate members, and for any choice of
// their values, the splice equals what sjson makes of one path after the other.
func FuzzSplice(f *testing.F) {
	for seed := range uint64(64) {
		f.Add(seed, seed*7919)
	}
	f.Fuzz(func(t *testing.T, a, b uint64) {
		w := &docWriter{Rand: rand.New(rand.NewPCG(a, b))}
		w.value("", 4)
		doc := w.Bytes()
		quoted, _ := json.Marshal(marked)
		want, rules := bytes.Clone(doc), ""
		for _, p := range w.paths {
			if p == "" || w.IntN(3) > 0 {
				continue
			}
			var err error
			if want, err = sjson.SetRawBytes(want, p[1:], quoted); err != nil {
				t.Fatalf("sjson: %v", err)
			}
			rules += fmt.Sprintf("      - at: 'body%s'\n", p)
		}
		got, err := route(t, rules).Body(nil, doc, mark)
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("rules\n%s\ndoc  %s\ngot  %s\nwant %s", rules, doc, got, want)
		}
	})
}

// validTexts says whether encoding/json reads one text or several. Between two
// stands white space or a record separator (RFC 7464), unless the second one is
// an object or array.
func validTexts(doc []byte) bool {
	for n := 0; ; n++ {
		rest := bytes.TrimLeft(doc, " \t\r\n\x1e")
		if len(rest) == 0 {
			return n > 0
		}
		if n > 0 && len(rest) == len(doc) && rest[0] != '{' && rest[0] != '[' {
			return false
		}
		d := json.NewDecoder(bytes.NewReader(rest))
		if d.Decode(new(json.RawMessage)) != nil {
			return false
		}
		doc = rest[d.InputOffset():]
	}
}

// FuzzAccept: documents are accepted exactly if encoding/json and UTF-8 accept
// them, it holds no lone surrogate, and it is not too deep; and a document in
// which nothing is found comes out as it went in.
func FuzzAccept(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `""`, `0`, `-0`, `-`, `01`, `1.`, `.1`, `1e`, `1e+`, `1E+5`, `tru`, `nulll`, `[1,]`, `{"a":1,}`, `{"a"}`, `{a:1}`, `[1 2]`,
		`"\u00e9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\x"`, `"\u12"`, "\"\t\"", "\"\x7f\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"",
		"\ufeff{}", ` { "a" : [ 1 , "b" , null ] } `, `{"a":1}{"b":2}`, "{}\n[]\r\n\n1 2", "\x1e{}\n\x1e1\n", `1{}`, `{}1`, `"a""b"`, `truefalse`, "\x1e", "{}\n{", "1\x1e2", `[`, `]`, `{]`, `[}`, ``, ` `, `"`, `'a'`, `//`, `{"a":1}//`, `NaN`, `+1`,
		strings.Repeat("[", 128) + strings.Repeat("]", 128), strings.Repeat("[", 129) + strings.Repeat("]", 129), `{"a":{"b":[{"c":[]}]}}`,
	} {
		f.Add([]byte(s))
	}
	for _, text := range classedTexts(f) {
		if len(text.doc) < 1<<10 {
			f.Add(text.doc)
		}
	}
	r := route(f, "      - {at: body.**.nobody}\n")
	f.Fuzz(func(t *testing.T, doc []byte) { checkAccepted(t, r, doc) })
}

// FuzzAcceptMutated is FuzzAccept for documents that were valid before a few of
// their bytes were taken, doubled, moved or replaced by what means something in JSON.
func FuzzAcceptMutated(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed, seed*104729)
	}
	texts := classedTexts(f)
	tokens := []string{
		"{", "}", "[", "]", ",", ":", `"`, `\`, `\"`, `\u`, `\ud83d`, `\ude00`, `\u0022`, "\x00", "\x1e", "\x1f", " ", "\n", "\f", "\u00a0", "\ufeff", "0", "-", "+", ".", "e", "E", "1",
		"true", "false", "null", "n", "/", "//", "'", "\x80", "\xc0\xaf", "\xed\xa0\x80", "\xe6\x9d", "\xf4\x90\x80\x80", "é", "😀", "[[[[[[[[[[[[[[[[", `{"a":`, `"":`,
	}
	r := route(f, "      - {at: body.**.nobody}\n")
	f.Fuzz(func(t *testing.T, a, b uint64) {
		w := &docWriter{Rand: rand.New(rand.NewPCG(a, b))}
		doc := texts[w.IntN(len(texts))].doc
		if w.IntN(2) == 0 || len(doc) > 1<<12 {
			w.value("", 4)
			doc = w.Bytes()
		}
		doc = bytes.Clone(doc)
		for range 1 + w.IntN(4) {
			start := w.IntN(len(doc) + 1)
			end := min(len(doc), start+w.IntN(4))
			var piece []byte
			switch w.IntN(6) {
			case 0: // taken
			case 1:
				piece = slices.Concat(doc[start:end], doc[start:end])
			case 2: // the rest is cut off
				end = len(doc)
			case 3:
				from := w.IntN(len(doc) + 1)
				piece = bytes.Clone(doc[from:min(len(doc), from+w.IntN(12))])
			case 4:
				piece = []byte{byte(w.IntN(256))}
			default:
				piece, end = []byte(tokens[w.IntN(len(tokens))]), start
			}
			doc = slices.Concat(doc[:start], piece, doc[end:])
		}
		checkAccepted(t, r, doc)
	})
}

// checkAccepted compares the engine with encoding/json, and what leaves with what
// came where nothing is found.
func checkAccepted(t *testing.T, r *Route, doc []byte) {
	found := false
	got, err := r.Body([]byte("before:"), doc, func(*Finding) (string, error) { found = true; return "", nil })
	want := validTexts(doc) && utf8.Valid(doc) && !loneSurrogate(doc) && depth(doc) <= DefaultDepth
	if (err == nil) != want {
		t.Fatalf("%q: got error %v, want accepted %v", doc, err, want)
	}
	if err == nil && !found && string(got) != "before:"+string(doc) {
		t.Fatalf("%q became %q", doc, got)
	}
	if err != nil && string(got) != "before:" {
		t.Fatalf("%q: an error left %q", doc, got)
	}
}

// loneSurrogate and depth look at a document that is valid otherwise.
func loneSurrogate(doc []byte) bool {
	for i := 0; i < len(doc); i++ {
		if doc[i] != '\\' {
			continue
		}
		i++
		if i >= len(doc) || doc[i] != 'u' {
			continue
		}
		var u, low uint16
		fmt.Sscanf(string(doc[i+1:min(i+5, len(doc))]), "%4x", &u)
		switch {
		case u >= 0xDC00 && u <= 0xDFFF:
			return true
		case u >= 0xD800 && u <= 0xDBFF:
			n, _ := fmt.Sscanf(string(doc[i+5:min(i+11, len(doc))]), `\u%4x`, &low)
			if n != 1 || low < 0xDC00 || low > 0xDFFF {
				return true
			}
			i += 10
		}
	}
	return false
}

func depth(doc []byte) int {
	deepest, now, inString := 0, 0, false
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			now++
			deepest = max(deepest, now)
		case c == ']' || c == '}':
			now--
		}
	}
	return deepest
}

// TestEveryLeaf: body.** covers every string and number of any document, and
// what encoding/json reads from the result differs nowhere else.
func TestEveryLeaf(t *testing.T) {
	r := route(t, "      - at: body.**\n")
	for seed := range uint64(500) {
		w := &docWriter{Rand: rand.New(rand.NewPCG(seed, 1))}
		w.value("", 5)
		got, err := r.Body(nil, w.Bytes(), mark)
		if err != nil {
			t.Fatalf("%v\n%s", err, w.Bytes())
		}
		var want any
		if err := json.Unmarshal(w.Bytes(), &want); err != nil {
			t.Fatal(err)
		}
		wantText, _ := json.Marshal(allMarked(want))
		var gotTree any
		if err := json.Unmarshal(got, &gotTree); err != nil {
			t.Fatalf("%v\n%s", err, got)
		}
		gotText, _ := json.Marshal(gotTree)
		if !bytes.Equal(gotText, wantText) {
			t.Fatalf("doc  %s\ngot  %s\nwant %s", w.Bytes(), gotText, wantText)
		}
		if !gjson.ValidBytes(got) {
			t.Fatalf("gjson refuses %s", got)
		}
	}
}

func allMarked(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = allMarked(v[k])
		}
	case []any:
		for i := range v {
			v[i] = allMarked(v[i])
		}
	case string:
		if v != "" {
			return marked
		}
	case float64:
		return marked
	}
	return v
}
