package detect

import (
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
)

// phoneSamples are the example numbers of all regions in libphonenumber's metadata, spelled in many ways.
func phoneSamples(t testing.TB) (all []sample) {
	r := newLot(1)
	for _, region := range Regions() {
		for _, kind := range []phonenumbers.PhoneNumberType{phonenumbers.FIXED_LINE, phonenumbers.MOBILE} {
			n := phonenumbers.GetExampleNumberForType(region, kind)
			if n == nil {
				continue
			}
			e164 := phonenumbers.Format(n, phonenumbers.E164)
			if len(e164) <= minDigits {
				continue // islands with numbers of five digits
			}
			for range 6 {
				all = append(all, markedText(t, "", r.international(e164, phonenumbers.Format(n, phonenumbers.INTERNATIONAL))))
			}
			all = append(all, markedText(t, "bare", r.wrap("[phone:"+e164[1:]+"]")))
			if region == "AR" && kind == phonenumbers.MOBILE {
				continue // the port of the library writes 09 15-2345-6789, without the area
			}
			national := phonenumbers.Format(n, phonenumbers.NATIONAL)
			digits := onlyDigits(national)
			if len(digits) < minDigits {
				continue
			}
			if national != digits {
				all = append(all, markedText(t, region, r.wrap("[phone:"+national+"]")))
			}
			if digits[0] == '0' && len(digits) >= minAlone {
				all = append(all, markedText(t, region, r.wrap("[phone:"+digits+"]")))
			}
			all = append(all, markedText(t, region, fillForm(r.of("tel=%", "phone:%", "sip:%@pbx.example.com", "sip:%@[ip:192.0.2.7];user=phone"), "[phone:"+digits+"]")))
		}
	}
	return all
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// international spells a number so that it says its country. grouped is how the library writes it.
func (r lot) international(e164, grouped string) string {
	digits := e164[1:]
	groups := strings.FieldsFunc(grouped, func(c rune) bool { return c == ' ' || c == '-' })
	part := func(s string) string { return "[phone:" + s + "]" }
	script := func(zero rune) string {
		return strings.Map(func(c rune) rune { return zero + c - '0' }, digits)
	}
	switch r.IntN(24) {
	default:
		return r.wrap(part(e164))
	case 4, 5:
		return r.wrap(part(grouped))
	case 6:
		return r.wrap(part(strings.Join(groups, "-")))
	case 7:
		return r.wrap(part(strings.Join(groups, ".")))
	case 8:
		return r.of("call_", "", "conf-") + part(strings.Join(groups, "_"))
	case 9:
		return r.wrap(part(strings.Join(groups, r.of("\u00a0", "\u2009", "\u202f", "\u3000"))))
	case 10:
		return r.wrap(part(strings.Join(groups, r.of("\u2010", "\u2011", "\u2013", "\u2212"))))
	case 11:
		return r.wrap(part("00" + digits))
	case 12:
		return r.of("tel:", "TEL:", "callto:") + part(r.of(e164, strings.Join(groups, "-"))) + r.of("", ";ext=12", ";phone-context=example.com")
	case 13:
		return r.of("sip:", "sips:", "<sip:", "To: sip:") + part(e164) + r.of("@pbx.example.com", "@[ip:192.0.2.7]:5060", "@[[ip:2001:db8::7]];user=phone")
	case 14:
		return r.of("sip:", "PJSIP/sip:") + part(digits) + r.of("@pbx.example.com;user=phone", "@[ip:198.51.100.9]")
	case 15:
		return r.of("", "jid=", "user:") + part(digits) + r.of("@s.whatsapp.net", "@c.us", ":12@s.whatsapp.net")
	case 16:
		return r.of("msisdn=", "msisdn:", `"msisdn":"`) + part(digits) + r.of("", "&v=1")
	case 17:
		return r.of("PJSIP/", "SIP/", "sofia/external/") + part(e164) + r.of("-00000a1f", "@[ip:192.0.2.7]")
	case 18:
		return r.wrap(part("＋" + script('０')))
	case 19:
		return r.wrap(part("+" + script([]rune(r.of("٠", "۰", "०", "๐"))[0])))
	case 20:
		at := 3 + r.IntN(len(e164)-4)
		return r.wrap(part(e164[:at] + r.of("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad") + e164[at:]))
	case 21:
		return r.of("caller_", "caller=", "callee:", "dialin-") + part(e164)
	case 22:
		return part(r.of(e164, grouped)) + r.of(" x123", " ext. 12", ";ext=7", " #12")
	case 23:
		return part(e164) + r.of(",", ";", " ", "/") + part(e164[:len(e164)-1]+"0")
	}
}
