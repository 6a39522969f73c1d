package proxy

import "net/http"

// TakeAll has connections and headers count from the first byte on. Call it before the
// first use.
func (f *InFlight) TakeAll() *InFlight {
	f.free = 0
	return f
}

// Undo undoes a content coding as a Sanitizer does, without a limit on the ratio.
func Undo(coding string, raw []byte, limit int64, f *InFlight) ([]byte, error) {
	x := &exchange{s: &Sanitizer{InFlight: f}, req: &http.Request{}, held: share{of: f}, limits: Limits{Body: limit}}
	defer x.held.end()
	return codings[coding](x, raw, limit)
}

// BrotliWindow is what Undo holds for the window of a brotli stream, and how long the
// first of its meta-blocks says to be.
func BrotliWindow(raw []byte) (window int, first int64) { return brotliWindow(raw) }

// HoldBrotli takes all turns of decoding brotli until release is called.
func HoldBrotli() (release func()) {
	for range cap(brotlis) {
		brotlis <- struct{}{}
	}
	return func() {
		for range cap(brotlis) {
			<-brotlis
		}
	}
}
