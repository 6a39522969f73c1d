package detect

import (
	"net/netip"
	"strings"
)

// findIPs anchors on the separators of both versions, and on the names that clouds make of addresses.
func findIPs(dst []Span, s string, _ set, _ *dialling) []Span {
	base := len(dst)
	dst = findIPv6(dst, s)
	six := len(dst)
	dst = findIPv4(dst, s, dst[base:six])
	dst = findDashed(dst, s)
	return dst
}

// findIPv4 takes four decimal octets (RFC 6943, section 3.1.1, strict form). Longer dotted numbers are object
// identifiers and versions. taken are the IPv6 addresses, whose last part may be written this way.
func findIPv4(dst []Span, s string, taken []Span) []Span {
	for i := 0; ; {
		k := strings.IndexByte(s[i:], '.')
		if k < 0 {
			return dst
		}
		dot := i + k
		i = dot + 1
		if dot == 0 || i >= len(s) || !isDigit(s[dot-1]) || !isDigit(s[i]) {
			continue
		}
		from, end := dot, i
		for from > 0 && isDigit(s[from-1]) {
			from--
		}
		for end < len(s) && (isDigit(s[end]) || s[end] == '.') {
			end++
		}
		i = end
		for s[end-1] == '.' {
			end--
		}
		for len(taken) > 0 && taken[0].End <= from {
			taken = taken[1:]
		}
		if end-from > len("255.255.255.255") || len(taken) > 0 && taken[0].Start <= from {
			continue
		}
		addr, ok := parseIPv4(s[from:end])
		if !ok || !worthTaking(addr) || strings.HasSuffix(s[from:end], ".0.0.0") ||
			wordBefore(s, from) || wordAfter(s, end) || versionBefore(s, from) || versionAfter(s, end) {
			continue
		}
		dst = append(dst, Span{Start: from, End: end, Kind: IP, Canonical: addr.String()})
	}
}

// parseIPv4 is netip.ParseAddr without an allocation for the error, which is the rule here.
func parseIPv4(s string) (netip.Addr, bool) {
	var octets [4]byte
	n, value, digits := 0, 0, 0
	for i := range len(s) {
		c := s[i]
		switch {
		case isDigit(c) && (digits == 0 || value > 0):
			value = value*10 + int(c-'0')
			digits++
			if value > 255 {
				return netip.Addr{}, false
			}
		case c == '.' && digits > 0 && n < 3:
			octets[n] = byte(value)
			n, value, digits = n+1, 0, 0
		default:
			return netip.Addr{}, false
		}
	}
	if n != 3 || digits == 0 {
		return netip.Addr{}, false
	}
	octets[3] = byte(value)
	return netip.AddrFrom4(octets), true
}

// worthTaking leaves unspecified and loopback addresses: they are the same for everyone.
func worthTaking(a netip.Addr) bool { return !a.IsUnspecified() && !a.IsLoopback() }

var versionWords = []string{"version", "ver", "release", "build", "firmware", "rev", "revision", "sdk", "v"}

// transports are the product-like words after which an address stands: SIP/192.0.2.1-0001.
var transports = []string{"sip", "pjsip", "udp", "tcp", "tls", "ws", "wss", "dtls", "rtp", "srtp", "iax", "ip"}

// versionBefore reports whether what stands before i makes a dotted number a version: a product as in Chrome/1.2.3.4, or
// a word that says so.
func versionBefore(s string, i int) bool {
	end := i
	for end > 0 && i-end < 3 && strings.IndexByte(" =:/_-\"", s[end-1]) >= 0 {
		end--
	}
	if end == i {
		return false
	}
	from := end
	const longest = 24
	for from > 0 && end-from < longest && isLetter(s[from-1]) {
		from--
	}
	if from == end {
		return false
	}
	word := s[from:end]
	if s[end] == '/' && end+1 == i && word[0]&0x20 == 0 && !oneOf(word, transports) {
		return true
	}
	return oneOf(word, versionWords)
}

var prereleases = []string{"rc", "beta", "alpha", "dev", "pre", "snapshot", "ga", "dirty", "release"}

// versionAfter reports whether a version goes on at i: 1.2.3.4-rc1, 1.2.3.4+build.
func versionAfter(s string, i int) bool {
	if i+1 >= len(s) || s[i] != '-' && s[i] != '+' || !isLetter(s[i+1]) {
		return false
	}
	end := i + 1
	const longest = 10
	for end < len(s) && end-i < longest && isLetter(s[end]) {
		end++
	}
	return s[i] == '+' || oneOf(s[i+1:end], prereleases)
}

// findDashed takes ip-10-0-1-23, as the hosts of clouds are named.
func findDashed(dst []Span, s string) []Span {
	for i := 0; ; {
		k := strings.IndexByte(s[i:], '-')
		if k < 0 {
			return dst
		}
		dash := i + k
		from := dash + 1
		i = from
		if dash < 2 || s[dash-1] != 'p' || s[dash-2] != 'i' || wordBefore(s, dash-2) {
			continue
		}
		var text [len("255.255.255.255")]byte
		n, dashes, end := 0, 0, from
		for end < len(s) && n < len(text) && (isDigit(s[end]) || s[end] == '-' && dashes < 3) {
			text[n] = s[end]
			if s[end] == '-' {
				text[n] = '.'
				dashes++
			}
			n++
			end++
		}
		if dashes < 3 || wordAfter(s, end) {
			continue
		}
		if addr, ok := parseIPv4(string(text[:n])); ok && worthTaking(addr) {
			dst = append(dst, Span{Start: from, End: end, Kind: IP, Canonical: addr.String()})
			i = end
		}
	}
}
