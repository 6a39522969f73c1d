package proxy

import (
	"bytes"
	"encoding/binary"

	"github.com/andybalholm/brotli"
)

// perBrotli is what a decoder of brotli may take beside its window: the tables of 256
// prefix codes of each of three kinds, as soon as a body says that it has so many.
const perBrotli = 4 << 20

// brotlis has room for as many as are decoded at one time. Two with the largest window fit
// into what all bodies may take by default.
var brotlis = make(chan struct{}, 2)

// unbrotli undoes br (RFC 7932). Its decoders are large, so they take turns, and are used
// once: what one grew to would be held by nobody.
func (x *exchange) unbrotli(raw []byte, limit int64) ([]byte, error) {
	window, first := brotliWindow(raw)
	if first > limit {
		return nil, errTooLarge
	}
	select {
	case brotlis <- struct{}{}:
		defer func() { <-brotlis }()
	case <-x.req.Context().Done():
		return nil, x.req.Context().Err()
	}
	takes := perBrotli + window
	if err := x.decoder(takes); err != nil {
		return nil, err
	}
	defer x.held.add(-takes)
	return x.readAll(brotli.NewReader(bytes.NewReader(raw)), 0, limit)
}

// brotliWindow returns how much memory the window of a brotli stream takes at most, and
// how long its first meta-block says to be (RFC 7932, 9.1 and 9.2). A window is made as
// large as is needed for what each meta-block says, by doubling it; the last one needs no
// more than it holds.
func brotliWindow(raw []byte) (window int, first int64) {
	var head [8]byte
	copy(head[:], raw)
	bits := binary.LittleEndian.Uint64(head[:])
	take := func(n int) int {
		v := int(bits & (1<<n - 1))
		bits >>= n
		return v
	}
	window = 1 << 16
	if take(1) == 1 {
		window = 1 << 17
		if n := take(3); n > 0 {
			window = 1 << (17 + n)
		} else if n := take(3); n == 1 { // a larger one, which the decoder refuses
			return 0, 0
		} else if n > 0 {
			window = 1 << (8 + n)
		}
	}
	last := take(1) == 1
	if last && take(1) == 1 { // and empty
		return 1 << 10, 0
	}
	nibbles := take(2)
	if nibbles == 3 { // nothing that is decoded
		return window + window/2, 0
	}
	first = int64(take(4*(4+nibbles)) + 1)
	if !last {
		return window + window/2, first
	}
	for int64(window/2) >= max(first, 1<<10) {
		window /= 2
	}
	return window, first
}
