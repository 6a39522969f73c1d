package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

// try sends one request through the handler that serves, with random keys, to a
// collector in this process. It implements rules.Try.
func try(set *rules.Set, req *http.Request, to rules.Collector) (*http.Response, rules.Outcome) {
	var out rules.Outcome
	store := keys.NewDev()
	sanitizer := &proxy.Sanitizer{
		Rules: func() *rules.Set { return set },
		Keys: func(tenant string) *pseudonym.Keyring {
			if tenant != pseudonym.Global {
				out.Tenant = tenant
			}
			return store.Keyring(tenant)
		},
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) { return to(r, out.Seen) }),
		Observe: func(o proxy.Outcome) {
			out.Route, out.Detail, out.Dropped, out.AsText = o.Route, o.Detail, o.Dropped, o.AsText
			if out.Refused = string(o.Refused); o.Observed && o.Refused != "" { // it went on all the same
				fate := "refused"
				if set.Route(o.Route).OnFailure(out.Refused) == rules.FailDrop {
					fate = "dropped"
				}
				out.Refused, out.Detail = "", fmt.Sprintf("would be %s: %s: %s", fate, o.Refused, o.Detail)
			}
		},
		Found: func(_ *rules.Route, f *rules.Finding, with string) {
			out.Seen = append(out.Seen, rules.Seen{Rule: f.Rule, Address: f.Address(), Kind: f.Kind, Text: f.Text(), With: with, Do: f.Action()})
		},
	}
	client := &client{header: http.Header{}, status: http.StatusOK}
	proxy.Reverse(sanitizer, func(string) *url.URL { return &url.URL{Scheme: "http", Host: "collector"} }).ServeHTTP(client, req)
	return &http.Response{
		StatusCode: client.status, Header: client.header, Request: req,
		ContentLength: int64(client.body.Len()), Body: io.NopCloser(&client.body),
	}, out
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// client is the one who gets the answer.
type client struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (c *client) Header() http.Header         { return c.header }
func (c *client) Write(p []byte) (int, error) { return c.body.Write(p) }
func (c *client) WriteHeader(status int)      { c.status = status }

// unruled says what took a finding that no rule of a file did.
func unruled(rule string) string {
	if rule == rules.GuardRule {
		return "it stands elsewhere too: the guard"
	}
	return "no rule took it: the last look"
}

// findings are what explain and test show of what was found.
func findings(found []rules.Seen) []finding {
	all := []finding{}
	for _, f := range found {
		shown := finding{f.Address, f.Kind, f.Do.String(), f.Text, f.With, f.Rule.Name, ""}
		if f.Rule.File != "" {
			shown.At = fmt.Sprintf("%s:%d", f.Rule.File, f.Rule.Line)
		}
		all = append(all, shown)
	}
	return all
}
