package detect

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// phones is a detector of phone numbers with these regions.
func phones(t testing.TB, o Options) *Detector {
	t.Helper()
	d, err := Builtin(Phone, o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func must(d *Detector, err error) *Detector {
	if err != nil {
		panic(err)
	}
	return d
}

// anyWith is what a rule means by "any" where the file sets options for phones.
func anyWith(t testing.TB, o Options) *Finder {
	t.Helper()
	all := []*Detector{phones(t, o)}
	for _, k := range Any[1:] {
		all = append(all, must(Builtin(k, Options{})))
	}
	return NewFinder(all...)
}

// finding is a line for each finding, as check has them.
func finding(f *Finder, in string) (got []string) {
	for _, sp := range f.Find(nil, in) {
		text := in[sp.Start:sp.End]
		line := fmt.Sprintf("%s %q", sp.Kind, text)
		if sp.Name != "" {
			line = fmt.Sprintf("%s %q", sp.Name, text)
		}
		if sp.Canonical != text && sp.Canonical != "" {
			line += " " + sp.Canonical
		}
		got = append(got, line)
	}
	return got
}

func (table finds) with(t *testing.T, f *Finder) {
	t.Helper()
	for _, tt := range table {
		if got := finding(f, tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("Find(%q)\n got %s\nwant %s", tt.in, strings.Join(got, ", "), strings.Join(tt.want, ", "))
		}
		if len(tt.want) > 0 && !f.Possible(hintOf(tt.in)) {
			t.Errorf("Possible says no to %q", tt.in)
		}
	}
}

func TestBuiltinErrors(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		o    Options
		want string
	}{
		{Email, Options{Bare: true}, "the detector email has no options: regions and bare are for phone"},
		{IP, Options{Regions: []string{"FI"}}, "the detector ip has no options: regions and bare are for phone"},
		{Own, Options{}, `"own" is not a built-in kind of detector`},
		{Kind(77), Options{}, `"unknown" is not a built-in kind of detector`},
		{Phone, Options{Regions: []string{"FI", "XX"}}, `region "XX" is not known: a region is a country in two capital letters (ISO 3166-1)`},
		{Phone, Options{Regions: []string{"fi"}}, `region "fi" is not known: a region is a country in two capital letters (ISO 3166-1)`},
		{Phone, Options{Regions: []string{""}}, `region "" is not known: a region is a country in two capital letters (ISO 3166-1)`},
		{Phone, Options{Regions: []string{"I0"}}, `region "I0" is not known: a region is a country in two capital letters (ISO 3166-1)`},
	} {
		if d, err := Builtin(tt.kind, tt.o); err == nil || err.Error() != tt.want || d != nil {
			t.Errorf("Builtin(%v, %v) = %v, %v, want %s", tt.kind, tt.o, d, err, tt.want)
		}
	}
}

func TestOwnIsNoBuiltin(t *testing.T) {
	if got := Own.String(); got != "own" {
		t.Errorf("Own is %q", got)
	}
	if _, ok := KindOf("own"); ok || slices.Contains(Names(), "own") || slices.Contains(Any, Own) {
		t.Error("Own passes for a built-in kind")
	}
	if got := Find(nil, "anna@example.com", Own); got != nil {
		t.Errorf("Find found %v of a kind that only a Finder finds", got)
	}
}

// A Finder of built-in kinds without options is Find, with the same order of kinds.
func TestPlainFinder(t *testing.T) {
	for _, kinds := range [][]Kind{Any, {Phone}, {Opaque, Email}, {Email, Opaque}, {SIP}, {}, {IP, IP}} {
		var all []*Detector
		for _, k := range kinds {
			all = append(all, must(Builtin(k, Options{})))
		}
		f := NewFinder(all...)
		for _, in := range append(seeds, hostile...) {
			h := hintOf(in)
			want := Find(nil, in, kinds...)
			for how, got := range map[string][]Span{"Find": f.Find(nil, in), "FindHinted": f.FindHinted(nil, in, h), "all hints": f.FindHinted(nil, in, ^Hint(0))} {
				if !slices.Equal(got, want) {
					t.Errorf("%s of %v in %q = %v, want %v", how, kinds, in, got, want)
				}
			}
			if slices.Equal(kinds, Any) && f.Possible(h) != h.Possible() {
				t.Errorf("Possible is %v, of the hint %v: %q", f.Possible(h), h.Possible(), in)
			}
			got, ok := f.Canonical(in)
			if want, wantOK := Canonical(in); got != want || ok != wantOK {
				t.Errorf("Canonical(%q) = %q, %v, want %q, %v", in, got, ok, want, wantOK)
			}
		}
		if f.Numeric() {
			t.Errorf("digits alone are said to satisfy %v", kinds)
		}
	}
	if f := NewFinder(); f.Possible(^Hint(0)) || f.Find(nil, "anna@example.com") != nil {
		t.Error("a Finder of nothing finds something")
	}
}

func TestNumeric(t *testing.T) {
	word := must(Words("w", []string{"anna"}))
	expr := must(Pattern("p", "x[0-9]"))
	for _, tt := range []struct {
		f    *Finder
		want bool
	}{
		{NewFinder(phones(t, Options{})), false},
		{NewFinder(phones(t, Options{Regions: []string{"FI"}})), false},
		{NewFinder(must(Builtin(Email, Options{})), phones(t, Options{Bare: true})), true},
		{NewFinder(word), true},
		{NewFinder(must(Builtin(IP, Options{})), expr), true},
	} {
		if got := tt.f.Numeric(); got != tt.want {
			t.Errorf("Numeric() = %v", got)
		}
	}
}

// Of overlapping findings the longest counts, then the detector named first, whatever its kind.
func TestFinderOrder(t *testing.T) {
	email, ip := must(Builtin(Email, Options{})), must(Builtin(IP, Options{}))
	word := must(Words("word", []string{"anna@example.com", "anna", "192.0.2.7"}))
	expr := must(Pattern("expr", `[a-z]+@[a-z.]+`))
	half := must(Pattern("half", `[0-9.]+ x`))
	for _, tt := range []struct {
		f    *Finder
		in   string
		want []string
	}{
		{NewFinder(email, word, expr), "to anna@example.com", []string{`email "anna@example.com"`}},
		{NewFinder(word, email, expr), "to anna@example.com", []string{`word "anna@example.com"`}},
		{NewFinder(expr, email, word), "to anna@example.com", []string{`expr "anna@example.com"`}},
		{NewFinder(word, email), "to anna@example.com.fi", []string{`email "anna@example.com.fi"`}},
		{NewFinder(ip, word), "192.0.2.7", []string{`ip "192.0.2.7"`}},
		{NewFinder(word, ip), "192.0.2.7, anna", []string{`word "192.0.2.7"`, `word "anna"`}},
		{NewFinder(word, ip, half), "192.0.2.7 x", []string{`half "192.0.2.7 x"`}},
		{NewFinder(word, word), "anna", []string{`word "anna"`}},
		{NewFinder(), "anna", nil},
	} {
		if got := finding(tt.f, tt.in); !slices.Equal(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
	// Equally long ones that do not begin at the same place: the detector named first, not the place.
	later, sooner := must(Pattern("later", "bcd")), must(Pattern("sooner", "abc"))
	if got := finding(NewFinder(later, sooner), "abcd"); !slices.Equal(got, []string{`later "bcd"`}) {
		t.Errorf("got %q", got)
	}
	// Two detectors of phones: the variant for places where people put numbers, and the file's.
	f := NewFinder(phones(t, Options{Regions: []string{"FI"}, Bare: true}), anyWith(t, Options{Regions: []string{"FI"}}).detectors[0], email)
	if got := finding(f, "358401234567, 040 1234567"); !slices.Equal(got, []string{`phone "358401234567" +358401234567`, `phone "040 1234567" +358401234567`}) {
		t.Errorf("got %q", got)
	}
	for _, sp := range f.Find(nil, "358401234567, anna@example.com") {
		if sp.rank != 0 {
			t.Errorf("%+v compares unequal to what Find returns", sp)
		}
	}
}

// settleSlowly is settle by its definition.
func settleSlowly(found []Span) (kept []Span) {
	order := slices.Clone(found)
	slices.SortStableFunc(order, func(a, b Span) int { return a.Start - b.Start })
	slices.SortStableFunc(order, func(a, b Span) int {
		if n := (b.End - b.Start) - (a.End - a.Start); n != 0 {
			return n
		}
		return int(a.rank) - int(b.rank)
	})
	for _, sp := range order {
		if !slices.ContainsFunc(kept, func(k Span) bool { return k.Start < sp.End && sp.Start < k.End }) {
			kept = append(kept, sp)
		}
	}
	slices.SortFunc(kept, func(a, b Span) int { return a.Start - b.Start })
	setRank(kept, 0)
	return kept
}

func FuzzSettle(f *testing.F) {
	f.Add([]byte{0, 4, 1, 0, 4, 0, 2, 7, 3, 8, 2, 0})
	f.Add([]byte{0, 200, 9, 1, 1, 1, 3, 1, 1, 199, 4, 0})
	f.Add([]byte{5, 5, 0, 0, 10, 1, 9, 6, 2, 14, 1, 3, 3, 3, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		var found []Span
		for ; len(data) >= 3 && len(found) < 200; data = data[3:] {
			start := int(data[0])
			found = append(found, Span{Start: start, End: start + 1 + int(data[1]), Kind: Own, rank: uint16(data[2] % 4), Name: "x"})
		}
		want := settleSlowly(found)
		if got := settle(slices.Clone(found), 0); !slices.Equal(got, want) {
			t.Fatalf("settle(%v)\n got %v\nwant %v", found, got, want)
		}
	})
}

// One long finding over many short ones, and one that ends where the next begins, must not make settling slow.
func TestSettleIsFast(t *testing.T) {
	text := strings.Repeat("1 ", 100_000)
	f := NewFinder(must(Pattern("one", "1")), must(Pattern("all", ".+")), must(Pattern("pair", "1 1")))
	if got := f.Find(nil, text); len(got) != 1 || got[0].Name != "all" || got[0].End != len(text) {
		t.Errorf("%d findings", len(got))
	}
}

// What finds is shared, and what it writes to is not: a folded text, and what a pattern has read of one.
func TestFinderConcurrently(t *testing.T) {
	f := NewFinder(phones(t, Options{Regions: []string{"FI", "US"}, Bare: true}), must(Builtin(Email, Options{})), must(Builtin(NationalID, Options{})),
		must(Words("w", []string{"matti"})), must(Pattern("p", `x(.*y)?`)))
	texts := []string{
		"xxx＋３５８４０１２３４５６７ anna@example.com", "xyxy １３１０５２-308T", "４１１１ 1111 xmatti matti 040 1234567", strings.Repeat("x ４", 10_000) + "; ０４０ 1234567",
	}
	want := make([][]string, len(texts))
	for i, s := range texts {
		if want[i] = finding(f, s); len(want[i]) == 0 {
			t.Errorf("nothing in %.40q", s)
		}
	}
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			for n := range 20 {
				i := (g + n) % len(texts)
				if got := finding(f, texts[i]); !slices.Equal(got, want[i]) {
					t.Errorf("%.40q: %.200q, alone %.200q", texts[i], got, want[i])
				}
			}
		})
	}
	all.Wait()
}
