package rules

import (
	"encoding/binary"

	"github.com/statveil/statveil/rules/detect"
)

// This file decides in which strings of a body anything may be found. Most have nothing in
// them, and end here.

// A textSpan is doc[start:end].
type textSpan struct{ start, end int32 }

// looksInto says whether rules with find, or the guard, may find something in the string
// d[start:end], of which scanString has seen this. Of names, the kind is 0.
func (w *walker) looksInto(start, end int, seen uint32, kind int) bool {
	if seen&^letters == 0 && !w.guards && !mayBegin(view(w.doc[start:end])) {
		return false
	}
	return w.holds(start, end, seen, kind) || w.guards && w.guarded(start, end, seen)
}

// holds is finds for strings of which bodies hold few many times, such as the names of
// members: it remembers in which of them there is nothing.
func (w *walker) holds(start, end int, seen uint32, kind int) bool {
	n := end - start
	if n < shortest64 {
		return w.finds(start, end, seen)
	}
	first, last := binary.LittleEndian.Uint64(w.doc[start:]), binary.LittleEndian.Uint64(w.doc[end-8:])
	known := &w.nothing[kind][((first*spread^last)*spread)>>(64-nothingBits)]
	if int(known.end-known.start) == n && string(w.doc[known.start:known.end]) == string(w.doc[start:end]) {
		return false
	}
	if w.finds(start, end, seen) {
		return true
	}
	*known = textSpan{int32(start), int32(end)}
	return false
}

// nothingBits is how many strings are remembered: as powers of two.
const nothingBits = 6

// spread is an odd number whose bits are well mixed (Knuth, TAOCP 3, section 6.4).
const spread = 0x9E3779B97F4A7C15

// finds says whether rules with find, of any kind but opaque, may find something in
// the string d[start:end], of which scanString has seen this. Most strings end here.
func (w *walker) finds(start, end int, seen uint32) bool {
	text := view(w.doc[start:end])
	if seen&(seenCode|seenDot) == 0 && !w.auto.kit.any.Possible(detect.Hint(seen&allHints)) {
		return seen&seenEscape != 0 && len(text) >= shortest64 || w.t.encloses(w.auto.kit.any, text)
	}
	if seen&(seenEscape|seenCode) != 0 || len(text) >= crowd {
		return true // it must be decoded first, or needs room first
	}
	if seen&seenDot != 0 && jwtLike(text) {
		return true
	}
	w.t.spans = w.auto.kit.any.FindHinted(w.t.spans[:0], text, detect.Hint(seen&allHints))
	return len(w.t.spans) > 0 || w.t.encloses(w.auto.kit.any, text)
}
