package rules

import "sort"

// A layer is what a part of another layer says when one encoding is undone. The
// first is the line itself.
//
// It knows where its bytes stand in the layer it was decoded from, in one of two
// ways: most text stays as it is between escapes, or all of it is in groups, as
// base64 and hex are.
type layer struct {
	text  string
	from  *layer // nil: the line itself
	depth int    // how many encodings were undone to read this; of escapes, the most in any place

	escapes []escape

	at, end      int // of groups: from.text[at:end] spells them
	bytes, chars int // of a group
}

// An escape is some bytes of a layer that were spelled with others.
type escape struct {
	at, from int32 // where the bytes stand, and their spelling
	size     int32 // how long their spelling is
	bytes    uint8 // how many they are
}

// outer returns where the spelling of text[start:end] stands in the layer that
// this one was decoded from, with escapes and groups of which it is only a part.
func (y *layer) outer(start, end int) (int, int) {
	if y.chars > 0 {
		return y.at + start/y.bytes*y.chars, min(y.at+(end-1)/y.bytes*y.chars+y.chars, y.end)
	}
	if i := y.escapeBefore(start); i >= 0 {
		e := y.escapes[i]
		if start < int(e.at)+int(e.bytes) {
			start = int(e.from)
		} else {
			start += e.shift()
		}
	}
	if i := y.escapeBefore(end - 1); i >= 0 {
		e := y.escapes[i]
		end = max(end+e.shift(), int(e.from)+int(e.size))
	}
	return start, end
}

// shift is how much further on the text behind an escape stands in the layer
// that it was decoded from.
func (e escape) shift() int { return int(e.from) + int(e.size) - int(e.at) - int(e.bytes) }

// escapeBefore returns the index of the last escape that begins at text[i] or
// before it, or -1.
func (y *layer) escapeBefore(i int) int {
	return sort.Search(len(y.escapes), func(k int) bool { return int(y.escapes[k].at) > i }) - 1
}

// depthOf returns how many encodings were undone to read text[start:end]: an
// escape elsewhere in the line makes it no deeper.
func (y *layer) depthOf(start, end int) int {
	n := 0
	for ; y.from != nil; y = y.from {
		if y.chars > 0 {
			return n + y.depth
		}
		if i := y.escapeBefore(end - 1); i >= 0 && int(y.escapes[i].at)+int(y.escapes[i].bytes) > start {
			n++
		}
		start, end = y.outer(start, end)
	}
	return n
}
