package detect

import "testing"

func TestOpaque(t *testing.T) {
	for _, id := range []string{
		"7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60", "7C1E3D52-6F4B-4A0E-9D2C-1B8A5F3E7D60", "7c1e3d526f4b4a0e9d2c1b8a5f3e7d60",
		"01J8ZQ4V7M2K9T3X5RBW6NCDHF",         // ULID
		"V1StGXR8Z5jdHi6B2myT0",              // nano id
		"2fKx8Qm4TzR7wLp3VbN9sYc1HdG",        // KSUID
		"9f86d081884c7d65",                   // 8 bytes in hexadecimal
		"x7Kd9-Qw2Rt5Yp_8Lm3Nv6Bz1",          // base64url
		"b4f0c9e2a7d15836b4f0c9e2a7d158361f", // a digest
	} {
		quoted := `opaque "` + id + `"`
		for _, in := range []string{id, "{" + id + "}", "session/" + id, "a " + id + ", b", "urn:x:" + id + "/7"} {
			check(t, in, []Kind{Opaque}, []string{quoted})
		}
		nothing(t, Any, id, "session/"+id)
	}
	check(t, "conf-7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60-b", []Kind{Opaque}, []string{`opaque "7c1e3d52-6f4b-4a0e-9d2c-1b8a5f3e7d60"`})
	check(t, "user_9f86d081884c7d659a2f", []Kind{Opaque}, []string{`opaque "9f86d081884c7d659a2f"`})
}

func TestNotOpaque(t *testing.T) {
	nothing(t, []Kind{Opaque},
		"AnnaVirtanen1984Helsinki", "anna-virtanen-1984-helsinki", "customer-acme-2026", "annavirtanen1984", "anna1984virtanen",
		"Anna-Virtanen-1984-Helsinki", "ANNA_VIRTANEN_1984", "anna.virtanen.1984@example.com", "annaVirtanen198401",
		"meeting-room-12-helsinki", "RTCInboundRTPVideoStream_2128170581", "2026-02-28T10-30-00-000000",
		"1739812345678901", "12345678-1234-1234-1234-123456789012", "00000000-0000-0000-0000-000000000000", "358401234567-358401234568",
		"abcdefghijklmnopqrstuvwx", "abcdef-abcdef-abcdef-abcdef", "9f86d081884c7d6", "InvisibleAncestorsLoadFirst",
		"LV40BANK8X3Z7K2Q9W4M1", "user_LV40BANK8X3Z7K2Q9W4M1", "mac=001a2b3c4d5e6f7a", "mac 001a2b3c4d5e6f7a", // an account, devices
		"VRTNNA84C41H501X", "WBAZZ1234A5B67890", // a tax number, a vehicle
		"00-1A-2B-3c-4D-5e", "KzEyMDI1NTU1MDEyMw", "2b3132303235353530313233", // encodings of +12025550123
		"Зx7Kd9Qw2Rt5Yp8Lm3Nv6", "anna1matti2kalle3pekka4",
	)
}
