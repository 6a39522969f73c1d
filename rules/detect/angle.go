package detect

import (
	"math"
	"strconv"
	"strings"
)

// axis is what an angle measures.
type axis uint8

const (
	noAxis axis = iota
	latitude
	longitude
)

// angle is a latitude or a longitude as people and machines write it: in degrees (-60.1699, 60.1699° N, N60.1699), in
// degrees, minutes and seconds (60°10'11.6"N), or with these run together (6010.194: NMEA 0183 and ISO 6709).
type angle struct {
	from, end int
	axis      axis
	degrees   float64 // with its sign
	width     int     // digits before the point
	places    int     // digits after the point, of degrees
	signed    bool    // with a + or -
	marked    bool    // with a degree sign or the letter of a hemisphere
}

const degreeSign = "°"

// fine is how many places after the point tell a house from a town. What has no more than two is no person's place, nor
// is what was generalized to two.
const fine = 3

// angleBefore reads the angle whose first number holds the point or goes before the degree sign at i.
func angleBefore(s string, i int) (angle, bool) {
	from := i
	for from > 0 && i-from <= longestWidth && isDigit(s[from-1]) {
		from--
	}
	if from == i || i-from > longestWidth {
		return angle{}, false
	}
	if from > 0 && (s[from-1] == '-' || s[from-1] == '+') && (!wordBefore(s, from-1) || dataBefore(s, from-1)) {
		from--
	} else if k := from; k > 0 {
		if s[k-1] == ' ' && k > 1 {
			k--
		}
		if hemisphereOf(s[k-1]) != noAxis && !wordBefore(s, k-1) {
			from = k - 1
		}
	}
	if wordBefore(s, from) && !dataBefore(s, from) || from > 0 && s[from-1] == '.' {
		return angle{}, false
	}
	if !mayBeAngle(s, from, i) {
		return angle{}, false
	}
	return angleAt(s, from)
}

// mayBeAngle reports whether the number that begins at from, with its point at i, may be an angle: a sign, a separator
// or a hemisphere follows it, or a label stands before it. Most numbers stand alone.
func mayBeAngle(s string, from, i int) bool {
	_, end := decimalAt(s, i)
	if end+1 < len(s) && s[end] == '.' && isDigit(s[end+1]) {
		return false
	}
	follows := end < len(s) && strings.IndexByte(separators+" +-NSEW"+degreeSign[:1], s[end]) >= 0
	return follows || mayBeLabel(s, from) || dataBefore(s, from)
}

// longestWidth is the length of a longitude in degrees, minutes and seconds run together.
const longestWidth = len("DDDMMSS")

// angleAt reads the angle that begins at i.
func angleAt(s string, i int) (a angle, ok bool) {
	a.from = i
	south, open := false, false
	if i < len(s) && hemisphereOf(s[i]) != noAxis {
		a.axis, a.marked = hemisphereOf(s[i]), true
		south = s[i] == 'S' || s[i] == 'W'
		if i++; i < len(s) && s[i] == ' ' {
			i++
		}
	} else if i < len(s) && (s[i] == '-' || s[i] == '+') {
		a.signed = true
		south = s[i] == '-'
		i++
	}
	i, ok = a.number(s, i)
	if !ok {
		return a, false
	}
	if k := skipSpace(s, i); strings.HasPrefix(s[k:], degreeSign) {
		if a.width > 3 {
			return a, false
		}
		a.marked = true
		i = k + len(degreeSign)
		if a.places == 0 {
			i = a.minutes(s, i)
		}
	}
	if a.axis != noAxis {
		open = i+1 < len(s) && hemisphereOf(s[i]) != noAxis && isDigit(s[i+1]) // N60.1699E24.9384
	} else if k, axis := a.hemisphereAt(s, i); axis != noAxis {
		a.axis, a.marked = axis, true
		open = k < len(s) && isDigit(s[k])
		south = s[k-1] == 'S' || s[k-1] == 'W'
		i = k
	}
	if south {
		a.degrees = -a.degrees
	}
	a.end = i
	return a, (open || !wordAfter(s, i)) && !(i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]))
}

// number reads the digits of an angle up to its degree sign, if it has one.
func (a *angle) number(s string, i int) (end int, ok bool) {
	whole, point := decimalAt(s, i)
	end = point
	a.width = whole - i
	a.places = max(0, point-whole-1)
	if a.width == 0 || a.width > longestWidth {
		return end, false
	}
	v, err := strconv.ParseFloat(s[i:end], 64)
	if err != nil {
		return end, false
	}
	switch a.width {
	case 4, 5: // DDMM.m, DDDMM.m
		a.degrees = sexagesimal(math.Floor(v/100), math.Mod(v, 100), 0)
		a.places += fine - 1
	case 6, 7: // DDMMSS.s, DDDMMSS.s
		a.degrees = sexagesimal(math.Floor(v/10000), math.Mod(math.Floor(v/100), 100), math.Mod(v, 100))
		a.places += fine
	default:
		a.degrees = v
	}
	return end, a.degrees >= 0 && a.degrees <= 180
}

// minutes reads the minutes and the seconds behind the degree sign that ends at i, if there are any.
func (a *angle) minutes(s string, i int) (end int) {
	var parts [2]float64
	end = i
	for n := range parts {
		k := skipSpace(s, end)
		whole, point := decimalAt(s, k)
		if whole == k || whole-k > 2 {
			break
		}
		size := markSize(s, skipSpace(s, point), n)
		if size == 0 {
			break
		}
		v, err := strconv.ParseFloat(s[k:point], 64)
		if err != nil || v >= 60 {
			break
		}
		parts[n] = v
		a.places = fine - 1 + n + max(0, point-whole-1)
		if end = skipSpace(s, point) + size; point > whole {
			break
		}
	}
	a.degrees = sexagesimal(a.degrees, parts[0], parts[1])
	return end
}

// sexagesimal adds minutes and seconds to degrees. A hundredth of a second is three millionths of a degree.
func sexagesimal(degrees, minutes, seconds float64) float64 {
	if minutes >= 60 || seconds >= 60 {
		return -1
	}
	return math.Round((degrees+minutes/60+seconds/3600)*1e6) / 1e6
}

// marks are the signs of minutes and of seconds.
var marks = [2][]string{{"'", "′", "’"}, {`"`, "″", "”", "''", "′′"}}

// markSize returns the size of the sign of minutes (n = 0) or seconds (1) at i, 0 where there is none.
func markSize(s string, i, n int) int {
	for _, m := range marks[n] {
		if strings.HasPrefix(s[i:], m) {
			return len(m)
		}
	}
	return 0
}

// hemisphereAt reads the letter of a hemisphere at i, after a space or, as NMEA 0183 has it, a comma. The other
// angle may follow at once: 60.1699N24.9384E.
func (a *angle) hemisphereAt(s string, i int) (end int, axis axis) {
	k := i
	if k < len(s) && (s[k] == ' ' || s[k] == ',') {
		k++
	}
	if k == len(s) {
		return i, noAxis
	}
	axis = hemisphereOf(s[k])
	if axis == noAxis || wordAfter(s, k+1) && !(axis == latitude && k == i && isDigit(s[k+1])) {
		return i, noAxis
	}
	return k + 1, axis
}

// hemisphereOf returns what the letter of a hemisphere tells an angle to be.
func hemisphereOf(c byte) axis {
	switch c {
	case 'N', 'S':
		return latitude
	case 'E', 'W':
		return longitude
	}
	return noAxis
}

// decimalAt returns where the digits at i end, and where the digits behind a point after them do.
func decimalAt(s string, i int) (whole, point int) {
	for i < len(s) && isDigit(s[i]) {
		i++
	}
	whole = i
	if i+1 < len(s) && s[i] == '.' && isDigit(s[i+1]) {
		for i++; i < len(s) && isDigit(s[i]); {
			i++
		}
	}
	return whole, i
}

func skipSpace(s string, i int) int {
	if i < len(s) && s[i] == ' ' {
		i++
	}
	return i
}

// canonical writes an angle in degrees, without zeros that say nothing.
func (a *angle) canonical() string {
	return strconv.FormatFloat(a.degrees+0, 'f', -1, 64) // -0 + 0 is 0
}
