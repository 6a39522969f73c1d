package rules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
)

// jsonNumber is a number as JSON spells it. YAML has more spellings; what they
// would be in JSON is for the author to say.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// bodyText reads a body: a string byte for byte, anything else as the JSON that
// it spells, its members in their order and its numbers as written.
func (r *reader) bodyText(n *node) scalar {
	n = r.resolve(n)
	if n.Kind == scalarNode && n.Tag == "!!str" {
		return scalar{n.Value, n.Line, n.Column}
	}
	var b bytes.Buffer
	r.json(&b, n)
	return scalar{b.String(), n.Line, n.Column}
}

func (r *reader) json(b *bytes.Buffer, n *node) {
	n = r.resolve(n)
	switch n.Kind {
	case mappingNode:
		seen := map[string]bool{}
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			key := r.resolve(n.Content[i])
			switch {
			case key.Kind != scalarNode || key.Tag == "!!merge":
				r.problem(key.Line, key.Column, "a member's name is a text", "write the body as a string where YAML cannot say it")
			case seen[key.Value]:
				r.problem(key.Line, key.Column, fmt.Sprintf("%q stands twice in an object", key.Value), "write the body as a string to send a member twice")
			}
			seen[key.Value] = true
			b.WriteString(quoted(key.Value))
			b.WriteByte(':')
			r.json(b, n.Content[i+1])
		}
		b.WriteByte('}')
	case sequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			r.json(b, c)
		}
		b.WriteByte(']')
	default:
		b.WriteString(r.jsonScalar(n))
	}
}

func (r *reader) jsonScalar(n *node) string {
	switch n.Tag {
	case "!!null":
		return "null"
	case "!!bool":
		if value, err := strconv.ParseBool(n.Value); err == nil {
			return strconv.FormatBool(value)
		}
	case "!!int", "!!float":
		if n.Style&quotedStyles == 0 && jsonNumber.MatchString(n.Value) {
			return n.Value
		}
		r.problem(n.Line, n.Column, fmt.Sprintf("%q is a number in YAML, but not in JSON", n.Value), "write it as JSON does, or in quotes as a text")
	case "!!str", "!!timestamp":
		return quoted(n.Value)
	default:
		r.problem(n.Line, n.Column, fmt.Sprintf("%s is nothing that JSON has", n.Tag), "write the body as a string where YAML cannot say it")
	}
	return quoted(n.Value)
}

// quoted writes a JSON string with no more escapes than it needs.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
