package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// planted is in every event, in its path, query, headers and body.
const planted = "+12025550143"

const drainRules = `
version: 1
tenant: {name: acme}
routes:
  - name: events
    match: POST /events/{who}
`

// mark is in six places of every event, f0 to f2 of the body and q0 to q2 of the query.
// No detector finds anything in it, so rules alone decide what becomes of it.
const mark = "mark-abcdefgh"

// event is one numbered request.
func event(ctx context.Context, t *testing.T, address string, n int) *http.Request {
	t.Helper()
	return newEvent(address, n).WithContext(ctx)
}

// newEvent makes a request; some are large, so that they could break.
func newEvent(address string, n int) *http.Request {
	body := fmt.Sprintf(`{"n":%d,"user":"%s","f0":"%[3]s","f1":"%[3]s","f2":"%[3]s","pad":"%s","end":"end"}`,
		n, planted, mark, strings.Repeat("x", rand.IntN(1+n%5*5_000)))
	path := "/events/" + []string{planted, "%2B" + planted[1:], "tel:" + planted}[n%3]
	req, err := http.NewRequest("POST", "http://"+address+path+"?u=%2B"+planted[1:]+"&q0="+mark+"&q1="+mark+"&q2="+mark, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("X-User", planted)
	req.Header.Set("Cookie", "user="+planted)
	return req
}

// neverWhole is the first number of events whose senders vanish before the end.
const neverWhole = 1 << 40

// An order is what a generator is to do until it is told to stop.
type order struct {
	Address string
	First   int  // number of an event; each process has its own
	Clients int  // at one time
	Vanish  bool // every second event ends in the middle of its body
	TLS     int  // the version of HTTP that is spoken in TLS; 0: clear text
}

// A report is what its clients saw.
type report struct {
	Accepted []int         // events that were answered 2xx, to the end of the answer
	Refused  map[int][]int // others, by the status
	Failed   int           // got no answer, or half of one
}

// generate is the command statveil-load, a process of its own: it reads orders, and
// writes reports.
func generate() {
	orders, reports := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var o order
		if orders.Decode(&o) != nil {
			return
		}
		stop := make(chan struct{})
		done := make(chan report)
		go func() { done <- o.carryOut(stop) }()
		var end string
		if orders.Decode(&end) != nil {
			return
		}
		close(stop)
		if err := reports.Encode(<-done); err != nil {
			panic(err)
		}
	}
}

func (o order) carryOut(stop chan struct{}) report {
	var (
		mu     sync.Mutex
		r      = report{Refused: map[int][]int{}}
		number atomic.Int64
		all    sync.WaitGroup
	)
	number.Store(int64(o.First))
	newTransport := func() *http.Transport {
		return &http.Transport{ForceAttemptHTTP2: o.TLS == 2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	}
	shared := newTransport() // of HTTP/2, so that requests are under way together
	for range o.Clients {
		all.Go(func() {
			transport := shared
			if o.TLS < 2 {
				transport = newTransport()
			}
			defer transport.CloseIdleConnections()
			for {
				select {
				case <-stop:
					return
				default:
				}
				n := int(number.Add(1))
				if o.Vanish && n%2 == 0 {
					vanish(o.Address, neverWhole+n)
					continue
				}
				req := newEvent(o.Address, n)
				if o.TLS > 0 {
					req.URL.Scheme = "https"
				}
				res, err := transport.RoundTrip(req)
				if errors.Is(err, syscall.ECONNREFUSED) {
					return // it is gone
				}
				status := 0
				if err == nil {
					_, err = io.Copy(io.Discard, res.Body)
					res.Body.Close()
					if status = res.StatusCode; o.TLS > 0 && res.ProtoMajor != o.TLS {
						panic("this is " + res.Proto)
					}
				}
				mu.Lock()
				switch {
				case err != nil:
					r.Failed++
				case status/100 == 2:
					r.Accepted = append(r.Accepted, n)
				default:
					r.Refused[status] = append(r.Refused[status], n)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return r
}

// vanish sends an event up to some place in its body and is gone.
func vanish(address string, n int) {
	req := newEvent(address, n)
	body, _ := io.ReadAll(req.Body)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer conn.Close()
	part := body[:1+rand.IntN(len(body)-1)]
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\n", req.URL.RequestURI())
	if n%4 == 0 {
		fmt.Fprintf(conn, "Content-Length: %d\r\n\r\n%s", len(body), part)
	} else {
		fmt.Fprintf(conn, "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(part), part) // and no last chunk
	}
	if n%3 == 0 {
		conn.(*net.TCPConn).SetLinger(0)
	}
}

// A generator is a process that makes load.
type generator struct {
	orders  *json.Encoder
	reports *json.Decoder
}

// generators starts so many of them.
func generators(t *testing.T, count int) (all []*generator) {
	t.Helper()
	for range count {
		cmd := run(t, "statveil-load")
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { in.Close(); cmd.Process.Kill(); cmd.Wait() })
		all = append(all, &generator{json.NewEncoder(in), json.NewDecoder(bufio.NewReader(out))})
	}
	return all
}

// begin gives each generator the order, with numbers of its own.
func begin(t *testing.T, all []*generator, o order) {
	t.Helper()
	for _, g := range all {
		o.First += 1 << 30
		if err := g.orders.Encode(o); err != nil {
			t.Fatal(err)
		}
	}
}

// end stops the generators and returns what they saw.
func end(t *testing.T, all []*generator) (reports []report) {
	t.Helper()
	for _, g := range all {
		if err := g.orders.Encode("stop"); err != nil {
			t.Fatal(err)
		}
	}
	for _, g := range all {
		var r report
		if err := g.reports.Decode(&r); err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	return reports
}
