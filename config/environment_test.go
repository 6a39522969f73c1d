package config_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/statveil/statveil/config"
)

// property is a part of the JSON Schema.
type property struct {
	Type        any
	Enum        []string
	Pattern     string
	Description string
	Properties  map[string]property
}

// scalars are the fields of the schema that are one value, by full name.
func scalars(t *testing.T) map[string]property {
	t.Helper()
	var top property
	if err := json.Unmarshal(config.Schema(), &top); err != nil {
		t.Fatal(err)
	}
	found := make(map[string]property)
	var walk func(prefix string, p property)
	walk = func(prefix string, p property) {
		for name, p := range p.Properties {
			switch types, _ := p.Type.([]any); {
			case p.Properties != nil:
				walk(prefix+name+".", p)
			case p.Type != "array" && !slices.Contains(types, any("array")):
				found[prefix+name] = p
			}
		}
	}
	walk("", top)
	if len(found) < 20 {
		t.Fatalf("the schema has only %d fields", len(found))
	}
	return found
}

func variable(field string) string {
	return "STATVEIL_" + strings.ToUpper(strings.ReplaceAll(field, ".", "_"))
}

// another is a valid text for a field that is not its default.
func another(p property) string {
	switch {
	case p.Enum != nil:
		return p.Enum[len(p.Enum)-1]
	case p.Type == "boolean":
		return "true"
	case p.Type == "integer":
		return "77"
	case strings.Contains(p.Pattern, "KiB"):
		return "77KiB"
	case p.Pattern != "":
		return "77s"
	}
	return "other"
}

// TestVariables: every scalar has a variable, none is that of two, and none has
// a name that Kubernetes gives a variable of a Service.
func TestVariables(t *testing.T) {
	service := regexp.MustCompile(`_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT|PORT_[0-9]+_(TCP|UDP|SCTP)(_.*)?)$`)
	if !service.MatchString("STATVEIL_PORT_8080_TCP_ADDR") {
		t.Fatal("the expression for Services is wrong")
	}
	whose := make(map[string]string)
	for field, p := range scalars(t) {
		name := variable(field)
		if whose[name] != "" || service.MatchString(name) {
			t.Errorf("%s gives %s too: %q", name, field, whose[name])
		}
		whose[name] = field
		c := config.Default()
		unknown, err := c.Environment([]string{name + "=" + another(p)})
		if err != nil || len(unknown) > 0 {
			t.Errorf("%s=%s: got %q, %v", name, another(p), unknown, err)
		}
		if reflect.DeepEqual(withoutOrigin(*c), withoutOrigin(*config.Default())) {
			t.Errorf("%s=%s changes nothing", name, another(p))
		}
	}
}

// withoutOrigin is what c says, whoever said it.
func withoutOrigin(c config.Config) config.Config {
	return config.Config{Listen: c.Listen, Upstream: c.Upstream, Collectors: c.Collectors, Rules: c.Rules, Keys: c.Keys,
		TLS: c.TLS, UpstreamTLS: c.UpstreamTLS, Admin: c.Admin, Limits: c.Limits, Timeouts: c.Timeouts, Log: c.Log}
}

// TestEnvironmentIsTheFile: a variable takes the texts that the file takes in
// quotes, or bare where they are numbers or true and false there.
func TestEnvironmentIsTheFile(t *testing.T) {
	texts := []string{"x", "7", "007", "+7", "-7", "0x7", "7.0", "99999999999999999999", "true", "True", "TRUE", "yes", "on", "1", "0",
		"10MiB", "10 MiB", "10mib", "1e3", "5s", "5", "1d", "1h30m", "-5s", "info", "INFO", "null", "~", "[x]", "{}", "*x", "#", "é", "http://127.0.0.1:9"}
	accepted, rejected := 0, 0
	for field, p := range scalars(t) {
		for _, text := range texts {
			written := text
			if p.Type != "boolean" && p.Type != "integer" {
				quoted, err := json.Marshal(text)
				if err != nil {
					t.Fatal(err)
				}
				written = string(quoted)
			}
			file := written
			path := strings.Split(field, ".")
			for _, name := range slices.Backward(path) {
				file = "{" + name + ": " + file + "}"
			}
			// What only check says is of the value, not of its form.
			_, problems := config.Check("f.yaml", []byte(file))
			form := regexp.MustCompile("^" + regexp.QuoteMeta(field) + " (must be a text|must be true or false|must be a whole number|has no value|is not a size|is not a duration)")
			bad := slices.ContainsFunc(problems, func(p config.Problem) bool {
				return form.MatchString(p.Message) || strings.HasPrefix(p.Message, "not YAML")
			})
			_, err := config.Default().Environment([]string{variable(field) + "=" + text})
			if bad != (err != nil) {
				t.Errorf("%s: the file says %v\n%s=%s: %v", file, problems, variable(field), text, err)
			}
			if bad {
				rejected++
			} else {
				accepted++
			}
		}
	}
	if min(accepted, rejected) < 100 {
		t.Errorf("%d texts were accepted and %d rejected: not enough of both", accepted, rejected)
	}
}

func TestEnvironment(t *testing.T) {
	c, err := config.Parse("conf/statveil.yaml", []byte(least+"limits: {body: 1MiB, depth: 7}\n"))
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := c.Environment([]string{
		"PATH=/bin", "STATVEIL_LIMITS_BODY=2MiB", "STATVEIL_KEYS_FILE=keys.json", "STATVEIL_KEYS_DEV=false",
		"STATVEIL_LOG_LEVEL=debug", "STATVEIL_LOG_FORMAT=", "STATVEIL_UPSTREAM=http://first.example", "STATVEIL_UPSTREAM=https://b.example",
		"STATVEIL_SERVICE_HOST=10.0.0.1", "STATVEIL_PORT=tcp://10.0.0.1:80", "STATVEIL_RULES=rules", "STATVEIL_COLLECTORS=[]",
		"STATVEIL_KEYS=dev", "STATVEIL_LIMITS_BDOY=1", "STATVEIL_EMPTY=", "statveil_listen=x", "STATVEIL_listen=x", "XSTATVEIL_A=x", "STATVEIL_", "STATVEIL_=x",
	})
	if err == nil {
		err = c.Validate()
	}
	if err != nil {
		t.Fatal(err)
	}
	if c.Limits.Body != 2<<20 || c.Limits.Depth != 7 || c.Upstream != "https://b.example" || c.Log != (config.Log{Level: "debug", Format: "json"}) ||
		c.Keys != (config.Keys{File: "keys.json"}) || !slices.Equal(c.Rules, []string{"conf/rules"}) {
		t.Errorf("got %+v", c)
	}
	want := []string{"STATVEIL_", "STATVEIL_COLLECTORS (a list, which no variable gives)", "STATVEIL_KEYS", "STATVEIL_LIMITS_BDOY", "STATVEIL_PORT",
		"STATVEIL_RULES (a list, which no variable gives)", "STATVEIL_SERVICE_HOST", "STATVEIL_listen"}
	if !slices.Equal(unknown, want) {
		t.Errorf("unknown: got %q\nwant %q", unknown, want)
	}
}

// TestEnvironmentMistakes: all mistakes at once, in the order of the schema.
func TestEnvironmentMistakes(t *testing.T) {
	c := config.Default()
	_, err := c.Environment([]string{
		"STATVEIL_TIMEOUTS_DRAIN=hunter2", "STATVEIL_LIMITS_BODY=hunter2", "STATVEIL_LIMITS_DEPTH=hunter2", "STATVEIL_KEYS_DEV=hunter2", "STATVEIL_LISTEN=\xff", "STATVEIL_LIMITS_RATIO= 7",
	})
	want := `STATVEIL_LISTEN: listen must be a text
STATVEIL_KEYS_DEV: keys.dev must be true or false
STATVEIL_LIMITS_BODY: limits.body is not a size
  hint: write it like 10MiB, 64KiB, 512B or a number of bytes
STATVEIL_LIMITS_DEPTH: limits.depth must be a whole number
STATVEIL_LIMITS_RATIO: limits.ratio must be a whole number
STATVEIL_TIMEOUTS_DRAIN: timeouts.drain is not a duration
  hint: write it like 500ms, 30s, 2m or 1h30m`
	if err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	if !reflect.DeepEqual(c, config.Default()) {
		t.Errorf("what cannot be read changed something: %+v", c)
	}
}

// TestValidateEnvironment: what is wrong with a value is said of the variable
// that gave it, until a flag gives another.
func TestValidateEnvironment(t *testing.T) {
	tests := []struct{ name, file, environment, want string }{
		{"range", least, "STATVEIL_LIMITS_DEPTH=0", "STATVEIL_LIMITS_DEPTH: limits.depth must be between 1 and 10000\n  hint: there is no way to switch a limit off"},
		{"choice", least, "STATVEIL_LOG_LEVEL=warning", "STATVEIL_LOG_LEVEL: log.level must be one of: debug, info, warn, error\n  hint: did you mean \"warn\"?"},
		{"keys of both", least, "STATVEIL_KEYS_FILE=k", "STATVEIL_KEYS_FILE: keys names two sources\n  hint: keep one of dev: true and file: PATH"},
		{"no keys", least, "STATVEIL_KEYS_DEV=false", "f.yaml: keys names no source\n  hint: keys: {file: PATH}, a file that statveil keys init makes; to try it out: keys: {dev: true}"},
		{"upstream over collectors", "collectors: [{host: a, upstream: http://a.example}]\nrules: [r]\nkeys: {dev: true}\n", "STATVEIL_UPSTREAM=http://b.example",
			"STATVEIL_UPSTREAM: upstream and collectors are both given\n  hint: keep one: upstream where there is one collector, collectors where there are several"},
		{"half of a pair", least, "STATVEIL_TLS_CERT=c", "STATVEIL_TLS_CERT: tls.cert is given without tls.key\n  hint: a certificate and its private key belong together"},
		{"other half", least + "tls: {cert: c}\n", "STATVEIL_TLS_KEY=k", ""},
		{"both halves", least, "STATVEIL_TLS_KEY=k STATVEIL_TLS_CERT=c STATVEIL_TLS_CLIENT_CA=a", ""},
		{"the file's half", least + "tls: {cert: c}\n", "", "f.yaml: tls.cert is given without tls.key\n  hint: a certificate and its private key belong together"},
		{"TLS of a plain collector", least + "upstream_tls: {}\n", "STATVEIL_UPSTREAM_TLS_CA=c",
			"STATVEIL_UPSTREAM_TLS_CA: upstream_tls is given and no collector is https://\n  hint: TLS is spoken to collectors whose URL begins with https://"},
		{"nothing is missing", "rules: [r]\n", "STATVEIL_UPSTREAM=http://a.example STATVEIL_KEYS_DEV=true", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := config.Parse("f.yaml", []byte(tt.file))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Environment(strings.Fields(tt.environment)); err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := c.Validate(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}

	c := config.Default()
	c.Rules, c.Keys.Dev = []string{"rules"}, true
	if _, err := c.Environment([]string{"STATVEIL_UPSTREAM=http://a.example"}); err != nil {
		t.Fatal(err)
	}
	c.Upstream = "ftp://b.example"
	if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), "upstream must begin") {
		t.Errorf("a flag's value is said to be that of a variable: %v", err)
	}
}
