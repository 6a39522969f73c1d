package detect

import "strings"

// coordinatesNeeds: degrees have decimals, or the sign of degrees behind them.
var (
	coordinatesNeeds       = []Hint{hasDigit | hasDot, hasDigit | hasDegree}
	markedCoordinatesNeeds = coordinatesNeeds
)

// findCoordinates takes what findMarkedCoordinates takes, and any two numbers that may be a place: both with three
// decimals, and not both smaller than one, as levels and delays are.
func findCoordinates(dst []Span, s string, _ set, _ *dialling) []Span {
	return placesIn(dst, s, false)
}

// findMarkedCoordinates takes places that a label or a scheme (geo:, RFC 5870), the letters of hemispheres, signs of
// degrees, the form of ISO 6709 or an address of a map mark as such.
func findMarkedCoordinates(dst []Span, s string, _ set, _ *dialling) []Span {
	return placesIn(dst, s, true)
}

// placesIn anchors on points between digits and on signs of degrees. A finding is two angles, or one where each has a
// label of its own: replacing both in one piece would take the second label away.
func placesIn(dst []Span, s string, marked bool) []Span {
	var last coordinate
	dot, sign := -1, -1
	for i := 0; ; {
		if dot < i {
			dot = indexFrom(s, i, ".")
		}
		if sign < i {
			sign = indexFrom(s, i, degreeSign)
		}
		at := min(dot, sign)
		if at == len(s) {
			return dst
		}
		i = at + 1
		if at == 0 || !isDigit(s[at-1]) || at == dot && (i == len(s) || !isDigit(s[i])) {
			continue
		}
		a, ok := angleBefore(s, at)
		if !ok {
			continue
		}
		i = a.end
		if p, ok := placeAt(s, a); ok && p.counts(s, marked) {
			dst = append(dst, p.span())
			i, last = max(p.lat.end, p.lon.end), coordinate{}
			continue
		}
		next, ok := coordinateAt(s, a)
		if !ok {
			continue
		}
		if last.goesWith(next) {
			if !last.alone {
				dst = last.appendTo(dst)
			}
			next.alone = true
		}
		if next.alone {
			dst = next.appendTo(dst)
		}
		last = next
	}
}

func indexFrom(s string, i int, what string) int {
	if k := strings.Index(s[i:], what); k >= 0 {
		return i + k
	}
	return len(s)
}

// place is a pair of angles. Each is where it stands in the text: the longitude may come first.
type place struct {
	lat, lon angle
	sep      byte // between them; 0 where none is
}

// separators may stand between two angles, with a space on either side of it; so may a space alone.
const separators = ",;/|_"

// placeAt reads the angle that may follow a and make a place with it.
func placeAt(s string, a angle) (p place, ok bool) {
	j := skipSpace(s, a.end)
	if j > a.end {
		p.sep = ' '
	}
	if j < len(s) && strings.IndexByte(separators, s[j]) >= 0 {
		p.sep = s[j]
		j = skipSpace(s, j+1)
	}
	if p.sep == 0 && !a.signed && a.axis == noAxis {
		return p, false
	}
	b, ok := angleAt(s, j)
	if !ok {
		return p, false
	}
	p.lat, p.lon = a, b
	if a.axis == longitude || a.axis == noAxis && b.axis == noAxis && (a.degrees > 90 || a.degrees < -90 || labelled(s, a.from, lonFirst)) {
		p.lat, p.lon = b, a
	}
	return p, p.lat.degrees >= -90 && p.lat.degrees <= 90
}

// counts reports whether a pair is a place: marked as one or, if need not be, exact enough to be one.
func (p *place) counts(s string, marked bool) bool {
	from := min(p.lat.from, p.lon.from)
	least, most := min(p.lat.places, p.lon.places), max(p.lat.places, p.lon.places)
	if most < fine || least == 0 {
		return false
	}
	if p.lat.axis != noAxis || p.lon.axis != noAxis {
		return p.lat.axis == latitude && p.lon.axis == longitude
	}
	if p.sep == 0 || p.lat.width > 3 || p.lon.width > 3 {
		return p.iso6709()
	}
	switch {
	case p.lat.marked && p.lon.marked || labelled(s, from, placeWords) || labelled(s, from, lonFirst):
		return true
	case least < fine || p.small():
		return false
	case !marked:
		return true
	case least == fine:
		return false
	}
	return p.sep == ',' && (from > 0 && s[from-1] == '@' || labelled(s, from, mapWords)) ||
		p.sep == '/' && zoomBefore(s, from)
}

// iso6709 reports whether the angles are signed and as wide as ISO 6709 (annex H) has them: +60.1699+024.9384.
func (p *place) iso6709() bool {
	w := p.lat.width
	return p.sep == 0 && p.lat.signed && p.lon.signed && w%2 == 0 && p.lon.width == w+1
}

// small reports whether both angles are less than a degree: nobody lives there, but levels, shares and delays are so.
func (p *place) small() bool {
	isSmall := func(d float64) bool { return d > -1 && d < 1 }
	return isSmall(p.lat.degrees) && isSmall(p.lon.degrees)
}

func (p *place) span() Span {
	return Span{
		Start: min(p.lat.from, p.lon.from), End: max(p.lat.end, p.lon.end), Kind: Coordinates,
		Canonical: p.lat.canonical() + "," + p.lon.canonical(),
	}
}

// The labels of places. Those of lonFirst say that the longitude comes first, as points of WKT have it. Behind those of
// mapWords, most of them from the addresses of maps, other things may stand as well.
var (
	placeWords = []string{
		"geo", "gps", "ll", "sll", "cll", "latlng", "latlon", "latlong", "coordinate", "coordinates", "geolocation", "geopoint", "geoposition",
		"gpsposition", "gpscoordinates", "gpslocation", "latitude", "longitude", "lon", "lng",
	}
	lonFirst = []string{"lnglat", "lonlat", "longlat", "point"}
	mapWords = []string{"lat", "q", "query", "loc", "location", "coord", "coords", "center", "near", "origin", "destination", "saddr", "daddr", "cp"}
)

// zoomBefore reports whether the zoom of a map stands before i: #map=15/60.1699/24.9384.
func zoomBefore(s string, i int) bool {
	if i == 0 || s[i-1] != '/' {
		return false
	}
	from := i - 1
	for from > 0 && i-from <= len("15.25/") && (isDigit(s[from-1]) || s[from-1] == '.') {
		from--
	}
	return from < i-1 && hasFold(s, from-len("map="), "map=")
}
