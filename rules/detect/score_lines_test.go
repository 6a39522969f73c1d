package detect

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// sample is a text of which it is known what in it is personal.
type sample struct {
	text  string
	parts []Span // Start, End and Kind
	// needs says what a detector must be told to take the part, if anything: a region of phone numbers, "bare", or "alone",
	// where nothing but its digits says what a number is.
	needs string
}

// partMarks are the marked parts in a text such as conf-[phone:+358401234567].
var partMarks = regexp.MustCompile(`\[(own|` + strings.Join(Names(), "|") + `):([^\]]*)\]`)

// strange is what looks like a mark and is none.
var strange = regexp.MustCompile(`\[[a-z_]{3,}:[^\]:]*\]`)

// escapes are characters that nobody could see, such as \u200b and \n, and \u005d, a bracket inside a mark.
var escapes = regexp.MustCompile(`\\u[0-9a-f]{4}|\\[nrt]`)

// markedText reads a text with its parts marked.
func markedText(t testing.TB, needs, text string) sample {
	t.Helper()
	s := sample{needs: needs}
	var b strings.Builder
	plain := func(text string) {
		b.WriteString(escapes.ReplaceAllStringFunc(text, func(e string) string {
			c, err := strconv.Unquote(`"` + e + `"`)
			if err != nil {
				t.Fatalf("%q: %v", text, err)
			}
			return c
		}))
	}
	last := 0
	for _, m := range partMarks.FindAllStringSubmatchIndex(text, -1) {
		plain(text[last:m[0]])
		kind, ok := KindOf(text[m[2]:m[3]])
		if !ok {
			kind = Own
		}
		from := b.Len()
		plain(text[m[4]:m[5]])
		s.parts = append(s.parts, Span{Start: from, End: b.Len(), Kind: kind})
		last = m[1]
	}
	plain(text[last:])
	s.text = b.String()
	return s
}

// samplesIn reads a file of texts: what each needs, a tab, and the text with its parts marked. - is nothing.
func samplesIn(t testing.TB, name string) (all []sample) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		needs, text, ok := strings.Cut(line, "\t")
		if !ok || text == "" || needs == "" {
			t.Fatalf("%s:%d: want what the line needs, a tab, and the text", name, i+1)
		}
		s := markedText(t, strings.TrimPrefix(needs, "-"), text)
		if strange.MatchString(s.text) {
			t.Fatalf("%s:%d: a part is marked as of a kind that does not exist", name, i+1)
		}
		all = append(all, s)
	}
	return all
}

// lot draws, the same in every run.
type lot struct{ *rand.Rand }

func newLot(seed uint64) lot { return lot{rand.New(rand.NewPCG(5, seed))} }

func (r lot) of(all ...string) string { return all[r.IntN(len(all))] }

// from draws n characters.
func (r lot) from(alphabet string, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[r.IntN(len(alphabet))]
	}
	return string(b)
}

const (
	decimals  = "0123456789"
	lowerHex  = "0123456789abcdef"
	upperHex  = "0123456789ABCDEF"
	capitals  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	smalls    = "abcdefghijklmnopqrstuvwxyz"
	base62    = decimals + capitals + smalls
	base64Url = base62 + "-_"
)

func (r lot) digits(n int) string { return r.from(decimals, n) }

// between draws a number and writes it with at least width digits.
func (r lot) between(least, most, width int) string {
	s := strconv.Itoa(least + r.IntN(most-least+1))
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// fillForm puts a part where a form has its %.
func fillForm(form, part string) string { return strings.ReplaceAll(form, "%", part) }

// wrap puts a marked part into an identifier, as people make them.
func (r lot) wrap(part string) string {
	return fillForm(r.of(
		"%", "%", "conf-%", "user_%", "room_%", "%@customer", "%/device2", "conference_%_7475a5c5", "call-%-1", "patient/%/1", "dev:%:web", "urn:acme:user:%",
		"user=%&v=1", `{"user":"%","n":1}`, "<%>", "session %", "id:%;v=2", "/v1/users/%/calls", "%|0f3a",
	), part)
}

// label puts a label before a marked part.
func (r lot) label(label, part string) string {
	return r.of(
		label+"="+part+"&v=1", label+":"+part, label+": "+part, `{"`+label+`":"`+part+`"}`, "user_"+label+"="+part, label+"_"+part, label+"-"+part+"/web", "a=1&"+label+"="+part,
		strings.ToUpper(label)+" "+part,
	)
}
