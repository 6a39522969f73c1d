package rules

import (
	"strings"

	"github.com/statveil/statveil/rules/detect"
)

// A form is what the value of a field looks like. Its JSON Schema is made only
// when Schema asks: the tables are built for every mapping that is read.
type form struct {
	schema func() map[string]any
	needed bool // the field must be there
}

// Words that fields may have, beside those of rule.go and route.go.
var (
	otherwiseNames = []string{"look", "keep"}
	modeNames      = []string{"observe"}
)

var (
	boolForm    = form{schema: boolSchema}
	versionForm = form{versionSchema, true}
	// addressForm knows how an address begins; editors offer its examples.
	addressForm = form{schema: addressSchema}
	// detectorForm offers the built-in detectors and takes any name: a file has its own.
	detectorForm = eitherForm(enumForm(append(detect.Names(), "any")...), textForm("employee"))
	linkableForm = eitherForm(enumForm(linkableNames...), addressForm)
)

func boolSchema() map[string]any    { return map[string]any{"enum": []any{true, false, "true", "false"}} }
func versionSchema() map[string]any { return map[string]any{"enum": []any{1, "1"}} }

func addressSchema() map[string]any {
	return map[string]any{
		"type":     "string",
		"pattern":  `^(` + strings.Join(rootNames[:], "|") + `)(\.|$)`,
		"examples": []string{"path.confID", "query.user", "header.X-User", "body.user.id", "body.**.ip", "body.list.#.name"},
	}
}

var (
	anyForm   = form{schema: func() map[string]any { return map[string]any{} }}
	anyObject = form{schema: func() map[string]any { return map[string]any{"type": "object"} }}
)

// textForm is any single value that is not empty. The reader takes it as it is
// written, so 7 is a text too.
func textForm(example string) form {
	return form{schema: func() map[string]any {
		return map[string]any{"type": []string{"string", "number", "boolean"}, "minLength": 1, "examples": []string{example}}
	}}
}

func enumForm(names ...string) form {
	return form{schema: func() map[string]any { return map[string]any{"enum": names} }}
}

func eitherForm(a, b form) form {
	return form{schema: func() map[string]any { return map[string]any{"anyOf": []any{a.schema(), b.schema()}} }}
}

// textsForm is one text or a list of them.
func textsForm(item form) form {
	return eitherForm(item, form{schema: func() map[string]any {
		return map[string]any{"type": "array", "items": item.schema(), "minItems": 1}
	}})
}

// refForm, listForm and mapForm are one, a list, and a mapping from names of what
// the schema defines under this name.
func refForm(def string) form {
	return form{schema: func() map[string]any { return map[string]any{"$ref": "#/$defs/" + def} }}
}

func listForm(def string) form {
	return form{schema: func() map[string]any { return map[string]any{"type": "array", "items": refForm(def).schema()} }}
}

func mapForm(def string) form {
	return form{schema: func() map[string]any {
		return map[string]any{"type": "object", "additionalProperties": refForm(def).schema(), "propertyNames": map[string]any{"minLength": 1}}
	}}
}

// filled is a list of at least one.
func filled(list form) form {
	return form{schema: func() map[string]any {
		schema := list.schema()
		schema["minItems"] = 1
		return schema
	}}
}

func needed(f form) form { return form{f.schema, true} }
