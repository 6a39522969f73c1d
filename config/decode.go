package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"
)

// maxAliased bounds what aliases may stand for, all together: ten lines of YAML
// can otherwise expand to billions of nodes.
const maxAliased = 10_000

// place is a line and a column.
type place struct{ line, col int }

func at(n *yaml.Node) place { return place{n.Line, n.Column} }

// decoder walks a YAML document beside the schema and collects every mistake.
// It walks nodes, and lets no library fill a struct, because only a node knows
// the column of a name that is unknown.
type decoder struct {
	file     string
	problems Problems
	places   map[string]place // where each field that has a value was written
}

func (d *decoder) problem(p place, message, hint string) {
	d.problems = append(d.problems, Problem{File: d.file, Line: p.line, Col: p.col, Message: message, Hint: hint})
}

// decode reads the only document in data into fields.
func (d *decoder) decode(data []byte, fields []field) {
	if root := d.parse(data); root != nil && d.bounded(root) {
		d.section(root, "", fields)
	}
}

// parse returns the top node of the only document in data, or nil if there is
// none or it cannot be read.
func (d *decoder) parse(data []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		panic("config: internal error: " + err.Error())
	}
	var doc, second yaml.Node
	if err := loader.Load(&doc); err != nil {
		if err != io.EOF {
			d.syntax(err)
		}
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		d.problem(at(&second), "a second document begins here", "a configuration is one document: take out the line ---")
	case err != io.EOF:
		d.syntax(err)
	}
	return doc.Content[0]
}

// syntax reports what the YAML library says about text that is no YAML.
func (d *decoder) syntax(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		d.problem(place{}, "the file is not YAML", "")
		return
	}
	p := place{e.Mark.Line, e.Mark.Column}
	switch e.Stage {
	case yaml.ComposerStage:
		// The library's message repeats the name, which may be a password
		// that begins with an asterisk.
		d.problem(p, "not YAML: an alias that no anchor defines", "put a text that begins with * in quotes")
	default:
		d.problem(p, "not YAML: "+e.Message, "")
	}
}

// bounded says whether the aliases under n stand for no more than maxAliased
// nodes and none stands for what it is in itself.
func (d *decoder) bounded(n *yaml.Node) bool {
	count, open := 0, make(map[*yaml.Node]bool)
	var walk func(n *yaml.Node, aliased bool) bool
	walk = func(n *yaml.Node, aliased bool) bool {
		if n.Kind == yaml.AliasNode {
			if open[n.Alias] {
				d.problem(at(n), "an alias stands for a value that it is part of", "")
				return false
			}
			open[n.Alias] = true
			defer delete(open, n.Alias)
			return walk(n.Alias, true)
		}
		if aliased {
			if count++; count > maxAliased {
				d.problem(at(n), fmt.Sprintf("aliases stand for more than %d values", maxAliased), "")
				return false
			}
		}
		for _, child := range n.Content {
			if !walk(child, aliased) {
				return false
			}
		}
		return true
	}
	return walk(n, false)
}

// value is what n stands for.
func value(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// section reads the mapping n, whose full name is prefix, into fields.
func (d *decoder) section(n *yaml.Node, prefix string, fields []field) {
	where := prefix
	if prefix == "" {
		where = "the configuration"
	}
	m := value(n)
	if empty(m) {
		return // everything in it is commented out
	}
	if m.Kind != yaml.MappingNode {
		hint := ""
		if where == "keys" {
			hint = keysHint
		}
		d.problem(at(n), where+" must be a mapping of names to values", hint)
		return
	}
	first := make(map[string]int) // the line of each name
	for i := 0; i < len(m.Content); i += 2 {
		key := value(m.Content[i])
		f, ok := find(fields, key)
		if !ok {
			d.unknown(key, prefix, fields)
			continue
		}
		full := join(prefix, f.name)
		if line, twice := first[f.name]; twice {
			d.problem(at(key), full+" is given twice", fmt.Sprintf("first in line %d", line))
			continue
		}
		first[f.name] = key.Line
		switch into := f.into.(type) {
		case []field:
			d.section(m.Content[i+1], full, into)
		case list:
			d.list(m.Content[i+1], full, into)
		default:
			before := len(d.problems)
			d.scalar(m.Content[i+1], full, unmarked(into))
			if len(d.problems) == before {
				d.places[full] = at(m.Content[i+1])
			}
		}
	}
	for _, f := range fields {
		must, ok := f.into.(required)
		if _, given := first[f.name]; ok && !given {
			d.problem(at(n), join(prefix, f.name)+" is missing", must.hint)
		}
	}
}

// list reads the list of mappings n, whose full name is name.
func (d *decoder) list(n *yaml.Node, name string, add list) {
	v := value(n)
	if empty(v) {
		return // everything in it is commented out
	}
	if v.Kind != yaml.SequenceNode {
		d.problem(at(n), name+" must be a list of mappings", "begin each with a dash")
		return
	}
	d.places[name] = at(n)
	for i, item := range v.Content {
		full, fields := fmt.Sprintf("%s[%d]", name, i), add()
		if value(item).Kind != yaml.MappingNode {
			d.problem(at(item), full+" must be a mapping of names to values", suggestion("", names(fields)))
			continue
		}
		d.section(item, full, fields)
	}
}

func join(prefix, name string) string {
	if prefix == "" {
		return name
	}
	return prefix + "." + name
}

func names(fields []field) []string {
	all := make([]string, len(fields))
	for i, f := range fields {
		all[i] = f.name
	}
	return all
}

func find(fields []field, key *yaml.Node) (field, bool) {
	for _, f := range fields {
		if key.Kind == yaml.ScalarNode && key.Value == f.name {
			return f, true
		}
	}
	return field{}, false
}

// word is what a field may look like. Anything else in its place may be a
// secret that slipped out of its own, and is not repeated.
var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,31}$`)

func (d *decoder) unknown(key *yaml.Node, prefix string, fields []field) {
	in := ""
	if prefix != "" {
		in = " in " + prefix
	}
	known := names(fields)
	switch {
	case key.Kind == yaml.ScalarNode && key.Value == "<<":
		d.problem(at(key), "merge keys (<<) are not read", "write the fields out, or make the whole section an alias")
	case key.Kind != yaml.ScalarNode || !word.MatchString(key.Value):
		d.problem(at(key), "unknown field"+in, suggestion("", known))
	default:
		d.problem(at(key), fmt.Sprintf("unknown field %q%s", key.Value, in), suggestion(key.Value, known))
	}
}

// scalar reads n, the value of the field name, into a pointer of the schema.
func (d *decoder) scalar(n *yaml.Node, name string, into any) {
	v := value(n)
	if list, ok := into.(*[]string); ok {
		if v.Kind != yaml.SequenceNode {
			d.problem(at(n), name+" must be a list of texts", fmt.Sprintf("as in %s: [%s]", name, name))
			return
		}
		*list = make([]string, len(v.Content))
		for i, item := range v.Content {
			d.scalar(item, fmt.Sprintf("%s[%d]", name, i), &(*list)[i])
		}
		return
	}
	if empty(v) {
		d.problem(at(n), name+" has no value", "leave the line out for the default")
		return
	}
	if v.Kind != yaml.ScalarNode || !slices.Contains(tags(into), v.ShortTag()) || !read(v.Value, into) {
		message, hint := complaint(into)
		d.problem(at(n), name+" "+message, hint)
	}
}

// tags are those of YAML that a value for a pointer of the schema may have.
func tags(into any) []string {
	switch into.(type) {
	case *bool:
		return []string{"!!bool"}
	case *int:
		return []string{"!!int"}
	case *Size, *Duration:
		return []string{"!!str", "!!int"}
	default:
		return []string{"!!str"}
	}
}
