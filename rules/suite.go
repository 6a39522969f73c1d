package rules

import (
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Suite is the tests of one *_test.yaml file, with the rules that it names.
//
// This file reads tests; yamljson.go their bodies, change.go, spot.go and
// template.go what they expect to change. try.go runs them: arrival.go takes
// apart what arrived, fill.go compares one part with what was sent, in the
// syntax of JSON (jsonoracle.go), of lists of pairs (pairs.go), or of an encoding
// (chain.go). failure.go shows what differs; cover.go counts.
type Suite struct {
	File  string
	Rules *Set
	Tests []*Test
}

// Test is one request and what must become of it.
type Test struct {
	Name   string
	File   string
	Line   int
	head   string // request line and headers, as on the wire
	body   []byte
	answer answer // of the collector
	want   want
}

type want struct {
	route, tenant, refused, dropped scalar
	changed                         []change
	answer                          *answer // that the client gets; nil where the test does not say
}

// failed is the reason for which nothing may be sent on, or "".
func (w *want) failed() string { return w.refused.text + w.dropped.text }

// An answer is what a test says of one: as the collector's, what it answers; as
// the client's, what must come. Only what is given counts.
type answer struct {
	status int
	header []headerField
	body   *scalar
}

type headerField struct {
	name   scalar
	values []scalar
}

// reasons are all that a request may be refused for.
var reasons = []string{
	"no_route", "unparseable", "unsafe", "oversize", "encoding", "method", "slow", "rejected", "tenant", "keys", "collector",
}

// droppable are those for which it may be dropped.
var droppable = func() (names []string) {
	for _, f := range failReasons {
		names = append(names, f.reason)
	}
	return names
}()

// LoadTests reads test files and the rules that they name. A directory stands
// for its *_test.yaml files, in byte order of their names. The error is Problems
// where files could be read but hold mistakes: all of them.
func LoadTests(paths ...string) ([]*Suite, error) {
	var suites []*Suite
	var problems Problems
	for _, path := range paths {
		names, err := expand(path, "*_test.yaml", isTestFile)
		if err != nil {
			return nil, fmt.Errorf("reading tests: %w", err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("reading tests: %w", err)
			}
			suite, wrong := parseTests(name, data)
			suites = append(suites, suite)
			for _, p := range wrong { // two files may name the same rules
				if !slices.Contains(problems, p) {
					problems = append(problems, p)
				}
			}
		}
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return suites, nil
}

// parseTests reads one test file. Its problems are in the order of the file;
// those of the rules that it names follow.
func parseTests(name string, data []byte) (*Suite, Problems) {
	r := &reader{file: name}
	suite := &Suite{File: name}
	doc := r.document(data, "begin it with rules: and the files under test")
	if doc == nil {
		return suite, r.problems
	}
	var paths []scalar
	r.mapping(doc, "a test file", r.suiteFields(suite, &paths))
	if len(r.problems) == 0 && len(paths) == 0 {
		r.problem(1, 1, "rules is missing", "rules: [callstats.yaml] names the rule files, relative to this one")
	}
	if len(r.problems) == 0 && len(suite.Tests) == 0 {
		r.problem(1, 1, "the file has no tests", "")
	}
	ruleProblems := r.suiteRules(suite, paths)
	return suite, append(r.problems.inOrder(), ruleProblems...)
}

func (r *reader) suiteFields(suite *Suite, paths *[]scalar) []field {
	return []field{
		{"rules", "The rule files and folders, relative to this file.", needed(textsForm(textForm("callstats.yaml"))), func(n *node) { *paths = r.scalars(n) }},
		{"tests", "The tests: each sends one request through the rules.", needed(filled(listForm("test"))), func(n *node) {
			r.list(n, func(n *node) { suite.Tests = append(suite.Tests, r.test(n)) })
		}},
	}
}

// suiteRules loads the rules of a suite and returns the problems of their files.
func (r *reader) suiteRules(suite *Suite, paths []scalar) Problems {
	var files []string
	for _, p := range paths {
		if p.text == "" {
			continue
		}
		path := p.text
		if !filepath.IsAbs(path) {
			path = filepath.Join(filepath.Dir(r.file), path)
		}
		names, err := expand(path, "*.yaml", isRuleFile)
		if err != nil {
			if info, isPath := err.(*fs.PathError); isPath {
				err = info.Err
			}
			r.problem(p.line, p.col, fmt.Sprintf("the rules %q cannot be read: %v", p.text, err), "paths are relative to the test file")
			continue
		}
		files = append(files, names...)
	}
	if len(files) == 0 || len(files) < len(paths) {
		return nil
	}
	set, err := Load(files...)
	suite.Rules = set
	switch err := err.(type) {
	case nil:
	case Problems:
		return err
	default:
		r.problem(paths[0].line, paths[0].col, err.Error(), "")
	}
	return nil
}

// A testSpec is what a test says beside what a Test keeps of it.
type testSpec struct {
	name, request     scalar
	header            []headerField
	body              *node
	wanted, hasAnswer bool
}

// claimsForm says whether the headers of a test say that its body is a form.
func (s *testSpec) claimsForm() bool {
	for _, h := range s.header {
		for _, v := range h.values {
			medium, _, _ := mime.ParseMediaType(v.text)
			if strings.EqualFold(h.name.text, "Content-Type") && (medium == "application/x-www-form-urlencoded" || medium == "multipart/form-data") {
				return true
			}
		}
	}
	return false
}

func (r *reader) testFields(t *Test, s *testSpec) []field {
	return []field{
		{"name", "What the test shows.", needed(textForm("phone number as conference id")), func(n *node) { s.name = r.scalar(n) }},
		{"request", "METHOD TARGET, percent-encoded as a client would send it.", needed(textForm("POST /v1/events?user=anna")), func(n *node) { s.request = r.scalar(n) }},
		{"headers", "The headers of the request; several values are a list.", anyObject, func(n *node) { s.header = r.header(n) }},
		{"body", "The body: YAML, which becomes JSON, or a string taken byte for byte.", anyForm, func(n *node) { s.body, t.body = r.resolve(n), []byte(r.bodyText(n).text) }},
		{"answer", "What the collector answers.", refForm("answer"), func(n *node) { s.hasAnswer, t.answer = true, r.answer(n) }},
		{"want", "What must come of it; {} is: forwarded, and nothing changed.", needed(refForm("want")), func(n *node) { s.wanted, t.want = true, r.want(n) }},
	}
}

func (r *reader) test(n *node) *Test {
	t, s := &Test{File: r.file, Line: n.Line}, testSpec{}
	before := len(r.problems)
	r.mapping(n, "a test", r.testFields(t, &s))
	t.Name = s.name.text
	if len(r.problems) > before {
		return t
	}
	switch {
	case s.name.text == "":
		r.problem(n.Line, n.Column, "the test has no name", "name: says what it shows")
	case s.request.text == "":
		r.problem(n.Line, n.Column, "the test has no request", "request: METHOD TARGET, as in request: POST /v1/events?user=anna")
	case !s.wanted:
		r.problem(n.Line, n.Column, "the test wants nothing", "want: {} is: forwarded, and nothing changed")
	case s.body != nil && s.body.Kind != scalarNode && s.claimsForm():
		r.problem(s.body.Line, s.body.Column, "the headers say that the body is a form, but YAML is sent as JSON", "write the form as a string, as in body: user=anna&room=7")
	case t.want.refused.text != "" && s.hasAnswer:
		r.problem(n.Line, n.Column, "the collector of a refused request is not asked: it has no answer", "remove answer, or refused")
	case t.want.dropped.text != "" && s.hasAnswer:
		r.problem(n.Line, n.Column, "the collector of a dropped request is not asked: it has no answer", "remove answer, or dropped")
	}
	r.head(t, s.request, s.header)
	return t
}

// head makes the request as it stands on the wire, and sees whether it can be read.
func (r *reader) head(t *Test, request scalar, header []headerField) {
	if request.text == "" {
		return
	}
	var b strings.Builder
	b.WriteString(request.text + " HTTP/1.1\r\n")
	host := false
	for _, h := range header {
		switch http.CanonicalHeaderKey(h.name.text) {
		case "Host":
			host = true
		case "Content-Length", "Transfer-Encoding":
			r.problem(h.name.line, h.name.col, fmt.Sprintf("%s is that of the body", h.name.text), "remove it")
			return
		}
		for _, v := range h.values {
			b.WriteString(h.name.text + ": " + v.text + "\r\n")
		}
	}
	if !host {
		b.WriteString("Host: statveil.invalid\r\n")
	}
	t.head = b.String() + "\r\n"
	r.grown(request.line, request.col, len(t.head))
	if _, err := t.request(); err != nil || strings.Count(request.text, " ") != 1 {
		r.problem(request.line, request.col, "the request or a header cannot be read", "request: METHOD TARGET, percent-encoded as a client would send it")
	}
}

func (r *reader) header(n *node) (all []headerField) {
	n = r.resolve(n)
	if n.Kind != mappingNode {
		r.problem(n.Line, n.Column, "headers are a mapping, like Content-Type: application/json", "")
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		h := headerField{name: r.scalar(n.Content[i])}
		if slices.ContainsFunc(all, func(have headerField) bool { return strings.EqualFold(have.name.text, h.name.text) }) {
			r.problem(h.name.line, h.name.col, fmt.Sprintf("%q stands twice in headers", h.name.text), "several values are a list: [a, b]")
			continue
		}
		value := r.resolve(n.Content[i+1])
		values := []*node{value}
		if value.Kind == sequenceNode {
			values = value.Content
		}
		for _, v := range values {
			h.values = append(h.values, r.text(v))
		}
		for _, s := range append([]scalar{h.name}, h.values...) {
			if strings.ContainsAny(s.text, "\r\n\x00") {
				r.problem(s.line, s.col, "a header is one line", "")
			}
		}
		all = append(all, h)
	}
	return all
}

// text reads a scalar that may be empty.
func (r *reader) text(n *node) scalar {
	n = r.resolve(n)
	if n.Kind != scalarNode || n.Tag == "!!null" {
		r.problem(n.Line, n.Column, "a single value is wanted here", "")
	}
	return scalar{n.Value, n.Line, n.Column}
}

func (r *reader) answer(n *node) (a answer) {
	r.mapping(n, "an answer", r.answerFields(&a))
	return a
}

func (r *reader) answerFields(a *answer) []field {
	return []field{
		{"status", "200 to 599.", textForm("200"), func(n *node) {
			s := r.scalar(n)
			if _, err := fmt.Sscanf(s.text, "%d", &a.status); s.text != "" && (err != nil || a.status < 200 || a.status > 599 || len(s.text) != 3) {
				r.problem(s.line, s.col, fmt.Sprintf("%q is no status of an answer", s.text), "200 to 599")
			}
		}},
		{"headers", "The headers of the answer.", anyObject, func(n *node) { a.header = r.header(n) }},
		{"body", "The body of the answer.", anyForm, func(n *node) { s := r.bodyText(n); a.body = &s }},
	}
}

func (r *reader) wantFields(w *want) []field {
	return []field{
		{"route", "The route that matches.", textForm("join"), func(n *node) { w.route = r.scalar(n) }},
		{"tenant", "Whose data it is.", textForm("acme"), func(n *node) { w.tenant = r.scalar(n) }},
		{"changed", "What changes on the way, by address; every other byte must arrive as it was sent.", anyObject, func(n *node) { w.changed = r.changes(n) }},
		{"refused", "The reason for which the request is refused.", enumForm(reasons...), func(n *node) { w.refused = r.scalar(n) }},
		{"dropped", "The reason for which the request is dropped: the client gets 204, and nothing is sent on.", enumForm(droppable...), func(n *node) { w.dropped = r.scalar(n) }},
		{"answer", "What the client must get.", refForm("answer"), func(n *node) { a := r.answer(n); w.answer = &a }},
	}
}

func (r *reader) want(n *node) (w want) {
	r.mapping(n, "want", r.wantFields(&w))
	for _, f := range []struct {
		name, verb string
		reason     scalar
		known      []string
	}{{"refused", "refuse", w.refused, reasons}, {"dropped", "drop", w.dropped, droppable}} {
		s := f.reason
		if s.text != "" && !slices.Contains(f.known, s.text) {
			r.problem(s.line, s.col, fmt.Sprintf("%q is no reason to %s a request", s.text, f.verb), suggestion(s.text, f.known))
		}
		if s.text != "" && len(w.changed) > 0 {
			r.problem(s.line, s.col, fmt.Sprintf("a request that is %s does not arrive: nothing in it is changed", f.name), "remove changed, or "+f.name)
		}
	}
	if s := w.dropped; s.text != "" && w.refused.text != "" {
		r.problem(s.line, s.col, "a request is refused or dropped, but not both", "dropped is what on_failure makes of a refusal: the client gets 204")
	}
	return w
}
