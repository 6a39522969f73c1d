package detect

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// words finds words of a list, whole and in any case. They stand in a trie of folded characters, which is entered only
// where a word may begin: the work on a place of the text does not grow with the number of words.
type words struct {
	name string
	// starts says with which ASCII characters, folded, a word begins: the quick way to say no.
	starts [utf8.RuneSelf]bool
	high   bool // some word begins with another character
	nodes  []node
	edges  []edge  // of node 0, then of node 1, ...; those of one node in the order of their characters
	values []Value // what each word stands for; nil: it is only a word of the list
}

// node is a place in the trie: edges[from:upto] lead on from it.
type node struct {
	from, upto int32
	word       int32 // one more than the index of the word that ends here; 0: none does
}

type edge struct {
	r  rune
	to int32
}

// maxWord bounds a word, in bytes, as everything that is looked at around a place is bounded.
const maxWord = 254

// Words returns a detector of Own that finds the words: whole ones only, not inside longer words or numbers of any
// script, and with upper and lower case alike (Unicode's simple case folding). A word may hold spaces.
func Words(name string, list []string) (*Detector, error) {
	if len(list) == 0 {
		return nil, errors.New("the list of words is empty")
	}
	w := &words{name: name}
	folded := make([]string, len(list))
	for i, word := range list {
		switch {
		case strings.TrimSpace(word) == "":
			return nil, fmt.Errorf("word %d of the list is empty", i+1)
		case len(word) > maxWord:
			return nil, fmt.Errorf("word %d of the list has %d bytes, more than %d", i+1, len(word), maxWord)
		case !utf8.ValidString(word):
			return nil, fmt.Errorf("word %d of the list is not UTF-8", i+1)
		}
		folded[i] = strings.Map(fold, word)
	}
	slices.Sort(folded)
	w.build(slices.Compact(folded))
	return &Detector{kind: Own, own: w}, nil
}

// Value is a text that was found before, with the name and the canonical form that its findings are to have.
type Value struct{ Text, Name, Canonical string }

// Values returns a detector of Own that finds texts as Words does. Of values that differ in case only, that of the least
// canonical form counts, in whatever order they are; those that Words would not take are left out. Without any it is nil.
func Values(list []Value) *Detector {
	w := &words{}
	byText := make(map[string]Value, len(list))
	folded := make([]string, 0, len(list))
	for _, v := range list {
		if strings.TrimSpace(v.Text) == "" || len(v.Text) > maxWord || !utf8.ValidString(v.Text) {
			continue
		}
		text := strings.Map(fold, v.Text)
		had, twice := byText[text]
		if !twice {
			folded = append(folded, text)
		}
		if !twice || v.Canonical < had.Canonical {
			byText[text] = v
		}
	}
	if len(folded) == 0 {
		return nil
	}
	slices.Sort(folded)
	for _, text := range folded {
		w.values = append(w.values, byText[text])
	}
	w.build(folded)
	return &Detector{kind: Own, own: w}
}

// build makes the trie of folded words, which are in order and unlike each other: the words that share a beginning are
// a range of them, and each edge that leads on from there takes a part of the range.
func (w *words) build(folded []string) {
	type part struct {
		words []string
		first int // the index of the first of them
		done  int // bytes on the way from the root
	}
	w.nodes = []node{{}}
	for parts := []part{{folded, 0, 0}}; len(parts) > 0; parts = parts[1:] {
		p := parts[0]
		n := &w.nodes[len(w.nodes)-len(parts)]
		n.from = int32(len(w.edges))
		if len(p.words[0]) == p.done {
			p.first++
			n.word = int32(p.first)
			p.words = p.words[1:]
		}
		for len(p.words) > 0 {
			r, size := utf8.DecodeRuneInString(p.words[0][p.done:])
			next := p.words[0][:p.done+size]
			k := 1
			for k < len(p.words) && strings.HasPrefix(p.words[k], next) {
				k++
			}
			w.edges = append(w.edges, edge{r, int32(len(w.nodes))})
			w.nodes = append(w.nodes, node{})
			parts = append(parts, part{p.words[:k], p.first, p.done + size})
			p.words, p.first = p.words[k:], p.first+k
		}
	}
	for i := range w.nodes {
		// The nodes were numbered in the order in which their edges were written.
		w.nodes[i].upto = int32(len(w.edges))
		if i > 0 {
			w.nodes[i-1].upto = w.nodes[i].from
		}
	}
	for _, e := range w.edges[:w.nodes[0].upto] {
		if e.r < utf8.RuneSelf {
			w.starts[e.r] = true
		}
		// K and S are cases of characters beyond ASCII too.
		w.high = w.high || e.r >= utf8.RuneSelf || e.r == 'K' || e.r == 'S'
	}
}

// next returns the node to which the folded character leads from n, 0 where it leads nowhere.
func (w *words) next(n int32, r rune) int32 {
	edges := w.edges[w.nodes[n].from:w.nodes[n].upto]
	const few = 8
	for len(edges) > few {
		if half := len(edges) / 2; edges[half].r <= r {
			edges = edges[half:]
		} else {
			edges = edges[:half]
		}
	}
	for _, e := range edges {
		if e.r == r {
			return e.to
		}
	}
	return 0
}

func (w *words) find(dst []Span, s string) []Span {
	inside := false // the character before goes on with what begins after it
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			word := isWord(c)
			if w.starts[foldASCII[c]] && !(word && inside) {
				if end, word := w.longest(s, i); end > 0 {
					dst = append(dst, w.span(i, end, word))
					i, inside = end, endsInWord(s, end)
					continue
				}
			}
			inside = word
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		word := partOfWord(r)
		if w.high && !(word && inside) {
			if end, word := w.longest(s, i); end > 0 {
				dst = append(dst, w.span(i, end, word))
				i, inside = end, endsInWord(s, end)
				continue
			}
		}
		inside = word
		i += size
	}
	return dst
}

func (w *words) span(start, end int, word int32) Span {
	if w.values == nil {
		return Span{Start: start, End: end, Kind: Own, Name: w.name}
	}
	v := w.values[word-1]
	return Span{Start: start, End: end, Kind: Own, Name: v.Name, Canonical: v.Canonical}
}

// longest returns where the longest word that begins at i ends, and which it is; 0 where there is none.
func (w *words) longest(s string, i int) (end int, word int32) {
	n := int32(0)
	for i < len(s) {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			if r, size = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && size == 1 {
				return end, word
			}
		}
		if n = w.next(n, fold(r)); n == 0 {
			return end, word
		}
		i += size
		if w.nodes[n].word > 0 && !(partOfWord(r) && startsWord(s, i)) {
			end, word = i, w.nodes[n].word
		}
	}
	return end, word
}

// partOfWord reports whether r makes a word longer that it stands beside: a letter or digit, or what is written onto one.
func partOfWord(r rune) bool {
	if r < utf8.RuneSelf {
		return isWord(byte(r))
	}
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r))
}

func startsWord(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return partOfWord(r)
}

func endsInWord(s string, i int) bool {
	r, _ := utf8.DecodeLastRuneInString(s[:i])
	return partOfWord(r)
}

// fold returns one character for all that differ in case only.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		return rune(foldASCII[r])
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return least
}

// foldASCII makes small letters capital: those come first in their orbits.
var foldASCII = makeFoldASCII()

func makeFoldASCII() (t [utf8.RuneSelf]byte) {
	for c := range t {
		t[c] = byte(c)
		if 'a' <= c && c <= 'z' {
			t[c] = byte(c) &^ 0x20
		}
	}
	return t
}
