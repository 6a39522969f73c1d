package rules

import (
	"strconv"
	"strings"
)

// isNumber says whether a text is a number of JSON.
func isNumber(s string) bool {
	if s == "" {
		return false
	}
	end, _ := scanNumber([]byte(s), 0)
	return end == len(s)
}

// decimal writes a JSON number by its exact value, so that 1e3, 1000 and 1000.0
// are one: without exponent where that takes at most 64 zeros, else as 1e65. An
// exponent of millions stays as it was written: no text of the value has room.
func decimal(s string) string {
	const huge, zeros = 1 << 27, 64
	mantissa, exp := s, 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa = s[:i]
		negative := false
		for _, c := range s[i+1:] {
			switch {
			case c == '-':
				negative = true
			case c != '+' && exp < huge:
				exp = exp*10 + int(c-'0')
			}
		}
		if negative {
			exp = -exp
		}
	}
	sign := ""
	if mantissa[0] == '-' {
		sign, mantissa = "-", mantissa[1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	fraction = strings.TrimRight(fraction, "0")
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits != "" && (exp >= huge || exp <= -huge) {
		return strings.Clone(s)
	}
	exp -= len(fraction)
	for strings.HasSuffix(digits, "0") {
		digits, exp = digits[:len(digits)-1], exp+1
	}
	switch {
	case digits == "":
		return "0"
	case exp >= 0 && exp <= zeros:
		return sign + digits + strings.Repeat("0", exp)
	case exp < 0 && -exp < len(digits):
		return sign + digits[:len(digits)+exp] + "." + digits[len(digits)+exp:]
	case exp < 0 && -exp-len(digits) <= zeros:
		return sign + "0." + strings.Repeat("0", -exp-len(digits)) + digits
	}
	return sign + digits + "e" + strconv.Itoa(exp)
}
