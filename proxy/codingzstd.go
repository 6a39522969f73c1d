package proxy

import (
	"errors"
	"runtime"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// zstdWindow is the largest window that a body may ask for (RFC 9659).
const zstdWindow = 8 << 20

// zstds decodes as many bodies at one time as there are processors, eight at most, with
// less than half a MiB for each; others wait. What is made of a body is its window, too, so
// there is no other.
var zstds = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(min(runtime.GOMAXPROCS(0), 8)),
		zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecodeAllCapLimit(true))
	if err != nil {
		panic("proxy: internal error: " + err.Error())
	}
	return d
})

// zstdBlock is as much as a block may hold, and what the decoder may write beyond.
const zstdBlock = 128<<10 + 16

// unzstd undoes zstd (RFC 8878), all frames; of those to skip nothing is left. What
// follows them is an error. A body that turns out larger than its room is decoded once
// more, into one eight times as large, as readAll grows its own: what a frame says of
// its size takes nothing.
func (x *exchange) unzstd(raw []byte, limit int64) ([]byte, error) {
	var first zstd.Header
	if first.Decode(raw) == nil {
		switch {
		case first.HasFCS && first.FrameContentSize > uint64(limit):
			return nil, errTooLarge
		case first.WindowSize > zstdWindow, first.SingleSegment && first.FrameContentSize > zstdWindow:
			return nil, errWindow
		}
	}
	for room := max(int64(len(raw))*8, firstRead); ; room *= 8 {
		// Where there is no room for a block, it fails as if it were broken. In the last try
		// there is, up to the limit.
		last := room >= limit
		if last {
			room = limit + zstdBlock
		}
		spare := int(room / 4) // what is full is grown before it is refused
		if err := x.decoder(int(room) + spare); err != nil {
			return nil, err
		}
		body, err := zstds().DecodeAll(raw, make([]byte, 0, room))
		large := int64(len(body)) > limit || errors.Is(err, zstd.ErrDecoderSizeExceeded)
		if err == nil && !large {
			x.held.add(-spare)
			return body, nil
		}
		x.held.add(-int(room) - spare)
		switch {
		case large && last:
			return nil, errTooLarge
		case last:
			return nil, err
		}
	}
}
