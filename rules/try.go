package rules

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Outcome is what became of a request that was tried.
type Outcome struct {
	Route   string // "" where none matched
	Tenant  string // "" where nobody asked for it
	Refused string // the reason; "" where the collector was asked
	Dropped bool   // it was refused, and the client was told that all is well
	Detail  string // of the refusal
	AsText  bool   // the body was broken, and was searched as a text
	Seen    []Seen
}

// A Collector answers in the place of the real one. It is told what was found in
// the request that arrives.
type Collector func(arrived *http.Request, found []Seen) (*http.Response, error)

// Try sends a request the way requests are served under these rules, with a
// collector of the test's, and returns what the client gets.
type Try func(set *Set, req *http.Request, to Collector) (*http.Response, Outcome)

// Result is what became of one test.
type Result struct {
	Test     *Test
	Failures []Failure // none: passed
	Outcome  Outcome
}

// Run runs the tests of a suite, one after the other.
func (s *Suite) Run(try Try) []Result {
	results := make([]Result, len(s.Tests))
	for i, t := range s.Tests {
		results[i] = t.run(s.Rules, try)
	}
	return results
}

func (t *Test) run(set *Set, try Try) Result {
	c := &check{test: t, set: set}
	req, err := t.request()
	if err != nil { // it was read when the test was
		return Result{Test: t, Failures: []Failure{{Message: "the request cannot be read"}}}
	}
	res, out := try(set, req, c.collect)
	c.found = out.Seen
	c.outcome(res, out)
	if t.want.answer != nil && len(c.failures) == 0 { // what follows from one mistake is noise
		c.answered(res, t.want.answer)
	}
	return Result{t, c.failures, out}
}

// collect is the collector of a test.
func (c *check) collect(arrived *http.Request, found []Seen) (*http.Response, error) {
	if c.asked = true; c.test.want.failed() == "" {
		c.found = found
		c.arrived(arrived)
	}
	a := c.test.answer
	res := &http.Response{StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: arrived}
	if a.status == 0 {
		res.StatusCode = http.StatusOK
	}
	res.Status = fmt.Sprint(res.StatusCode, " ", http.StatusText(res.StatusCode))
	for _, h := range a.header {
		for _, v := range h.values {
			res.Header.Add(h.name.text, c.expanded("answer."+h.name.text, v.text))
		}
	}
	body := ""
	if a.body != nil {
		body = c.expanded("answer.body", a.body.text)
		res.Header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	res.ContentLength = int64(len(body))
	res.Body = io.NopCloser(bytes.NewReader([]byte(body)))
	return res, nil
}

func (c *check) expanded(at, text string) string {
	out, err := c.expand(text)
	if err != nil && len(c.failures) == 0 {
		c.fail(Failure{Place: at, Message: err.Error()})
	}
	return out
}

// outcome compares where the request went.
func (c *check) outcome(res *http.Response, out Outcome) {
	w := c.test.want
	wanted, fate, was := w.failed(), "refused", "refused"
	if w.dropped.text != "" {
		fate = "dropped"
	}
	if out.Dropped {
		was = "dropped"
	}
	reason := out.Refused
	if out.Detail != "" {
		reason += ": " + out.Detail
	}
	switch {
	case wanted == "" && out.Refused != "":
		c.fail(Failure{Place: was, Message: "it was " + was + ": " + reason})
	case wanted == "" && !c.asked:
		c.fail(Failure{Message: "nothing arrived at the collector"})
	case wanted == "":
	case out.Refused == "":
		c.fail(Failure{Place: fate, Message: "it was forwarded", Wanted: wanted})
	case c.asked && out.Refused != "collector":
		c.fail(Failure{Place: fate, Message: "it was " + was + ", but the collector was asked", Wanted: wanted})
	case fate != was:
		c.fail(Failure{Place: fate, Message: "it was " + was, Wanted: wanted, Arrived: reason})
	case wanted != out.Refused:
		c.fail(Failure{Place: fate, Message: "it was " + was + " for another reason", Wanted: wanted, Arrived: reason})
	case out.Dropped && res.StatusCode != http.StatusNoContent:
		c.fail(Failure{Place: fate, Message: "the client was told something else", Wanted: "204", Arrived: strconv.Itoa(res.StatusCode)})
	}
	for _, x := range []struct{ place, wanted, is string }{{"route", w.route.text, out.Route}, {"tenant", w.tenant.text, out.Tenant}} {
		switch {
		case x.wanted == "" || x.wanted == x.is:
		case x.is == "" && x.place == "tenant":
			c.fail(Failure{Place: x.place, Message: "nobody asked for the tenant: no pseudonym was needed", Wanted: x.wanted})
		case x.is == "":
			c.fail(Failure{Place: x.place, Message: "no route matched", Wanted: x.wanted})
		default:
			c.fail(Failure{Place: x.place, Message: "it was another", Wanted: x.wanted, Arrived: x.is})
		}
	}
}

// answered compares what the client got.
func (c *check) answered(res *http.Response, w *answer) {
	if w.status != 0 && w.status != res.StatusCode {
		c.fail(Failure{Place: "answer.status", Message: "it was another", Wanted: strconv.Itoa(w.status), Arrived: strconv.Itoa(res.StatusCode)})
	}
	for _, h := range w.header {
		got := res.Header.Values(h.name.text)
		place := "answer." + http.CanonicalHeaderKey(h.name.text)
		if len(got) != len(h.values) {
			c.fail(Failure{Place: place, Message: fmt.Sprintf("the client got %d values, not %d", len(got), len(h.values))})
			continue
		}
		for i, v := range h.values {
			if wanted := c.expanded(place, v.text); wanted != got[i] {
				c.fail(Failure{Place: place, Message: "the client got another value", Wanted: short(wanted), Arrived: short(got[i])})
			}
		}
	}
	if w.body == nil {
		return
	}
	var got []byte
	if res.Body != nil {
		got, _ = io.ReadAll(res.Body) // from memory
	}
	if wanted := c.expanded("answer.body", w.body.text); wanted != string(got) {
		f := c.difference("answer.body", "", wanted, string(got), nil, nil)
		f.Sent, f.Message = "", "the client got another body"
		c.fail(f)
	}
}
