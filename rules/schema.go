package rules

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON Schema (draft 2020-12) of rule files, for editors. It is
// made of the tables that the reader reads by, so it knows exactly their fields.
// What only the compiler knows it leaves to the compiler: whether an address can
// be parsed, or a capture exists.
func Schema() []byte {
	r := &reader{}
	file := object("A rule file of statveil: where in requests personal data stands, and what is done about it.", r.fileFields(&fileSpec{}, &scalar{}))
	file["title"] = "statveil rules"
	file["$defs"] = map[string]any{
		"route":      object("One kind of request.", r.routeFields(&routeSpec{})),
		"rule":       object("What is done at some places of a request.", r.ruleFields(&ruleSpec{})),
		"on_failure": object("What becomes of a request that fails. Without a word: reject.", r.onFailureFields(&onFailureSpec{})),
		"detector":   object("A detector of this file.", r.detectorFields(&detectorSpec{})),
		"tenant": map[string]any{"anyOf": []any{
			addressForm.schema(),
			object("The tenant by its name.", r.tenantFields(&tenantSpec{})),
		}},
	}
	return printed(file)
}

// SchemaOfTests returns the JSON Schema of test files.
func SchemaOfTests() []byte {
	r := &reader{}
	file := object("Tests of rules: requests, and what must become of them.", r.suiteFields(&Suite{}, &[]scalar{}))
	file["title"] = "statveil tests"
	file["$defs"] = map[string]any{
		"test":   object("One request, and what must become of it.", r.testFields(&Test{}, &testSpec{})),
		"want":   object("What must become of a request.", r.wantFields(&want{})),
		"answer": object("An answer of the collector.", r.answerFields(&answer{})),
	}
	return printed(file)
}

func printed(schema map[string]any) []byte {
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false) // it is read by people too
	out.SetIndent("", "  ")
	if err := out.Encode(schema); err != nil {
		panic("rules: internal error: " + err.Error())
	}
	return b.Bytes()
}

// object is the schema of a mapping that may have these fields and no other.
func object(doc string, fields []field) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range fields {
		property := map[string]any{"description": f.doc}
		for k, v := range f.form.schema() {
			property[k] = v
		}
		properties[f.name] = property
		if f.form.needed {
			required = append(required, f.name)
		}
	}
	schema := map[string]any{"description": doc, "type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}
