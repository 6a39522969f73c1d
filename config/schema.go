package config

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Schema returns the JSON Schema (draft 2020-12) of statveil.yaml, for editors.
// It is made of the table that the file is read by, with the defaults. Outside of
// lists nothing is required, because a flag or the environment may give what the
// file leaves out.
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
		switch into := f.into.(type) {
		case []field:
			properties[f.name] = sectionSchema(f.doc, into)
		case list:
			properties[f.name] = listSchema(f.doc, into)
		default:
			property := valueSchema(unmarked(into))
			property["description"] = f.doc
			if _, ok := into.(atStart); ok {
				property["description"] = f.doc + " A change takes effect at the next start."
			}
			properties[f.name] = property
		}
	}
	return map[string]any{"description": doc, "type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

// listSchema is the schema of a list of sections. It may be null as they may, but
// each of them is something.
func listSchema(doc string, add list) map[string]any {
	fields := add()
	item := sectionSchema("", fields)
	item["type"] = "object"
	delete(item, "description")
	var names []string
	for _, f := range fields {
		if _, ok := f.into.(required); ok {
			names = append(names, f.name)
		}
	}
	item["required"] = names
	return map[string]any{"description": doc, "type": []string{"array", "null"}, "items": item}
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
