package rules

import (
	"encoding/base64"
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

// HeaderName returns the name of a header as gateways to CGI and WSGI read it: all
// marks that a token may have (RFC 9110, 5.6.2) are one. X_User and X.User are X-User.
func HeaderName(name string) string {
	if strings.IndexFunc(name, isMark) < 0 {
		return name
	}
	return strings.Map(func(r rune) rune {
		if isMark(r) {
			return '-'
		}
		return r
	}, name)
}

// isMark says whether a token may have this character beside letters, digits and -.
func isMark(r rune) bool { return strings.ContainsRune("!#$%&'*+.^_`|~", r) }

// headerStep makes a step of an address the same for all names that HeaderName makes
// one. What is wild in it stays so.
func headerStep(s step) step {
	if s.kind != stepPattern {
		s.name = HeaderName(s.name)
		return s
	}
	var name strings.Builder
	for i := 0; i < len(s.name); i++ {
		switch c := s.name[i]; {
		case c == '\\' && s.name[i+1] == '*':
			i++
			name.WriteByte('-')
		case c == '\\':
			i++
			name.WriteString(s.name[i-1 : i+1])
		case c == '*':
			name.WriteByte(c)
		default:
			name.WriteString(HeaderName(s.name[i : i+1]))
		}
	}
	s.name = name.String()
	return s
}

// rewriteHeader treats every header, the cookies last.
func (m *Match) rewriteHeader(w *walker) error {
	header := m.msg.Header
	for _, name := range sortedNames(header) {
		if name == "Cookie" {
			continue
		}
		if err := m.rewriteField(w, name); err != nil {
			return err
		}
	}
	if len(header["Cookie"]) == 0 {
		return nil
	}
	if m.Route.spelled["cookie"] {
		if err := m.rewriteField(w, "Cookie"); err != nil || len(header["Cookie"]) == 0 {
			return err
		}
	}
	return m.rewriteCookies(w)
}

func (m *Match) rewriteField(w *walker, name string) error {
	header, t := m.msg.Header, &w.t
	if framing[name] && name != "Cookie" && name != "Authorization" { // a user may be called gzip
		t.unguarded = true
		defer func() { t.unguarded = false }()
	}
	t.place = func() string { return "header." + name }
	a := m.Route.parts[inHeader]
	if framing[name] {
		a = m.Route.framing
	}
	p := w.named(a, HeaderName(name))
	var values []string
	for _, v := range header[name] {
		if err := t.value(p, v); err != nil {
			return err
		}
		if t.removed {
			continue
		}
		if name == "Authorization" && m.Route.look != nil {
			if err := t.checkAuthorization(m.Route.look, v); err != nil {
				return err
			}
		}
		if name == "Authorization" && t.guards() {
			if err := t.checkAuthorization(t.guard.rule, v); err != nil {
				return err
			}
		}
		values = append(values, t.apply(v))
	}
	if len(values) == 0 && len(header[name]) > 0 {
		delete(header, name)
		return nil
	}
	header[name] = values
	if err := t.name(a.root(), name); err != nil {
		return err
	}
	if renamed := t.apply(name); renamed != name {
		delete(header, name)
		header[renamed] = append(header[renamed], values...)
	}
	return nil
}

// rewriteCookies treats the pairs of the Cookie header (RFC 6265, section 4.2.1).
// Values are not encoded unless an address says so.
func (m *Match) rewriteCookies(w *walker) error {
	a, t := m.Route.parts[inCookie], &w.t
	var lines []string
	for _, line := range m.msg.Header["Cookie"] {
		var pairs []string
		removed := false
		for pair := range strings.SplitSeq(line, ";") {
			name, value, hasValue := strings.Cut(pair, "=")
			bare := strings.TrimSpace(name)
			t.place = func() string { return "cookie." + bare }
			p := w.named(a, bare)
			if err := t.name(a.root(), name); err != nil {
				return err
			}
			out := t.apply(name)
			if err := t.value(p, value); err != nil {
				return err
			}
			if t.removed {
				removed = true
				continue
			}
			if hasValue {
				out += "=" + t.apply(value)
			}
			pairs = append(pairs, out)
		}
		line = strings.Join(pairs, ";")
		if removed {
			line = strings.TrimLeft(line, " ")
		}
		if line != "" || !removed {
			lines = append(lines, line)
		}
	}
	if m.msg.Header["Cookie"] = lines; len(lines) == 0 {
		delete(m.msg.Header, "Cookie")
	}
	return nil
}

var errAuthorization = &Error{Reason: Unsafe, Detail: "Authorization holds personal data; name it in a rule, or keep it"}

// checkAuthorization refuses credentials with personal data that no rule took:
// to rewrite them unasked would break the login.
func (t *treater) checkAuthorization(look *Rule, value string) error {
	for _, e := range t.edits {
		if e.by(look) {
			return errAuthorization
		}
	}
	if t.settled {
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
		decoded, err := base64.RawStdEncoding.DecodeString(word)
		if err == nil && look.personal(decoded) {
			return errAuthorization
		}
		t.guard.see(decoded)
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
