package detect

import "testing"

func TestIP(t *testing.T) {
	finds{
		{"192.0.2.7", []string{`ip "192.0.2.7"`}},
		{"192.0.2.7:5060", []string{`ip "192.0.2.7"`}},
		{"192.0.2.0/24", []string{`ip "192.0.2.0"`}},
		{"peer-192.0.2.7-1", []string{`ip "192.0.2.7"`}},
		{"host_192.0.2.7_1739812345678", []string{`ip "192.0.2.7"`}},
		{"1001@192.0.2.7", []string{`ip "192.0.2.7"`}},
		{"It is 192.0.2.7.", []string{`ip "192.0.2.7"`}},
		{"http://192.0.2.7/x", []string{`ip "192.0.2.7"`}},
		{"SIP/192.0.2.7-0001", []string{`ip "192.0.2.7"`}},
		{"ip-192-0-2-7.eu.compute.internal", []string{`ip "192-0-2-7" 192.0.2.7`}},
		{"2001:DB8:0:0:0::1", []string{`ip "2001:DB8:0:0:0::1" 2001:db8::1`}},
		{"2001:db8:1:2:3:4:5:6", []string{`ip "2001:db8:1:2:3:4:5:6"`}},
		{"2001:0db8:0001:0002:0003:0004:0005:0006", []string{`ip "2001:0db8:0001:0002:0003:0004:0005:0006" 2001:db8:1:2:3:4:5:6`}},
		{"[2001:db8::7]:5060", []string{`ip "2001:db8::7"`}},
		{"[fe80::1%eth0]:443", []string{`ip "fe80::1%eth0" fe80::1`}},
		{"fe80::1%25eth0", []string{`ip "fe80::1%25eth0" fe80::1`}},
		{"fe80::1%12 1", []string{`ip "fe80::1%12" fe80::1`}},
		{"ff02::fb%en0/x", []string{`ip "ff02::fb%en0" ff02::fb`}},
		{"fe80::1%20x", []string{`ip "fe80::1"`}},
		{"fe80::1%", []string{`ip "fe80::1"`}},
		{"fe80::1%eth0.x", []string{`ip "fe80::1"`}},
		{"fe80::1%psn_b4k7qz2m9xw3f6", []string{`ip "fe80::1"`}},
		{"2001:db8::7%eth0", []string{`ip "2001:db8::7"`}},
		{"::ffff:192.0.2.7", []string{`ip "::ffff:192.0.2.7" 192.0.2.7`}},
		{"0:0:0:0:0:FFFF:192.0.2.7", []string{`ip "0:0:0:0:0:FFFF:192.0.2.7" 192.0.2.7`}},
		{"64:ff9b::192.0.2.7", []string{`ip "64:ff9b::192.0.2.7" 64:ff9b::c000:207`}},
		{"addr:2001:db8::7, next", []string{`ip "2001:db8::7"`}},
		{"src=2001:db8::7:", []string{`ip "2001:db8::7"`}},
		{"2001:db8::/32.", []string{`ip "2001:db8::"`}},
		{"user@2001:db8::7", []string{`ip "2001:db8::7"`}},
		{
			"c=IN IP4 192.0.2.40\r\na=candidate:1 1 udp 2122260223 198.51.100.17 40312 typ host\r\na=candidate:2 1 udp 2122262783 2001:db8::17 40313 typ host\r\n",
			[]string{`ip "192.0.2.40"`, `ip "198.51.100.17"`, `ip "2001:db8::17"`},
		},
	}.run(t, Any...)
}

// TestIPOrVersion has dotted numbers that could be either.
func TestIPOrVersion(t *testing.T) {
	finds{
		{"10.0.0.0", []string{`ip "10.0.0.0"`}},
		{"net 10.0.0.0/8", []string{`ip "10.0.0.0"`}},
		{"9.0.0.0/8", []string{`ip "9.0.0.0"`}},
		{"9.0.0.0/32", []string{`ip "9.0.0.0"`}},
		{"172.16.0.0/12", []string{`ip "172.16.0.0"`}},
		{"192.168.0.0", []string{`ip "192.168.0.0"`}},
		{"x192.0.2.7", []string{`ip "192.0.2.7"`}},
		{"192.0.2.7a", []string{`ip "192.0.2.7"`}},
		{"text198.51.100.7text", []string{`ip "198.51.100.7"`}},
		{"host88.192.17.4", []string{`ip "88.192.17.4"`}},
		{"88.192.17.4x", []string{`ip "88.192.17.4"`}},
		{"Conf/192.168.1.7", []string{`ip "192.168.1.7"`}},
		{"Peer/88.192.17.4", []string{`ip "88.192.17.4"`}},
		{"version 192.168.1.7", []string{`ip "192.168.1.7"`}},
		{"192.168.1.7-rc1", []string{`ip "192.168.1.7"`}},
		{"192.0.2.7.5060", []string{`ip "192.0.2.7"`}},
		{"IP 203.0.113.9.40312 > 198.51.100.7.443: UDP", []string{`ip "203.0.113.9"`, `ip "198.51.100.7"`}},
		{"100.64.3.2.80", []string{`ip "100.64.3.2"`}},
		{"169.254.3.2", []string{`ip "169.254.3.2"`}},
		{"x2001:db8::7", []string{`ip "2001:db8::7"`}},
		{"2001:db8::7x", []string{`ip "2001:db8::7"`}},
		{"Desk phone 88.192.17.4", []string{`ip "88.192.17.4"`}},
		{"snom320/192.168.1.7", []string{`ip "192.168.1.7"`}},
		{"Yealink SIP-T46S from 88.192.17.4", []string{`ip "88.192.17.4"`}},
		{"source:2001:db8::7", []string{`ip "2001:db8::7"`}},
		{"psn_b4k7qz2m9x2001:db8::7", []string{`ip "db8::7"`}}, // nothing of what may be a pseudonym
		{"h264:2001:db8::7", []string{`ip "2001:db8::7"`}},
	}.run(t, Any...)
	nothing(t, Any,
		`"appVersion":"11.1.11.11"`, `"osVersion": "10.0.19.45"`, `{\"version\": \"1.2.3.4\"}`, "browser_version=9.8.7.6",
		"Yealink SIP-T46S 66.84.0.15", "Grandstream GXP2160 1.0.9.135", "snom320/8.7.5.35", "snomD785/10.1.54.13", "Fanvil X4U 2.4.0.7",
		"2.0.0.0", "9.0.0.0/33", "9.0.0.0/8a", "9.0.0.0/", "Windows/10.0.0.0", "Edge/21.2.201.99", "version=10.0.0.0", "Chrome/156.0.0.0", "Oracle10.2.0.4", "v10.2.0.4",
		"1.2.3.4a1", "1.2.3.4rc1", "x1.2.3.4", "Flash32.0.0.101", "FBAV/250.0.0.15", "Instagram 123.0.0.21.114", "12.192.0.2.7", "192.0.2.7.5060.1",
		"192.0.2.7.655360", "a1b2c3x192.0.2.7", "psn_b4k7qz2m9xw3f6t1r8vy5hj0cdeg192.0.2.7", "abcdefghijklmnopqrstuvwxyz192.0.2.7",
		"11.168.1.7x", "172.15.1.7x", "172.32.1.7x", "192.1.2.7x", "198.51.1.7x", "203.0.1.7x", "100.63.1.7x", "169.25.1.7x",
		"2001:db8::device", "2001:db8::x", "x509::ca:7", "fe80::1text", "x2001:7",
	)
}

func TestNoIP(t *testing.T) {
	nothing(t, Any,
		"0.0.0.0", "::", "127.0.0.1", "127.1.2.3", "::1", "[::1]:5060", "::ffff:127.0.0.1", "::ffff:0.0.0.0",
		"Chrome/156.0.0.0", "Chrome/156.0.8078.79", "Chrome/99.0.12.34", "v1.2.3.4", "version 1.2.3.4", "1.2.3.4-rc1", "1.2.3.4+build7", "9.0.0.0",
		"1.2.3", "1.2.3.4.5", "192.0.2.256", "192.0.2.07", "192.0.2", "1.3.6.1.4.1.8072", "192..0.2.7",
		"10:30:00", "2026-02-28T10:30:00Z", fingerprint, "cert_"+fingerprint,
		"std::vector", "a::b", "dead::beef", "std::size_t1", "fe80::1text", "12345::1", "1:2:3:4:5:6:7:8:9", "2001:db8::1::2", ":::", "1:2:3",
		"7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60.local", "ip-1-2-3", "ip-300-1-2-3", "ip-0-0-0-0", "zip-192-0-2-7",
	)
}

// TestNoIPInMAC has pairs that an IPv6 address could have too.
func TestNoIPInMAC(t *testing.T) {
	nothing(t, []Kind{IP}, "00:1a:2b:3c:4d:5e", "00:1a:2b:3c:4d:5e:6f:70")
}

func TestIsIPv6(t *testing.T) {
	for text, want := range map[string]bool{
		"1::": true, "::1": true, "1:2:3:4:5:6:7:8": true, "1:2:3:4:5:6:1.2.3.4": true, "::1.2.3.4": true, "1::8": true, "1:2:3:4:5:6:7::": true,
		"": false, ":": false, "1": false, "1:2": false, ":1::": false, "1::2::3": false, "12345::": false, "1:2:3:4:5:6:7:8:9": false,
		"1:2:3:4:5:6:7:8::": false, "1:2:3:4:5:6:7:1.2.3.4": false, "1.2.3.4": false, "::1.2.3": false, "1:": false, "::g": false,
	} {
		if got := isIPv6(text); got != want {
			t.Errorf("isIPv6(%q) = %v", text, got)
		}
	}
}
