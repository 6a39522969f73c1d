package rules

import (
	"encoding/base64"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// framing are headers that say how the message is sent and understood. Rules
// with a wildcard do not mean them; a rule that spells one does.
var framing = map[string]bool{
	"Accept": true, "Accept-Charset": true, "Accept-Encoding": true, "Accept-Language": true,
	"Connection": true, "Content-Encoding": true, "Content-Length": true, "Content-Type": true,
	"Expect": true, "Host": true, "Keep-Alive": true, "Te": true, "Trailer": true,
	"Transfer-Encoding": true, "Upgrade": true,
	"Cookie": true, "Authorization": true,
}

var justLook = []*Rule{lastLook}

// rewriteHeader treats every header, the cookies last.
func (m *Match) rewriteHeader(w *walker) error {
	w.part = inHeader
	header := m.msg.Header
	for _, name := range sortedNames(header) {
		if name == "Cookie" {
			continue
		}
		if err := m.rewriteField(w, name); err != nil {
			return err
		}
	}
	if len(header["Cookie"]) > 0 {
		return m.rewriteField(w, "Cookie")
	}
	return nil
}

func (m *Match) rewriteField(w *walker, name string) error {
	header, t := m.msg.Header, &w.t
	t.place = func() string { return "header." + name }
	a := m.Route.parts[inHeader]
	rules := w.named(a, name).rules
	if framing[name] {
		rules = justLook
		if spelled := m.Route.spelled[string(appendFold(nil, name))]; spelled != nil {
			rules = append(spelled[:len(spelled):len(spelled)], lastLook)
		}
	}
	values := slices.Clone(header[name])
	for i, v := range values {
		out, err := t.text(rules, v, false)
		if err != nil {
			return err
		}
		if name == "Authorization" {
			if err := t.checkAuthorization(v); err != nil {
				return err
			}
		}
		values[i] = out
	}
	header[name] = values
	renamed, err := t.text(a.root().names, name, true)
	if err != nil {
		return err
	}
	if renamed != name {
		delete(header, name)
		header[renamed] = append(header[renamed], values...)
	}
	return nil
}

// text treats a text that is not encoded.
func (t *treater) text(rules []*Rule, text string, name bool) (string, error) {
	if text == "" {
		return text, nil
	}
	if err := t.treat(rules, text, name); err != nil || len(t.edits) == 0 {
		return text, err
	}
	var b strings.Builder
	at := 0
	for _, e := range t.edits {
		b.WriteString(text[at:e.start])
		b.WriteString(e.with)
		at = e.end
	}
	b.WriteString(text[at:])
	return b.String(), nil
}

var errAuthorization = &Error{Reason: Unsafe, Detail: "Authorization holds personal data; name it in a rule, or keep it"}

// checkAuthorization refuses credentials with personal data that no rule took:
// to rewrite them unasked would break the login.
func (t *treater) checkAuthorization(value string) error {
	for _, e := range t.edits {
		if e.rule == lastLook {
			return errAuthorization
		}
	}
	if t.whole {
		return nil
	}
	// Whatever their scheme, credentials are base64, in either alphabet, often cut
	// short or padded wrongly: what a lenient decoder reads counts.
	words := strings.FieldsFunc(value, func(r rune) bool { return !isBase64url(byte(r)) && r != '+' && r != '/' || r >= utf8.RuneSelf })
	for _, word := range words {
		word = strings.NewReplacer("-", "+", "_", "/").Replace(word)
		if len(word)%4 == 1 {
			word = word[:len(word)-1]
		}
		if decoded, err := base64.RawStdEncoding.DecodeString(word); err == nil && personal(decoded) {
			return errAuthorization
		}
	}
	return nil
}

// sortedNames makes the order of headers, and so of what is restored, certain.
func sortedNames(h map[string][]string) []string {
	names := make([]string, 0, len(h))
	for n := range h {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}
