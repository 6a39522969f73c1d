package detect

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// What makes valid numbers, without the code that checks them.

const capitalLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

func drawOne(r *rand.Rand, set string) string { return string(set[r.IntN(len(set))]) }

func drawDigits(r *rand.Rand, n int) string { return drawShape(r, strings.Repeat("9", n)) }

func decimalOf(s string) (n int) {
	fmt.Sscan(strings.TrimLeft(s, "0")+" ", &n)
	return n
}

func icaoValue(b byte) int { return strings.IndexByte("0123456789"+capitalLetters, b) }

// drawBirthday draws a day of 1941 to 1999, six digits in that order.
func drawBirthday(r *rand.Rand, order string) string {
	part := map[rune]string{'d': fmt.Sprintf("%02d", 1+r.IntN(28)), 'm': fmt.Sprintf("%02d", 1+r.IntN(12)), 'y': fmt.Sprint(41 + r.IntN(59))}
	s := ""
	for _, p := range order {
		s += part[p]
	}
	return s
}

// drawWeighted draws digits for the # and one more, so that the weighted sum of all is divided by mod.
func drawWeighted(r *rand.Rand, shape string, mod int, weights ...int) string {
	for {
		s := drawShape(r, strings.ReplaceAll(shape, "#", "9"))
		if i := strings.IndexByte(shape, '#'); i > 0 {
			s = shape[:i] + s[i:] // a 9 in front may be drawn, too
		}
		sum := 0
		for i := range s {
			sum += weights[i] * int(s[i]-'0')
		}
		for d := range 10 {
			if (sum+d*weights[len(s)])%mod == 0 {
				return s + fmt.Sprint(d)
			}
		}
	}
}

func withLuhn(s string) string {
	sum := 0
	for i := range s {
		d := int(s[len(s)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return s + fmt.Sprint((10-sum%10)%10)
}

func fodselsnummer(r *rand.Rand, add int) string {
	for {
		b := drawBirthday(r, "dmy")
		n := fmt.Sprintf("%02d", decimalOf(b[:2])+add) + b[2:] + drawDigits(r, 3)
		for _, weights := range [][]int{{3, 7, 6, 1, 8, 9, 4, 5, 2}, {5, 4, 3, 2, 7, 6, 5, 4, 3, 2}} {
			sum := 0
			for i, w := range weights {
				sum += w * int(n[i]-'0')
			}
			n += fmt.Sprint((11 - sum%11) % 11)
		}
		if len(n) == 11 { // no check digit was 10
			return n
		}
	}
}

func steuerID(r *rand.Rand) string {
	for {
		perm := r.Perm(10)
		perm[9] = perm[r.IntN(9)]
		if r.IntN(2) == 0 {
			perm[8] = perm[9]
		}
		r.Shuffle(10, func(i, j int) { perm[i], perm[j] = perm[j], perm[i] })
		s := ""
		for _, d := range perm {
			s += fmt.Sprint(d)
		}
		counts := map[rune]int{}
		for _, d := range s {
			counts[d]++
		}
		inARow := slices.ContainsFunc([]string{"000", "111", "222", "333", "444", "555", "666", "777", "888", "999"}, func(x string) bool { return strings.Contains(s, x) })
		if s[0] == '0' || len(counts) < 8 || inARow {
			continue
		}
		// ISO 7064 MOD 11,10 as the Bundeszentralamt für Steuern writes it down.
		product := 10
		for _, d := range perm {
			sum := (d + product) % 10
			if sum == 0 {
				sum = 10
			}
			product = sum * 2 % 11
		}
		return s + fmt.Sprint((11-product)%10)
	}
}

func rentenversicherung(r *rand.Rand) string {
	letter := 1 + r.IntN(26)
	front := fmt.Sprint(10+r.IntN(80)) + drawBirthday(r, "dmy")
	serial := drawDigits(r, 2)
	all, sum := front+fmt.Sprintf("%02d", letter)+serial, 0
	for i, w := range []int{2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1} {
		d := w * int(all[i]-'0')
		sum += d/10 + d%10
	}
	return front + string(rune('A'+letter-1)) + serial + fmt.Sprint(sum%10)
}

func rijksregister(r *rand.Rand, century int) string {
	nine := drawBirthday(r, "ymd") + fmt.Sprintf("%03d", 1+r.IntN(997))
	return nine + fmt.Sprintf("%02d", 97-(century+decimalOf(nine))%97)
}

// nir draws a NIR; the department counts as another one, if that is given.
func nir(r *rand.Rand, department, as string) string {
	sex, date, rest := fmt.Sprint(1+r.IntN(2)), drawBirthday(r, "ym"), fmt.Sprintf("%03d%03d", 1+r.IntN(989), 1+r.IntN(998))
	if as == "" {
		as = department
	}
	return sex + date + department + rest + fmt.Sprintf("%02d", 97-decimalOf(sex+date+as+rest)%97)
}

func codiceFiscale(r *rand.Rand, omocodia bool) string {
	day := 1 + r.IntN(28) + 40*r.IntN(2)
	s := []byte("BCDFGH" + drawBirthday(r, "y") + drawOne(r, "ABCDEHLMPRST") + fmt.Sprintf("%02d", day) + drawOne(r, "ABCDEFGHILMZ") + drawDigits(r, 3))
	for i := range 6 {
		s[i] = capitalLetters[r.IntN(26)]
	}
	if omocodia {
		for i := 14; i > 12-r.IntN(2); i-- {
			s[i] = "LMNPQRSTUV"[s[i]-'0']
		}
	}
	// The tables of the decree.
	odd := map[byte]int{}
	for i, v := range []int{1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23} {
		odd[capitalLetters[i]] = v
		if i < 10 {
			odd['0'+byte(i)] = v
		}
	}
	sum := 0
	for i, b := range s {
		switch {
		case i%2 == 0:
			sum += odd[b]
		case isDigit(b):
			sum += int(b - '0')
		default:
			sum += int(b - 'A')
		}
	}
	return string(s) + capitalLetters[sum%26:sum%26+1]
}
