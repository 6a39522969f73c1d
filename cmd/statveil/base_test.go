package main

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// A footing is what a process holds.
type footing struct{ goroutines, files, connections, inflight, heap float64 }

func (p *process) footing(t *testing.T) footing {
	t.Helper()
	_, page := get(t, p.admin, "/metrics")
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return footing{
		goroutines:  metricIn(t, page, "go_goroutines"),
		files:       float64(len(open)),
		connections: metricIn(t, page, "statveil_connections"),
		inflight:    metricIn(t, page, "statveil_inflight_bytes"),
		heap:        metricIn(t, page, "go_memstats_next_gc_bytes"), // half as much again as was live at the last collection
	}
}

// On loopback a collector is as fast as lightning; these are not.
const (
	late  = "/events/late"  // answers after a while
	large = "/events/large" // answers with more than sockets hold
)

func slowCollector(t *testing.T) *httptest.Server {
	t.Helper()
	answer := []byte(`{"pad":"` + strings.Repeat("y", 4<<20) + `"}`)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		switch {
		case strings.HasPrefix(r.URL.Path, late):
			select {
			case <-r.Context().Done():
			case <-time.After(time.Duration(rand.IntN(int(20 * time.Millisecond)))):
			}
		case strings.HasPrefix(r.URL.Path, large):
			w.Header().Set("Content-Type", "application/json")
			w.Write(answer)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// abort sends part of a request, or all of it, reads part of the answer, or nothing,
// and is gone.
func abort(address string) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second)) // nobody waits that long for what comes
	if rand.IntN(2) == 0 {
		conn.(*net.TCPConn).SetLinger(0) // it resets
	}
	path := []string{late, large, "/events/fast", "/nowhere"}[rand.IntN(4)]
	body := fmt.Sprintf(`{"user":"%s","pad":"%s"}`, planted, strings.Repeat("x", rand.IntN(64<<10)))
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-User: %s\r\nContent-Length: %d\r\n\r\n", path, planted, len(body))
	send := head + body
	for range rand.IntN(3) { // first some that are not aborted
		if path == large {
			break
		}
		io.WriteString(conn, send)
		if _, err := conn.Read(make([]byte, 4096)); err != nil {
			return nil // it was refused, and closed
		}
	}
	switch rand.IntN(4) {
	case 0: // in the header
		io.WriteString(conn, head[:rand.IntN(len(head))])
	case 1: // in the body
		io.WriteString(conn, send[:len(head)+rand.IntN(len(body))])
	case 2: // before the answer
		io.WriteString(conn, send)
	case 3: // in the answer
		io.WriteString(conn, send)
		most := int64(20) // which every answer has
		if path == large {
			most = 1 << 20
		}
		if _, err := io.CopyN(io.Discard, conn, 1+rand.Int64N(most)); errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("the answer to %s does not go on: %w", path, err)
		}
	}
	return nil
}

// After ten thousand requests that were aborted, wherever, all is as it was.
func TestAbortsLeaveNothing(t *testing.T) {
	t.Parallel()
	collector := slowCollector(t)
	p := launch(t, calm, files(t, collector.URL, "log: {level: info}\ntimeouts: {upstream: 10s}\n"), "GOGC=50")
	aborts := func(n int) {
		var all sync.WaitGroup
		for range 32 {
			all.Go(func() {
				for range n / 32 {
					if err := abort(p.listen); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
	}
	var now footing
	settled := func(base footing) {
		t.Helper()
		for range 200 { // so that memory is collected while nothing else goes on
			if code, body := ask(t, "POST", p.listen, "/events/fast", `{"pad":"`+strings.Repeat("x", 64<<10)+`"}`); code != 200 {
				t.Fatalf("it serves no more: %d %s", code, body)
			}
		}
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		const slack = 4 // of who asks for metrics, and of the runtime
		await(t, "the base", func() bool {
			collector.CloseClientConnections() // what is kept open for later is no leak
			now = p.footing(t)
			return now.connections == 0 && now.inflight == 0 && now.goroutines <= base.goroutines+slack && now.files <= base.files+slack
		})
	}
	base := p.footing(t)
	count, batches := rounds(10_000, 1_600), rounds(10, 2)
	aborts(count / 4)
	settled(base)
	warm := now
	for range batches {
		aborts(count / batches)
		settled(base)
	}
	t.Logf("at the start %+v", base)
	t.Logf("warm         %+v", warm)
	t.Logf("at the end   %+v", now)
	// What is live says it: resident memory follows the highest tide, and that of the race detector (test/attack bounds it).
	if now.heap > warm.heap+2<<20 {
		t.Errorf("memory grows: %+v, it was %+v", now, warm)
	}
	if got := p.metric(t, `statveil_requests_total{outcome="canceled",route="events"}`); got < float64(count)/20 {
		t.Errorf("only %v requests were canceled", got)
	}
}
