package rules

import (
	"slices"
	"sort"
	"strings"
)

// Message is a request as the rules see it: what an HTTP library has taken
// apart, but not decoded. Rewrite changes it in place.
type Message struct {
	Method string // of a preflight, the method that it announces
	Host   string
	Path   string              // percent-encoded, as the client spelled it
	Query  string              // what follows ?, as the client spelled it
	Header map[string][]string // by canonical name
	Body   []byte              // JSON, its content coding undone; empty is no body
	Depth  int                 // how deep Body may nest; 0 is DefaultDepth
}

func (m *Message) depth() int {
	if m.Depth == 0 {
		return DefaultDepth
	}
	return m.Depth
}

// Match is one request and the route that matched it. It is not safe for
// concurrent use.
type Match struct {
	Route *Route

	msg      *Message
	path     *requestPath
	captures []capture
	values   [][]string // by Route.reads: what stands at these addresses
}

// Match finds the route of a request: the first whose method, host and path
// match, in the order of the files. Without one it returns nil: refuse the
// request. The error is an *Error: the path cannot be read. It looks at neither
// query, headers nor body, so these may follow later.
func (s *Set) Match(msg *Message) (*Match, error) {
	path, err := splitPath(msg.Path)
	if err != nil {
		return nil, err
	}
	for _, route := range s.routes {
		for _, p := range route.patterns {
			captures, ok := p.match(nil, msg.Method, msg.Host, path)
			if !ok {
				continue
			}
			m := &Match{Route: route, msg: msg, path: path, captures: captures}
			return m, nil
		}
	}
	return nil, nil
}

// Read reads what the route's tenant and scopes need. Call it before Rewrite,
// once Body is there. The error is an *Error: query or body cannot be read.
func (m *Match) Read() error {
	route := m.Route
	if len(route.reads) == 0 {
		return nil
	}
	m.values = make([][]string, len(route.reads))
	w := getWalker()
	defer w.release()
	w.looks = false
	collect := func(rules []*Rule, text string) {
		for _, r := range rules {
			m.values[r.Line] = append(m.values[r.Line], strings.Clone(text))
		}
	}
	if a := route.readers[inPath]; a != nil {
		for _, c := range m.captures {
			text, _ := urlText(m.path.raw[c.start:c.end])
			collect(w.named(a, c.name).rules, text)
		}
	}
	if a := route.readers[inQuery]; a != nil {
		for pair := range strings.SplitSeq(m.msg.Query, "&") {
			name, value, _ := strings.Cut(pair, "=")
			name, ok := urlText(name)
			text, ok2 := urlText(value)
			if !ok || !ok2 {
				return errQuery
			}
			collect(w.named(a, name).rules, text)
		}
	}
	if a := route.readers[inHeader]; a != nil {
		for name, values := range m.msg.Header {
			for _, v := range values {
				collect(w.named(a, name).rules, v)
			}
		}
	}
	if a := route.readers[inBody]; a != nil && len(m.msg.Body) > 0 {
		return w.read(m.msg.Body, m.msg.depth(), a, collect)
	}
	return nil
}

// Tenant returns whose data the request is. The error is an *Error with reason
// NoTenant where the tenant's address is absent, malformed, or not the same
// everywhere it stands.
func (m *Match) Tenant() (string, error) {
	at := m.Route.tenant.at
	if at == nil {
		return m.Route.tenant.name, nil
	}
	name, ok := m.one(at)
	switch {
	case !ok:
		return "", &Error{NoTenant, "the tenant is absent or not the same everywhere: " + at.text}
	case !TenantName(name):
		return "", &Error{NoTenant, "the tenant is malformed: " + at.text}
	}
	return name, nil
}

// Scope returns the canonical text of the value at the address that a rule is
// linkable across. Where it is absent or not the same everywhere, ok is false.
func (m *Match) Scope(r *Rule) (value string, ok bool) {
	if r.scope == nil {
		return "", false
	}
	text, ok := m.one(r.scope)
	if !ok || text == "" {
		return "", false
	}
	return canonical(text, false), true
}

// one returns the value at an address if all its occurrences are equal.
func (m *Match) one(a *address) (string, bool) {
	i := slices.IndexFunc(m.Route.reads, func(r *address) bool { return r.text == a.text })
	if i < 0 || i >= len(m.values) || len(m.values[i]) == 0 {
		return "", false
	}
	values := m.values[i]
	for _, v := range values[1:] {
		if v != values[0] {
			return "", false
		}
	}
	return values[0], true
}

// Names says whether a rule of the route spells this header, as in
// header.X-Forwarded-For. Wildcards name none.
func (m *Match) Names(header string) bool {
	return m.Route.spelled[string(appendFold(nil, header))] != nil
}

// Rewrite replaces what the rules and the last look find, in the order path,
// query, headers, cookies, body, and puts the result into the Message. A body
// in which something was replaced is appended to dst; else Body stays as it is.
// The error is an *Error, or the Replacer's; the Message is then half rewritten
// and must not be used.
func (m *Match) Rewrite(dst []byte, replace Replacer) error {
	w := getWalker()
	defer w.release()
	w.t.replace, w.looks = replace, true
	outer := w.t.place
	defer func() { w.t.place = outer }()
	for _, rewrite := range []func(*walker) error{m.rewritePath, m.rewriteQuery, m.rewriteHeader} {
		if err := rewrite(w); err != nil {
			return err
		}
	}
	w.t.place = outer
	if len(m.msg.Body) == 0 {
		return nil
	}
	out, edited, err := w.rewrite(dst, m.msg.Body, m.msg.depth(), m.Route.parts[inBody], replace)
	if edited {
		m.msg.Body = out
	}
	return err
}

// Body rewrites one JSON document by the route's body rules and the last look.
// It appends the result to dst, whole, whether anything was replaced or not.
// The error is an *Error, or the Replacer's.
func (route *Route) Body(dst, doc []byte, replace Replacer) ([]byte, error) {
	w := getWalker()
	defer w.release()
	out, edited, err := w.rewrite(dst, doc, DefaultDepth, route.parts[inBody], replace)
	if err != nil {
		return dst, err
	}
	if !edited {
		out = append(dst, doc...)
	}
	return out, nil
}

// named returns the plan of the value of this name in a part of the request that
// has no deeper structure.
func (w *walker) named(a *automaton, name string) *plan {
	w.auto = a
	if own := a.states[a.member(0, name)].plan; own != nil {
		return w.below(a.root(), own)
	}
	return a.root()
}

func (m *Match) rewritePath(w *walker) error {
	a, t := m.Route.parts[inPath], &w.t
	w.part, t.plus = inPath, true
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
	w.part, t.plus = inQuery, true
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
	if t.plus {
		t.spaced = withSpaces(raw)
	}
	err := t.treat(rules, text, name)
	t.spaced = ""
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

// percentOffset returns where the byte stands that is n decoded bytes after raw[i].
func percentOffset(raw string, i, n int) int {
	for ; n > 0; n-- {
		if raw[i] == '%' {
			i += 2
		}
		i++
	}
	return i
}

// percent encodes all but the unreserved characters of RFC 3986, section 2.3.
func percent(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if isBase64url(c) || c == '.' || c == '~' {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte("0123456789ABCDEF"[c>>4])
		b.WriteByte("0123456789ABCDEF"[c&15])
	}
	return b.String()
}

// sortedNames makes the order of headers, and so of what is restored, certain.
func sortedNames(h map[string][]string) []string {
	names := make([]string, 0, len(h))
	for n := range h {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
