package detect

import (
	"slices"
	"sync"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// folding is a text as a reader takes it, in ASCII where that says the same: digits of every script and in circles,
// letters in full width, the many dashes, spaces and dots, and nothing where characters have no width. Detectors read
// ASCII and know no other spelling.
type folding struct {
	text  []byte
	marks []mark
}

// mark is a place in both texts. There is one for every markEvery bytes of the folded one, so that a place in between is
// found by folding again from the mark before it: an offset for every byte would take four times the text.
type mark struct{ from, to uint32 }

const markEvery = 64

// foldings are reused unless they are larger than any text that is not content.
var foldings = sync.Pool{New: func() any { return new(folding) }}

const keepFolding = 64 << 10

// folded returns s as the detectors read it, with its hints. back leads from there to s; it is nil where nothing was
// folded, and else must be restored, after which the text is gone.
func folded(s string, h Hint) (text string, hints Hint, back *folding) {
	if h&hasFoldable == 0 || !foldable(s) {
		return s, h &^ hasFoldable, nil
	}
	back = foldings.Get().(*folding)
	back.text, back.marks = back.text[:0], back.marks[:0]
	ahead := 0
	for i := 0; i < len(s); {
		if len(back.text) >= len(back.marks)*markEvery {
			back.marks = append(back.marks, mark{uint32(i), uint32(len(back.text))})
		}
		c, n, size := step(s, i, last(back.text), &ahead)
		switch {
		case n == 1:
			back.text = append(back.text, c)
			hints |= Hints[c]
		case n > 1:
			back.text = append(back.text, s[i:i+size]...)
			hints |= Hints[s[i]] &^ hasFoldable
		}
		i += size
	}
	return unsafe.String(unsafe.SliceData(back.text), len(back.text)), hints, back
}

// restore turns spans of the folded text into those of s and gives the folding back.
func (f *folding) restore(spans []Span, s string) {
	if f == nil {
		return
	}
	for i := range spans {
		sp := &spans[i]
		sp.Start, _ = f.place(s, sp.Start)
		_, sp.End = f.place(s, sp.End-1)
	}
	if cap(f.text) <= keepFolding {
		foldings.Put(f)
	}
}

// place returns where the character of s that became byte i of the folded text begins, and where it ends with what
// stands over it.
func (f *folding) place(s string, i int) (from, end int) {
	// A mark is no later than its multiple of markEvery, but for a character that reaches over it.
	k := min(i/markEvery, len(f.marks)-1)
	if int(f.marks[k].to) > i {
		k--
	}
	m := f.marks[k]
	ahead := 0
	for from, to := int(m.from), int(m.to); ; {
		c, n, size := step(s, from, last(f.text[:to]), &ahead)
		if to+n > i {
			end = from + size
			for r, size := utf8.DecodeRuneInString(s[end:]); combining(r) && isDigit(c); r, size = utf8.DecodeRuneInString(s[end:]) {
				end += size
			}
			return from, end
		}
		from, to = from+size, to+n
	}
}

func last(text []byte) byte {
	if len(text) == 0 {
		return 0
	}
	return text[len(text)-1]
}

// foldable reports whether folded would change anything.
func foldable(s string) bool {
	before, ahead := byte(0), 0
	for i := 0; i < len(s); {
		c, n, size := step(s, i, before, &ahead)
		if n != size {
			return true
		}
		i += size
		before = c
	}
	return false
}

// step folds the character at i: into c if n is 1, into itself if n is size, into nothing if n is 0. before is the byte
// that the folded text ends with. ahead, 0 at first, is what parts remembers from step to step.
func step(s string, i int, before byte, ahead *int) (c byte, n, size int) {
	if c := s[i]; c < utf8.RuneSelf {
		return c, 1, 1
	}
	r, size := utf8.DecodeRuneInString(s[i:])
	if size == 1 {
		return s[i], 1, 1
	}
	if invisible(r) && !parts(s, i+size, before, ahead) || combining(r) && isDigit(before) { // a digit with a stroke is a digit
		return 0, 0, size
	}
	if c := ascii(r, before); c != 0 {
		return c, 1, size
	}
	return s[i+size-1], size, size
}

// parts reports whether characters without width stand between a letter and a digit: there they may be what keeps a
// number apart from a name. Anywhere else they only hide what they stand in. However many there are, they are read once:
// ahead is where they end.
func parts(s string, i int, before byte, ahead *int) bool {
	if !isWord(before) && before < utf8.RuneSelf {
		return false
	}
	if *ahead < i {
		*ahead = visibleAt(s, i)
	}
	if *ahead == len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[*ahead:])
	c := ascii(r, before)
	return isDigit(c) != isDigit(before) && (isWord(c) || c == 0)
}

// visibleAt returns where the first character from i on begins that has a width of its own.
func visibleAt(s string, i int) int {
	for i < len(s) {
		r, size := utf8.DecodeRuneInString(s[i:])
		if !invisible(r) && !combining(r) {
			break
		}
		i += size
	}
	return i
}

// invisible reports whether a character has no width of its own: soft hyphens, joiners, marks of direction, selectors of
// a variant.
func invisible(r rune) bool {
	switch {
	case r < 0xAD:
		return false
	case r == 0xAD, r == 0x034F, r == 0x061C, r == 0x180E, r == 0xFEFF:
		return true
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x2069:
		return true
	case 0xFE00 <= r && r <= 0xFE0F, r == 0xE0001, r == 0xE007F, 0xE0100 <= r && r <= 0xE01EF:
		return true
	}
	return false
}

// combining reports whether a character stands over, under or around the one before it: the blocks of marks that go with
// any script.
func combining(r rune) bool {
	switch {
	case 0x0300 <= r && r <= 0x036F, 0x1AB0 <= r && r <= 0x1AFF, 0x1DC0 <= r && r <= 0x1DFF, 0x20D0 <= r && r <= 0x20FF, 0xFE20 <= r && r <= 0xFE2F:
		return true
	}
	return false
}

// ascii returns the ASCII character that says the same as r, 0 where there is none.
func ascii(r rune, before byte) byte {
	switch {
	case r < utf8.RuneSelf:
		return byte(r)
	case 0xFF01 <= r && r <= 0xFF5E: // full width
		return byte(r - 0xFF00 + 0x20)
	case 0xE0020 <= r && r <= 0xE007E: // tags
		return byte(r - 0xE0000)
	case r == 0xA0, r == 0x1680, r == 0x202F, r == 0x205F, r == 0x3000, 0x2000 <= r && r <= 0x200A:
		return ' '
	case r == 0x58A, r == 0x1806, 0x2010 <= r && r <= 0x2015, r == 0x2043, r == 0x207B, r == 0x208B, r == 0x2212, r == 0x2796,
		r == 0xFE58, r == 0xFE63:
		return '-'
	case r == 0x30FC && isDigit(before): // lengthens a vowel after a letter
		return '-'
	case r == 0x2024, r == 0x3002, r == 0xFE52, r == 0xFF61: // RFC 3490, section 3.1, has the last two
		return '.'
	case isDigit(before) && (r == 0xB7 || r == 0x2022 || r == 0x2027 || r == 0x2219 || r == 0x22C5 || r == 0x30FB):
		return '.'
	case r == 0x207A, r == 0x2795, r == 0xFB29, r == 0xFE62:
		return '+'
	case r == 0x2044, r == 0x2215:
		return '/'
	case r == 0xFE6B:
		return '@'
	case r == 0xFE55:
		return ':'
	}
	if isDigit(before) || before == '+' {
		if i := slices.Index(ideographs, r); i >= 0 {
			return byte(i) + '0'
		}
	}
	return digit(r)
}

// ideographs are the digits of Chinese and Japanese. Between other characters they are words.
var ideographs = []rune("〇一二三四五六七八九")

// digit returns the digit that r is in some script, raised, lowered or enclosed; 0 where it is none.
func digit(r rune) byte {
	switch {
	case r == 0xB9:
		return '1'
	case r == 0xB2, r == 0xB3:
		return byte(r-0xB2) + '2'
	case r == 0x2070, 0x2074 <= r && r <= 0x2079:
		return byte(r-0x2070) + '0'
	case 0x2080 <= r && r <= 0x2089:
		return byte(r-0x2080) + '0'
	case r == 0x24EA, r == 0x24FF:
		return '0'
	}
	for _, one := range enclosed {
		if one <= r && r <= one+8 {
			return byte(r-one) + '1'
		}
	}
	return decimal(r)
}

// enclosed holds the 1 of each row of enclosed digits: in circles and brackets, with a full stop.
var enclosed = [...]rune{0x2460, 0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A}

// decimal relies on Unicode's promise that the digits of a script are ten characters in order.
func decimal(r rune) byte {
	if !unicode.Is(unicode.Nd, r) {
		return 0
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10)
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + byte((r-rune(t.Lo))%10)
		}
	}
	return 0
}
