package detect

import (
	"net/netip"
	"strings"
)

// longestIPv6 is the length of eight full groups, the last two in decimal.
const longestIPv6 = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")

// findIPv6 takes all forms of RFC 4291, section 2.2, and the zone with them. It looks at each run of hexadecimal digits,
// colons and dots once and as a whole, so that a fingerprint is never taken for the addresses that its pairs could be.
func findIPv6(dst []Span, s string) []Span {
	for i := 0; ; {
		k := strings.IndexByte(s[i:], ':')
		if k < 0 {
			return dst
		}
		colon := i + k
		from := colon
		for from > i && bytesOf[s[from-1]]&hexByte != 0 {
			from--
		}
		end, colons := colon, 0
		double, digit, hex := false, false, 0
		for j := from; j < len(s); j++ {
			c := s[j]
			if c == ':' {
				colons++
				double = double || j > from && s[j-1] == ':'
			} else if isDigit(c) {
				digit = true
			} else if bytesOf[c]&hexByte != 0 {
				hex++
			} else if c != '.' || j+1 < len(s) && !isDigit(s[j+1]) {
				break
			}
			end = j + 1
		}
		i = max(end, colon+1)
		if !digit || !double && colons < 6 {
			continue
		}
		if sp, ok := ipv6In(s, from, end); ok {
			dst = append(dst, sp)
		}
	}
}

// ipv6In reads the run s[from:end].
func ipv6In(s string, from, end int) (Span, bool) {
	for s[end-1] == '.' {
		end--
	}
	if s[end-1] == ':' && !strings.HasSuffix(s[from:end], "::") {
		end--
	}
	glued := wordAfter(s, end)
	if glued && !isDigit(s[end-1]) {
		return Span{}, false // the digits may be the first letters of a word: "2001:db8::device"
	}
	if s[from] == ':' && !strings.HasPrefix(s[from:end], "::") {
		from++ // a label: "addr:2001:db8::1"
	} else if wordBefore(s, from) {
		// The last letters of a label may be hexadecimal digits: "source:2001:db8::1".
		k := strings.IndexByte(s[from:end], ':')
		if k == 4 && isDigit(s[from]) && afterWord(s, from) {
			glued = true
		} else if k < 0 || strings.HasPrefix(s[from+k:end], "::") {
			return Span{}, false
		} else {
			from += k + 1
		}
	}
	if end-from > longestIPv6 || from >= end || pairs(s[from:end]) {
		return Span{}, false
	}
	// netip allocates its errors, and here they are the rule: ask it only about what it will take.
	if !isIPv6(s[from:end]) {
		return Span{}, false
	}
	addr, err := netip.ParseAddr(s[from:end])
	if err != nil {
		return Span{}, false
	}
	if glued && !globalIPv6(s[from:end], addr) {
		return Span{}, false
	}
	if addr = addr.Unmap(); !worthTaking(addr) {
		return Span{}, false
	}
	if addr.IsLinkLocalUnicast() || addr.IsMulticast() {
		end = zoneEnd(s, end)
	}
	return Span{Start: from, End: end, Kind: IP, Canonical: addr.String()}, true
}

// globalIPv6 reports whether an address of the global unicast space in use, 2000::/3, is written with three groups at
// least: what letters that are glued to it cannot hide. "x509::ca" is none.
func globalIPv6(text string, a netip.Addr) bool {
	return a.As16()[0]>>5 == 1 && strings.Count(text, ":") >= 3
}

// zoneEnd returns where the zone of an address that ends at i ends (RFC 4007, section 11; with %25 as RFC 6874 writes
// it): an index, or the name of an interface. A percent-encoded character, which the same sign begins, is none, nor is what
// goes on as names, addresses and pseudonyms do.
func zoneEnd(s string, i int) int {
	if i >= len(s) || s[i] != '%' {
		return i
	}
	from := i + 1
	if strings.HasPrefix(s[from:], "25") && wordAfter(s, from+2) {
		from += 2
	}
	const longest = 15 // IFNAMSIZ of Linux
	end, letters := from, 0
	for end < len(s) && end-from <= longest && isWord(s[end]) {
		if isLetter(s[end]) {
			letters++
		}
		end++
	}
	if end == from || end-from > longest || wordAfter(s, end) || letters > 0 && !isLetter(s[from]) ||
		end < len(s) && bytesOf[s[end]]&localByte != 0 {
		return i
	}
	return end
}

// isIPv6 reports whether the text is an IPv6 address of RFC 4291, section 2.2, without a zone.
func isIPv6(s string) bool {
	groups, double := 0, false
	i := 0
	if strings.HasPrefix(s, "::") {
		double = true
		i = 2
	}
	for i < len(s) {
		start := i
		for i < len(s) && bytesOf[s[i]]&hexByte != 0 {
			i++
		}
		if i < len(s) && s[i] == '.' {
			if _, ok := parseIPv4(s[start:]); !ok {
				return false
			}
			groups += 2
			break
		}
		if i == start || i-start > 4 {
			return false
		}
		groups++
		if i == len(s) {
			break
		}
		if s[i] != ':' {
			return false
		}
		if i++; i < len(s) && s[i] == ':' {
			if double {
				return false
			}
			double = true
			i++
		} else if i == len(s) {
			return false
		}
	}
	return groups == 8 && !double || groups < 8 && double
}

// pairs reports whether the text is pairs of hexadecimal digits: a fingerprint or a hardware address.
func pairs(s string) bool {
	if len(s)%3 != 2 {
		return false
	}
	for i := 2; i < len(s); i += 3 {
		if s[i] != ':' || s[i-1] == ':' || s[i-2] == ':' {
			return false
		}
	}
	return true
}
