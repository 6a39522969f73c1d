package pseudonym_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/pseudonym"
)

const shapesFile = "testdata/shapes.json"

// shapeVector is one line of the published vectors of shapes.
type shapeVector struct {
	Name    string `json:"name"`
	Secret  string `json:"secret"` // hex
	Tenant  string `json:"tenant"`
	Version uint16 `json:"version"`
	Scope   string `json:"scope"`
	Text    string `json:"text"`
	Keep    int    `json:"keep"`
	Shape   string `json:"shape"` // "": there is none
}

func shapeInputs() []shapeVector {
	one := hex.EncodeToString(secretOf(0))
	two := hex.EncodeToString(secretOf(0x80))
	var all []shapeVector
	add := func(name, text string, keep int) {
		all = append(all, shapeVector{Name: name, Secret: one, Tenant: "acme", Version: 1, Text: text, Keep: keep})
	}
	for _, v := range []struct {
		name, text string
		keep       int
	}{
		{"phone number", "+358401234567", 4},
		{"integer", "358401234567", 0},
		{"IPv4", "192.0.2.7", 0},
		{"IPv6", "2001:db8::17", 0},
		{"e-mail", "anna.virtanen@example.com", 0},
	} {
		add(v.name, v.text, v.keep)
		base := all[len(all)-1]
		for _, other := range []func(*shapeVector){
			func(s *shapeVector) { s.Name, s.Tenant = s.Name+", other tenant", "7" },
			func(s *shapeVector) { s.Name, s.Tenant = s.Name+", global", "_global" },
			func(s *shapeVector) { s.Name, s.Secret, s.Version = s.Name+", second version", two, 2 },
			func(s *shapeVector) { s.Name, s.Scope = s.Name+", day", "day:2026-11-24" },
			func(s *shapeVector) { s.Name, s.Scope = s.Name+", conference", "value:Standup äöü" },
		} {
			s := base
			other(&s)
			all = append(all, s)
		}
	}
	add("phone number, one digit of the country code", "+12025550143", 2)
	add("phone number, least national digits", "+6904123456", 5)
	add("phone number, too few national digits", "+69041234", 5)
	add("phone number of no known country", "+358401234567", 0)
	add("phone number, most digits", "+123456789012345", 2)
	for n := 5; n <= 16; n++ {
		add(fmt.Sprintf("%d digits", n), "1234567890123456"[:n], 0)
		add(fmt.Sprintf("%d digits, the first 0", n), "0123456789012345"[:n], 0)
	}
	add("negative", "-1000000000", 0)
	add("the same, positive", "1000000000", 0)
	add("zeros", "000000", 0)
	add("nines", "999999999999999", 0)
	add("a fraction", "123456.5", 0)
	add("two signs", "--123456", 0)
	add("a plus without a country code", "+123456", 1)
	add("least IPv4", "0.0.0.0", 0)
	add("greatest IPv4", "255.255.255.255", 0)
	add("same network", "192.0.2.200", 0)
	add("mapped", "::ffff:192.0.2.7", 0)
	add("least IPv6", "::", 0)
	add("same network, IPv6", "2001:db8::ffff:ffff:ffff:ffff", 0)
	add("a zone", "fe80::1%eth0", 0)
	add("a name", "Anna Virtanen", 0)
	add("empty", "", 0)
	return all
}

func secretOf(from byte) []byte {
	b := make([]byte, 32)
	for i := range b {
		b[i] = from + byte(i)
	}
	return b
}

// The file is what the oracle makes.
func TestShapesFile(t *testing.T) {
	var want bytes.Buffer
	want.WriteString("[\n")
	for i, v := range shapeInputs() {
		if i > 0 {
			want.WriteString(",\n")
		}
		v.Shape = oracle{unhex(t, v.Secret), v.Tenant, int(v.Version)}.shape(v.Scope, v.Text, v.Keep)
		line, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		want.Write(line)
	}
	want.WriteString("\n]\n")
	if *update {
		if err := os.WriteFile(shapesFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(shapesFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the oracle makes; the vectors are published: a change needs another label, not -update", shapesFile)
	}
}

func readShapes(t *testing.T) []shapeVector {
	t.Helper()
	b, err := os.ReadFile(shapesFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []shapeVector
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestShapes(t *testing.T) {
	t.Parallel()
	for _, v := range readShapes(t) {
		t.Run(v.Name, func(t *testing.T) {
			ring := newRing(t, v.Tenant, pseudonym.Version{Number: v.Version, Secret: unhex(t, v.Secret)})
			got, ok := ring.Shape(pseudonym.Context{Scope: v.Scope}, v.Text, v.Keep)
			if got != v.Shape || ok != (v.Shape != "") {
				t.Errorf("%+v: got %q, %v", v, got, ok)
			}
			if got, ok := ring.Shape(pseudonym.Context{Scope: v.Scope, Reversible: true}, v.Text, v.Keep); ok || got != "" {
				t.Errorf("%+v, reversible: got %q, %v", v, got, ok)
			}
		})
	}
}

// Random texts of every kind, in both implementations.
func TestShapesAgainstOracle(t *testing.T) {
	t.Parallel()
	random := newRandom(5)
	for range 1500 {
		o := oracle{secret: random.bytes(32), tenant: random.tenant(), number: 1 + random.IntN(32767)}
		ring := newRing(t, o.tenant, pseudonym.Version{Number: uint16(o.number), Secret: o.secret})
		digits := make([]byte, 4+random.IntN(14))
		for i := range digits {
			digits[i] = byte('0' + random.IntN(10))
		}
		a, _ := netip.AddrFromSlice(random.bytes([]int{4, 16}[random.IntN(2)]))
		text := []string{"+" + string(digits), string(digits), "-" + string(digits), a.String(), random.text(8) + "@" + random.text(8), random.text(20)}[random.IntN(6)]
		scope, keep := random.text(20), random.IntN(6)
		got, ok := ring.Shape(pseudonym.Context{Scope: scope}, text, keep)
		if want := o.shape(scope, text, keep); got != want || ok != (want != "") {
			if strings.Contains(text, "@") && (text[0] == '@' || text[len(text)-1] == '@') && !ok {
				continue // no address
			}
			t.Fatalf("%q, keep %d, scope %q: got %q, %v, want %q", text, keep, scope, got, ok, want)
		}
	}
}

// Each kind of integer has its own permutation: those that begin with a 0, and the
// others.
func TestIntegersKeepTheirKind(t *testing.T) {
	t.Parallel()
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	seen := map[string]string{}
	for i := range 1_000_000 {
		if i >= 100_000 && i%97 != 0 { // all that begin with 0, and some of the others
			continue
		}
		text := fmt.Sprintf("%06d", i)
		shape, ok := ring.Shape(pseudonym.Context{}, text, 0)
		if !ok || len(shape) != 6 || (shape[0] == '0') != (text[0] == '0') {
			t.Fatalf("%s becomes %q, %v", text, shape, ok)
		}
		if other, twice := seen[shape]; twice {
			t.Fatalf("%s and %s both become %s", text, other, shape)
		}
		seen[shape] = text
	}
}

// Different inputs never meet, and what a shape must keep is kept.
func TestShapesAreDifferent(t *testing.T) {
	t.Parallel()
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	random := newRandom(6)
	seen := map[string]string{}
	for range 20000 {
		digits := make([]byte, 6+random.IntN(3))
		for i := range digits {
			digits[i] = byte('0' + random.IntN(10))
		}
		code := []string{"+1", "+44", "+358"}[random.IntN(3)]
		text := code + string(digits)
		shape, ok := ring.Shape(pseudonym.Context{}, text, len(code))
		if !ok || len(shape) != len(text) || !strings.HasPrefix(shape, code) || strings.Trim(shape[1:], "0123456789") != "" {
			t.Fatalf("%s becomes %q, %v", text, shape, ok)
		}
		if other, twice := seen[shape]; twice && other != text {
			t.Fatalf("%s and %s both become %s", text, other, shape)
		}
		seen[shape] = text
	}
}

// One value has another shape under every tenant, secret, version and scope, and as
// another kind of value: nobody can join them.
func TestShapesCannotBeLinked(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		text string
		keep int
	}{{"+358401234567", 4}, {"358401234567", 0}, {"2001:db8::17", 0}, {"anna@example.com", 0}, {"-358401234567", 0}} {
		seen := map[string]string{}
		for _, tenant := range []string{"acme", "acme2", "_global"} {
			for n := byte(1); n <= 2; n++ {
				ring := newRing(t, tenant, pseudonym.Version{Number: uint16(n), Secret: secret(n)})
				for _, scope := range []string{"", "day:2026-11-24", "day:2026-11-25", "value:day:2026-11-24"} {
					where := fmt.Sprint(tenant, n, scope)
					c := pseudonym.Context{Scope: scope}
					shape, ok := ring.Shape(c, v.text, v.keep)
					again, _ := ring.Shape(c, v.text, v.keep)
					if !ok || shape != again || shape == v.text {
						t.Errorf("%s in %s: %s, then %s, %v", v.text, where, shape, again, ok)
					}
					if other := seen[shape]; other != "" {
						t.Errorf("%s has one shape in %s and %s", v.text, other, where)
					}
					seen[shape] = where
				}
			}
		}
	}
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	phone, _ := ring.Shape(pseudonym.Context{}, "+358401234567", 4)
	integer, _ := ring.Shape(pseudonym.Context{}, "358401234567", 0)
	negative, _ := ring.Shape(pseudonym.Context{}, "-358401234567", 0)
	german, _ := ring.Shape(pseudonym.Context{}, "+49401234567", 3)
	if phone[1:] == integer || negative[1:] == integer || german[3:] == phone[4:] {
		t.Errorf("shapes of one number as %s, %s, %s and %s can be joined", phone, integer, negative, german)
	}
}

// The shape of an e-mail address is the one-way token of it at a domain that nobody
// has: a second sidecar knows it for what it is.
func TestEmailShape(t *testing.T) {
	t.Parallel()
	ring := newRing(t, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	other := newRing(t, "seven", pseudonym.Version{Number: 1, Secret: secret(1)})
	c := pseudonym.Context{Scope: "day:2026-11-24"}
	shape, _ := ring.Shape(c, "anna@example.com", 0)
	if want := ring.Seal(c, "anna@example.com") + "@pseudonym.invalid"; shape != want {
		t.Errorf("got %s, want %s", shape, want)
	}
	for _, text := range []string{shape, strings.ToUpper(shape)} {
		again, ok := ring.Shape(pseudonym.Context{}, text, 0)
		if !ok || again != text || !ring.Own(text) || ring.Seal(pseudonym.Context{}, text) != text {
			t.Errorf("%s is sealed again: %s, %v", text, again, ok)
		}
		if other.Own(text) {
			t.Errorf("%s is another tenant's too", text)
		}
		if _, err := ring.Open(text); err != pseudonym.ErrNotToken {
			t.Errorf("Open(%s): got %v", text, err)
		}
	}
	for _, text := range []string{
		"anna@pseudonym.invalid", "@pseudonym.invalid", shape + ".", shape + "@pseudonym.invalid", "x" + shape, shape[:35] + "@pseudonym.invalid",
		strings.Replace(shape, "@", "@x.", 1), strings.Replace(shape, "invalid", "inva\u212aid", 1), other.Seal(c, "anna@example.com") + "@pseudonym.invalid",
	} {
		if ring.Own(text) {
			t.Errorf("%s passes for a pseudonym", text)
		}
	}
}

// A shape has a time, as a token has, and one for each version.
func TestShapeVersions(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	old, next := pseudonym.Version{Number: 1, Secret: secret(1)}, pseudonym.Version{Number: 2, Secret: secret(2), From: from}
	ring := newRing(t, "acme", next, old)
	var all []string
	for n, shape := range ring.ShapeAll(pseudonym.Context{}, phone, 4) {
		if want, _ := newRing(t, "acme", []pseudonym.Version{old, next}[n-1]).Shape(pseudonym.Context{}, phone, 4); shape != want {
			t.Errorf("version %d: got %s, want %s", n, shape, want)
		}
		all = append(all, shape)
	}
	before, _ := ring.Shape(pseudonym.Context{Time: from.Add(-1)}, phone, 4)
	after, _ := ring.Shape(pseudonym.Context{Time: from}, phone, 4)
	if len(all) != 2 || before != all[0] || after != all[1] || before == after {
		t.Errorf("got %v, %s before and %s after the rotation", all, before, after)
	}
	for range ring.ShapeAll(pseudonym.Context{Reversible: true}, phone, 4) {
		t.Error("a reversible pseudonym has a shape")
	}
	for range ring.ShapeAll(pseudonym.Context{}, "Anna", 0) {
		t.Error("a name has a shape")
	}
}

func BenchmarkShape(b *testing.B) {
	ring := newRing(b, "acme", pseudonym.Version{Number: 1, Secret: secret(1)})
	for _, bb := range []struct {
		name, text string
		keep       int
	}{
		{"phone", phone, 4}, {"integer", "358401234567", 0}, {"integer, the first 0", "0401234567", 0},
		{"IPv4", "192.0.2.7", 0}, {"IPv6", "2001:db8::17", 0}, {"e-mail", "anna@example.com", 0},
	} {
		for _, scope := range []string{"", "day:2026-11-24"} {
			name := bb.name
			if scope != "" {
				name += "/scope"
			}
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					ring.Shape(pseudonym.Context{Scope: scope}, bb.text, bb.keep)
				}
			})
		}
	}
}
