package proxy

import "net/http"

// A visit is one request on its seat. At any time either we work for it, the collector
// included, or we wait for its client.
type visit struct {
	seat  *seat
	works bool
	over  bool
	owed  bool // the client has not sent all of its body
	holds int  // bytes in flight
}

// What a request takes in memory beside its body: the goroutines and buffers of its
// way through us, and its header, of which there are copies.
const (
	perRequest = 32 << 10
	perField   = 400 // beside its text
)

// What a header takes that is not complete: its text, which grows in steps, and each of
// its lines. So large may one be without being counted.
const (
	perText    = 2
	perLine    = 250
	freeHeader = 4 << 10
)

// memoryOf is about what a request takes in memory beside its body.
func memoryOf(r *http.Request) int {
	n := perRequest + len(r.RequestURI)
	for name, values := range r.Header {
		for _, v := range values {
			n += perField + len(name) + len(v)
		}
	}
	return n
}

// begin is the begin of a request. Where there is no room for it, and nobody has to go
// for it, it is to be refused.
func (s *Server) begin(c *seat, r *http.Request) (*visit, *Refusal) {
	f, v := &s.floor, &visit{seat: c, owed: r.ContentLength != 0, holds: memoryOf(r)}
	var refusal *Refusal
	var left []*seat
	f.mu.Lock()
	if c.requests++; f.seated(c) {
		f.requests++
	}
	f.work(v)
	if v.owed {
		f.rest(v)
	}
	tooMany := c.extra
	for !tooMany && f.requests > s.Connections {
		longest := f.turnOut(c, byRequests)
		left, tooMany = append(left, longest), longest == nil
	}
	if tooMany {
		v.holds, refusal = 0, limited(Busy, "connections", "too many connections or requests at once; try again")
	}
	f.mu.Unlock()
	s.turnedOut(left...)
	if refusal == nil && !c.hold(v.holds) {
		v.holds, refusal = 0, busy()
	}
	return v, refusal
}

// hold holds so many bytes more, and has others leave for it that hold some. A negative
// n lets them go.
func (c *seat) hold(n int) bool {
	if n <= 0 {
		c.held.add(n)
		return true
	}
	f, ok := &c.s.floor, c.held.take(n)
	if ok {
		return true
	}
	var left []*seat
	f.mu.Lock()
	for never := false; !ok && !never; ok, never = c.held.try(n) {
		longest := f.turnOut(c, byBytes)
		if longest == nil {
			break
		}
		left = append(left, longest)
	}
	f.mu.Unlock()
	c.s.turnedOut(left...)
	return ok
}

func (f *floor) seated(c *seat) bool {
	_, ok := f.seats[c]
	return ok
}

// work is when nothing more of the client is needed. The caller holds the lock.
func (f *floor) work(v *visit) {
	if v.over { // a transport may read a body to its end when the request is over
		return
	}
	if !v.works {
		v.works = true
		v.seat.working++
	}
	f.stand(v.seat)
}

// rest is when the client has its turn. The caller holds the lock.
func (f *floor) rest(v *visit) {
	if v.works {
		v.works = false
		v.seat.working--
	}
	if v.seat.working == 0 {
		f.wait(v.seat)
	}
}

// read is the end of the request's body.
func (v *visit) read() {
	f := &v.seat.s.floor
	f.mu.Lock()
	defer f.mu.Unlock()
	v.owed = false
	f.work(v)
}

// answer is the begin of its answer.
func (v *visit) answer() {
	f := &v.seat.s.floor
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rest(v)
}

// end is the end of the request.
func (v *visit) end() {
	c, f := v.seat, &v.seat.s.floor
	f.mu.Lock()
	if c.requests--; f.seated(c) {
		f.requests--
	}
	if v.over = true; v.works {
		c.working--
	}
	switch {
	case c.requests == 0 && !v.owed && !c.between: // until the last byte of its answer is written, see turn
		f.stand(c)
	case c.working == 0:
		f.wait(c)
	}
	f.mu.Unlock()
	c.held.add(-v.holds)
}

// An answering says when the answer begins.
type answering struct {
	http.ResponseWriter
	visit *visit
	begun bool
}

func (w *answering) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *answering) begin() {
	if !w.begun {
		w.begun = true
		w.visit.answer()
	}
}

func (w *answering) WriteHeader(status int) {
	w.begin()
	w.ResponseWriter.WriteHeader(status)
}

func (w *answering) Write(p []byte) (int, error) {
	w.begin()
	return w.ResponseWriter.Write(p)
}
