package detect

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// sessionText is a session description of about n bytes, with two addresses in it and otherwise what such texts are
// full of: ids, fingerprints, priorities, random strings.
func sessionText(n int) string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\nc=IN IP4 192.0.2.17\r\n")
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "a=ice-ufrag:q%xT\r\na=ice-pwd:Zi+4hT/9sKq0wLx2BnVr7pYd\r\n", i)
		fmt.Fprintf(&b, "a=fingerprint:sha-256 %s\r\na=setup:actpass\r\na=mid:%d\r\n", fingerprint, i)
		fmt.Fprintf(&b, "a=rtpmap:%d opus/48000/2\r\na=fmtp:%d minptime=10;useinbandfec=1\r\na=rtcp-fb:%d transport-cc\r\n", 96+i%30, 96+i%30, 96+i%30)
		fmt.Fprintf(&b, "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=ssrc:%d cname:pX2+dk/0vbQmT1e8\r\na=ssrc-group:FID %d %d\r\n", 2231627014+i, 2231627014+i, 632943048+i)
		fmt.Fprintf(&b, "a=candidate:%d 1 udp 2122260223 0b1f7c1a-5b7e-4d0c-9c0b-7e1f5a3d2c4b.local %d typ host generation 0\r\n", 842163049+i, 40000+i%20000)
	}
	b.WriteString("a=candidate:1 1 udp 1686052607 198.51.100.7 40312 typ srflx raddr 0.0.0.0 rport 0\r\n")
	return b.String()
}

const fingerprint = "0D:98:B6:5C:11:2A:F3:90:77:C4:1B:E5:6D:02:8F:A9:33:5E:D1:48:9B:07:BC:64:E2:1F:70:CA:36:85:0E:F9"

func BenchmarkFindSDP(b *testing.B) {
	text := sessionText(100 << 10)
	var dst []Span
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dst = Find(dst[:0], text, Any...)
	}
}

func BenchmarkFindShort(b *testing.B) {
	for _, s := range []string{
		"inbound-rtp", "OT01A3175538551", "1739812345678", "0102030405060709", "conf-82716354", "video/VP8",
		"7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "RTCInboundRTPVideoStream_2128170581", "Chrome/156.0.8078.79", fingerprint,
	} {
		b.Run(s[:min(len(s), 20)], func(b *testing.B) {
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				if spans := Find(nil, s, Any...); spans != nil {
					b.Fatalf("%q: %v", s, spans)
				}
			}
		})
	}
}

func BenchmarkFindHit(b *testing.B) {
	for _, s := range []string{
		"conf-+358401234567", "sip:+493012345678@pbx.example.com;tag=1", "anna.virtanen@example.com/device2", "192.0.2.17:5060",
	} {
		b.Run(s, func(b *testing.B) {
			var dst []Span
			b.SetBytes(int64(len(s)))
			b.ReportAllocs()
			for b.Loop() {
				dst = Find(dst[:0], s, Any...)
			}
		})
	}
}

// BenchmarkHints is the cost of asking first.
func BenchmarkHints(b *testing.B) {
	text := sessionText(4 << 10)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if !hintOf(text).Possible() {
			b.Fatal("a session description may hold addresses")
		}
	}
}

// BenchmarkHostile shows that the cost of a byte does not grow with the length of the text: compare the two sizes.
func BenchmarkHostile(b *testing.B) {
	for _, unit := range allHostile {
		for _, size := range []int{64 << 10, 1 << 20} {
			text := strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%.12s/%d", unit, size), func(b *testing.B) {
				var dst []Span
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					dst = Find(dst[:0], text, everything...)
				}
			})
		}
	}
}

var everything = []Kind{Phone, Email, SIP, IP, MAC, IMEI, IBAN, CreditCard, NationalID, Opaque, Coordinates}

// hostile are units of texts made to keep a detector busy.
var hostile = []string{
	"@", ".", ":", "+", "1", "a", "-", "@@", "1.1.1.1.1.", "1.", "+1", "+1 ", "+1-", "00 ", "00-1", "::", "f:", "f::", "sip:", "sip:1", "sip:a@",
	"sip:+1", "sip:<@", "a@", "a@b", "a@b.", "a@b.c", "\"@", "\" @", "tel:", "tel:1", "tel:1 ", "phone=1-", "caller_00", "1@c.us",
	"ip-1-", "ip-1-1-1-1-", "a.", "aaaa@b.fi,", "x:a@b.fi,", "a+", "+3584012345678", "+358401234567", "192.0.2.1 ", "192.0.2.1:", "2001:db8::1 ", "2001:db8::1:",
	"(0)", "+44 (0)", "\u200b", "+\u200b1", "+1\u00a0", "＋", "１", "+٣", "é", "é@", "@é", "@é.", "\xff", "+\xef", "\xe2\x80", "psn_", "psn_@", "sip:psn_a@b",
	"0f:", "00:1a:2b:3c:4d:5e:", "00-1a ", "aabb.", "ab:cd-", "1:00:1a:2b:3c:4d:5e:1 ", "mac 0011-2233-4455 ", "SEP001a2b3c4d5e",
	"60.1699,", "1.1,", "lat=1.1111 ", "1°1'", "°", "!3d1.1", "N1.1E", "12345.6,N12345.6,E", "+60.1699+024.9384/", "fe80::1%", "192.0.2.7.", "x192.0.2.7x",
	"４0 ", "1\u200b", "1\u0301", "+四", "①-", "+1\n2", "2025550143 x1 ",
	"a1B2", "0f", "0-", "aB3-", "7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "7c1e3d52-", "1.2.3.4-rc", "v1.2.3.4",
}

// allHostile are those of all detectors.
var allHostile = slices.Concat(hostile, hostileNumbers, hostileIDs)

func hintOf(s string) Hint {
	var h Hint
	for i := range len(s) {
		h |= Hints[s[i]]
	}
	return h
}
