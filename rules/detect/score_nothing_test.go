package detect

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

// nothings are texts in which nothing is personal: what statistics are full of.
func nothings(t testing.TB) (all []sample) {
	r := newLot(6)
	for range 40 {
		for _, form := range telemetry {
			all = append(all, sample{text: form(r)})
		}
	}
	for _, s := range samplesIn(t, "testdata/score/nothing.txt") {
		if len(s.parts) > 0 {
			t.Fatalf("nothing.txt: %q has something in it", s.text)
		}
		all = append(all, s)
	}
	return all
}

// Times are from 2015 to 2034.
func (r lot) seconds() int64 { return 1_420_000_000 + r.Int64N(600_000_000) }

func (r lot) hex(n int) string { return r.from(r.of(lowerHex, upperHex), n) }

func (r lot) base64(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.IntN(256))
	}
	return r.of(base64.StdEncoding.EncodeToString(b), base64.RawURLEncoding.EncodeToString(b))
}

func (r lot) pairs(n int, sep string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = r.from(upperHex, 2)
	}
	return strings.Join(all, sep)
}

func (r lot) word() string {
	return r.of("inbound", "video", "audio", "candidate", "pair", "room", "conf", "stats", "edge", "media", "track", "codec", "turn", "relay", "worker", "api", "web")
}

// telemetry are the forms, each of which draws one text.
var telemetry = []func(lot) string{
	func(r lot) string { return fmt.Sprint(r.Uint32()) }, // an SSRC
	func(r lot) string {
		return fmt.Sprintf(r.of("ssrc=%d", "ssrc:%d", "a=ssrc:%d cname:pX2+dk/0vbQm", "a=ssrc-group:FID %d 632943048"), r.Uint32())
	},
	func(r lot) string {
		return fmt.Sprintf("RTC%sRTP%sStream_%d", r.of("Inbound", "Outbound"), r.of("Audio", "Video"), r.Uint32())
	},
	func(r lot) string { return fmt.Sprint(r.seconds()) },
	func(r lot) string { return fmt.Sprint(r.seconds()*1000 + r.Int64N(1000)) },
	func(r lot) string { return fmt.Sprint(r.seconds()*1_000_000 + r.Int64N(1_000_000)) },
	func(r lot) string { return fmt.Sprint(r.seconds()*1_000_000_000 + r.Int64N(1_000_000_000)) },
	func(r lot) string { return fmt.Sprintf("%d.%03d", r.seconds()*1000+r.Int64N(1000), r.IntN(1000)) },
	func(r lot) string {
		return fmt.Sprintf(r.of("ts=%d&n=1", "t-%d-2", "conf-%d", "seg_%d", "timestamp:%d"), r.seconds()*1000+r.Int64N(1000))
	},
	func(r lot) string { return fmt.Sprint(r.Int64N(1 << (10 + r.IntN(40)))) }, // a counter
	func(r lot) string {
		return fmt.Sprintf(r.of("bytesSent:%d", "conf-%d", "order_%d", "user%d", "packets %d", "id=%d"), r.Int64N(1<<(16+r.IntN(30))))
	},
	func(r lot) string { return fmt.Sprintf("%012d", r.IntN(1_000_000)) },
	func(r lot) string { return fmt.Sprintf("%d-%d", r.Uint32(), r.IntN(100)) },
	func(r lot) string { return fmt.Sprintf("%d_%d", r.IntN(1_000_000), r.IntN(1_000_000)) },
	func(r lot) string { return fmt.Sprintf("%d %d", r.Uint32(), r.Uint32()) },
	func(r lot) string { return fmt.Sprintf("%d+%d", r.IntN(10_000_000), r.IntN(10_000_000)) },
	func(r lot) string { return fmt.Sprint(r.Uint64()) },
	func(r lot) string { // a candidate with a name (RFC 8828, mDNS)
		return fmt.Sprintf("a=candidate:%d 1 udp %d %s.local %d typ host generation 0 network-cost 999", r.Uint32(), 2113937151+r.IntN(1<<20), strings.ToLower(r.uuid()), 1024+r.IntN(60000))
	},
	func(r lot) string { return fmt.Sprintf("%s.local", r.uuid()) },
	func(r lot) string { return "a=fingerprint:sha-256 " + r.pairs(32, ":") },
	func(r lot) string { return r.pairs(r.IntN(2)*12+20, ":") },
	func(r lot) string { return r.of("", "conf-", "user_", "urn:uuid:", "x/") + r.uuid() },
	func(r lot) string { return r.of("", "evt_", "trace-") + r.ulid() },
	func(r lot) string { return r.of("", "id=", "n:") + r.from(base64Url, 21) },
	func(r lot) string {
		return r.of("", "sha256:", "etag=", "commit ") + r.hex([]int{7, 8, 32, 40, 64}[r.IntN(5)])
	},
	func(r lot) string { return r.base64(8 + r.IntN(40)) },
	func(r lot) string { return "h1:" + base64.StdEncoding.EncodeToString([]byte(r.from(base62, 32))) },
	func(r lot) string { return fmt.Sprintf("v%d.%d.%d", r.IntN(30), r.IntN(100), r.IntN(1000)) },
	func(r lot) string {
		return fmt.Sprintf("Chrome/%d.0.%d.%d", 90+r.IntN(70), 1000+r.IntN(8000), r.IntN(200))
	},
	func(r lot) string {
		return fmt.Sprintf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.%d.%d Safari/537.36", 90+r.IntN(70), 1000+r.IntN(8000), r.IntN(200))
	},
	func(r lot) string {
		return fmt.Sprintf(r.of("Edge/%d.%d.%d.%d", "version %d.%d.%d.%d", "firmware=%d.%d.%d.%d", `"sdk":"%d.%d.%d.%d"`, "%d.%d.%d.%d-beta"), 1+r.IntN(120), r.IntN(20), r.IntN(256), r.IntN(256))
	},
	func(r lot) string { return fmt.Sprintf("%d.%d.%d-rc%d", r.IntN(30), r.IntN(30), r.IntN(30), r.IntN(9)) },
	func(r lot) string { return fmt.Sprintf("1.3.6.1.4.1.%d.%d.%d", r.IntN(60000), r.IntN(20), r.IntN(20)) },
	func(r lot) string {
		return r.word() + r.word() + fmt.Sprint(r.IntN(999)) + "@conference.meet.example.com"
	},
	func(r lot) string {
		return fmt.Sprintf("%s-%s-%s-%s", r.word(), r.word(), r.from(lowerHex, 10), r.from("bcdfghjklmnpqrstvwxz2456789", 5))
	}, // a pod
	func(r lot) string {
		return fmt.Sprintf("arn:aws:ec2:eu-west-1:%s:instance/i-0%s", r.digits(12), r.from(lowerHex, 16))
	},
	func(r lot) string { return fmt.Sprintf("00-%s-%s-01", r.from(lowerHex, 32), r.from(lowerHex, 16)) }, // a trace
	func(r lot) string { return r.from(lowerHex, 16) },
	func(r lot) string {
		return fmt.Sprintf("%d.%02d %s", r.IntN(5000), r.IntN(100), r.of("EUR", "USD", "ms", "kbps"))
	},
	func(r lot) string { return fmt.Sprintf("%d,%03d.%02d", r.IntN(500), r.IntN(1000), r.IntN(100)) },
	func(r lot) string { return fmt.Sprintf("%d-%02d-%02d", 2015+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28)) },
	func(r lot) string { return fmt.Sprintf("%02d.%02d.%d", 1+r.IntN(28), 1+r.IntN(12), 2015+r.IntN(20)) },
	func(r lot) string { return fmt.Sprintf("%d%02d%02d", 2015+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28)) },
	func(r lot) string {
		return fmt.Sprintf("%d-%02d-%02dT%02d:%02d:%02d.%03dZ", 2015+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60), r.IntN(1000))
	},
	func(r lot) string {
		return fmt.Sprintf("%d%02d%02d-%02d%02d%02d", 2015+r.IntN(20), 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60), r.IntN(60))
	},
	func(r lot) string { return fmt.Sprint(r.Float64()) },
	func(r lot) string { return fmt.Sprintf("%.6f", r.Float64()*100) },
	func(r lot) string { return fmt.Sprintf("%.4f,%.4f", r.Float64()*4, r.Float64()*4) }, // a load, a loss
	func(r lot) string { return fmt.Sprintf("jitter=%.4f,rtt=%.4f", r.Float64(), r.Float64()) },
	func(r lot) string {
		return fmt.Sprintf("a=fmtp:%d profile-level-id=42e01f;packetization-mode=1;x-google-start-bitrate=%d", 96+r.IntN(30), 100+r.IntN(4000))
	},
	func(r lot) string {
		return fmt.Sprintf("a=rtpmap:%d %s", 96+r.IntN(30), r.of("opus/48000/2", "VP8/90000", "H264/90000", "telephone-event/8000"))
	},
	func(r lot) string {
		return fmt.Sprintf("m=audio %d UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126", r.IntN(65536))
	},
	func(r lot) string { return fmt.Sprintf("o=- %d 2 IN IP4 127.0.0.1", r.Int64()) },
	func(r lot) string { return "a=ice-ufrag:" + r.from(base62+"+/", 4) },
	func(r lot) string { return "a=ice-pwd:" + r.from(base62+"+/", 24) },
	func(r lot) string {
		return fmt.Sprintf("a=extmap:%d urn:ietf:params:rtp-hdrext:sdes:mid", 1+r.IntN(14))
	},
	func(r lot) string { return fmt.Sprintf("%dx%d@%d", 160+r.IntN(3000), 90+r.IntN(2000), r.IntN(61)) },
	func(r lot) string {
		return fmt.Sprintf("CP%s_%d_%s", r.from(base62, 8), r.IntN(200), r.from(base62, 8))
	},
	func(r lot) string {
		return fmt.Sprintf("%s-%d", r.of("QuietRiversWanderSouth", "brisk_lovelace", "weekly-sync", "Otto-x4Q"), r.IntN(100))
	},
	func(r lot) string { return fmt.Sprintf("turn:turn-%d.example.net:3478?transport=udp", r.IntN(100)) },
	func(r lot) string {
		return fmt.Sprintf("https://cdn.example.com/assets/app.%s.js?v=%d", r.from(lowerHex, 8), r.IntN(100000))
	},
	func(r lot) string {
		return fmt.Sprintf("id=%d&seq=%d&loss=%.2f", r.IntN(1<<30), r.IntN(1<<16), r.Float64())
	},
	func(r lot) string {
		return fmt.Sprintf(`{"packetsLost":%d,"jitter":%.3f,"bytes":%d}`, r.IntN(1000), r.Float64(), r.IntN(1<<30))
	},
	func(r lot) string { return fmt.Sprintf("i-0%s", r.from(lowerHex, 16)) },
	func(r lot) string { return "-N" + r.from(base64Url, 18) }, // a push id
	func(r lot) string { return "c" + r.from(decimals+smalls, 24) },
	func(r lot) string { return fmt.Sprintf("meeting %d %s %s", 100+r.IntN(900), r.digits(4), r.digits(4)) },
	func(r lot) string { return fmt.Sprintf("%s#", r.digits(6)) },
	func(r lot) string { return fmt.Sprintf("ext%d", r.IntN(10000)) },
	func(r lot) string { return fmt.Sprintf("invoice %d/%d", 2015+r.IntN(20), r.IntN(100000)) },
	func(r lot) string { return "978-" + inGroups(r.digits(10), "-", 1, 2, 6, 1) },
}
