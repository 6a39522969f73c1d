package config_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/statveil/statveil/config"
)

// FuzzParse: whatever the bytes, the answer is a configuration with valid
// values or problems that stand inside the file.
func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("f.yaml", data)
		if err == nil {
			// Only what is missing may be left to say.
			c.Keys, c.Rules = config.Keys{Dev: true}, []string{"rules"}
			if c.Upstream == "" && len(c.Collectors) == 0 {
				c.Upstream = "https://collector.example"
			}
			c.TLS, c.UpstreamTLS = config.TLS{}, config.UpstreamTLS{ServerName: c.UpstreamTLS.ServerName}
			if err := c.Validate(); err != nil {
				t.Errorf("Parse accepted what Validate does not: %v\ninput: %q", err, data)
			}
			return
		}
		var ps config.Problems
		if !errors.As(err, &ps) || len(ps) == 0 {
			t.Fatalf("the error is %T: %v", err, err)
		}
		// YAML knows other line ends too (CR, NEL, LS, PS) and may point past
		// the last one.
		lines := 2 + bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r"))
		for _, end := range []string{"\u0085", "\u2028", "\u2029"} {
			lines += bytes.Count(data, []byte(end))
		}
		for _, p := range ps {
			if p.Message == "" || p.Line < 0 || p.Line > lines || p.Line > 0 && p.Col < 1 {
				t.Errorf("no place in the file: %+v\ninput: %q", p, data)
			}
		}
	})
}

// FuzzEnvironment: whatever the variables, the answer is a configuration or
// problems, and no problem depends on the value that it is about.
func FuzzEnvironment(f *testing.F) {
	for _, seed := range [][2]string{
		{"STATVEIL_LIMITS_BODY", "10MB"}, {"STATVEIL_KEYS_DEV", "hunter2"}, {"STATVEIL_LIMITS_DEPTH", "010"}, {"STATVEIL_TIMEOUTS_IDLE", "1d"},
		{"STATVEIL_UPSTREAM", "http://user:hunter2@collector.example"}, {"STATVEIL_LOG_LEVEL", "inf"}, {"STATVEIL_TLS_CERT", "\xff"},
		{"STATVEIL_RULES", "rules"}, {"STATVEIL_", "="}, {"STATVEIL_PORT_80_TCP", "tcp://10.0.0.1:80"}, {"PATH", "/bin"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		if strings.Contains(name, "=") {
			return // a name has none
		}
		lay := func(value string) (c *config.Config, unknown []string, err error) {
			c = config.Default()
			unknown, err = c.Environment([]string{name + "=" + value})
			return c, unknown, err
		}
		c, unknown, err := lay(value)
		if len(unknown) > 0 && !strings.HasPrefix(name, "STATVEIL_") {
			t.Errorf("%q is ours and unknown: %q", name, unknown)
		}
		// No form of value has this one, and a text with it is like no other.
		bad, _, badErr := lay("\xffhunter2")
		if err != nil && (badErr == nil || err.Error() != badErr.Error()) {
			t.Errorf("%s=%q: got %v\nof another value: %v", name, value, err, badErr)
		}
		_ = c.Validate()
		if err := bad.Validate(); err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the value is repeated: %v", name, err)
		}
		texts, _, textErr := lay("hunter2" + strings.ToValidUTF8(value, ""))
		if textErr != nil && strings.Contains(textErr.Error(), "hunter2") {
			t.Errorf("%s: the value is repeated: %v", name, textErr)
		}
		if err := texts.Validate(); err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the value is repeated: %v", name, err)
		}
	})
}
