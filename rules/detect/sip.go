package detect

import "strings"

// maxUser bounds the user part of a URI and the local part of an address, in bytes.
const maxUser = 254

// uri is a SIP URI (RFC 3261, section 19.1). Parameters and headers are not looked at.
type uri struct {
	user    int // where the user part begins
	nameEnd int // where it ends, before a password or parameters of its own
	host    int // after the @
	hostEnd int
	end     int // after the port
}

// findSIP takes user and host of every URI, with password and port, without scheme and parameters.
func findSIP(dst []Span, s string, asked set, d *dialling) []Span {
	var c cut
	at := -1
	for i := 0; ; {
		k := strings.IndexByte(s[i:], ':')
		if k < 0 {
			return dst
		}
		k += i
		i = k + 1
		if !sipBefore(s, k) {
			continue
		}
		if at < k {
			n := strings.IndexByte(s[k:], '@')
			if n < 0 {
				return dst
			}
			at = k + n
		}
		if at-k > maxUser {
			continue
		}
		u, ok := sipAt(s, k)
		if !ok {
			continue
		}
		i = u.end
		if asked.has(Phone) {
			if _, isPhone := wholePhone(&c, s, u.user, u.nameEnd, valid, d); isPhone {
				continue
			}
		}
		dst = append(dst, Span{Start: u.user, End: u.end, Kind: SIP, Canonical: u.canonical(s)})
	}
}

// sipBefore reports whether the colon at k ends the scheme of a SIP URI.
func sipBefore(s string, k int) bool {
	if k < 3 || s[k-1]|0x20 != 'p' && s[k-1]|0x20 != 's' {
		return false
	}
	for _, scheme := range [...]string{"sip", "sips"} {
		if from := k - len(scheme); hasFold(s, from, scheme) && !wordBefore(s, from) {
			return true
		}
	}
	return false
}

// sipAt reads the URI whose scheme ends with the colon at k. Without a user part there is none: a host alone is not a
// person.
func sipAt(s string, k int) (uri, bool) {
	u := uri{user: k + 1, nameEnd: -1}
	i := u.user
	for ; i < len(s) && bytesOf[s[i]]&userByte != 0; i++ {
		if i-u.user > maxUser {
			return u, false
		}
		if u.nameEnd < 0 && (s[i] == ':' || s[i] == ';') {
			u.nameEnd = i
		}
	}
	for i < len(s) && s[i] == '@' && i > u.user {
		end := hostEnd(s, i+1)
		if end == i+1 || end-u.user > 2*maxUser {
			break
		}
		if u.nameEnd < 0 || u.hostEnd > 0 {
			u.nameEnd = i
		}
		// Users who are addresses are written with a bare @ where it should be escaped: the last one counts.
		u.host, u.hostEnd, u.end = i+1, end, end
		i = end
	}
	if u.hostEnd == 0 || u.nameEnd == u.user {
		return u, false
	}
	if u.end < len(s) && s[u.end] == ':' {
		end := digitsEnd(s, u.end+1)
		if n := end - u.end - 1; n > 0 && n <= 5 && !wordAfter(s, end) {
			u.end = end
		}
	}
	return u, true
}

// hostEnd returns where the host that begins at i ends: a name, an address, or a bracketed IPv6 address.
func hostEnd(s string, i int) int {
	if i < len(s) && s[i] == '[' {
		const longest = 48
		if n := strings.IndexByte(s[i:min(len(s), i+longest)], ']'); n > 0 {
			return i + n + 1
		}
		return i
	}
	end := i
	for j := i; j < len(s) && j-i <= maxUser; {
		switch c := s[j]; {
		case isWord(c):
			j++
			end = j
		case c == '.' || c == '-' || c == '_':
			if j == i {
				return i
			}
			j++
		case wordAfter(s, j):
			j += runeLen(c)
			end = min(j, len(s))
		default:
			return end
		}
	}
	return end
}

// runeLen returns how many bytes the rune has that begins with c.
func runeLen(c byte) int {
	switch {
	case c < 0x80:
		return 1
	case c < 0xE0:
		return 2
	case c < 0xF0:
		return 3
	}
	return 4
}

// canonical is the same for sip: and sips:, with and without password and port: it is the same person.
func (u uri) canonical(s string) string {
	return "sip:" + s[u.user:u.nameEnd] + "@" + canonicalDomain(s[u.host:u.hostEnd])
}
