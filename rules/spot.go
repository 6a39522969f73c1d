package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A spot is an address of changed in a test: one without wildcards. Names of
// members are those that were sent, spelled exactly.
type spot struct {
	text string
	part string // of the request
	legs []leg  // the way from there
}

// A leg is the name of a member, element, parameter, header ..., or a step.
type leg struct {
	name string
	step bool
}

// spotSteps are all steps of addresses that a test may name.
var spotSteps = append([]string{keys}, codecNames[:]...)

// keys is the step before the name of what is renamed: body.users.@keys.anna is
// the name "anna" of a member of body.users.
const keys = "keys"

func parseSpot(text string) (*spot, error) {
	part, rest, found := strings.Cut(text, ".")
	if !slices.Contains(rootNames[:], part) {
		return nil, fmt.Errorf("%q is no part of a request; %s", part, suggestion(part, rootNames[:]))
	}
	p := &spot{text: text, part: part}
	if !found || rest == "" {
		if part == "text" && !found {
			return p, nil
		}
		return nil, fmt.Errorf("%s needs more: %s.NAME", part, part)
	}
	if err := p.parseLegs(rest); err != nil {
		return nil, err
	}
	if part != "body" && part != "text" {
		p.joinName()
	}
	return p, p.check()
}

func (p *spot) parseLegs(text string) error {
	var name []byte
	step, many := false, false
	end := func() error {
		switch {
		case many:
			return fmt.Errorf(`%q names many places; changed says of each one what becomes of it (a * ? or # in a name is written \*)`, text)
		case len(name) == 0:
			return errors.New("the address has an empty step")
		case step && !slices.Contains(spotSteps, string(name)):
			return fmt.Errorf("@%s is no step; %s", name, suggestion(string(name), spotSteps))
		}
		p.legs = append(p.legs, leg{string(name), step})
		name, step = nil, false
		return nil
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			if i++; i == len(text) {
				return errors.New(`the address ends in the middle of an escape; \\ is a backslash`)
			}
			name = append(name, text[i])
		case c == '.':
			if err := end(); err != nil {
				return err
			}
		case c == '*' || c == '?' || c == '#':
			many = true
			name = append(name, c)
		case c == '@' && len(name) == 0 && !step:
			step = true
		default:
			name = append(name, c)
		}
	}
	return end()
}

// joinName makes one name of the legs before the first step: the names of
// parameters and headers may hold dots.
func (p *spot) joinName() {
	from := 0
	if p.legs[0] == (leg{keys, true}) {
		from = 1
	}
	var names []string
	to := from
	for to < len(p.legs) && !p.legs[to].step {
		names = append(names, p.legs[to].name)
		to++
	}
	if len(names) > 0 {
		p.legs = slices.Replace(p.legs, from, to, leg{strings.Join(names, "."), false})
	}
}

func (p *spot) check() error {
	for i, h := range p.legs {
		next := ""
		if i+1 < len(p.legs) && !p.legs[i+1].step {
			next = p.legs[i+1].name
		}
		switch {
		case !h.step:
			continue
		case h.name == keys && (next == "" || i+2 != len(p.legs)):
			return errors.New("@keys is followed by the name that was sent, and nothing else: body.users.@keys.anna")
		case h.name == "url" && !slices.Contains([]string{"host", "path", "query", "fragment"}, next):
			return errors.New("@url is followed by host, path, query.NAME or fragment")
		case (h.name == "base64" || h.name == "pct") && next != "":
			return fmt.Errorf("@%s gives a text: another step may follow, but no name", h.name)
		}
	}
	if first := p.legs[0]; first.step && first.name != keys && p.part != "text" && p.part != "body" {
		return fmt.Errorf("%s needs a name before @%s", p.part, first.name)
	}
	return nil
}
