package proxy

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// InFlight bounds the bytes of all bodies, of requests and of answers, that are in memory
// at one time, with what is made of them: memory is refused before it runs out. Several
// Sanitizers and a Server may share one. It is safe for concurrent use.
type InFlight struct {
	limit, bytes atomic.Int64
	beside       atomic.Int64  // bytes that connections and headers take
	free         int64         // of those, how many are not counted
	turns        chan struct{} // taken

	// relieve, if set, closes a connection that is kept open for later, and says whether
	// there was one: what it takes is better used.
	relieve atomic.Pointer[func() bool]
}

// freeBeside is what connections and headers may take beside the bodies. What they take
// more is taken from these.
const freeBeside = 8 << 20

// Bodies larger than this take turns to be rewritten, one for each processor and eight
// at most: what is found in one is many times larger than it is, until it is counted.
const largeBody = 16 << 10

// NewInFlight returns a bound of so many bytes.
func NewInFlight(limit int64) *InFlight {
	f := &InFlight{free: freeBeside, turns: make(chan struct{}, min(max(runtime.GOMAXPROCS(0), 2), 8))}
	f.SetLimit(limit)
	return f
}

// SetLimit changes the bound. What is held stays.
func (f *InFlight) SetLimit(limit int64) { f.limit.Store(limit) }

// Bytes returns how many are held now for bodies.
func (f *InFlight) Bytes() int64 { return f.bytes.Load() }

// turn waits until a body of this size may be rewritten. What it returns ends that.
func (f *InFlight) turn(ctx context.Context, size int) (end func(), err error) {
	if f == nil || size <= largeBody {
		return func() {}, nil
	}
	select {
	case f.turns <- struct{}{}:
		return func() { <-f.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// take holds n bytes more if there is room for them. What there is no room for never
// keeps out somebody else. Where not even all connections that could make room would
// help, it never will.
func (f *InFlight) take(n int64) (ok, never bool) {
	for {
		held, most := f.bytes.Load(), f.limit.Load()
		if held+n+max(0, f.beside.Load()-f.free) > most {
			return false, held+n > most
		}
		if f.bytes.CompareAndSwap(held, held+n) {
			return true, false
		}
	}
}

// takeBeside is take for what is no body.
func (f *InFlight) takeBeside(n int64) (ok, never bool) {
	for {
		held, most := f.beside.Load(), f.limit.Load()
		if more := held + n - f.free; more > 0 && f.bytes.Load()+more > most {
			return false, n-f.free > most
		}
		if f.beside.CompareAndSwap(held, held+n) {
			return true, false
		}
	}
}

// A share is what one exchange holds of the bytes in flight. An answer may be closed
// while somebody reads it.
type share struct {
	of     *InFlight // nil: no bound
	beside bool      // it is of no body

	mu    sync.Mutex
	bytes int
	ended bool
}

// take holds n bytes more, if there is room for them.
func (s *share) take(n int) bool {
	for {
		ok, never := s.try(n)
		if ok || never {
			return ok
		}
		if relieve := s.of.relieve.Load(); relieve == nil || !(*relieve)() {
			return false
		}
	}
}

// try is take where no connection is closed for it; never says that this would not help.
func (s *share) try(n int) (ok, never bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of == nil || s.ended {
		return true, false
	}
	if s.beside {
		ok, never = s.of.takeBeside(int64(n))
	} else {
		ok, never = s.of.take(int64(n))
	}
	if !ok {
		return false, never
	}
	s.bytes += n
	return true, false
}

// some is take for what may be little enough to be everybody's.
func (s *share) some(n int) bool {
	if n <= firstRead {
		s.add(n)
		return true
	}
	return s.take(n)
}

// add holds n bytes more whatever the bound says; a negative n lets them go.
func (s *share) add(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(s.bytes + n)
}

func (s *share) size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bytes
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
	if s.of == nil || s.ended {
		return
	}
	total := &s.of.bytes
	if s.beside {
		total = &s.of.beside
	}
	total.Add(int64(bytes - s.bytes))
	s.bytes = bytes
}
