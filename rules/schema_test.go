package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

func compileSchema(t testing.TB, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft4) // so that only its own $schema makes it 2020-12
	if err := c.AddResource("rules.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rules.json") // checks it against the schema of schemas
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// accepts says what a validator makes of a rule file. read is false where the
// file is not YAML that JSON can say.
func accepts(t testing.TB, s *jsonschema.Schema, data []byte) (err error, read bool) {
	t.Helper()
	var value any
	if yaml.Unmarshal(data, &value) != nil {
		return nil, false
	}
	text, err := json.Marshal(value)
	if err != nil {
		return nil, false
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(doc), true
}

// everyField is a rule file that says all that can be said.
const everyField = `version: 1
tenant: {name: acme}
detectors:
  phone: {regions: [FI, DE]}
  dialled: {kind: phone, bare: true}
  employee: {pattern: '\bE[0-9]{6}\b'}
  vip: {words: [anna.virtanen, 7]}
rules:
  - at: body.**.owner
    find: phone
    name: owners
routes:
  - name: join
    match: ['POST /v1/{appID}/conferences/{confID...}']
    tenant: path.appID
    restore: none
    otherwise: look
    mode: observe
    on_failure: {unparseable: text, oversize: drop, encoding: reject, keys: drop, collector: drop}
    rules:
      - at: [path.confID, query.user]
        find: [phone, any]
        part: '^(.*)@[0-9]+$'
        do: pseudonymize
        as: token
        reversible: true
        linkable: path.confID
      - {at: header.X-User, linkable: week}
      - {at: body.deviceID, do: keep}
  - {name: assets, match: 'GET /static/{any...}', pass: true}
`

func TestSchemaAccepts(t *testing.T) {
	s := compileSchema(t, Schema())
	files := map[string][]byte{"every field": []byte(everyField)}
	packs, _ := filepath.Glob("packs/*.yaml")
	for _, path := range packs {
		if strings.HasSuffix(path, "_test.yaml") {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = data
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range regexp.MustCompile("(?ms)^```yaml\n(version: 1.*?)^```$").FindAllSubmatch(readme, -1) {
		files[fmt.Sprintf("README.md/%d", i)] = m[1]
	}
	if len(files) < 3 {
		t.Fatalf("only %d files to accept", len(files))
	}
	for name, data := range files {
		if err, read := accepts(t, s, data); err != nil || !read {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// structural are the messages about what a schema can see.
var structural = regexp.MustCompile(`is no field of|a mapping of fields|a list is wanted|a single value is wanted|the list is empty|neither true nor false` +
	`|nothing a rule can do|nothing to restore|no form of a pseudonym|nothing to do on|version .*(is missing|is not known)|has no (at|name|match|routes)\b|detectors is a mapping`)

// tooFine are mistakes of structure that are none in JSON.
var tooFine = map[string]string{
	"version-float":   "1.0 is 1",
	"file-empty":      "no document",
	"field-alias-key": "the key of an alias is its text",
	"field-merge-key": "JSON has what is merged",
}

func TestSchemaRejects(t *testing.T) {
	s := compileSchema(t, Schema())
	wants, err := filepath.Glob("testdata/bad/*.want")
	if err != nil {
		t.Fatal(err)
	}
	rejected := 0
	for _, path := range wants {
		name := strings.TrimSuffix(filepath.Base(path), ".want")
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(strings.TrimSuffix(path, ".want") + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		if !structural.Match(want) || tooFine[name] != "" {
			continue
		}
		if err, read := accepts(t, s, data); read && err == nil {
			t.Errorf("%s is accepted:\n%s%s", name, data, want)
		} else if read {
			rejected++
		}
	}
	if rejected < 30 {
		t.Errorf("only %d files have a mistake that a schema sees", rejected)
	}
}

// TestSchemaIsTheReader: whatever is put in the place of any value of a file, and
// whatever is taken out, the schema accepts what the reader accepts, and rejects
// what the reader says is a mistake of structure.
func TestSchemaIsTheReader(t *testing.T) {
	s := compileSchema(t, Schema())
	values := []string{"x", "7", "true", "1.5", `""`, "null", "[]", "{}", "[x]", "[[x]]", "{x: y}", "[null]", "{name: x}", "body.x", "phone", "keep", "[{}]", "POST /y"}
	random := rand.New(rand.NewPCG(1, 2))
	seen := [2]int{}
	for tries := 0; tries < 3000 && min(seen[0], seen[1]) < 100; tries++ {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(everyField), &doc); err != nil {
			t.Fatal(err)
		}
		respelled(random, doc.Content[0], values)
		data, err := yaml.Marshal(&doc)
		if err != nil {
			t.Fatal(err)
		}
		bad, read := accepts(t, s, data)
		if !read {
			continue
		}
		_, err = Parse(File{"r.yaml", data})
		var problems Problems
		errors.As(err, &problems)
		isStructural := slices.ContainsFunc(problems, func(p Problem) bool { return structural.MatchString(p.Message) })
		switch {
		case err == nil && bad != nil:
			t.Fatalf("the reader accepts what the schema does not: %v\n%s", bad, data)
		case isStructural && bad == nil:
			t.Fatalf("the schema accepts what the reader does not: %v\n%s", err, data)
		case err == nil:
			seen[0]++
		default:
			seen[1]++
		}
	}
	if min(seen[0], seen[1]) < 100 {
		t.Errorf("%d files were accepted and %d rejected: not enough of both", seen[0], seen[1])
	}
}

// respelled replaces, removes or renames something at random below n.
func respelled(random *rand.Rand, n *yaml.Node, values []string) {
	var nodes []*yaml.Node
	var walk func(*yaml.Node)
	walk = func(n *yaml.Node) {
		nodes = append(nodes, n)
		for _, c := range n.Content {
			walk(c)
		}
	}
	walk(n)
	at := nodes[random.IntN(len(nodes))]
	if at.Kind == yaml.MappingNode && len(at.Content) > 0 && random.IntN(2) == 0 {
		i := 2 * random.IntN(len(at.Content)/2)
		if random.IntN(2) == 0 {
			at.Content = slices.Delete(at.Content, i, i+2)
		} else {
			at.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Value: "unknown"}
		}
		return
	}
	var value yaml.Node
	if err := yaml.Unmarshal([]byte(values[random.IntN(len(values))]), &value); err != nil {
		panic(err)
	}
	*at = *value.Content[0]
}

// TestSchemaOfTests: it accepts the tests that can be read, and rejects those with a
// mistake of structure.
func TestSchemaOfTests(t *testing.T) {
	s := compileSchema(t, SchemaOfTests())
	structural := regexp.MustCompile(`is no field of|a mapping of fields|a list is wanted|a single value is wanted|the list is empty` +
		`|is no reason to (refuse|drop)|has no (name|request|tests)\b|wants nothing|rules is missing`)
	good, _ := filepath.Glob("packs/*_test.yaml")
	bad, _ := filepath.Glob("testdata/suites/bad-*.yaml")
	rejected := 0
	for _, path := range append(append(good, "testdata/suites/good-requests.yaml"), bad...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, problems := parseTests(path, data)
		wrong := slices.ContainsFunc(problems, func(p Problem) bool { return p.File == path && structural.MatchString(p.Message) })
		err, read := accepts(t, s, data)
		switch {
		case !read:
		case err != nil && len(problems) == 0:
			t.Errorf("%s is rejected: %v", path, err)
		case err == nil && wrong:
			t.Errorf("%s is accepted: %v", path, problems)
		case wrong:
			rejected++
		}
	}
	if len(good) == 0 || rejected < 3 {
		t.Errorf("%d good files, %d rejected: not enough", len(good), rejected)
	}
}

// TestSchemaDescribes: every field has a description, and what words it knows are
// the compiler's.
func TestSchemaDescribes(t *testing.T) {
	r := &reader{}
	for what, fields := range map[string][]field{
		"file": r.fileFields(&fileSpec{}, &scalar{}), "route": r.routeFields(&routeSpec{}), "rule": r.ruleFields(&ruleSpec{}),
		"on_failure": r.onFailureFields(&onFailureSpec{}),
		"detector":   r.detectorFields(&detectorSpec{}), "tenant": r.tenantFields(&tenantSpec{}),
		"suite": r.suiteFields(&Suite{}, &[]scalar{}), "test": r.testFields(&Test{}, &testSpec{}), "want": r.wantFields(&want{}), "answer": r.answerFields(&answer{}),
	} {
		for _, f := range fields {
			if !strings.HasSuffix(f.doc, ".") || strings.Contains(f.doc, "\n") {
				t.Errorf("%s.%s: %q is no line of documentation", what, f.name, f.doc)
			}
		}
	}
	text := strings.Join(strings.Fields(string(Schema())), " ")
	for _, words := range [][]string{actionNames, linkableNames, restoreNames, guardNames, otherwiseNames, modeNames, failNames, failNames[:FailText]} {
		list, _ := json.Marshal(words)
		if want := strings.NewReplacer(`["`, `[ "`, `","`, `", "`, `"]`, `" ]`).Replace(string(list)); !strings.Contains(text, want) {
			t.Errorf("the schema does not list %s", want)
		}
	}
}
