package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// A recorder is a collector that notes the number in each body, and what is wrong
// with what it gets.
type recorder struct {
	address string
	before  func(n int)                                    // if set, called before each answer
	seen    func(n int, r *http.Request, b map[string]any) // if set, told of each event that is whole
	answer  string                                         // if set, instead of a short 202
	more    string                                         // behind every answer

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool
	got      map[int]int // how often each number came
	broken   []string    // came whole as HTTP knows it, but is not what was sent
	cut      int         // requests that broke off
	closed   chan struct{}
	serving  sync.WaitGroup
}

func record(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{address: "127.0.0.1:0", got: map[int]int{}, conns: map[net.Conn]bool{}, closed: make(chan struct{}, 1<<20)}
	r.listen(t)
	t.Cleanup(func() { r.kill(); r.serving.Wait() })
	return r
}

// listen begins to serve, at the address that it had before.
func (r *recorder) listen(t *testing.T) {
	t.Helper()
	var l net.Listener
	await(t, "an address to listen on", func() bool {
		var err error
		l, err = net.Listen("tcp", r.address)
		return err == nil
	})
	r.address, r.listener = l.Addr().String(), l
	r.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			r.mu.Lock()
			r.conns[conn] = true
			r.mu.Unlock()
			r.serving.Go(func() {
				r.serve(conn)
				conn.Close()
				r.mu.Lock()
				delete(r.conns, conn)
				r.mu.Unlock()
				r.closed <- struct{}{}
			})
		}
	})
}

// kill ends it as a signal would: nobody listens, and connections are reset.
func (r *recorder) kill() {
	r.listener.Close()
	r.hangUp()
}

// hangUp resets all connections.
func (r *recorder) hangUp() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.conns {
		c.(*net.TCPConn).SetLinger(0)
		c.Close()
	}
}

func (r *recorder) url() string { return "http://" + r.address }

// arrived is how many events came.
func (r *recorder) arrived() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

func (r *recorder) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		if _, err := in.Peek(1); err != nil {
			return
		}
		req, err := http.ReadRequest(in)
		var body []byte
		if err == nil {
			body, err = io.ReadAll(req.Body)
		}
		if err != nil {
			r.mu.Lock()
			r.cut++
			r.mu.Unlock()
			return
		}
		n := r.note(req, body)
		if r.before != nil {
			r.before(n)
		}
		answer := r.answer
		if answer == "" {
			answer = "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok"
		}
		if _, err := io.WriteString(conn, answer+r.more); err != nil {
			return
		}
	}
}

// note notes a request that is whole, and returns its number.
func (r *recorder) note(req *http.Request, body []byte) int {
	var event map[string]any
	err := json.Unmarshal(body, &event)
	n, _ := event["n"].(float64)
	user, _ := event["user"].(string)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got[int(n)]++
	if all := fmt.Sprint(req.RequestURI, req.Header, string(body)); err != nil || n == 0 || event["end"] != "end" ||
		!strings.HasPrefix(user, "psn_") || strings.Contains(all, planted[2:]) {
		r.broken = append(r.broken, fmt.Sprintf("%v: %.300q", err, all))
	} else if r.seen != nil {
		r.seen(int(n), req, event)
	}
	return int(n)
}

// judge says what must hold whatever happens: who was told 2xx finds the event
// here, nothing came twice, and nothing came that is half, or of a person.
func (r *recorder) judge(t *testing.T, reports ...report) (accepted int) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, b := range r.broken {
		if t.Errorf("the collector got %s", b); i == 10 {
			break
		}
	}
	missing, repeated, never := 0, 0, 0
	for _, p := range reports {
		accepted += len(p.Accepted)
		for _, n := range p.Accepted {
			if r.got[n] == 0 {
				missing++
			}
		}
	}
	for n, times := range r.got {
		if times > 1 {
			repeated++
		}
		if n >= neverWhole {
			never++
		}
	}
	if missing > 0 || repeated > 0 || never > 0 {
		t.Errorf("of %d accepted events %d are missing; %d came more than once, and %d that nobody had sent to the end", accepted, missing, repeated, never)
	}
	return accepted
}

// deaf is the address of a collector that takes connections and nothing more.
func deaf(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var taken []net.Conn
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			taken = append(taken, c)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
		for _, c := range taken {
			c.Close()
		}
	})
	return l.Addr().String()
}

// terminate stands in front of a recorder, with TLS, and returns its address.
func terminate(t *testing.T, r *recorder, config *tls.Config) string {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			front, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer front.Close()
				back, err := net.Dial("tcp", r.address)
				if err != nil {
					return
				}
				defer back.Close()
				go func() { io.Copy(back, front); back.Close() }()
				io.Copy(front, back)
			})
		}
	})
	t.Cleanup(func() { l.Close(); all.Wait() })
	return l.Addr().String()
}
