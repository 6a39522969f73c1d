package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes, written 10MiB, 64KiB, 512B or 512.
type Size int64

// sizeUnits is ordered from the largest; B comes last because the others end in it.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size. Its error does not repeat the text.
func (s *Size) UnmarshalText(text []byte) error {
	digits, bytes := string(text), int64(1)
	for _, u := range sizeUnits {
		if d, ok := strings.CutSuffix(digits, u.name); ok {
			digits, bytes = d, u.bytes
			break
		}
	}
	n, ok := natural(digits)
	if !ok || n > math.MaxInt64/bytes {
		return errors.New("is not a size")
	}
	*s = Size(n * bytes)
	return nil
}

// String writes s in the largest unit that leaves a whole number.
func (s Size) String() string {
	for _, u := range sizeUnits {
		if n := int64(s); n != 0 && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return "0B"
}

// Duration is a length of time, written as Go does: 500ms, 30s, 2m, 1h30m.
type Duration time.Duration

// UnmarshalText reads a duration. Its error does not repeat the text.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New("is not a duration")
	}
	*d = Duration(v)
	return nil
}

func (d Duration) String() string { return time.Duration(d).String() }

// natural reads a number in plain decimal digits. A leading zero is refused:
// some readers of YAML take such a number for octal.
func natural(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}
