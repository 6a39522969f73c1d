package attack_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	connections2 = 16 // of HTTP/2
	streams2     = 32 // of each of them, at the same time
)

// TestMemoryHTTP2 is the same over TLS: statistics on many streams, bombs on
// connections of HTTP/1.1 and of HTTP/2.
func TestMemoryHTTP2(t *testing.T) {
	c := newCollector(t)
	id := newIdentity(t)
	s := start(t, c.URL, callstats, id)
	all := bombs(t)
	throwOneByOne(t, s, all, id.client("http/1.1"))
	h := newHonest(s, id.client())
	h.begin()
	var reported, thrown, thrown2 tally
	var attack sync.WaitGroup
	body := statistics()
	for range connections2 {
		client := newHTTP2Client(id.client())
		defer client.CloseIdleConnections()
		for range streams2 {
			attack.Go(func() {
				for range reports {
					reported.add((&bomb{target: statsPath, header: jsonType, body: body}).throw2(client, s.url))
				}
			})
		}
	}
	attack.Go(func() {
		client := newHTTP2Client(id.client())
		defer client.CloseIdleConnections()
		for i := range all {
			thrown2.add(all[i].throw2(client, s.url))
		}
	})
	stopSlow := s.slowBodies(&attack, id.client("http/1.1"))
	throwAll(s, all, id.client("http/1.1"), &thrown)
	stopSlow()
	attack.Wait()
	t.Logf("reports of %d KB on %d streams: %v", len(body)/1000, connections2*streams2, &reported)
	t.Logf("bombs: %v", &thrown)
	t.Logf("bombs over HTTP/2: %v", &thrown2)
	if reported.of(ok) == 0 {
		t.Error("no report was taken")
	}
	reported.only(t, "a report", ok, busy)
	h.end(t, busy)
	s.checkAlive()
	c.check(t)
}

// newHTTP2Client has one connection, of HTTP/2.
func newHTTP2Client(secure *tls.Config) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: secure, ForceAttemptHTTP2: true, MaxConnsPerHost: 1}}
}

// throw2 sends a bomb on a stream of a client.
func (b *bomb) throw2(client *http.Client, url string) string {
	req, err := http.NewRequest("POST", url+b.target, bytes.NewReader(b.body))
	if err != nil {
		return "not sent: " + err.Error()
	}
	for line := range strings.Lines(b.header) {
		name, value, _ := strings.Cut(line, ":")
		req.Header.Add(name, strings.TrimSpace(value))
	}
	res, err := client.Do(req)
	if err != nil {
		return closed
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // its status is what counts
	return strconv.Itoa(res.StatusCode)
}
