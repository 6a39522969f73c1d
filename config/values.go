package config

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// read reads a text into a pointer of the schema. If it cannot, it says so and
// changes nothing.
func read(text string, into any) bool {
	switch into := into.(type) {
	case *string:
		if !utf8.ValidString(text) {
			return false
		}
		*into = text
	case choice: // which of them, check says
		return read(text, into.into)
	case *bool:
		if text != "true" && text != "false" {
			return false
		}
		*into = text == "true"
	case *int:
		i, ok := natural(text)
		if !ok || i != int64(int(i)) {
			return false
		}
		*into = int(i)
	case encoding.TextUnmarshaler:
		return into.UnmarshalText([]byte(text)) == nil
	default:
		panic(fmt.Sprintf("config: internal error: a %T in the schema", into))
	}
	return true
}

// complaint is what is said of any text that read cannot read, so that none is
// repeated, and how to write one that it can.
func complaint(into any) (message, hint string) {
	switch into.(type) {
	case *bool:
		return "must be true or false", ""
	case *int:
		return "must be a whole number", ""
	case *Size:
		return errNotSize.Error(), "write it like 10MiB, 64KiB, 512B or a number of bytes"
	case *Duration:
		return errNotDuration.Error(), "write it like 500ms, 30s, 2m or 1h30m"
	default:
		return "must be a text", ""
	}
}

var (
	errNotSize     = errors.New("is not a size")
	errNotDuration = errors.New("is not a duration")
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
		return errNotSize
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
		return errNotDuration
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
