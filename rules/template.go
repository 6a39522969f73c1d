package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// A template is what a test wants to see at a place: literal text with
// placeholders for pseudonyms.
type template struct {
	source  string
	bare    bool // a number, true or false: no string of JSON
	removed bool // null: nothing is there any more
	pieces  []piece
}

// A piece is literal text, or a placeholder: <kind>, <kind=label>.
type piece struct{ literal, kind, label string }

var placeholder = regexp.MustCompile(`\\<|<([a-z][a-z0-9_-]*)(?:=([A-Za-z0-9_]+))?>`)

// pieces splits a text; \< is a literal <.
func pieces(text string) (all []piece) {
	literal := ""
	at := 0
	flush := func() {
		if literal != "" {
			all = append(all, piece{literal: literal})
		}
		literal = ""
	}
	for _, m := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		literal += text[at:m[0]]
		at = m[1]
		if m[2] < 0 {
			literal += "<"
			continue
		}
		flush()
		p := piece{kind: text[m[2]:m[3]]}
		if m[4] >= 0 {
			p.label = text[m[4]:m[5]]
		}
		all = append(all, p)
	}
	literal += text[at:]
	flush()
	return all
}

// alone says whether the template is one placeholder and nothing else.
func (t template) alone() bool { return len(t.pieces) == 1 && t.pieces[0].kind != "" }

// Seen is a finding of a request that was tried: where it was, and what took
// its place ("" where a rule keeps it). Its text is that of the test.
type Seen struct {
	Rule                      *Rule // Rule.File is "" for the last look
	Address, Kind, Text, With string
	Do                        Action // what was done with it
}

// pseudonyms are those of one request, and the labels that a test gave them. A
// label stands for one pseudonym whatever the kind: <phone=1> and <value=1> are
// the same one, and different labels are different ones.
type pseudonyms struct {
	found  []Seen
	labels map[string]string
}

// ofKind returns the different pseudonyms of one kind, in the order of the request.
func (p *pseudonyms) ofKind(kind string, where func(Seen) bool) (all []string) {
	for _, f := range p.found {
		if f.Kind == kind && f.With != "" && f.Do == Pseudonymize && !slices.Contains(all, f.With) && where(f) {
			all = append(all, f.With)
		}
	}
	return all
}

func anywhere(Seen) bool { return true }

// match says whether text is what the template wants, and which pseudonyms stand
// for its placeholders. Only findings that where allows count.
func (p *pseudonyms) match(t template, text string, where func(Seen) bool) ([]string, bool) {
	labels := maps.Clone(p.labels)
	if labels == nil {
		labels = map[string]string{}
	}
	with, ok := p.rest(t.pieces, text, where, labels)
	if ok {
		p.labels = labels
	}
	return with, ok
}

func (p *pseudonyms) rest(ps []piece, text string, where func(Seen) bool, labels map[string]string) ([]string, bool) {
	if len(ps) == 0 {
		return nil, text == ""
	}
	if ps[0].kind == "" {
		after, ok := strings.CutPrefix(text, ps[0].literal)
		if !ok {
			return nil, false
		}
		return p.rest(ps[1:], after, where, labels)
	}
	for _, with := range p.ofKind(ps[0].kind, where) {
		after, ok := strings.CutPrefix(text, with)
		if !ok {
			continue
		}
		label := ps[0].label
		named, known := labels[label]
		if known && !onePseudonym(named, with) ||
			label != "" && !known && slices.ContainsFunc(slices.Collect(maps.Values(labels)), func(other string) bool { return onePseudonym(other, with) }) {
			continue
		}
		if label != "" && !known {
			labels[label] = with
		}
		if all, ok := p.rest(ps[1:], after, where, labels); ok {
			return append([]string{with}, all...), true
		}
		if label != "" && !known {
			delete(labels, label)
		}
	}
	return nil, false
}

// onePseudonym says whether two are the same. The shape of a phone number has no +
// where digits alone were sent.
func onePseudonym(a, b string) bool { return strings.TrimPrefix(a, "+") == strings.TrimPrefix(b, "+") }

// expand writes the pseudonyms of the request into an answer. What looks like a
// placeholder but names no kind, as <b> does, is literal.
func (p *pseudonyms) expand(text string) (string, error) {
	var b strings.Builder
	for _, s := range pieces(text) {
		if s.kind == "" {
			b.WriteString(s.literal)
			continue
		}
		all := p.ofKind(s.kind, anywhere)
		labelled := p.labels[s.label]
		switch {
		case s.label != "" && labelled != "":
			b.WriteString(labelled)
		case s.label != "":
			return "", fmt.Errorf("<%s=%s>: changed gives no pseudonym this number", s.kind, s.label)
		case len(all) == 1:
			b.WriteString(all[0])
		case len(all) > 1:
			return "", fmt.Errorf("<%s>: the request has %d pseudonyms of this kind; number them in changed: <%s=1>", s.kind, len(all), s.kind)
		case s.kind == "value" || slices.Contains(detect.Names(), s.kind):
			return "", fmt.Errorf("<%s>: the request has no pseudonym of this kind", s.kind)
		default:
			b.WriteString("<" + s.kind + ">")
		}
	}
	return b.String(), nil
}
