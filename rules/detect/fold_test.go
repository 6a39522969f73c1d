package detect

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestFolded(t *testing.T) {
	for in, want := range map[string]string{
		"＋１２０２":                "+1202",
		"ａｎｎａ＠ｘ．ｆｉ":            "anna@x.fi",
		"+٣٥٨ ۴۰ ४५६":          "+358 40 456",
		"𝟏𝟚𝟯":                  "123",
		"①②③⓪❶➀⒈⑴ ² ₃ ⁰":       "12301111 2 3 0",
		"1̶2̲3⃣":               "123",
		"1️⃣2️⃣":               "12",
		"e\u0301":              "e\u0301", // an accent on a letter makes another letter
		"358\u00a040\u20111":   "358 40-1",
		"12\u200b34\u200d5":    "12345",
		"an\u00adna":           "anna",
		"room\u200b0049":       "room\u200b0049", // what parts a name from a number stays
		"é\u200b0049":          "é\u200b0049",
		"7\u200bx":             "7\u200bx",
		"-\u200b7":             "-7",
		"スーパー":                 "スーパー",
		"1ー2":                  "1-2",
		"1・2·3•4":              "1.2.3.4",
		"a·b":                  "a·b",
		"四月二日 +四〇1二":           "四月二日 +4012",
		"\U000E0031\U000E0061": "1a",
		"例え。ｊｐ":                "例え.jp",
		"⁺1⁄2∕3":               "+1/2/3",
		"+1\xff2\xc2":          "+1\xff2\xc2",
		"Анна":                 "Анна",
	} {
		text, hints, back := folded(in, hintOf(in))
		if text != want {
			t.Errorf("%q folds into %q, want %q", in, text, want)
		}
		if (back == nil) != (text == in) {
			t.Errorf("%q: folded %v", in, back != nil)
		}
		if hints != hintOf(text)&^hasFoldable {
			t.Errorf("%q: hints %b, want %b", in, hints, hintOf(text)&^hasFoldable)
		}
		back.restore(nil, in)
	}
}

// Characters without width are no more work where many of them stand behind a letter or digit.
func TestFoldingIsFast(t *testing.T) {
	for _, unit := range []string{"\u200b", "\u0301", "\u200b\u0301"} {
		for _, text := range []string{"room" + strings.Repeat(unit, 300_000) + "7", "+1" + strings.Repeat(unit, 300_000) + "x"} {
			Find(nil, text, Any...)
		}
	}
}

// Nothing folds whose first byte does not say so, and no first byte says so in vain.
func TestFoldableLeads(t *testing.T) {
	leads := map[byte]bool{}
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		if invisible(r) || combining(r) || ascii(r, '0') != 0 {
			leads[utf8.AppendRune(nil, r)[0]] = true
		}
	}
	for b := range 256 {
		if leads[byte(b)] != (strings.IndexByte(foldableLeads, byte(b)) >= 0) {
			t.Errorf("%#x: a character that folds begins with it: %v", b, leads[byte(b)])
		}
	}
}

// FuzzFolded compares every place with a folding that remembers all of them.
func FuzzFolded(f *testing.F) {
	for _, s := range append([]string{"＋１２０２", "1\u200b2\u200c" + strings.Repeat("é①", 100), strings.Repeat("𝟏", 70) + "\xff\xf0\x9d", "a\u200b1\u200bb1\u0301\u0301", "\u034F", "a\u034F1\u034F"}, seeds...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, _, back := folded(s, hintOf(s))
		if back == nil {
			if text != s {
				t.Fatalf("%q became %q and nothing leads back", s, text)
			}
			return
		}
		var want []byte
		var from, end []int
		ahead := 0
		for i := 0; i < len(s); {
			c, n, size := step(s, i, last(want), &ahead)
			piece := s[i : i+size]
			if n == 1 {
				piece = string([]byte{c})
			}
			if r, _ := utf8.DecodeRuneInString(piece); n == 0 && combining(r) && isDigit(last(want)) && end[len(end)-1] == i {
				end[len(end)-1] += size
			}
			for range n {
				from, end = append(from, i), append(end, i+size)
			}
			want = append(want, piece[:n]...)
			i += size
		}
		if text != string(want) {
			t.Fatalf("%q folds into %q, want %q", s, text, want)
		}
		spans := make([]Span, len(text))
		for i := range spans {
			spans[i] = Span{Start: i, End: i + 1}
		}
		back.restore(spans, s)
		for i, sp := range spans {
			if sp.Start != from[i] || sp.End != end[i] {
				t.Fatalf("byte %d of %q is at %d to %d of %q, want %d to %d", i, want, sp.Start, sp.End, s, from[i], end[i])
			}
		}
	})
}
