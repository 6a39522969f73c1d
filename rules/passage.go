package rules

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"
)

// through follows a value into an encoding, treats what is inside, and collects
// in t.edits what of the value changes by it. It says false where the value is
// not in this encoding; then nothing was done.
func (t *treater) through(p *passage, text string) (applied bool, err error) {
	if t.bare != "" && p.into != base64s {
		text = numbersPlus(text, t.bare)
	}
	inner := getWalker()
	defer inner.release()
	place := t.place
	inner.outer = func() string { return place() + ".@" + codecNames[p.into] }
	inner.t.replace, inner.t.collect, inner.t.depth = t.replace, t.collect, t.depth
	inner.t.told, inner.t.issued, inner.t.marks = t.told, t.issued, true
	if p.keeps != nil {
		inner.t.told = p.keeps
	}
	switch p.into {
	case fromstr:
		applied, err = t.throughJSON(inner, p, text)
	case base64s:
		applied, err = t.throughBase64(inner, p, text)
	case pct:
		applied, err = t.throughPercent(inner, p, text)
	case jwt:
		applied, err = t.throughJWT(inner, p, text)
	case urls:
		applied, err = t.throughURL(inner, p, text)
	}
	if err == nil && applied && p.keeps != nil && t.collect == nil {
		return true, t.tell(p.keeps, text) // once, not for each value inside
	}
	return applied, err
}

// throughJSON treats the JSON texts in a string.
func (t *treater) throughJSON(w *walker, p *passage, text string) (bool, error) {
	doc := []byte(text)
	if !w.valid(doc, p.inner) {
		return false, nil
	}
	if err := w.run(doc, p.inner); err != nil {
		return true, err
	}
	t.removed = w.removed
	for _, s := range w.patches {
		t.edits = append(t.edits, edit{start: s.start, end: s.end, rule: s.rule, was: text[s.start:s.end], with: s.with, done: true})
	}
	return true, nil
}

// throughPercent treats the text that a percent-encoding spells.
func (t *treater) throughPercent(w *walker, p *passage, text string) (bool, error) {
	decoded, ok := unpercent(text)
	if !ok {
		return false, nil
	}
	w.t.place = w.outer
	if err := w.t.value(p.inner.root(), decoded); err != nil {
		return true, err
	}
	t.removed = w.t.removed
	t.edits = w.t.respelled(t.edits, text, 0)
	return true, nil
}

// throughBase64 treats the text that base64 spells, in either alphabet, padded or
// not, and spells it in the same way again.
func (t *treater) throughBase64(w *walker, p *passage, text string) (bool, error) {
	enc, decoded, ok := fromBase64(text)
	if !ok {
		return false, nil
	}
	w.t.place = w.outer
	if err := w.t.value(p.inner.root(), decoded); err != nil {
		return true, err
	}
	t.removed = w.t.removed
	e := edit{end: len(text), was: text, with: text, done: true}
	if out := w.t.apply(decoded); out != decoded {
		e.with = enc.EncodeToString([]byte(out))
	}
	t.edits = append(t.edits, e)
	return true, nil
}

// fromBase64 decodes base64 of text, and says in which of its forms it is.
func fromBase64(text string) (*base64.Encoding, string, bool) {
	enc := base64.RawStdEncoding
	if strings.ContainsAny(text, "-_") {
		enc = base64.RawURLEncoding
	}
	if strings.HasSuffix(text, "=") {
		if enc = enc.WithPadding('='); len(text)%4 != 0 {
			return nil, "", false
		}
	}
	b, err := enc.DecodeString(text)
	if err != nil || len(b) == 0 || strings.ContainsAny(text, "\r\n") || !utf8.Valid(b) {
		return nil, "", false
	}
	return enc, string(b), true
}

// throughJWT treats the claims of a JWT (RFC 7519), alone or after Bearer. Its
// header and its signature stay: what personal data they hold cannot be replaced.
func (t *treater) throughJWT(w *walker, p *passage, text string) (bool, error) {
	start := 0
	if len(text) > 7 && strings.EqualFold(text[:7], "Bearer ") {
		start = len(text) - len(strings.TrimLeft(text[7:], " "))
	}
	head, rest, ok := strings.Cut(text[start:], ".")
	body, signature, ok2 := strings.Cut(rest, ".")
	if !ok || !ok2 {
		return false, nil
	}
	header, err := base64.RawURLEncoding.DecodeString(head)
	claims, err2 := base64.RawURLEncoding.DecodeString(body)
	seal, err3 := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || err2 != nil || err3 != nil || !isObject(header) || !isObject(claims) || !w.valid(claims, p.inner) {
		return false, nil
	}
	if look := p.inner.kit.look; look != nil && t.collect == nil && (look.personal(header) || look.personal(seal)) {
		return true, errToken
	}
	w.t.issued = issuedAt(claims)
	out, changed, err := w.rewrite(nil, claims, p.inner)
	e := edit{start: start, end: len(text), was: text[start:], with: text[start:], done: true}
	if changed {
		e.with = head + "." + base64.RawURLEncoding.EncodeToString(out) + "." + signature
	}
	t.edits = append(t.edits, e)
	return true, err
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

// throughURL treats the parts of a URL: those of the query decoded, the others as
// they are spelled.
func (t *treater) throughURL(w *walker, p *passage, text string) (bool, error) {
	parts := splitURL(text)
	for _, part := range parts {
		if part.name == "query" && !pairsReadable(text[part.start:part.end]) {
			return false, nil
		}
	}
	a := p.inner
	w.auto, w.depth = a, t.depth
	for _, part := range parts {
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
			w.t.place = outer
			err = w.t.value(w.planAt(state), raw)
			if edits = w.t.edits; w.t.removed { // what is left is a URL without it
				edits = []edit{{end: len(raw), was: raw, done: true}}
			}
		}
		if err != nil {
			return true, err
		}
		for _, e := range edits {
			e.start, e.end = part.start+e.start, part.start+e.end
			t.edits = append(t.edits, e)
		}
	}
	return true, nil
}
