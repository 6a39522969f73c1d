package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// addressHint guesses what an address that could not be read was meant to be:
// JSONPath, jq, gjson, JSON pointers and programs name the same places
// differently. It proposes nothing that could not be read either.
func addressHint(text string) string {
	if m := multipath.FindStringSubmatch(text); m != nil {
		var all []string
		for name := range strings.SplitSeq(m[2], ",") {
			all = append(all, meantAddress(m[1]+strings.Trim(name, `" `)))
		}
		if readable(all...) {
			return "an address is one place; write a list: [" + strings.Join(all, ", ") + "]"
		}
		return ""
	}
	meant := meantAddress(text)
	if meant == text || !readable(meant) {
		return ""
	}
	if strings.Contains(meant, `"`) && !strings.ContainsAny(meant, `'\`) { // as YAML has it
		return fmt.Sprintf("did you mean '%s'?", meant)
	}
	return fmt.Sprintf("did you mean %q?", meant)
}

func readable(addresses ...string) bool {
	for _, a := range addresses {
		if _, err := parseAddress(scalar{text: a}); err != nil {
			return false
		}
	}
	return len(addresses) > 0
}

// brackets reports an address that can be read, but means by [0] what other
// languages do: here it would be part of a name.
func (r *reader) brackets(a *address) {
	if a.root == inBody && bracket.MatchString(withoutQueries(a.text)) {
		r.problem(a.line, a.col, fmt.Sprintf(`%q: brackets select nothing; in a name, write \[`, a.text), addressHint(a.text))
	}
}

var bracket = regexp.MustCompile(`^\[|[^\\]\[`)

var multipath = regexp.MustCompile(`^(.*\.|)[{\[]([^{}\[\]'*:]*,[^{}\[\]'*:]*)[}\]]$`)

// meantAddress rewrites an address of another language into ours.
func meantAddress(text string) string {
	s := strings.TrimSpace(text)
	switch strings.ToLower(s) {
	case "body", "json", "payload", "*", "**", "#", "$", ".", "..", "all", "any", "body.", "$.*", "$..*", "@this":
		return "body.**"
	case "path", "query", "header", "headers", "form", "cookie", "cookies":
		return strings.TrimSuffix(strings.ToLower(s), "s") + ".**"
	}
	if m := captured.FindStringSubmatch(s); m != nil {
		return "path." + m[1]
	}
	s, queries := meantQueries(s)
	for _, r := range rewrites {
		s = r.expr.ReplaceAllString(s, r.with)
	}
	return queries.Replace(keysLast(rooted(knownSteps(strings.Trim(s, ". ")))))
}

// knownSteps replaces misspelled steps by the nearest ones that there are.
func knownSteps(s string) string {
	return stepWord.ReplaceAllStringFunc(s, func(step string) string {
		known := append(codecList(), "@keys")
		if near := nearest(step[1:], known); near != "" && !slices.Contains(known, step[1:]) {
			return "." + near
		}
		return step
	})
}

var stepWord = regexp.MustCompile(`\.@[A-Za-z0-9_-]+`)

// captured is the whole address of who thinks of the pattern: {id}, :id, <id>, $id, path.{id}.
var captured = regexp.MustCompile(`^(?:path[./])?(?:\{\{? ?|:|<|\$\{?)([A-Za-z0-9_-]+)(?: ?\}\}?|>|\.\.\.\})?$`)

type rewrite struct {
	expr *regexp.Regexp
	with string
}

// rewrites are done in this order.
var rewrites = func() (all []rewrite) {
	for _, r := range [][2]string{
		{`^\{\{? *(.*?) *\}?\}$`, `$1`}, // templates: {{ .body.user }}
		{`^/(.*)$`, `body/$1`},          // JSON pointer, from its root
		{`^\$`, `body`},                 // JSONPath
		{`^\.(body|path|query|header|cookie|form)\.`, `$1.`},
		{`^\.`, `body.`},                                            // jq
		{`\.?(\[\?[^\]]*\]|#\([^()]*\)#?)`, `.#`},                   // filters that are none here: every element is meant
		{`(?i)^(request|req|http|r|ctx|context|input|event)\.`, ``}, // the request, where it is an object
		{`(?i)^(query_?string|query_?params?|queries|args|search)([.:\[/ (])`, `query$2`},
		{`(?i)^(path_?params?|params?|path_?parameters?|vars|captures?)([.:\[/ (])`, `path$2`},
		{`(?i)^(form_?data|post_?form)([.:\[/ (])`, `form$2`},
		{`(?i)^(json|payload|body_?json)([.:\[/ (]|->)`, `body$2`},
		{`^(body|path|query|header|cookie|form)(?:::?|/| |\.?\()["']?([^"')]*)["']?\)?`, `$1.$2`}, // header:X, header/X, header("X")
		{`(^|[. ])keys(\[\])?$`, `$1@keys`},                                                       // jq
		{`\.?\[(\*|#|:|-?[0-9]*:-?[0-9]*|-[0-9]+)?\]`, `.#`},                                      // every one, a slice, the last
		{`\.?\[["']?([^"'\[\]]+)["']?\]`, `.$1`},
		{`->>?["']?([^"'\->]+)["']?`, `.$1`}, // SQL
		{`(^|\.)"([^".]*)"`, `$1$2`},
		{` *\| *\.?`, `.`}, // pipes
		{`(?i)@(base64_?d|base64_?decode|base64_?url|b64d?|b64_?decode|unbase64|atob)\b`, `@base64`},
		{`(?i)@?\b(from_?json|@json|json_?decode|parse_?json|tojson)\b(\(\))?`, `@fromstr`},
		{`(?i)@(json|tostr|string|parse)\b`, `@fromstr`},
		{`(?i)@(uri|url_?decode|url_?encode|percent|percent_?decode|unescape|urld)\b`, `@pct`},
		{`(?i)@(jwt_?decode|claims|bearer|token)\b`, `@jwt`},
		{`@values\b`, `*`},
		{`\.?@(this|valid|ugly|pretty|flatten|reverse|join|group|sort)\b(:[^.]*)?`, ``}, // gjson: they name no place
		{`\.{2,}`, `.**.`},
	} {
		all = append(all, rewrite{regexp.MustCompile(r[0]), r[1]})
	}
	return all
}()

// rooted gives an address the part of the request that it lacks: a member of the
// body, unless its first word is nearly the name of another part.
func rooted(s string) string {
	head, rest, _ := strings.Cut(s, ".")
	for _, name := range rootNames {
		if head == name {
			if name == "body" {
				rest = strings.ReplaceAll(rest, "/", ".")
			}
			return strings.TrimSuffix(name+"."+rest, ".")
		}
	}
	if name := nearest(head, rootNames[:]); name != "" && rest != "" {
		return name + "." + rest
	}
	return "body." + s
}

// keysLast: @keys selects names and ends an address; who goes on means the values
// of all members.
func keysLast(s string) string {
	before, after, ok := strings.Cut(s, ".@keys.")
	switch {
	case !ok:
		return s
	case after == "#" || after == "0" || after == "*" || after == "**":
		return before + ".@keys"
	}
	return before + ".*." + after
}
