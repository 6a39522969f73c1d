package detect

import "sort"

// plan is the numbering plan behind one calling code. Bit n of a mask of lengths stands for national numbers of
// n+minNational digits.
type plan struct {
	code     uint16
	possible uint16
	open     uint16 // bit d: inside the country, numbers that begin with d are written without a trunk prefix
	trunk    uint8  // the place of the trunk prefix in trunks
	shapes   []uint16
	starts   []start
}

// trunks are the prefixes that a caller inside a country dials before a national number.
var trunks = [...]string{"", "0", "06", "1", "8", "80"}

// start says which lengths are valid for national numbers whose first three digits are from `from` up to the next start.
type start struct {
	from    uint16
	lengths uint16
}

// The shortest and longest national numbers of all plans, and the bounds of what is a number at all: seven digits are
// the shortest number with its calling code (Niue), 15 the most that E.164 allows.
const (
	minNational, maxNational = 2, 17
	minDigits, maxDigits     = 7, 15
)

// grade says how well digits fit a numbering plan.
type grade uint8

const (
	wrong    grade = iota // no such calling code, or a length no number there has
	possible              // the length fits
	valid                 // the length fits the beginning of the number
)

// planAt maps a calling code to one more than its place in plans.
var planAt = makePlanAt()

func makePlanAt() (at [1000]uint8) {
	for i := range plans {
		at[plans[i].code] = uint8(i + 1)
	}
	return at
}

// planOf returns the plan of digits that begin with a calling code, and the length of the code. No code is the
// beginning of another.
func planOf(digits []byte) (*plan, int) {
	if len(digits) == 0 || digits[0] == '0' {
		return nil, 0
	}
	code := 0
	for n := 0; n < 3 && n < len(digits); n++ {
		code = code*10 + int(digits[n]-'0')
		if at := planAt[code]; at > 0 {
			return &plans[at-1], n + 1
		}
	}
	return nil, 0
}

// CallingCode returns the length of the + and the calling code with which a phone number in E.164 form begins, 0 where the
// text is none or the code is not in use.
func CallingCode(e164 string) int {
	if len(e164) < 2 || e164[0] != '+' || digitsEnd(e164, 1) != len(e164) {
		return 0
	}
	if _, n := planOf([]byte(e164[1:min(4, len(e164))])); n > 0 {
		return 1 + n
	}
	return 0
}

// grade judges a national number.
func (p *plan) grade(national []byte) grade {
	if len(national) < minNational || len(national) > maxNational {
		return wrong
	}
	length := uint16(1) << (len(national) - minNational)
	if p.lengths(national)&length != 0 {
		if p.code != nanp || len(national) != 10 || national[3] >= '2' {
			return valid
		}
	}
	if p.possible&length != 0 {
		return possible
	}
	return wrong
}

// nanp is the calling code of the North American plan, the only one where the fourth of ten digits matters (never 0 or 1).
const nanp = 1

func (p *plan) lengths(national []byte) uint16 {
	first := uint16(0)
	for i := range 3 {
		first *= 10
		if i < len(national) {
			first += uint16(national[i] - '0')
		}
	}
	i := sort.Search(len(p.starts), func(i int) bool { return p.starts[i].from > first })
	if i == 0 {
		return 0
	}
	return p.starts[i-1].lengths
}

// international judges digits that begin with a calling code. zero is the place of a "(0)" in them, or -1. What is not
// to be dialled from abroad, the 0 of a trunk prefix, is at drop; -1 means that every digit counts.
func international(digits []byte, zero int) (g grade, drop int) {
	p, n := planOf(digits)
	if p == nil || len(digits) > maxDigits+1 {
		return wrong, -1
	}
	national := digits[n:]
	g, drop = p.grade(national), -1
	if len(national) == 0 || national[0] != '0' || zero >= 0 && zero != n {
		return g, drop
	}
	// A trunk prefix is for callers inside the country, bracketed or not. Italy and others have none: there the number is
	// valid with its zero.
	if g == valid {
		return g, drop
	}
	if without := p.grade(national[1:]); without == valid || zero == n && without > wrong {
		return without, n
	}
	return g, drop
}

// nanpNational reports whether digits are ten and a number of the North American plan without its calling code, so
// that nobody can tell them from a number that begins with another calling code.
func nanpNational(digits []byte) bool {
	return len(digits) == 10 && plans[planAt[nanp]-1].grade(digits) == valid
}
