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
	inCookie
	inBody // a JSON text, or several
	inForm // the fields of an urlencoded or multipart body
	inText // a body that is neither
	roots
)

var rootNames = [roots]string{"path", "query", "header", "cookie", "body", "form", "text"}

// An address is a place in a request, or many: path.confID, query.user,
// header.X-User, body.stats.#.remoteID, body.**.ip, query.cx.@base64.@fromstr.id.
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
	stepQuery                   // #(name=="value")#: the elements in which a member of this name has this value
	stepDeep                    // **: any depth, none included
	stepKeys                    // @keys: the names of the members
	stepInto                    // into an encoding
)

type step struct {
	kind  stepKind
	name  string // folded; of a query, a pattern
	value string // of a query: a pattern
	into  codec
}

// parseAddress reads an address. The error says what is wrong with it.
func parseAddress(s scalar) (*address, error) {
	head, rest, found := strings.Cut(s.text, ".")
	a := &address{text: s.text, root: roots, line: s.line, col: s.col}
	for r, name := range rootNames {
		if head == name {
			a.root = root(r)
		}
	}
	switch {
	case a.root == roots:
		return nil, fmt.Errorf("%q is no part of a request; known are: %s", head, strings.Join(rootNames[:], ", "))
	case a.root == inText && !found:
		return a, nil
	case a.root == inText:
		return a, a.parseSteps(rest, afterText)
	case !found || rest == "":
		if a.root == inBody {
			return nil, errors.New("body needs a path: body.user, or body.** for all of it")
		}
		return nil, fmt.Errorf("%s needs a name: %s.NAME or %s.**", head, head, head)
	case a.root == inBody:
		return a, a.parseSteps(rest, afterJSON)
	}
	steps, err := a.parseName(rest)
	if err != nil || steps == "" {
		return a, err
	}
	return a, a.parseSteps(steps, afterText)
}

// capture returns the name of the capture that a path. address is about.
func (a *address) capture() (name string, ok bool) {
	if a.root != inPath || len(a.steps) == 0 || a.steps[0].kind != stepName {
		return "", false
	}
	name, _ = cutName(strings.TrimPrefix(a.text, "path."))
	return name, true
}

// cutName cuts a name off the steps into encodings that follow it. A dot belongs
// to the name: parameters are called a.b.
func cutName(s string) (name, steps string) {
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], ".@"):
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// parseName reads what follows path., query. and the like: one name. It returns
// the steps into encodings that follow the name.
func (a *address) parseName(s string) (steps string, err error) {
	name, steps := cutName(s)
	word, _, _ := strings.Cut(steps, ".")
	switch _, known := codecOf(strings.TrimPrefix(word, "@")); {
	case name == "":
		return "", errors.New("the address has an empty name")
	case word == "@keys":
		return "", errors.New("@keys: a text has no members; those of JSON in it are @fromstr.@keys")
	case word != "" && !known: // as part of the name it would never be what was meant
		return "", fmt.Errorf(`%q is no step into an encoding; steps are %s; in a name it is \%s`, word, strings.Join(codecList(), ", "), word)
	case name == "**" && steps == "":
		return "", nil // what an address names, it covers with all below
	case name == "**": // what is encoded in a value is not below it
		a.steps = append(a.steps, anyName)
		return steps, nil
	case a.root == inPath && len(a.steps) == 0:
		if !identifier(name) {
			return "", fmt.Errorf("%q names no capture; write path.NAME as in {NAME}, or path.**", name)
		}
		a.steps = []step{{kind: stepName, name: string(appendFold(nil, name))}}
		return steps, nil
	}
	parsed, err := parseStep(name)
	if a.root == inHeader && len(a.steps) == 0 {
		parsed = headerStep(parsed)
	}
	if parsed.kind == stepElement || strings.HasPrefix(name, "#(") {
		err = errors.New(`# is an element of an array, and there is none here; the name is \#`)
	}
	a.steps = append(a.steps, parsed)
	return steps, err
}

// after is what the steps read so far lead to, and so what may follow.
type after uint8

const (
	afterJSON after = iota // names, elements, @keys, steps into encodings
	afterText              // steps into encodings
	afterURL               // host, path, query.NAME, fragment, steps into encodings
	afterKeys              // nothing
)

// maxEncodings bounds what an address can cost: each step into an encoding may
// double the work to compile it. Nobody encodes a value eight times.
const maxEncodings = 8

// parseSteps reads gjson's path syntax as far as it names places, and steps into
// encodings.
func (a *address) parseSteps(path string, at after) error {
	encodings := 0
	for path != "" {
		piece, rest, err := cutStep(path)
		if err != nil {
			return err
		}
		if at == afterKeys {
			return errors.New("@keys is the last step: it selects names")
		}
		if n := len(a.steps); piece[0] == '#' && n > 0 && a.steps[n-1].kind == stepQuery {
			return fmt.Errorf("%q: an element that a query names has members, and no elements", piece)
		}
		into, isCodec := codec(0), false
		if piece[0] == '@' {
			into, isCodec = codecOf(piece[1:])
		}
		switch {
		case isCodec:
			if encodings++; encodings > maxEncodings {
				return fmt.Errorf("the address goes into more than %d encodings", maxEncodings)
			}
			a.steps = append(a.steps, step{kind: stepInto, into: into})
			at = into.leadsTo()
		case piece == "@keys" && at == afterJSON:
			a.steps = append(a.steps, step{kind: stepKeys})
			at = afterKeys
		case at == afterJSON:
			s, err := parseStep(piece)
			if err != nil {
				return err
			}
			a.steps = append(a.steps, s)
		case at == afterURL:
			a.steps = append(a.steps, step{kind: stepName, name: piece})
			switch {
			case piece == "query" && rest == "":
				return errors.New("query needs a name: @url.query.NAME or @url.query.**")
			case piece == "query":
				if rest, err = a.parseName(rest); err != nil {
					return err
				}
			case piece != "host" && piece != "path" && piece != "fragment":
				return fmt.Errorf("%q is no part of a URL; %s", piece, suggestion(piece, []string{"host", "path", "query.NAME", "fragment"}))
			}
			at = afterText
		default:
			return fmt.Errorf("%q: what stands there is text, only a step into an encoding may follow: %s", piece, strings.Join(codecList(), ", "))
		}
		path = rest
	}
	// What an address names, it covers with all below: ** at the end adds nothing.
	for len(a.steps) > 0 && a.steps[len(a.steps)-1].kind == stepDeep {
		a.steps = a.steps[:len(a.steps)-1]
	}
	return nil
}

// cutStep cuts the first step off a path.
func cutStep(path string) (piece, rest string, err error) {
	end := queryEnd(path)
	for end < len(path) && path[end] != '.' {
		if path[end] == '\\' {
			end++
		}
		end++
	}
	switch {
	case end > len(path):
		return "", "", errors.New(`the path ends in the middle of an escape; \\ is a backslash`)
	case end == 0 || end == len(path)-1:
		return "", "", errors.New("the path has an empty step")
	case end == len(path):
		return path, "", nil
	}
	return path[:end], path[end+1:], nil
}

func parseStep(text string) (step, error) {
	switch {
	case text == "#":
		return step{kind: stepElement}, nil
	case text == "**":
		return step{kind: stepDeep}, nil
	case strings.HasPrefix(text, "#("):
		return parseQuery(text)
	case text[0] == '#':
		return step{}, fmt.Errorf(`%q: of the forms with #, only # alone (every element) and #(name=="value")# name places here`, text)
	case text[0] == '@':
		return step{}, fmt.Errorf(`%q names no place to write to; steps are @keys, %s; a member of that name is \%s`, text, strings.Join(codecList(), ", "), text)
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
			name = appendLiteral(name, text[i])
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
	return step{kind: kind, name: string(appendFold(nil, string(name)))}, nil
}

// appendLiteral appends a character to a pattern in which it is not wild.
func appendLiteral(pattern []byte, c byte) []byte {
	if c == '*' || c == '?' || c == '\\' {
		pattern = append(pattern, '\\')
	}
	return append(pattern, c)
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
