package detect

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// findEmails anchors on every @. Addresses of rooms, of messengers and in SIP URIs are none of its findings.
func findEmails(dst []Span, s string, _ set, _ *dialling) []Span {
	last := 0
	for i := 0; ; {
		k := strings.IndexByte(s[i:], '@')
		if k < 0 {
			return dst
		}
		at := i + k
		i = at + 1
		from := localStart(s, at, last)
		if from == at {
			continue
		}
		end := domainEnd(s, at+1)
		if end == 0 || notPersonal(s, from, at, end) || inSIP(s, from, at) {
			continue
		}
		dst = append(dst, Span{Start: from, End: end, Kind: Email, Canonical: norm.NFC.String(s[from:at]) + "@" + canonicalDomain(s[at+1:end])})
		last, i = end, end
	}
}

// localStart returns where the local part that ends at at begins; at itself if there is none.
func localStart(s string, at, last int) int {
	if at == last {
		return at
	}
	least := max(last, at-maxUser)
	if s[at-1] == '"' {
		return quotedStart(s, at, least)
	}
	i := at
	for i > least && bytesOf[s[i-1]]&localByte != 0 {
		// Two dots in a row are in no address: what is before them belongs to something else.
		if s[i-1] == '.' && i < at && s[i] == '.' {
			i++
			break
		}
		i--
	}
	if i < at && s[i] >= 0x80 {
		i = skipSymbols(s, i, at)
	}
	if i > 0 && i == least && i > last && bytesOf[s[i-1]]&localByte != 0 {
		return at // longer than any address
	}
	for i < at && strings.IndexByte(".-'~#%!", s[i]) >= 0 {
		i++
	}
	if i == at || s[at-1] == '.' {
		return at
	}
	return dropWrapper(s, i, at)
}

// skipSymbols leaves out what is neither letter nor digit at the beginning: spaces, quotes and emoji of Unicode.
func skipSymbols(s string, i, at int) int {
	start := i
	for j := i; j < at; {
		r, size := utf8.DecodeRuneInString(s[j:at])
		j += size
		if r >= utf8.RuneSelf && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) {
			start = j
		}
	}
	return start
}

// quotedStart returns where a quoted local part begins whose last quote is right before at.
func quotedStart(s string, at, least int) int {
	const longest = 64
	for i := at - 2; i >= max(least, at-longest); i-- {
		switch c := s[i]; {
		case c == '"':
			if i == at-2 || i > least && s[i-1] == '\\' {
				return at
			}
			return i
		case c < ' ' || c == '@' || c == '<' || c == '>':
			return at
		}
	}
	return at
}

// wrappers are what ids are made of around an address; without them it is the address a person has.
var wrappers = [...]string{"conf", "conference", "room", "call", "session", "peer"}

func dropWrapper(s string, i, at int) int {
	for _, w := range wrappers {
		j := i + len(w)
		if j+2 < at && (s[j] == '-' || s[j] == '_') && isLetter(s[j+1]) && hasFold(s, i, w) {
			return j + 1
		}
	}
	return i
}

// domainEnd returns where the domain that begins at i ends, 0 where there is none with at least one dot. What follows
// the last label that can be a top-level domain is not part of it: anna@x.fi-device2.
func domainEnd(s string, i int) int {
	good, labels, numbers := 0, 0, 0
	limit := min(len(s), i+maxUser)
	for j := i; j < limit; {
		label := j
		letters, high := 0, false
		for j < limit {
			c := s[j]
			if c < utf8.RuneSelf {
				if bytesOf[c]&hostByte == 0 {
					break
				}
				if isLetter(c) && letters == j-label {
					letters++
				}
				j++
				continue
			}
			r, size := utf8.DecodeRuneInString(s[j:])
			if r == utf8.RuneError || !unicode.In(r, unicode.L, unicode.M, unicode.Nd) {
				break
			}
			high = true
			j += size
		}
		if j == label || s[label] == '-' || j-label > 63*2 {
			break
		}
		labels++
		if isDigit(s[label]) && numbers == labels-1 {
			if numbers++; numbers == 2 {
				return 0 // 1.2.3 is a version
			}
		}
		if labels > 1 {
			switch {
			case high && s[j-1] != '-', letters == j-label && letters > 1, hasFold(s, label, "xn--") && s[j-1] != '-':
				good = j
			case letters > 1 && s[label+letters] == '-':
				good = label + letters
			}
		}
		if j >= limit || s[j] != '.' {
			break
		}
		j++
	}
	return good
}

// hosts maps names of hosts as a browser does before it looks them up (UTS #46): of a name in Unicode and the same in
// ASCII it makes one.
var hosts = idna.New(idna.MapForLookup(), idna.Transitional(false))

// canonicalDomain returns a domain in lower case and in Unicode. What is no name of a host stays as it is.
func canonicalDomain(domain string) string {
	lower := strings.ToLower(domain)
	if isASCII(lower) && !strings.Contains(lower, "xn--") {
		return lower
	}
	if name, err := hosts.ToUnicode(lower); err == nil {
		return name
	}
	return lower
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// roomHosts are the first labels of the domains at which XMPP servers keep rooms (XEP-0045). Jitsi keeps those of its
// bridges at internal.auth, too.
var roomHosts = []string{"conference", "conferences", "muc", "rooms", "groupchat", "lobby", "breakout", "internal-muc"}

// providers are those of them that are names of domains by themselves, too.
var providers = []string{"muc", "rooms", "lobby", "breakout"}

// machineDomains are domains of services whose "users" are threads, groups and devices.
var machineDomains = []string{
	"g.us", "thread.skype", "unq.gbl.spaces",
}

// insideHosts are top-level domains that lead nowhere from outside; a person may have an address there, but what holds
// digits is the name of a process.
var insideHosts = []string{"internal", "local", "localhost", "localdomain", "lan"}

// notPersonal reports whether s[from:end], with its @ at at, only has the form of an address.
func notPersonal(s string, from, at, end int) bool {
	local, domain := s[from:at], s[at+1:end]
	if messengerDomain(s, at+1) > 0 || oneOf(domain, machineDomains) {
		return true
	}
	first, _, _ := strings.Cut(domain, ".")
	if isFile(first, domain) {
		return true
	}
	tld := domain[strings.LastIndexByte(domain, '.')+1:]
	inside := oneOf(tld, insideHosts)
	if name, _, found := strings.Cut(first, "-"); oneOf(first, roomHosts) || found && oneOf(name, roomHosts) || hasFold(domain, 0, "internal.auth.") {
		// People have addresses at muc.de.
		return inside || strings.Count(domain, ".") > 1 || !oneOf(first, providers)
	}
	// git@host:path is how repositories are named.
	if local == "git" && end < len(s) && s[end] == ':' {
		return true
	}
	// Nothing is at .invalid (RFC 2606) but the pseudonyms that take the place of addresses.
	return equalFold(tld, "invalid") || inside && strings.ContainsAny(local, "0123456789")
}

// fileTypes are of images and of units of systemd; none is a top-level domain.
var fileTypes = []string{"png", "jpg", "jpeg", "webp", "gif", "svg", "avif", "service", "socket", "slice", "timer"}

// isFile reports whether a domain, whose first label is first, is the end of a file's name: icon@2x.png, wg-quick@wg0.service.
// A longer one may be of a file that is named after an address.
func isFile(first, domain string) bool {
	return len(first) < len(domain) && oneOf(domain[len(first)+1:], fileTypes)
}

// inSIP reports whether the @ at at belongs to a SIP URI: that is a finding of its own kind.
func inSIP(s string, from, at int) bool {
	for i := at - 1; i >= max(0, at-maxUser); i-- {
		switch s[i] {
		case ':':
			if sipBefore(s, i) {
				u, ok := sipAt(s, i)
				return ok && from < u.end
			}
		case ' ', '\t', '\r', '\n', '<', '>', '"':
			return false
		}
	}
	return false
}
