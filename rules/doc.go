// Package rules is the rule language: it says where in a request personal data
// may stand and what is to be done about it, and it finds and rewrites it there.
//
// Load reads rule files into a Set. Set.Match finds the route of a request;
// Match.Rewrite walks path, query, headers and body once and asks a Replacer
// for what takes the place of each Finding. Every byte that no rule touches
// stays as it was.
//
//	set, err := rules.Load("rules")                     // every mistake at once, file:line:col
//	m, err := set.Match(&rules.Message{Method: "POST", Path: "/v1/apps/7/conferences/x", Body: doc})
//	if m == nil { /* no route: refuse the request */ }
//	err = m.Rewrite(nil, func(f *rules.Finding) (string, error) { return seal(f), nil })
//
// Check is Load for whoever writes the files: every mistake, and by Set.Lint what
// is none and may still not be meant. Schema describes the files to editors.
//
// # What it promises
//
// A body is read by one strict pass: what [encoding/json] would not accept, what
// is not UTF-8, and what nests deeper than the limit is an error, never a guess.
// Duplicate and escaped member names count every time they occur, in any
// spelling of upper and lower case. After the rules of a route, everything they
// left is searched for all kinds of personal data (the last look).
//
// # Tests of rules
//
// LoadTests reads test files; Suite.Run sends each request by a Try that it is
// handed, and compares what arrives with what was sent and what the test says.
//
// # Lines of text
//
// Look finds personal data in a line of any text, such as a log: in every
// encoding that it knows, without rules. Requests are not read by it.
//
// # What it does not do
//
// It makes no pseudonym, knows no key, sends nothing and never logs. Errors,
// findings and rules print no text of a request. A Set is immutable and safe
// for concurrent use.
package rules
