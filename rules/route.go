package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// Restore is what comes back in an answer.
type Restore uint8

const (
	RestoreEcho Restore = iota // the values that this request replaced
	RestoreNone
)

var restoreNames = []string{"echo", "none"}

// Route is one kind of request with the rules for it. Routes are immutable.
type Route struct {
	Name    string
	File    string
	Line    int
	Pass    bool // forwarded unread
	Observe bool // forwarded unchanged: what would be done is only reported
	Restore Restore
	Guard   Guard

	onFailure [len(failReasons)]OnFailure

	patterns []*pattern
	rules    []*Rule // its own, then the file's
	tenant   tenant
	any      *detect.Finder // with the settings of its file
	look     *Rule          // the last look, or nil
	parts    [roots]*automaton
	broken   *automaton // of a body that is read as a text because it is broken; nil: it is refused
	// Headers of framing and negotiation are covered only by rules that spell them.
	spelled map[string]bool
	framing *automaton
	reads   []*address // read before anything is replaced: tenant and scopes
	readers [roots]*automaton
}

type tenant struct {
	name string   // fixed, or
	at   *address // read from the request
}

// Tenant returns the name of the tenant that all requests of the route belong
// to, or else the address at which each says whose it is.
func (route *Route) Tenant() (name, address string) {
	if at := route.tenant.at; at != nil {
		return "", at.text
	}
	return route.tenant.name, ""
}

// compileRoute turns a route of a file into a Route.
func (r *reader) compileRoute(s routeSpec, f *fileSpec, fileRules []*Rule, ds *detectors) *Route {
	route := &Route{Name: s.name.text, File: r.file, Line: s.line, Pass: s.pass, any: ds.any, look: ds.look}
	if route.Name == "" {
		r.problem(s.line, s.col, "the route has no name", "name: appears in metrics and messages")
	}
	if len(s.match) == 0 {
		r.problem(s.line, s.col, "the route has no match", "match: POST /path/{name}")
	}
	for _, m := range s.match {
		if m.text == "" {
			continue
		}
		p, err := parsePattern(m.text)
		if err != nil {
			r.problem(m.line, m.col, err.Error(), patternHint(m.text))
			continue
		}
		route.patterns = append(route.patterns, p)
	}
	if s.restore.text != "" {
		i := slices.Index(restoreNames, s.restore.text)
		if i < 0 {
			r.problem(s.restore.line, s.restore.col, fmt.Sprintf("%q is nothing to restore", s.restore.text), suggestion(s.restore.text, restoreNames))
		}
		route.Restore = Restore(max(i, 0))
	}
	route.Guard = Guard(max(slices.Index(guardNames, r.word(s.guard, "a value that stands elsewhere too is replaced there, or rejects the request, or the guard is off", guardNames)), 0))
	if r.word(s.otherwise, "what no rule takes is looked at or kept", otherwiseNames) == "keep" {
		route.look = nil
	}
	route.Observe = r.word(s.mode, "the one mode is observe", modeNames) == "observe"
	if s.pass {
		for _, f := range []struct {
			name  string
			value scalar
		}{{"otherwise", s.otherwise}, {"mode", s.mode}, {"restore", s.restore}, {"guard", s.guard}} {
			if f.value.text != "" {
				r.problem(f.value.line, f.value.col, f.name+" means nothing with pass: true", "remove it, or pass")
			}
		}
	}
	r.routeFailures(route, s)
	if s.pass && len(s.rules) > 0 {
		r.problem(s.rules[0].line, s.rules[0].col, "a route with pass: true is forwarded unread: it can have no rules", "remove pass, or the rules")
	}
	for i, spec := range s.rules {
		rule := r.compileRule(spec, ds)
		if rule.Name == "" {
			rule.Name = fmt.Sprintf("%s/%d", route.Name, i+1)
		}
		rule.order = i
		for _, a := range rule.addresses() {
			r.captured(route, a)
		}
		route.rules = append(route.rules, rule)
	}
	if !s.pass {
		route.rules = append(route.rules, fileRules...)
	}
	r.routeTenant(route, s, f)
	if len(r.problems) > 0 {
		return route
	}
	if err := route.compile(ds); err != nil {
		r.problem(s.line, s.col, err.Error(), "")
	}
	return route
}

// word checks that a field is one of a few words.
func (r *reader) word(s scalar, hint string, known []string) string {
	if s.text != "" && !slices.Contains(known, s.text) {
		r.problem(s.line, s.col, fmt.Sprintf("%q is not known here", s.text), near(s.text, known, hint))
	}
	return s.text
}

// captured reports a path. address whose capture the route does not have.
func (r *reader) captured(route *Route, a *address) {
	name, ok := a.capture()
	if !ok || len(route.patterns) == 0 || route.captures(name) {
		return
	}
	r.problem(a.line, a.col, fmt.Sprintf("no match of route %q captures {%s}", route.Name, name), captureHint(name, route))
}

func (route *Route) captures(name string) bool {
	return slices.ContainsFunc(route.patterns, func(p *pattern) bool {
		return slices.Contains(p.segments, segment{text: name, capture: true})
	})
}

// maxListed is how long a list of names in a hint may be: more say nothing to anyone.
const maxListed = 500

// captureHint guesses which capture of these routes was meant.
func captureHint(name string, routes ...*Route) string {
	var known []string
	for _, route := range routes {
		for _, p := range route.patterns {
			for _, s := range p.segments {
				if s.capture {
					known = append(known, s.text)
				}
			}
		}
	}
	slices.Sort(known)
	if known = slices.Compact(known); len(strings.Join(known, ", ")) > maxListed {
		return near(name, known, "")
	}
	return suggestion(name, known)
}

// routeTenant settles whose data a route's requests are: what the route says,
// else what the file says. A path. tenant of the file does not hold for routes
// that do not capture it: they set their own, or nobody knows whose data it is.
func (r *reader) routeTenant(route *Route, s routeSpec, f *fileSpec) {
	spec := s.tenant
	if spec == nil {
		spec = f.tenant
	}
	if spec == nil || s.pass {
		route.tenant.name = "default"
		return
	}
	if spec.name.text != "" {
		route.tenant.name = spec.name.text
		if !TenantName(spec.name.text) {
			r.problem(spec.name.line, spec.name.col, fmt.Sprintf("%q is no tenant", spec.name.text), "a tenant is 1 to 64 letters, digits, . and -, and begins with a letter or digit")
		}
		return
	}
	if spec.at.text == "" {
		return
	}
	a, err := parseAddress(spec.at)
	if err != nil {
		if s.tenant != nil { // the file's is reported once
			r.problem(spec.at.line, spec.at.col, err.Error(), tenantHint(spec.at.text))
		}
		return
	}
	route.tenant.at = a
	if s.tenant != nil {
		r.captured(route, a)
	} else if name, ok := a.capture(); ok && !route.captures(name) && len(route.patterns) > 0 {
		r.problem(s.line, s.col, fmt.Sprintf("route %q does not capture the file's tenant {%s}", route.Name, name), "give the route a tenant of its own")
	}
}

// tenantHint guesses what the address of a tenant was meant to be: a plain word is
// rather a name.
func tenantHint(text string) string {
	if TenantName(text) && !strings.Contains(text, ".") && !slices.Contains(rootNames[:], text) {
		return fmt.Sprintf("did you mean tenant: {name: %s}?", text)
	}
	return addressHint(text)
}

// TenantName says whether s can name a tenant: [A-Za-z0-9][A-Za-z0-9.-]{0,63}.
func TenantName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 64
}

// compile builds the automata of the route.
func (route *Route) compile(ds *detectors) error {
	var targets [roots][]target
	var framing []target
	route.spelled = map[string]bool{}
	for _, rule := range route.rules {
		for _, a := range rule.at {
			t := target{rule, a.steps}
			targets[a.root] = append(targets[a.root], t)
			if a.root == inHeader && len(a.steps) > 0 && a.steps[0].kind == stepName {
				route.spelled[a.steps[0].name] = true
				framing = append(framing, t)
			}
		}
		if rule.scope != nil {
			route.read(rule.scope)
		}
	}
	if route.tenant.at != nil {
		route.read(route.tenant.at)
	}
	var reads [roots][]target
	for i, a := range route.reads {
		reads[a.root] = append(reads[a.root], target{&Rule{order: i}, a.steps}) // order: its place in reads
	}
	b := newBuild()
	var err error
	// Of a part that no address is about, there is one automaton for all routes.
	build := func(targets []target, part root) (*automaton, error) {
		k := &kit{part: part, any: route.any, look: route.look, build: b}
		if len(targets) > 0 {
			return compile(targets, k)
		}
		return ds.bare(k)
	}
	if route.framing, err = build(framing, inHeader); err != nil {
		return err
	}
	for i := range targets {
		if route.parts[i], err = build(targets[i], root(i)); err != nil {
			return err
		}
		if len(reads[i]) == 0 {
			continue
		}
		if route.readers[i], err = compile(reads[i], &kit{part: root(i), build: b}); err != nil {
			return err
		}
	}
	if route.OnFailure(string(Unparseable)) != FailText {
		return nil
	}
	route.broken, err = compile(targets[inText], &kit{part: inText, any: route.any, look: ds.look, build: b})
	return err
}

func (route *Route) read(a *address) {
	for _, have := range route.reads {
		if have.text == a.text {
			return
		}
	}
	route.reads = append(route.reads, a)
}

// hasFields says whether an address of the route is about a form, hasBody about a
// JSON body.
func (route *Route) hasFields() bool { return route.about(inForm) }
func (route *Route) hasBody() bool   { return route.about(inBody) }

func (route *Route) about(part root) bool {
	return route.readers[part] != nil || slices.ContainsFunc(route.rules, func(r *Rule) bool {
		return slices.ContainsFunc(r.at, func(a *address) bool { return a.root == part })
	})
}
