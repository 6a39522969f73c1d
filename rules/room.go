package rules

import (
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// A room is the memory that a request may have, beside what came in. Who takes much of
// it asks before; who was refused once, is refused for good.
type room struct {
	ask  func(bytes int) error // nil: there is room for everybody
	due  int                   // bytes that were taken and not asked for yet
	held int                   // bytes that were asked for, but for what was given back
	err  error

	unpacked int // bytes, of what is packed in values
}

// askFrom is how many bytes nobody asks for.
const askFrom = 16 << 10

// What is remembered of each finding, in bytes, with what a slice of them leaves free
// while it grows: of a text, until the Replacer was asked; of a body, until it is
// written anew.
const (
	perSpan    = 130
	perEdit    = 220
	perPatch   = 200
	perReading = 60 // of a value that is only read
)

// take asks for so many bytes, or gives them back where they are less than none.
func (r *room) take(bytes int) error {
	if r == nil || r.ask == nil || r.err != nil {
		if r == nil {
			return nil
		}
		return r.err
	}
	if r.due += bytes; r.due >= askFrom || r.due <= -askFrom {
		due := r.due
		r.due = 0
		if r.err = r.ask(due); r.err == nil {
			r.held += due
		}
	}
	return r.err
}

// grow makes room for n bytes in an empty buffer.
func (r *room) grow(buf []byte, n int) ([]byte, error) {
	if n <= cap(buf) {
		return buf[:0], nil
	}
	if err := r.take(n); err != nil {
		return nil, err
	}
	return make([]byte, 0, n), nil
}

// A crowd is a text that may hold so many findings that there must be room for them
// before they are made: what is known of one is many times larger than it is.
const crowd = 256 << 10 // bytes

// expect asks for what the findings of a large text will take. It counts them piece by
// piece, so what is cut in two may count twice, or not at all.
func (t *treater) expect(find *detect.Finder, text string) error {
	if len(text) < crowd || t.room == nil || t.room.ask == nil {
		return nil
	}
	const piece = 32 << 10
	n := 0
	for text != "" {
		end := min(piece, len(text))
		if i := strings.LastIndexAny(text[:end], " \t\r\n,;"); i >= 0 && end < len(text) {
			end = i + 1
		}
		t.spans = find.Find(t.spans[:0], text[:end])
		n += len(t.spans)
		clear(t.spans)
		text = text[end:]
	}
	return t.need(n * (perSpan + perEdit))
}

// found asks for what the findings of a text took.
func (t *treater) found() error { return t.need(cap(t.spans)*perSpan + cap(t.edits)*perEdit) }

// need asks for what of so many bytes was not asked for yet.
func (t *treater) need(bytes int) error {
	more := bytes - t.asked
	if more <= 0 {
		return nil
	}
	t.asked = bytes
	return t.room.take(more)
}
