package detect

import (
	"slices"
	"testing"
)

// TestLuhn takes the example that descriptions of ISO/IEC 7812-1, annex B, are written around.
func TestLuhn(t *testing.T) {
	number := []byte("79927398713")
	if !luhn(number) {
		t.Fatalf("%s is refused", number)
	}
	refused(t, number, luhn)
	for i := range len(number) - 1 {
		swapped := slices.Clone(number)
		swapped[i], swapped[i+1] = number[i+1], number[i]
		// The one pair that the scheme does not see is 09 for 90.
		if number[i] != number[i+1] && luhn(swapped) {
			t.Errorf("%s is taken", swapped)
		}
	}
}

// refused checks that a number is wrong as soon as one of its digits is.
func refused(t *testing.T, number []byte, right func([]byte) bool) {
	t.Helper()
	for i, c := range number {
		for other := byte('0'); other <= '9'; other++ {
			if !isDigit(c) || other == c {
				continue
			}
			wrong := slices.Clone(number)
			wrong[i] = other
			if right(wrong) {
				t.Errorf("%s is taken as well as %s", wrong, number)
			}
		}
	}
}

// isFound is refused's question whether a kind is found in a text.
func isFound(k Kind) func([]byte) bool {
	return func(text []byte) bool { return len(Find(nil, string(text), k)) > 0 }
}
