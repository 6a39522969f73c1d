package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// column is how wide each side is shown, shown how many values that changed.
const (
	column = 54
	shown  = 6
)

// show prints, side by side, what the client sent and what the collector
// received: all that differs, and how much did not.
func show(w io.Writer, s sample, sent, received exchange) {
	fmt.Fprintf(w, "\n■ %s\n  %-12s  %-*s  %s\n", s.title, "", column, "the client sent", "the collector received")
	row(w, "path", readablePath(sent.request.target), readablePath(received.request.target))
	changed, same := compare(sent.request.body, received.request.body)
	for _, c := range changed[:min(len(changed), shown)] {
		row(w, c.address, c.sent, c.received)
	}
	if more := len(changed) - shown; more > 0 {
		fmt.Fprintf(w, "  %-12s  … and %d more that changed\n", "", more)
	}
	fmt.Fprintf(w, "  %-12s  %d values arrived as they were sent (%d bytes sent, %d received)\n", "", same, len(sent.request.body), len(received.request.body))
	fmt.Fprintf(w, "  %-12s  %s\n  %-12s  %s\n", "collector:", received.answer, "client got:", sent.answer)
}

func row(w io.Writer, address, left, right string) {
	if i := strings.LastIndexByte(address, '.'); i > 0 && len(address) > 12 {
		address = "…" + address[max(i, len(address)-11):]
	}
	fmt.Fprintf(w, "  %-12s  %-*s  %s\n", address, column, cut(left, column), cut(right, column+20))
}

// cut shortens a value to n characters on one line.
func cut(s string, n int) string {
	s = strings.NewReplacer("\r\n", "⏎", "\n", "⏎").Replace(s)
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

func readablePath(target string) string {
	if p, err := url.PathUnescape(target); err == nil {
		target = p
	}
	return strings.Replace(target, "/v1/apps/545619706/conferences/", "…/", 1)
}

type change struct{ address, sent, received string }

// compare goes through two documents value by value.
func compare(sent, received string) (changed []change, same int) {
	before, after := leaves(sent), leaves(received)
	var order []string
	for address := range before {
		order = append(order, address)
	}
	slices.Sort(order)
	for _, address := range order {
		if before[address] == after[address] {
			same++
			continue
		}
		changed = append(changed, change{address, before[address], after[address]})
	}
	return changed, same
}

// leaves returns every value of a document as text, by its address.
func leaves(doc string) map[string]string {
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var v any
	all := map[string]string{}
	if d.Decode(&v) == nil {
		walkLeaves(v, "body", all)
	}
	return all
}

func walkLeaves(v any, address string, all map[string]string) {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			walkLeaves(value, address+"."+name, all)
		}
	case []any:
		for i, value := range v {
			walkLeaves(value, address+"."+strconv.Itoa(i), all)
		}
	default:
		all[address] = fmt.Sprint(v)
	}
}

// readable says whether text can be read in what was received: as it stands,
// percent-decoded, or in a value of the body.
func readable(r request, text string) bool {
	target, _ := url.PathUnescape(r.target)
	places := []string{r.target, target, r.body}
	for name, value := range leaves(r.body) {
		places = append(places, name, value)
	}
	return slices.ContainsFunc(places, func(p string) bool { return strings.Contains(strings.ToLower(p), strings.ToLower(text)) })
}
