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
	text := n.Value
	if n.Kind != scalarNode || n.Tag != "!!str" {
		var b bytes.Buffer
		r.json(&b, n)
		text = b.String()
	}
	r.grown(n.Line, n.Column, len(text))
	return scalar{text, n.Line, n.Column}
}

// maxSent bounds what aliases make of all tests of a file, maxFile what they make
// of one body.
const maxSent = 64 * maxFile

// grown counts what a test sends.
func (r *reader) grown(line, col, size int) {
	if r.sent += size; r.sent > maxSent {
		r.tooLarge(line, col, fmt.Sprintf("the tests of this file send more than %d bytes", maxSent))
	}
}

// tooLarge reports what grew beyond a bound, once, and ends the reading.
func (r *reader) tooLarge(line, col int, message string) {
	if r.nodes < maxNodes {
		r.problem(line, col, message, "repeat less by aliases")
	}
	r.nodes = maxNodes + 1
}

func (r *reader) json(b *bytes.Buffer, n *node) {
	if b.Len() > maxFile {
		r.tooLarge(n.Line, n.Column, fmt.Sprintf("the body is larger than %d bytes", maxFile))
		return
	}
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
