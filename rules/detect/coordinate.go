package detect

// coordinate is one angle with a label of its own.
type coordinate struct {
	angle
	// alone says that the label is enough. "lat" may be a latency: it needs a longitude beside it.
	alone bool
}

var (
	latitudeWords  = []string{"latitude", "gpslatitude", "geolatitude"}
	longitudeWords = []string{"longitude", "gpslongitude", "geolongitude"}
	latWords       = []string{"lat", "mlat", "gpslat", "geolat"}
	lonWords       = []string{"lon", "lng", "long", "mlon", "gpslon", "gpslng", "gpslong", "geolon", "geolng"}
)

// coordinateAt reports what the label before an angle says that it is.
func coordinateAt(s string, a angle) (coordinate, bool) {
	c := coordinate{angle: a}
	told := noAxis
	switch {
	case a.width > 3:
	case dataBefore(s, a.from):
		c.alone = true
		if told = latitude; s[a.from-2] == '4' {
			told = longitude
		}
	case !mayBeLabel(s, a.from):
	case labelled(s, a.from, latitudeWords):
		told, c.alone = latitude, true
	case labelled(s, a.from, longitudeWords):
		told, c.alone = longitude, true
	case labelled(s, a.from, latWords):
		told = latitude
	case labelled(s, a.from, lonWords):
		told = longitude
	}
	if told == noAxis || a.axis != noAxis && a.axis != told || told == latitude && (a.degrees < -90 || a.degrees > 90) {
		return c, false
	}
	c.axis = told
	return c, true
}

// mayBeLabel reports whether a word that ends as one of the labels stands before i: the quick way to say no.
func mayBeLabel(s string, i int) bool {
	end := gapStart(s, i)
	if end == i || end == 0 {
		return false
	}
	switch s[end-1] | 0x20 {
	case 'e', 't', 'n', 'g':
		return true
	}
	return false
}

// dataBefore reports whether what begins at i is a latitude (3d) or a longitude (4d) in the data of a map's address:
// !3d60.1699!4d24.9384.
func dataBefore(s string, i int) bool {
	return i > 2 && s[i-1] == 'd' && s[i-3] == '!' && (s[i-2] == '3' || s[i-2] == '4')
}

// goesWith reports whether next is the other half of a place. As much as a long label may stand between them.
func (c *coordinate) goesWith(next coordinate) bool {
	return c.axis != noAxis && next.axis != c.axis && next.from-c.end <= longestLabel
}

// appendTo appends the coordinate as a finding, if it is an exact one.
func (c *coordinate) appendTo(dst []Span) []Span {
	if c.places < fine {
		return dst
	}
	return append(dst, Span{Start: c.from, End: c.end, Kind: Coordinates, Canonical: c.canonical()})
}
