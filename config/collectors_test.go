package config_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/statveil/statveil/config"
)

func TestCollectors(t *testing.T) {
	c, err := complete("f.yaml", []byte(`
collectors:
  - {host: a.example, upstream: "https://a.collector.example", public: "http://a.localhost:8080"}
  - {host: "*", upstream: "http://127.0.0.1:9000"}
rules: [rules]
keys: {dev: true}
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Collector{
		{Host: "a.example", Upstream: "https://a.collector.example", Public: "http://a.localhost:8080"},
		{Host: "*", Upstream: "http://127.0.0.1:9000"},
	}
	if !reflect.DeepEqual(c.Collectors, want) {
		t.Errorf("got  %+v\nwant %+v", c.Collectors, want)
	}
	if c, err := complete("f.yaml", []byte(least+"collectors:\n  # all commented out\n")); err != nil || c.Collectors != nil {
		t.Errorf("a list that is commented out: got %v, %v", c, err)
	}
}

func TestCollectorFor(t *testing.T) {
	some := []config.Collector{
		{Host: "Events.example.com", Upstream: "https://events.collector.example", Public: "http://events.localhost:8080"},
		{Host: "stats.example.com.", Upstream: "https://stats.collector.example:8443"},
		{Host: "10.0.0.1", Upstream: "http://v4.collector.example"},
		{Host: "2001:DB8:0::1", Upstream: "http://v6.collector.example", Public: "https://[::1]:8443"},
		{Host: "same.example", Upstream: "http://same.collector.example", Public: "https://same.example"},
	}
	any := config.Collector{Host: "*", Upstream: "http://any.collector.example"}
	tests := []struct{ host, want string }{ // want "" where only "*" has it
		{"events.example.com", "https://events.collector.example"},
		{"EVENTS.Example.Com:8080", "https://events.collector.example"},
		{"events.example.com.", "https://events.collector.example"},
		{"events.example.com.:443", "https://events.collector.example"},
		{"events.example.com:", "https://events.collector.example"},
		{"events.localhost", "https://events.collector.example"},
		{"events.localhost:9999", "https://events.collector.example"},
		{"stats.example.com", "https://stats.collector.example:8443"},
		{"10.0.0.1:80", "http://v4.collector.example"},
		{"[2001:db8::1]", "http://v6.collector.example"},
		{"[2001:db8::1]:443", "http://v6.collector.example"},
		{"[2001:0DB8:0:0:0:0:0:1]:443", "http://v6.collector.example"},
		{"2001:db8::1", "http://v6.collector.example"},
		{"[::1]:80", "http://v6.collector.example"},
		{"same.example:1", "http://same.collector.example"},

		{"", ""},
		{".", ""},
		{":", ""},
		{":8080", ""},
		{"*", ""},
		{"[", ""},
		{"[]", ""},
		{"[2001:db8::2]", ""},
		{"example.com", ""},
		{"a.events.example.com", ""},
		{"events.example.com..", ""},
		{"events.example.com ", ""},
		{"10.0.0.10", ""},
		{"collector.example", ""},
	}
	for _, withAny := range []bool{false, true} {
		c := config.Default()
		c.Collectors, c.Rules, c.Keys.Dev = some, []string{"rules"}, true
		if withAny {
			c.Collectors = append([]config.Collector{any}, some...)
		}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
		collector, err := c.CollectorFor()
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range tests {
			want := tt.want
			if want == "" && withAny {
				want = any.Upstream
			}
			got := ""
			if u := collector(tt.host); u != nil {
				got = u.String()
			}
			if got != want {
				t.Errorf("%q, with any %t: got %q, want %q", tt.host, withAny, got, want)
			}
		}
	}
}

func TestCollectorForUpstream(t *testing.T) {
	c := config.Default()
	c.Upstream = "http://127.0.0.1:9000"
	collector, err := c.CollectorFor()
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"", "127.0.0.1:8080", "anything.example", "[::1]"} {
		if u := collector(host); u == nil || u.String() != c.Upstream {
			t.Errorf("%q: got %v", host, u)
		}
	}
}

func TestCollectorForFails(t *testing.T) {
	for want, c := range map[string]config.Config{
		"upstream must begin with http:// or https://":               {},
		"upstream must not hold a user or a password":                {Upstream: "http://hunter2@a.example"},
		"collectors[0].upstream must begin with http:// or https://": {Collectors: []config.Collector{{Host: "*"}}},
		"collectors[1].public is not a URL": {Collectors: []config.Collector{
			{Host: "*", Upstream: "http://a.example"}, {Host: "b", Upstream: "http://b.example", Public: "http://hunter2\n"}}},
	} {
		if f, err := c.CollectorFor(); err == nil || err.Error() != want || f != nil {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestListeners: what cannot be listened on beside each other, and what would
// send requests back to us.
func TestListeners(t *testing.T) {
	const circles = "upstream is the address to listen on"
	tests := []struct{ listen, upstream, admin, private, want string }{ // want "" where it is fine
		{"127.0.0.1:8080", "http://127.0.0.1:8080", "", "", circles},
		{":8080", "http://127.0.0.1:8080", "", "", circles},
		{"0.0.0.0:8080", "http://localhost:8080", "", "", circles},
		{"[::]:8080", "http://[::1]:8080", "", "", circles},
		{"localhost:8080", "http://LOCALHOST.:8080", "", "", circles},
		{"127.0.0.1:80", "http://127.0.0.1", "", "", circles},
		{":443", "https://127.0.0.1", "", "", circles},
		{"[::1]:80", "http://[0:0::1]:80", "", "", circles},
		{"127.0.0.1:8080", "http://127.0.0.1:8081", "", "", ""},
		{"127.0.0.1:8080", "http://127.0.0.2:8080", "", "", ""},
		{":8080", "http://10.0.0.1:8080", "", "", ""},
		{":8080", "http://collector.example:8080", "", "", ""},
		{"127.0.0.1:80", "https://127.0.0.1", "", "", ""},

		{"127.0.0.1:1", "", "127.0.0.1:1", "127.0.0.1:2", "listen and admin.listen are the same address"},
		{"127.0.0.1:1", "", "127.0.0.1:2", "127.0.0.1:1", "listen and admin.private are the same address"},
		{"127.0.0.1:1", "", "127.0.0.1:2", "127.0.0.1:2", "admin.listen and admin.private are the same address"},
		{":1", "", "127.0.0.1:2", "127.0.0.1:1", "listen and admin.private are the same address"},
		{"127.0.0.1:1", "", ":1", "127.0.0.1:2", "listen and admin.listen are the same address"},
		{":1", "", "[::]:1", "127.0.0.1:2", "listen and admin.listen are the same address"},
		{"127.0.0.1:0", "", "127.0.0.1:0", "127.0.0.1:0", ""},
		{"127.0.0.1:1", "", "127.0.0.2:1", "127.0.0.3:1", ""},

		{"", "", "", "127.8.9.10:1", ""},
		{"", "", "", "[::1]:1", ""},
		{"", "", "", "[::ffff:127.0.0.1]:1", ""},
		{"", "", "", "LocalHost:1", ""},
		{"", "", "", ":1", "admin.private is not a loopback address"},
		{"", "", "", "0.0.0.0:1", "admin.private is not a loopback address"},
		{"", "", "", "[::]:1", "admin.private is not a loopback address"},
		{"", "", "", "10.0.0.1:1", "admin.private is not a loopback address"},
		{"", "", "", "localhost.example:1", "admin.private is not a loopback address"},
		{"", "", "", "127.0.0.1.example:1", "admin.private is not a loopback address"},
	}
	for _, tt := range tests {
		c := config.Default()
		c.Rules, c.Keys.Dev, c.Upstream = []string{"rules"}, true, "http://collector.example"
		for field, value := range map[*string]string{&c.Listen: tt.listen, &c.Upstream: tt.upstream, &c.Admin.Listen: tt.admin, &c.Admin.Private: tt.private} {
			if value != "" {
				*field = value
			}
		}
		got := ""
		if err := c.Validate(); err != nil {
			got = err.Error()
		}
		if (got == "") != (tt.want == "") || !strings.HasPrefix(got, tt.want) || strings.Count(got, "\n") > 1 {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
}
