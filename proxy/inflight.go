package proxy

import (
	"sync"
	"sync/atomic"
)

// InFlight bounds the bytes of all bodies, of requests and of answers, that are in
// memory at one time: memory is refused before it runs out. What is made of a body
// that was let in is counted, and not refused: the body rewritten, the values that an
// answer may need, the answer restored. Several Sanitizers may share one. It is safe
// for concurrent use.
type InFlight struct {
	limit, bytes atomic.Int64
}

// NewInFlight returns a bound of so many bytes.
func NewInFlight(limit int64) *InFlight {
	f := &InFlight{}
	f.SetLimit(limit)
	return f
}

// SetLimit changes the bound. What is held stays.
func (f *InFlight) SetLimit(limit int64) { f.limit.Store(limit) }

// Bytes returns how many are held now.
func (f *InFlight) Bytes() int64 { return f.bytes.Load() }

// take holds n bytes more if there is room for them. What there is no room for never
// keeps out somebody else.
func (f *InFlight) take(n int64) bool {
	for {
		held := f.bytes.Load()
		if held+n > f.limit.Load() {
			return false
		}
		if f.bytes.CompareAndSwap(held, held+n) {
			return true
		}
	}
}

// A share is what one exchange holds of the bytes in flight. An answer may be closed
// while somebody reads it.
type share struct {
	of *InFlight // nil: no bound

	mu    sync.Mutex
	bytes int
	ended bool
}

// take holds n bytes more, if there is room for them.
func (s *share) take(n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil || s.ended {
		return true
	}
	if !s.of.take(int64(n)) {
		return false
	}
	s.bytes += n
	return true
}

// add holds n bytes more whatever the bound says; a negative n lets them go.
func (s *share) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(s.bytes + n)
}

// keep lets all go but n bytes.
func (s *share) keep(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(n)
}

// end lets all go, for good.
func (s *share) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(0)
	s.ended = true
}

// set is the rest of all of them, which hold the lock.
func (s *share) set(bytes int) {
	if s.of != nil && !s.ended {
		s.of.bytes.Add(int64(bytes - s.bytes))
		s.bytes = bytes
	}
}
