package rules

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Failure is one thing that a test wants and that is not so. Its texts are those
// of the test; long ones are cut to where the difference is.
type Failure struct {
	Place   string `json:"place,omitempty"` // body, route, path.confID ...
	Message string `json:"message"`
	Sent    string `json:"sent,omitempty"`
	Wanted  string `json:"wanted,omitempty"`
	Arrived string `json:"arrived,omitempty"`
	Mark    int    `json:"mark,omitempty"` // how many characters of Wanted and Arrived are equal; 0: it is plain to see
}

// shown is how much of a text is shown, around how much of it stands before a
// difference.
const (
	shown  = 160
	around = 48
)

// short cuts a text that is shown as a whole.
func short(s string) string { return excerpt(s, 0) }

// unnamed returns the address of a finding that took its place at arrived[i] and
// that changed does not name, or "".
func (c *check) unnamed(arrived string, i int) string {
	for _, f := range c.found {
		around := arrived[max(0, i-len(f.With)):min(len(arrived), i+len(f.With))]
		named := func(change change) bool { return related(f.Address, change.text) }
		if f.With != "" && strings.Contains(around, f.With) && !slices.ContainsFunc(c.test.want.changed, named) {
			return f.Address
		}
	}
	return ""
}

// difference shows where two texts begin to differ, and what was sent there.
func (c *check) difference(at, sent, wanted, arrived string, holes []hole, raws []string) Failure {
	i := 0
	for i < min(len(wanted), len(arrived)) && wanted[i] == arrived[i] {
		i++
	}
	for i > 0 && (i < len(wanted) && !utf8.RuneStart(wanted[i]) || i < len(arrived) && !utf8.RuneStart(arrived[i])) {
		i--
	}
	inSent, shift := i, 0
	for k, h := range holes { // what stands behind a hole was shifted by it
		if h.start+shift > i {
			break
		}
		shift += len(raws[k]) - (h.end - h.start)
		inSent = max(i-shift, h.start)
	}
	from := max(0, i-around)
	for from > 0 && !utf8.RuneStart(wanted[from]) {
		from--
	}
	f := Failure{Place: at, Message: "arrived differently", Sent: excerpt(sent, max(0, min(inSent, len(sent))-around)),
		Wanted: excerpt(wanted, from), Arrived: excerpt(arrived, from)}
	if f.Mark = utf8.RuneCountInString(printable(wanted[from:i])); from > 0 {
		f.Mark++ // the …
	}
	switch {
	case wanted == "":
		f.Message = "arrived, but was not sent"
	case arrived == "":
		f.Message = "did not arrive"
	case strings.Contains(sent, "\n") && len(sent) > shown:
		f.Message += ", in line " + strconv.Itoa(1+strings.Count(sent[:min(inSent, len(sent))], "\n")) + " of what was sent"
	case len(sent) > shown:
		f.Message += ", at byte " + strconv.Itoa(inSent) + " of what was sent"
	}
	if address := c.unnamed(arrived, i); address != "" {
		f.Message += "; changed does not name " + address
	}
	return f
}

// excerpt returns a piece of s on one line, marked where it is cut.
func excerpt(s string, from int) string {
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	to := min(len(s), from+shown)
	for to < len(s) && !utf8.RuneStart(s[to]) {
		to++
	}
	out := printable(s[from:to])
	if from > 0 {
		out = "…" + out
	}
	if to < len(s) {
		out += "…"
	}
	return out
}

// printable shows each character as one.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return '⏎'
		case r == '\t':
			return '→'
		case !unicode.IsPrint(r):
			return '�'
		}
		return r
	}, s)
}
