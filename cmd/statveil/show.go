package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// label and column are how wide places and values are shown, shown is how many
// values that changed.
const (
	label  = 18
	column = 46
	shown  = 6
)

// show prints, side by side, what the client sent and what the collector
// received: all that differs, and how much did not.
func show(w io.Writer, s sample, sent, received exchange) {
	fmt.Fprintf(w, "\n■ %s\n", s.title)
	row(w, "", "the client sent", "the collector received")
	row(w, "path", readablePath(sent.request.target), readablePath(received.request.target))
	changed, same := compare(sent.request.body, received.request.body)
	for _, c := range changed[:min(len(changed), shown)] {
		row(w, c.address, c.sent, c.received)
	}
	if more := len(changed) - shown; more > 0 {
		row(w, "", fmt.Sprintf("… and %d more that changed", more), "")
	}
	row(w, "", fmt.Sprintf("… and %d that arrived as sent", same), "")
	answered, _ := compare(sent.answer, received.answer)
	if len(answered) == 0 {
		row(w, "answer", "the same on both sides", "")
		return
	}
	row(w, "answer", "the client got", "the collector gave")
	for _, c := range answered {
		row(w, c.address, c.sent, c.received)
	}
}

func row(w io.Writer, address, left, right string) {
	address = strings.TrimPrefix(address, "body.")
	line := fmt.Sprintf("  %-*s  %-*s  %s", label, cut(address, label), column, cut(left, column), cut(right, column+22))
	fmt.Fprintln(w, strings.TrimRight(line, " "))
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

// compare goes through two documents value by value, in their order.
func compare(sent, received string) (changed []change, same int) {
	before, after := leaves(sent), leaves(received)
	for i, b := range before {
		if i >= len(after) { // not the same shape: all of it is shown as changed
			after = append(after, leaf{})
		}
		if b == after[i] {
			same++
			continue
		}
		changed = append(changed, change{b.address, b.text, after[i].text})
	}
	return changed, same
}

// A leaf is a value of a document as text, with its address.
type leaf struct{ address, text string }

func leaves(doc string) []leaf {
	d := json.NewDecoder(strings.NewReader(doc))
	d.UseNumber()
	var all []leaf
	_ = appendLeaves(d, "body", &all) // what is no JSON has no leaves
	return all
}

func appendLeaves(d *json.Decoder, address string, all *[]leaf) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	delim, nested := token.(json.Delim)
	if !nested {
		*all = append(*all, leaf{address, fmt.Sprint(token)})
		return nil
	}
	for i := 0; d.More(); i++ {
		name := token
		if delim == '{' {
			if name, err = d.Token(); err != nil {
				return err
			}
		} else {
			name = i
		}
		if err := appendLeaves(d, fmt.Sprintf("%s.%v", address, name), all); err != nil {
			return err
		}
	}
	_, err = d.Token() // } or ]
	return err
}

// readable says whether text can be read in what was received: as it stands,
// percent-decoded, or in a value of the body.
func readable(r request, text string) bool {
	target, _ := url.PathUnescape(r.target)
	places := []string{r.target, target, r.body}
	for _, l := range leaves(r.body) {
		places = append(places, l.address, l.text)
	}
	return slices.ContainsFunc(places, func(p string) bool { return strings.Contains(strings.ToLower(p), strings.ToLower(text)) })
}
