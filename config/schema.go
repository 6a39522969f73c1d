package config

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Schema returns the JSON Schema (draft 2020-12) of statveil.yaml, for editors.
// It is made of the table that the file is read by, with the defaults. Nothing is
// required, because a flag may give what the file leaves out.
func Schema() []byte {
	schema := sectionSchema("The configuration of statveil.", Default().fields())
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "statveil.yaml"
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false) // it is read by people too
	out.SetIndent("", "  ")
	if err := out.Encode(schema); err != nil {
		panic("config: internal error: " + err.Error())
	}
	return b.Bytes()
}

// sectionSchema is the schema of a mapping. It may be null: everything in it is
// then commented out.
func sectionSchema(doc string, fields []field) map[string]any {
	properties := map[string]any{}
	for _, f := range fields {
		if sub, ok := f.into.([]field); ok {
			properties[f.name] = sectionSchema(f.doc, sub)
			continue
		}
		property := valueSchema(f.into)
		property["description"] = f.doc
		properties[f.name] = property
	}
	return map[string]any{"description": doc, "type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

// The texts that Size and Duration read.
const (
	sizePattern     = `^(0|[1-9][0-9]*)(GiB|MiB|KiB|B)?$`
	durationPattern = `^\+?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+$`
)

// valueSchema is the schema of the values that are read into a pointer. What it
// points to is the default.
func valueSchema(into any) map[string]any {
	var schema map[string]any
	def := ""
	switch into := into.(type) {
	case *string:
		schema, def = map[string]any{"type": "string"}, *into
	case choice:
		schema, def = map[string]any{"enum": into.known}, *into.into
	case *bool:
		schema = map[string]any{"type": "boolean"}
	case *int:
		schema = map[string]any{"type": "integer", "minimum": 0, "default": *into}
	case *[]string:
		schema = map[string]any{"type": "array", "items": map[string]any{"type": "string"}}
	case *Size:
		schema, def = map[string]any{"type": []string{"string", "integer"}, "pattern": sizePattern, "minimum": 0}, into.String()
	case *Duration:
		schema, def = map[string]any{"type": "string", "pattern": durationPattern}, into.String()
	default:
		panic(fmt.Sprintf("config: internal error: a %T in the schema", into))
	}
	if def != "" {
		schema["default"] = def
	}
	return schema
}
