package rules

import "fmt"

// Reason is why a request cannot be treated, in the words that clients get.
type Reason string

const (
	Unparseable Reason = "unparseable" // syntax, UTF-8, percent-encoding
	Oversize    Reason = "oversize"    // nested too deep, or too much of something
	Unsafe      Reason = "unsafe"      // read, but cannot be made safe
	NoTenant    Reason = "tenant"      // absent, malformed or not the same everywhere
	Encoding    Reason = "encoding"    // a medium or charset that cannot be inspected
	Rejected    Reason = "rejected"    // a rule says so
)

// Error is a request that cannot be treated. Detail says what was wrong and
// where, never with a value: it may be logged and sent to the client.
type Error struct {
	Reason Reason
	Detail string
	Body   bool   // it is the body that cannot be read
	Limit  string // which limit was passed: "depth" or "parameters"; else ""
}

func (e *Error) Error() string { return string(e.Reason) + ": " + e.Detail }

func unparseable(format string, args ...any) error {
	return &Error{Reason: Unparseable, Detail: fmt.Sprintf(format, args...)}
}

// badBody is about a body that is not what it claims to be, or what it looks like.
func badBody(format string, args ...any) error {
	return &Error{Reason: Unparseable, Detail: fmt.Sprintf(format, args...), Body: true}
}
