package rules

import (
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

func (m *Match) rewritePath(w *walker) error {
	if m.path == nil {
		return nil // a record
	}
	a, t := m.Route.parts[inPath], &w.t
	w.part = inPath
	raw, shift := m.path.raw, 0
	for _, c := range m.captures {
		t.place = func() string { return "path." + c.name }
		part := m.path.raw[c.start:c.end]
		with, err := t.component(w.named(a, c.name).rules, part, false)
		if err != nil {
			return err
		}
		raw = raw[:c.start+shift] + with + raw[c.end+shift:]
		shift += len(with) - len(part)
	}
	m.msg.Path = raw
	return nil
}

var errQuery = unparseable("the query has a broken percent-encoding or is not UTF-8")

func (m *Match) rewriteQuery(w *walker) error {
	if m.msg.Query == "" {
		return nil
	}
	a, t := m.Route.parts[inQuery], &w.t
	w.part = inQuery
	var b strings.Builder
	for i, pair := range strings.Split(m.msg.Query, "&") {
		if i > 0 {
			b.WriteByte('&')
		}
		rawName, rawValue, hasValue := strings.Cut(pair, "=")
		name, ok := urlText(rawName)
		if !ok {
			return errQuery
		}
		t.place = func() string { return "query." + name }
		out, err := t.component(a.root().names, rawName, true)
		if err != nil {
			return err
		}
		b.WriteString(out)
		if !hasValue {
			continue
		}
		b.WriteByte('=')
		if out, err = t.component(w.named(a, name).rules, rawValue, false); err != nil {
			return err
		}
		b.WriteString(out)
	}
	m.msg.Query = b.String()
	return nil
}

// component treats one percent-encoded part of a URL and returns it rewritten,
// in the client's spelling where nothing was replaced.
func (t *treater) component(rules []*Rule, raw string, name bool) (string, error) {
	text, ok := unpercent(raw)
	if !ok {
		return "", errQuery
	}
	if text == "" {
		return raw, nil
	}
	t.bare = withSpaces(raw)
	err := t.treat(rules, text, name)
	t.bare = ""
	if err != nil {
		return "", err
	}
	if len(t.edits) == 0 {
		return raw, nil
	}
	var b strings.Builder
	at, from := 0, 0
	for _, e := range t.edits {
		start := percentOffset(raw, from, e.start-at)
		b.WriteString(raw[from:start])
		end := percentOffset(raw, start, e.end-e.start)
		if e.with == e.was {
			b.WriteString(raw[start:end])
		} else {
			b.WriteString(percent(e.with))
		}
		at, from = e.end, end
	}
	b.WriteString(raw[from:])
	return b.String(), nil
}

// urlText decodes a part of a path or query. It says false where unpercent does.
func urlText(raw string) (string, bool) {
	text, ok := unpercent(raw)
	if bare := withSpaces(raw); ok && bare != "" {
		text = plusOrSpace(text, bare)
	}
	return text, ok
}

// withSpaces decodes a part of a URL as forms are: a bare + is a space. Where
// there is none it returns "".
func withSpaces(raw string) string {
	if strings.IndexByte(raw, '+') < 0 {
		return ""
	}
	text, _ := unpercent(strings.ReplaceAll(raw, "+", " "))
	return text
}

// plusOrSpace reads the bare + of a URL: as a plus where that gives a finding,
// else as the space that form encoders mean by it.
func plusOrSpace(text, bare string) string {
	for _, read := range []string{text, numbersPlus(text, bare)} {
		for _, s := range detect.Find(nil, read, detect.Any...) {
			if read[s.Start:s.End] != bare[s.Start:s.End] {
				return read
			}
		}
	}
	return bare
}
