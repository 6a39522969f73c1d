package main

import (
	"net/http"
	"syscall"
	"testing"
)

// A storm of SIGHUPs, from the first moment to the last, is one reload.
func TestReloadStorm(t *testing.T) {
	t.Parallel()
	for range rounds(10, 3) {
		r := reloading(t, calm, 27, nil)
		replace(t, r.dir, "rules.yaml", edition(28).rules())
		for range 100 {
			r.signal(t, syscall.SIGHUP)
		}
		r.logs(t, reloaded, 1)
		r.is(t, 28)
		r.signal(t, syscall.SIGTERM)
		for range 100 {
			if r.cmd.Process.Signal(syscall.SIGHUP) != nil {
				break // it has ended
			}
		}
		if code := r.exit(t); code != 0 {
			t.Errorf("it ended with %d: %s", code, r.said())
		}
		r.logs(t, reloaded, 1)
		r.logs(t, failed, 0)
	}
}

// A request that is under way while all is reloaded, and stopped, ends as it began.
func TestReloadWhileDraining(t *testing.T) {
	t.Parallel()
	r := reloading(t, calm, 27, nil)
	arrived, release := make(chan struct{}), make(chan struct{})
	r.collector.before = func(n int) { close(arrived); <-release }
	answer := make(chan string)
	r.sent++
	req := event(t.Context(), t, r.listen, r.sent)
	go func() {
		res, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			answer <- err.Error()
			return
		}
		res.Body.Close()
		answer <- res.Status
	}()
	<-arrived
	r.signal(t, syscall.SIGTERM)
	<-r.draining
	replace(t, r.dir, "rules.yaml", edition(28).rules())
	r.reloads(t, 200, "reloaded")
	r.signal(t, syscall.SIGHUP)
	replace(t, r.dir, "rules.yaml", edition(28).broken())
	r.reloads(t, 500, "rules.yaml:")
	r.signal(t, syscall.SIGHUP)
	if code, _ := get(t, r.admin, "/readyz"); code != 503 {
		t.Errorf("a reload made it ready again: %d", code)
	}
	close(release)
	if got := <-answer; got != "202 Accepted" {
		t.Errorf("the request under way got %s", got)
	}
	if code := r.exit(t); code != 0 {
		t.Errorf("it ended with %d: %s", code, r.said())
	}
	if r.mixed > 0 || r.edition != 27 {
		t.Errorf("edition %d treated it, %d were mixed", r.edition, r.mixed)
	}
}
