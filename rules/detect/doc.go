// Package detect finds personal data in identifiers: is there a phone number in this string, and where?
//
// Find appends the findings of the given kinds to a slice; Any is what a rule means by "any". Canonical gives the one
// spelling of a value that all its spellings share, so that a person has one pseudonym however the value is written.
// A scanner that already looks at every byte ORs Hints over them and asks Hint.Possible before it calls Find.
//
//	spans := detect.Find(nil, "conf-+358401234567", detect.Any...)
//	// one phone, Start 5, End 18, Canonical "+358401234567"
//
// What a rule file configures are Detectors: a built-in kind with Options, a Pattern or a list of Words. A Finder finds
// with several of them; without options it is Find, at the same cost.
//
//	phone, err := detect.Builtin(detect.Phone, detect.Options{Regions: []string{"FI"}})
//	spans := detect.NewFinder(phone).Find(nil, "conf-040 1234567")
//	// one phone, Start 5, End 16, Canonical "+358401234567"
//
// # What the kinds take
//
// Phone takes what says that it is one: a plus (ITU-T E.164), 00 or 011 before a valid number, tel: (RFC 3966), the
// user part of a SIP URI or of a messenger address, a telling word directly before (msisdn=, phone:, caller_). Digits
// alone never are a phone number. Email wants a domain with a dot; SIP is a sip: or sips: URI with a user part (RFC
// 3261), and a user part that is a number is a phone. IP is version 4 and 6 but for unspecified and loopback addresses,
// with the zone where it has one. MAC is EUI-48 and EUI-64 in pairs, in groups with dots, and in the names of phones and
// interfaces; 12 digits in one piece only where a label says so. IBAN is right by country, length, structure and check
// digits (ISO 13616).
//
// IMEI (3GPP TS 23.003), CreditCard (ISO/IEC 7812) and NationalID (numbers of persons in fourteen countries, see
// nationalid_*.go) are numbers like the many that statistics are full of. Where a rule asks for them by name, digits
// alone count if they pass every check and the number has enough of them; Any takes them only in a marked form: with a
// label (imei=, card:, ssn), a prefix, or the separators that they alone have. So do Coordinates, a latitude and a
// longitude in degrees.
//
// Opaque is the opposite of the others, an id that a machine made (UUID, ULID, hex, base64url); it is no part of Any
// and rather misses an id than takes a name for one.
//
// # One spelling
//
// Before they are asked, a text is folded into what a reader takes it for (fold.go): digits of every script, raised, in
// circles or struck through, letters in full width, the many dashes, spaces and dots become ASCII, and what has no width
// vanishes. Findings are led back to the bytes of the text. A file's own patterns and words mean the text as it stands.
//
// # Regions and bare numbers
//
// With regions, a phone is also a number that is valid in the plan of one of them and written as people there write it:
// with the trunk zero, in one piece or in groups ("0171-3920015"); where the plan has none, in the groups of the country
// ("(202) 555-0143", "612 34 56 78"); or in groups after the calling code without its plus. Digits alone that do not
// begin with zero are none, nor are dates, versions and hardware addresses. Countries that share a calling code share a
// plan.
//
// Bare says that digits alone count, 7 to 15 of them that are glued to no letter or digit: those that begin with a
// calling code and are valid, and with regions the valid national ones.
//
// The canonical form is E.164 where one reading is left. Where the plans of two regions take a number, or one of them
// and another calling code do, it is the text.
//
// # Patterns and words
//
// A Pattern is an RE2 expression that cannot match the empty text; its one group, if it has one, is the finding. Words
// are whole words in any case. Their findings are of the kind Own and carry the name of their detector.
//
// # Limits
//
// Every built-in detector is linear in the length of the text, looks at no more than 254 bytes around an anchor such as
// "@", and allocates only when it finds something; a text of more than 64 KiB that must be folded is copied for it.
// Undoing percent-encoding, base64 or JSON inside a text is the caller's work. National numbers without one of the marks above need a region. Names of people cannot
// be found by pattern. An expression takes time linear in the text, whatever it is and however many matches there are.
// Words are compared character by character: one that is written with combining accents is another.
//
// The numbering plans in plans.go are generated from the metadata of libphonenumber; run go generate to renew them.
package detect

//go:generate go run gen.go
