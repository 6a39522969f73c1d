package detect

import (
	"fmt"
	"strings"
	"testing"
)

// nameSamples are addresses of people, ids that machines made, and places.
func nameSamples(t testing.TB) (all []sample) {
	r := newLot(4)
	add := func(form, part string) { all = append(all, markedText(t, "", fillForm(form, part))) }
	for range 300 {
		add(r.of(
			"%", "%", "user:%", "%/device2", "<%>", "mailto:%?subject=x", "user=%&v=1", "%|0f3a", "room_%", "Anna Virtanen <%>", `{"user":"%"}`, "xmpp:%/phone", "urn:acme:user:%",
			"%,%", "login %;", "(%)", "/v1/users/%/calls",
		), "[email:"+r.email()+"]")
		add(r.of("sip:%", "sips:%", "<sip:%>", "from=sip:%;tag=1", "sip:%;transport=tcp", `"Anna" <sip:%>;tag=8a`, "sip:%?subject=x", "Contact: <sip:%;ob>", "user-sip:%"), "[sip:"+r.sip()+"]")
	}
	for range 80 {
		add(r.of("%", "conf-%", "user=%", "room_%", "urn:uuid:%"), "[opaque:"+r.uuid()+"]")
		add(r.of("%", "id:%", "%@host", "/v1/%/x"), "[opaque:"+r.of(
			r.from(lowerHex, 32), r.from(lowerHex, 40), r.ulid(), r.from(base62, 22), r.from(base64Url, 21), r.from(upperHex, 24), r.from(lowerHex, 16),
		)+"]")
	}
	for range 150 {
		lat, lon := r.degrees(90, 4+r.IntN(4)), r.degrees(180, 4+r.IntN(4))
		add(r.of(
			"geo:%;u=35", "loc=%&v=1", "latlng=%", "position:%", `{"ll":"%"}`, "location=%",
		), "[coordinates:"+lat+r.of(",", ",", ", ")+lon+"]")
		all = append(all, markedText(t, "", fmt.Sprintf(r.of(
			"lat=[coordinates:%s]&lon=[coordinates:%s]", `{"lat":[coordinates:%s],"lon":[coordinates:%s]}`, `{"latitude":[coordinates:%s],"longitude":[coordinates:%s]}`,
			"lat:[coordinates:%s],lng:[coordinates:%s]",
		), lat, lon)))
		all = append(all, markedText(t, "alone", r.of("", "at ", "pos-")+"[coordinates:"+lat+","+lon+"]"))
	}
	return all
}

var given = []string{"anna", "matti", "john", "maria", "li", "josé", "Zoë", "Anna", "o.brien", "jean-luc", "a", "müller", "иван"}

func (r lot) email() string {
	local := r.of(given...) + r.of("", ".virtanen", "_smith", "-k", "+work", "1984", ".x.y", "'s")
	domain := r.of("example", "mail.example", "x", "my-company", "EXAMPLE", "sub.dept.example", "münchen") + "." + r.of("com", "org", "fi", "co.uk", "museum", "COM", "xn--p1ai", "рф")
	return local + "@" + domain
}

func (r lot) sip() string {
	user := r.of("anna", "anna.virtanen", "alice", "bob;day=tuesday", "1001", "agent-7", "a_b", "carol:secret", "front+desk")
	host := r.of("example.com", "pbx.example.org", "192.0.2.7", `[2001:db8::7\u005d`, "biloxi", "sip-1.voice.example.net", "localhost")
	return user + "@" + host + r.of("", ":5060", ":5061")
}

func (r lot) uuid() string {
	s := r.from(lowerHex, 12) + "4" + r.from(lowerHex, 3) + r.of("8", "9", "a", "b") + r.from(lowerHex, 15)
	if r.IntN(4) == 0 {
		s = strings.ToUpper(s)
	}
	return inGroups(s, "-", 8, 4, 4, 4, 12)
}

func (r lot) ulid() string { return "01" + r.from("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 24) }

// degrees draws a place on the globe, with so many decimals.
func (r lot) degrees(most, decimals int) string {
	return fmt.Sprintf("%.*f", decimals, (r.Float64()*2-1)*float64(most))
}
