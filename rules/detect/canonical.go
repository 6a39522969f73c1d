package detect

import "strings"

// Canonical returns the canonical form of a value that one finding covers, alone or in the wrapper of its kind: a tel:
// or sip: URI with its parameters, an address at a messenger. A phone number is in E.164 form where its country is
// certain, an e-mail address has its domain in lower case and Unicode, an IP address is as RFC 5952 writes it and a mapped
// one is an IPv4 address, a hardware address is pairs in lower case with colons, a number has no separators.
func Canonical(s string) (string, bool) { return anything.canonical(s) }

// personal are the kinds that a whole value may be: all but ids. Numbers need no mark, for the value is taken anyway, and
// has the same form where a rule names their kind.
var personal = []Kind{Phone, Email, SIP, IP, MAC, IMEI, IBAN, CreditCard, NationalID, Coordinates}

// anything is the Finder of them all.
var anything = newPlain(personal)

func (f *Finder) canonical(s string) (string, bool) {
	if k := strings.IndexByte(s, ':'); k == len("sip") || k == len("sips") {
		if sipBefore(s, k) {
			return canonicalSIP(s, k, f.dialling)
		}
	}
	from := 0
	const tel = "tel:"
	if hasFold(s, 0, tel) {
		from = len(tel)
	}
	spans := f.Find(nil, s)
	if len(spans) != 1 || spans[0].Start != from {
		return "", false
	}
	sp := spans[0]
	switch rest := s[sp.End:]; {
	case rest == "" && (from == 0 || sp.Kind == Phone):
		return sp.Canonical, true
	case sp.Kind == Phone && from > 0 && rest[0] == ';':
		return sp.Canonical, true
	case sp.Kind == Phone && from == 0:
		if at := messengerAt(s, sp.End); at > 0 && at+1+messengerDomain(s, at+1) == len(s) {
			return sp.Canonical, true
		}
	}
	return "", false
}

func canonicalSIP(s string, k int, d *dialling) (string, bool) {
	u, ok := sipAt(s, k)
	if !ok || u.end < len(s) && s[u.end] != ';' && s[u.end] != '?' {
		return "", false
	}
	var c cut
	if sp, isPhone := wholePhone(&c, s, u.user, u.nameEnd, valid, d); isPhone {
		return sp.Canonical, true
	}
	return u.canonical(s), true
}
