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
	tokens bool                   // nobody has looked into JWTs
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
	*l = glance{least: maxLeast, all: l.all[:0]}
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
	g.look = newGlance(g)
	g.look.tokens = !g.looked
	if g.hides || !g.looked { // nobody has seen what is in base64
		return true
	}
	l := g.look
	if g.exponents && l.digits || slices.ContainsFunc(g.claims, l.body) || l.part(g.enclosed) || l.part([]byte(m.Path)) || l.part([]byte(m.Query)) || l.body(m.Body) {
		return true
	}
	for name, values := range m.Header {
		if framing[name] && name != "Cookie" && name != "Authorization" {
			continue
		}
		if l.part([]byte(name)) {
			return true
		}
		for _, v := range values {
			if l.part([]byte(v)) || l.tokens && mayHoldJWT([]byte(v)) || name == "Authorization" && len(v) > 6 && strings.EqualFold(v[:6], "Basic ") {
				return true
			}
		}
	}
	return false
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

func (l *glance) body(d []byte) bool {
	return l.part(d) || l.tokens && mayHoldJWT(d)
}

// part looks at a part of a message, with what is escaped in it undone and + as a space.
func (l *glance) part(d []byte) bool {
	if l.spoken(d) {
		return true
	}
	for range maxDecodings {
		if !mayEscape(view(d)) {
			break
		}
		decoded, escapes, _ := everyday.decode(nil, nil, view(d))
		if len(escapes) == 0 {
			break
		}
		if d = decoded; l.spoken(d) {
			return true
		}
	}
	if bytes.IndexByte(d, '=') < 0 {
		return false
	}
	decoded, escapes, _ := dialect{kinds: quotedEscapes}.decode(nil, nil, view(d))
	return len(escapes) > 0 && l.in(decoded)
}

func (l *glance) spoken(d []byte) bool {
	return l.in(d) || l.spaced && bytes.IndexByte(d, '+') >= 0 && l.in(bytes.ReplaceAll(d, []byte("+"), []byte(" ")))
}

// mayHoldJWT says whether what may be a JWT stands here.
func mayHoldJWT(d []byte) bool {
	for _, begin := range []string{"ey", "ew"} {
		for i := 0; ; i++ {
			k := bytes.Index(d[i:], []byte(begin))
			if k < 0 {
				break
			}
			if i += k; i > 0 && isBase64url(d[i-1]) {
				continue
			}
			end := i
			for end < len(d) && (isBase64url(d[end]) || d[end] == '.') {
				end++
			}
			if bytes.Count(d[i:end], []byte(".")) >= 2 {
				return true
			}
		}
	}
	return false
}
