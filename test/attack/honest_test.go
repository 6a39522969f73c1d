package attack_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// An honest client sends one small request after the other, each on a connection of
// its own, as one that just came.
type honest struct {
	url    string
	client *http.Client
	tally  tally
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// pace is how long an honest client waits before its next request.
const pace = 100 * time.Millisecond

// honestPath has an id that comes back in the answer.
const honestPath = "/v1/apps/7/conferences/" + personsPhone + "/1/stats"

func newHonest(s *sidecar, secure *tls.Config) *honest {
	t := &http.Transport{DisableKeepAlives: true, TLSClientConfig: secure}
	return &honest{url: s.url, client: &http.Client{Transport: t, Timeout: 20 * time.Second}}
}

// ask sends one request, and says what became of it: ok, busy, or what it was instead.
func (h *honest) ask() string {
	body := `{"localID":"` + personsMail + `","rtt":41.250,"pad":"` + strings.Repeat("x", 2000) + `"}`
	res, err := h.client.Post(h.url+honestPath, "application/json", strings.NewReader(body))
	if err != nil {
		return "failed: " + cause(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return "broken off: " + cause(err)
	case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
		return busy
	case res.StatusCode != http.StatusOK:
		return res.Status + " " + string(answer)
	case string(answer) != `{"id":"`+personsPhone+`"}`:
		return "another answer: " + string(answer)
	}
	return ok
}

const (
	ok   = "200"
	busy = "503"
)

// cause is an error without who it was between, to be counted.
func cause(err error) string {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err.Error()
}

// begin sends until end is called.
func (h *honest) begin() {
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.done.Go(func() {
		for tick := time.NewTicker(pace); ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				h.tally.add(h.ask())
			}
		}
	})
}

// end ends the sending and looks at what came of it: all but those that may be
// something else must have been served. Afterwards, all are.
func (h *honest) end(t *testing.T, may ...string) {
	t.Helper()
	h.stop()
	h.done.Wait()
	t.Logf("honest requests, all along: %v", &h.tally)
	if h.tally.of(ok) == 0 {
		t.Error("no honest request was served")
	}
	h.tally.only(t, "an honest request", append(may, ok)...)
	for range 5 {
		if got := h.ask(); got != ok {
			t.Errorf("an honest request after the attack: %s", got)
		}
	}
}
