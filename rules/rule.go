package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// Action is what a rule does with what it takes.
type Action uint8

const (
	Pseudonymize Action = iota // a pseudonym takes its place
	Mask                       // * takes the place of its letters and digits, but for the last four
	Remove                     // it is left out
	Generalize                 // an IP address becomes its network, a place less exact; all else is pseudonymized
	Reject                     // the request is refused
	Keep                       // it stays, and no later rule with find sees it
)

var actionNames = []string{"pseudonymize", "mask", "remove", "generalize", "reject", "keep"}

func (a Action) String() string { return actionNames[a] }

// Linkable is across what two pseudonyms of one value are equal.
type Linkable uint8

const (
	LinkTenant  Linkable = iota // everywhere in the tenant
	LinkGlobal                  // across tenants
	LinkRequest                 // within this request
	LinkDay                     // within a day, UTC
	LinkWeek                    // within an ISO week, UTC
	LinkMonth                   // within a month, UTC
	LinkAddress                 // where the value at an address is equal
)

var linkableNames = []string{"tenant", "global", "request", "day", "week", "month"}

// Rule says what to do at some addresses. Rules are immutable.
type Rule struct {
	Name       string // for metrics and messages; ROUTE/POSITION where the file gives none
	File       string // where it stands; "" for the last look
	Line       int
	Do         Action
	As         As
	Reversible bool // the pseudonym may be turned back
	Linkable   Linkable

	at    []*address
	find  *detect.Finder // nil: the whole value
	finds []string       // the names of its detectors
	part  *regexp.Regexp // only its group is the value
	scope *address       // of LinkAddress
	order int            // among the rules of a route, the file's after its own
	own   bool           // it finds what the last look would not

	any    *detect.Finder // with the settings of its file
	look   bool           // the last look
	refuse bool           // what it finds refuses the request
	alone  *automaton     // of the last look: for texts that no rule covers
	strict *Rule          // of the last look: the one that refuses
}

// newLook returns the last look, which takes what no rule of the route took.
func newLook(any *detect.Finder) *Rule {
	look := &Rule{Name: "otherwise", find: any, any: any, look: true}
	look.alone, _ = compile(nil, &kit{part: inBody, any: any, look: look, build: newBuild()}) // without addresses nothing is tangled
	strict := *look
	strict.refuse = true
	look.strict = &strict
	return look
}

// whole says whether the rule takes its values whole.
func (r *Rule) whole() bool { return r.find == nil && r.part == nil }

// blind says whether the rule must see every value, whatever it looks like.
func (r *Rule) blind() bool { return r.find == nil || r.own || r.part != nil || r.find.Numeric() }

// within returns the part of a value that the rule is about.
func (r *Rule) within(text string) (start, end int) {
	if r.part != nil {
		if m := r.part.FindStringSubmatchIndex(text); m != nil && m[2] >= 0 {
			return m[2], m[3]
		}
	}
	return 0, len(text)
}

// addresses returns the places a rule reads: those it looks at and its scope.
func (r *Rule) addresses() []*address {
	if r.scope == nil {
		return r.at
	}
	return append(slices.Clone(r.at), r.scope)
}

func (r *reader) compileRule(s ruleSpec, ds *detectors) *Rule {
	rule := &Rule{Name: s.name.text, File: r.file, Line: s.line, any: ds.any}
	if len(s.at) == 0 {
		r.problem(s.line, s.col, "the rule has no at", "at: says where to look, as in at: body.userID")
	}
	for _, at := range s.at {
		if at.text == "" {
			continue
		}
		a, err := parseAddress(at)
		if err != nil {
			r.problem(at.line, at.col, err.Error(), addressHint(at.text))
			continue
		}
		rule.at = append(rule.at, a)
	}
	r.find(rule, s.find, ds)
	if s.part.text != "" {
		rule.part = r.part(s.part)
	}
	if s.do.text != "" {
		i := slices.Index(actionNames, s.do.text)
		if i < 0 {
			r.problem(s.do.line, s.do.col, fmt.Sprintf("%q is nothing a rule can do", s.do.text), suggestion(s.do.text, actionNames))
		}
		rule.Do = Action(max(i, 0))
	}
	rule.Reversible = r.bool(s.reversible)
	if s.as.text != "" {
		rule.As = r.as(s.as, rule.Reversible)
	}
	if s.linkable.text != "" {
		r.linkable(rule, s.linkable)
		r.linkableInJWT(rule, s.linkable)
	}
	if rule.Do != Pseudonymize && rule.Do != Generalize {
		for _, f := range []struct {
			name  string
			value scalar
		}{{"as", s.as}, {"reversible", s.reversible}, {"linkable", s.linkable}} {
			if f.value.text != "" {
				r.problem(f.value.line, f.value.col, fmt.Sprintf("%s means nothing with do: %s", f.name, rule.Do), "remove it")
			}
		}
	}
	if rule.Do == Remove && rule.whole() {
		r.removable(rule)
	}
	return rule
}

func (r *reader) as(s scalar, reversible bool) As {
	i := slices.Index(asNames, s.text)
	switch as := As(i + 1); {
	case i < 0:
		r.problem(s.line, s.col, fmt.Sprintf("%q is no form of a pseudonym", s.text), suggestion(s.text, asNames))
	case as == AsShape && reversible:
		r.problem(s.line, s.col, "a shape cannot be turned back: as: shape means nothing with reversible: true", "remove one of them")
	default:
		return as
	}
	return AsUsual
}

// removable reports addresses of places that cannot be left out.
func (r *reader) removable(rule *Rule) {
	for _, a := range rule.at {
		switch {
		case a.root == inPath:
			r.problem(a.line, a.col, "a segment of the path cannot be removed", "with find, what is found in it can")
		case a.root == inBody && !slices.ContainsFunc(a.steps, func(s step) bool { return s.kind != stepInto }):
			r.problem(a.line, a.col, fmt.Sprintf("%s names no member that could be removed", a.text), "name one, as in body.user, or each with body.*")
		case len(a.steps) > 0 && a.steps[len(a.steps)-1].kind == stepKeys:
			r.problem(a.line, a.col, "a name cannot be removed without its value", "the members are "+strings.TrimSuffix(a.text, "@keys")+"*")
		}
	}
}

// part compiles an expression with one group.
func (r *reader) part(s scalar) *regexp.Regexp {
	re, err := regexp.Compile(s.text)
	switch {
	case err != nil:
		r.problem(s.line, s.col, "part is no regular expression: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "the syntax is RE2's")
	case re.NumSubexp() != 1:
		r.problem(s.line, s.col, fmt.Sprintf("part has %d groups; the one group is the value", re.NumSubexp()), "as in '^(.*)@[0-9]+$'; a group that only groups is (?:...)")
	default:
		return re
	}
	return nil
}

// find builds what finds the rule's spans: each detector once, in the order in
// which they are named.
func (r *reader) find(rule *Rule, names []scalar, ds *detectors) {
	var found []*detect.Detector
	for _, name := range names {
		named, ok := ds.named[name.text]
		if name.text == "any" {
			named, ok = ds.all, true
		}
		if !ok && name.text != "" {
			r.problem(name.line, name.col, fmt.Sprintf("%q is no detector", name.text), detectorHint(name.text, ds))
		}
		for _, d := range named {
			if !slices.Contains(found, d) {
				found = append(found, d)
			}
			rule.own = rule.own || !slices.Contains(ds.all, d)
		}
		rule.finds = append(rule.finds, name.text)
	}
	if len(names) > 0 {
		rule.find = detect.NewFinder(found...)
	}
}

// detectorHint guesses which detector was meant. What is none may be a setting.
func detectorHint(name string, ds *detectors) string {
	switch name {
	case "bare":
		return "bare is a setting: detectors: {dialled: {kind: phone, bare: true}} makes a detector to find, dialled"
	case "regions", "region":
		return "regions is a setting: detectors: {phone: {regions: [FI]}} makes phone find the numbers of a country"
	}
	return suggestion(name, ds.names())
}

// linkableInJWT reports what would change in a token that must stay the same for
// as long as it lives.
func (r *reader) linkableInJWT(rule *Rule, s scalar) {
	if rule.Linkable == LinkTenant || rule.Linkable == LinkGlobal {
		return
	}
	for _, a := range rule.at {
		if slices.Contains(a.steps, step{kind: stepInto, into: jwt}) {
			r.problem(s.line, s.col, fmt.Sprintf("%s: what is in a JWT can be linkable across tenant or global only", a.text), "a token must stay the same for as long as it lives; give the other addresses a rule of their own")
			return
		}
	}
}

func (r *reader) linkable(rule *Rule, s scalar) {
	if i := slices.Index(linkableNames, s.text); i >= 0 {
		rule.Linkable = Linkable(i)
		return
	}
	if !strings.Contains(s.text, ".") {
		r.problem(s.line, s.col, fmt.Sprintf("%q is nothing to be linkable across", s.text),
			suggestion(s.text, append(slices.Clone(linkableNames), "an address such as path.confID")))
		return
	}
	a, err := parseAddress(s)
	if err != nil {
		r.problem(s.line, s.col, err.Error(), addressHint(s.text))
		return
	}
	rule.Linkable, rule.scope = LinkAddress, a
}
