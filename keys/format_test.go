package keys

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

func TestFormat(t *testing.T) {
	in := keyrings{
		"default": {
			{Number: 1, From: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), Secret: bytes.Repeat([]byte{1}, 32)},
			{Number: 2, From: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), Secret: bytes.Repeat([]byte{2}, 32)},
		},
		pseudonym.Global: {{Number: 1, From: time.Date(2026, 11, 24, 9, 0, 0, 500_000_000, time.UTC), Secret: bytes.Repeat([]byte{3}, 32)}},
	}
	want := `{
  "version": 1,
  "keyrings": {
    "_global": [
      {"number": 1, "from": "2026-11-24T09:00:00.5Z", "secret": "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM="}
    ],
    "default": [
      {"number": 1, "from": "2026-11-24T09:00:00Z", "secret": "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="},
      {"number": 2, "from": "2027-01-01T00:00:00Z", "secret": "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="}
    ]
  }
}
`
	if got := string(format(in)); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	got, err := parse([]byte(want))
	if err != nil || !reflect.DeepEqual(got, in) {
		t.Errorf("read back: %v, %d keyrings of %d are there", err, len(got), len(in))
	}
}

// FuzzParse: whatever the bytes, the answer is keyrings that are written and
// read as they are, or an error of one line that repeats none of them.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":1,"keyrings":{"default":[{"number":1,"from":"2026-11-24T09:00:00Z","secret":"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="}]}}`))
	f.Add([]byte(`{"version":1,"keyrings":{"default":[{"number":1,"from":"x","secret":"s3cret"}],"a":{},[}}`))
	f.Add([]byte("{\"version\"\n:1e0,1:2}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := parse(data)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\"'\n") {
				t.Errorf("the error quotes something: %v\ninput: %q", err, data)
			}
			return
		}
		again, err := parse(format(got))
		if err != nil || len(again) != len(got) {
			t.Fatalf("written and read again: %v\ninput: %q", err, data)
		}
		for name := range got {
			for i, v := range got[name] {
				w := again[name][i]
				if v.Number != w.Number || !bytes.Equal(v.Secret, w.Secret) || !v.From.Equal(w.From) {
					t.Errorf("keyring %d of %s is not the same\ninput: %q", i, name, data)
				}
			}
		}
	})
}
