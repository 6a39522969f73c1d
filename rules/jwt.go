package rules

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
	"unicode/utf8"
)

// jwtLike is false for most texts without a JWT: one has two dots, and begins
// with the base64url of { and what may follow it in JSON, a quote or white space.
func jwtLike(text string) bool {
	return strings.Count(text, ".") >= 2 && (strings.Contains(text, "ey") || strings.Contains(text, "ew"))
}

// refuseTokens refuses a text with a JWT that no rule took, and that holds personal
// data.
func (t *treater) refuseTokens(look *Rule, text string) error {
	all := t.read(text)
	for i := range all {
		if t.tokenIn(look, &all[i]) {
			return errToken
		}
	}
	return nil
}

// tokenIn says whether a JWT (RFC 7519) in text, outside what is taken, holds
// personal data: to rewrite one unasked would break its signature.
func (t *treater) tokenIn(look *Rule, r *reading) bool {
	for _, token := range jwtSpans(r.text) {
		if t.taken(r.at(token.start), r.at(token.end)) {
			continue
		}
		for part := range strings.SplitSeq(r.text[token.start:token.end], ".") {
			claims, err := base64.RawURLEncoding.DecodeString(part)
			switch {
			case err != nil:
			case look.personal(claims):
				return true
			default:
				t.guard.see(claims)
			}
		}
	}
	return false
}

// jwtSpans returns where in text a JWT may be. More than two dots are the end of a
// sentence, or one token after the other.
func jwtSpans(text string) (found []span) {
	if !jwtLike(text) {
		return nil
	}
	for start := 0; start < len(text); start++ {
		end, dots, part := start, 0, start
		json := false
		for end < len(text) && (isBase64url(text[end]) || text[end] == '.') {
			if end == part {
				json = json || jwtPart(text[end:])
			}
			if text[end] == '.' {
				dots++
				part = end + 1
			}
			end++
		}
		if dots >= 2 && json {
			found = append(found, span{start, end})
		}
		start = end
	}
	return found
}

// jwtPart says whether a part begins with { and what may follow it in JSON: a quote or a
// space, or a line end or tab.
func jwtPart(s string) bool { return strings.HasPrefix(s, "ey") || strings.HasPrefix(s, "ew") }

// inToken says whether a spelling is a part of a JWT. The tokens are in order.
func inToken(tokens []span, s spelt) bool {
	i, _ := slices.BinarySearchFunc(tokens, s.at, func(t span, at int) int { return cmp.Compare(t.end, at+1) })
	return i < len(tokens) && tokens[i].start < s.end
}

func isBase64url(c byte) bool {
	return isAlphanumeric(c) || c == '-' || c == '_'
}

// personal says whether the last look finds anything in decoded bytes: in the
// values of a JSON text, else in the bytes as they are.
//
// What is neither text nor begins as JSON is none: of random bytes, one in some
// thousands looks like an address. Latin-1 is text; passwords are written in it.
func (look *Rule) personal(b []byte) bool {
	control := func(c byte) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c >= 0x7F && c < 0xA0 }
	if len(b) < 6 || b[0] != '{' && !utf8.Valid(b) && slices.ContainsFunc(b, control) {
		return false
	}
	found := false
	w := getWalker()
	defer w.release()
	w.t.replace = func(*Finding) (string, error) { found = true; return "", nil }
	if err := w.run(b, look.alone); err != nil && !found {
		w.t.place = func() string { return "" }
		return w.t.value(look.alone.base, string(b)) != nil || found
	}
	return found
}
