//go:build ignore

// Gen writes plans.go: the world's numbering plans as a literal table, compiled from the metadata of libphonenumber
// (github.com/nyaruka/phonenumbers) so that the product neither loads 7 MiB of metadata nor runs its expressions.
//
// For every calling code it asks which national numbers are possible (by length) and, for each of the 1,000 ways in
// which one can begin, which lengths are valid. Runs of beginnings with equal answers are written once. How people
// inside a country write its numbers, with which trunk prefix and in which groups, it learns from the library's own
// national format, applied to one number for each of these beginnings and lengths. Regions that share a calling code
// share its plan: inside them every number of the code is written alike.
//
// Usage: go run gen.go [-o plans.go]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"maps"
	"os"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	out := flag.String("o", "plans.go", "the file to write; - is standard output")
	flag.Parse()
	collection, err := phonenumbers.MetadataCollection()
	if err != nil {
		log.Fatal(err)
	}
	plans := map[int]*plan{}
	codes := map[string]int{}
	for _, region := range collection.GetMetadata() {
		code := int(region.GetCountryCode())
		if plans[code] == nil {
			plans[code] = &plan{code: code}
		}
		if err := plans[code].add(region); err != nil {
			log.Fatalf("%s: %v", region.GetId(), err)
		}
		if id := region.GetId(); id != world {
			codes[id] = code
		}
	}
	for _, p := range plans {
		p.format()
	}
	text, err := format.Source(write(plans, codes))
	if err != nil {
		log.Fatal(err)
	}
	if *out == "-" {
		_, err = os.Stdout.Write(text)
	} else {
		err = os.WriteFile(*out, text, 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// A mask has 16 bits: bit n stands for numbers of n+minNational digits.
const minNational, maxNational = 2, 17

// world is the region of calling codes that belong to no country.
const world = "001"

// minDigits is the least number of digits that the product takes for a number.
const minDigits = 7

// plan is what the table says about one calling code; here bit n of a mask stands for national numbers of n digits.
type plan struct {
	code     int
	possible uint32
	trunk    string
	open     uint32 // bit d: national numbers that begin with d are written without a trunk prefix
	shapes   []uint32
	starts   [1000]uint32
}

func (p *plan) add(region *phonenumbers.PhoneMetadata) error {
	for _, n := range region.GetGeneralDesc().GetPossibleLength() {
		if n > 0 {
			p.possible |= 1 << n
		}
	}
	// Emergency and short codes are dialled inside a country only and are left out.
	for _, desc := range []*phonenumbers.PhoneNumberDesc{
		region.GetFixedLine(), region.GetMobile(), region.GetTollFree(), region.GetPremiumRate(), region.GetSharedCost(),
		region.GetPersonalNumber(), region.GetVoip(), region.GetPager(), region.GetUan(), region.GetVoicemail(),
	} {
		if desc.GetNationalNumberPattern() == "" {
			continue
		}
		var lengths uint32
		for _, n := range desc.GetPossibleLength() {
			if n > 0 {
				lengths |= 1 << n
			}
		}
		if lengths == 0 {
			lengths = p.possible // a type that has no lengths of its own inherits those of the country
		}
		m, err := compile(desc.GetNationalNumberPattern())
		if err != nil {
			return err
		}
		for start := range p.starts {
			p.starts[start] |= m.lengths(start) & lengths
		}
	}
	return nil
}

// format learns how the numbers of the plan are written inside its country.
func (p *plan) format() {
	if phonenumbers.GetRegionCodeForCountryCode(p.code) == world {
		return
	}
	trunks := map[string]int{}
	shapes := map[uint32]bool{}
	for first := range 10 {
		for n := minDigits; n <= maxNational; n++ {
			alone, all := 0, 0
			for start := first * 100; start < (first+1)*100; start++ {
				if p.starts[start]>>n&1 == 0 {
					continue
				}
				national := (fmt.Sprintf("%03d", start) + "45678912345678")[:n]
				trunk, shape, ok := written(p.code, national)
				if !ok {
					continue // rewritten in other ways, as mobile numbers of Argentina are
				}
				all++
				if trunk == "" {
					alone++
				} else {
					trunks[trunk]++
				}
				if shape != 0 {
					shapes[shape] = true
				}
			}
			// A few numbers that are written alone among many that are not are service numbers.
			if alone > 0 && 2*alone >= all {
				p.open |= 1 << first
			}
		}
	}
	for _, trunk := range slices.Sorted(maps.Keys(trunks)) {
		if trunks[trunk] > trunks[p.trunk] {
			p.trunk = trunk
		}
	}
	if p.code == 1 {
		p.trunk = "1" // never part of the national format, but of what people write
	}
	p.shapes = slices.Sorted(maps.Keys(shapes))
}

// written returns with which trunk prefix and in which groups the library writes a number inside its country. Bit n-1 of
// shape is set where a group ends after n digits of the national number.
func written(code int, national string) (trunk string, shape uint32, ok bool) {
	number := &phonenumbers.PhoneNumber{}
	value, err := strconv.ParseUint(national, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	number.CountryCode, number.NationalNumber = new(int32(code)), &value
	if zeros := len(national) - len(strings.TrimLeft(national, "0")); zeros > 0 {
		number.ItalianLeadingZero, number.NumberOfLeadingZeros = new(true), new(int32(zeros))
	}
	var digits []byte
	var ends []int
	text := phonenumbers.Format(number, phonenumbers.NATIONAL)
	for i, c := range []byte(text) {
		if '0' <= c && c <= '9' {
			if i > 0 && len(digits) > 0 && (text[i-1] < '0' || text[i-1] > '9') {
				ends = append(ends, len(digits))
			}
			digits = append(digits, c)
		}
	}
	trunk, ok = strings.CutSuffix(string(digits), national)
	for _, end := range ends {
		if end > len(trunk) {
			shape |= 1 << (end - len(trunk) - 1)
		}
	}
	return trunk, shape, ok
}

// matcher runs one expression over sets of states. The expressions know nothing but digits.
type matcher struct{ prog *syntax.Prog }

func compile(expr string) (matcher, error) {
	re, err := syntax.Parse(`\A(?:`+expr+`)\z`, syntax.Perl)
	if err != nil {
		return matcher{}, err
	}
	prog, err := syntax.Compile(re.Simplify())
	return matcher{prog}, err
}

// lengths returns the lengths of the numbers that match and begin with these three digits.
func (m matcher) lengths(start int) uint32 {
	digits := fmt.Sprintf("%03d", start)
	var found uint32
	states := m.close(nil, []uint32{uint32(m.prog.Start)}, 0)
	for n := 0; n <= maxNational && len(states) > 0; n++ {
		if n > 0 && m.accepts(states) {
			found |= 1 << n
		}
		next := digits[min(n, 2):]
		if n < 3 {
			next = digits[n : n+1]
		} else {
			next = "0123456789"
		}
		states = m.step(states, next)
	}
	return found
}

func (m matcher) accepts(states []uint32) bool {
	for _, pc := range m.close(nil, states, syntax.EmptyEndText) {
		if m.prog.Inst[pc].Op == syntax.InstMatch {
			return true
		}
	}
	return false
}

func (m matcher) step(states []uint32, digits string) []uint32 {
	var out []uint32
	for _, pc := range states {
		inst := &m.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			for _, d := range digits {
				if inst.MatchRune(d) {
					out = append(out, inst.Out)
					break
				}
			}
		}
	}
	return m.close(nil, out, 0)
}

// close adds every state that can be reached without a digit. Conditions hold when they are in flags; the beginning of
// the text is taken as passed, since the expressions are anchored there and nowhere else.
func (m matcher) close(out, from []uint32, flags syntax.EmptyOp) []uint32 {
	stack := slices.Clone(from)
	for len(stack) > 0 {
		pc := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if slices.Contains(out, pc) {
			continue
		}
		out = append(out, pc)
		inst := &m.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			stack = append(stack, inst.Out, inst.Arg)
		case syntax.InstCapture, syntax.InstNop:
			stack = append(stack, inst.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^(flags|syntax.EmptyBeginText|syntax.EmptyBeginLine) == 0 {
				stack = append(stack, inst.Out)
			}
		}
	}
	return out
}

// trunks are the trunk prefixes in the order in which plan.go knows them.
var trunks = []string{"", "0", "06", "1", "8", "80"}

func write(plans map[int]*plan, regions map[string]int) []byte {
	var codes []int
	for code := range plans {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	b := new(bytes.Buffer)
	fmt.Fprintln(b, "// Code generated by gen.go from the metadata of libphonenumber; DO NOT EDIT.")
	fmt.Fprintln(b, "\npackage detect")
	fmt.Fprintln(b, "\n// plans holds every calling code in use, in order.")
	fmt.Fprintln(b, "var plans = [...]plan{")
	for _, code := range codes {
		p := plans[code]
		trunk := slices.Index(trunks, p.trunk)
		if trunk < 0 {
			log.Fatalf("+%d: plan.go does not know the trunk prefix %q", code, p.trunk)
		}
		fmt.Fprintf(b, "{%d, %#x, %#x, %d, ", code, p.possible>>minNational, p.open, trunk)
		if p.shapes == nil {
			fmt.Fprint(b, "nil")
		} else {
			fmt.Fprint(b, "[]uint16{")
			for _, shape := range p.shapes {
				fmt.Fprintf(b, "%#x,", shape)
			}
			fmt.Fprint(b, "}")
		}
		fmt.Fprint(b, ", []start{")
		last := uint32(0)
		for i, lengths := range p.starts {
			if lengths != last {
				fmt.Fprintf(b, "{%d, %#x},", i, lengths>>minNational)
				last = lengths
			}
		}
		fmt.Fprintln(b, "}},")
	}
	fmt.Fprintln(b, "}")
	fmt.Fprintln(b, "\n// regionCodes holds every region with its calling code in three digits, in order.")
	fmt.Fprintln(b, "const regionCodes = \"\" +")
	ids := slices.Sorted(maps.Keys(regions))
	for i, id := range ids {
		if i%20 == 0 {
			fmt.Fprint(b, "\t\"")
		}
		fmt.Fprintf(b, "%s%03d", id, regions[id])
		if i == len(ids)-1 {
			fmt.Fprintln(b, "\"")
		} else if i%20 == 19 {
			fmt.Fprintln(b, "\" +")
		}
	}
	return b.Bytes()
}
