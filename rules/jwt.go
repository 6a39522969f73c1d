package rules

import (
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
	all := t.readings.of(text, t.bare)
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
	text := r.text
	if !jwtLike(text) {
		return false
	}
	for start := 0; start < len(text); start++ {
		end, dots := start, 0
		for end < len(text) && (isBase64url(text[end]) || text[end] == '.') {
			if text[end] == '.' {
				dots++
			}
			end++
		}
		// More than 2 dots: the end of a sentence, or one token after the other.
		if dots >= 2 && !t.taken(r.at(start), r.at(end)) {
			for part := range strings.SplitSeq(text[start:end], ".") {
				// { and what may follow it in JSON: " or a space, or a line end or tab.
				if !strings.HasPrefix(part, "ey") && !strings.HasPrefix(part, "ew") {
					continue
				}
				if claims, err := base64.RawURLEncoding.DecodeString(part); err == nil {
					if look.personal(claims) {
						return true
					}
					if t.guard != nil && !t.guard.second() {
						t.guard.claims = append(t.guard.claims, claims)
					}
				}
			}
		}
		start = end
	}
	return false
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
