package config_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/statveil/statveil/config"
	"go.yaml.in/yaml/v4"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(config.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("config.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// accepts says what a validator makes of a configuration. read is false where the
// file is not YAML that JSON can say.
func accepts(t *testing.T, s *jsonschema.Schema, data []byte) (err error, read bool) {
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

// structural are the messages about what a schema can see.
var structural = regexp.MustCompile(`unknown field|must be (a text|true or false|a whole number|a list|a mapping|one of)|is not a (size|duration)|has no value|collectors\[\d+\]\.(host|upstream) is missing`)

// tooFine are mistakes that JSON cannot make.
var tooFine = map[string]string{
	"merge-key": "JSON has what is merged",
}

func TestSchemaRejects(t *testing.T) {
	s := compileSchema(t)
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rejected := 0
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".yaml")
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = config.Parse(name, data)
		if err == nil || !structural.MatchString(err.Error()) || tooFine[name] != "" {
			continue
		}
		if bad, read := accepts(t, s, data); read && bad == nil {
			t.Errorf("%s is accepted:\n%s%s", name, data, err)
		} else if read {
			rejected++
		}
	}
	if rejected < 8 {
		t.Errorf("only %d files have a mistake that a schema sees", rejected)
	}
}

// TestSchemaIsTheReader: the schema accepts what the reader accepts, and rejects
// what the reader says is a mistake of structure, whatever stands where.
func TestSchemaIsTheReader(t *testing.T) {
	s := compileSchema(t)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?ms)^```yaml\n(listen: .*?)^```$").FindSubmatch(readme)
	if example == nil {
		t.Fatal("the README shows no configuration")
	}
	if bad, read := accepts(t, s, example[1]); bad != nil || !read {
		t.Fatalf("the README's example is rejected: %v", bad)
	}
	several := []byte(`collectors:
  - {host: a.example, upstream: "https://a.collector.example", public: "http://a.localhost:8080"}
  - {host: "*", upstream: "http://127.0.0.1:9000"}
tls: {cert: a.pem, key: b.pem}
upstream_tls: {ca: ca.pem, server_name: a.example}
admin: {private: 127.0.0.1:1}
limits: {ratio: 7, inflight: 1GiB}
`)
	if bad, read := accepts(t, s, several); bad != nil || !read {
		t.Fatalf("several collectors are rejected: %v", bad)
	}
	values := []string{"x", "7", "true", "1.5", `""`, "null", "[]", "{}", "[x]", "[7]", "{x: y}", "[{host: x, upstream: http://x}]", "5s", "1.5h2m", ".5ms", "+1s", "10MiB", "-1", "0", "2B", "debug", "console", "http://a:1"}
	random := rand.New(rand.NewPCG(1, 2))
	accepted, rejected := 0, 0
	for i := range 8000 {
		var doc yaml.Node
		if err := yaml.Unmarshal([][]byte{example[1], several}[i%2], &doc); err != nil {
			t.Fatal(err)
		}
		change(random, doc.Content[0], values)
		data, err := yaml.Marshal(&doc)
		if err != nil {
			t.Fatal(err)
		}
		bad, read := accepts(t, s, data)
		if !read {
			continue
		}
		_, err = config.Parse("f.yaml", data)
		switch {
		case err == nil && bad != nil:
			t.Fatalf("the reader accepts what the schema does not: %v\n%s", bad, data)
		case err != nil && bad == nil && structural.MatchString(err.Error()):
			t.Fatalf("the schema accepts what the reader does not: %v\n%s", err, data)
		case err == nil:
			accepted++
		default:
			rejected++
		}
	}
	if min(accepted, rejected) < 400 {
		t.Errorf("%d files were accepted and %d rejected: not enough of both", accepted, rejected)
	}
}

// change replaces, removes or renames something at random below n.
func change(random *rand.Rand, n *yaml.Node, values []string) {
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
	if at.Kind == yaml.MappingNode && len(at.Content) > 0 {
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
