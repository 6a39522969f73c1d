package main

import (
	"encoding/json"
	"regexp"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/rules"
)

// isConfig tells a configuration from a rule file by the first of its fields that
// only one of them has. What has none is taken for rules, which says what is
// missing.
func isConfig(data []byte) bool {
	ofConfig, ofRules := fieldsOf(config.Schema()), fieldsOf(rules.Schema())
	for _, m := range topField.FindAllSubmatch(data, -1) {
		if ofConfig[string(m[1])] != ofRules[string(m[1])] {
			return ofConfig[string(m[1])]
		}
	}
	return false
}

// topField is a field at the beginning of a line, or of a file in braces.
var topField = regexp.MustCompile(`(?m)^(?:\x{FEFF})?(?:\{ *)?["']?([a-z_]+)["']?[ \t]*:`)

// fieldsOf returns the fields at the top of what a schema describes.
func fieldsOf(schema []byte) map[string]bool {
	var s struct{ Properties map[string]json.RawMessage }
	if err := json.Unmarshal(schema, &s); err != nil {
		panic("statveil: internal error: " + err.Error())
	}
	names := map[string]bool{}
	for name := range s.Properties {
		names[name] = true
	}
	return names
}
