package detect

import (
	"strings"
	"testing"
)

func TestMAC(t *testing.T) {
	const one = ` 00:1a:2b:3c:4d:5e`
	finds{
		{"00:1a:2b:3c:4d:5e", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"00-1A-2B-3C-4D-5E", []string{`mac "00-1A-2B-3C-4D-5E"` + one}},
		{"00 1a 2b 3c 4d 5e", []string{`mac "00 1a 2b 3c 4d 5e"` + one}},
		{"001a.2b3c.4d5e", []string{`mac "001a.2b3c.4d5e"` + one}},
		{"00.1a.2b.3c.4d.5e", []string{`mac "00.1a.2b.3c.4d.5e"` + one}},
		{"/org/bluez/hci0/dev_00_1A_2B_3C_4D_5E", []string{`mac "00_1A_2B_3C_4D_5E"` + one}},
		{"SEP001A2B3C4D5E", []string{`mac "001A2B3C4D5E"` + one}},
		{"sep001a2b3c4d5e.cnf.xml", []string{`mac "001a2b3c4d5e"` + one}},
		{"x-ATA001A2B3C4D5E", []string{`mac "001A2B3C4D5E"` + one}},
		{"enx001a2b3c4d5e", []string{`mac "001a2b3c4d5e"` + one}},
		{"wlx001a2b3c4d5e:up", []string{`mac "001a2b3c4d5e"` + one}},
		{"SEP001122334455", []string{`mac "001122334455" 00:11:22:33:44:55`}},
		{"mac=001a2b3c4d5e", []string{`mac "001a2b3c4d5e"` + one}},
		{"mac_001a2b3c4d5e", []string{`mac "001a2b3c4d5e"` + one}},
		{`"macAddress":"001A2B3C4D5E"`, []string{`mac "001A2B3C4D5E"` + one}},
		{"mac: 001122334455", []string{`mac "001122334455" 00:11:22:33:44:55`}},
		{"bssid=001a-2b3c-4d5e", []string{`mac "001a-2b3c-4d5e"` + one}},
		{"hw_addr 001a2b-3c4d5e", []string{`mac "001a2b-3c4d5e"` + one}},
		{"mac 00 11 22 33 44 55", []string{`mac "00 11 22 33 44 55" 00:11:22:33:44:55`}},
		{"mac=0011.2233.4455", []string{`mac "0011.2233.4455" 00:11:22:33:44:55`}},

		// EUI-64, and addresses of digits or of letters alone.
		{"00:1a:2b:ff:fe:3c:4d:5e", []string{`mac "00:1a:2b:ff:fe:3c:4d:5e"`}},
		{"001a.2bff.fe3c.4d5e", []string{`mac "001a.2bff.fe3c.4d5e" 00:1a:2b:ff:fe:3c:4d:5e`}},
		{"eui=001a2bfffe3c4d5e", []string{`mac "001a2bfffe3c4d5e" 00:1a:2b:ff:fe:3c:4d:5e`}},
		{"00:11:22:33:44:55", []string{`mac "00:11:22:33:44:55"`}},
		{"00-11-22-33-44-55", []string{`mac "00-11-22-33-44-55" 00:11:22:33:44:55`}},
		{"AA-BB-CC-DD-EE-FF", []string{`mac "AA-BB-CC-DD-EE-FF" aa:bb:cc:dd:ee:ff`}},
		{"aabb.ccdd.eeff", []string{`mac "aabb.ccdd.eeff" aa:bb:cc:dd:ee:ff`}},
		{"FF:FF:FF:FF:FF:FF", []string{`mac "FF:FF:FF:FF:FF:FF" ff:ff:ff:ff:ff:ff`}},

		// In other ids.
		{"device-00:1a:2b:3c:4d:5e", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"device:00:1a:2b:3c:4d:5e", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"dev:00:1a:2b:3c:4d:5e:web", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"code:00:1a:2b:3c:4d:5e:device", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"00-1a-2b-3c-4d-5e-camera", []string{`mac "00-1a-2b-3c-4d-5e"` + one}},
		{"conf-00-1a-2b-3c-4d-5e-1", []string{`mac "00-1a-2b-3c-4d-5e"` + one}},
		{"cafe-00-1a-2b-3c-4d-5e", []string{`mac "00-1a-2b-3c-4d-5e"` + one}},
		{"host_00:1a:2b:3c:4d:5e_1739812345678", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"1739812345678:00:1a:2b:3c:4d:5e", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"00:1a:2b:3c:4d:5e:1", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"dev:17:00-1a-2b-3c-4d-5e", []string{`mac "00-1a-2b-3c-4d-5e"` + one}},
		{"00:1a:2b:3c:4d:5e@wifi", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"patient/001a.2b3c.4d5e/1", []string{`mac "001a.2b3c.4d5e"` + one}},
		{"It is 001a.2b3c.4d5e.", []string{`mac "001a.2b3c.4d5e"` + one}},
		{"label=00-1a-2b-3c-4d-5e&v=1", []string{`mac "00-1a-2b-3c-4d-5e"` + one}},
		{"00:1a:2b:3c:4d:5e,00:1a:2b:3c:4d:5f 00-1a-2b-3c-4d-60", []string{
			`mac "00:1a:2b:3c:4d:5e"`, `mac "00:1a:2b:3c:4d:5f"`, `mac "00-1a-2b-3c-4d-60" 00:1a:2b:3c:4d:60`,
		}},
		{"text00:1a:2b:3c:4d:5e", []string{`mac "00:1a:2b:3c:4d:5e"`}},
		{"00:1a:2b:3c:4d:55x", []string{`mac "00:1a:2b:3c:4d:55"`}},
	}.run(t, Any...)
}

func TestNoMAC(t *testing.T) {
	nothing(t, Any,
		"00:00:00:00:00:00", "00-00-00-00-00-00", "0000.0000.0000", "mac=000000000000",
		fingerprint, strings.ToLower(fingerprint), fingerprint[:20*3-1], fingerprint[:16*3-1], fingerprint[:7*3-1], fingerprint[:5*3-1], "sha-256 "+fingerprint,
		"fingerprint: 1A:2B:3C:4D:5E:6F", `"fp":"1A:2B:3C:4D:5E:6F:70:81"`, "sha-256 1A:2B:3C:4D:5E:6F", "MD5:1A:2B:3C:4D:5E:6F:70:81", "1A:2B:3C:4D:5E:6F…",
		"1A:2B:3C:4D:5E:6F...", "10-20-30-40-50-60-70-80", "10:20:30:40:50:60:70:80",
		":1A:2B:3C:4D:5E:6F", "...:1A:2B:3C:4D:5E:6F", "1A:2B:3C:4D:5E:6F:...", "RTCCertificate_"+fingerprint, "0A1B"+fingerprint[2:],
		"7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "mac-7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "{7C1E3D52-6F4B-4A0E-9D2C-1B8A5F3E7D60}",
		"00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
		"001a2b3c4d5e", "device-001a2b3c4d5e", "cam_001A2B3C4D5E", "0102030405060708", "01arz3ndektsv4rrffq69g5fav", "machine=001a2b3c4d5e",
		"Mac_202602281030", "mac-202602281030", "mac=001a2b3c4d5", "mac=001a2b3c4d5e6", "mac=001a2b3c4d5ex", "mac=001a2b3c4d55x", "xmac=001a2b3c4d5e", "pixSEP001A2B3C4D5E",
		"SEP001A2B3C4D5", "SEP001A2B3C4D5E6", "SEP001A2B3C4D5Ex", "eno001a2b3c4d5e",
		"2026-02-28T10:30:00", "2026-02-28 10:30:00", "26-02-28-10-30-00", "99-12-31-23-59-59", "28-02-26-10-30-00", "2026-02-28-10-30-00", "26_02_28_10_30_00", "2026:02:28:10:30:00:15", "00:11:22:33:44:55:1", "12:34:56",
		"10 20 30 40 50 60", "m=audio 9 UDP/TLS/RTP/SAVPF 96 97 98 99 35 36", "10.12.14.16.18.20", "1234.5678.9012", "0001-12-34-56-78-90-12",
		"00:1a:2b:3c:4d", "00:1a:2b:3c:4d:5g", "00:1a:2b-3c-4d-5e", "00:1a:2b:3c:4d:5e:6f", "a001a.2b3c.4d5e", "001a.2b3c.4d5e.example.com", "1.001a.2b3c.4d5e",
		"00 1a 2b 3c 4d 5e 6", "ab12 00 1a 2b 3c 4d 5e", "abcd-ef01-2345", "x:00:1a:2b",
	)
	// Whole or in parts they are IPv6 addresses.
	nothing(t, []Kind{MAC}, "addr:2001:db8:00:1a:2b:3c:4d:5e", "2001:db8:00:1a:2b:3c:4d:5e", "fe80:0:00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e:db8:1", "::00:1a:2b:3c:4d:5e", "00::1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e::")
}

// TestFingerprintParts cuts a fingerprint wherever a text may have been cut: what is left of it is no address, unless
// nothing but an address is left, with half a pair beside it.
func TestFingerprintParts(t *testing.T) {
	for from := range fingerprint {
		for end := from + 1; end <= len(fingerprint); end++ {
			part := fingerprint[from:end]
			if n := len(strings.Trim(part, ":")); n >= len("00:1a:2b:3c:4d:5e") && n <= len("1:00:1a:2b:3c:4d:5e:6f:70:8") {
				continue
			}
			if spans := Find(nil, part, MAC); len(spans) > 0 {
				t.Fatalf("%q: %+v", part, spans)
			}
		}
	}
}

// TestMACTwelfth puts an address at every place of a long text: none is stepped over.
func TestMACTwelfth(t *testing.T) {
	for _, address := range []string{"00:1a:2b:3c:4d:5e", "aabb.ccdd.eeff", "SEP001A2B3C4D5E", "mac=001a2b3c4d5e"} {
		for n := range 40 {
			before, after := strings.Repeat("z", n)+"/", "/"+strings.Repeat("z", 40-n)
			if spans := Find(nil, before+address+after, MAC); len(spans) != 1 || spans[0].End != len(before+address) {
				t.Errorf("%q: %+v", before+address+after, spans)
			}
		}
	}
}

func TestMACWithoutAllocation(t *testing.T) {
	noAllocation(t, findMACs, fingerprint, "7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "001a2b3c4d5e", "aabb-ccdd-eeff", "00:00:00:00:00:00", "26-02-28-10-30-00",
		strings.Repeat("a", 60)+"=001a2b3c4d5e", "aaaaaaaaaaaaaaaaaa_bbbbbbbbbbbbbbbbbbbbbbbb=001a2b3c4d5e", "2001:db8:00:1a:2b:3c:4d:5e", "SEP001A2B3C4D5",
		sessionText(4<<10))
}

// noAllocation reports a detector that finds something in texts that hold nothing, or needs memory to find nothing.
func noAllocation(t *testing.T, find func([]Span, string, set, *dialling) []Span, texts ...string) {
	t.Helper()
	for _, in := range texts {
		if spans := find(nil, in, 0, nil); len(spans) > 0 {
			t.Errorf("%q: %+v", in, spans)
		}
		if n := testing.AllocsPerRun(20, func() { find(nil, in, 0, nil) }); n > 0 {
			t.Errorf("%q: %v allocations", in, n)
		}
	}
}
