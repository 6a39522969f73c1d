package rules

// This file is what the walker does about values that a rule removes.

// remove begins to leave out the value that is being read.
func (w *walker) remove(node bool) {
	w.removing, w.quiet = len(w.stack), w.looks
	if node {
		w.looks = false
	}
}

// leftOut ends a value that is left out: the item that it is of is cut, with one
// of the commas beside it.
func (w *walker) leftOut(end int) {
	w.removing, w.looks = -1, w.quiet
	if len(w.stack) == 0 {
		w.removed = true
		return
	}
	top := &w.stack[len(w.stack)-1]
	start := top.start
	if !top.array {
		start-- // the quote of its name
	}
	for n := len(w.patches); n > 0 && w.patches[n-1].start >= start; n-- { // in its name
		w.patches = w.patches[:n-1]
	}
	top.ended = end
	switch {
	case top.kept:
		w.patches = append(w.patches, patch{start: top.comma, end: end})
	case top.pending == 0:
		top.pending = start
	}
}

// comma goes over the comma at d[i], which ends an item, to the next one.
func (w *walker) comma(top *frame, i int) int {
	next := skipSpace(w.doc, i+1)
	switch {
	case top.ended == 0:
		top.kept = true
	case !top.kept:
		w.patches = append(w.patches, patch{start: top.pending, end: next})
		top.pending = 0
	}
	top.comma, top.ended = i, 0
	return next
}
