package pseudonym_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/statveil/statveil/pseudonym"
)

var update = flag.Bool("update", false, "write testdata/vectors.json anew, from the oracle and not from the package")

const vectorsFile = "testdata/vectors.json"

// vector is one line of the published vectors.
type vector struct {
	Name       string `json:"name"`
	Secret     string `json:"secret"` // hex
	Tenant     string `json:"tenant"`
	Version    uint16 `json:"version"`
	Scope      string `json:"scope"`
	Text       string `json:"text"`
	Reversible bool   `json:"reversible"`
	Token      string `json:"token"`
}

func (v vector) oracle(t *testing.T) oracle {
	return oracle{secret: unhex(t, v.Secret), tenant: v.Tenant, number: int(v.Version)}
}

func (v vector) ring(t *testing.T) *pseudonym.Keyring {
	return newRing(t, v.Tenant, pseudonym.Version{Number: v.Version, Secret: unhex(t, v.Secret)})
}

// vectorInputs is what the file is made of.
func vectorInputs() []vector {
	count := func(from byte) string {
		b := make([]byte, 32)
		for i := range b {
			b[i] = from + byte(i)
		}
		return hex.EncodeToString(b)
	}
	one, two := count(0), count(0x80)
	const phone = "+358401234567"
	values := []vector{
		{Name: "phone number", Secret: one, Tenant: "acme", Version: 1, Text: phone},
		{Name: "other tenant", Secret: one, Tenant: "7", Version: 1, Text: phone},
		{Name: "global", Secret: one, Tenant: "_global", Version: 1, Text: phone},
		{Name: "other secret", Secret: two, Tenant: "acme", Version: 1, Text: phone},
		{Name: "second version", Secret: two, Tenant: "acme", Version: 2, Text: phone},
		{Name: "last version", Secret: two, Tenant: "acme", Version: 32767, Text: phone},
		{Name: "request", Secret: one, Tenant: "acme", Version: 1, Scope: "request:q3bdxk5t2hzn", Text: phone},
		{Name: "day", Secret: one, Tenant: "acme", Version: 1, Scope: "day:2026-11-24", Text: phone},
		{Name: "week", Secret: one, Tenant: "acme", Version: 1, Scope: "week:2026-W48", Text: phone},
		{Name: "month", Secret: one, Tenant: "acme", Version: 1, Scope: "month:2026-11", Text: phone},
		{Name: "conference", Secret: one, Tenant: "acme", Version: 1, Scope: "value:Standup äöü", Text: phone},
		{Name: "e-mail", Secret: one, Tenant: "acme", Version: 1, Text: "anna.virtanen@example.com"},
		{Name: "name", Secret: one, Tenant: "acme", Version: 1, Text: "Änna Virtanen 🙂"},
		{Name: "empty", Secret: one, Tenant: "acme", Version: 1, Text: ""},
		{Name: "looks like a token", Secret: one, Tenant: "acme", Version: 1, Text: "psn_aaaabbbbccccddddeeeeffffgggghhhh"},
		{Name: "longest tenant", Secret: one, Tenant: strings.Repeat("a.-9", 16), Version: 1, Text: phone},
		{Name: "scope longer than a block", Secret: one, Tenant: "acme", Version: 1, Scope: "value:" + strings.Repeat("x", 200), Text: phone},
	}
	for n := range 40 { // across the block of AES, its padding and the five kinds of base32 end
		values = append(values, vector{Name: fmt.Sprintf("%d bytes", n), Secret: two, Tenant: "acme", Version: 258, Text: strings.Repeat("0123456789", 4)[:n]})
	}
	var all []vector
	for _, v := range values {
		all = append(all, v)
		v.Reversible = true
		all = append(all, v)
	}
	return all
}

func readVectors(t *testing.T) []vector {
	t.Helper()
	b, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// The file is exactly what the oracle makes, so that it cannot be changed by hand
// nor by a change of the package.
func TestVectorsFile(t *testing.T) {
	var want bytes.Buffer
	want.WriteString("[\n")
	for i, v := range vectorInputs() {
		if i > 0 {
			want.WriteString(",\n")
		}
		v.Token = v.oracle(t).seal(v.Scope, v.Text, v.Reversible)
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		want.Write(line)
	}
	want.WriteString("\n]\n")
	if *update {
		if err := os.WriteFile(vectorsFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the oracle makes; the vectors are published: a change needs another label, not -update", vectorsFile)
	}
}

func TestVectors(t *testing.T) {
	t.Parallel()
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			ring := v.ring(t)
			got := ring.Seal(pseudonym.Context{Scope: v.Scope, Reversible: v.Reversible}, v.Text)
			if got != v.Token {
				t.Fatalf("Seal %+v: got %s", v, got)
			}
			text, err := ring.Open(v.Token)
			switch {
			case v.Reversible && (err != nil || text != v.Text):
				t.Errorf("Open(%s): got %q, %v, want %q", v.Token, text, err, v.Text)
			case !v.Reversible && (err != pseudonym.ErrOneWay || text != ""):
				t.Errorf("Open(%s): got %q, %v, want %v", v.Token, text, err, pseudonym.ErrOneWay)
			}
		})
	}
}

// Beyond the file: random inputs of every kind, both implementations.
func TestKeyringAgainstOracle(t *testing.T) {
	t.Parallel()
	random := newRandom(1)
	for range 2000 {
		o := oracle{secret: random.bytes(32), tenant: random.tenant(), number: 1 + random.IntN(32767)}
		ring := newRing(t, o.tenant, pseudonym.Version{Number: uint16(o.number), Secret: o.secret})
		scope, text, reversible := random.text(90), random.text(150), random.IntN(2) == 0
		got := ring.Seal(pseudonym.Context{Scope: scope, Reversible: reversible}, text)
		if want := o.seal(scope, text, reversible); got != want {
			t.Fatalf("tenant %q version %d scope %q text %q reversible %v: got %s, want %s",
				o.tenant, o.number, scope, text, reversible, got, want)
		}
	}
}
