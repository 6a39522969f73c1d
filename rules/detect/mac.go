package detect

import "strings"

// macNeeds: groups have separators between them, and the names of phones and interfaces digits in them.
var macNeeds = []Hint{hasGap | hasDigit, hasGap | hasLetter, hasDigit | hasLetter}

// An EUI-48 has twelve hexadecimal digits, an EUI-64 sixteen (IEEE 802-2014, section 8.2).
const eui48, eui64 = 12, 16

// macWords are the labels that make any twelve or sixteen digits an address.
var macWords = []string{
	"mac", "macs", "macaddr", "macaddress", "macid", "wifimac", "wlanmac", "bssid", "hwaddr", "hwaddress", "hardwareaddress", "physicaladdress",
	"ethernetaddress", "lladdr", "chaddr", "bdaddr", "btaddr", "bluetoothaddress", "eui",
}

// macNames are what names that end in an address begin with: telephones and adapters of Cisco, and the interfaces of
// systemd ("enx0123456789ab", systemd.net-naming-scheme).
var macNames = [...]string{"sep", "ata", "enx", "wlx"}

// inMAC are the bytes of an address in any spelling.
var inMAC = makeInMAC()

func makeInMAC() (in [256]bool) {
	for b := range in {
		in[b] = bytesOf[b]&hexByte != 0
	}
	for _, c := range []byte(":-. _") {
		in[c] = true
	}
	return in
}

// findMACs looks at each run of the bytes of addresses once and as a whole, so that no part of a fingerprint is taken
// for an address. A run has at least twelve of them: every twelfth byte of the text is in one, or there is none.
func findMACs(dst []Span, s string, _ set, _ *dialling) []Span {
	last := 0
	for i := eui48 - 1; i < len(s); i += eui48 {
		if !inMAC[s[i]] {
			continue
		}
		from, end := i, i+1
		for from > last && inMAC[s[from-1]] {
			from--
		}
		for end < len(s) && inMAC[s[end]] {
			end++
		}
		if end-from >= eui48 {
			dst = macsIn(dst, s, from, end)
		}
		last, i = end, end
	}
	return dst
}

// macsIn reads the run s[from:end], group by group.
func macsIn(dst []Span, s string, from, end int) []Span {
	if wordBefore(s, from) {
		switch k := groupEnd(s, from, end); {
		case inName(s, from, k) && !wordAfter(s, k):
			dst = append(dst, macSpan(s, k-eui48, k))
			from = k
		case !isDigit(s[from]) || !afterWord(s, from):
			from = k // the end of a word: "device:"
		}
	}
	if wordAfter(s, end) && !isDigit(s[end-1]) {
		for end > from && bytesOf[s[end-1]]&hexByte != 0 {
			end-- // its beginning
		}
	}
	for i := from; i < end; {
		c := chainAt(s, i, end)
		if c.count*c.size == eui48 || c.count*c.size == eui64 {
			if c.isAddress(s, from, end) {
				dst = append(dst, macSpan(s, c.from, c.end))
				i = c.end
				continue
			}
		}
		i = max(c.end, i+1)
		if c.count > 1 {
			i -= c.size // the last group may be the first of a chain with another separator
		}
	}
	return dst
}

// groupEnd returns where the hexadecimal digits from i on end.
func groupEnd(s string, i, end int) int {
	for i < end && bytesOf[s[i]]&hexByte != 0 {
		i++
	}
	return i
}

// chain is groups of hexadecimal digits, all of one size and with one separator between them.
type chain struct {
	from, end   int
	size, count int
	sep         byte
}

// chainAt reads the chain whose first group begins at i. Groups of sizes that no address has are none.
func chainAt(s string, i, end int) chain {
	c := chain{from: i, end: groupEnd(s, i, end), count: 1}
	c.size = c.end - i
	if c.size != 2 && c.size != 4 && c.size != 6 || c.end >= end {
		return c
	}
	c.sep = s[c.end]
	for next := c.end + 1; next < end && s[next-1] == c.sep; next = c.end + 1 {
		if upto := groupEnd(s, next, min(end, next+c.size+1)); upto != next+c.size {
			break
		}
		c.end = next + c.size
		c.count++
	}
	return c
}

// isAddress reports whether a chain of the right number of digits, which stands in the run s[first:last], is an address.
func (c chain) isAddress(s string, first, last int) bool {
	// No label ends in a word of hexadecimal letters alone: behind one there is none to look for.
	hexBefore := c.from-1 > first && bytesOf[s[c.from-2]]&hexByte != 0
	if c.count > 1 && c.written(s, hexBefore, first, last) || !hexBefore && c.labelled(s) {
		return !c.zero(s)
	}
	return false
}

// written reports whether the chain is written as addresses are: in pairs, or in groups of four with dots as Cisco
// writes it. hexBefore says that hexadecimal digits stand before the separator before it.
func (c chain) written(s string, hexBefore bool, first, last int) bool {
	if c.size != 2 && (c.size != 4 || c.sep != '.') {
		return false
	}
	before := c.from > 0 && s[c.from-1] == c.sep
	after := c.end < len(s) && s[c.end] == c.sep
	inNumber := before && hexBefore || after && c.end+1 < last && bytesOf[s[c.end+1]]&hexByte != 0
	digits := !c.letters(s)
	if digits && c.count*c.size == eui64 {
		return false // one address in two thousand has no letter, and every list of eight small numbers
	}
	if ellipsisAt(s, c.end) || isPrint(s, c.from) {
		return false
	}
	switch c.sep {
	case ':':
		return !(digits && inNumber || (before || after) && c.inLonger(s, before, after, first, last))
	case '-':
		return !digits || !inNumber && !c.dated(s)
	case '.':
		return !digits && !inNumber && !(after && wordAfter(s, c.end+1)) // of a host's name
	case ' ':
		return !digits && !inNumber
	}
	return !digits
}

// The labels of fingerprints, of which a few pairs may be shown, and the hash functions they are made with (RFC 8122).
var (
	printWords = []string{"fingerprint", "thumbprint", "fp"}
	hashes     = []string{"md5", "sha1", "sha256", "sha-1", "sha-256", "sha-384", "sha-512"}
)

// isPrint reports whether the text before i says that a fingerprint begins there.
func isPrint(s string, i int) bool {
	end := gapStart(s, i)
	for _, h := range hashes {
		if end < i && hasFold(s, end-len(h), h) {
			return true
		}
	}
	return labelled(s, i, printWords)
}

// ellipsisAt reports whether the text says at i that something is left out.
func ellipsisAt(s string, i int) bool {
	return strings.HasPrefix(s[i:], "...") || strings.HasPrefix(s[i:], "…")
}

// inLonger reports whether pairs with colons are part of an IPv6 address, or of a fingerprint that was cut.
func (c chain) inLonger(s string, before, after bool, first, last int) bool {
	if before && (c.from == 1 || cutAt(s[c.from-2])) || after && c.end+1 < len(s) && cutAt(s[c.end+1]) {
		return true
	}
	isV6 := func(b byte) bool { return b == ':' || bytesOf[b]&hexByte != 0 }
	from, end := c.from, c.end
	for from > first && c.from-from < longestIPv6 && isV6(s[from-1]) {
		from--
	}
	for end < last && end-c.end < longestIPv6 && isV6(s[end]) {
		end++
	}
	text := s[from:end]
	if !strings.HasPrefix(text, "::") {
		text = strings.TrimPrefix(text, ":") // of a label
	}
	return isIPv6(text)
}

// cutAt reports whether c, beyond the colon at an end of pairs, says that more of them stood there.
func cutAt(c byte) bool { return c == ':' || c == '.' }

// labelled reports whether a label says that the chain is an address. Digits alone in one piece may be a date where it
// does not name a field: "Mac_202602281030".
func (c chain) labelled(s string) bool {
	if c.count == 1 && (wordAfter(s, c.end) || !c.letters(s) && !fieldBefore(s, c.from)) {
		return false
	}
	return labelled(s, c.from, macWords)
}

// fieldBefore reports whether what begins at i is the value of a field.
func fieldBefore(s string, i int) bool {
	for _, c := range []byte(s[gapStart(s, i):i]) {
		if isField(c) {
			return true
		}
	}
	return false
}

// letters reports whether one of the digits is a letter.
func (c chain) letters(s string) bool {
	for i := c.from; i < c.end; i++ {
		if isLetter(s[i]) {
			return true
		}
	}
	return false
}

// zero reports whether the address is the one that stands for none.
func (c chain) zero(s string) bool {
	for i := c.from; i < c.end; i++ {
		if s[i] != '0' && s[i] != c.sep {
			return false
		}
	}
	return true
}

// dated reports whether pairs of digits begin as a date and a time do: 26-02-28-10-30-00.
func (c chain) dated(s string) bool {
	pair := func(n int) int {
		i := c.from + 3*n
		return int(s[i]-'0')*10 + int(s[i+1]-'0')
	}
	isDay := func(d int) bool { return d > 0 && d <= 31 }
	return pair(1) > 0 && pair(1) <= 12 && (isDay(pair(0)) || isDay(pair(2))) && pair(3) < 24 && pair(4) < 60 && pair(5) < 60
}

// inName reports whether the digits s[from:end], which are glued to a letter, end a name that ends in an address.
func inName(s string, from, end int) bool {
	name := end - eui48 - len(macNames[0])
	if end-from != eui48 && end-from != eui48+1 || name < 0 || wordBefore(s, name) {
		return false
	}
	for _, n := range macNames {
		if hasFold(s, name, n) {
			return true
		}
	}
	return false
}

func macSpan(s string, from, end int) Span {
	return Span{Start: from, End: end, Kind: MAC, Canonical: canonicalMAC(s[from:end])}
}

// canonicalMAC writes an address in lower case, in pairs with colons.
func canonicalMAC(text string) string {
	var b strings.Builder
	b.Grow(eui64 * 3 / 2)
	n := 0
	for _, c := range []byte(text) {
		if bytesOf[c]&hexByte == 0 {
			continue
		}
		if n > 0 && n%2 == 0 {
			b.WriteByte(':')
		}
		if isLetter(c) {
			c |= 0x20
		}
		b.WriteByte(c)
		n++
	}
	return b.String()
}
