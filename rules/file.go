package rules

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Limits of one rule file. maxNodes counts what aliases repeat, so that a file
// of a few lines cannot become a document of millions (a YAML bomb).
const (
	maxFile  = 1 << 20
	maxNodes = 100_000
)

// A scalar is a value of a rule file with its place.
type scalar struct {
	text      string
	line, col int
}

type fileSpec struct {
	tenant    *tenantSpec
	detectors []detectorSpec
	rules     []ruleSpec
	routes    []routeSpec
}

// A detectorSpec is one entry of detectors: settings of a built-in one, a
// variant of one, or one of the file's own.
type detectorSpec struct {
	name           scalar
	kind, pattern  scalar
	bare           scalar
	regions, words []scalar
}

type routeSpec struct {
	line, col int
	name      scalar
	match     []scalar
	rules     []ruleSpec
	tenant    *tenantSpec
	pass      bool
	restore   scalar
	otherwise scalar
	mode      scalar
}

type ruleSpec struct {
	line, col  int
	at, find   []scalar
	part       scalar
	do, as     scalar
	reversible scalar
	linkable   scalar
	name       scalar
}

// A tenantSpec is an address or a literal name.
type tenantSpec struct {
	at, name scalar
}

// A reader walks the nodes of one file and collects every mistake.
type reader struct {
	file     string
	problems Problems
	nodes    int
}

// readFile reads one rule file. What is wrong with it is in the reader's problems.
func (r *reader) readFile(data []byte) *fileSpec {
	if len(data) > maxFile {
		r.problem(1, 1, fmt.Sprintf("the file is larger than %d bytes", maxFile), "split it")
		return nil
	}
	if len(bytes.TrimSpace(data)) == 0 {
		r.problem(1, 1, "the file is empty", "begin it with version: 1")
		return nil
	}
	var doc yaml.Node
	if err := yaml.Load(data, &doc); err != nil {
		line, col, message := 1, 1, err.Error()
		var load *yaml.LoadError
		if errors.As(err, &load) {
			line, col, message = max(load.Mark.Line, 1), max(load.Mark.Column, 1), load.Message
		}
		r.problem(line, col, "not YAML: "+strings.TrimPrefix(message, "yaml: "), "")
		return nil
	}
	f := &fileSpec{}
	version := scalar{}
	r.mapping(doc.Content[0], "a rule file", []field{
		{"version", func(n *yaml.Node) { version = r.scalar(n) }},
		{"tenant", func(n *yaml.Node) { f.tenant = r.tenant(n) }},
		{"detectors", func(n *yaml.Node) { f.detectors = r.detectors(n) }},
		{"rules", func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { f.rules = append(f.rules, r.rule(n)) }) }},
		{"routes", func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { f.routes = append(f.routes, r.route(n)) }) }},
	})
	switch {
	case len(r.problems) > 0:
	case version.text == "":
		r.problem(1, 1, "version is missing", "begin the file with version: 1")
	case version.text != "1":
		r.problem(version.line, version.col, fmt.Sprintf("version %q is not known", version.text), "this statveil reads version: 1")
	case len(f.routes) == 0:
		r.problem(1, 1, "the file has no routes", "a request that no route matches is refused")
	}
	return f
}

func (r *reader) route(n *yaml.Node) (s routeSpec) {
	s.line, s.col = n.Line, n.Column
	r.mapping(n, "a route", []field{
		{"name", func(n *yaml.Node) { s.name = r.scalar(n) }},
		{"match", func(n *yaml.Node) { s.match = r.scalars(n) }},
		{"rules", func(n *yaml.Node) { r.list(n, func(n *yaml.Node) { s.rules = append(s.rules, r.rule(n)) }) }},
		{"tenant", func(n *yaml.Node) { s.tenant = r.tenant(n) }},
		{"pass", func(n *yaml.Node) { s.pass = r.bool(r.scalar(n)) }},
		{"restore", func(n *yaml.Node) { s.restore = r.scalar(n) }},
		{"otherwise", func(n *yaml.Node) { s.otherwise = r.scalar(n) }},
		{"mode", func(n *yaml.Node) { s.mode = r.scalar(n) }},
	})
	return s
}

func (r *reader) rule(n *yaml.Node) (s ruleSpec) {
	s.line, s.col = n.Line, n.Column
	r.mapping(n, "a rule", []field{
		{"at", func(n *yaml.Node) { s.at = r.scalars(n) }},
		{"find", func(n *yaml.Node) { s.find = r.scalars(n) }},
		{"part", func(n *yaml.Node) { s.part = r.scalar(n) }},
		{"do", func(n *yaml.Node) { s.do = r.scalar(n) }},
		{"as", func(n *yaml.Node) { s.as = r.scalar(n) }},
		{"reversible", func(n *yaml.Node) { s.reversible = r.scalar(n) }},
		{"linkable", func(n *yaml.Node) { s.linkable = r.scalar(n) }},
		{"name", func(n *yaml.Node) { s.name = r.scalar(n) }},
	})
	return s
}

// detectors reads a mapping from names to settings.
func (r *reader) detectors(n *yaml.Node) (all []detectorSpec) {
	if n = r.resolve(n); n.Kind != yaml.MappingNode {
		r.problem(n.Line, n.Column, "detectors is a mapping from names to settings, like phone: {regions: [FI]}", "")
		return nil
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		s := detectorSpec{name: r.scalar(n.Content[i])}
		if seen[s.name.text] {
			r.problem(s.name.line, s.name.col, fmt.Sprintf("%q stands twice in detectors", s.name.text), "")
			continue
		}
		seen[s.name.text] = true
		r.mapping(n.Content[i+1], "a detector", []field{
			{"kind", func(n *yaml.Node) { s.kind = r.scalar(n) }},
			{"regions", func(n *yaml.Node) { s.regions = r.scalars(n) }},
			{"bare", func(n *yaml.Node) { s.bare = r.scalar(n) }},
			{"pattern", func(n *yaml.Node) { s.pattern = r.scalar(n) }},
			{"words", func(n *yaml.Node) { s.words = r.scalars(n) }},
		})
		all = append(all, s)
	}
	return all
}

func (r *reader) tenant(n *yaml.Node) *tenantSpec {
	t := &tenantSpec{}
	if n = r.resolve(n); n.Kind != yaml.MappingNode {
		t.at = r.scalar(n)
		return t
	}
	if len(n.Content) == 0 {
		r.problem(n.Line, n.Column, "the tenant has no name", "an address as in tenant: path.appID, or tenant: {name: acme}")
	}
	r.mapping(n, "a tenant", []field{{"name", func(n *yaml.Node) { t.name = r.scalar(n) }}})
	return t
}

// A field is one key that a mapping may have.
type field struct {
	name string
	read func(*yaml.Node)
}

func (r *reader) mapping(n *yaml.Node, what string, fields []field) {
	n = r.resolve(n)
	if n.Kind != yaml.MappingNode {
		r.problem(n.Line, n.Column, fmt.Sprintf("%s is a mapping of fields, like name: value", what), "")
		return
	}
	seen := map[string]bool{}
next:
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if seen[key.Value] {
			r.problem(key.Line, key.Column, fmt.Sprintf("%q stands twice in %s", key.Value, what), "")
			continue
		}
		seen[key.Value] = true
		known := make([]string, len(fields))
		for j, f := range fields {
			if known[j] = f.name; f.name == key.Value && key.Kind == yaml.ScalarNode {
				f.read(value)
				continue next
			}
		}
		r.problem(key.Line, key.Column, fmt.Sprintf("%q is no field of %s", key.Value, what), suggestion(key.Value, known))
	}
}

func (r *reader) list(n *yaml.Node, item func(*yaml.Node)) {
	n = r.resolve(n)
	if n.Kind != yaml.SequenceNode {
		r.problem(n.Line, n.Column, "a list is wanted here, with a - before each entry", "")
		return
	}
	for _, c := range n.Content {
		item(r.resolve(c))
	}
}

// scalars reads one scalar or a list of them.
func (r *reader) scalars(n *yaml.Node) []scalar {
	if n = r.resolve(n); n.Kind != yaml.SequenceNode {
		return []scalar{r.scalar(n)}
	}
	var all []scalar
	for _, c := range n.Content {
		all = append(all, r.scalar(c))
	}
	if len(all) == 0 {
		r.problem(n.Line, n.Column, "the list is empty", "")
	}
	return all
}

func (r *reader) scalar(n *yaml.Node) scalar {
	n = r.resolve(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || n.Value == "" {
		r.problem(n.Line, n.Column, "a single value is wanted here", "")
		return scalar{"", n.Line, n.Column}
	}
	return scalar{n.Value, n.Line, n.Column}
}

func (r *reader) bool(s scalar) bool {
	if s.text == "" {
		return false
	}
	b, err := strconv.ParseBool(s.text)
	if err != nil || len(s.text) == 1 {
		r.problem(s.line, s.col, fmt.Sprintf("%q is neither true nor false", s.text), "")
	}
	return b
}

// resolve follows an alias and counts every node that is looked at.
func (r *reader) resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if r.nodes++; r.nodes == maxNodes {
		r.problem(n.Line, n.Column, "aliases make this file too large", "")
	}
	if r.nodes >= maxNodes {
		return &yaml.Node{Kind: yaml.ScalarNode, Value: "-", Line: n.Line, Column: n.Column}
	}
	return n
}

func (r *reader) problem(line, col int, message, hint string) {
	if r.nodes > maxNodes { // what follows the bound is noise
		return
	}
	r.problems = append(r.problems, Problem{r.file, line, col, message, hint})
}

// node is what the tests of rules are read from: only this file knows YAML.
type node = yaml.Node

const (
	mappingNode  = yaml.MappingNode
	sequenceNode = yaml.SequenceNode
	scalarNode   = yaml.ScalarNode
	quotedStyles = yaml.LiteralStyle | yaml.FoldedStyle | yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle
)

// document reads one YAML document; what is no document is a problem.
func (r *reader) document(data []byte) *node {
	var doc yaml.Node
	err := yaml.Load(data, &doc)
	if err == nil && len(doc.Content) == 1 {
		return doc.Content[0]
	}
	if len(bytes.TrimSpace(data)) == 0 {
		r.problem(1, 1, "the file is empty", "")
		return nil
	}
	line, col, message := 1, 1, fmt.Sprint(err)
	var load *yaml.LoadError
	if errors.As(err, &load) {
		line, col, message = max(load.Mark.Line, 1), max(load.Mark.Column, 1), load.Message
	}
	r.problem(line, col, "not YAML: "+strings.TrimPrefix(message, "yaml: "), "")
	return nil
}
