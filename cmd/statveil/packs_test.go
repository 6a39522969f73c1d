package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

// TestPacks: every pack has tests beside it, they pass, and together they
// exercise every rule of the pack.
func TestPacks(t *testing.T) {
	files, err := filepath.Glob("../../rules/packs/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, pack := range files {
		if strings.HasSuffix(pack, "_test.yaml") {
			continue
		}
		ran++
		t.Run(filepath.Base(pack), func(t *testing.T) {
			suites, err := loadTests([]string{strings.TrimSuffix(pack, ".yaml") + "_test.yaml"})
			if err != nil {
				t.Fatal(err)
			}
			r := runTests(suites)
			r.cover = true
			if r.Failed > 0 || len(r.bare()) > 0 {
				var out bytes.Buffer
				_ = r.write(&out, "text") // to memory
				t.Error(out.String())
			}
			covered := 0
			for _, rule := range r.Rules {
				if filepath.Clean(rule.File) == filepath.Clean(pack) {
					covered++
				}
			}
			if r.Passed == 0 || covered == 0 {
				t.Errorf("%d tests passed, of %d rules of this pack", r.Passed, covered)
			}
		})
	}
	if ran == 0 {
		t.Error("there are no packs")
	}
}
