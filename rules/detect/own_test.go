package detect

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		expr, in string
		want     []string
	}{
		{`\bE[0-9]{6}\b`, "E123456 E1234567 xE123456 E654321", []string{`p "E123456"`, `p "E654321"`}},
		{`user=([a-z]+)`, "user=anna&user=&user=matti", []string{`p "anna"`, `p "matti"`}},
		{`user=([a-z]*)`, "user=&user=x", []string{`p "x"`}}, // a group may be empty: then it is no finding
		{`a(b)?c`, "ac abc", []string{`p "b"`}},              // a group that takes no part is none
		{`(?i)anna`, "ANNA", []string{`p "ANNA"`}},           // flags are part of the language
		{`(?:a|b)c`, "ac bc", []string{`p "ac"`, `p "bc"`}},  // a group without a number is none
		{`(?P<id>[0-9]+)x`, "12x", []string{`p "12"`}},       // a name makes no difference
		{`é+`, "caféé", []string{`p "éé"`}},
		{`[0-9]+`, "12", []string{`p "12"`}},
		{`x`, "", nil},
	} {
		d, err := Pattern("p", tt.expr)
		if err != nil {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		f := NewFinder(d)
		if got := finding(f, tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("%s in %q: got %q, want %q", tt.expr, tt.in, got, tt.want)
		}
		for _, sp := range f.Find(nil, tt.in) {
			if sp.Kind != Own || sp.Canonical != "" {
				t.Errorf("%+v", sp)
			}
		}
	}
}

func TestPatternErrors(t *testing.T) {
	const empty = "the pattern can match the empty text, which is at every place of every text"
	const broad = "the pattern is too large: at one place too many of its parts may come next; a list belongs into words"
	const large = "the pattern is too large: its repetitions come to more than 4096 steps"
	for expr, want := range map[string]string{
		"":                        empty,
		"x*":                      empty,
		"x?":                      empty,
		`\b`:                      empty,
		"^":                       empty,
		"a|":                      empty,
		"(a*)(?:b*)":              empty,
		"a{0,3}":                  empty,
		"(?:x*){5}":               empty,
		"(a)(b)":                  "the pattern has 2 groups, one at most says what the finding is: write (?:...) for the others",
		"((a)(b))":                "the pattern has 3 groups, one at most says what the finding is: write (?:...) for the others",
		"[0-9":                    "the pattern is not an RE2 expression: error parsing regexp: missing closing ]: `[0-9`",
		`(?=x)`:                   "the pattern is not an RE2 expression: error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
		`(a)\1`:                   "the pattern is not an RE2 expression: error parsing regexp: invalid escape sequence: `\\1`",
		"(?:(?:abcdefgh){10}){9}": "",
		"(?:abcdefgh){999}":       large,
		"(?:[a-z]{31}){32}(?:[a-z]{31}){32}(?:[a-z]{31}){32}(?:[a-z]{31}){32}(?:[a-z]{31}){32}": large,
		strings.Repeat("a", 5000): large,
		"(?:a?){300}b":            broad,
		"(?:a*){0,300}b":          broad,
		alternatives(300):         broad,
		"a{1001}":                 "the pattern is not an RE2 expression: error parsing regexp: invalid repeat count: `{1001}`",
	} {
		d, err := Pattern("p", expr)
		if want == "" {
			if err != nil {
				t.Errorf("%.40s: %v", expr, err)
			}
			continue
		}
		if err == nil || err.Error() != want || d != nil {
			t.Errorf("%.40s: %v, want %s", expr, err, want)
		}
	}
}

// FuzzPattern compares with package regexp, and holds what is accepted to what was promised.
func FuzzPattern(f *testing.F) {
	for _, expr := range []string{`\bE[0-9]{6}\b`, "user=(.*)", "a|b|", "(?i)x+", `[^\d]{2}`, "(?s).", "$x", "(a|b)+c", `x(.*y)?`, `(?:a*)*b|\Ba`, `(?m)^a$|\n`, `(?i)k[^ſ]?`, `(?U)a+`, `\z|a{2,3}`} {
		f.Add(expr, "E123456 user=anna abc XX")
	}
	f.Fuzz(func(t *testing.T, expr, s string) {
		d, err := Pattern("p", expr)
		re, reErr := regexp.Compile(expr)
		if err != nil {
			return
		}
		if reErr != nil || re.NumSubexp() > 1 {
			t.Fatalf("%q is accepted, and %v", expr, reErr)
		}
		var want []Span
		for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
			if m[0] == m[1] {
				t.Fatalf("%q matches the empty text in %q", expr, s)
			}
			if m = m[len(m)-2:]; m[0] < m[1] {
				want = append(want, Span{Start: m[0], End: m[1], Kind: Own, Name: "p"})
			}
		}
		if got := NewFinder(d).Find(nil, s); !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", expr, s, got, want)
		}
		inBlocks(d, 2)
		if got := NewFinder(d).Find(nil, s); !slices.Equal(got, want) {
			t.Fatalf("%q in blocks of %q: %v, want %v", expr, s, got, want)
		}
	})
}

// inBlocks makes the detector of a pattern keep what it learns for 1<<shift places only, as it does in a long text.
func inBlocks(d *Detector, shift int) { d.own.(*pattern).expr.shift = shift }

// wide are expressions that are dear in other engines, or here, each with a unit of a text that keeps it busy. The first
// are those that one search for every match takes a lifetime over.
var wide = []struct{ expr, unit string }{
	{`x(.*y)?`, "x"}, {`x(?:.*y)?`, "x "}, {`(?s)a(?:.*b|)`, "a"}, {`(?:x[^y]*y|x)`, "x"}, {`(\w+\s*:)?\w`, "a"}, {`[a-z]+\d|[a-z]`, "a"},
	{`(?:(?:a+)+)+b`, "a"}, {`(?:a|a|aa)+b`, "a"}, {`(?:.*)(?:.*)(?:.*)x`, "ax"}, {`(?:a*)*(?:b*)*c`, "abc"}, {`(?:a*){0,150}b`, "aab"}, {`(?:a*b*)*c|a`, "aab"},
	{`(?:a?){250}b`, "b"}, {`(?:a?){250}b`, "aab"}, {`(?:a?b?){120}c`, "abc"}, {`(?:a{0,31}){0,31}b`, "aab"}, {`(?:a{1,31}b?){0,30}c`, "aabac"},
	{`[a-z]{1000}[a-z]{1000}`, "a"}, {`.{0,254}@x`, "a@x"}, {`\b(?:\w{1,64}\b ?){1,8}x`, "ab x "}, {`\w{1,64}@(?:\w{1,63}\.){1,8}\w{2,63}`, "a.b@c.de"},
	{`\pL{20}x`, "éx"}, {`(?i)(?:k|ſ|é)+x`, "\u212aſÉx"}, {`\Bb|\bb|$x`, "ab b"}, {`[^\x00-\x7f]{60}`, "\xff\xe2"},
}

// What package regexp finds is found, in texts of several blocks too.
func TestPatternWide(t *testing.T) {
	for _, tt := range wide {
		d := must(Pattern("p", tt.expr))
		re := regexp.MustCompile(tt.expr)
		for _, s := range []string{strings.Repeat(tt.unit, 40), strings.Repeat(tt.unit, 600/len(tt.unit)) + "\ny" + strings.Repeat("ab1 x@x", 30)} {
			var want []Span
			for _, m := range re.FindAllStringSubmatchIndex(s, -1) {
				if m = m[len(m)-2:]; m[0] < m[1] {
					want = append(want, Span{Start: m[0], End: m[1], Kind: Own, Name: "p"})
				}
			}
			for _, shift := range []int{16, 7, 2} {
				inBlocks(d, shift)
				if got := NewFinder(d).Find(nil, s); !slices.Equal(got, want) {
					t.Errorf("%s in %.20q..., blocks of %d: %v, want %v", tt.expr, s, 1<<shift, got, want)
				}
			}
		}
	}
}

// The blocks are a matter of memory: of a pattern with many positions, what is kept for a place is larger.
func TestPatternMemory(t *testing.T) {
	for _, expr := range []string{"a", `[a-z]{1000}[a-z]{1000}`} {
		d := must(Pattern("p", expr))
		d.own.find(nil, strings.Repeat("a", 256<<10))
		m := d.own.(*pattern).expr.idle.Get().(*matcher)
		if n := 8 * len(m.kept); n > 1<<20 {
			t.Errorf("%s: %d bytes are kept", expr, n)
		}
	}
}

// TestPatternHostile is over in a blink if the search for all matches is linear, and not before the day is if it is not.
func TestPatternHostile(t *testing.T) {
	for _, tt := range wide {
		must(Pattern("p", tt.expr)).own.find(nil, strings.Repeat(tt.unit, (16<<10)/len(tt.unit)))
	}
	must(Pattern("p", wide[0].expr)).own.find(nil, strings.Repeat(wide[0].unit, 1<<20))
}

// BenchmarkPatternHostile shows what a byte costs at worst, and that it does not grow with the length of the text.
func BenchmarkPatternHostile(b *testing.B) {
	for _, tt := range wide {
		own := must(Pattern("p", tt.expr)).own
		for _, size := range []int{64 << 10, 1 << 20} {
			text := strings.Repeat(tt.unit, size/len(tt.unit))
			b.Run(fmt.Sprintf("%.24s/%d", tt.expr, size), func(b *testing.B) {
				b.ReportAllocs()
				var dst []Span
				for b.Loop() {
					dst = own.find(dst[:0], text)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(text)), "ns/byte")
			})
		}
	}
}

// BenchmarkRegexp is what package regexp takes for the same, where it ends.
func BenchmarkRegexp(b *testing.B) {
	for _, tt := range wide {
		re := regexp.MustCompile(tt.expr)
		text := strings.Repeat(tt.unit, (4<<10)/len(tt.unit))
		b.Run(fmt.Sprintf("%.24s/%d", tt.expr, 4<<10), func(b *testing.B) {
			for b.Loop() {
				re.FindAllStringSubmatchIndex(text, -1)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(text)), "ns/byte")
		})
	}
}

func TestWords(t *testing.T) {
	f := NewFinder(must(Words("vip", []string{
		"anna.virtanen", "John Smith", "john", "Straße", "Ωmega", "कमल", "C++", "@all", "müller", "kelvin", "sass", "王", "007", "王小明", "ab ab", "ab",
	})))
	finds{
		{"anna.virtanen", []string{`vip "anna.virtanen"`}},
		{"conf-Anna.VIRTANEN-2", []string{`vip "Anna.VIRTANEN"`}},
		{"anna.virtanen2, xanna.virtanen, anna_virtanen", nil},
		{"john smith", []string{`vip "john smith"`}}, // the longest word counts
		{"john smithy", []string{`vip "john"`}},
		{"John  Smith", []string{`vip "John"`}},
		{"john,john;JOHN", []string{`vip "john"`, `vip "john"`, `vip "JOHN"`}},
		{"johnny sjohn 1john john1 éjohn johné", nil},
		{"john\u0301", nil}, // an accent makes it another word
		{"STRAßE STRAẞE strasse", []string{`vip "STRAßE"`, `vip "STRAẞE"`}},
		{"ωMEGA ΩMEGA \u2126mega", []string{`vip "ωMEGA"`, `vip "ΩMEGA"`, "vip \"\u2126mega\""}},
		{"\u212Aelvin ſaſſ", []string{"vip \"\u212Aelvin\"", `vip "ſaſſ"`}},
		{"कमल कमला", []string{`vip "कमल"`}},
		{"C++ c++11 xC++ C+++", []string{`vip "C++"`, `vip "c++"`, `vip "C++"`}}, // a sign is no part of a longer word
		{"@all x@all @allx", []string{`vip "@all"`, `vip "@all"`}},
		{"MÜLLER mu\u0308ller", []string{`vip "MÜLLER"`}},
		{"王 王王 x王 王小明", []string{`vip "王"`, `vip "王小明"`}},
		{"007 0071 ٠007 007-1", []string{`vip "007"`, `vip "007"`}},
		{"ab ab ab", []string{`vip "ab ab"`, `vip "ab"`}},
		{"john\xff\xfejohn", []string{`vip "john"`, `vip "john"`}},
		{"\xe2john", []string{`vip "john"`}},
		{"", nil},
	}.with(t, f)
	if got := f.Find(nil, "x john"); len(got) != 1 || got[0] != (Span{Start: 2, End: 6, Kind: Own, Name: "vip"}) {
		t.Errorf("got %+v", got)
	}
}

func TestWordsErrors(t *testing.T) {
	for want, list := range map[string][]string{
		"the list of words is empty":                      {},
		"word 2 of the list is empty":                     {"anna", ""},
		"word 1 of the list is empty":                     {" \t"},
		"word 3 of the list is not UTF-8":                 {"a", "b", "\xff"},
		"word 1 of the list has 255 bytes, more than 254": {strings.Repeat("x", 255)},
	} {
		if d, err := Words("w", list); err == nil || err.Error() != want || d != nil {
			t.Errorf("Words(%q) = %v, %v, want %s", list, d, err, want)
		}
	}
}

// wordsSlowly is Words by its definition: at each place, the longest word that is whole.
func wordsSlowly(list []string, s string) (found []Span) {
	type char struct {
		r    rune
		at   int
		size int
	}
	var text []char
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			r = -1
		}
		text = append(text, char{r, i, size})
		i += size
	}
	part := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i].r >= 0 && text[i].r != utf8.RuneError && unicode.In(text[i].r, unicode.L, unicode.N, unicode.M))
	}
	for i := 0; i < len(text); {
		longest := 0
		for _, word := range list {
			runes := []rune(word)
			n := len(runes)
			if i+n > len(text) || n <= longest {
				continue
			}
			same := true
			for k, r := range runes {
				same = same && text[i+k].r >= 0 && strings.EqualFold(string(r), string(text[i+k].r))
			}
			if same && !(part(i) && part(i-1)) && !(part(i+n-1) && part(i+n)) {
				longest = n
			}
		}
		if longest == 0 {
			i++
			continue
		}
		last := text[i+longest-1]
		found = append(found, Span{Start: text[i].at, End: last.at + last.size, Kind: Own, Name: "w"})
		i += longest
	}
	return found
}

func FuzzWords(f *testing.F) {
	f.Add("anna|john smith|john|c++", "Anna, JOHN SMITH john smit C++x c++")
	f.Add("k|ſ|ß|ab ab|ab", "\u212A s S ẞ ab ab ab K\u0301")
	f.Add("王|é|007", "王王 \xff王\xffé 0071 007")
	f.Fuzz(func(t *testing.T, list, s string) {
		all := strings.Split(list, "|")
		d, err := Words("w", all)
		if err != nil || len(all) > 20 || len(s) > 300 {
			return
		}
		want := wordsSlowly(all, s)
		if got := NewFinder(d).Find(nil, s); !slices.Equal(got, want) {
			t.Fatalf("%q in %q: %v, want %v", all, s, got, want)
		}
	})
}

// alternatives is an expression with n ways at its beginning.
func alternatives(n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("%c%d", 0x4E00+i, i)
	}
	return strings.Join(all, "|")
}

// manyWords are names that begin alike, so that telling them apart takes long if it can.
func manyWords(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("anna-maria.virtanen%d", i)
	}
	return list
}

func BenchmarkWords(b *testing.B) {
	text := sessionText(100 << 10)
	for _, n := range []int{1, 10_000} {
		f := NewFinder(must(Words("w", manyWords(n))))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				f.Find(nil, text)
			}
		})
	}
}

// BenchmarkWordsHostile shows what a byte costs at worst: a word that begins at every place and ends at none.
func BenchmarkWordsHostile(b *testing.B) {
	for _, tt := range []struct{ word, unit string }{
		{strings.Repeat("-", maxWord-1) + "b", "-"}, {strings.Repeat("a ", maxWord/2-1) + "b", "a "}, {strings.Repeat("→", maxWord/3-1) + "b", "→"},
	} {
		own := must(Words("w", []string{tt.word})).own
		for _, size := range []int{64 << 10, 1 << 20} {
			text := strings.Repeat(tt.unit, size/len(tt.unit))
			b.Run(fmt.Sprintf("%s/%d", tt.unit, size), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					own.find(nil, text)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(text)), "ns/byte")
			})
		}
	}
}

// Many words on a text made of their beginnings: over in a blink.
func TestWordsHostile(t *testing.T) {
	list := append(manyWords(5000), strings.Repeat("a ", 126)+"b")
	f := NewFinder(must(Words("w", list)))
	for _, unit := range []string{"anna-maria.virtanen ", "a ", "anna-", "é", "\xff", "anna-maria.virtanen7 "} {
		f.Find(nil, strings.Repeat(unit, (1<<20)/len(unit)))
	}
}
