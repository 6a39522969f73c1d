package rules

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"strings"
	"testing"

	"github.com/statveil/statveil/rules/detect"
)

func TestGeneralize(t *testing.T) {
	tests := []struct{ kind, text, want string }{ // "" is neither
		{"ip", "192.0.2.7", "192.0.2.0"},
		{"ip", "192.0.2.255", "192.0.2.0"},
		{"ip", "192.0.2.0", "192.0.2.0"},
		{"ip", "2001:db8:1:2:3:4:5:6", "2001:db8:1::"},
		{"ip", "2001:0DB8:0001:0002::7", "2001:db8:1::"},
		{"ip", "2001:0DB8:0001:0:0:0:0:0", "2001:0DB8:0001:0:0:0:0:0"}, // general already: its spelling stays
		{"ip", "2001:db8:0:ffff::1", "2001:db8::"},
		{"ip", "::ffff:192.0.2.7", "::ffff:192.0.2.0"},
		{"ip", "::ffff:c000:207", "::ffff:192.0.2.0"},
		{"ip", "::ffff:192.0.2.0", "::ffff:192.0.2.0"},
		{"ip", "2002:c000:0207:1::1", "2002:c000:200::"}, // 6to4 holds 192.0.2.7
		{"ip", "64:ff9b::192.0.2.7", "64:ff9b::"},
		{"ip", "fe80::1a2b:3cff:fe4d:5e6f%eth0", "fe80::"},
		{"value", "192.0.2.7", "192.0.2.0"},
		{"value", "127.0.0.1", "127.0.0.0"},
		{"value", "::1", "::"},
		{"value", "2001:db8::1%eth0", "2001:db8::"},
		{"value", "192.0.2.7:5060", ""},
		{"value", "[2001:db8::1]", ""},
		{"value", "192.0.02.7", ""},
		{"value", "192.0.2.7 ", ""},
		{"own", "192.0.2.7", "192.0.2.0"}, // what a pattern finds is what it is
		{"own", "60.1699", "60.17"},

		{"coordinates", "60.1699,24.9384", "60.17,24.94"},
		{"coordinates", "-33.8688, 151.2093", "-33.87, 151.21"},
		{"coordinates", "24.9384E 60.1699N", "24.94E 60.17N"},
		{"coordinates", "60.1699° N, 24.9384° E", "60.17° N, 24.94° E"},
		{"coordinates", "60.1699N24.9384E", "60.17N24.94E"},
		{"coordinates", "+40.20361-075.00417/", ""}, // the slash is none of it
		{"coordinates", "+40.20361-075.00417", "+40.20-075.00"},
		{"coordinates", "+09.99999-099.99999", "+10.00-100.00"},
		{"coordinates", "60.16499999999999999999,24.9384", "60.16,24.94"}, // as a float it would be 60.165
		{"coordinates", "60.165,24.9384", "60.17,24.94"},
		{"coordinates", "-60.165,24.9384", "-60.17,24.94"},
		{"coordinates", "1.005,1.0049999", "1.01,1.00"},
		{"coordinates", "4807.038,N,01131.000,E", "48.12,11.52"},
		{"coordinates", "+401213.1-0750015.1", "40.20,-75.00"},
		{"coordinates", `60° 10′ 11.6″ N, 24° 56′ 18.2″ W`, "60.17,-24.94"},
		{"coordinates", `60°10.194'N 24°56.304'E`, "60.17,24.94"},
		{"coordinates", "6\u200b0.1699N 24.9384E", "60.17,24.94"},
		{"coordinates", "60.169９N 24.9384E", "60.17,24.94"},
		{"coordinates", "\u221260.1699°, 24.9384°", "-60.17,24.94"},
		{"value", "60.1699N 24.9384E", "60.17N 24.94E"},
		{"value", "60.1699,24.9384", "60.17,24.94"},
		{"value", "60.17,24.94", "60.17,24.94"},
		{"value", "60.1,24.94", "60.1,24.94"},
		{"value", "60.17N24.94E", "60.17N24.94E"},
		{"value", "160.17,124.94", ""}, // no latitude
		{"value", "17,5", ""},
		{"value", "60.16995", "60.17"},
		{"value", "60.165", "60.17"},
		{"value", "-60.165", "-60.17"},
		{"value", "+179.995", "+180.00"},
		{"value", "180.000", "180.00"},
		{"value", "-180.0000", "-180.00"},
		{"value", "180.0001", ""},
		{"value", "181.25", ""},
		{"value", "999.1234", ""},
		{"value", "099.9999", "100.00"},
		{"value", "9.999", "10.00"},
		{"value", "0.0009", "0.00"},
		{"value", "-0.0049", "-0.00"},
		{"value", "60.17", "60.17"},
		{"value", "60.1", "60.1"},
		{"value", "60", "60"},
		{"value", "", ""},
		{"value", "60.", ""},
		{"value", ".1699", ""},
		{"value", "60.1699.1", ""},
		{"value", "60,1699", ""},
		{"value", "6.01699e1", ""},
		{"value", "0060.1699", ""},
		{"value", "60.1699x", ""},
		{"value", "Anna", ""},
		{"value", "+12025550143", ""},
		{"phone", "+12025550143", ""},
		{"email", "60.1699@example.com", ""},
	}
	for _, tt := range tests {
		canonical := ""
		if kind, ok := detect.KindOf(tt.kind); ok {
			spans := detect.Find(nil, tt.text, kind)
			if len(spans) != 1 || spans[0].Start != 0 || spans[0].End != len(tt.text) {
				if tt.want != "" {
					t.Errorf("%s %q is found as %v", tt.kind, tt.text, spans)
				}
				continue
			}
			canonical = spans[0].Canonical
		}
		got, ok := generalize(tt.kind, tt.text, canonical)
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s %q becomes %q, %v; want %q", tt.kind, tt.text, got, ok, tt.want)
		}
		if again, _ := generalize("value", got, ""); ok && tt.kind != "coordinates" && again != got {
			t.Errorf("%q becomes %q, and that %q", tt.text, got, again)
		}
	}
}

const generalText = `
version: 1
detectors:
  spot: {pattern: 'spot ([0-9.]+)'}
routes:
  - name: r
    match: POST /r/{id}
    rules:
      - {at: [path.id, body.at, body.ip, query.ip, header.X-Ip, cookie.ip, body.list], do: generalize}
      - {at: body.user, part: '^u=(.*)$', do: generalize, reversible: true}
      - {at: [body.note, query.note, text], find: [ip, coordinates, spot, phone], do: generalize}
      - {at: [body.in.@fromstr.ip, body.b.@base64], do: generalize}
      - {at: body.half, part: '(2\.7)', do: keep}
      - {at: body.half, find: ip, do: generalize}
`

func TestGeneralizeRequests(t *testing.T) {
	set := parse(t, generalText)
	tests := []struct{ in, want string }{
		{"POST /r/192.0.2.7", "POST /r/192.0.2.0"},
		{"POST /r/2001%3adb8%3a1%3a2%3a%3a7", "POST /r/2001%3Adb8%3A1%3A%3A"},
		{"POST /r/Anna", "POST /r/psn_1"},
		{"POST /r/x?ip=192.0.2.7&note=at+60.1699N,+24.9384E", "POST /r/psn_1?ip=192.0.2.0&note=at+60.17N%2C%2B24.94E"},
		{"POST /r/0?note=ip-192-0-2-7.internal", "POST /r/0?note=ip-192-0-2-0.internal"},
		{"POST /r/0\nX-Ip: 2001:db8:1:2::7\nCookie: ip=192.0.2.7", "POST /r/0\nCookie: ip=192.0.2.0\nX-Ip: 2001:db8:1::"},
		// Numbers stay numbers, and are read by their exact value.
		{`POST /r/0` + "\n\n" + `{"at":{"lat":60.16995,"lon":-24.9350,"acc":12}}`, `POST /r/0` + "\n\n" + `{"at":{"lat":60.17,"lon":-24.94,"acc":12}}`},
		{`POST /r/0` + "\n\n" + `{"at":[6.016995e1,60.1000,6.017E1,-0,181.5,12025550143]}`, `POST /r/0` + "\n\n" + `{"at":[60.17,60.1000,6.017E1,-0,"psn_1","psn_2"]}`},
		{`POST /r/0` + "\n\n" + `{"at":["60.16995","60.17","60.16995 ","\u0036\u0030.1699",true,null,""]}`, `POST /r/0` + "\n\n" + `{"at":["60.17","60.17","psn_1","60.17",true,null,""]}`},
		{`POST /r/0` + "\n\n" + `{"ip":"192.0.2.0","user":"u=192.0.2.7"}`, `POST /r/0` + "\n\n" + `{"ip":"192.0.2.0","user":"u=192.0.2.0"}`},
		{`POST /r/0` + "\n\n" + `{"user":"u=Anna"}`, `POST /r/0` + "\n\n" + `{"user":"u=psn_1"}`},
		// What stands around a finding stays; what is neither is pseudonymized.
		{`POST /r/0` + "\n\n" + `{"note":"[2001:db8:1:2::7]:5060 192.0.2.7:80 2001:db8:1:2::7%eth0 fe80::1%wlan0 +12025550143"}`,
			`POST /r/0` + "\n\n" + `{"note":"[2001:db8:1::]:5060 192.0.2.0:80 2001:db8:1::%eth0 fe80:: psn_1"}`},
		{`POST /r/0` + "\n\n" + `{"note":"geo:60.1699,24.9384;u=40 lat=60.1699&lon=24.9384 spot 60.1699 spot 300.1699"}`,
			`POST /r/0` + "\n\n" + `{"note":"geo:60.17,24.94;u=40 lat=60.17&lon=24.94 spot 60.17 spot psn_1"}`},
		// In encodings.
		{`POST /r/0` + "\n\n" + `{"note":"/?ip=%32001%3Adb8%3A1%3A2%3A%3A7&at=60.1699N%2C24.9384E&again=192.0.2.7&twice=60.1699N%252C24.9384E&was=192%2E0.2.0"}`,
			`POST /r/0` + "\n\n" + `{"note":"/?ip=2001:db8:1::&at=60.17N,24.94E&again=192.0.2.0&twice=60.17N,24.94E&was=192%2E0.2.0"}`},
		{`POST /r/0` + "\n\n" + `{"in":"{\"ip\":\"192.0.2.7\",\"n\":1}","b":"MTkyLjAuMi43"}`, `POST /r/0` + "\n\n" + `{"in":"{\"ip\":\"192.0.2.0\",\"n\":1}","b":"MTkyLjAuMi4w"}`},
		{`POST /r/0` + "\n\n" + `{"in":"{\"ip\":60.1699}"}`, `POST /r/0` + "\n\n" + `{"in":"{\"ip\":60.17}"}`},
		{"POST /r/0\nContent-Type: text/plain\n\nfrom 192.0.2.7", "POST /r/0\nContent-Type: text/plain\n\nfrom 192.0.2.0"},
		// Of half an address, of which another rule has the rest, nobody knows the network.
		{`POST /r/0` + "\n\n" + `{"half":"192.0.2.7"}`, `POST /r/0` + "\n\n" + `{"half":"psn_1.2.7"}`},
	}
	for _, tt := range tests {
		got, n := send(set, tt.in)
		if got != tt.want {
			t.Errorf("%s\nbecame %s\nwant   %s\n%q", tt.in, got, tt.want, n.log)
		}
		// What is general is not taken by later rules, nor by the last look.
		if again, n := send(set, got); !strings.Contains(got, "psn_") && again != got {
			t.Errorf("%s\nbecame %s\n%q", got, again, n.log)
		}
	}
}

func TestGeneralizeAction(t *testing.T) {
	set := parse(t, generalText)
	m, err := set.Match(request(`POST /r/0` + "\n\n" + `{"ip":["192.0.2.7","Anna","192.0.2.0"],"at":60.1699}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	err = m.Rewrite(nil, func(f *Finding) (string, error) {
		got = append(got, fmt.Sprintf("%s %s %q", f.Text(), f.Action(), f.Instead()))
		return "psn", nil
	})
	want := []string{`0 generalize "0"`, `192.0.2.7 generalize "192.0.2.0"`, `Anna pseudonymize ""`, `192.0.2.0 generalize "192.0.2.0"`, `60.1699 generalize "60.17"`}
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q, %v\nwant %q", got, err, want)
	}
	if out := string(m.Body()); out != `{"ip":["192.0.2.0","psn","192.0.2.0"],"at":60.17}` {
		t.Errorf("got %s", out)
	}
}

// FuzzGeneralize compares with arithmetic on fractions and on bits.
func FuzzGeneralize(f *testing.F) {
	for _, s := range []string{"192.0.2.7", "2001:db8::1", "::ffff:1.2.3.4", "60.165", "-0.005", "179.995", "180.000", "60.1699,24.9384", "0.0", "fe80::1%a"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := generalize("value", text, "")
		if !ok {
			if got != "" {
				t.Fatalf("%q is neither, and becomes %q", text, got)
			}
			return
		}
		if again, ok := generalize("value", got, ""); !ok && !strings.Contains(text, " ") && oneNumber.MatchString(text) || ok && again != got {
			t.Fatalf("%q becomes %q, and that %q", text, got, again)
		}
		if addr, err := netip.ParseAddr(text); err == nil {
			net, err := netip.ParseAddr(got)
			from, to := addr.As16(), net.As16()
			most := 6 // bytes
			if addr.Is4() || addr.Is4In6() {
				most = 15
			}
			if err != nil || addr.Is4() != net.Is4() || net.Zone() != "" || string(to[most:]) != string(make([]byte, 16-most)) || addr.As16()[0] != 0x20 && string(from[:most]) != string(to[:most]) {
				t.Fatalf("%q becomes %q", text, got)
			}
			return
		}
		if !oneNumber.MatchString(text) {
			return
		}
		was, _ := new(big.Rat).SetString(text)
		now, ok := new(big.Rat).SetString(got)
		_, fraction, _ := strings.Cut(got, ".")
		if !ok || len(fraction) > 2 {
			t.Fatalf("%q becomes %q", text, got)
		}
		off := new(big.Rat).Sub(now, was)
		if off.Abs(off).Cmp(big.NewRat(1, 200)) > 0 {
			t.Fatalf("%q becomes %q", text, got)
		}
		if text[0] != '+' && json.Valid([]byte(text)) && !json.Valid([]byte(got)) {
			t.Fatalf("the number %s becomes %s", text, got)
		}
	})
}
