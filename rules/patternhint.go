package rules

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// patternHint guesses what a match that could not be read was meant to be: other
// tools write methods, captures and wildcards differently. It proposes nothing
// that could not be read either.
func patternHint(text string) string {
	meant, query := meantPattern(text)
	if _, err := parsePattern(meant); err != nil || meant == text {
		return ""
	}
	hint := fmt.Sprintf("did you mean %q?", meant)
	if query != "" {
		hint += fmt.Sprintf(" A rule reads the parameter, at query.%s", query)
	}
	return hint
}

var (
	anyMethod = regexp.MustCompile(`(?i)^(any|all|\*|~|\^~|=)$`) // of routers and of nginx
	aMethod   = regexp.MustCompile(`^[A-Za-z]+$`)
	scheme    = regexp.MustCompile(`(?i)^(https?|wss?):/+`)
	port      = regexp.MustCompile(`^([^/]*?):([0-9]+|\*)/`)
)

// meantPattern rewrites a match of another language into ours. query is the first
// parameter that it asked for.
func meantPattern(text string) (meant, query string) {
	var methods []string
	target := ""
	for _, word := range strings.Fields(text) {
		for _, m := range strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(`,|[]"':`, r) }) {
			if strings.ContainsAny(word, "/{<") || !aMethod.MatchString(m) && !anyMethod.MatchString(m) {
				target = word
				break
			}
			if !anyMethod.MatchString(m) {
				methods = append(methods, strings.ToUpper(m))
			}
		}
	}
	if target == "" && len(methods) > 1 { // POST events
		target = strings.Fields(text)[len(strings.Fields(text))-1]
		methods = methods[:len(methods)-1]
	}
	if target = strings.Trim(target, `"'`); target == "" {
		return text, ""
	}
	target = scheme.ReplaceAllString(target, "")
	target = strings.TrimPrefix(strings.TrimSuffix(target, "$"), "^")
	target = port.ReplaceAllString(target, "$1/")
	host, path, slash := strings.Cut(target, "/")
	switch {
	case !slash:
		host, path = "", target
	case len(methods) == 0 && host != "" && methodName(strings.ToUpper(host)) && !hostName(strings.ToLower(host)): // POST/events
		methods, host = []string{strings.ToUpper(host)}, ""
	case host == "*" || strings.ContainsAny(host, "{<"):
		host = ""
	case !strings.Contains(host, ".") && host != "" && host != "localhost" && !scheme.MatchString(text): // a / was forgotten
		host, path = "", target
	}
	path, query = meantPath(path)
	if len(methods) > 0 {
		host = strings.Join(methods, "|") + " " + host
	}
	return host + "/" + path, query
}

var (
	notSlash = regexp.MustCompile(`\[\^/\][*+]?`)
	// {id:[0-9]+} of OpenAPI and gorilla, {id:path} of others; the expression may hold braces.
	constrained = regexp.MustCompile(`\{([A-Za-z0-9_-]+)[:=]((?:[^{}]|\{[^{}]*\})*)\}`)
	angled      = regexp.MustCompile(`^<(?:([a-z]+):)?([A-Za-z0-9_-]+)(:.*)?>$`)                     // Flask, Rocket
	colon       = regexp.MustCompile(`^:([A-Za-z0-9_-]+)(\(.*\))?([*+?]?)$`)                         // Express, Gin
	starred     = regexp.MustCompile(`^\{?[*+]{1,2}([A-Za-z0-9_-]+)\}?$|^\{([A-Za-z0-9_-]+)[*+]\}$`) // Gin, ASP.NET, URI templates
	captureIn   = regexp.MustCompile(`\{([A-Za-z0-9_-]+)(?:\.\.\.)?\}`)
	everything  = regexp.MustCompile(`^\(?(\.[*+]|\*\*)\)?$`)
	aThing      = regexp.MustCompile(`^(\*|\(?\[.*\][*+]?\)?|\(?\\[dw][*+]?\)?|\{\})$`)
)

func meantPath(path string) (meant, query string) {
	path = notSlash.ReplaceAllString(path, "*")
	path = constrained.ReplaceAllStringFunc(path, func(s string) string {
		m := constrained.FindStringSubmatch(s)
		if m[2] == "path" || m[2] == ".*" || m[2] == ".+" || m[2] == "**" {
			return "{" + m[1] + "...}"
		}
		return "{" + m[1] + "}"
	})
	if i := strings.IndexAny(path, "?#"); i >= 0 && !strings.HasPrefix(path[i:], "?/") {
		if path[i] == '?' {
			query, _, _ = strings.Cut(path[i+1:], "=")
			query, _, _ = strings.Cut(query, "&")
			if strings.ContainsAny(query, "{}/") {
				query = ""
			}
		}
		if path[i] != '?' || query != "" {
			path = path[:i]
		}
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		path = decoded
	}
	n := 0
	fresh := func() string { // a name that the author did not give
		if n++; n == 1 {
			return "any"
		}
		return fmt.Sprintf("any%d", n)
	}
	var segments []string
	rest := false
	add := func(name string, many bool) {
		if many && !rest {
			rest, name = true, name+"..."
		}
		segments = append(segments, "{"+name+"}")
	}
	all := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	for i, s := range all {
		switch {
		case s == "{$}" || s == "." || s == "..": // Go's end of a path
		case everything.MatchString(s):
			add(fresh(), true)
		case aThing.MatchString(s):
			add(fresh(), s == "*" && i == len(all)-1) // at the end, most mean all below
		case angled.MatchString(s):
			m := angled.FindStringSubmatch(s)
			add(m[2], m[1] == "path")
		case colon.MatchString(s):
			m := colon.FindStringSubmatch(s)
			add(m[1], m[3] == "*" || m[3] == "+")
		case starred.MatchString(s):
			m := starred.FindStringSubmatch(s)
			add(m[1]+m[2], true)
		case captureIn.MatchString(s):
			m := captureIn.FindStringSubmatch(s)
			add(m[1], strings.Contains(m[0], "..."))
		case strings.Contains(s, "*"):
			add(fresh(), false)
		default:
			segments = append(segments, s)
		}
	}
	return strings.Join(segments, "/"), query
}
