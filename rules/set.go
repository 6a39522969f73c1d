package rules

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Set is the routes of all rule files, in the order in which they are tried.
type Set struct {
	routes []*Route
	lints  []Problem
}

// Routes returns the routes in the order in which they are tried.
func (s *Set) Routes() []*Route { return slices.Clone(s.routes) }

// Route returns the route of this name, or nil.
func (s *Set) Route(name string) *Route {
	for _, route := range s.routes {
		if route.Name == name {
			return route
		}
	}
	return nil
}

// Rules returns the rules of all routes, each once, in the order in which they are tried.
func (s *Set) Rules() []*Rule {
	var all []*Rule
	seen := map[*Rule]bool{}
	for _, route := range s.routes {
		for _, rule := range route.rules {
			if !seen[rule] {
				seen[rule] = true
				all = append(all, rule)
			}
		}
	}
	return all
}

// File is a rule file that is already in memory.
type File struct {
	Name string
	Data []byte
}

// Load reads rule files. A directory stands for its *.yaml files that are not
// tests (*_test.yaml), in byte order of their names. The error is Problems
// where the files could be read but hold mistakes: all of them.
func Load(paths ...string) (*Set, error) {
	files, err := Files(paths...)
	if err != nil {
		return nil, err
	}
	return Parse(files...)
}

// Files reads the files that Load compiles.
func Files(paths ...string) ([]File, error) {
	var files []File
	for _, path := range paths {
		names, err := expand(path, "*.yaml", isRuleFile)
		if err != nil {
			return nil, fmt.Errorf("reading rules: %w", err)
		}
		for _, name := range names {
			data, err := readRegular(name)
			if err != nil {
				return nil, fmt.Errorf("reading rules: %w", err)
			}
			files = append(files, File{name, data})
		}
	}
	return files, nil
}

// readRegular reads a regular file, and of one that is too large as much as shows that
// it is. To open a pipe would wait for whoever writes into it.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

func isTestFile(name string) bool { return strings.HasSuffix(name, "_test.yaml") }

func isRuleFile(name string) bool { return strings.HasSuffix(name, ".yaml") && !isTestFile(name) }

// expand returns the files that a path stands for: itself, or the ones in a folder
// that are wanted, which messages call what.
func expand(path, what string, wanted func(name string) bool) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path) // in byte order
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		// Kubernetes mounts ConfigMaps as symbolic links beside ..data.
		if n := e.Name(); wanted(n) && !strings.HasPrefix(n, ".") {
			names = append(names, filepath.Join(path, n))
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("the folder %s holds no %s; folders in it are not looked into", path, what)
	}
	return names, nil
}

// Parse compiles rule files. The error is Problems: every mistake of every file.
func Parse(files ...File) (*Set, error) {
	if len(files) == 0 {
		return nil, errors.New("reading rules: no file was given")
	}
	set, problems := Check(files...)
	if len(problems) > 0 {
		return nil, problems
	}
	return set, nil
}

// Check compiles rule files as Parse does, and returns the Set with every mistake.
// Where there are any, the Set is good for nothing but its Lint.
func Check(files ...File) (*Set, Problems) {
	set := &Set{}
	var problems Problems
	seen := map[string]string{}
	earlier := &triedPatterns{} // of all files, those with mistakes too
	for _, file := range files {
		r := &reader{file: file.Name}
		if spec := r.readFile(file.Data); spec != nil {
			routes := r.compileFile(spec)
			for i, route := range routes {
				if at, twice := seen[route.Name]; twice && route.Name != "" {
					name := spec.routes[i].name
					r.problem(name.line, name.col, fmt.Sprintf("route %q is already defined at %s", route.Name, at), "route names are unique over all files")
				} else {
					r.unreachable(spec.routes[i], route, earlier)
				}
				seen[route.Name] = fmt.Sprintf("%s:%d", file.Name, route.Line)
				earlier.addRoute(route)
			}
			set.routes = append(set.routes, routes...)
		}
		problems = append(problems, r.problems.inOrder()...)
		set.lints = append(set.lints, r.lints.inOrder()...)
	}
	return set, problems
}

func (r *reader) compileFile(f *fileSpec) []*Route {
	if f.tenant != nil && f.tenant.at.text != "" {
		if _, err := parseAddress(f.tenant.at); err != nil {
			r.problem(f.tenant.at.line, f.tenant.at.col, err.Error(), tenantHint(f.tenant.at.text))
		}
	}
	ds := r.compileDetectors(f.detectors)
	var shared []*Rule
	for i, spec := range f.rules {
		rule := r.compileRule(spec, ds)
		if rule.Name == "" {
			rule.Name = fmt.Sprintf("%s/%d", strings.TrimSuffix(filepath.Base(r.file), ".yaml"), i+1)
		}
		rule.order = maxNodes + i // no route has as many of its own
		shared = append(shared, rule)
	}
	var routes []*Route
	for _, spec := range f.routes {
		routes = append(routes, r.compileRoute(spec, f, shared, ds))
	}
	for _, rule := range shared {
		for _, a := range rule.addresses() {
			r.capturedAnywhere(routes, a)
		}
	}
	all := pair(shared, f.rules)
	for i, route := range routes {
		all = append(all, pair(route.rules, f.routes[i].rules)...)
	}
	for _, p := range all {
		for _, a := range p.addresses() {
			r.brackets(a)
		}
	}
	r.neverApply(f, shared, routes)
	r.lintSplits(f, shared, routes)
	for i, route := range routes {
		r.lintRoute(f.routes[i], route)
	}
	return routes
}

// capturedAnywhere reports a path. address of the file's rules that no route captures.
func (r *reader) capturedAnywhere(routes []*Route, a *address) {
	name, ok := a.capture()
	if !ok {
		return
	}
	var ruled []*Route
	for _, route := range routes {
		if len(route.patterns) == 0 || !route.Pass && route.captures(name) {
			return // or its mistake is reported already
		}
		if !route.Pass {
			ruled = append(ruled, route)
		}
	}
	if len(routes) > 0 {
		r.problem(a.line, a.col, fmt.Sprintf("no route of this file captures {%s}", name), captureHint(name, ruled...))
	}
}
