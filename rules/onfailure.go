package rules

import (
	"fmt"
	"slices"
)

// OnFailure is what becomes of a request that cannot be treated or delivered.
type OnFailure uint8

const (
	FailReject OnFailure = iota // the client is told
	FailDrop                    // the client is told that all is well, and nothing is sent on
	FailText                    // what cannot be read as JSON or a form is read as text
)

var failNames = []string{"reject", "drop", "text"}

// failReasons are the reasons of which a route may say what becomes of the request.
// The others are mistakes that somebody must see: of who wrote the rules, or the
// client.
var failReasons = [...]struct{ reason, doc string }{
	{"unparseable", "What cannot be read: syntax, UTF-8, percent-encoding. text: the body is searched as a text instead."},
	{"oversize", "What is larger, deeper or more than the limits."},
	{"encoding", "Bodies of a medium, coding or charset that cannot be inspected."},
	{"keys", "There are no keys for the tenant now."},
	{"collector", "The collector did not answer."},
}

// OnFailure returns what becomes of a request of this route that fails for this
// reason, such as "unparseable". Of reasons that no route may say anything about,
// it is FailReject.
//
// FailText is done by Rewrite. Where that fails for this reason all the same, it
// was not the body that could not be read, or it is no text either: reject it.
func (route *Route) OnFailure(reason string) OnFailure {
	for i, f := range failReasons {
		if f.reason == reason {
			return route.onFailure[i]
		}
	}
	return FailReject
}

// An onFailureSpec has what a file says of each of failReasons.
type onFailureSpec [len(failReasons)]scalar

func (r *reader) onFailure(n *node) (s onFailureSpec) {
	r.mapping(n, "on_failure", r.onFailureFields(&s))
	return s
}

func (r *reader) onFailureFields(s *onFailureSpec) []field {
	fields := make([]field, len(failReasons))
	for i, f := range failReasons {
		fields[i] = field{f.reason, f.doc, enumForm(outcomes(f.reason)...), func(n *node) { s[i] = r.scalar(n) }}
	}
	return fields
}

// outcomes are the words for what may become of a request that fails for this
// reason.
func outcomes(reason string) []string {
	if reason == string(Unparseable) {
		return failNames
	}
	return failNames[:FailText]
}

// routeFailures settles what becomes of a route's requests that fail. One that is
// forwarded unread fails only where the collector does.
func (r *reader) routeFailures(route *Route, s routeSpec) {
	for i, f := range failReasons {
		said := s.onFailure[i]
		switch known := outcomes(f.reason); {
		case said.text == "":
		case !slices.Contains(known, said.text):
			hint := suggestion(said.text, known)
			if said.text == failNames[FailText] {
				hint = "text is for unparseable bodies; known are: reject, drop"
			}
			r.problem(said.line, said.col, fmt.Sprintf("%q is nothing to do on %s", said.text, f.reason), hint)
		case s.pass && f.reason != "collector":
			r.problem(said.line, said.col, f.reason+" means nothing with pass: true: the request is forwarded unread", "remove it, or pass")
		default:
			route.onFailure[i] = OnFailure(slices.Index(failNames, said.text))
		}
	}
}
