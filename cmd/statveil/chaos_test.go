package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// These tests say what holds whatever happens to sidecar, collector and clients. The
// load comes from two other processes; what holds is counted at the collector:
// recorder.judge.

// SIGTERM at any moment loses nothing, and is no failure.
func TestTerminatedUnderLoad(t *testing.T) {
	t.Parallel()
	load := generators(t, 2)
	accepted := 0
	cert, key, _ := certificate(t, newAuthority(t))
	for round := range rounds(200, 12) {
		secure := []int{0, 1, 0, 2}[round%4] // the version of HTTP in TLS; 0: clear text
		t.Run(fmt.Sprint(round, " TLS ", secure), func(t *testing.T) {
			collector := record(t)
			pace := time.Duration(rand.IntN(2) * rand.IntN(int(3*time.Millisecond))) // half of the time there is none
			collector.before = func(int) { time.Sleep(pace) }
			dir := files(t, collector.url(), "")
			if secure > 0 {
				writeFiles(t, dir, map[string]string{"cert.pem": cert, "key.pem": key})
				edit(t, dir, "admin:", "tls: {cert: cert.pem, key: key.pem}\nadmin:")
			}
			p := launch(t, calm, dir)
			begin(t, load, order{Address: p.listen, Clients: 4, TLS: secure})
			moment := 1 + rand.IntN(100)
			await(t, "load", func() bool { return collector.arrived() >= moment })
			p.signal(t, syscall.SIGTERM)
			if code := p.exit(t); code != 0 {
				t.Errorf("it ended with %d: %s", code, p.said())
			}
			accepted += collector.judge(t, end(t, load)...)
			if collector.cut > 0 {
				t.Errorf("%d requests broke off on the way to the collector", collector.cut)
			}
			checkLog(t, p.said(), nil)
		})
	}
	t.Logf("%d events were accepted", accepted)
}

// An edition is one of 64 rule sets. Its number, in base 4, says what is done to the
// marks of an event: twice, so that a mix of two sets shows.
type edition int

var treatments = []string{"keep", "pseudonymize", "mask", "remove"}

func (v edition) digits() [3]int { return [3]int{int(v) / 16 % 4, int(v) / 4 % 4, int(v) % 4} }

func (v edition) rules() string {
	var b strings.Builder
	b.WriteString(drainRules + "    rules:\n")
	for i, d := range v.digits() {
		fmt.Fprintf(&b, "      - {at: [query.q%[1]d, body.f%[1]d], do: %[2]s}\n", i, treatments[d])
	}
	return b.String()
}

// broken is not what v is: it ends in a mistake.
func (v edition) broken() string { return v.rules() + "      - {at: body.x, find: no_such_detector}\n" }

// editionOf reads the edition back from what arrived; ok says that all of the request
// was treated by it.
func editionOf(r *http.Request, event map[string]any) (v edition, ok bool) {
	var read [2]edition
	for i := range 3 {
		for side, value := range []any{r.URL.Query()[fmt.Sprint("q", i)], event[fmt.Sprint("f", i)]} {
			text := fmt.Sprint(value)
			d := slices.IndexFunc([]func() bool{
				func() bool { return strings.Contains(text, mark) },
				func() bool { return strings.Contains(text, "psn_") },
				func() bool { return strings.Contains(text, "*") },
				func() bool { return value == nil || text == "[]" },
			}, func(is func() bool) bool { return is() })
			if d < 0 {
				return 0, false
			}
			read[side] = read[side]*4 + edition(d)
		}
	}
	return read[0], read[0] == read[1]
}

// Every request is treated by one rule set, whole; a broken one treats none.
func TestReloadedUnderLoad(t *testing.T) {
	t.Parallel()
	collector := record(t)
	first := edition(1)
	good := map[edition]bool{first: true}
	arrived := map[int]edition{}
	var mixed, unknown int
	collector.seen = func(n int, r *http.Request, event map[string]any) {
		v, whole := editionOf(r, event)
		if !whole {
			mixed++
		} else if !good[v] {
			unknown++
		}
		if n < 1<<30 {
			arrived[n] = v
		}
	}
	dir := files(t, collector.url(), "")
	replace(t, dir, "rules.yaml", first.rules())
	p := launch(t, calm, dir)

	sent := 0
	now := func() edition { // the one that treats a request that begins now
		sent++
		res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, sent))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusAccepted {
			t.Fatalf("got %s", res.Status)
		}
		collector.mu.Lock()
		defer collector.mu.Unlock()
		return arrived[sent]
	}
	if got := now(); got != first {
		t.Fatalf("it begins with %d, want %d", got, first)
	}
	load := generators(t, 2)
	begin(t, load, order{Address: p.listen, Clients: 4})
	last, broken, reloads := first, 0, 0
	for i := range rounds(50, 9) {
		breaks := i%3 == 1
		v := edition(2 + i)
		if !breaks {
			collector.mu.Lock()
			good[v] = true
			collector.mu.Unlock()
			last = v
			reloads++
			replace(t, dir, "rules.yaml", v.rules())
		} else {
			broken++
			replace(t, dir, "rules.yaml", v.broken())
		}
		switch i / 3 % 3 {
		case 0:
			p.signal(t, syscall.SIGHUP)
		case 1:
			if code, body := ask(t, "POST", p.private, "/-/reload", ""); (code == 500) != breaks {
				t.Errorf("reload %d: got %d %s", i, code, body)
			}
		case 2: // it looks by itself
		}
		said, want := `"msg":"reloaded"`, reloads
		if breaks {
			said, want = `"msg":"reload failed`, broken
		}
		await(t, said, func() bool { return p.times(said) >= want })
		if got := now(); got != last {
			t.Errorf("reload %d: the next request was treated by %d, want %d", i, got, last)
		}
	}
	reports := end(t, load)
	t.Logf("%d events were accepted; %d good and %d broken reloads", collector.judge(t, reports...), reloads, broken)
	if mixed > 0 || unknown > 0 {
		t.Errorf("%d requests were treated by a mix of rule sets, %d by a broken one", mixed, unknown)
	}
	if got := p.times(`"msg":"reloaded"`); got != reloads {
		t.Errorf("it reloaded %d times, want %d: %s", got, reloads, p.said())
	}
	if got := p.times(`"msg":"reload failed`); got != broken {
		t.Errorf("%d broken files made %d lines", broken, got)
	}
	for _, r := range reports {
		if r.Failed > 0 || len(r.Refused) > 0 {
			t.Errorf("clients saw %d failures, and refusals: %v", r.Failed, r.Refused)
		}
	}
}

// A collector that dies and comes back loses what it had not answered, and nobody
// was told otherwise.
func TestCollectorRestarts(t *testing.T) {
	t.Parallel()
	collector := record(t)
	p := start(t, collector.url(), "")
	sent := 0
	status := func() int {
		sent++
		res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, sent))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	load := generators(t, 2)
	begin(t, load, order{Address: p.listen, Clients: 4})
	for range rounds(20, 4) {
		before := collector.arrived()
		await(t, "load", func() bool { return collector.arrived() > before+100 })
		collector.kill()
		if got := status(); got != http.StatusBadGateway {
			t.Errorf("without a collector the answer is %d", got)
		}
		collector.listen(t)
		await(t, "the collector", func() bool { return status() == http.StatusAccepted })
	}
	reports := end(t, load)
	accepted, refused := collector.judge(t, reports...), 0
	for _, r := range reports {
		refused += len(r.Refused[http.StatusBadGateway])
		if delete(r.Refused, http.StatusBadGateway); r.Failed > 0 || len(r.Refused) > 0 {
			t.Errorf("clients saw %d failures, and other statuses: %v", r.Failed, r.Refused)
		}
	}
	if refused == 0 {
		t.Error("the load met no dead collector")
	}
	t.Logf("%d events were accepted, %d refused", accepted, refused)
}

// Who waits for a collector longer than timeouts.upstream is told so, and nobody else.
func TestCollectorIsSlow(t *testing.T) {
	t.Parallel()
	collector := record(t)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	stuck := func(n int) bool { return n%50 == 0 }
	var held atomic.Int64
	collector.before = func(n int) {
		if stuck(n) {
			held.Add(1)
			<-release
		} else if n%3 == 0 {
			time.Sleep(time.Duration(rand.IntN(int(10 * time.Millisecond))))
		}
	}
	p := start(t, collector.url(), "timeouts: {upstream: 1s}\n")
	load := generators(t, 2)
	begin(t, load, order{Address: p.listen, Clients: 8})
	await(t, "events that are not answered", func() bool { return held.Load() > int64(rounds(60, 20)) })
	reports := end(t, load)
	accepted, late := collector.judge(t, reports...), 0
	for _, r := range reports {
		if i := slices.IndexFunc(r.Accepted, stuck); i >= 0 {
			t.Errorf("event %d was accepted and not answered", r.Accepted[i])
		}
		late += len(r.Refused[http.StatusGatewayTimeout])
		if delete(r.Refused, http.StatusGatewayTimeout); r.Failed > 0 || len(r.Refused) > 0 {
			t.Errorf("clients saw %d failures, and other statuses: %v", r.Failed, r.Refused)
		}
	}
	if got := held.Load(); int64(late) < got {
		t.Errorf("%d events were not answered, but only %d clients were told 504", got, late)
	}
	t.Logf("%d events were accepted, %d were too late", accepted, late)
}

// A collector that does not even read is one that does not answer.
func TestCollectorDoesNotRead(t *testing.T) {
	t.Parallel()
	listener := deaf(t)
	p := start(t, "http://"+listener, "timeouts: {upstream: 200ms}\n")
	body := `{"pad":"` + strings.Repeat("x", 9<<20) + `"}` // more than sockets hold
	if code, said := ask(t, "POST", p.listen, "/events/1", body); code != http.StatusGatewayTimeout {
		t.Errorf("got %d %s", code, said)
	}
}

// Of a client that vanishes in the middle of its body nothing reaches the collector.
func TestClientsVanish(t *testing.T) {
	t.Parallel()
	collector := record(t)
	p := start(t, collector.url(), "")
	load := generators(t, 2)
	begin(t, load, order{Address: p.listen, Clients: 4, Vanish: true})
	want := rounds(4000, 500)
	await(t, "load", func() bool { return collector.arrived() >= want })
	reports := end(t, load)
	accepted := collector.judge(t, reports...)
	if collector.cut > 0 {
		t.Errorf("%d requests broke off on the way to the collector", collector.cut)
	}
	for _, r := range reports {
		if r.Failed > 0 || len(r.Refused) > 0 {
			t.Errorf("clients who stayed saw %d failures, and refusals: %v", r.Failed, r.Refused)
		}
	}
	vanished := p.metric(t, `statveil_requests_total{outcome="unparseable",route="events"}`) + p.metric(t, `statveil_requests_total{outcome="canceled",route="events"}`)
	if vanished < float64(want)/2 {
		t.Errorf("%v clients vanished, of %d events", vanished, want)
	}
	t.Logf("%d events were accepted, %v clients vanished", accepted, vanished)
	checkLog(t, p.said(), nil)
}
