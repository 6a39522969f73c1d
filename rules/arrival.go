package rules

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
)

// A check compares what became of one test's request with what the test wants.
type check struct {
	pseudonyms
	test     *Test
	set      *Set
	failures []Failure
	asked    bool           // the collector was
	seen     map[string]int // by address of changed: how many were looked at
}

func (c *check) fail(f Failure) { c.failures = append(c.failures, f) }

// request makes the request as a server reads it.
func (t *Test) request() (*http.Request, error) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(t.head)))
	if err != nil {
		return nil, err
	}
	r.ContentLength = int64(len(t.body))
	r.Body = io.NopCloser(bytes.NewReader(t.body))
	return r, nil
}

// arrived compares the request that arrived at the collector, part by part.
func (c *check) arrived(r *http.Request) {
	sent, err := c.test.request()
	if err != nil { // it was read when the test was
		c.fail(Failure{Message: "the request cannot be read"})
		return
	}
	parts := map[string][]change{}
	for _, change := range c.test.want.changed {
		parts[change.spot.part] = append(parts[change.spot.part], change)
	}
	if sent.Method != r.Method {
		c.fail(Failure{Place: "method", Message: "arrived differently", Sent: sent.Method, Wanted: sent.Method, Arrived: r.Method})
	}
	sentPath, sentQuery, _ := strings.Cut(spelledTarget(sent), "?")
	path, query, _ := strings.Cut(r.URL.RequestURI(), "?")
	c.path(sent, sentPath, path, parts["path"])
	c.pairs("query", sentQuery, query, "&", parts["query"])
	c.header(sent.Header, r.Header, parts["header"], parts["cookie"])
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body) // from memory
	}
	c.body(sent.Header.Get("Content-Type"), string(c.test.body), string(body), parts)
	c.counted()
}

// spelledTarget is the path and query as the client spelled them.
func spelledTarget(r *http.Request) string {
	if _, rest, ok := strings.Cut(r.RequestURI, "://"); ok && !strings.HasPrefix(r.RequestURI, "/") {
		_, rest, _ = strings.Cut(rest, "/")
		return "/" + rest
	}
	return r.RequestURI
}

func (c *check) path(sent *http.Request, was, path string, changes []change) {
	msg := &Message{Method: sent.Method, Host: sent.Host, Path: was}
	if announced := sent.Header.Get("Access-Control-Request-Method"); sent.Method == http.MethodOptions && announced != "" {
		msg.Method = announced
	}
	m, err := c.set.Match(msg)
	if m == nil || err != nil { // then it is a wonder that it arrived
		c.fail(Failure{Place: "path", Message: "arrived, but no route matches the request"})
		return
	}
	var holes []hole
	for _, below := range changes {
		name := below.legs[0].name
		below.legs = below.legs[1:]
		var found []hole
		for _, capture := range m.captures {
			if strings.EqualFold(capture.name, name) {
				found = append(found, hole{start: capture.start, end: capture.end, changes: []change{below}})
			}
		}
		holes = c.add(holes, below, found)
	}
	c.fill("path", component(""), was, path, holes)
}

func (c *check) body(medium, sent, arrived string, parts map[string][]change) {
	declared, params, _ := mime.ParseMediaType(medium)
	switch inBody := [][]change{parts["body"], parts["form"], parts["text"]}; {
	case len(inBody[0]) > 0 && len(inBody[1])+len(inBody[2]) > 0, len(inBody[1]) > 0 && len(inBody[2]) > 0:
		c.fail(Failure{Place: "body", Message: "a body is JSON, a form or a text: changed takes it for more than one"})
	case len(parts["body"]) > 0:
		c.json("body", sent, arrived, parts["body"])
	case len(parts["form"]) > 0 && declared == "multipart/form-data":
		c.multipart(params["boundary"], sent, arrived, parts["form"])
	case len(parts["form"]) > 0:
		c.pairs("form", sent, arrived, "&", parts["form"])
	case len(parts["text"]) > 0:
		holes := c.add(nil, parts["text"][0], []hole{{end: len(sent), changes: parts["text"]}})
		c.fill("text", plainSyntax, sent, arrived, holes)
	default:
		c.fill("body", plainSyntax, sent, arrived, nil)
	}
}

// multipart compares forms whose fields are parts (RFC 7578).
func (c *check) multipart(boundary, sent, arrived string, changes []change) {
	delimiter := "\r\n--" + boundary
	var holes []hole
	for _, below := range changes {
		name := below.legs[0].name
		below.legs = below.legs[1:]
		var found []hole
		at := 0
		for part := range strings.SplitSeq("\r\n"+sent, delimiter) {
			head, value, ok := strings.Cut(part, "\r\n\r\n")
			start := at + len(head) + 4 - 2 // the line break that was put before
			at += len(part) + len(delimiter)
			if ok && partName(head) == name {
				found = append(found, hole{start: start, end: start + len(value), changes: []change{below}})
			}
		}
		holes = c.add(holes, below, found)
	}
	s := plainSyntax
	s.end = func(arrived string, at int, _ string, _ bool) int {
		if i := strings.Index(arrived[at:], delimiter); i >= 0 {
			return at + i
		}
		return -1
	}
	c.fill("form", s, sent, arrived, holes)
}

func partName(head string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(strings.TrimSpace(name), "Content-Disposition") {
			_, params, _ := mime.ParseMediaType(value)
			return params["name"]
		}
	}
	return ""
}

// ofTheWay are headers that each connection has its own of: a test says of them
// only what it names.
var ofTheWay = map[string]bool{
	"Accept-Encoding": true, "Connection": true, "Content-Encoding": true, "Content-Length": true, "Expect": true,
	"Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true, "Proxy-Connection": true,
	"Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
}

// header compares headers by name: each name has its values in their order.
func (c *check) header(sent, arrived http.Header, changes, cookies []change) {
	rest := arrived.Clone()
	byName := map[string][]change{}
	for _, change := range changes {
		name := change.legs[0].name
		if change.legs[0].step {
			name = change.legs[1].name
		}
		name = http.CanonicalHeaderKey(name)
		if sent[name] == nil {
			c.fail(Failure{Place: change.text, Message: "there is no such place in what was sent"})
			continue
		}
		byName[name] = append(byName[name], change)
	}
	if len(cookies) > 0 && sent["Cookie"] == nil {
		c.fail(Failure{Place: cookies[0].text, Message: "there is no such place in what was sent"})
	}
	for _, name := range sortedNames(sent) {
		named := byName[name]
		switch {
		case name == "Cookie" && named != nil && len(cookies) > 0:
			c.fail(Failure{Place: named[0].text, Message: "stands in one place with " + cookies[0].text + ", but reads it another way"})
		case ofTheWay[name] && named == nil:
			delete(rest, name)
			continue
		case len(named) > 0 && named[0].legs[0].step:
			c.renamed(sent, rest, named[0])
			continue
		case len(named) > 0 && len(named[0].legs) == 1 && named[0].want[0].removed:
			if rest[name] != nil {
				c.fail(Failure{Place: named[0].text, Message: "arrived, but was to be removed", Arrived: short(strings.Join(rest[name], ", "))})
			}
		case len(rest[name]) != len(sent[name]):
			message := "did not arrive"
			if n := len(rest[name]); n > 0 {
				message = fmt.Sprintf("arrived with %d values, not with %d", n, len(sent[name]))
			}
			c.fail(Failure{Place: "header." + name, Message: message,
				Sent: short(strings.Join(sent[name], ", ")), Arrived: short(strings.Join(rest[name], ", "))})
		default:
			c.values(name, sent[name], rest[name], named, cookies)
		}
		delete(rest, name)
	}
	for _, name := range sortedNames(rest) {
		nobody := name == "User-Agent" && slices.Equal(rest[name], []string{""}) // keeps net/http from naming itself
		if !ofTheWay[name] && !nobody {
			c.fail(Failure{Place: "header." + name, Message: "arrived, but was not sent", Arrived: short(strings.Join(rest[name], ", "))})
		}
	}
}

// values compares the values of one header.
func (c *check) values(name string, sent, arrived []string, changes, cookies []change) {
	for i := range sent {
		if name == "Cookie" && len(cookies) > 0 {
			c.pairs("header.Cookie", sent[i], arrived[i], ";", cookies)
			continue
		}
		h := hole{end: len(sent[i])}
		for _, change := range changes {
			change.legs = change.legs[1:]
			h.changes = append(h.changes, change)
		}
		holes := []hole{h}
		if len(changes) == 0 {
			holes = nil
		}
		c.fill("header."+name, plainSyntax, sent[i], arrived[i], holes)
	}
}

// renamed looks for the new name of a header among those that were not sent. Its
// spelling of upper and lower case is no matter.
func (c *check) renamed(sent, rest http.Header, change change) {
	name := http.CanonicalHeaderKey(change.legs[1].name)
	for _, now := range sortedNames(rest) {
		_, asSpelled := c.match(change.want[0], now, anywhere)
		_, lower := c.match(change.want[0], strings.ToLower(now), anywhere)
		if sent[now] != nil || !asSpelled && !lower {
			continue
		}
		if !slices.Equal(rest[now], sent[name]) {
			c.fail(Failure{Place: change.text, Message: "arrived with other values", Sent: short(strings.Join(sent[name], ", ")), Arrived: short(strings.Join(rest[now], ", "))})
		}
		delete(rest, now)
		return
	}
	delete(rest, name)
	c.fail(Failure{Place: change.text, Message: "no header of this name arrived", Wanted: change.want[0].source})
}
