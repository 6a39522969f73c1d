package proxy

// TakeAll has connections and headers count from the first byte on. Call it before the
// first use.
func (f *InFlight) TakeAll() *InFlight {
	f.free = 0
	return f
}
