package config_test

import (
	"math"
	"testing"
	"time"

	"github.com/statveil/statveil/config"
)

func TestSize(t *testing.T) {
	tests := []struct {
		in   string
		want config.Size
		text string // "" where in is refused
	}{
		{"0", 0, "0B"},
		{"512", 512, "512B"},
		{"512B", 512, "512B"},
		{"1024", 1024, "1KiB"},
		{"64KiB", 64 << 10, "64KiB"},
		{"10MiB", 10 << 20, "10MiB"},
		{"1536MiB", 1536 << 20, "1536MiB"},
		{"2048MiB", 2 << 30, "2GiB"},
		{"9223372036854775807", math.MaxInt64, "9223372036854775807B"},
		{"9223372036854775808", 0, ""},
		{"9007199254740992KiB", 0, ""},
		{"", 0, ""},
		{"MiB", 0, ""},
		{"-1", 0, ""},
		{"+1", 0, ""},
		{"010", 0, ""},
		{"1.5MiB", 0, ""},
		{"10 MiB", 0, ""},
		{"10MB", 0, ""},
		{"10mib", 0, ""},
		{"1KiBB", 0, ""},
		{"1_000", 0, ""},
		{"0x10", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			var got config.Size
			err := got.UnmarshalText([]byte(tt.in))
			if (err == nil) != (tt.text != "") || got != tt.want {
				t.Fatalf("%q: got %d, %v, want %d", tt.in, got, err, tt.want)
			}
			if err == nil && got.String() != tt.text {
				t.Errorf("%q: String: got %s, want %s", tt.in, got, tt.text)
			}
		})
	}
}

func TestDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"10s": 10 * time.Second, "1h30m": 90 * time.Minute, "250ms": 250 * time.Millisecond, "0": 0,
		"": -1, "10": -1, "10 s": -1, "1d": -1, "soon": -1,
	} {
		got := config.Duration(-1)
		err := got.UnmarshalText([]byte(in))
		if time.Duration(got) != want || (err == nil) != (want >= 0) {
			t.Errorf("%q: got %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestParseUpstream(t *testing.T) {
	tests := []struct{ in, want string }{ // want "" where in is accepted
		{"http://127.0.0.1:9000", ""},
		{"HTTPS://Collector.Example", ""},
		{"https://[::1]:443", ""},
		{"http://my_service", ""},
		{"", "must begin with http:// or https://"},
		{"//127.0.0.1", "must begin with http:// or https://"},
		{"http:127.0.0.1", "has no valid host"},
		{"http://", "has no valid host"},
		{"http://*.example", "has no valid host"},
		{"http://exa%6dple", "is not a URL"},
		{"http://127.0.0.1:", "has no valid port"},
		{"http://127.0.0.1:0", "has no valid port"},
		{"http://127.0.0.1:065", "has no valid port"},
		{"http://127.0.0.1:65536", "has no valid port"},
		{"http://@127.0.0.1", "must not hold a user or a password"},
		{"http://127.0.0.1/v1", "must not have a path: requests keep their own"},
		{"http://127.0.0.1?", "must not have a query or a fragment"},
		{"http://127.0.0.1#", "must not have a query or a fragment"},
		{"http://127.0.0.1#f", "must not have a query or a fragment"},
		{"http://exa mple", "is not a URL"},
		{"http://::1", "is not a URL"},
		{"http://127.0.0.1:9000\n", "is not a URL"},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			u, err := config.ParseUpstream(tt.in)
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("%q: got %q (%v), want %q", tt.in, got, u, tt.want)
			}
		})
	}
}
