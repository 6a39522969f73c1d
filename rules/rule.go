package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// Action is what a rule does with what it takes.
type Action uint8

const (
	Pseudonymize Action = iota // a pseudonym takes its place
	Keep                       // it stays, and no later rule with find sees it
)

var actionNames = []string{"pseudonymize", "keep"}

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
	Reversible bool // the pseudonym may be turned back
	Linkable   Linkable

	find  []detect.Kind // none: the whole value
	at    []*address
	scope *address // of LinkAddress
	order int      // among the rules of a route, the file's after its own
}

// lastLook takes what no rule of the route took.
var lastLook = &Rule{Name: "otherwise", find: detect.Any}

// addresses returns the places a rule reads: those it looks at and its scope.
func (r *Rule) addresses() []*address {
	if r.scope == nil {
		return r.at
	}
	return append(slices.Clone(r.at), r.scope)
}

func (r *reader) compileRule(s ruleSpec) *Rule {
	rule := &Rule{Name: s.name.text, File: r.file, Line: s.line}
	if len(s.at) == 0 {
		r.problem(s.line, s.col, "the rule has no at", "at: says where to look, as in at: body.userID")
	}
	for _, at := range s.at {
		if at.text == "" {
			continue
		}
		a, err := parseAddress(at)
		if err != nil {
			r.problem(at.line, at.col, err.Error(), "")
			continue
		}
		rule.at = append(rule.at, a)
	}
	for _, name := range s.find {
		if name.text == "any" {
			rule.addKinds(detect.Any...)
			continue
		}
		kind, ok := detect.KindOf(name.text)
		if !ok && name.text != "" {
			r.problem(name.line, name.col, fmt.Sprintf("%q is no detector", name.text),
				suggestion(name.text, append(detect.Names(), "any")))
		}
		rule.addKinds(kind)
	}
	if s.do.text != "" {
		i := slices.Index(actionNames, s.do.text)
		if i < 0 {
			r.problem(s.do.line, s.do.col, fmt.Sprintf("%q is nothing a rule can do", s.do.text), suggestion(s.do.text, actionNames))
		}
		rule.Do = Action(max(i, 0))
	}
	if s.as.text != "" && s.as.text != "token" {
		r.problem(s.as.line, s.as.col, fmt.Sprintf("%q is no form of a pseudonym", s.as.text), "as: token")
	}
	rule.Reversible = r.bool(s.reversible)
	if s.linkable.text != "" {
		r.linkable(rule, s.linkable)
	}
	if rule.Do == Keep {
		for _, f := range []struct {
			name  string
			value scalar
		}{{"as", s.as}, {"reversible", s.reversible}, {"linkable", s.linkable}} {
			if f.value.text != "" {
				r.problem(f.value.line, f.value.col, fmt.Sprintf("%s means nothing with do: keep", f.name), "remove it")
			}
		}
	}
	return rule
}

// addKinds keeps the order in which detectors are named, each once.
func (rule *Rule) addKinds(kinds ...detect.Kind) {
	for _, k := range kinds {
		if !slices.Contains(rule.find, k) {
			rule.find = append(rule.find, k)
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
		r.problem(s.line, s.col, err.Error(), "")
		return
	}
	rule.Linkable, rule.scope = LinkAddress, a
}
