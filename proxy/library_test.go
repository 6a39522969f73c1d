package proxy_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

func reverse(s *proxy.Sanitizer, upstream *url.URL) http.Handler {
	return proxy.Reverse(s, func(string) *url.URL { return upstream })
}

func outcomeOf(c chan<- string) func(proxy.Outcome) {
	return func(o proxy.Outcome) { c <- string(o.Refused) + ": " + o.Detail }
}

func isCanceled(err error) bool { return errors.Is(err, context.Canceled) }

// A Go program pseudonymizes what it sends by giving its http.Client a Sanitizer.
func ExampleSanitizer() {
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Println("the collector received", r.URL.Path, string(body))
		w.Write(body)
	}))
	defer collector.Close()

	set, err := rules.Parse(rules.File{Name: "events.yaml", Data: []byte(`
version: 1
tenant: {name: acme}
routes:
  - name: events
    match: POST /events
    rules: [{at: body.user}]
`)})
	if err != nil {
		panic(err)
	}
	secret := sha256.Sum256([]byte("an example; real secrets are random"))
	keyring, err := pseudonym.NewKeyring("acme", pseudonym.Version{Number: 1, Secret: secret[:]})
	if err != nil {
		panic(err)
	}
	client := &http.Client{Transport: &proxy.Sanitizer{
		Rules: func() *rules.Set { return set },
		Keys:  func(tenant string) *pseudonym.Keyring { return keyring },
	}}

	res, err := client.Post(collector.URL+"/events", "application/json", strings.NewReader(`{"user":"Anna","n":1}`))
	if err != nil {
		panic(err)
	}
	answer, _ := io.ReadAll(res.Body)
	res.Body.Close()
	fmt.Println("the program received", string(answer))

	_, err = client.Post(collector.URL+"/other", "application/json", strings.NewReader(`{}`))
	var refusal *proxy.Refusal
	fmt.Println(errors.As(err, &refusal), refusal.Reason)

	// Output:
	// the collector received /events {"user":"psn_aaa55yp3c2b4mk2ln2zxbj6pddcfxqrv","n":1}
	// the program received {"user":"Anna","n":1}
	// true no_route
}

// A caller may leave out what http.Client would fill in, and keeps its request.
func TestRoundTripKeepsTheRequest(t *testing.T) {
	c := newCollector(t, nil)
	s := newSanitizer(t, ruleText)
	u := *c.url
	u.Path, u.RawQuery = "/free/"+phone, "u="+email
	req := &http.Request{Method: "POST", URL: &u, Body: io.NopCloser(strings.NewReader(`"` + phone + `"`))}
	res, err := s.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if req.Header != nil || req.URL.Path != "/free/"+phone || req.URL.RawQuery != "u="+email || req.URL.Opaque != "" {
		t.Errorf("the request was changed: %+v", req)
	}
	checkQuiet(t, c.one(t).raw)
	if got := c.one(t).header.Get("User-Agent"); got != "" {
		t.Errorf("got User-Agent %q", got)
	}
}

// Redirects are the client's to follow, and go through the same door.
func TestLibraryRedirect(t *testing.T) {
	c := newCollector(t, nil)
	c.answer = func(r *received) string {
		if strings.HasPrefix(r.target, "/free/start") {
			return "HTTP/1.1 302 Found\r\nLocation: /free/end/" + tokens.FindString(r.target) + "\r\nContent-Length: 0\r\n\r\n"
		}
		return ok
	}
	client := &http.Client{Transport: newSanitizer(t, ruleText)}
	res, err := client.Get(c.url.String() + "/free/start/" + url.PathEscape(phone))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := res.Request.URL.Path; got != "/free/end/"+phone {
		t.Errorf("the client went to %q", got)
	}
	for _, r := range c.all() {
		checkQuiet(t, r.raw)
	}
}
