package attack_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	reporters = 512 // that post statistics at the same time
	reports   = 8   // each of them
	throwers  = 4   // of bombs, at the same time
	throws    = 2   // each of them, of each bomb
	slowPosts = 40  // that announce a large body, and send hardly any of it
)

// statistics is what a conference client reports: 120 KB of JSON with some personal
// data in it.
func statistics() []byte {
	var b bytes.Buffer
	b.WriteString(`{"localID":"` + personsMail + `","stats":{"tracks":[`)
	for i := 0; b.Len() < 120_000; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ssrc":%d,"remoteUserID":"%s","timestamp":%d.25,"packetsLost":%d,"jitter":0.0%d,"candidate":{"ip":"192.0.2.%d","port":50000,"type":"relay"},"codec":"opus"}`,
			3_000_000_000+i, []string{personsMail, personsPhone}[i%2], 1_700_000_000_000+i, i, i, i%200)
	}
	b.WriteString("]}}")
	return b.Bytes()
}

// TestMemory is all of it at once, over HTTP/1.1: what is legal and too much, and what
// is meant to cost more than it may.
func TestMemory(t *testing.T) {
	c := newCollector(t)
	s := start(t, c.URL, callstats, nil)
	all := bombs(t)
	throwOneByOne(t, s, all, nil)
	h := newHonest(s, nil)
	h.begin()
	var reported, thrown tally
	var attack sync.WaitGroup
	report := (&bomb{target: statsPath, header: jsonType, body: statistics()}).request()
	for range reporters {
		attack.Go(func() { s.report(&reported, report) })
	}
	stopSlow := s.slowBodies(&attack, nil)
	throwAll(s, all, nil, &thrown)
	stopSlow()
	attack.Wait()
	t.Logf("reports of %d KB on %d connections: %v", len(report)/1000, reporters, &reported)
	t.Logf("bombs: %v", &thrown)
	if reported.of(ok) == 0 {
		t.Error("no report was taken")
	}
	reported.only(t, "a report", ok, busy)
	h.end(t, busy)
	s.checkAlive()
	c.check(t)
}

// throwOneByOne throws each bomb alone: then it is known what it is answered.
func throwOneByOne(t *testing.T, s *sidecar, all []bomb, secure *tls.Config) {
	t.Helper()
	for _, b := range all {
		got := b.throw(s, secure)
		var one tally
		one.add(got)
		one.only(t, b.name+", alone", b.want...)
		if testing.Verbose() {
			t.Logf("%s: %s, VmHWM %.1f MiB", b.name, got, mebibytes(s.status("VmHWM")))
		}
	}
}

// throwAll throws all bombs at once, again and again.
func throwAll(s *sidecar, all []bomb, secure *tls.Config, thrown *tally) {
	var done sync.WaitGroup
	for i := range throwers {
		done.Go(func() {
			for n := range throws * len(all) {
				b := &all[(n+i*len(all)/throwers)%len(all)]
				thrown.add(b.throw(s, secure))
			}
		})
	}
	done.Wait()
}

// report posts statistics on one connection, or on another one where we end it.
func (s *sidecar) report(reported *tally, request []byte) {
	conn, err := dial(s.address, nil)
	if err != nil {
		reported.add(closed)
		return
	}
	defer func() { conn.Close() }()
	r := bufio.NewReader(conn)
	for range reports {
		if _, err := conn.Write(request); err != nil {
			reported.add(closed)
			return
		}
		res, err := http.ReadResponse(r, nil)
		if err != nil {
			reported.add(closed)
			return
		}
		_, _ = io.Copy(io.Discard, res.Body) // its status is what counts
		reported.add(strconv.Itoa(res.StatusCode))
		if res.Close {
			conn.Close()
			if conn, err = dial(s.address, nil); err != nil {
				reported.add(closed)
				return
			}
			r.Reset(conn)
		}
	}
}

// slowBodies opens connections that announce 10 MiB and send a little of it now and
// then, until they are told to stop.
func (s *sidecar) slowBodies(done *sync.WaitGroup, secure *tls.Config) (stop context.CancelFunc) {
	ctx, stop := context.WithCancel(context.Background())
	for range slowPosts {
		done.Go(func() {
			conn, err := dial(s.address, secure)
			if err != nil {
				return
			}
			defer conn.Close()
			_, err = io.WriteString(conn, "POST "+statsPath+" HTTP/1.1\r\nHost: sidecar\r\n"+jsonType+"Content-Length: 10485760\r\n\r\n[")
			for ctx.Err() == nil && err == nil {
				select {
				case <-ctx.Done():
				case <-time.After(100 * time.Millisecond):
					_, err = io.WriteString(conn, strings.Repeat(" ", 1000))
				}
			}
		})
	}
	return stop
}
