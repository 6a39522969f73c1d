package pseudonym_test

import (
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
)

// The package that holds keys and personal data must not be able to write either
// down: no logger, no file, no network. io and fmt write only where they are told to.
func TestImports(t *testing.T) {
	t.Parallel()
	allowed := map[string]bool{
		"bytes": true, "cmp": true, "crypto/aes": true, "crypto/cipher": true, "crypto/hkdf": true, "crypto/sha256": true, "crypto/subtle": true, "encoding": true,
		"encoding/base32": true, "encoding/binary": true, "errors": true, "fmt": true, "hash": true, "io": true, "iter": true,
		"math/bits": true, "net/netip": true, "slices": true, "strings": true, "sync": true, "time": true, "github.com/tink-crypto/tink-go/v2/daead/subtle": true,
	}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range tree.Imports {
			if path, _ := strconv.Unquote(i.Path.Value); !allowed[path] {
				t.Errorf("%s imports %s", f.Name(), path)
			}
		}
	}
}
