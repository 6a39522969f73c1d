package statveil_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// leastGo is the first release without the known weaknesses of net/http,
// crypto/x509 and idna that a proxy is exposed to.
const leastGo = "go1.26.6"

// leastVersions are the first versions without a known weakness that matters
// here. A module that is not in the build list is no matter.
var leastVersions = map[string]string{
	"github.com/hashicorp/go-retryablehttp": "v0.7.7",  // writes credentials of URLs to its log
	"github.com/klauspost/compress":         "v1.18.7", // s2 reads out of bounds
	"github.com/tidwall/gjson":              "v1.9.3",  // paths that never end
	"golang.org/x/net":                      "v0.56.0", // HTTP/2, idna
	"golang.org/x/text":                     "v0.39.0", // normal forms that never end
}

// goList runs a go command and decodes the JSON values that it prints.
func goList[T any](t *testing.T, args ...string) []T {
	t.Helper()
	cmd := exec.Command("go", args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	var all []T
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var v T
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go %s: %v", strings.Join(args, " "), err)
		}
		all = append(all, v)
	}
}

// goMod is what this file reads of `go mod edit -json`.
type goMod struct {
	Module  struct{ Path string }
	Replace []struct{ Old struct{ Path string } }
}

func checkReplace(mod goMod) (wrong []string) {
	for _, r := range mod.Replace {
		wrong = append(wrong, "go.mod: replaces "+r.Old.Path+": who imports this module would not get the replacement")
	}
	return wrong
}

func TestNoReplace(t *testing.T) {
	for _, mod := range goList[goMod](t, "mod", "edit", "-json") {
		if mod.Module.Path != module {
			t.Fatalf("this is module %q, want %q", mod.Module.Path, module)
		}
		report(t, checkReplace(mod))
	}
}

// linkedModule is what this file reads of a module in the answers of `go list`.
type linkedModule struct {
	Path, Version, Dir string
	Main               bool
}

func checkVersions(modules []linkedModule) (wrong []string) {
	for _, m := range modules {
		if least := leastVersions[m.Path]; least != "" && older(m.Version, least) {
			wrong = append(wrong, fmt.Sprintf("%s %s: must be %s or later", m.Path, m.Version, least))
		}
	}
	return wrong
}

// older compares versions of the form v1.2.3; what follows a hyphen comes
// before the version without it.
func older(a, b string) bool {
	core, suffix, _ := strings.Cut(a, "-")
	as, bs := strings.Split(strings.TrimPrefix(core, "v"), "."), strings.Split(strings.TrimPrefix(b, "v"), ".")
	for i := range bs {
		var n int
		if i < len(as) {
			n, _ = strconv.Atoi(as[i])
		}
		if m, _ := strconv.Atoi(bs[i]); n != m {
			return n < m
		}
	}
	return suffix != ""
}

func TestVersions(t *testing.T) {
	report(t, checkVersions(goList[linkedModule](t, "list", "-m", "-json", "all")))
	if v := runtime.Version(); oldGo(v) {
		t.Errorf("these tests run with %s: statveil must be built with %s or later", v, leastGo)
	}
}

// oldGo cuts off what a distribution or an experiment appends to the version.
func oldGo(v string) bool {
	v = regexp.MustCompile(`^go[0-9]+(\.[0-9]+)*(rc[0-9]+)?`).FindString(v)
	return v != "" && version.Compare(v, leastGo) < 0
}

// licences are known by sentences that a text of that licence has, with white
// space made one space. The first that fits is the one: texts of the refused
// come first, because some of them name others.
var licences = []struct {
	name    string
	text    []string
	allowed func(module string) bool
}{
	{"BUSL-1.1", []string{"Business Source License"}, nobody},
	{"SSPL", []string{"Server Side Public License"}, nobody},
	{"AGPL", []string{"GNU AFFERO GENERAL PUBLIC LICENSE"}, nobody},
	{"LGPL", []string{"GNU LESSER GENERAL PUBLIC LICENSE"}, nobody},
	{"GPL", []string{"GNU GENERAL PUBLIC LICENSE"}, nobody},
	{"MPL-2.0", []string{"Mozilla Public License, version 2.0"}, hashicorp},
	{"MPL-2.0", []string{"Mozilla Public License Version 2.0"}, hashicorp},
	{"Apache-2.0", []string{"Apache License", "Version 2.0"}, anybody},
	{"BSD", []string{"Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following conditions are met"}, anybody},
	{"MIT", []string{"Permission is hereby granted, free of charge, to any person obtaining a copy"}, anybody},
	{"ISC", []string{"Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted"}, anybody},
	{"ISC", []string{"Permission to use, copy, modify, and distribute this software for any purpose with or without fee is hereby granted"}, anybody},
}

func nobody(string) bool           { return false }
func anybody(string) bool          { return true }
func hashicorp(module string) bool { return strings.HasPrefix(module, "github.com/hashicorp/") }

// checkLicence says what is wrong with linking the module under the texts.
func checkLicence(module string, texts ...string) (wrong []string) {
	if len(texts) == 0 {
		return []string{module + ": has no licence file"}
	}
	for _, text := range texts {
		text = strings.Join(strings.Fields(text), " ")
		found := false
		for _, l := range licences {
			fits := !slices.ContainsFunc(l.text, func(s string) bool { return !strings.Contains(text, s) })
			if !fits {
				continue
			}
			if found = true; !l.allowed(module) {
				wrong = append(wrong, module+": its licence is "+l.name+", which is not on the list")
			}
			break
		}
		if !found {
			wrong = append(wrong, module+": its licence is none that is known here")
		}
	}
	return wrong
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying)`)

// licenceTexts reads the licence files from dir up to the top of its module: a
// directory of somebody else's code has its own.
func licenceTexts(t *testing.T, top, dir string) (texts []string) {
	t.Helper()
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if licenceFile.MatchString(e.Name()) && !e.IsDir() && !strings.HasSuffix(e.Name(), ".go") {
				text, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, string(text))
			}
		}
		if dir == top || !strings.HasPrefix(dir, top) {
			return texts
		}
		dir = filepath.Dir(dir)
	}
}

// TestLicences looks at what the packages of this module link; what only tests
// and tools use is shipped to nobody.
func TestLicences(t *testing.T) {
	type linked struct {
		Dir      string
		Standard bool
		Module   *linkedModule
	}
	wrong := make(map[string]bool)
	for _, p := range goList[linked](t, "list", "-deps", "-json=Dir,Standard,Module", "./...") {
		if p.Standard || p.Module == nil || p.Module.Main {
			continue
		}
		for _, w := range checkLicence(p.Module.Path, licenceTexts(t, p.Module.Dir, p.Dir)...) {
			wrong[w] = true
		}
	}
	for w := range wrong {
		t.Error(w)
	}
	text, err := os.ReadFile("LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	report(t, checkLicence(module, string(text)))
}

func TestModuleChecksCanFail(t *testing.T) {
	at := func(path, version string) []string {
		return checkVersions([]linkedModule{{Path: path, Version: version}})
	}
	var replaced goMod
	if err := json.Unmarshal([]byte(`{"Replace": [{"Old": {"Path": "example.org/a"}, "New": {"Path": "../a"}}]}`), &replaced); err != nil {
		t.Fatal(err)
	}
	const mit = "Permission is hereby granted, free of charge, to any person\n obtaining a copy of this software"
	const mpl = "Mozilla Public License, version 2.0\n ... the GNU General Public License, Version 2.0"
	tests := []struct {
		name string
		got  []string
		want int
	}{
		{"a replace", checkReplace(replaced), 1},
		{"no replace", checkReplace(goMod{}), 0},
		{"x/net too old", at("golang.org/x/net", "v0.55.9"), 1},
		{"x/net just new enough", at("golang.org/x/net", "v0.56.0"), 0},
		{"x/net before its release", at("golang.org/x/net", "v0.56.0-rc.1"), 1},
		{"x/net between releases", at("golang.org/x/net", "v0.56.1-0.20260101000000-abcdefabcdef"), 0},
		{"numbers, not letters", at("github.com/tidwall/gjson", "v1.20.1"), 0},
		{"a greater major version", at("github.com/klauspost/compress", "v2.0.0"), 0},
		{"a module of no matter", at("example.org/a", "v0.0.1"), 0},
		{"MIT over several lines", checkLicence("example.org/a", mit), 0},
		{"two texts, one unknown", checkLicence("example.org/a", mit, "All rights reserved."), 1},
		{"no text", checkLicence("example.org/a"), 1},
		{"MPL of anybody", checkLicence("example.org/a", mpl), 1},
		{"MPL of hashicorp", checkLicence("github.com/hashicorp/a", mpl), 0},
		{"GPL that names Apache", checkLicence("example.org/a", "GNU GENERAL PUBLIC LICENSE ... Apache License Version 2.0"), 1},
		{"BUSL of hashicorp", checkLicence("github.com/hashicorp/a", "Business Source License 1.1 ... Mozilla Public License, version 2.0"), 1},
	}
	for _, tt := range tests {
		if len(tt.got) != tt.want {
			t.Errorf("%s: got %d: %q, want %d", tt.name, len(tt.got), tt.got, tt.want)
		}
	}
	for v, want := range map[string]bool{
		"go1.26.5": true, "go1.26rc1": true, "go1.25.9-debian": true,
		"go1.26.6": false, "go1.26.8 X:nothing": false, "go1.27": false, "devel +abc": false,
	} {
		if got := oldGo(v); got != want {
			t.Errorf("%s is too old: got %v, want %v", v, got, want)
		}
	}
}
