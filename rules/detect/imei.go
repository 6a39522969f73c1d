package detect

// A labelled number has an m before it, be it glued to it: IMEI, MEID. One in groups has a gap in it.
var (
	imeiNeeds       = []Hint{hasDigit}
	markedIMEINeeds = []Hint{hasDigit | hasTell, hasDigit | hasGap}
)

func findIMEIs(dst []Span, s string, _ set, _ *dialling) []Span { return appendIMEIs(dst, s, false) }

func findMarkedIMEIs(dst []Span, s string, _ set, _ *dialling) []Span {
	return appendIMEIs(dst, s, true)
}

// appendIMEIs looks at the runs of digits that can be all of a number, or its first group with more than two digits.
func appendIMEIs(dst []Span, s string, marked bool) []Span {
	for i, last := 0, -1; ; {
		from, end := nextRun(s, i)
		if from == len(s) {
			return dst
		}
		i = end
		if sp, ok := imeiAt(s, from, end, last, marked); ok {
			dst = append(dst, sp)
			i, last = sp.End, sp.End
		}
	}
}

// imeiSeps are what may stand between the groups; older devices have slashes.
const imeiSeps = " -/."

// The groups in which the number is printed: the type allocation code in one or, with the reporting body or the former
// final assembly code apart, two, then the serial number and the check digit or the software version.
var (
	imeiLayouts   = [...]layout{{2, 6, 6, 1}, {8, 6, 1}, {6, 2, 6, 1}}
	imeisvLayouts = [...]layout{{2, 6, 6, 2}, {8, 6, 2}, {6, 2, 6, 2}}
	bareLayouts   = [...]layout{{2, 6, 6}, {8, 6}, {6, 2, 6}}
)

// imeiDigits is the length of an IMEI without the check digit, which is no part of what devices send (3GPP TS 23.003,
// section 6.2.1). It is what names a device.
const imeiDigits = 14

// imeiAt reads the number of which s[from:end] is all, or the first group with more than two digits. last is where the
// number before ended.
func imeiAt(s string, from, end, last int, marked bool) (Span, bool) {
	size := end - from
	switch {
	case imeiDigits <= size && size <= imeiDigits+2:
	case size == 6 || size == 8:
		if from > 2 && size == 6 && holds(imeiSeps, s[from-1]) && isDigit(s[from-2]) && isDigit(s[from-3]) {
			from -= 3
		}
		if end == len(s) || !holds(imeiSeps, s[end]) || !beginsAt(s, from, last, imeiSeps) {
			return Span{}, false
		}
	default:
		return Span{}, false
	}
	told := imeiBefore(s, from)
	if !told && wordBefore(s, from) {
		return Span{}, false
	}
	var n numeral
	n.read(s, from, imeiSeps)
	groups := 0
	switch {
	case size < imeiDigits:
		groups = n.imei(s, told)
	case told && !wordAfter(s, end) && (size != imeiDigits+1 || isIMEI(n.first(1), true)),
		!marked && size == imeiDigits+1 && isIMEI(n.first(1), false) && !alsoSubscriber(n.first(1)) && standsAlone(s, from, end):
		groups = 1
	}
	if groups == 0 || isZero(n.digits[:imeiDigits]) {
		return Span{}, false
	}
	return Span{Start: from, End: n.end[groups-1], Kind: IMEI, Canonical: canonicalIMEI(n.digits[:imeiDigits])}, true
}

// imei returns how many groups make an IMEI. Without a check digit the text before must say that it is one, or its
// groups, which dates and times do not have.
func (n *numeral) imei(s string, told bool) int {
	for _, l := range imeiLayouts {
		if k := n.fits(l); k > 0 && n.endsAfter(s, k) && isIMEI(n.first(k), told) {
			return k
		}
	}
	for _, l := range imeisvLayouts {
		if k := n.fits(l); k > 0 && n.endsAfter(s, k) && (told || l[0] == 2 && reports(n.digits[:])) {
			return k
		}
	}
	for _, l := range bareLayouts {
		if k := n.fits(l); told && k > 0 && k == n.count && n.endsAfter(s, k) {
			return k
		}
	}
	return 0
}

// isIMEI reports whether the check digit of 15 digits is right (3GPP TS 23.003, annex B) and a reporting body has the
// first two. What is told to be an IMEI may be of any body, and have the zero in place of the check digit that devices
// send (section 6.2.1, and the spare of RFC 7254).
func isIMEI(digits []byte, told bool) bool {
	if told {
		return luhn(digits) || digits[imeiDigits] == '0'
	}
	return reports(digits) && luhn(digits)
}

// canonicalIMEI completes the number of a device by its check digit, whatever stood after it.
func canonicalIMEI(device []byte) string {
	var all [imeiDigits + 1]byte
	copy(all[:], device)
	all[imeiDigits] = '0'
	all[imeiDigits] += byte(9 - (luhnSum(all[:])+9)%10)
	return string(all[:])
}

// reportingBodies are the first two digits of the type allocation codes that the bodies of GSMA TS.06, annex A, have
// given out.
var reportingBodies = [...]string{"01", "10", "30", "33", "35", "44", "45", "49", "50", "51", "52", "53", "54", "86", "91", "98", "99"}

func reports(digits []byte) bool {
	for _, body := range reportingBodies {
		if string(digits[:2]) == body {
			return true
		}
	}
	return false
}

// alsoSubscriber reports whether digits alone that may be an IMEI are more likely the number of a person: reporting
// bodies that give out nothing any more have the digits of French insured men (10), and of subscribers (IMSI) in Canada
// (302), Mexico (334) and East Asia (45).
func alsoSubscriber(digits []byte) bool {
	switch string(digits[:2]) {
	case "10", "30", "33", "45":
		return true
	}
	return false
}

// isZero reports whether there are only zeros, as a device without a number has them.
func isZero(digits []byte) bool {
	for _, c := range digits {
		if c != '0' {
			return false
		}
	}
	return true
}

// imeiLabels are the words for the number. A MEID of decimal digits has the same form.
var imeiLabels = []string{"imei", "imeisv", "imeinumber", "imeino", "deviceimei", "meid"}

// imeiBefore reports whether the text before i says that an IMEI begins there: imei=, urn:gsma:imei: (RFC 7254), or one
// of those of a device with several, "IMEI 1: ", imei2=. The label may also be glued to the number.
func imeiBefore(s string, i int) bool {
	if labelled(s, i, imeiLabels) || imeiEnds(s, i) {
		return true
	}
	end := gapStart(s, i)
	if end == i || end < 2 || s[end-1] < '0' || s[end-1] > '3' {
		return false
	}
	return labelled(s, end-1, imeiLabels) || imeiEnds(s, end-1)
}

// imeiEnds reports whether a label ends at i.
func imeiEnds(s string, i int) bool {
	return i > 0 && isLetter(s[i-1]) && oneOf(s[partStart(s, i, longestLabel):i], imeiLabels)
}
