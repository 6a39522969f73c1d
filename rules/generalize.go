package rules

import (
	"net/netip"
	"regexp"
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// generalize returns what do: generalize leaves of a value that says where somebody
// is: of an IP address the network (/24 of IPv4, /48 of IPv6), of a place its numbers
// with two decimals. What is as general already comes back as it is. It says false of
// what is neither.
//
// The canonical form is that of a finding; of a whole value there may be none.
func generalize(kind, text, canonical string) (string, bool) {
	known, builtin := detect.KindOf(kind)
	switch {
	case !builtin: // a value, or what an own detector took for one: it says itself what it is
		if net, ok := network(text); ok {
			return net, true
		}
		if canonical, ok := wholePlace(text); ok {
			return area(text, canonical), true
		}
		if _, ok := wholePlace(numeral.ReplaceAllStringFunc(text, finer)); ok { // it is general already
			return text, true
		}
		return degrees(text)
	case known == detect.IP:
		if net, ok := network(text); ok {
			return net, true
		}
		net, ok := network(canonical) // it is spelled in a way of its own
		if ok && strings.Count(text, "-") == 3 && !strings.Contains(text, ".") {
			net = strings.ReplaceAll(net, ".", "-") // of a host's name: ip-192-0-2-7
		}
		return net, ok
	case known == detect.Coordinates:
		return area(text, canonical), true
	}
	return "", false
}

// network returns the network of an address: an IPv4 address that is mapped into IPv6
// stays mapped. The zone is left out: interfaces are named after their hardware too. A
// 6to4 address (RFC 3056) holds an IPv4 address in its first 48 bits, so of that one
// the /24 is left.
func network(text string) (string, bool) {
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return "", false
	}
	const v4, mapped, sixToFour, v6 = 24, 96 + 24, 16 + 24, 48
	bits := v6
	switch six := addr.As16(); {
	case addr.Is4():
		bits = v4
	case addr.Is4In6():
		bits = mapped
	case six[0] == 0x20 && six[1] == 0x02:
		bits = sixToFour
	}
	net := netip.PrefixFrom(addr.WithZone(""), bits).Masked().Addr() // Prefix unmaps nothing
	if net == addr {
		return text, true
	}
	return net.String(), true
}

var numeral = regexp.MustCompile(`[0-9]+(?:\.[0-9]+)?`)

// area rounds a place, in its own spelling where its numbers are degrees. Minutes and
// seconds, degrees run together with minutes (NMEA 0183), and digits of other scripts
// become the degrees of the canonical form.
func area(text, canonical string) string {
	inPlace := !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 && r != '°' })
	numbers := numeral.FindAllString(text, -1)
	for _, n := range numbers {
		whole, _, _ := strings.Cut(n, ".")
		inPlace = inPlace && len(whole) <= len("180")
	}
	if !inPlace || len(numbers) != strings.Count(canonical, ",")+1 {
		text = canonical
	}
	return numeral.ReplaceAllStringFunc(text, hundredths)
}

// wholePlace returns the canonical form of a text that is one place.
func wholePlace(text string) (string, bool) {
	found := detect.Find(nil, text, detect.Coordinates)
	if len(found) != 1 || found[0].Start > 0 || found[0].End < len(text) {
		return "", false
	}
	return found[0].Canonical, true
}

// finer gives a number of one or two decimals as many as detectors want of a place.
func finer(number string) string {
	if point := strings.IndexByte(number, '.'); point >= 0 && len(number)-point-1 <= 2 {
		return number + "0001"
	}
	return number
}

var oneNumber = regexp.MustCompile(`^([+-]?)([0-9]{1,3}(?:\.[0-9]+)?)$`)

// degrees rounds a value that is one number between -180 and 180: half of a place,
// whose other half is another value.
func degrees(text string) (string, bool) {
	m := oneNumber.FindStringSubmatch(text)
	if m == nil {
		return "", false
	}
	// Texts of as many digits before the point compare as their numbers do.
	whole, fraction, _ := strings.Cut(m[2], ".")
	whole = strings.Repeat("0", len("180")-len(whole)) + whole
	if whole > "180" || whole == "180" && strings.Trim(fraction, "0") != "" {
		return "", false
	}
	return m[1] + hundredths(m[2]), true
}

// hundredths rounds a number without a sign to two decimals, halves up, so that of a
// number with a sign they go away from zero. It goes by the digits: a float is only
// near what they say. What has no more than two decimals stays as it is.
func hundredths(number string) string {
	point := strings.IndexByte(number, '.')
	if point < 0 || len(number)-point-1 <= 2 {
		return number
	}
	digits := []byte(number[:point+3])
	if number[point+3] < '5' {
		return string(digits)
	}
	for i := len(digits) - 1; i >= 0; i-- {
		switch digits[i] {
		case '.':
		case '9':
			digits[i] = '0'
		default:
			digits[i]++
			return string(digits)
		}
	}
	return "1" + string(digits)
}

// generalize says what takes the place of a finding whose rule generalizes, as text says
// it, unless the Replacer is to.
func (e *edit) generalize(text string) {
	if with, ok := generalize(e.kind, text, e.canonical); ok {
		e.instead, e.general = strings.Clone(with), with == text // it may be in a buffer
	}
}
