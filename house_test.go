// Package statveil_test holds the rules of the house that no compiler checks:
// what may import what, what every package says about itself, what may be
// linked, and what no file may say. Each check is a function from the tree to
// what is wrong with it, and each is tested on a tree that is wrong.
package statveil_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/statveil/statveil"

// edges are the arrows of docs/architecture.md: the packages that each room may
// import. A room that is not here does not exist.
var edges = map[string][]string{
	"":             {},
	"cmd":          {"config", "keys", "proxy", "pseudonym", "rules", "rules/detect", "rules/packs"},
	"config":       {},
	"keys":         {"pseudonym"},
	"proxy":        {"pseudonym", "rules"},
	"pseudonym":    {},
	"rules":        {"rules/detect"},
	"rules/detect": {},
	"rules/packs":  {},
}

// third is a module of somebody else and the files that may import it.
type third struct {
	module string
	files  []string // patterns
	tools  []string // patterns that hold only for files no build takes in
	alone  bool     // in one product file of each directory only
}

// thirdParty is the table of docs/architecture.md. A module that is not here
// may be imported nowhere.
var thirdParty = []third{
	{module: "github.com/andybalholm/brotli", files: []string{"proxy/*.go"}, alone: true},
	{module: "github.com/klauspost/compress", files: []string{"cmd/statveil/*.go", "proxy/*.go"}},
	{module: "github.com/nyaruka/phonenumbers", files: []string{"rules/detect/*_test.go"}, tools: []string{"rules/detect/*.go"}},
	{module: "github.com/prometheus/client_golang", files: []string{"cmd/statveil/metrics.go", "cmd/statveil/metrics_test.go"}},
	{module: "github.com/rogpeppe/go-internal", files: []string{"cmd/statveil/*_test.go"}},
	{module: "github.com/santhosh-tekuri/jsonschema/v6", files: []string{"config/*_test.go", "rules/*_test.go"}},
	{module: "github.com/schollz/progressbar/v3", files: []string{"cmd/statveil/*.go"}, alone: true},
	{module: "github.com/spf13/cobra", files: []string{"cmd/statveil/*.go"}},
	{module: "github.com/tidwall/gjson", files: []string{"rules/*_test.go", "rules/jsonoracle.go"}},
	{module: "github.com/tidwall/sjson", files: []string{"rules/*_test.go", "rules/jsonoracle.go"}},
	{module: "github.com/tink-crypto/tink-go/v2", files: []string{"pseudonym/*.go"}},
	{module: "go.uber.org/zap", files: []string{"cmd/statveil/*.go"}},
	{module: "go.yaml.in/yaml/v4", files: []string{"cmd/statveil/manifests_test.go", "config/*.go", "rules/*.go"}, alone: true},
	{module: "golang.org/x/term", files: []string{"cmd/statveil/*.go"}, alone: true},
	{module: "golang.org/x/text", files: []string{"proxy/*_test.go", "rules/*.go", "rules/detect/*.go"}},
	{module: "golang.org/x/net", files: []string{"rules/detect/*.go"}},
}

// forbidden are names of other packages that product code may not use, but for
// one file where it names one. A name that ends in * stands for all that begin so.
var forbidden = []struct{ pkg, name, why, but string }{
	{"github.com/elazarl/goproxy", "GoproxyCa", "its private key is public", ""},
	{"github.com/elazarl/goproxy", "MitmConnect", "it signs with goproxy's own CA", ""},
	{"github.com/elazarl/goproxy", "AlwaysMitm", "it signs with goproxy's own CA", ""},
	{"github.com/elazarl/goproxy", "OkConnect", "it tunnels what nobody has read", ""},
	{"github.com/tidwall/sjson", "Set*", "it changes the first duplicate only and destroys nested arrays", "rules/jsonoracle.go"}, // the oracle
	{"go.uber.org/zap", "Any", "it prints what it is given, values included", ""},
	{"net/http", "Error", "errors to clients are problem+json and hold no text of the error", ""},
}

// printers are what a room below cmd may not use, for the same reason that it
// may not import a logger: code that holds personal data cannot write it down.
var printers = []struct{ pkg, name string }{
	{"fmt", "Print*"}, {"os", "Stdout"}, {"os", "Stderr"},
}

// source is one Go file of the module.
type source struct {
	path string // from the root, with slashes
	file *ast.File
	fset *token.FileSet
}

func (s source) dir() string {
	if d := path.Dir(s.path); d != "." {
		return d
	}
	return ""
}

func (s source) room() string {
	if s.dir() == "cmd" || strings.HasPrefix(s.dir(), "cmd/") {
		return "cmd"
	}
	return s.dir()
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// tool says that no build takes the file in: it is run by hand, with go run.
func (s source) tool() bool {
	for _, group := range s.file.Comments {
		if group.Pos() > s.file.Package {
			break
		}
		for _, c := range group.List {
			if strings.TrimSpace(c.Text) == "//go:build ignore" {
				return true
			}
		}
	}
	return false
}

func (s source) product() bool { return !s.test() && !s.tool() }

// imported is one import and the name it has in its file.
type imported struct{ name, path string }

var majorVersion = regexp.MustCompile(`/v[0-9]+$`)

func (s source) imports() (all []imported) {
	for _, spec := range s.file.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		name := path.Base(majorVersion.ReplaceAllString(p, ""))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		all = append(all, imported{name, p})
	}
	return all
}

func (s source) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(pos).Line)
}

// skipped are directories that hold nothing of ours.
func skipped(d fs.DirEntry) bool {
	return d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules")
}

func parse(t *testing.T, path string, src any) source {
	t.Helper()
	fset := token.NewFileSet()
	file := filepath.FromSlash(path)
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return source{path: path, file: f, fset: fset}
}

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case skipped(d) || d.IsDir() && d.Name() == "testdata":
			return fs.SkipDir
		case d.IsDir() && p != ".":
			if m, _ := filepath.Glob(filepath.Join(p, "go.mod")); m != nil {
				return fs.SkipDir
			}
		case strings.HasSuffix(p, ".go"):
			all = append(all, parse(t, filepath.ToSlash(p), nil))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 2 {
		t.Fatalf("found %d Go files: the tests do not run at the root of the module", len(all))
	}
	return all
}

func report(t *testing.T, wrong []string) {
	t.Helper()
	for _, w := range wrong {
		t.Error(w)
	}
}

func checkArrows(all []source) (wrong []string) {
	for _, s := range all {
		allowed, known := edges[s.room()]
		if !known {
			wrong = append(wrong, fmt.Sprintf("%s: %s is no room of docs/architecture.md", s.path, s.dir()))
			continue
		}
		for _, i := range s.imports() {
			to, ours := strings.CutPrefix(i.path, module+"/")
			if !ours || s.test() && to == s.dir() || slices.Contains(allowed, to) {
				continue
			}
			wrong = append(wrong, fmt.Sprintf("%s: imports %s, but there is no arrow from %s to it", s.path, to, s.room()))
		}
	}
	return wrong
}

func matches(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := path.Match(pattern, p)
		return ok
	})
}

func checkThirdParty(all []source) (wrong []string) {
	holders := make(map[string]string) // module and directory → product file
	for _, s := range all {
		for _, i := range s.imports() {
			p := i.path
			if i.name == "." {
				wrong = append(wrong, s.path+": a dot import hides what is used")
			}
			if first, _, _ := strings.Cut(p, "/"); !strings.Contains(first, ".") || p == module || strings.HasPrefix(p, module+"/") {
				continue
			}
			at := slices.IndexFunc(thirdParty, func(m third) bool { return p == m.module || strings.HasPrefix(p, m.module+"/") })
			if at < 0 {
				wrong = append(wrong, fmt.Sprintf("%s: imports %s, which is not in the table of docs/architecture.md", s.path, p))
				continue
			}
			m := thirdParty[at]
			if !matches(m.files, s.path) && !(s.tool() && matches(m.tools, s.path)) {
				wrong = append(wrong, fmt.Sprintf("%s: imports %s, which only %v may", s.path, p, slices.Concat(m.files, m.tools)))
			}
			if place := m.module + " in " + s.dir(); m.alone && s.product() {
				if other := holders[place]; other != "" {
					wrong = append(wrong, fmt.Sprintf("%s: imports %s, as %s does: one file of a package may", s.path, p, other))
				}
				holders[place] = s.path
			}
		}
	}
	return wrong
}

func checkLoggers(all []source) (wrong []string) {
	for _, s := range all {
		if !s.product() || s.room() == "cmd" {
			continue
		}
		for _, i := range s.imports() {
			p := i.path
			if p == "log" || strings.HasPrefix(p, "log/") || strings.HasPrefix(p, "go.uber.org/zap") || strings.HasPrefix(p, "github.com/spf13/cobra") {
				wrong = append(wrong, fmt.Sprintf("%s: imports %s: only cmd may write anything down", s.path, p))
			}
		}
		for _, u := range s.uses() {
			for _, f := range printers {
				if u.pkg == f.pkg && covers(f.name, u.name) {
					wrong = append(wrong, fmt.Sprintf("%s: %s.%s: only cmd may write anything down", u.at, u.pkg, u.name))
				}
			}
		}
	}
	return wrong
}

// use is one name of another package, where it is used. The builtin print and
// println count as names of fmt.
type use struct{ at, pkg, name string }

func (s source) uses() (all []use) {
	imports := make(map[string]string)
	for _, i := range s.imports() {
		imports[i.name] = i.path
	}
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && imports[x.Name] != "" {
				all = append(all, use{s.at(n.Pos()), imports[x.Name], n.Sel.Name})
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
				all = append(all, use{s.at(n.Pos()), "fmt", "Print" + f.Name})
			}
		}
		return true
	})
	return all
}

func covers(pattern, name string) bool {
	prefix, star := strings.CutSuffix(pattern, "*")
	return name == pattern || star && strings.HasPrefix(name, prefix)
}

func checkForbidden(all []source) (wrong []string) {
	for _, s := range all {
		if !s.product() {
			continue
		}
		for _, u := range s.uses() {
			for _, f := range forbidden {
				if u.pkg == f.pkg && covers(f.name, u.name) && s.path != f.but {
					wrong = append(wrong, fmt.Sprintf("%s: %s.%s: %s", u.at, u.pkg, u.name, f.why))
				}
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == "InsecureSkipVerify" {
				wrong = append(wrong, s.at(id.Pos())+": InsecureSkipVerify: whoever answers would get the traffic")
			}
			return true
		})
	}
	return wrong
}

func checkDocs(all []source) (wrong []string) {
	docs := make(map[string][]string) // directory → files that have a package comment
	for _, s := range all {
		if !s.product() {
			continue
		}
		files := docs[s.dir()]
		if text := s.file.Doc.Text(); text != "" {
			if name := s.file.Name.Name; name != "main" && !strings.HasPrefix(text, "Package "+name+" ") {
				wrong = append(wrong, fmt.Sprintf("%s: the package comment does not begin with Package %s", s.path, name))
			}
			files = append(files, s.path)
		}
		docs[s.dir()] = files
	}
	for dir, files := range docs {
		switch {
		case len(files) == 0:
			wrong = append(wrong, dir+": no file has a package comment")
		case len(files) > 1:
			wrong = append(wrong, fmt.Sprintf("%s: the package comment stands in one file, not in %v", dir, files))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func TestArrows(t *testing.T)     { report(t, checkArrows(sources(t))) }
func TestThirdParty(t *testing.T) { report(t, checkThirdParty(sources(t))) }
func TestLoggers(t *testing.T)    { report(t, checkLoggers(sources(t))) }
func TestForbidden(t *testing.T)  { report(t, checkForbidden(sources(t))) }
func TestDocs(t *testing.T)       { report(t, checkDocs(sources(t))) }

// TestSourceChecksCanFail shows each check files that break the rule (want 1 or
// more) and files that do not.
func TestSourceChecksCanFail(t *testing.T) {
	type files map[string]string
	imports := func(paths ...string) string {
		return "// Package p is.\npackage p\nimport (\n\"" + strings.Join(paths, "\"\n\"") + "\"\n)\n"
	}
	uses := func(path, expr string) string { return imports(path) + "var _ = " + expr + "\n" }
	tests := []struct {
		name  string
		check func([]source) []string
		in    files
		want  int
	}{
		{"an arrow", checkArrows, files{"proxy/a.go": imports(module + "/rules")}, 0},
		{"an arrow the other way", checkArrows, files{"rules/a.go": imports(module + "/proxy")}, 1},
		{"no arrow in a test either", checkArrows, files{"config/a_test.go": imports(module + "/rules")}, 1},
		{"a test imports its package", checkArrows, files{"config/a_test.go": imports(module + "/config")}, 0},
		{"cmd imports every room", checkArrows, files{"cmd/statveil/a.go": imports(module+"/keys", module+"/rules/packs")}, 0},
		{"cmd imports cmd", checkArrows, files{"cmd/statveil/a.go": imports(module + "/cmd/other")}, 1},
		{"a new room", checkArrows, files{"util/a.go": imports("fmt")}, 1},

		{"yaml in one file", checkThirdParty, files{"config/a.go": imports("go.yaml.in/yaml/v4"), "rules/a.go": imports("go.yaml.in/yaml/v4")}, 0},
		{"yaml in two", checkThirdParty, files{"config/a.go": imports("go.yaml.in/yaml/v4"), "config/b.go": imports("go.yaml.in/yaml/v4")}, 1},
		{"yaml elsewhere", checkThirdParty, files{"proxy/a.go": imports("go.yaml.in/yaml/v4")}, 1},
		{"a module of no table", checkThirdParty, files{"cmd/statveil/a_test.go": imports("example.org/assert")}, 1},
		{"a package below a module", checkThirdParty, files{"proxy/a.go": imports("github.com/klauspost/compress/zstd")}, 0},
		{"a module whose name begins alike", checkThirdParty, files{"rules/a.go": imports("github.com/tidwall/gjsonx")}, 1},
		{"sjson in a test", checkThirdParty, files{"rules/a_test.go": imports("github.com/tidwall/sjson")}, 0},
		{"sjson in the product", checkThirdParty, files{"rules/a.go": imports("github.com/tidwall/sjson")}, 1},
		{"sjson in the oracle", checkThirdParty, files{"rules/jsonoracle.go": imports("github.com/tidwall/gjson", "github.com/tidwall/sjson")}, 0},
		{"gjson in the product", checkThirdParty, files{"rules/walk.go": imports("github.com/tidwall/gjson")}, 1},
		{"gjson a room too low", checkThirdParty, files{"rules/detect/a.go": imports("github.com/tidwall/gjson")}, 1},
		{"goproxy in another file", checkThirdParty, files{"proxy/reverse.go": imports("github.com/elazarl/goproxy")}, 1},
		{"phone numbers in the product", checkThirdParty, files{"rules/detect/a.go": imports("github.com/nyaruka/phonenumbers")}, 1},
		{"phone numbers in the generator", checkThirdParty, files{"rules/detect/a.go": "//go:build ignore\n\n" + imports("github.com/nyaruka/phonenumbers")}, 0},
		{"two modules of one major version", checkThirdParty, files{"keys/a.go": imports("go.yaml.in/yaml/v4", "example.org/a/v4")}, 2},
		{"a dot import", checkThirdParty, files{"keys/a.go": "package keys\nimport . \"fmt\"\n"}, 1},

		{"log in a library", checkLoggers, files{"proxy/a.go": imports("log")}, 1},
		{"slog in a library", checkLoggers, files{"rules/detect/a.go": imports("log/slog")}, 1},
		{"zap below zap", checkLoggers, files{"keys/a.go": imports("go.uber.org/zap/zapcore")}, 1},
		{"log in a test", checkLoggers, files{"proxy/a_test.go": imports("log")}, 0},
		{"zap in cmd", checkLoggers, files{"cmd/statveil/a.go": imports("go.uber.org/zap")}, 0},
		{"Println in a library", checkLoggers, files{"proxy/a.go": imports("fmt") + "func f() { fmt.Println(1); println(2) }"}, 2},
		{"standard error in a library", checkLoggers, files{"proxy/a.go": uses("os", "os.Stderr")}, 1},
		{"Sprintf in a library", checkLoggers, files{"proxy/a.go": uses("fmt", "fmt.Sprintf")}, 0},

		{"zap.Any", checkForbidden, files{"cmd/statveil/a.go": uses("go.uber.org/zap", "zap.Any")}, 1},
		{"zap.Any by another name", checkForbidden, files{"cmd/statveil/a.go": "package main\nimport z \"go.uber.org/zap\"\nvar _ = z.Any\n"}, 1},
		{"zap.String", checkForbidden, files{"cmd/statveil/a.go": uses("go.uber.org/zap", "zap.String")}, 0},
		{"http.Error", checkForbidden, files{"proxy/a.go": uses("net/http", "http.Error")}, 1},
		{"http.Error in a test", checkForbidden, files{"proxy/a_test.go": uses("net/http", "http.Error")}, 0},
		{"goproxy's own CA", checkForbidden, files{"proxy/forward.go": uses("github.com/elazarl/goproxy", "goproxy.GoproxyCa")}, 1},
		{"goproxy's connects", checkForbidden, files{"proxy/forward.go": uses("github.com/elazarl/goproxy", "[]any{goproxy.MitmConnect, goproxy.OkConnect, goproxy.AlwaysMitm}")}, 3},
		{"sjson.SetRawBytes", checkForbidden, files{"rules/a.go": uses("github.com/tidwall/sjson", "sjson.SetRawBytes")}, 1},
		{"sjson.SetRawBytes in the oracle", checkForbidden, files{"rules/jsonoracle.go": uses("github.com/tidwall/sjson", "sjson.SetRawBytes")}, 0},
		{"zap.Any in the oracle", checkForbidden, files{"rules/jsonoracle.go": uses("go.uber.org/zap", "zap.Any")}, 1},
		{"TLS unverified", checkForbidden, files{"proxy/a.go": uses("crypto/tls", "tls.Config{InsecureSkipVerify: true}")}, 1},
		{"TLS unverified, set later", checkForbidden, files{"proxy/a.go": "package p\nfunc f() { c.InsecureSkipVerify = true }\n"}, 1},

		{"no package comment", checkDocs, files{"keys/a.go": "package keys\n", "keys/b.go": "package keys\n"}, 1},
		{"another package's comment", checkDocs, files{"keys/a.go": "// Package rules is.\npackage keys\n"}, 1},
		{"two package comments", checkDocs, files{"keys/a.go": "// Package keys is.\npackage keys\n", "keys/b.go": "// Package keys is.\npackage keys\n"}, 1},
		{"a comment apart from the package", checkDocs, files{"keys/a.go": "// Package keys is.\n\npackage keys\n"}, 1},
		{"only a test's comment", checkDocs, files{"keys/a.go": "package keys\n", "keys/a_test.go": "// Package keys is.\npackage keys\n"}, 1},
		{"one package comment", checkDocs, files{"keys/a.go": "// Package keys is.\npackage keys\n", "keys/b.go": "package keys\n"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var all []source
			for p, src := range tt.in {
				all = append(all, parse(t, p, src))
			}
			if got := tt.check(all); len(got) != tt.want {
				t.Errorf("got %d: %q, want %d\ninput: %v", len(got), got, tt.want, tt.in)
			}
		})
	}
}
