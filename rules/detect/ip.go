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
		if len(taken) > 0 && taken[0].Start <= from {
			continue
		}
		addr, end, ok := dotted(s, from, end)
		if !ok || !worthTaking(addr) || !addressed(s, from, end, addr.As4()) {
			continue
		}
		dst = append(dst, Span{Start: from, End: end, Kind: IP, Canonical: addr.String()})
	}
}

// dotted reads the digits and dots s[from:end]: four octets, or those of a net that is known well and then a port, as
// packet traces write them (192.0.2.7.5060).
func dotted(s string, from, end int) (netip.Addr, int, bool) {
	const port, longest = len(".65535"), len("255.255.255.255")
	if end-from > longest+port {
		return netip.Addr{}, 0, false
	}
	if addr, ok := parseIPv4(s[from:end]); ok {
		return addr, end, true
	}
	last := from + strings.LastIndexByte(s[from:end], '.')
	addr, ok := parseIPv4(s[from:last])
	return addr, last, ok && end-last <= port && specialNet(addr.As4())
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
