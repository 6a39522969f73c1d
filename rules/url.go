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
		if err := w.t.component(w.named(a, c.name), part); err != nil {
			return err
		}
		with := apply(part, w.t.respelled(nil, part, 0))
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

func (m *Match) rewriteQuery(w *walker) error {
	if m.msg.Query == "" {
		return nil
	}
	if !pairsReadable(m.msg.Query) {
		return errQuery
	}
	w.auto = m.Route.parts[inQuery]
	edits, err := w.pairs(0, m.msg.Query, func() string { return "query" })
	m.msg.Query = apply(m.msg.Query, edits)
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

// pairs treats the pairs of a query or an urlencoded form, which are readable. The
// state is where the automaton is before their names. It returns edits of raw, as
// they are spelled there.
func (w *walker) pairs(state uint16, raw string, place func() string) ([]edit, error) {
	t := &w.t
	all := w.planAt(state)
	var edits []edit
	kept := 0
	for start := 0; start <= len(raw); {
		end := len(raw)
		if i := strings.IndexByte(raw[start:], '&'); i >= 0 {
			end = start + i
		}
		rawName, rawValue, hasValue := strings.Cut(raw[start:end], "=")
		name, _ := urlText(rawName)
		t.place = func() string { return place() + "." + name }
		before := len(edits)
		if err := t.nameComponent(all, rawName); err != nil {
			return nil, err
		}
		edits = t.respelled(edits, rawName, start)
		if err := t.component(w.memberPlan(all, state, name), rawValue); err != nil {
			return nil, err
		}
		switch {
		case t.removed && kept > 0: // with the & before it
			edits = append(edits[:before], edit{start: start - 1, end: end, was: raw[start-1 : end], done: true})
		case t.removed: // with the & behind it
			next := min(end+1, len(raw))
			edits = append(edits[:before], edit{start: start, end: next, was: raw[start:next], done: true})
		default:
			kept++
			if hasValue {
				edits = t.respelled(edits, rawValue, end-len(rawValue))
			}
		}
		start = end + 1
	}
	return edits, nil
}

// component treats one percent-encoded part of a URL.
func (t *treater) component(p *plan, raw string) error {
	text, ok := unpercent(raw)
	if !ok {
		return errQuery
	}
	t.bare = withSpaces(raw)
	if t.collect != nil {
		text, _ = urlText(raw)
	}
	err := t.value(p, text)
	t.bare = ""
	return err
}

// nameComponent is component for the name of a parameter.
func (t *treater) nameComponent(p *plan, raw string) error {
	text, ok := unpercent(raw)
	if !ok {
		return errQuery
	}
	t.bare = withSpaces(raw)
	err := t.name(p, text)
	t.bare = ""
	return err
}

// respelled appends the edits of a text as edits of raw, which spells it in
// percent-encoding and stands at this offset.
func (t *treater) respelled(dst []edit, raw string, offset int) []edit {
	at, from := 0, 0
	for _, e := range t.edits {
		start := percentOffset(raw, from, e.start-at)
		end := percentOffset(raw, start, e.end-e.start)
		with := raw[start:end]
		if !e.unchanged() {
			with = percent(e.with)
		}
		at, from = e.end, end
		dst = append(dst, edit{start: offset + start, end: offset + end, rule: e.rule, was: raw[start:end], with: with, done: true})
	}
	return dst
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
