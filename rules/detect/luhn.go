package detect

// luhnSum is the sum of the digits with every second one from the right doubled, the digit before the last first, and
// the digits of what became two of them added (ISO/IEC 7812-1, annex B).
func luhnSum(digits []byte) int {
	sum := 0
	for i, c := range digits {
		n := int(c - '0')
		if (len(digits)-i)%2 == 0 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum
}

// luhn reports whether the last of the digits is the check digit of the others.
func luhn(digits []byte) bool { return luhnSum(digits)%10 == 0 }
