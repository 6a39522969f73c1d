package rules

import (
	"slices"
	"strings"
)

// Read reads what the route's tenant and scopes need. Call it before Rewrite,
// once Body is there. The error is an *Error: query or body cannot be read.
func (m *Match) Read() error {
	route := m.Route
	if len(route.reads) == 0 {
		return nil
	}
	if err := m.count(); err != nil {
		return err
	}
	m.values = make([][]string, len(route.reads))
	w := getWalker()
	defer w.release()
	w.t.depth, w.own.ask = m.msg.depth(), m.msg.Room
	w.t.collect = func(rules []*Rule, text string) {
		for _, r := range rules {
			if w.t.room.take(perReading+len(text)) != nil {
				return
			}
			m.values[r.order] = append(m.values[r.order], strings.Clone(text))
		}
	}
	if a := route.readers[inPath]; a != nil {
		for _, c := range m.captures {
			if err := w.t.component(w.named(a, c.name), m.path.raw[c.start:c.end]); err != nil {
				return err
			}
		}
	}
	if w.auto = route.readers[inQuery]; w.auto != nil {
		if !pairsReadable(m.msg.Query) {
			return errQuery
		}
		if _, err := w.pairs(0, m.msg.Query, nil); err != nil {
			return err
		}
	}
	if a := route.readers[inHeader]; a != nil {
		for name, values := range m.msg.Header {
			for _, v := range values {
				if err := w.t.value(w.named(a, HeaderName(name)), v); err != nil {
					return err
				}
			}
		}
	}
	if a := route.readers[inCookie]; a != nil {
		for _, line := range m.msg.Header["Cookie"] {
			for pair := range strings.SplitSeq(line, ";") {
				name, value, _ := strings.Cut(pair, "=")
				if err := w.t.value(w.named(a, strings.TrimSpace(name)), value); err != nil {
					return err
				}
			}
		}
	}
	if len(m.msg.Body) > 0 {
		if err := m.readBody(w); err != nil {
			return err
		}
	}
	return w.t.room.take(0)
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
		return "", &Error{Reason: NoTenant, Detail: "the tenant is absent or not the same everywhere: " + at.text}
	case !TenantName(name):
		return "", &Error{Reason: NoTenant, Detail: "the tenant is malformed: " + at.text}
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
	return canonical(r.any, text), true
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
