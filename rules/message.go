package rules

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

	// Parameters is how many there may be of each: parameters of the query, fields
	// of a form, lines of the header, cookies. 0 is DefaultParameters.
	Parameters int

	// Room is asked before so many bytes of memory are taken to read or rewrite the
	// message, beside what it takes itself; less than none are given back. Its error
	// ends that. What is asked for is free again once Rewrite returns, but for the new
	// Body. nil: there is room for everything.
	Room func(bytes int) error
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
	asText   bool       // the body was broken
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

// Names says whether a rule of the route spells this header, as in
// header.X-Forwarded-For, by its HeaderName. Wildcards name none.
func (m *Match) Names(header string) bool {
	return m.Route.spelled[HeaderName(string(appendFold(nil, header)))]
}

// Rewrite replaces what the rules and the last look find, in the order path,
// query, headers, cookies, body, and puts the result into the Message. Where the guard
// finds what was pseudonymized elsewhere, all of it is done again. A body
// in which something was replaced is appended to dst; else Body stays as it is.
// The error is an *Error, or the Replacer's; the Message is then half rewritten
// and must not be used.
func (m *Match) Rewrite(dst []byte, replace Replacer) error {
	if m.Route.Guard != GuardOff {
		return m.guardedRewrite(dst, replace)
	}
	_, err := m.rewrite(dst, replace, nil)
	return err
}

// rewrite is one pass over the message. It returns how many bytes of room it took.
func (m *Match) rewrite(dst []byte, replace Replacer, g *guardian) (int, error) {
	w := getWalker()
	defer w.release()
	w.t.replace, w.t.depth, w.own.ask, w.t.guard = replace, m.msg.depth(), m.msg.Room, g
	if g != nil {
		g.room = &w.own
	}
	if err := m.count(); err != nil {
		return 0, err
	}
	if err := m.rewritePath(w); err != nil {
		return 0, err
	}
	if err := m.rewriteQuery(w); err != nil {
		return 0, err
	}
	if err := m.rewriteHeader(w); err != nil {
		return 0, err
	}
	if len(m.msg.Body) == 0 {
		return w.own.held, nil
	}
	out, err := m.rewriteBody(w, dst)
	if err == nil {
		m.msg.Body = out
	}
	return w.own.held, err
}

// Body rewrites one JSON document by the route's body rules and the last look.
// It appends the result to dst, whole, whether anything was replaced or not.
// The error is an *Error, or the Replacer's.
func (route *Route) Body(dst, doc []byte, replace Replacer) ([]byte, error) {
	w := getWalker()
	defer w.release()
	w.t.replace = replace
	out, edited, err := w.rewrite(dst, doc, route.parts[inBody])
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
	return w.memberPlan(a.root().down, 0, name)
}

// planAt returns the plan of what stands in this state, at the root of a part.
func (w *walker) planAt(state uint16) *plan {
	around := w.auto.root().down
	if own := w.auto.states[state].plan; own != nil && state != 0 {
		return w.below(around, own)
	}
	return around
}

// memberPlan returns the plan of the member of this name, where around covers all
// members.
func (w *walker) memberPlan(around *plan, state uint16, name string) *plan {
	if own := w.auto.states[w.auto.member(state, name)].plan; own != nil {
		return w.below(around, own)
	}
	return around
}

// Record returns the match of a stored record: a message of this route of which
// only the body is left, a JSON text. Depth is how deep it may nest; 0 is
// DefaultDepth.
func (route *Route) Record(doc []byte, depth int) *Match {
	return &Match{Route: route, msg: &Message{Body: doc, Depth: depth}}
}

// Body returns the body of the message: after Rewrite, the rewritten one.
func (m *Match) Body() []byte { return m.msg.Body }
