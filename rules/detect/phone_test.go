package detect

import (
	"strconv"
	"testing"
)

func TestPhone(t *testing.T) {
	finds{
		{"+12025550123", []string{`phone "+12025550123"`}},
		{"conf-+358401234567", []string{`phone "+358401234567"`}},
		{"room_00358401234567", []string{`phone "00358401234567" +358401234567`}},
		{"011358401234567@trunk", []string{`phone "011358401234567" +358401234567`}},
		{"+358401234567-1", []string{`phone "+358401234567"`}},
		{"+358401234567_1739812345678", []string{`phone "+358401234567"`}},
		{"conference_+12025550123_6eb01462", []string{`phone "+12025550123"`}},
		{"PJSIP/+12025550123-7a0e2770", []string{`phone "+12025550123"`}},
		{"(+49) 30 23125001", []string{`phone "(+49) 30 23125001" +493023125001`}},
		{"(+44 7700 900123)", []string{`phone "+44 7700 900123" +447700900123`}},
		{"+44 (0)20 7946 0018", []string{`phone "+44 (0)20 7946 0018" +442079460018`}},
		{"+44 020 7946 0018", []string{`phone "+44 020 7946 0018" +442079460018`}},
		{"0044(0)2079460018", []string{`phone "0044(0)2079460018" +442079460018`}},
		{"+39 (0)2 1234567", []string{`phone "+39 (0)2 1234567" +39021234567`}},
		{"+81 (0)3-1234-5678", []string{`phone "+81 (0)3-1234-5678" +81312345678`}},
		{"call_+49_30_23125001", []string{`phone "+49_30_23125001" +493023125001`}},
		{"+1 (202) 555-0123", []string{`phone "+1 (202) 555-0123" +12025550123`}},
		{"+1.202.555.0123", []string{`phone "+1.202.555.0123" +12025550123`}},
		{"+44.7700900123", []string{`phone "+44.7700900123" +447700900123`}}, // RFC 5733
		{"+46 70 174 06 05, +46 70 174 06 06", []string{`phone "+46 70 174 06 05" +46701740605`, `phone "+46 70 174 06 06" +46701740606`}},
		{"+12025550123+12025550124", []string{`phone "+12025550123"`, `phone "+12025550124"`}},
		{`{"user":"+12025550123","n":1}`, []string{`phone "+12025550123"`}},
		{"+0044 7700 900123", []string{`phone "+0044 7700 900123" +447700900123`}},

		{"x+12025550123", []string{`phone "+12025550123"`}},
		{"é+12025550123", []string{`phone "+12025550123"`}},
		{"1̶+12025550123", nil},

		// Extensions are not part of the number.
		{"+442079460018x12", []string{`phone "+442079460018"`}},
		{"+44 20 7946 0018 ext. 12", []string{`phone "+44 20 7946 0018" +442079460018`}},
		{"tel:+44-20-7946-0018;ext=12", []string{`phone "+44-20-7946-0018" +442079460018`}},
		{"+442079460018ｅｘｔ12", []string{`phone "+442079460018"`}},

		// Other scripts, exotic separators, invisible characters.
		{"＋１２０２５５５０１２３", []string{`phone "＋１２０２５５５０１２３" +12025550123`}},
		{"conf-+٣٥٨٤٠١٢٣٤٥٦٧", []string{`phone "+٣٥٨٤٠١٢٣٤٥٦٧" +358401234567`}},
		{"+३५८४०१२३४५६७", []string{`phone "+३५८४०१२३४५६७" +358401234567`}},
		{"+358\u00a040\u2011123\u20124567", []string{"phone \"+358\\u00a040\u2011123\u20124567\" +358401234567"}},
		{"+49\n171\t392\r\n0015", []string{`phone "+49\n171\t392\r\n0015" +491713920015`}},
		{"+358401234567\n12345678", []string{`phone "+358401234567"`}},
		{"+358401234567\r\n+358401234568", []string{`phone "+358401234567"`, `phone "+358401234568"`}},
		{"+四九一七一三九二〇〇一五", []string{`phone "+四九一七一三九二〇〇一五" +491713920015`}},
		{"+①②⓪②⑤⑤⑤⓪①②③", []string{`phone "+①②⓪②⑤⑤⑤⓪①②③" +12025550123`}},
		{"+1̶2̶0̶2̶5̶5̶5̶0̶1̶2̶3̶", []string{`phone "+1̶2̶0̶2̶5̶5̶5̶0̶1̶2̶3̶" +12025550123`}},
		{"+1·202·555·0123", []string{`phone "+1·202·555·0123" +12025550123`}},
		{"room\u200b0049\u2060301234567", []string{`phone "0049\u2060301234567" +49301234567`}},
		{"+3584\u200b01234567", []string{`phone "+3584\u200b01234567" +358401234567`}},

		// URIs and messengers.
		{"tel:+12025550123", []string{`phone "+12025550123"`}},
		{"tel:02079460018", []string{`phone "02079460018"`}},
		{"sip:4930123456@pbx;tag=1", []string{`phone "4930123456" +4930123456`}},
		{"SIPS:+4930123456:secret@pbx.example.com:5061", []string{`phone "+4930123456"`}},
		{"sip:+1-202-555-0123;ext=7@pbx", []string{`phone "+1-202-555-0123" +12025550123`}},
		{"sip:02079460018@pbx.example.com", []string{`phone "02079460018"`}},
		{"sip:2025550123@pbx.example.com", []string{`phone "2025550123"`}}, // +20 25550123 or +1 2025550123
		{"sip:00442079460018@pbx.example.com", []string{`phone "00442079460018" +442079460018`}},
		{"xmpp:358401234567@example.com", []string{`email "358401234567@example.com"`}},
		{"xmpp:358401234567@pbx", []string{`phone "358401234567" +358401234567`}},
		{"358401234567@s.whatsapp.net", []string{`phone "358401234567" +358401234567`}},
		{"358401234567:12@s.whatsapp.net", []string{`phone "358401234567" +358401234567`}},
		{"358401234567-1739812345@g.us", []string{`phone "358401234567" +358401234567`}},
		{"https://wa.me/358401234567?text=x", []string{`phone "358401234567" +358401234567`}},
		{"447700900123@c.us", []string{`phone "447700900123" +447700900123`}},
		{"+12025550123@example.com", []string{`email "+12025550123@example.com"`}}, // the longest counts

		// Telling words.
		{"msisdn=358401234567", []string{`phone "358401234567" +358401234567`}},
		{"phone:358401234567", []string{`phone "358401234567" +358401234567`}},
		{"phone=020 7946 0018", []string{`phone "020 7946 0018"`}},
		{"user?callerPhone=358401234567&x=1", []string{`phone "358401234567" +358401234567`}},
		{"caller_358401234567_2720", []string{`phone "358401234567" +358401234567`}},
		{"x-caller-id: 358401234567", []string{`phone "358401234567" +358401234567`}},
		{"callerId=358401234567", []string{`phone "358401234567" +358401234567`}},
		{"room-5-00358401234567", []string{`phone "00358401234567" +358401234567`}},
		{"caller_number=12025550123", []string{`phone "12025550123" +12025550123`}},
		{`{"mobile": "447700900123"}`, []string{`phone "447700900123" +447700900123`}},
		{"MSISDN: 12025550123", []string{`phone "12025550123" +12025550123`}},
	}.run(t, Any...)
}

func TestNoPhone(t *testing.T) {
	nothing(t, Any,
		// What statistics are full of.
		"4294967295", "1739812345678", "1739812345.678", "a=ssrc:2231627014 cname:pX2+dk/0vbQmT1e8", "OT01A3175538551", "conf-82716354",
		"RTCInboundRTPVideoStream_2128170581", "2026-02-28T10:30:00.000Z", "meeting-28-02-2026-0900", "0000845360", "seg_000000563863", "+0.01000000012", "+0.010000000X000",
		"0102030405060709", "00-3577f0dbb6965109eede3cf99fa5f85d-b2a4ddf3c7267d74-01", "4111 1111 1111 1112", "978-3-16-148410-0",
		"candidate:842163049 1 udp 2122260223", "i-05974605844f09f07", "0.0044770090012", "12 0044 7700 9001 23",
		fingerprint, "sha-256 "+fingerprint,
		// A plus in something else.
		"a+1234567/", "ice-pwd:Zi+12345678abc", "Zi+123456789012", "10+12345678", "8944892+3473820", "12.1.0+12345678", "+8114", "+1234567",
		"+12345678abc", "+12.345678901", "h1:kZ+358401234567xQ", "++358401234567",
		"MIIBkTCB+wIJAK3+35840123456789QYJKoZI", "+999123456789", "+0123456789",
		"+49035992.7%", "delta=+13742425.25", "112-0044207-9460018", "02:15:00.442079 460018",
		"arn:aws:lambda:us-east-1:004420794600:function:x:1", "004420794600.dkr.ecr.eu-west-1.amazonaws.com/x",
		"phone:57767677-cde0-4d81-9f0a-3ad6d7e6ddc9", "https://llama.me/358401234567", "https://bwa.me/358401234567", "phone_id=358401234567",
		"358401234567-17398123@g.us",
		// A word that tells, and no number.
		"phone=12", "phone=2026-02-28", "phone=10.20.30.40x", "iPhone_12345678", "mobile_17839965", "caller-1739812345678",
		"headphone-12345678", "tel:911", "caller: 4294967295",
	)
	nothing(t, []Kind{Phone}, "anna@example.com", "sip:anna@example.com", "1234567-15@g.us", "sip:1001@pbx", "sip:123456@pbx",
		"sip:444-3333@pbx", "sip:000012345678@pbx")
}

// Hints and the quick look in worthReading rely on the letters of the words.
func TestTellers(t *testing.T) {
	for _, tt := range tellers {
		if tt.strength == sipUser || tt.strength == xmppUser {
			continue
		}
		in := tt.word + ":358401234567"
		check(t, in, Any, []string{`phone "358401234567" +358401234567`})
		if !hintOf(in).Possible() || hintOf(tt.word)&hasTell == 0 {
			t.Errorf("%q holds no letter that tells", tt.word)
		}
	}
	for in, want := range map[string]strength{
		"phone=": naming, "phone_": hinting, "Phone: ": naming, "userPhone=": naming, "iPhone=": silent, "headphone=": silent, "phone number=": naming,
		"number=": silent, "phoneNo:": naming, "=": silent, "": silent, "sip:": sipUser, "sip_": silent, "éphone=": silent, "whatsapp:": hinting,
		"<phone>": naming, `\"phone\": \"`: naming, `phone\`: hinting, "sip>": silent,
	} {
		if got := telling(in+"1", len(in)); got != want {
			t.Errorf("telling(%q) = %d, want %d", in, got, want)
		}
	}
}

// TestCallingCode: of every number that is found in E.164 form, the calling code is known.
func TestCallingCode(t *testing.T) {
	for in, want := range map[string]int{
		"+12025550143": 2, "+442079460018": 3, "+358401234567": 4, "+7": 2, "+7999": 2, "+1": 2, "+88216123456": 4,
		"": 0, "+": 0, "+0401234567": 0, "+999123456": 0, "+99": 0, "12025550143": 0, "+1 202": 0, "++1202": 0, "+12a": 0, "+3": 0,
	} {
		if got := CallingCode(in); got != want {
			t.Errorf("CallingCode(%q) = %d, want %d", in, got, want)
		}
	}
	for i := range plans {
		code := "+" + strconv.Itoa(int(plans[i].code))
		if got := CallingCode(code + "123456"); got != len(code) {
			t.Errorf("CallingCode(%q) = %d, want %d", code+"123456", got, len(code))
		}
	}
}
