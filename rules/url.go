package rules

import (
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// rewritePath treats what the pattern captured, segment by segment or as one.
func (m *Match) rewritePath(w *walker) error {
	if m.path == nil {
		return nil // a record
	}
	a := m.Route.parts[inPath]
	raw, shift := m.path.raw, 0
	for _, c := range m.captures {
		w.t.place = func() string { return "path." + c.name }
		part := m.path.raw[c.start:c.end]
		with, err := w.t.component(w.named(a, c.name), part)
		if err != nil {
			return err
		}
		raw = raw[:c.start+shift] + with + raw[c.end+shift:]
		shift += len(with) - len(part)
	}
	if raw != m.path.raw {
		if _, err := splitPath(raw); err != nil {
			return errPath
		}
	}
	m.msg.Path = raw
	return nil
}

// errPath is about what a rule left of the path, which was fine before.
var errPath = &Error{Reason: Unsafe, Detail: "what a rule leaves of the path would be read as . or .."}

var errQuery = unparseable("the query has a broken percent-encoding or is not UTF-8")

func (m *Match) rewriteQuery(w *walker) (err error) {
	if m.msg.Query == "" {
		return nil
	}
	if !pairsReadable(m.msg.Query) {
		return errQuery
	}
	w.auto = m.Route.parts[inQuery]
	m.msg.Query, err = w.pairs(0, m.msg.Query, func() string { return "query" })
	return err
}

// pairsReadable says whether every name and value can be decoded.
func pairsReadable(raw string) bool {
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if _, ok := unpercent(name); !ok {
			return false
		}
		if _, ok := unpercent(value); !ok {
			return false
		}
	}
	return true
}

// pairs treats the pairs of a query or an urlencoded form, which are readable, and
// returns them in the client's spelling where nothing was replaced. The state is
// where the automaton is before their names.
func (w *walker) pairs(state uint16, raw string, place func() string) (string, error) {
	t := &w.t
	all := w.planAt(state)
	var b strings.Builder
	kept := 0
	for pair := range strings.SplitSeq(raw, "&") {
		rawName, rawValue, hasValue := strings.Cut(pair, "=")
		name, _ := urlText(rawName)
		t.place = func() string { return place() + "." + name }
		outName, err := t.nameComponent(all, rawName)
		if err != nil {
			return "", err
		}
		p := w.memberPlan(all, state, name)
		out, err := t.component(p, rawValue)
		if err != nil {
			return "", err
		}
		if t.removed {
			continue
		}
		if kept++; kept > 1 {
			b.WriteByte('&')
		}
		b.WriteString(outName)
		if hasValue {
			b.WriteByte('=')
		}
		b.WriteString(out)
	}
	return b.String(), nil
}

// component treats one percent-encoded part of a URL, which can be decoded, and
// returns it rewritten, in the client's spelling where nothing was replaced.
func (t *treater) component(p *plan, raw string) (string, error) {
	text, ok := unpercent(raw)
	if !ok {
		return "", errQuery
	}
	t.bare = withSpaces(raw)
	if t.collect != nil {
		text, _ = urlText(raw)
	}
	err := t.value(p, text)
	t.bare = ""
	if err != nil {
		return "", err
	}
	return t.respell(raw), nil
}

// nameComponent is component for the name of a parameter.
func (t *treater) nameComponent(p *plan, raw string) (string, error) {
	text, ok := unpercent(raw)
	if !ok {
		return "", errQuery
	}
	t.bare = withSpaces(raw)
	err := t.name(p, text)
	t.bare = ""
	if err != nil {
		return "", err
	}
	return t.respell(raw), nil
}

// respell returns raw with the edits of the text that it spells.
func (t *treater) respell(raw string) string {
	if len(t.edits) == 0 {
		return raw
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
	return b.String()
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
