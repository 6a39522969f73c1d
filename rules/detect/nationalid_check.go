package detect

// What the schemes of several countries have in common. All of it is told digits and capital letters only.

// atoi returns the number that digits write.
func atoi(c []byte) (n int) {
	for _, b := range c {
		n = 10*n + int(b-'0')
	}
	return n
}

func allDigits(c []byte) bool {
	for _, b := range c {
		if !isDigit(b) {
			return false
		}
	}
	return true
}

// sameDigits reports whether all characters are one and the same.
func sameDigits(c []byte) bool {
	for _, b := range c {
		if b != c[0] {
			return false
		}
	}
	return true
}

// alnum is the value of a digit or letter where A follows 9 (ICAO Doc 9303 part 3, section 4.9).
func alnum(b byte) int {
	if isDigit(b) {
		return int(b - '0')
	}
	return int(b-'A') + 10
}

// weighted is the sum of the values of the characters, each times its weight.
func weighted(c []byte, weights ...int) (sum int) {
	for i, w := range weights {
		sum += w * alnum(c[i])
	}
	return sum
}

// isDay reports whether a month has such a day, in a year of which the last two digits are enough: 2000 was a leap year.
func isDay(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	last := [...]int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}[month-1]
	if month == 2 && year%4 == 0 {
		last++
	}
	return day <= last
}

// isMoment reports whether ten digits may be a date of these years, its year or its day first, and a time of day:
// 260228-0930 is rather when something happened than who was born.
func isMoment(c []byte) bool {
	first, month, last := atoi(c[:2]), atoi(c[2:4]), atoi(c[4:6])
	recent := func(year, day int) bool { return 10 <= year && year < 40 && isDay(year, month, day) }
	return atoi(c[6:8]) < 24 && atoi(c[8:10]) < 60 && (recent(first, last) || recent(last, first))
}
