package proxy

import "sync/atomic"

// InFlight bounds the bytes of all bodies, of requests and of answers, that are in
// memory at one time: memory is refused before it runs out. Several Sanitizers may
// share one. It is safe for concurrent use.
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

// take holds n bytes more, if there is room for them.
func (f *InFlight) take(n int64) bool {
	if f == nil {
		return true
	}
	if f.bytes.Add(n) <= f.limit.Load() {
		return true
	}
	f.bytes.Add(-n)
	return false
}

// give lets n bytes go; a negative n are held whatever the bound says.
func (f *InFlight) give(n int64) {
	if f != nil {
		f.bytes.Add(-n)
	}
}
