package detect

import (
	"strings"
	"testing"
)

func TestMarkedCoordinates(t *testing.T) {
	finds{
		// RFC 5870, sections 6.1 and 6.2.
		{"geo:13.4125,103.8667", []string{`coordinates "13.4125,103.8667"`}},
		{"geo:48.2010,16.3695,183", []string{`coordinates "48.2010,16.3695" 48.201,16.3695`}},
		{"geo:48.198634,16.371648;crs=wgs84;u=40", []string{`coordinates "48.198634,16.371648"`}},
		{"geo:-33.8688,151.2093", []string{`coordinates "-33.8688,151.2093"`}},
		{"GEO:60.1,24.9384", []string{`coordinates "60.1,24.9384"`}},

		// ISO 6709, annex H: degrees, with minutes, with minutes and seconds.
		{"+40.20361-075.00417/", []string{`coordinates "+40.20361-075.00417" 40.20361,-75.00417`}},
		{"+4012.22-07500.25/", []string{`coordinates "+4012.22-07500.25" 40.203667,-75.004167`}},
		{"+401213.1-0750015.1/", []string{`coordinates "+401213.1-0750015.1" 40.203639,-75.004194`}},
		{"loc=+27.5916+086.5640+8850CRSWGS_84/", []string{`coordinates "+27.5916+086.5640" 27.5916,86.564`}},
		{"-33.8688+151.2093+012.5/", []string{`coordinates "-33.8688+151.2093" -33.8688,151.2093`}},

		// Hemispheres.
		{"60.1699N 24.9384E", []string{`coordinates "60.1699N 24.9384E" 60.1699,24.9384`}},
		{"60.1699N24.9384E", []string{`coordinates "60.1699N24.9384E" 60.1699,24.9384`}},
		{"33.8688 S, 151.2093 E", []string{`coordinates "33.8688 S, 151.2093 E" -33.8688,151.2093`}},
		{"N60.1699 E24.9384", []string{`coordinates "N60.1699 E24.9384" 60.1699,24.9384`}},
		{"N60.1699E24.9384", []string{`coordinates "N60.1699E24.9384" 60.1699,24.9384`}},
		{"S 33.8688, W 151.2093", []string{`coordinates "S 33.8688, W 151.2093" -33.8688,-151.2093`}},
		{"24.9384E 60.1699N", []string{`coordinates "24.9384E 60.1699N" 60.1699,24.9384`}},
		{"at 60.1699° N, 24.9384° E.", []string{`coordinates "60.1699° N, 24.9384° E" 60.1699,24.9384`}},
		{"60.1699°, 24.9384°", []string{`coordinates "60.1699°, 24.9384°" 60.1699,24.9384`}},
		{`60°10'12"N 24°56'18"E`, []string{`coordinates "60°10'12\"N 24°56'18\"E" 60.17,24.938333`}},
		{`60° 10′ 11.6″ N, 24° 56′ 18.2″ W`, []string{`coordinates "60° 10′ 11.6″ N, 24° 56′ 18.2″ W" 60.169889,-24.938389`}},
		{`60°10.194'N 24°56.304'E`, []string{`coordinates "60°10.194'N 24°56.304'E" 60.1699,24.9384`}},
		// The example of NMEA 0183 that is in every manual.
		{"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47", []string{`coordinates "4807.038,N,01131.000,E" 48.1173,11.516667`}},

		// Labels of both.
		{"ll=60.1699,24.9384&z=15", []string{`coordinates "60.1699,24.9384"`}},
		{"latlng: 60.1699, 24.9384", []string{`coordinates "60.1699, 24.9384" 60.1699,24.9384`}},
		{`"coordinates":"60.1699,24.9384"`, []string{`coordinates "60.1699,24.9384"`}},
		{"user_gps_60.1699_24.9384", []string{`coordinates "60.1699_24.9384" 60.1699,24.9384`}},
		{"lnglat=24.9384,60.1699", []string{`coordinates "24.9384,60.1699" 60.1699,24.9384`}},
		{"SRID=4326;POINT(24.9384 60.1699)", []string{`coordinates "24.9384 60.1699" 60.1699,24.9384`}},
		{"https://maps.example/@60.1699,24.9384,15z", []string{`coordinates "60.1699,24.9384"`}},
		{"https://maps.example/?q=60.1699,24.9384", []string{`coordinates "60.1699,24.9384"`}},
		{"https://maps.example/#map=15/60.1699/24.9384", []string{`coordinates "60.1699/24.9384" 60.1699,24.9384`}},
		{"60.1699,N,24.9384,E", []string{`coordinates "60.1699,N,24.9384,E" 60.1699,24.9384`}},
		{"ll=51.5074,-0.0000", []string{`coordinates "51.5074,-0.0000" 51.5074,0`}},
		{"location=60.1699,24.9384", []string{`coordinates "60.1699,24.9384"`}},

		// Labels of each.
		{"lat=60.1699&lon=24.9384", []string{`coordinates "60.1699"`, `coordinates "24.9384"`}},
		{`{"lat": 60.1699, "lng": 24.9384}`, []string{`coordinates "60.1699"`, `coordinates "24.9384"`}},
		{"lon=24.9384;lat=-60.1699", []string{`coordinates "24.9384"`, `coordinates "-60.1699"`}},
		{"geoLat=60.1699&geoLong=24.9384", []string{`coordinates "60.1699"`, `coordinates "24.9384"`}},
		{"latitude: 60.16990", []string{`coordinates "60.16990" 60.1699`}},
		{"GPSLongitude=-24.9384", []string{`coordinates "-24.9384"`}},
		{"latitude=60.1699&lng=24.9384", []string{`coordinates "60.1699"`, `coordinates "24.9384"`}},
		{"lat=60.1699&longitude=24.9384", []string{`coordinates "60.1699"`, `coordinates "24.9384"`}},
		{"lat=60.17&lon=24.9384", []string{`coordinates "24.9384"`}},
		{"?mlat=60.1699&mlon=24.9384#map", []string{`coordinates "60.1699"`, `coordinates "24.9384"`}},
		{"data=!3m1!4b1!3d60.1699!4d-24.9384", []string{`coordinates "60.1699"`, `coordinates "-24.9384"`}},
	}.run(t, Any...)
	nothing(t, Any,
		"60.1699,24.9384", "-33.86880, 151.20930", // pairs of numbers are levels and delays, too
		"0.0123,0.0456", "-0.1234,0.9876", "60.169,24.938", "60.1699 24.9384", "60.1699;24.9384", "x=60.1699,24.9384", "60.1699,24.9384,12.5678", "[60.1699,24.9384]",
		"60.1699,180.9384", "90.1699,90.9384", "60.1699", "1.0180000000000005", "5000.1234,24.9384",
		"geo:60.17,24.94", "geo:60,24", "ll=60.1699,24", "60.1699N 24E", "+060.1699+0024.9384", "latitude=60.1699E", "latitude=4807.038", "4807.038° N, 01131.000° E",
		"lat=60.17&lon=24.94", "60.17N 24.94E", "60°10'N 24°56'E", "60°10'12\"N", "latitude=60.17", "latitude=90.1699",
		"lat=12.3456", "lat=12.3456 max=24.9384", "long: 12.3456", "lat=12.345,13.456", "lat=12.3456&lat=13.4567", "lat=60.1699"+strings.Repeat(" ", 41)+"lon=24.9384",
		"latencylat=60.1699 lon=2", "60.1699N 24.9384N", "60.1699N 24.9384", "60.1699W 24.9384E", "60.1699NM 24.9384EM", "1.2345e5,2.3456", "ll=1.2345,2.3456x",
		"ll=1.2345,2.3456.7", "x60.1699N 24.9384E", "1.60.1699N 24.9384E", "60°99'12\"N 24°56'18\"E", "4867.038,N,01131.000,E", "4807.038,01131.000",
		"+60.1699+24.9384", "60.1699+024.9384", "+123.4567-123.4567", "192.0.2,7.1234", "1.2345.6789,1.2345", "jitter=0.0123,0.0456", "#map/60.1699/24.9384",
		"v=60.1699/24.9384", "12345678.1699N 24.9384E",
	)
}

func TestCoordinates(t *testing.T) {
	finds{
		{"60.169,24.938", []string{`coordinates "60.169,24.938"`}},
		{"60.1699,24.9384", []string{`coordinates "60.1699,24.9384"`}},
		{"-33.86880, 151.20930", []string{`coordinates "-33.86880, 151.20930" -33.8688,151.2093`}},
		{"51.5074,-0.1278", []string{`coordinates "51.5074,-0.1278"`}},
		{"-122.4194,37.7749", []string{`coordinates "-122.4194,37.7749" 37.7749,-122.4194`}},
		{"room-60.1699,24.9384-web", []string{`coordinates "60.1699,24.9384"`}},
		{"[24.9384, 60.1699]", []string{`coordinates "24.9384, 60.1699" 24.9384,60.1699`}},
		{"[151.2093,-33.8688]", []string{`coordinates "151.2093,-33.8688" -33.8688,151.2093`}},
		{"60.1699_24.9384", []string{`coordinates "60.1699_24.9384" 60.1699,24.9384`}},
		{"60.1699 24.9384 61.4978;23.7610", []string{`coordinates "60.1699 24.9384" 60.1699,24.9384`, `coordinates "61.4978;23.7610" 61.4978,23.761`}},
		{"60.1699,24.9384,12.5678", []string{`coordinates "60.1699,24.9384"`}},
		{"lat=60.1699&lon=24.9384", []string{`coordinates "60.1699"`, `coordinates "24.9384"`}},
		{"geo:13.4125,103.8667", []string{`coordinates "13.4125,103.8667"`}},
	}.run(t, Coordinates)
	nothing(t, []Kind{Coordinates}, "60.17,24.94", "60.17,24.9384", "60.1699", "0.1234,0.5678", "90.1234,91.2345", "60.1699,181.2345", "a60.1699,24.9384", "60.1699,24.9384e3",
		"60.1699, x=24.9384", "1739812345.678,1739812346.789")
}

// TestCoordinateSpellings has one place as it may be written: it has one canonical form.
func TestCoordinateSpellings(t *testing.T) {
	for _, in := range []string{
		"geo:60.5125,24.25", "60.5125,24.250", "60.512500,24.25000", "60.5125, 24.2500", "N60.5125 E24.25", "60.5125N 24.25E", "60.5125°N, 24.2500°E", "+60.5125+024.2500/",
		"+6030.75+02415.00/", "+603045.0+0241500.0/", `60°30'45"N 24°15'00"E`, `60°30.75'N 24°15.0'E`, "lnglat=24.25,60.5125", "24.25E 60.5125N", "6030.750,N,02415.000,E",
	} {
		spans := Find(nil, in, Coordinates)
		if len(spans) != 1 || spans[0].Canonical != "60.5125,24.25" {
			t.Errorf("%q: %+v", in, spans)
		}
	}
}

// TestCoordinateOnce: a latitude whose label is enough is not found again when its longitude follows.
func TestCoordinateOnce(t *testing.T) {
	if spans := findMarkedCoordinates(nil, "latitude=60.1699&lng=24.9384", 0, nil); len(spans) != 2 {
		t.Errorf("%+v", spans)
	}
}

// TestGeneralized: what has two decimals left is not found again, so that a rule that generalizes is the last word.
func TestGeneralized(t *testing.T) {
	for _, form := range []string{"geo:%", "%", "ll=%", "@%,15z", "latlng: %"} {
		text := strings.ReplaceAll(form, "%", "60.17,24.94")
		nothing(t, Any, text)
		nothing(t, []Kind{Coordinates}, text)
	}
}

func TestCoordinatesWithoutAllocation(t *testing.T) {
	for _, find := range []func([]Span, string, set, *dialling) []Span{findCoordinates, findMarkedCoordinates} {
		noAllocation(t, find, "60.17,24.94", "geo:60.17,24.94", "lat=12.3456", "jitter=0.0123,0.0456", "60°10'N 24°56'E", "1739812345.678", "1."+strings.Repeat("1", 400),
			strings.Repeat("a", 60)+"e=60.1699", "aaaaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbe=60.1699", "+60.17+024.94", sessionText(4<<10))
	}
}
