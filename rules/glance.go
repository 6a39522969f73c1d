package rules

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// This file looks quickly whether a message may hold one of some values. It says yes
// too often, and that costs time: whoever asks looks closely then.

// A glance is the shift table of Wu and Manber (A Fast Algorithm for Multi-Pattern
// Searching, 1994), over blocks of two bytes without case: most of a text is skipped.
type glance struct {
	least  int                    // length of the shortest pattern
	less   [1 << glanceBits]uint8 // how much less than all of a pattern may be skipped
	all    []string               // folded patterns
	heads  map[uint32][]string    // the same by what they begin with, where they are many
	high   bool                   // a value is no pattern: it is not ASCII
	spaced bool                   // a value holds a space
	digits bool                   // a value is a number

	texts  [3][]byte // that escapes spell, in turns, and one with + as spaces
	room   func(bytes int) error
	asked  int
	lacked bool // there was no room to look
}

const (
	glanceBits  = 12
	leastASCII  = 4  // bytes of what a value that is not all ASCII is looked for by
	maxAlike    = 16 // patterns that begin alike; with more, what begins so counts
	maxLeast    = 64
	glanceHead  = 4 // bytes
	glanceShift = 5
)

func glanceBlock(a, b byte) int {
	const noCase = 0x5f // of letters; of other characters some become the same
	return int(a&noCase)<<glanceShift ^ int(b&noCase)
}

// lower makes letters of ASCII small.
var lower = func() (t [256]byte) {
	for i := range t {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] |= 0x20
		}
	}
	return t
}()

// fewGuarded is up to how many values it is faster to look at each.
const fewGuarded = 16

var glances = sync.Pool{New: func() any { return &glance{} }}

func newGlance(g *guardian) *glance {
	l := glances.Get().(*glance)
	*l = glance{least: maxLeast, all: l.all[:0], texts: l.texts}
	for _, v := range g.values {
		text := v.Text
		l.spaced = l.spaced || strings.IndexByte(text, ' ') >= 0
		l.digits = l.digits || strings.Trim(text, "0123456789") == ""
		if text = longestASCII(text); len(text) < len(v.Text) && len(text) < leastASCII {
			l.high = true
			continue
		}
		l.all = append(l.all, lowered(text))
		l.least = min(l.least, len(text))
	}
	for _, p := range l.all {
		for i := 1; i < l.least; i++ {
			less := &l.less[glanceBlock(p[i-1], p[i])]
			*less = max(*less, uint8(i))
		}
	}
	if len(l.all) <= fewGuarded {
		return l
	}
	l.heads = map[uint32][]string{}
	for _, p := range l.all {
		key := l.key([]byte(p), 0)
		if len(l.heads[key]) <= maxAlike {
			l.heads[key] = append(l.heads[key], p)
		}
	}
	return l
}

// release gives the glance back, with nothing of the message in it.
func (l *glance) release() {
	clear(l.all[:cap(l.all)])
	l.heads = nil
	for i := range l.texts {
		if clear(l.texts[i]); cap(l.texts[i]) > askFrom { // it was asked for, and is given back
			l.texts[i] = nil
		}
	}
	if cap(l.all) <= maxAlike*fewGuarded {
		glances.Put(l)
	}
}

// lowered makes letters of ASCII small.
func lowered(s string) string {
	for i := range len(s) {
		if lower[s[i]] != s[i] {
			b := []byte(s)
			for k := range b {
				b[k] = lower[b[k]]
			}
			return string(b)
		}
	}
	return s
}

// longestASCII returns the longest run of ASCII characters.
func longestASCII(text string) (longest string) {
	if isASCII(text) {
		return text
	}
	for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		if len(run) > len(longest) {
			longest = run
		}
	}
	return longest
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// key is what a pattern of at least l.least bytes begins with.
func (l *glance) key(b []byte, at int) (key uint32) {
	for _, c := range b[at : at+min(l.least, glanceHead)] {
		key = key<<8 | uint32(lower[c])
	}
	return key
}

// in says whether a value stands in these bytes, inside a longer word too.
func (l *glance) in(d []byte) bool {
	if l.high && bytes.ContainsFunc(d, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return true
	}
	if len(l.all) == 0 {
		return false
	}
	if l.least < 2 {
		return true
	}
	for i := l.least - 1; i < len(d); {
		if skip := l.least - 1 - int(l.less[glanceBlock(d[i-1], d[i])]); skip > 0 {
			i += skip
			continue
		}
		if l.begins(d, i+1-l.least) {
			return true
		}
		i++
	}
	return false
}

func (l *glance) begins(d []byte, at int) bool {
	alike, most := l.all, fewGuarded
	if l.heads != nil {
		alike, most = l.heads[l.key(d, at)], maxAlike
	}
next:
	for _, p := range alike {
		if len(d)-at < len(p) {
			continue
		}
		for k := range len(p) {
			if lower[d[at+k]] != p[k] {
				continue next
			}
		}
		return true
	}
	return len(alike) > most
}

// glance says whether one of the values may stand in the message, as it is written or
// as an encoding spells it.
func (g *guardian) glance(m *Message) bool {
	l := newGlance(g)
	g.look, l.room = l, m.Room
	defer l.giveBack()
	if g.hides || !g.looked { // nobody has seen what is in base64
		return true
	}
	if g.exponents && l.digits || l.part(g.enclosed) || l.part([]byte(m.Path)) || l.part([]byte(m.Query)) || l.part(m.Body) {
		return true
	}
	for name, values := range m.Header {
		if framing[name] && name != "Cookie" && name != "Authorization" {
			continue
		}
		if l.part([]byte(name)) || slices.ContainsFunc(values, func(v string) bool { return l.part([]byte(v)) }) {
			return true
		}
	}
	return l.lacked
}

// take asks for room for so many bytes.
func (l *glance) take(n int) bool {
	if l.room != nil && n > askFrom {
		if l.lacked = l.lacked || l.room(n) != nil; l.lacked {
			return false
		}
		l.asked += n
	}
	return true
}

func (l *glance) giveBack() {
	if l.asked > 0 {
		_ = l.room(-l.asked)
	}
	l.asked, l.room = 0, nil
}

// text says whether the guard may find something in a string of a JSON text, of which
// scanString has seen this.
func (l *glance) text(d []byte, seen uint32) bool {
	return seen&(seenEscape|seenCode) != 0 || l.in(d) || l.enclosed(d)
}

// enclosed says whether a value may stand in what is spelled in base64 or hex.
func (l *glance) enclosed(d []byte) bool {
	var p speller
	return !p.each(view(d), func(s spelt, text []byte) bool {
		return s.packed == 0 && !l.in(text) && !hasEscape(view(text)) && (len(text) < shortest64 || !l.enclosed(text))
	})
}

// number says whether the guard may find something in a number.
func (l *glance) number(d []byte) bool {
	return l.digits && (l.in(d) || bytes.ContainsAny(d, "eE"))
}

// part looks at a part of a message, with what is escaped in it undone and + as a space.
func (l *glance) part(d []byte) bool {
	if l.spoken(d) {
		return true
	}
	for i := range maxDecodings {
		if !mayEscape(view(d)) {
			break
		}
		decoded, ok := l.undo(i%2, everyday, d)
		if !ok {
			break
		}
		if d = decoded; l.spoken(d) {
			return true
		}
	}
	if bytes.IndexByte(d, '=') < 0 {
		return false
	}
	decoded, ok := l.undo(2, dialect{kinds: quotedEscapes}, d)
	return ok && l.in(decoded)
}

// undo undoes the escapes of a text once, in one of the buffers. It is false where there
// are none, or no room.
func (l *glance) undo(i int, d dialect, text []byte) ([]byte, bool) {
	if cap(l.texts[i]) < len(text) && !l.take(len(text)) {
		return nil, false
	}
	var met escapeKinds
	l.texts[i], met = d.decode(l.texts[i][:0], nil, view(text))
	return l.texts[i], met != 0
}

func (l *glance) spoken(d []byte) bool {
	if l.in(d) {
		return true
	}
	if !l.spaced || bytes.IndexByte(d, '+') < 0 || cap(l.texts[2]) < len(d) && !l.take(len(d)) {
		return false
	}
	l.texts[2] = append(l.texts[2][:0], d...)
	for i, c := range l.texts[2] {
		if c == '+' {
			l.texts[2][i] = ' '
		}
	}
	return l.in(l.texts[2])
}
