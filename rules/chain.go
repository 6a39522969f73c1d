package rules

import (
	"encoding/base64"
	"strings"
)

// inside compares two texts below a place: through the steps that the test names.
func (c *check) inside(changes []change, sent, arrived string) {
	at := changes[0]
	below := make([]change, len(changes))
	for i, change := range changes {
		if len(change.legs) == 0 || change.legs[0].step != at.legs[0].step || change.legs[0].step && change.legs[0] != at.legs[0] {
			c.fail(Failure{Place: change.text, Message: "stands in one place with " + at.text + ", but reads it another way"})
			return
		}
		below[i] = change
		if change.legs[0].step {
			below[i].legs = change.legs[1:]
		}
	}
	place := at.text
	whole := []hole{{end: len(sent), changes: below}}
	switch step := at.legs[0]; {
	case !step.step, step.name == "fromstr":
		c.json(place, sent, arrived, below)
	case step.name == "pct":
		s := component("")
		s.end, s.read = plainSyntax.end, func(raw string) []meaning { return plusOrSpaceText(raw)[:1] }
		c.fill(place, s, sent, arrived, whole)
	case step.name == "base64":
		s, ok := base64Syntax(sent)
		if !ok {
			c.fail(Failure{Place: place, Message: "what was sent there is not base64", Sent: short(sent)})
			return
		}
		c.fill(place, s, sent, arrived, whole)
	case step.name == "jwt":
		c.jwt(place, sent, arrived, below)
	case step.name == "url":
		c.url(place, sent, arrived, below)
	default: // keys, of what holds no names
		c.json(place, sent, arrived, changes)
	}
}

// base64Syntax is base64 as it was sent: the same alphabet, the same padding.
// What was sent may not show which; then either will do.
func base64Syntax(sent string) (syntax, bool) {
	toURL := strings.NewReplacer("+", "-", "/", "_")
	decode := func(raw string) (string, bool) {
		text, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(toURL.Replace(raw), "="))
		return string(text), err == nil
	}
	if text, ok := decode(sent); !ok || text == "" {
		return syntax{}, false
	}
	padded, full := strings.HasSuffix(sent, "="), len(sent)%4 == 0
	s := plainSyntax
	s.read = func(raw string) []meaning {
		text, ok := decode(raw)
		if !ok {
			text = raw
		}
		return []meaning{{text, false}}
	}
	s.write = func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	s.same = func(sent, seen string) bool {
		_, ok := decode(seen)
		switch {
		case !ok,
			strings.ContainsAny(sent, "+/") && strings.ContainsAny(seen, "-_"),
			strings.ContainsAny(sent, "-_") && strings.ContainsAny(seen, "+/"),
			padded && len(seen)%4 != 0,
			!padded && !full && strings.HasSuffix(seen, "="):
			return false
		}
		return true
	}
	return s, true
}

// jwt compares two tokens, alone or after Bearer: only the claims may differ.
func (c *check) jwt(at, sent, arrived string, changes []change) {
	start := 0
	if scheme, _, ok := strings.Cut(sent, " "); ok {
		start = len(scheme) + 1
	}
	parts := strings.Split(sent[start:], ".")
	s, ok := syntax{}, false
	if len(parts) == 3 {
		s, ok = base64Syntax(parts[1])
	}
	if !ok {
		c.fail(Failure{Place: at, Message: "what was sent there is not a JWT", Sent: short(sent)})
		return
	}
	s.end = component(".").end
	start += len(parts[0]) + 1
	c.fill(at, s, sent, arrived, []hole{{start: start, end: start + len(parts[1]), changes: changes}})
}

// url compares two URLs or relative references.
func (c *check) url(at, sent, arrived string, changes []change) {
	rest, fragment, hasFragment := strings.Cut(sent, "#")
	rest, query, hasQuery := strings.Cut(rest, "?")
	host, path := span{}, span{0, len(rest)}
	if i := strings.Index(rest, "//"); i == 0 || i > 0 && rest[i-1] == ':' {
		host = span{i + 2, len(rest)}
		if slash := strings.IndexByte(rest[host.start:], '/'); slash >= 0 {
			host.end = host.start + slash
		}
		path.start = host.end
		if user := strings.LastIndexByte(rest[host.start:host.end], '@'); user >= 0 {
			host.start += user + 1
		}
		if port := strings.LastIndexByte(rest[host.start:host.end], ':'); port >= 0 && !strings.HasSuffix(rest[host.start:host.end], "]") {
			host.end = host.start + port
		}
	}
	if path.start < path.end && rest[path.start] == '/' {
		path.start++ // what takes a path's place stays a path
	}
	parts := map[string]span{"host": host, "path": path, "fragment": {}}
	if hasFragment {
		parts["fragment"] = span{len(sent) - len(fragment), len(sent)}
	}
	var holes []hole
	for _, below := range changes {
		name := below.legs[0].name
		below.legs = below.legs[1:]
		var found []hole
		if name == "query" && hasQuery && len(below.legs) > 0 {
			for _, h := range pairHoles(query, "&", below) {
				h.start, h.end, h.before = h.start+len(rest)+1, h.end+len(rest)+1, h.before+len(rest)+1
				found = append(found, h)
			}
		} else if part := parts[name]; part.start < part.end {
			found = []hole{{start: part.start, end: part.end, changes: []change{below}}}
		}
		holes = c.add(holes, below, found)
	}
	c.fill(at, component(""), sent, arrived, holes)
}
