package rules

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// shape returns a text of a query or form as its structure is read: there a + that
// is not encoded is a space, unless a number begins with it.
func (t *treater) shape(text string) string {
	if t.bare == "" {
		return text
	}
	return numbersPlus(text, t.bare)
}

// jsonShape is shape for JSON: but for that of an exponent, no + in it stands
// outside a string.
func (t *treater) jsonShape(text string) []byte {
	if t.bare == "" {
		return []byte(text)
	}
	b := []byte(t.bare)
	for i := 2; i < len(b); i++ {
		if b[i] != text[i] && text[i-1]|0x20 == 'e' && text[i-2]-'0' <= 9 {
			b[i] = '+'
		}
	}
	return b
}

// in says whether a text is in an encoding.
func (t *treater) in(into codec, text string) bool {
	switch into {
	case fromstr:
		w := getWalker()
		defer w.release()
		w.t.depth = t.depth
		return w.valid(t.jsonShape(text), noAddresses)
	case base64s:
		_, _, ok := fromBase64(text)
		return ok
	case pct:
		_, ok := unpercent(text)
		return ok
	case jwt:
		_, ok := splitJWT(t.shape(text))
		return ok
	}
	return urlLike(text)
}

var errBroken = &Error{Reason: Unsafe, Detail: "what one rule leaves of a value is not in the encoding that another one goes into"}

// follow takes a text through the encodings that it is in, and treats what stands
// across the parts of it.
func (t *treater) follow(q *plan, text string) error {
	var edits []edit
	now, bare := text, t.bare // with the edits of the encodings before
	for i := range q.passages {
		way := &q.passages[i]
		if now != text {
			t.bare = ""
		}
		if i > 0 && !t.in(way.into, now) {
			return errBroken
		}
		t.edits = nil
		if err := t.through(way, now); err != nil {
			return err
		}
		if t.removed {
			t.edits, t.bare = nil, bare
			return nil
		}
		changed := slices.ContainsFunc(t.edits, func(e edit) bool { return !e.unchanged() })
		switch after := t.apply(now); {
		case i == 0:
			edits, now = t.edits, after
		case changed: // what was where is lost, but for what is the same at both ends
			edits, now = []edit{difference(text, after)}, after
		}
	}
	t.edits, t.bare = edits, bare
	settled := t.settled
	if err := t.treat(q.again, nil, text, false); err != nil {
		return err
	}
	t.settled = t.settled || settled
	return nil
}

// passing is about how many copies of a text there are while its encoding is undone.
const passing = 3

// through follows a text into an encoding that it is in, treats what is inside, and
// collects in t.edits what of the text changes by it.
func (t *treater) through(p *passage, text string) error {
	inner := getWalker()
	defer inner.release()
	place := t.place
	inner.outer = func() string { return place() + ".@" + codecNames[p.into] }
	inner.t.replace, inner.t.collect, inner.t.depth, inner.t.deep, inner.t.room = t.replace, t.collect, t.depth, t.deep, t.room
	inner.t.told, inner.t.issued, inner.t.marks, inner.t.met = t.told, t.issued, true, t.met
	inner.t.guard, inner.t.inJWT, inner.t.unguarded = t.guard, t.inJWT || p.into == jwt, t.unguarded || p.rejects
	defer func() { t.met = inner.t.met }()
	if p.keeps != nil {
		inner.t.told = p.keeps
	}
	err := t.room.take(passing * len(text))
	if err != nil {
		return err
	}
	defer func() { _ = t.room.take(-passing * len(text)) }()
	switch p.into {
	case fromstr:
		err = t.throughJSON(inner, p, text)
	case base64s:
		if t.guard != nil {
			t.guard.hides = true
		}
		err = t.throughBase64(inner, p, text)
	case pct:
		err = t.throughPercent(inner, p, text)
	case jwt:
		err = t.throughJWT(inner, p, text)
	case urls:
		err = t.throughURL(inner, p, text)
	}
	if err != nil || t.collect != nil {
		return err
	}
	if p.keeps != nil {
		t.settled = true
		return t.tell(p.keeps, text) // once, not for each value inside
	}
	return nil
}

// throughJSON treats the JSON texts in a string.
func (t *treater) throughJSON(w *walker, p *passage, text string) error {
	if t.bare != "" {
		w.plus = &formText{text, t.bare}
	}
	err := w.run(t.jsonShape(text), p.inner)
	t.removed = w.removed
	for _, s := range w.patches {
		t.edits = append(t.edits, edit{start: s.start, end: s.end, rule: s.rule, was: text[s.start:s.end], with: s.with, done: true})
	}
	return err
}

// throughPercent treats the text that a percent-encoding spells.
func (t *treater) throughPercent(w *walker, p *passage, text string) error {
	decoded, _ := unpercent(text)
	if t.bare != "" {
		if w.t.bare, _ = unpercent(t.bare); w.t.bare == decoded {
			w.t.bare = ""
		}
	}
	w.t.place = w.outer
	err := w.t.value(p.inner.root(), decoded)
	t.removed, t.settled = w.t.removed, w.t.settled
	t.edits = w.t.respelled(t.edits, text, 0)
	return err
}

// throughBase64 treats the text that base64 spells, in either alphabet, padded or
// not, and spells it in the same way again.
func (t *treater) throughBase64(w *walker, p *passage, text string) error {
	enc, decoded, _ := fromBase64(text)
	w.t.place = w.outer
	err := w.t.value(p.inner.root(), decoded)
	t.removed, t.settled = w.t.removed, w.t.settled
	if len(w.t.edits) == 0 { // it may only look like base64
		return err
	}
	e := edit{end: len(text), was: text, with: text, done: true}
	if out := w.t.apply(decoded); out != decoded {
		e.with = enc.EncodeToString([]byte(out))
	}
	t.edits = append(t.edits, e)
	return err
}

// fromBase64 decodes base64 of text, and says in which of its forms it is.
func fromBase64(text string) (*base64.Encoding, string, bool) {
	enc := base64Of(text)
	if strings.HasSuffix(text, "=") && len(text)%4 != 0 {
		return nil, "", false
	}
	b, err := enc.DecodeString(text)
	if err != nil || len(b) == 0 || strings.ContainsAny(text, "\r\n") || !utf8.Valid(b) {
		return nil, "", false
	}
	return enc, string(b), true
}

// jwtParts are a JWT (RFC 7519) in compact form: text[start:], in three parts.
type jwtParts struct {
	start                     int
	head, body, seal          string // as spelled
	header, claims, signature []byte
}

// splitJWT cuts a JWT, alone or after Bearer.
func splitJWT(text string) (p jwtParts, ok bool) {
	if len(text) > 7 && strings.EqualFold(text[:7], "Bearer ") {
		p.start = len(text) - len(strings.TrimLeft(text[7:], " "))
	}
	parts := strings.Split(text[p.start:], ".")
	if len(parts) != 3 {
		return p, false
	}
	p.head, p.body, p.seal = parts[0], parts[1], parts[2]
	for _, d := range []struct {
		into *[]byte
		from string
	}{{&p.header, p.head}, {&p.claims, p.body}, {&p.signature, p.seal}} {
		var err error
		if *d.into, err = base64.RawURLEncoding.DecodeString(d.from); err != nil {
			return p, false
		}
	}
	if !isObject(p.header) || !isObject(p.claims) {
		return p, false
	}
	w := getWalker()
	defer w.release()
	return p, w.valid(p.claims, noAddresses)
}

// throughJWT treats the claims of a JWT. Its header and its signature stay: what
// personal data they hold cannot be replaced.
func (t *treater) throughJWT(w *walker, p *passage, text string) error {
	token, _ := splitJWT(t.shape(text))
	if look := p.inner.kit.look; look != nil && t.collect == nil && (look.personal(token.header) || look.personal(token.signature)) {
		return errToken
	}
	w.t.issued = issuedAt(token.claims)
	out, changed, err := w.rewrite(nil, token.claims, p.inner)
	t.removed = w.removed
	e := edit{start: token.start, end: len(text), was: text[token.start:], with: text[token.start:], done: true}
	switch {
	case err != nil:
	case changed:
		t.guard.see(out)
	default:
		t.guard.see(token.claims)
	}
	if changed {
		e.with = token.head + "." + base64.RawURLEncoding.EncodeToString(out) + "." + token.seal
	}
	t.edits, t.settled = append(t.edits, e), true
	return err
}

// issuedAt returns the time of the claim iat (RFC 7519, section 4.1.6), the zero
// time where there is none that is one.
func issuedAt(claims []byte) time.Time {
	var c struct {
		IssuedAt float64 `json:"iat"`
	}
	if json.Unmarshal(claims, &c) != nil || !(c.IssuedAt > 0 && c.IssuedAt < 1<<40) {
		return time.Time{}
	}
	return time.Unix(int64(c.IssuedAt), 0)
}

func isObject(b []byte) bool {
	i := skipSpace(b, 0)
	return i < len(b) && b[i] == '{'
}

// A urlPart is a part of a URL: text[start:end].
type urlPart struct {
	name       string
	start, end int
}

// splitURL cuts a URL or relative reference (RFC 3986, appendix B) into the
// parts that an address can name, and the others, which have no name. The slash
// that begins a path is no part of it: what takes the path's place stays a path.
func splitURL(text string) []urlPart {
	var parts []urlPart
	add := func(name string, start, end int) {
		if start < end {
			parts = append(parts, urlPart{name, start, end})
		}
	}
	at, end := 0, len(text)
	fragment := end
	if i := strings.IndexByte(text, '#'); i >= 0 {
		fragment, end = i, i
	}
	query := end
	if i := strings.IndexByte(text[:end], '?'); i >= 0 {
		query, end = i, i
	}
	if i := strings.IndexAny(text[:end], ":/"); i > 0 && text[i] == ':' {
		at = i + 1 // the scheme
		add("", 0, i)
	}
	if strings.HasPrefix(text[at:end], "//") {
		at += 2
		stop := end
		if i := strings.IndexByte(text[at:end], '/'); i >= 0 {
			stop = at + i
		}
		host := at
		if i := strings.LastIndexByte(text[at:stop], '@'); i >= 0 {
			host = at + i + 1
			add("", at, host-1) // user information
		}
		port := stop
		if i := strings.LastIndexByte(text[host:stop], ':'); i >= 0 && !strings.HasSuffix(text[:stop], "]") {
			port = host + i
		}
		add("host", host, port)
		at = stop
	}
	if at < end && text[at] == '/' {
		at++
	}
	add("path", at, end)
	if query < fragment {
		add("query", query+1, fragment)
	}
	if fragment < len(text) {
		add("fragment", fragment+1, len(text))
	}
	return parts
}

// urlLike says whether a text may be a URL or relative reference: all are but those
// whose query cannot be decoded.
func urlLike(text string) bool {
	for _, part := range splitURL(text) {
		if part.name == "query" && !pairsReadable(text[part.start:part.end]) {
			return false
		}
	}
	return true
}

// throughURL treats the parts of a URL: those of the query decoded, the others as
// they are spelled.
func (t *treater) throughURL(w *walker, p *passage, text string) error {
	a := p.inner
	w.auto, w.depth = a, t.depth
	for _, part := range splitURL(text) {
		state, outer := a.sink, w.outer
		if part.name != "" {
			state = a.member(0, part.name)
			outer = func() string { return w.outer() + "." + part.name }
		}
		raw := text[part.start:part.end]
		var edits []edit
		var err error
		if part.name == "query" {
			edits, err = w.pairs(state, raw, outer)
		} else {
			if w.t.place = outer; t.bare != "" && t.bare[part.start:part.end] != raw {
				w.t.bare = t.bare[part.start:part.end]
			}
			err = w.t.value(w.planAt(state), raw)
			if edits, w.t.bare = w.t.edits, ""; w.t.removed { // what is left is a URL without it
				edits = []edit{{end: len(raw), was: raw, done: true}}
			}
		}
		if err != nil {
			return err
		}
		for _, e := range edits {
			e.start, e.end = part.start+e.start, part.start+e.end
			t.edits = append(t.edits, e)
		}
	}
	return nil
}

// noAddresses is an automaton for texts that are only checked.
var noAddresses, _ = compile(nil, &kit{build: newBuild()})
