package rules

import (
	"fmt"
	"strings"
)

// DefaultParameters is how many parameters a query may have where nobody says
// otherwise, and how many fields a form, lines a header, and cookies a request.
const DefaultParameters = 1000

func (m *Message) parameters() int {
	if m.Parameters == 0 {
		return DefaultParameters
	}
	return m.Parameters
}

// count refuses a request that has more of something than may be. The fields of a
// form are counted where they are read.
func (m *Match) count() error {
	most := m.msg.parameters()
	if pairsOf(m.msg.Query, "&") > most {
		return tooMany("parameters of the query", most, false)
	}
	lines, cookies := 0, 0
	for name, values := range m.msg.Header {
		if lines += len(values); name == "Cookie" {
			for _, v := range values {
				cookies += pairsOf(v, ";")
			}
		}
	}
	switch {
	case lines > most:
		return tooMany("lines of the header", most, false)
	case cookies > most:
		return tooMany("cookies", most, false)
	}
	return nil
}

// pairsOf counts the pairs of a query, a form or a Cookie header; empty ones count.
func pairsOf(raw, separator string) int {
	if raw == "" {
		return 0
	}
	return strings.Count(raw, separator) + 1
}

func tooMany(what string, most int, body bool) error {
	return &Error{Reason: Oversize, Detail: fmt.Sprintf("there are more than %d %s", most, what), Body: body, Limit: "parameters"}
}
