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
	guard     scalar
	otherwise scalar
	mode      scalar
	onFailure onFailureSpec
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
	lints    Problems
	nodes    int
	sent     int // bytes, by the tests
}

// readFile reads one rule file. What is wrong with it is in the reader's problems.
func (r *reader) readFile(data []byte) *fileSpec {
	doc := r.document(data, "begin it with version: 1")
	if doc == nil {
		return nil
	}
	f := &fileSpec{}
	version := scalar{}
	r.mapping(doc, "a rule file", r.fileFields(f, &version))
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

// document reads one YAML document. Where there is none that can be read, that is
// a problem; begin is the hint where there is nothing.
func (r *reader) document(data []byte, begin string) *node {
	switch {
	case len(data) > maxFile:
		r.problem(1, 1, fmt.Sprintf("the file is larger than %d bytes", maxFile), "split it")
		return nil
	case len(bytes.TrimSpace(data)) == 0:
		r.problem(1, 1, "the file is empty", begin)
		return nil
	}
	var doc yaml.Node
	err := yaml.Load(data, &doc)
	if err == nil {
		return doc.Content[0]
	}
	line, col, message := 1, 1, err.Error()
	var load *yaml.LoadError
	if errors.As(err, &load) {
		line, col, message = max(load.Mark.Line, 1), max(load.Mark.Column, 1), load.Message
	}
	r.problem(line, col, "not YAML: "+strings.TrimPrefix(message, "yaml: "), "")
	return nil
}

// fileFields is the table of what a rule file may say. Schema reads it too.
func (r *reader) fileFields(f *fileSpec, version *scalar) []field {
	return []field{
		{"version", "The version of the rule language: 1.", versionForm, func(n *yaml.Node) { *version = r.scalar(n) }},
		{"tenant", "Whose data it is, read from the request or named. Without it: default.", refForm("tenant"), func(n *yaml.Node) { f.tenant = r.tenant(n) }},
		{"detectors", "Settings of built-in detectors, variants of them, and detectors of your own, by name.", mapForm("detector"), func(n *yaml.Node) { f.detectors = r.detectors(n) }},
		{"rules", "Rules for every route of this file, tried after the route's own.", listForm("rule"), func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { f.rules = append(f.rules, r.rule(n)) })
		}},
		{"routes", "The kinds of requests. The first that matches decides; a request that none matches is refused.", needed(filled(listForm("route"))), func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { f.routes = append(f.routes, r.route(n)) })
		}},
	}
}

func (r *reader) route(n *yaml.Node) (s routeSpec) {
	s.line, s.col = n.Line, n.Column
	r.mapping(n, "a route", r.routeFields(&s))
	return s
}

func (r *reader) routeFields(s *routeSpec) []field {
	return []field{
		{"name", "Appears in metrics and messages; unique over all files.", needed(textForm("join")), func(n *yaml.Node) { s.name = r.scalar(n) }},
		{"match", "The requests: [METHOD[|METHOD]] [HOST]/PATH, or a list of them. {x} is one segment, {x...} one or more.",
			needed(textsForm(textForm("POST /v1/apps/{appID}/conferences/{confID...}"))), func(n *yaml.Node) { s.match = r.scalars(n) }},
		{"rules", "What to do with these requests, tried in this order.", listForm("rule"), func(n *yaml.Node) {
			r.list(n, func(n *yaml.Node) { s.rules = append(s.rules, r.rule(n)) })
		}},
		{"tenant", "Whose data it is, instead of the file's tenant.", refForm("tenant"), func(n *yaml.Node) { s.tenant = r.tenant(n) }},
		{"pass", "true: forward the request unread. Such a route has no rules.", boolForm, func(n *yaml.Node) { s.pass = r.bool(r.scalar(n)) }},
		{"restore", "What comes back in the answer: echo, the values that this request replaced, or none.", enumForm(restoreNames...), func(n *yaml.Node) { s.restore = r.scalar(n) }},
		{"guard", "What becomes of a value that was pseudonymized and stands elsewhere in the request too: replace puts the same pseudonym there, reject refuses the request, off leaves it.", enumForm(guardNames...), func(n *yaml.Node) { s.guard = r.scalar(n) }},
		{"otherwise", "What becomes of what no rule takes: look searches it for any, keep leaves it as it is.", enumForm(otherwiseNames...), func(n *yaml.Node) { s.otherwise = r.scalar(n) }},
		{"mode", "observe: forward the request unchanged and report what would have been done.", enumForm(modeNames...), func(n *yaml.Node) { s.mode = r.scalar(n) }},
		{"on_failure", "What becomes of a request that cannot be treated or delivered, by the reason: reject tells the client, drop answers 204.", refForm("on_failure"), func(n *yaml.Node) { s.onFailure = r.onFailure(n) }},
	}
}

func (r *reader) rule(n *yaml.Node) (s ruleSpec) {
	s.line, s.col = n.Line, n.Column
	r.mapping(n, "a rule", r.ruleFields(&s))
	return s
}

func (r *reader) ruleFields(s *ruleSpec) []field {
	return []field{
		{"at", "Where to look: an address, or a list of them.", needed(textsForm(addressForm)), func(n *yaml.Node) { s.at = r.scalars(n) }},
		{"find", "Detectors, each of which finds spans inside the value. Without it, the whole value is taken.", textsForm(detectorForm), func(n *yaml.Node) { s.find = r.scalars(n) }},
		{"part", "An RE2 expression with one group: only the group is the value. Without a match, all of it.", textForm("^(.*)@[0-9]+$"), func(n *yaml.Node) { s.part = r.scalar(n) }},
		{"do", "What becomes of what the rule takes.", enumForm(actionNames...), func(n *yaml.Node) { s.do = r.scalar(n) }},
		{"as", "The form of the pseudonym.", enumForm(asNames...), func(n *yaml.Node) { s.as = r.scalar(n) }},
		{"reversible", "true: keys can turn the pseudonym back.", boolForm, func(n *yaml.Node) { s.reversible = r.scalar(n) }},
		{"linkable", "Across what two pseudonyms of one value are equal: a word, or where the value at an address is equal.", linkableForm, func(n *yaml.Node) { s.linkable = r.scalar(n) }},
		{"name", "For metrics and messages. Without it, the route's name and the position.", textForm("phones"), func(n *yaml.Node) { s.name = r.scalar(n) }},
	}
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
		r.mapping(n.Content[i+1], "a detector", r.detectorFields(&s))
		all = append(all, s)
	}
	return all
}

func (r *reader) detectorFields(s *detectorSpec) []field {
	return []field{
		{"kind", "The built-in detector that this is a variant of, with its settings.", textForm("phone"), func(n *yaml.Node) { s.kind = r.scalar(n) }},
		{"regions", "Countries whose national formats count too, as two letters.", textsForm(textForm("FI")), func(n *yaml.Node) { s.regions = r.scalars(n) }},
		{"bare", "true: digits alone count, for places where people put numbers.", boolForm, func(n *yaml.Node) { s.bare = r.scalar(n) }},
		{"pattern", "An RE2 expression. With a group, the group is the finding.", textForm(`\bE[0-9]{6}\b`), func(n *yaml.Node) { s.pattern = r.scalar(n) }},
		{"words", "Words that are findings wherever they stand.", textsForm(textForm("John Smith")), func(n *yaml.Node) { s.words = r.scalars(n) }},
	}
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
	r.mapping(n, "a tenant", r.tenantFields(t))
	return t
}

func (r *reader) tenantFields(t *tenantSpec) []field {
	return []field{{"name", "The tenant of every request: letters, digits, . and -.", needed(textForm("acme")), func(n *yaml.Node) { t.name = r.scalar(n) }}}
}

// A field is one key that a mapping may have: what it says, what its value looks
// like, and how that is read.
type field struct {
	name, doc string
	form      form
	read      func(*yaml.Node)
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
