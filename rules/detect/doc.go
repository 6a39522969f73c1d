// Package detect finds personal data in identifiers: is there a phone number in this string, and where?
//
// Find appends the findings of the given kinds to a slice; Any is what a rule means by "any". Canonical gives the one
// spelling of a value that all its spellings share, so that a person has one pseudonym however the value is written.
// A scanner that already looks at every byte ORs Hints over them and asks Hint.Possible before it calls Find.
//
//	spans := detect.Find(nil, "conf-+358401234567", detect.Any...)
//	// one phone, Start 5, End 18, Canonical "+358401234567"
//
// # What the kinds take
//
// Phone takes what says that it is one: a plus (ITU-T E.164), 00 or 011 before a valid number, tel: (RFC 3966), the
// user part of a SIP URI or of a messenger address, a telling word directly before (msisdn=, phone:, caller_). Digits
// alone never are a phone number. Email wants a domain with a dot; SIP is a sip: or sips: URI with a user part (RFC
// 3261), and a user part that is a number is a phone. IP is version 4 and 6 but for unspecified and loopback addresses.
// Opaque is the opposite of the others, an id that a machine made (UUID, ULID, hex, base64url); it is no part of Any
// and rather misses an id than takes a name for one.
//
// # Limits
//
// Every detector is linear in the length of the text, looks at no more than 254 bytes around an anchor such as "@", and
// allocates only when it finds something. A text is read as it stands: undoing percent-encoding, base64 or JSON inside
// it is the caller's work. National numbers without one of the marks above need a country and are not found. Names of
// people cannot be found by pattern.
//
// The numbering plans in plans.go are generated from the metadata of libphonenumber; run go generate to renew them.
package detect

//go:generate go run gen.go
