//go:build ignore

// Gen writes plans.go: the world's numbering plans as a literal table, compiled from the metadata of libphonenumber
// (github.com/nyaruka/phonenumbers) so that the product neither loads 7 MiB of metadata nor runs its expressions.
//
// For every calling code it asks which national numbers are possible (by length) and, for each of the 1,000 ways in
// which one can begin, which lengths are valid. Runs of beginnings with equal answers are written once.
//
// Usage: go run gen.go [-o plans.go]
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"log"
	"os"
	"regexp/syntax"
	"slices"

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
	for _, region := range collection.GetMetadata() {
		code := int(region.GetCountryCode())
		if plans[code] == nil {
			plans[code] = &plan{code: code}
		}
		if err := plans[code].add(region); err != nil {
			log.Fatalf("%s: %v", region.GetId(), err)
		}
	}
	text, err := format.Source(write(plans))
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

// plan is what the table says about one calling code; here bit n of a mask stands for national numbers of n digits.
type plan struct {
	code     int
	possible uint32
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

func write(plans map[int]*plan) []byte {
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
		fmt.Fprintf(b, "{%d, %#x, []start{", code, p.possible>>minNational)
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
	return b.Bytes()
}
