package rules

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// root is the part of a request in which an address looks.
type root uint8

const (
	inPath root = iota
	inQuery
	inHeader
	inBody
	roots
)

var rootNames = [roots]string{"path", "query", "header", "body"}

// An address is a place in a request, or many: path.confID, query.user,
// header.X-User, body.stats.#.remoteID, body.**.ip.
type address struct {
	text      string
	root      root
	steps     []step
	line, col int // in its file
}

type stepKind uint8

const (
	stepName    stepKind = iota // a member of this name; a number also the element
	stepPattern                 // members whose name matches * and ?
	stepElement                 // #: every element
	stepDeep                    // **: any depth, none included
)

type step struct {
	kind stepKind
	name string // folded
}

func parseAddress(s scalar) (*address, error) {
	text := s.text
	head, rest, found := strings.Cut(text, ".")
	a := &address{text: text, root: roots, line: s.line, col: s.col}
	for r, name := range rootNames {
		if head == name {
			a.root = root(r)
		}
	}
	if a.root == roots {
		return nil, fmt.Errorf("%q is no part of a request; %s", head, suggestion(head, rootNames[:]))
	}
	if !found || rest == "" {
		if a.root == inBody {
			return nil, errors.New("body needs a path: body.user, or body.** for all of it")
		}
		return nil, fmt.Errorf("%s needs a name: %s.NAME or %s.**", head, head, head)
	}
	if a.root != inBody {
		return a, a.parseName(rest)
	}
	return a, a.parsePath(rest)
}

// parseName reads what follows path., query. and header.: one name.
func (a *address) parseName(name string) error {
	if name == "**" {
		return nil // what an address names, it covers with all below
	}
	if a.root == inPath {
		if !identifier(name) {
			return fmt.Errorf("%q names no capture; write path.NAME as in {NAME}, or path.**", name)
		}
		a.steps = []step{{stepName, string(appendFold(nil, name))}}
		return nil
	}
	// A dot belongs to the name here: parameters are called a.b.
	parsed, err := parseStep(name)
	if parsed.kind == stepElement {
		err = fmt.Errorf(`# is an element of an array, and there is none here; the name is \#`)
	}
	a.steps = []step{parsed}
	return err
}

// parsePath reads gjson's path syntax as far as it names places.
func (a *address) parsePath(path string) error {
	for {
		end := 0
		for end < len(path) && path[end] != '.' {
			if path[end] == '\\' {
				end++
			}
			end++
		}
		if end > len(path) {
			return errors.New(`the path ends in the middle of an escape; \\ is a backslash`)
		}
		if end == 0 {
			return errors.New("the path has an empty step")
		}
		s, err := parseStep(path[:end])
		if err != nil {
			return err
		}
		a.steps = append(a.steps, s)
		if end == len(path) {
			break
		}
		path = path[end+1:]
	}
	// What an address names, it covers with all below: ** at the end adds nothing.
	for len(a.steps) > 0 && a.steps[len(a.steps)-1].kind == stepDeep {
		a.steps = a.steps[:len(a.steps)-1]
	}
	return nil
}

func parseStep(text string) (step, error) {
	switch {
	case text == "#":
		return step{kind: stepElement}, nil
	case text == "**":
		return step{kind: stepDeep}, nil
	case text[0] == '#':
		return step{}, fmt.Errorf("%q: of the forms with #, only # alone (every element) names places here", text)
	case text[0] == '@':
		return step{}, fmt.Errorf(`%q: modifiers name no place to write to; a member of that name is \%s`, text, text)
	case text[0] == '!' || text[0] == '{' || text[0] == '[':
		return step{}, fmt.Errorf(`%q: literals and multipaths name no place to write to; escape the first character with \`, text)
	}
	var name []byte
	kind := stepName
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\\':
			if i++; i == len(text) {
				return step{}, errors.New(`the path ends in the middle of an escape; \\ is a backslash`)
			}
			if text[i] == '*' || text[i] == '?' || text[i] == '\\' {
				name = append(name, '\\')
			}
			name = append(name, text[i])
		case '|':
			return step{}, fmt.Errorf(`%q: pipes name no place to write to; a | in a name is \|`, text)
		case '*', '?':
			kind = stepPattern
			name = append(name, c)
		default:
			name = append(name, c)
		}
	}
	if kind == stepName {
		name = []byte(unescapePattern(string(name)))
	}
	return step{kind, string(appendFold(nil, string(name)))}, nil
}

// unescapePattern removes the backslashes that keep * and ? from being wild.
func unescapePattern(s string) string {
	return strings.NewReplacer(`\*`, `*`, `\?`, `?`, `\\`, `\`).Replace(s)
}

// appendFold appends name with all spellings of upper and lower case made one,
// the way parsers do that match members without case: U+017F is s, U+212A k.
func appendFold(dst []byte, name string) []byte {
	for _, r := range name {
		if r < 0x80 {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			dst = append(dst, byte(r))
			continue
		}
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if f >= 'a' && f <= 'z' {
				least = f
				break
			}
			if f < least && (f >= 0x80) {
				least = f
			}
		}
		dst = utf8.AppendRune(dst, least)
	}
	return dst
}

// wild says whether a folded name matches a folded pattern of * and ?. It is
// the greedy algorithm with one point to return to: quadratic at worst.
func wild(pattern, name string) bool {
	p, n, star, mark := 0, 0, -1, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, n
			p++
			continue
		case p < len(pattern) && pattern[p] == '?':
			p++
			n++
			for n < len(name) && name[n]&0xC0 == 0x80 { // the rest of one character
				n++
			}
			continue
		case p < len(pattern):
			q := p
			if pattern[q] == '\\' && q+1 < len(pattern) {
				q++
			}
			if pattern[q] == name[n] {
				p = q + 1
				n++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, n = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}
