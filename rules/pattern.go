package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A pattern is one entry of a route's match: [METHOD[|METHOD]] [HOST]/PATH.
// {x} is one segment, {x...} one or more; {x...} may stand once, anywhere, and
// at the end of the pattern it may be none.
type pattern struct {
	methods  []string // none: every method
	host     string   // lower case; "" is every host; "*.x" any labels before x
	segments []segment
	rest     int // index of the {x...} segment, or -1
}

type segment struct {
	text    string // what it spells, or the name of what it captures
	capture bool
}

func parsePattern(text string) (*pattern, error) {
	p := &pattern{rest: -1}
	fields := strings.Fields(text)
	target := ""
	switch len(fields) {
	case 1:
		target = fields[0]
	case 2:
		target = fields[1]
		for _, m := range strings.Split(fields[0], "|") {
			if !methodName(m) {
				return nil, fmt.Errorf("%q is no method; write METHOD[|METHOD] [HOST]/PATH", m)
			}
			p.methods = append(p.methods, m)
		}
	default:
		return nil, errors.New("a match is METHOD[|METHOD] [HOST]/PATH, with one space")
	}
	slash := strings.IndexByte(target, '/')
	if slash < 0 {
		return nil, errors.New("the path of a match begins with /")
	}
	p.host = strings.ToLower(target[:slash])
	if name := strings.TrimPrefix(p.host, "*."); p.host != "" && !hostName(name) {
		return nil, fmt.Errorf("%q is no host; write a name without port, or *.name", target[:slash])
	}
	seen := map[string]bool{}
	for s := range strings.SplitSeq(target[slash+1:], "/") {
		if s == "" {
			continue
		}
		if !strings.ContainsAny(s, "{}") {
			if strings.ContainsAny(s, "?#%") {
				return nil, fmt.Errorf("segment %q: write the path decoded and without a query", s)
			}
			if dotted(s) {
				return nil, fmt.Errorf("segment %q: a request with . or .. in its path is refused", s)
			}
			if s[0] == ':' || s[0] == '<' || strings.Contains(s, "*") {
				return nil, fmt.Errorf("segment %q: what varies is {name}, one segment, or {name...}, one or more", s)
			}
			p.segments = append(p.segments, segment{text: s})
			continue
		}
		name, ok := strings.CutPrefix(s, "{")
		name, ok2 := strings.CutSuffix(name, "}")
		name, rest := strings.CutSuffix(name, "...")
		if !ok || !ok2 || !identifier(name) {
			return nil, fmt.Errorf("segment %q: a capture is a whole segment, {name} or {name...}", s)
		}
		folded := string(appendFold(nil, name))
		if seen[folded] {
			return nil, fmt.Errorf("{%s} stands twice", name)
		}
		seen[folded] = true
		if rest {
			if p.rest >= 0 {
				return nil, errors.New("a match may hold one {name...}")
			}
			p.rest = len(p.segments)
		}
		p.segments = append(p.segments, segment{text: name, capture: true})
	}
	return p, nil
}

// commonMethods are what the beginning of a match is taken for, not for a host.
var commonMethods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"}

// methodName says whether s is a word that can be a method. ANY and ALL are what
// other programs write for every method, and would match none.
func methodName(s string) bool {
	return s != "" && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == "" && s != "ANY" && s != "ALL"
}

// hostName says whether the lower-case s can be a host. A method that a missing
// space made a host of would be one that no client asks for.
func hostName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == "" && s[0] != '.' && s[len(s)-1] != '.' &&
		!slices.Contains(commonMethods, strings.ToUpper(s))
}

// identifier says whether s can name a capture: letters, digits, _ and -.
func identifier(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '_' && c != '-' {
			return false
		}
	}
	return s != ""
}

// A requestPath is the escaped path of a request, split before decoding, so
// that an encoded slash never separates.
type requestPath struct {
	raw   string
	parts []part // the segments that are not empty
}

type part struct {
	start, end int // in raw
	text       string
}

func splitPath(raw string) (*requestPath, error) {
	if !strings.HasPrefix(raw, "/") {
		return nil, unparseable("the path does not begin with /")
	}
	p := &requestPath{raw: raw}
	for start := 1; start <= len(raw); {
		end := len(raw)
		if i := strings.IndexByte(raw[start:], '/'); i >= 0 {
			end = start + i
		}
		if start < end {
			text, ok := unpercent(raw[start:end])
			if !ok {
				return nil, unparseable("the path has a broken percent-encoding or is not UTF-8")
			}
			if dotted(text) {
				return nil, unparseable("the path has a . or .. segment")
			}
			p.parts = append(p.parts, part{start, end, text})
		}
		start = end + 1
	}
	return p, nil
}

// dotted says whether a segment, in any number of percent-encodings, holds a .
// or .. as servers read one that split at encoded slashes and at backslashes,
// and cut parameters off: they would see another path than the one we matched.
func dotted(s string) bool {
	b := make([]byte, 0, 64)
	for i := range len(s) {
		b = append(b, s[i])
		for n := len(b); n >= 3 && b[n-3] == '%' && hexByte(b[n-2], b[n-1]) >= 0; n = len(b) {
			b = append(b[:n-3], byte(hexByte(b[n-2], b[n-1])))
		}
	}
	for _, piece := range strings.FieldsFunc(string(b), func(r rune) bool { return r == '/' || r == '\\' }) {
		if end := strings.IndexAny(piece, ";?#\x00"); end >= 0 {
			piece = piece[:end]
		}
		if piece = strings.Trim(piece, " \t"); piece == "." || piece == ".." {
			return true
		}
	}
	return false
}

// A capture is what one {name} of a pattern matched: raw[start:end].
type capture struct {
	name       string
	start, end int
}

// match reports whether the request is one of the pattern's, and appends its
// captures. Paths are compared decoded, hosts without case and port.
func (p *pattern) match(dst []capture, method, host string, path *requestPath) ([]capture, bool) {
	if !p.matchMethod(method) || !p.matchHost(host) {
		return dst, false
	}
	n, have := len(p.segments), len(path.parts)
	if p.rest < 0 {
		if have != n {
			return dst, false
		}
		return p.fixed(dst, p.segments, path.parts)
	}
	after := n - p.rest - 1
	if have < n && (after > 0 || have < n-1) {
		return dst, false
	}
	before := path.parts[:p.rest]
	behind := path.parts[have-after:]
	dst, ok := p.fixed(dst, p.segments[:p.rest], before)
	if !ok {
		return dst, false
	}
	start, end := 1, len(path.raw)
	if p.rest > 0 {
		start = min(before[p.rest-1].end+1, len(path.raw))
	}
	if after > 0 {
		end = behind[0].start - 1
	}
	dst = append(dst, capture{p.segments[p.rest].text, start, max(start, end)})
	return p.fixed(dst, p.segments[p.rest+1:], behind)
}

func (p *pattern) fixed(dst []capture, segments []segment, parts []part) ([]capture, bool) {
	for i, s := range segments {
		if s.capture {
			dst = append(dst, capture{s.text, parts[i].start, parts[i].end})
		} else if s.text != parts[i].text {
			return dst, false
		}
	}
	return dst, true
}

func (p *pattern) matchMethod(method string) bool {
	for _, m := range p.methods {
		if m == method || m == "GET" && method == "HEAD" {
			return true
		}
	}
	return len(p.methods) == 0
}

func (p *pattern) matchHost(host string) bool {
	if p.host == "" {
		return true
	}
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	host = strings.TrimSuffix(host, ".")
	if suffix, ok := strings.CutPrefix(p.host, "*"); ok {
		return len(host) > len(suffix) && strings.EqualFold(host[len(host)-len(suffix):], suffix)
	}
	return strings.EqualFold(host, p.host)
}
