package detect

import (
	"slices"
	"strings"
)

// dialling is how the people around a detector dial: the plans of its regions, and whether digits alone are a number.
// The one that is nil knows no region.
type dialling struct {
	plans []*plan
	bare  bool
}

// evidence is what makes digits a number of a region.
type evidence uint8

const (
	written evidence = iota // the way they are written: a trunk zero, or groups
	alone                   // nothing but that digits alone count
	told                    // the text around them
)

// minAlone is the least number of digits of a number that is recognised by nothing but its leading zero.
const minAlone = 8

// reading is how digits are read inside the regions: fits is the number of plans that take them for a number of their
// own, and the rest says which part of them is the national number of the first.
type reading struct {
	fits    int
	plan    *plan
	from    int // where the national number begins among the digits
	fifteen int // where the 15 of an Argentinian mobile number stands among them, 0 where there is none
}

// worthReading is worthReading for a detector with regions or for digits alone.
func (d *dialling) worthReading(s string, i, end int) bool {
	if i > 0 && isWord(s[i-1]) {
		return false
	}
	if end-i >= minDigits && (d.bare || s[i] == '0') {
		return true
	}
	if len(d.plans) == 0 || end+1 >= len(s) {
		return false
	}
	return isSep(s[end]) && (isDigit(s[end+1]) || isSep(s[end+1])) || end-i >= minDigits && extensionAt(s, end)
}

// phone reads a number that begins at i and of which nothing around it tells. last is where the number before ended.
func (d *dialling) phone(c *cut, s string, i, last int) (Span, bool) {
	if i > 0 && (wordBefore(s, i) || s[i-1] == '+') {
		return Span{}, false
	}
	sep := before(s, i, last)
	if !d.bare && sep != 0 && sep != '/' && sep != '_' || afterMoment(s, i) || isAccount(s, i) {
		return Span{}, false
	}
	c.read(s, i)
	c.dropHour(s)
	if c.groups == 0 || labelled(s, i, otherNumbers) {
		return Span{}, false
	}
	groups, why := 0, written
	switch {
	case sep == 0:
		groups = d.choose(c, s, written)
		if groups == 0 && extensionAt(s, c.end[c.groups-1]) {
			groups, why = d.choose(c, s, told), told
		}
	case sep != '/' && sep != '_':
	case c.endsClean(s, 0) && c.closed(0, int(c.upto[0])) && d.read(c, 1, written).fits > 0:
		groups = 1 // a number alone may follow another id, but none that is written in groups
	}
	if groups > 0 && !inUUID(s, i, c.end[groups-1]) && !c.inAddress(s, i, groups) {
		return d.span(c, s, i, groups, why), true
	}
	n := int(c.upto[0])
	if !d.bare || n < minDigits || n > maxDigits || !c.endsClean(s, 0) || fraction(s, i, c.end[0]) || inUUID(s, i, c.end[0]) {
		return Span{}, false
	}
	// Digits alone are one group. What follows it after a separator is a device or a counter.
	if how, drop := international(c.digits[:n], -1); how == valid {
		return c.guess(s, i, 1, drop, d), true
	}
	if d.read(c, 1, alone).fits > 0 {
		return d.span(c, s, i, 1, alone), true
	}
	return Span{}, false
}

// otherNumbers are labels of numbers that are written as telephone numbers may be, and are none.
var otherNumbers = []string{"passport", "imei", "imsi", "iccid", "isbn", "issn", "ean", "gtin", "upc", "serial", "serialnumber", "awsaccount"}

// afterMoment reports whether what begins at i is the rest of a moment: the seconds of 10:30:07.123456, the time of
// 20260228_103007123.
func afterMoment(s string, i int) bool {
	if i < 2 || !isDigit(s[i-2]) {
		return false
	}
	switch s[i-1] {
	case ':':
		return digitsEnd(s, i) == i+2
	case '_':
		from := i - 1
		for from > 0 && i-from <= len("20260228_") && isDigit(s[from-1]) {
			from--
		}
		return i-from == len("20260228_") && (s[from:from+2] == "19" || s[from:from+2] == "20") &&
			isDayIn(s[from+4:from+6], s[from+6:from+8]) && s[i:min(i+2, len(s))] < "24"
	}
	return false
}

// isDayIn reports whether there is such a month and such a day.
func isDayIn(month, day string) bool {
	return "01" <= month && month <= "12" && "01" <= day && day <= "31"
}

// isAccount reports whether an account of Amazon's begins at i: arn:aws:iam::012345678901:role/x, the host
// 012345678901.dkr.ecr.eu-west-1.amazonaws.com.
func isAccount(s string, i int) bool {
	const account, longest = 12, 64
	if digitsEnd(s, i) != i+account {
		return false
	}
	return i > 0 && s[i-1] == ':' && strings.Contains(s[max(0, i-longest):i], "arn:aws") || strings.HasPrefix(s[i+account:], ".dkr.ecr.")
}

// before returns the separator through which what begins at i goes on with digits that stand before it, as 02 does in
// 28-02-2026; 0 where it goes on with none, or with a number that ended at last.
func before(s string, i, last int) (sep byte) {
	from := i
	for i > 0 && from-i < maxGap && isSep(s[i-1]) {
		if i--; sep == 0 || sep == ' ' {
			sep = s[i]
		}
	}
	if i == last || i == 0 || !isDigit(s[i-1]) {
		return 0
	}
	return sep
}

// fraction reports whether a point and digits stand before or after s[i:end].
func fraction(s string, i, end int) bool {
	return i > 1 && s[i-1] == '.' && isDigit(s[i-2]) || end+1 < len(s) && s[end] == '.' && isDigit(s[end+1])
}

// inUUID reports whether s[from:end] is part of an id of five groups of hexadecimal digits (RFC 9562, section 4).
func inUUID(s string, from, end int) bool {
	isHex := func(c byte) bool { return c == '-' || bytesOf[c]&hexByte != 0 }
	first, dashes := from, 0
	for first > 0 && from-first < uuidLen && isHex(s[first-1]) {
		first--
	}
	for end < len(s) && end-first < 2*uuidLen && isHex(s[end]) {
		end++
	}
	for ; end-first >= uuidLen; first++ {
		dashes = 0
		for _, at := range [...]int{8, 13, 18, 23} {
			if s[first+at] == '-' {
				dashes++
			}
		}
		if dashes == 4 && strings.Count(s[first:first+uuidLen], "-") == 4 {
			return first <= from && from < first+uuidLen
		}
	}
	return false
}

// inAddress reports whether the groups, which begin at i, are pairs that go on as those of a hardware address do.
func (c *cut) inAddress(s string, i, groups int) bool {
	end := c.end[groups-1]
	if !c.inPairs(groups) {
		return false
	}
	isHex := func(i int) bool { return i >= 0 && i < len(s) && bytesOf[s[i]]&hexByte != 0 }
	return i > 0 && s[i-1] == c.sep[1] && isHex(i-2) && isHex(i-3) && !isHex(i-4) ||
		end < len(s) && s[end] == c.sep[1] && isHex(end+1) && isHex(end+2) && !wordAfter(s, end+3)
}

// choose returns how many groups make a number inside one of the regions; 0 means none. The longest counts, unless a
// shorter one is clearly complete.
func (d *dialling) choose(c *cut, s string, why evidence) (groups int) {
	if d == nil || len(d.plans) == 0 {
		return 0
	}
	for g := range c.groups {
		n := int(c.upto[g])
		if n > maxDigits+1 {
			break
		}
		if n < minDigits || !c.endsClean(s, g) || !c.closed(g, n) || d.read(c, g+1, why).fits == 0 {
			continue
		}
		groups = g + 1
		if c.complete(g, n) {
			break
		}
	}
	return groups
}

// closed reports whether a number of n digits may end with group g: with the last one, or before a separator that it
// did not use itself.
func (c *cut) closed(g, n int) bool {
	if g == c.groups-1 {
		return true
	}
	next := c.sep[g+1]
	switch {
	case next == '.' || next == '(' || next == ')' || g > 0 && c.sep[1] == '.' || slices.Contains(c.sep[1:g+1], next):
		return false
	case next == '_' || next == '/':
		return true
	case next == ' ':
		return g == 0 && n > minAlone
	}
	return n >= minAlone
}

// dropHour leaves out the last group if it is the hour of a time: 28/02/26 10:30.
func (c *cut) dropHour(s string) {
	g := c.groups - 1
	if g < 1 || c.upto[g]-c.upto[g-1] > 2 {
		return
	}
	if end := c.end[g]; end+3 <= len(s) && s[end] == ':' && digitsEnd(s, end+1) == end+3 {
		c.groups, c.n = g, int(c.upto[g-1])
	}
}

// complete reports whether a number of n digits that may end with group g does: a longer one would only take in the
// device or the counter that follows it.
func (c *cut) complete(g, n int) bool {
	if g == c.groups-1 || c.enough(g, n) {
		return true
	}
	next := c.sep[g+1]
	return next == '_' || next == '/' || g == 0 && next == '-'
}

// read reads the digits of the first groups as callers inside the regions would.
func (d *dialling) read(c *cut, groups int, why evidence) (r reading) {
	if d == nil {
		return r
	}
	for _, p := range d.plans {
		if one := p.read(c, groups, why); one.fits > 0 {
			if r.fits++; r.fits == 1 {
				r.plan, r.from, r.fifteen = one.plan, one.from, one.fifteen
			}
		}
	}
	return r
}

func (p *plan) read(c *cut, groups int, why evidence) reading {
	digits := c.digits[:c.upto[groups-1]]
	// In 3-3-2-2, as no other number is written, the trunk prefix may lack: 532 123 45 67.
	open := p.trunk == 0 || p.open>>(digits[0]-'0')&1 != 0 || string(c.upto[:groups]) == "\x03\x06\x08\x0a"
	// A zero that belongs to the number comes first: it may look like a trunk prefix.
	if open && (p.grade(digits) == valid || p.unassigned(c, groups)) && p.looksNational(c, groups, 0, why) {
		return reading{1, p, 0, 0}
	}
	if trunk := trunks[p.trunk]; trunk != "" && len(digits) > len(trunk) && string(digits[:len(trunk)]) == trunk {
		from := len(trunk)
		if p.grade(digits[from:]) == valid && p.looksNational(c, groups, from, why) {
			return reading{1, p, from, 0}
		}
		if at := p.fifteenIn(digits); at > 0 && p.looksNational(c, groups, from, why) {
			return reading{1, p, from, at}
		}
	}
	// The calling code without its plus, in groups: 358 40 123 4567. With points it could be a version.
	if code := p.prefix(digits); code > 0 && why == written && groups > 2 && int(c.upto[0]) >= code && (c.sep[1] != '.' || c.upto[0] > 4) &&
		p.grade(digits[code:]) == valid && (c.apart(code, groups) || p.looksNational(c, groups, code, why)) {
		return reading{1, p, code, 0}
	}
	return reading{}
}

// unassigned reports whether the groups are a number that the North American plan may have but does not use, written
// 3-3-4 as only telephone numbers are there: 555-555-0143. People type such numbers, and areas are assigned every year.
func (p *plan) unassigned(c *cut, groups int) bool {
	return p.code == nanp && string(c.upto[:groups]) == "\x03\x06\x0a" && c.digits[0] > '1' && c.digits[3] > '1'
}

// apart reports whether the calling code is a group of its own before groups of two digits and more, however they are cut.
func (c *cut) apart(code, groups int) bool {
	if code < 2 || int(c.upto[0]) != code {
		return false
	}
	longest := uint8(0)
	for g := 1; g < groups; g++ {
		n := c.upto[g] - c.upto[g-1]
		if n < 2 || c.sep[g] != c.sep[1] {
			return false
		}
		longest = max(longest, n)
	}
	return longest > 2
}

// prefix returns the length of the calling code of the plan, 0 where the digits do not begin with it.
func (p *plan) prefix(digits []byte) int {
	if other, n := planOf(digits); other == p {
		return n
	}
	return 0
}

// argentina is the calling code of the plan that writes mobile numbers in two ways: 9, area and subscriber from abroad;
// 0, area, 15 and subscriber inside the country.
const argentina = 54

// fifteenIn returns the place of the 15 in the digits of an Argentinian mobile number, 0 where there is none.
func (p *plan) fifteenIn(digits []byte) int {
	const all = 1 + 10 + 2
	if p.code != argentina || len(digits) != all {
		return 0
	}
	for area := 2; area <= 4; area++ {
		at := 1 + area
		if digits[at] != '1' || digits[at+1] != '5' {
			continue
		}
		national := [all - 2]byte{'9'}
		copy(national[1:], digits[1:at])
		copy(national[at:], digits[at+2:])
		if p.grade(national[:]) == valid {
			return at
		}
	}
	return 0
}

// looksNational reports whether the groups are written as people inside the country write a number, or need not be.
func (p *plan) looksNational(c *cut, groups, from int, why evidence) bool {
	switch {
	case c.looksLikeDate(groups) || c.looksLikeIP(groups):
		return false
	case why == told:
		return true
	case why == alone:
		return groups == 1
	case c.beginsWithDate(groups) || c.afterLoneZero(groups):
		return false
	case c.decimal(0, groups-1) || groups == 6 && c.sep[1] == '-' && c.inPairs(groups) || c.looksLikePerson(groups):
		return false
	case c.digits[0] == '0' && groups > 1:
		return c.sep[1] != '.' || c.upto[0] > 1 // 0.12.345678 is a version
	case c.digits[0] == '0':
		return c.upto[0] >= minAlone && !c.compactDate()
	}
	return p.grouped(c, groups, from)
}

// Shapes that people use in every country: 3-3-3 and 3-3-4, and pairs.
const byThree, byTwo = 1<<2 | 1<<5, 1<<1 | 1<<3 | 1<<5

// grouped reports whether the groups from the from-th digit on are those of the country. Some separators are left out
// where brackets say enough, but none may stand where the country has none: what has no zero in front needs a form that
// dates, versions and ids do not have.
func (p *plan) grouped(c *cut, groups, from int) bool {
	var shape uint16
	var last byte
	changes, brackets := 0, false
	for g := 1; g < groups; g++ {
		n := int(c.upto[g-1]) - from
		switch sep := c.sep[g]; {
		case sep == '(' || sep == ')':
			brackets = true
		case sep != last:
			last = sep
			changes++
		}
		if n > 0 {
			shape |= 1 << (n - 1)
		}
	}
	// One separator, or one and then another: 8 912 345-67-89.
	if shape == 0 || changes > 2 {
		return false
	}
	n := int(c.upto[groups-1]) - from
	if shape == byThree && (n == 9 || n == 10) || shape == byTwo && n == 8 {
		return true
	}
	for _, known := range p.shapes {
		if shape == known || brackets && shape&^known == 0 {
			return true
		}
	}
	return false
}

// inPairs reports whether the groups are pairs with one separator between them.
func (c *cut) inPairs(groups int) bool {
	for g := range groups {
		if c.upto[g] != uint8(2*g+2) || g > 1 && c.sep[g] != c.sep[1] {
			return false
		}
	}
	return groups > 1
}

// looksLikePerson reports whether the groups are written as the identity numbers of countries are and telephone numbers
// are not: 010101-0101, a date and a serial number; 3-2-4 as in the United States; 012.345.678-90 as in Brazil.
func (c *cut) looksLikePerson(groups int) bool {
	switch ends := string(c.upto[:groups]); {
	case ends == "\x06\x0a":
		day, month := string(c.digits[:2]), string(c.digits[2:4])
		return c.sep[1] == '-' && "01" <= day && day <= "31" && "01" <= month && month <= "12"
	case ends == "\x03\x05\x09":
		return c.sep[1] == '-' && c.sep[2] == '-'
	case ends == "\x03\x06\x09\x0b":
		return c.sep[1] == '.' && c.sep[2] == '.' && c.sep[3] == '-'
	}
	return false
}

// compactDate reports whether the first group is 28022026.
func (c *cut) compactDate() bool {
	if c.upto[0] != 8 {
		return false
	}
	day, month, century := string(c.digits[:2]), string(c.digits[2:4]), string(c.digits[4:6])
	return day <= "31" && month <= "12" && (century == "19" || century == "20")
}

// afterLoneZero reports whether the groups are a zero and what no trunk prefix stands before: a colour (0 255 155), a list
// (0 1 2 3 4 5 6), a book (0-306-40615-2, ISO 2108).
func (c *cut) afterLoneZero(groups int) bool {
	if groups == 1 || c.upto[0] > 1 || c.digits[0] != '0' {
		return false
	}
	n, last := c.upto[groups-1], c.upto[groups-1]-c.upto[groups-2]
	return n <= minAlone || int(n) == groups || groups == 4 && n == 10 && last == 1 || groups == 3 && n == 9 && c.sep[1] == '-' && c.sep[2] == '-'
}

// beginsWithDate reports whether a date stands before other groups, those of a time: 28022026-1030, 28-02-2026 10,
// 28.02.26 10.30, 0228/103007.123456.
func (c *cut) beginsWithDate(groups int) bool {
	switch {
	case groups > 1 && c.compactDate(), string(c.upto[:groups]) == "\x04\x0a\x10" && c.sep[1] == '/' && c.sep[2] == '.':
		return true
	case groups < 4 || c.upto[0] != 2 || c.upto[1] != 4 || c.sep[1] != c.sep[2]:
		return false
	}
	one, other := string(c.digits[:2]), string(c.digits[2:4])
	if !isDayIn(one, other) && !isDayIn(other, one) {
		return false
	}
	// Pairs with one separator may be any number.
	century := string(c.digits[4:6])
	return c.upto[2] == 8 && (century == "19" || century == "20") || c.upto[2] == 6 && c.sep[3] != c.sep[1]
}

// span makes a finding of the groups. Its canonical form is certain if one plan alone takes them.
func (d *dialling) span(c *cut, s string, i, groups int, why evidence) Span {
	start, end := c.bounds(s, i, groups)
	if r := d.read(c, groups, why); r.fits == 1 {
		return phoneSpan(start, end, r.e164(c, groups))
	}
	return phoneSpan(start, end, strings.Clone(s[start:end]))
}

// e164 builds the canonical form of the digits of the first groups.
func (r reading) e164(c *cut, groups int) string {
	var code [3]byte
	n := len(code)
	for v := r.plan.code; v > 0; v /= 10 {
		n--
		code[n] = byte(v%10) + '0'
	}
	digits := c.digits[:c.upto[groups-1]]
	var b strings.Builder
	b.Grow(1 + len(code) - n + len(digits) - r.from)
	b.WriteByte('+')
	b.Write(code[n:])
	if r.fifteen > 0 {
		b.WriteByte('9')
		b.Write(digits[r.from:r.fifteen])
		b.Write(digits[r.fifteen+2:])
	} else {
		b.Write(digits[r.from:])
	}
	return b.String()
}
