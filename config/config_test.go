package config_test

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/config"
)

var update = flag.Bool("update", false, "write the messages of testdata anew; read the difference before committing it")

// complete reads a configuration as the program does when no flag is given.
func complete(name string, data []byte) (*config.Config, error) {
	c, err := config.Parse(name, data)
	if err == nil {
		err = c.Validate()
	}
	return c, err
}

// Each bad file stands beside the exact text that is said about it.
func TestBadFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = complete(filepath.Base(file), data)
			if err == nil {
				t.Fatalf("no error\ninput: %s", data)
			}
			got, wantFile := err.Error()+"\n", strings.TrimSuffix(file, ".yaml")+".want"
			if *update {
				if err := os.WriteFile(wantFile, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(wantFile)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got:\n%swant:\n%sinput:\n%s", got, want, data)
			}
			for _, secret := range []string{"s3cret", "hunter2", "hvs."} {
				if strings.Contains(got, secret) {
					t.Errorf("the message repeats %q", secret)
				}
			}
		})
	}
}

func TestBadBytes(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"not UTF-8", "# comment\nlisten: é\xff", "f.yaml:2:10: the file is not UTF-8"},
		{"too large", strings.Repeat("#\n", 1<<19) + "#", "f.yaml: the file is larger than 1MiB"},
		{"NUL", "listen: \x00", "f.yaml: not YAML: control characters are not allowed (value: 0)"},
		{"deep", "rules: " + strings.Repeat("[", 1<<19), "f.yaml:1:10008: not YAML: exceeded max depth of 10000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Parse("f.yaml", []byte(tt.in))
			if err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

const least = "upstream: http://127.0.0.1:9000\nrules: [rules]\nkeys: {dev: true}\n"

func TestDefaults(t *testing.T) {
	c, err := complete("statveil.yaml", []byte(least))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct{ name, got, want string }{
		{"listen", c.Listen, "127.0.0.1:8080"},
		{"upstream", c.Upstream, "http://127.0.0.1:9000"},
		{"admin.listen", c.Admin.Listen, "127.0.0.1:9901"},
		{"admin.private", c.Admin.Private, "127.0.0.1:9902"},
		{"limits.body", c.Limits.Body.String(), "10MiB"},
		{"limits.headers", c.Limits.Headers.String(), "64KiB"},
		{"limits.target", c.Limits.Target.String(), "8KiB"},
		{"limits.inflight", c.Limits.Inflight.String(), "64MiB"},
		{"timeouts.read_header", c.Timeouts.ReadHeader.String(), "10s"},
		{"timeouts.read_body", c.Timeouts.ReadBody.String(), "30s"},
		{"timeouts.write", c.Timeouts.Write.String(), "30s"},
		{"timeouts.idle", c.Timeouts.Idle.String(), "2m0s"},
		{"timeouts.upstream", c.Timeouts.Upstream.String(), "30s"},
		{"timeouts.drain", c.Timeouts.Drain.String(), "20s"},
		{"log.level", c.Log.Level, "info"},
		{"log.format", c.Log.Format, "json"},
	} {
		if v.got != v.want {
			t.Errorf("%s: got %s, want %s", v.name, v.got, v.want)
		}
	}
	for _, v := range []struct {
		name      string
		got, want int
	}{
		{"limits.depth", c.Limits.Depth, 128},
		{"limits.ratio", c.Limits.Ratio, 100},
		{"limits.parameters", c.Limits.Parameters, 1000},
		{"limits.connections", c.Limits.Connections, 1024},
	} {
		if v.got != v.want {
			t.Errorf("%s: got %d, want %d", v.name, v.got, v.want)
		}
	}
}

func TestEveryField(t *testing.T) {
	in := `# every field, none with its default
listen: :80
upstream: https://collector.example:8443
rules: [a.yaml, /etc/statveil/b.yaml, ../c]
keys: {dev: true}
tls: {cert: tls.crt, key: tls.key, client_ca: /etc/ca.crt}
upstream_tls: {ca: ca.crt, cert: us.crt, key: ../us.key, server_name: inside.example}
admin: {listen: "[::1]:81", private: "[::1]:82"}
limits: {body: 1GiB, depth: 5, headers: 4096, target: 512B, ratio: 7, parameters: 8, inflight: 2GiB, connections: 9}
timeouts: {read_header: 1s, read_body: 1m30s, write: 3s, idle: 500ms, upstream: 1h, drain: 2s}
log: {level: debug, format: console}
`
	c, err := complete("conf/statveil.yaml", []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"conf/a.yaml", "/etc/statveil/b.yaml", "c"}; !reflect.DeepEqual(c.Rules, want) {
		t.Errorf("rules: got %q, want %q", c.Rules, want)
	}
	got := []any{c.Listen, c.Upstream, c.Keys, c.TLS, c.UpstreamTLS, c.Admin, c.Limits, c.Timeouts, c.Log}
	want := []any{":80", "https://collector.example:8443", config.Keys{Dev: true},
		config.TLS{Cert: "conf/tls.crt", Key: "conf/tls.key", ClientCA: "/etc/ca.crt"},
		config.UpstreamTLS{CA: "conf/ca.crt", Cert: "conf/us.crt", Key: "us.key", ServerName: "inside.example"},
		config.Admin{Listen: "[::1]:81", Private: "[::1]:82"},
		config.Limits{Body: 1 << 30, Depth: 5, Headers: 4096, Target: 512, Ratio: 7, Parameters: 8, Inflight: 2 << 30, Connections: 9},
		config.Timeouts{ReadHeader: config.Duration(time.Second), ReadBody: config.Duration(90 * time.Second), Write: config.Duration(3 * time.Second),
			Idle: config.Duration(500 * time.Millisecond), Upstream: config.Duration(time.Hour), Drain: config.Duration(2 * time.Second)},
		config.Log{Level: "debug", Format: "console"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A key file, like the rules, is found from the file that names it.
func TestKeysFile(t *testing.T) {
	for in, want := range map[string]string{"keys.json": "conf/keys.json", "../k": "k", "/etc/statveil/keys.json": "/etc/statveil/keys.json"} {
		c, err := complete("conf/statveil.yaml", []byte(strings.Replace(least, "dev: true", "file: "+in, 1)))
		if err != nil || c.Keys != (config.Keys{File: want}) {
			t.Errorf("keys.file %s: got %+v, %v, want %s", in, c.Keys, err, want)
		}
	}
}

// Sections that are commented out, and values written once and used twice, are
// ordinary YAML.
func TestAliasesAndEmptySections(t *testing.T) {
	in := least + "limits:\n  # body: 1MiB\nlog:\ntimeouts: {read_header: &t 5s, idle: *t}\n"
	c, err := complete("f.yaml", []byte(in))
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Timeouts.Idle.String(); got != "5s" {
		t.Errorf("timeouts.idle through an alias: got %s, want 5s", got)
	}
	if c.Limits != config.Default().Limits || c.Log != config.Default().Log {
		t.Errorf("got %v %v, want the defaults", c.Limits, c.Log)
	}
}

// A value that was laid over the file's is not blamed on the file.
func TestValidateAfterOverride(t *testing.T) {
	c, err := config.Parse("f.yaml", []byte("rules: [rules]\n"))
	if err != nil {
		t.Fatalf("an incomplete file must be readable, because flags may complete it: %v", err)
	}
	c.Upstream = "ftp://user:s3cret@127.0.0.1"
	want := "upstream must begin with http:// or https://\n" +
		"  hint: write scheme, host and maybe a port, as in http://127.0.0.1:9000\n" +
		"f.yaml: keys names no source\n" +
		"  hint: keys: {file: PATH}, a file that statveil keys init makes; to try it out: keys: {dev: true}"
	if err := c.Validate(); err == nil || err.Error() != want {
		t.Errorf("got:\n%v\nwant:\n%s", err, want)
	}
	for _, keys := range []config.Keys{{Dev: true}, {File: "keys.json"}} {
		c.Upstream, c.Keys = "http://127.0.0.1:9000", keys
		if err := c.Validate(); err != nil {
			t.Errorf("completed by flags: %v", err)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "statveil.yaml")
	if err := os.WriteFile(path, []byte(least), 0o666); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(dir, "rules"); len(c.Rules) != 1 || c.Rules[0] != want {
		t.Errorf("rules: got %q, want [%q]", c.Rules, want)
	}
	if err := os.WriteFile(path, make([]byte, 2<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := config.Load(path); err == nil || err.Error() != path+": the file is larger than 1MiB" {
		t.Errorf("a file of 2 MiB: got %v", err)
	}
	if _, err := config.Load(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "reading configuration: ") {
		t.Errorf("an absent file: got %v", err)
	}
}

// TestCheck: every mistake, and what is missing beside what can be read.
func TestCheck(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"complete", least, ""},
		{"missing and wrong", "listen: x\nrules: [r]\nkeys: {dev: maybe}\n",
			"f.yaml:1:9: listen is not an address to listen on\n  hint: write host:port, as in 127.0.0.1:8080, or :8080 for every interface\n" +
				"f.yaml:3:13: keys.dev must be true or false\n" +
				"f.yaml: upstream is missing\n  hint: name the collector, as in upstream: http://127.0.0.1:9000"},
		{"half of TLS", least + "tls:\n  cert: c\nupstream_tls: {key: 7, cert: c}\n",
			"f.yaml:5:9: tls.cert is given without tls.key\n  hint: a certificate and its private key belong together\n" +
				"f.yaml:6:21: upstream_tls.key must be a text\n" +
				"f.yaml:6:30: upstream_tls is given and no collector is https://\n  hint: TLS is spoken to collectors whose URL begins with https://"},
		{"a name that begins another", "rules: [r]\nkeys: {dev: true}\nupstream_tls: {ca: 7}\n",
			"f.yaml:3:20: upstream_tls.ca must be a text\n" +
				"f.yaml: upstream is missing\n  hint: name the collector, as in upstream: http://127.0.0.1:9000"},
		{"nothing can be read", "[", "f.yaml:2:1: not YAML: did not find expected node content"},
		{"too large", strings.Repeat("#\n", 5<<20), "f.yaml: the file is larger than 1MiB"},
	}
	for _, tt := range tests {
		c, problems := config.Check("f.yaml", []byte(tt.in))
		if got := problems.Error(); got != tt.want || c == nil {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	if c, _ := config.Check("d/f.yaml", []byte("rules: [r]\nlisten: x\n")); !reflect.DeepEqual(c.Rules, []string{"d/r"}) {
		t.Errorf("rules beside a mistake: got %q", c.Rules)
	}
}
