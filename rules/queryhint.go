package rules

import (
	"fmt"
	"regexp"
	"strings"
)

// filters are how other languages select the elements in which a member has a
// value: gjson, JSONPath and JMESPath, jq. The group is what they ask.
var filters = regexp.MustCompile(`\.?#[(\[]([^()\[\]]*)[)\]]#?|\.?\[\?\(?((?:@\[['"][^'"\]]*['"]\])?[^\]]*?)\)?\]|(?:\.?\[\])? *\| *select\(([^()]*)\)`)

// filter is what they ask: a member, a comparison, a value.
var filter = regexp.MustCompile(`^ *@?\.?(?:\[['"]|["'])?([^'"\[\]().@=!<>%~|&]+?)(?:['"]\]|["'])? *(===?|=|%) *(?:"([^"]*)"|'([^']*)'|([^'"]*?)) *$`)

// meantQueries puts a mark for each query that can be understood, so that nothing
// else is read into it. The Replacer puts the queries for the marks, as they are
// written here.
func meantQueries(s string) (string, *strings.Replacer) {
	var queries []string
	s = filters.ReplaceAllStringFunc(s, func(text string) string {
		m := filters.FindStringSubmatch(text)
		asked := filter.FindStringSubmatch(m[1] + m[2] + m[3])
		if asked == nil {
			return text
		}
		op := "=="
		if asked[2] == "%" {
			op = "%"
		}
		query := fmt.Sprintf(`#(%s%s"%s")#`, strings.TrimSpace(asked[1]), op, strings.ReplaceAll(asked[3]+asked[4]+asked[5], `"`, `\"`))
		if _, err := parseQuery(query); err != nil || scalarWord(asked[5]) {
			return text
		}
		mark := string(rune(0xE000 + len(queries)/2))
		queries = append(queries, mark, query)
		return "." + mark
	})
	return s, strings.NewReplacer(queries...)
}

// withoutQueries returns an address with # for each query.
func withoutQueries(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		if n := queryEnd(text[i:]); n > 0 && i > 0 && text[i-1] == '.' {
			b.WriteByte('#')
			i += n
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}
