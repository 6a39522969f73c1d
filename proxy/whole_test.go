package proxy

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// leaf is a token of JSON, as encoding/json reads it.
type leaf struct {
	value any
	name  bool
}

// leaves reads a JSON text.
func leaves(t *testing.T, doc []byte) (all []leaf) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	type level struct {
		object bool
		name   bool // comes next
	}
	open := []level{{}}
	for {
		token, err := d.Token()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		top := &open[len(open)-1]
		switch token {
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
			all = append(all, leaf{token, false})
			continue
		}
		all = append(all, leaf{token, top.object && top.name})
		top.name = !top.name
		switch token {
		case json.Delim('{'):
			open = append(open, level{true, true})
		case json.Delim('['):
			open = append(open, level{})
		}
	}
}

// FuzzShapesInJSON: in JSON, shapes come back where encoding/json reads one as a whole
// value, and nothing else changes.
func FuzzShapesInJSON(f *testing.F) {
	for _, s := range []string{
		`{"P":"P","a":[S,"S",-S,1S,S.0,Se1]}`, `"\u002b35850583920"`, ` S `, `["\\","P"]`, `{"S":S}`, `["\"P","P\"","\u0050"]`, `[S,S]`, `{"a":"\ud83d\ude00P"}`, `[[],{},"S",null,S]`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		x, _, _ := answered()
		doc := []byte(strings.NewReplacer("S", shapeOfNumber, "P", shapeOfText).Replace(s))
		if !json.Valid(doc) || bytes.Contains(doc, []byte("psn_")) {
			return
		}
		want := leaves(t, doc)
		for i, l := range want {
			switch l.value {
			case json.Number(shapeOfNumber):
				want[i].value = json.Number("1e9")
			case shapeOfNumber:
				if want[i].value = any(json.Number("1e9")); l.name {
					want[i].value = "1e9"
				}
			case shapeOfText:
				want[i].value = `+1"2`
			}
		}
		out := x.expand(doc, jsonEncoding)
		if got := leaves(t, out); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s became %s", doc, out)
		}
	})
}

// TestShapesInLongLines: a line that comes in pieces has no whole values, and the
// lines behind it do; wherever it was cut.
func TestShapesInLongLines(t *testing.T) {
	x, n, _ := answered()
	long := strings.Repeat("x ", longLine/2) + `"` + shapeOfText + `" ` + strings.Repeat("x ", longLine/2) + shapeOfText
	in := shapeOfText + "\n" + long + " " + n + "\n" + shapeOfText + "\n" + long + "\n" + shapeOfText
	want := "+1\"2\n" + long + " 12.50\n+1\"2\n" + long + "\n+1\"2"
	for _, src := range []io.Reader{
		strings.NewReader(in), iotest.OneByteReader(strings.NewReader(in)), iotest.HalfReader(strings.NewReader(in)), iotest.DataErrReader(strings.NewReader(in)),
	} {
		got, err := io.ReadAll(&stream{x: x, medium: "text/plain", src: io.NopCloser(src)})
		if err != nil || string(got) != want {
			t.Fatalf("%d bytes came back, %v, want %d: it ends with %q", len(got), err, len(want), got[max(0, len(got)-50):])
		}
	}
}
