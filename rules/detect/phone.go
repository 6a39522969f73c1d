package detect

import "strings"

// findPhones walks over the text once. A plus is an anchor; digits are one where a run of them begins, and what stands
// around the run decides.
func findPhones(dst []Span, s string, _ set, d *dialling) []Span {
	var c cut
	last := 0 // where the number before ended
	for i := 0; ; {
		for i < len(s) && Hints[s[i]]&(hasDigit|hasPlus) == 0 {
			i++
		}
		if i >= len(s) {
			return dst
		}
		next := i + 1
		var sp Span
		var ok bool
		if s[i] == '+' {
			sp, ok = plusPhone(&c, s, i, last)
		} else {
			next = digitsEnd(s, next)
			if worthReading(s, i, next) || d != nil && d.worthReading(s, i, next) {
				if sp, ok = digitPhone(&c, s, i, next, d); !ok && d != nil {
					sp, ok = d.phone(&c, s, i, last)
				}
			}
		}
		if ok && sp.Start >= last {
			dst = append(dst, sp)
			last = sp.End
			next = max(next, sp.End)
		}
		i = next
	}
}

// worthReading says no, as fast as can be, to most of the digits there are in the world: glued to a letter, too few, or
// with nothing around them that makes them a number.
func worthReading(s string, i, end int) bool {
	if i > 0 && isWord(s[i-1]) {
		return false
	}
	if end-i < minDigits {
		if end+1 >= len(s) || !isSep(s[end]) || !isDigit(s[end+1]) && !isSep(s[end+1]) {
			return false
		}
	} else if end < len(s) && (s[end] == '@' || s[end] == ':' || s[end] == '.' || s[end] == '-') {
		return true
	}
	if s[i] == '0' && prefixLen(s[i:end]) > 0 {
		return true
	}
	return i > 0 && isGap(s[i-1]) && mayTell(s, i)
}

func digitsEnd(s string, i int) int {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	return i
}

// plusPhone reads a number after a plus. A plus that is glued to a digit is none (sums), but two numbers may follow each
// other: last is where the one before ended. One that is glued to a letter may be a digit of base64: what follows must be
// beyond doubt.
func plusPhone(c *cut, s string, i, last int) (Span, bool) {
	glued := i > 0 && (i != last || last == 0) && wordBefore(s, i)
	if i > 0 && s[i-1] == '+' || glued && isDigit(s[i-1]) {
		return Span{}, false
	}
	from := i + 1
	if from < len(s) && s[from] == ' ' && (i == 0 || strings.IndexByte(`:=,;"'(<[`, s[i-1]) >= 0) {
		from++
	}
	if from < len(s) && s[from] == '(' {
		from++
	}
	c.lines = true
	c.read(s, from)
	c.lines = false
	if glued {
		sp, ok := c.span(s, i, 0, valid)
		return sp, ok && c.upto[0] >= certainDigits
	}
	// No calling code begins with 0: a prefix after the plus is one too many.
	if sp, ok := c.span(s, i, c.prefix(), possible); ok {
		return sp, true
	}
	if i > 0 && isGap(s[i-1]) {
		if how := telling(s, i); how == naming || how == msisdn {
			return c.asWritten(s, i)
		}
	}
	return Span{}, false
}

// span makes a finding of the best number in the candidate, which begins at i with skip digits of prefix.
func (c *cut) span(s string, i, skip int, least grade) (Span, bool) {
	groups, drop := c.choose(s, skip, least)
	if groups == 0 {
		return Span{}, false
	}
	start, end := c.bounds(s, i, groups)
	return phoneSpan(start, end, c.e164(skip, groups, drop)), true
}

// bounds returns where the number stands, with the bracket before it if it closes inside.
func (c *cut) bounds(s string, i, groups int) (start, end int) {
	end = c.end[groups-1]
	if i > 0 && s[i-1] == '(' {
		open := strings.IndexByte(s[i:end], '(')
		if shut := strings.IndexByte(s[i:end], ')'); shut >= 0 && (open < 0 || open > shut) {
			i--
		}
	}
	return i, end
}

// digitPhone reads a number that begins with the run of digits s[i:end] and has no plus.
func digitPhone(c *cut, s string, i, end int, d *dialling) (Span, bool) {
	before := byte(0)
	if i > 0 {
		before = s[i-1]
		if isWord(before) || before == '+' || before >= 0x80 && wordBefore(s, i) {
			return Span{}, false
		}
	}
	if s[i] == '0' {
		// After a point the zeros are decimals, after a space they may be the next group of a longer number.
		if skip := prefixLen(s[i:]); skip > 0 && !((before == '.' || before == ' ') && i > 1 && isDigit(s[i-2])) && !afterMoment(s, i) && !isAccount(s, i) {
			c.read(s, i)
			if sp, ok := c.span(s, i, skip, valid); ok && !c.inMiddle(s, i, sp.End) {
				return sp, true
			}
		}
	}
	if end-i >= minDigits && end-i <= maxDigits && end < len(s) && (s[end] == '@' || s[end] == ':' || s[end] == '.' || s[end] == '-') {
		if at := messengerAt(s, end); at >= 0 {
			return wholePhone(c, s, i, end, possible, d)
		}
	}
	if i == 0 || !isGap(before) {
		return Span{}, false
	}
	how := telling(s, i)
	if how != silent && inUUID(s, i, end) {
		return Span{}, false
	}
	switch how {
	case silent:
		return Span{}, false
	case sipUser:
		u, ok := sipAt(s, i-1)
		if !ok || before != ':' {
			return Span{}, false
		}
		return wholePhone(c, s, i, u.nameEnd, valid, d)
	case xmppUser:
		c.read(s, i)
		if c.groups == 0 || c.end[0] >= len(s) || s[c.end[0]] != '@' {
			return Span{}, false
		}
		return wholePhone(c, s, i, c.end[0], valid, d)
	case msisdn:
		c.read(s, i)
		if sp, ok := c.span(s, i, 0, possible); ok {
			return sp, true
		}
		if groups := d.choose(c, s, told); groups > 0 {
			return d.span(c, s, i, groups, told), true
		}
		return c.asWritten(s, i)
	default:
		c.read(s, i)
		groups, drop := c.choose(s, 0, valid)
		if inside := d.choose(c, s, told); inside > groups {
			return d.span(c, s, i, inside, told), true
		}
		switch {
		case groups > 0:
			return c.guess(s, i, groups, drop, d), true
		case how == naming:
			return c.asWritten(s, i)
		}
		return Span{}, false
	}
}

// inMiddle reports whether groups that begin at i and end at end are some of more with the same dash between them:
// 112-0044123-4567890 is an order.
func (c *cut) inMiddle(s string, i, end int) bool {
	return i > 1 && s[i-1] == '-' && isDigit(s[i-2]) && c.groups > 1 && c.sep[1] == '-' && end > c.end[0]
}

// prefixLen returns the length of an international prefix, 00 in most of the world, 011 in North America.
func prefixLen(s string) int {
	switch {
	case strings.HasPrefix(s, "00"):
		return 2
	case strings.HasPrefix(s, "011"):
		return 3
	}
	return 0
}

// prefix returns the length of the international prefix of the candidate.
func (c *cut) prefix() int {
	if c.n < minDigits {
		return 0
	}
	return prefixLen(string(c.digits[:3]))
}

// certainDigits is the least number of digits that, without any prefix, are taken to begin with a calling code: national
// numbers are shorter almost everywhere.
const certainDigits = 10

// guess makes a finding of groups that are a valid number if they begin with a calling code. Only where that is as good
// as certain the canonical form says so: a wrong country would give a person a second pseudonym.
func (c *cut) guess(s string, i, groups, drop int, d *dialling) Span {
	start, end := c.bounds(s, i, groups)
	digits := c.digits[:c.upto[groups-1]]
	certain := len(digits) >= certainDigits && !nanpNational(digits)
	r := d.read(c, groups, told)
	switch {
	case r.fits > 1:
	case r.fits == 1 && (!certain || r.e164(c, groups) == c.e164(0, groups, drop)):
		return phoneSpan(start, end, r.e164(c, groups))
	case r.fits == 0 && certain:
		return phoneSpan(start, end, c.e164(0, groups, drop))
	}
	return phoneSpan(start, end, strings.Clone(s[start:end]))
}

func phoneSpan(start, end int, canonical string) Span {
	return Span{Start: start, End: end, Kind: Phone, Canonical: canonical}
}

// asWritten makes a finding of digits that are a phone number because the text says so, in a country that nobody knows.
func (c *cut) asWritten(s string, i int) (Span, bool) {
	groups := 0
	for g := range c.groups {
		n := int(c.upto[g])
		if n < minDigits || n > maxDigits || !c.endsClean(s, g) {
			continue
		}
		groups = g + 1
		if c.enough(g, n) {
			break
		}
	}
	if groups == 0 || c.looksLikeDate(groups) || c.looksLikeIP(groups) {
		return Span{}, false
	}
	start, end := c.bounds(s, i, groups)
	return phoneSpan(start, end, strings.Clone(s[start:end])), true
}

// looksLikeDate reports whether the groups are 2026-02-28 or 28-02-2026.
func (c *cut) looksLikeDate(groups int) bool {
	if groups != 3 || c.upto[2] != 8 {
		return false
	}
	year := c.digits[:4]
	if c.upto[0] == 2 && c.upto[1] == 4 {
		year = c.digits[4:8]
	} else if c.upto[0] != 4 || c.upto[1] != 6 {
		return false
	}
	return string(year[:2]) == "19" || string(year[:2]) == "20"
}

func (c *cut) looksLikeIP(groups int) bool {
	if groups != 4 {
		return false
	}
	from := uint8(0)
	for g := range groups {
		octet := string(c.digits[from:c.upto[g]])
		if g > 0 && c.sep[g] != '.' || len(octet) > 3 || len(octet) == 3 && octet > "255" {
			return false
		}
		from = c.upto[g]
	}
	return true
}

// wholePhone makes a finding of s[from:to] if all of it is a number. Digits that are none of a known plan are one too, in
// their own spelling, because of where they stand. least says how well a calling code at their beginning must fit to
// count as one.
func wholePhone(c *cut, s string, from, to int, least grade, d *dialling) (Span, bool) {
	if from >= to {
		return Span{}, false
	}
	s = s[:to]
	if s[from] == '+' {
		sp, ok := plusPhone(c, s, from, 0)
		return sp, ok && sp.Start == from && sp.End == to
	}
	c.read(s, from)
	if c.groups == 0 || c.end[c.groups-1] != to || c.n < minDigits || c.looksLikeIP(c.groups) {
		return Span{}, false
	}
	if skip := c.prefix(); skip > 0 {
		if how, drop := international(c.digits[skip:c.n], c.zero-skip); how == valid {
			return phoneSpan(from, to, c.e164(skip, c.groups, drop)), true
		}
	}
	how, drop := international(c.digits[:c.n], c.zero)
	if how == valid && least == valid {
		return c.guess(s, from, c.groups, drop, d), true
	}
	if how >= least {
		return phoneSpan(from, to, c.e164(0, c.groups, drop)), true
	}
	if r := d.read(c, c.groups, told); r.fits > 0 {
		return d.span(c, s, from, c.groups, told), true
	}
	if c.n < minWritten || c.n > maxDigits || string(c.digits[:3]) == "000" {
		return Span{}, false
	}
	return phoneSpan(from, to, strings.Clone(s[from:to])), true
}

// minWritten is the least number of digits of a user part that is taken for a national number and not for an extension.
const minWritten = 8

// messengers are the domains whose user parts are E.164 numbers without the plus.
var messengers = [...]string{"s.whatsapp.net", "c.us"}

// messengerAt returns the place of the @ of a messenger address whose number ends at i, or -1. Devices of one account
// are told apart as in 358401234567:12@s.whatsapp.net. A group is named after the number of who made it, and the second:
// 358401234567-1739812345@g.us.
func messengerAt(s string, i int) int {
	if end := digitsEnd(s, min(i+1, len(s))); i < len(s) && s[i] == '-' && end == i+len("-1739812345") && hasFold(s, end, "@g.us") {
		return end
	}
	for range 2 {
		if i < len(s) && (s[i] == ':' || s[i] == '.') {
			end := digitsEnd(s, i+1)
			if end == i+1 || end > i+4 {
				return -1
			}
			i = end
		}
	}
	if i >= len(s) || s[i] != '@' || messengerDomain(s, i+1) == 0 {
		return -1
	}
	return i
}

// messengerDomain returns the length of the messenger's domain at i, 0 where there is none.
func messengerDomain(s string, i int) int {
	for _, m := range messengers {
		if hasFold(s, i, m) && !wordAfter(s, i+len(m)) {
			return len(m)
		}
	}
	return 0
}
