package main

import (
	"strconv"
	"strings"
	"testing"
)

// metric is the value of a series now; 0 where it is not there.
func (p *process) metric(t *testing.T, series string) float64 {
	t.Helper()
	_, page := get(t, p.admin, "/metrics")
	return series1(t, page, series)
}

func series1(t *testing.T, page, series string) float64 {
	t.Helper()
	for line := range strings.Lines(page) {
		if value, ok := strings.CutPrefix(line, series+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return 0
}
