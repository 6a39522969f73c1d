package config_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
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
			c.Upstream, c.Keys, c.Rules = "http://127.0.0.1:9000", config.Keys{Dev: true}, []string{"rules"}
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
