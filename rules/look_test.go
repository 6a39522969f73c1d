package rules

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/statveil/statveil/rules/detect"
)

var anyFinder = finderOf(detect.Any...)

func finderOf(kinds ...detect.Kind) *detect.Finder {
	var all []*detect.Detector
	for _, k := range kinds {
		d, err := detect.Builtin(k, detect.Options{})
		if err != nil {
			panic(err)
		}
		all = append(all, d)
	}
	return detect.NewFinder(all...)
}

func lookAny(line string) []Found { return Look(line, anyFinder) }

// inGroups encodes text, with ‹ and › around the groups of characters that hold
// a part of it.
func inGroups(e *base64.Encoding, text, part string) string {
	encoded, at := e.EncodeToString([]byte(text)), strings.Index(text, part)
	start, end := at/3*4, min((at+len(part)-1)/3*4+4, len(encoded))
	return encoded[:start] + "‹" + encoded[start:end] + "›" + encoded[end:]
}

func TestLook(t *testing.T) {
	const phone, mail = "+12025550143", "anna@example.com"
	b64 := base64.StdEncoding.EncodeToString
	pct := func(s string) string { return strings.NewReplacer("+", "%2B", "@", "%40", "%", "%25").Replace(s) }
	// Of each line, what stands between ‹ and › is to be found; canonical is
	// what it says.
	tests := []struct {
		name, line string
		canonical  []string
	}{
		{"nothing", "GET /v1/conferences/545619706 200 12ms", nil},
		{"empty", "", nil},
		{"plain", "call from ‹+1 202 555 0143› by ‹anna@Example.com›", []string{phone, mail}},
		{"JSON", `{"id":"‹+12025550143›","by":"‹anna@example.com›"}`, []string{phone, mail}},

		{"percent", "GET /c/‹%2B12025550143›?u=‹anna%40example.com›", []string{phone, mail}},
		{"percent around it", "q=hello%20‹anna@example.com›%21", []string{mail}},
		{"percent in lower case", "q=‹%2b12025550143›", []string{phone}},
		{"percent, one of UTF-8", "q=‹%EF%BC%8B12025550143›", []string{phone}},
		{"no percent", "100% ‹anna@example.com› 5%zz", []string{mail}},
		{"percent, five times", "q=‹%252525252B12025550143›", []string{phone}},
		{"percent, six times", "q=%25252525252B12025550143", nil},

		{"+ for spaces", "GET /call?to=‹%2B1+202+555+0143›&by=‹a+anna%40example.com›", []string{phone, "a+" + mail}},
		{"a JSON escape", `{"id":"‹\u002b12025550143›"}`, []string{phone}},
		{"JSON escapes only", `"‹\u0061\u006E\u006e\u0061\u0040example.com›"`, []string{mail}},
		{"JSON escapes around it", `{"log":"a\n‹anna@example.com›\tb\u00e9\ud83d\ude00 ‹+12025550143›\""}`, []string{mail, phone}},
		{"JSON in JSON", `{"log":"{\"id\":\"‹\\u002b12025550143›\"}"}`, []string{phone}},
		{"a lone surrogate", `\ud83d ‹anna@example.com›`, []string{mail}},
		{"the bytes of a web server's log", `"‹\x2B12025550143› \x22‹anna\x40example.com›\x22"`, []string{phone, mail}},
		{"no escapes", `C:\users\zoe ‹anna@example.com› \`, []string{mail}},

		{"entities", "<b>‹&#43;12025550143›</b> ‹anna&commat;example&period;com› ‹&#x2B;12025550143›", []string{phone, mail, phone}},
		{"no entities", "a&b;&#;&#x;&#0;&#xFFFFFFFFF;&;& ‹anna@example.com›&", []string{mail}},

		{"base64", "id=‹" + b64([]byte(phone)) + "›", []string{phone}},
		{"base64 with padding", "id=‹" + b64([]byte(mail)) + "›&x=1", []string{mail}},
		{"base64url", "id=" + inGroups(base64.RawURLEncoding, "??> "+mail+" >??", mail), []string{mail}},
		{"base64url with padding", "id=" + inGroups(base64.URLEncoding, ">?>"+mail+"?", mail), []string{mail}},
		{"base64 of JSON", "v=" + inGroups(base64.StdEncoding, `{"user":"anna@example.com","n":1}`, mail), []string{mail}},
		{"the claims of a JWT", "Bearer eyJhbGciOiJIUzI1NiJ9." + inGroups(base64.RawURLEncoding, `{"sub":"+12025550143"}`, phone) + ".c2lnbmF0dXJl", []string{phone}},
		{"base64 without padding", "id=‹" + strings.TrimRight(b64([]byte(mail)), "=") + "›", []string{mail}},
		{"base64 in a path", "/a/b/‹" + b64([]byte(phone)) + "›/c", []string{phone}},
		{"base64 in an id", "conf-‹" + b64([]byte(phone)) + "›", []string{phone}},
		{"a data URL", "data:text/plain;base64,‹" + b64([]byte(mail)) + "›", []string{mail}},
		{"base64 in percent", "id=‹" + pct("YW5uYUBleGFtcGxlLmNvbQ") + "%3D%3D›", []string{mail}},
		{"base64 in JSON, with its slashes escaped", `{"id":"\/‹` + b64([]byte(mail)) + `›"}`, []string{mail}},
		{"percent in base64", "id=‹" + b64([]byte("%2B12025550143")) + "›", []string{phone}},
		{"base64 in base64", "id=‹" + b64([]byte(b64([]byte(phone)))) + "›", []string{phone}},
		{"base64 of bytes", "id=" + b64([]byte("\x00\xff"+mail)), nil},
		{"words", "conferences/configuration/initialization-Abcdefghijkl", nil},

		{"hex", "id=‹2b3132303235353530313433›", []string{phone}},
		{"hex in upper case, marked", "id=0x‹616E6E61406578616D706C652E636F6D›", []string{mail}},
		{"a hash", "d41d8cd98f00b204e9800998ecf8427e", nil},

		{"not UTF-8", "\xff\xfe‹anna@example.com›\x80 ‹%2B12025550143›\xff", []string{mail, phone}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			line := strings.NewReplacer("‹", "", "›", "").Replace(tt.line)
			var got strings.Builder
			at := 0
			var canonical []string
			for _, f := range lookAny(line) {
				got.WriteString(line[at:f.Start] + "‹" + line[f.Start:f.End] + "›")
				at = f.End
				canonical = append(canonical, f.Canonical())
				if f.Text() != line[f.Start:f.End] {
					t.Errorf("Text is %q, the line has %q", f.Text(), line[f.Start:f.End])
				}
			}
			got.WriteString(line[at:])
			want := tt.line
			if tt.canonical == nil {
				want = line
			}
			if got.String() != want || fmt.Sprint(canonical) != fmt.Sprint(tt.canonical) {
				t.Errorf("got  %q %q\nwant %q %q", got.String(), canonical, want, tt.canonical)
			}
		})
	}
}

// TestLookNeighbours: two findings may share a group of base64, and both count.
func TestLookNeighbours(t *testing.T) {
	line := "v=" + base64.StdEncoding.EncodeToString([]byte("a@x.fi b@y.fi"))
	found := lookAny(line)
	if len(found) != 2 || found[0].Canonical() != "a@x.fi" || found[1].Canonical() != "b@y.fi" {
		t.Fatalf("got %v", found)
	}
	if found[0].Start != 2 || found[0].End != 10 || found[1].Start != 10 || found[1].End != len(line) {
		t.Errorf("got %v", found)
	}
}

// TestLookKinds: a detector that a file defines finds under its own name.
func TestLookKinds(t *testing.T) {
	own, err := detect.Pattern("employee", `\bE[0-9]{6}\b`)
	if err != nil {
		t.Fatal(err)
	}
	found := Look("id=%45123456", detect.NewFinder(own))
	if len(found) != 1 || found[0].Kind != "employee" || found[0].Start != 3 || found[0].End != 12 || found[0].Canonical() != "E123456" {
		t.Errorf("got %v", found)
	}
}

func TestFoundPrintsNothing(t *testing.T) {
	found := lookAny("id=%2B12025550143")
	data, err := json.Marshal(found)
	if err != nil {
		t.Fatal(err)
	}
	f := found[0]
	for _, printed := range []string{
		string(data), fmt.Sprint(f), fmt.Sprintf("%+v %#v %s %q %x %d", f, f, f, f, f, f), fmt.Sprintf("%v %+v %#v", found, &f, &found),
		fmt.Sprintf("%+v", struct{ found Found }{f}), fmt.Sprintf("%#v", struct{ found []Found }{found}),
	} {
		if strings.Contains(printed, "2025550143") || strings.Contains(printed, "32303235") {
			t.Errorf("printed %s", printed)
		}
	}
}

// A spelling is a text, and where a part of it stands.
type spelling struct {
	text       string
	start, end int
}

func (s spelling) within(before, after string) spelling {
	return spelling{before + s.text + after, len(before) + s.start, len(before) + s.end}
}

// An encoder spells a text in an encoding.
type encoder struct {
	name   string
	encode func(*rand.Rand, spelling) spelling
}

// escaper spells with f each character of must, and others by chance.
func escaper(name, must string, f func(rune) string) encoder {
	return encoder{name, func(r *rand.Rand, s spelling) spelling {
		var b strings.Builder
		var out spelling
		chance := r.IntN(5)
		for i, c := range s.text {
			if i == s.start {
				out.start = b.Len()
			}
			if strings.ContainsRune(must, c) || r.IntN(4) < chance {
				b.WriteString(f(c))
			} else {
				b.WriteRune(c)
			}
			if i+utf8.RuneLen(c) == s.end {
				out.end = b.Len()
			}
		}
		out.text = b.String()
		return out
	}}
}

func ofBase64(e *base64.Encoding) encoder {
	return encoder{"base64", func(_ *rand.Rand, s spelling) spelling {
		text := e.EncodeToString([]byte(s.text))
		return spelling{text, s.start / 3 * 4, min((s.end-1)/3*4+4, len(text))}
	}}
}

var encoders = []encoder{
	escaper("percent", "%+&\\", func(c rune) (text string) {
		for _, x := range []byte(string(c)) {
			text += fmt.Sprintf("%%%02X", x)
		}
		return text
	}),
	escaper("JSON", `"\`, func(c rune) (text string) {
		if c == '"' || c == '\\' {
			return `\` + string(c)
		}
		for _, u := range utf16.Encode([]rune{c}) {
			text += fmt.Sprintf(`\u%04x`, u)
		}
		return text
	}),
	escaper("entities", `&<"`, func(c rune) string { return fmt.Sprintf("&#%d;", c) }),
	{"hex", func(_ *rand.Rand, s spelling) spelling {
		return spelling{hex.EncodeToString([]byte(s.text)), 2 * s.start, 2 * s.end}
	}},
	ofBase64(base64.StdEncoding), ofBase64(base64.RawStdEncoding), ofBase64(base64.URLEncoding), ofBase64(base64.RawURLEncoding),
}

// FuzzLook: what is found stands in the line, in order; and personal data is
// found under any five encodings, exactly where its spelling is.
func FuzzLook(f *testing.F) {
	for seed := range uint64(400) {
		f.Add("a%2B1\\u002b"+strings.Repeat("=", int(seed%3)), seed)
	}
	f.Fuzz(func(t *testing.T, around string, seed uint64) {
		checkFound(t, around)
		r := rand.New(rand.NewPCG(seed, 1))
		pick := func(of ...string) string { return of[r.IntN(len(of))] }
		value := pick("+12025550143", "anna@example.com", "2001:db8::17", "10.20.30.40", "+447700900123")
		s := spelling{value, 0, len(value)}
		var used []string
		for range r.IntN(maxDecodings + 1) {
			s = s.within(pick("", "id=", "жук ", `{"id":"`, "a/b/", "conf;", "\U0001F600 "), pick("", " x", `"}`, "&b=1", ";", " жук", "\n"))
			e := encoders[r.IntN(len(encoders))]
			s, used = e.encode(r, s), append(used, e.name)
		}
		for _, found := range checkFound(t, s.text) {
			if found.Canonical() == value && found.Start == s.start && found.End == s.end {
				return
			}
		}
		t.Errorf("%s under %v is not found at %d to %d, but %v\nline: %q", value, used, s.start, s.end, lookAny(s.text), s.text)
	})
}

func checkFound(t *testing.T, line string) []Found {
	t.Helper()
	found := lookAny(line)
	before := Found{}
	for _, f := range found {
		if f.Start < before.Start || f.End < before.End || f.End <= f.Start || f.End > len(line) {
			t.Fatalf("%v behind %v\nline: %q", f, before, line)
		}
		if before.End > f.Start+3 {
			t.Errorf("%v overlaps %v\nline: %q", f, before, line)
		}
		before = f
	}
	return found
}

// TestLookCost: no line takes long, whatever it was made for.
func TestLookCost(t *testing.T) {
	for _, unit := range []string{
		"a", "-", "/", "Pz8/", "Pz8/a", "-Pz8", "%", "%25", "%2525", `\`, `\u005c`, "&amp;", "&#38;", "&", "2b", "7f", "=",
		"KzEyMDI1NTUwMTQz/", "KzEyMDI1NTUwMTQz ", "%2B12025550143 ", "anna@example.com ", "%2B12025550143 +12025550144 ", "S3pFeU1ESTFOVFV3TVRReg/",
	} {
		t.Run(unit, func(t *testing.T) {
			growsEvenly(t, 1<<15, func(n int) { lookAny(strings.Repeat(unit, n/len(unit))) })
		})
	}
}

func BenchmarkLook(b *testing.B) {
	for _, bb := range []struct{ name, line string }{
		{"json", `{"ts": 1764842934128, "ssrc": 2881141438, "codec": "opus", "localID": "user-123456", "frac": 0.8444218515250481, "id": "9a1de644815ef6d1b8faf22d5e2a8f25", "path": "/v1/apps/7/conferences/room-12/users"}`},
		{"access", `10.0.0.7 - - [24/Nov/2026:10:00:00 +0000] "GET /v1/apps/7/conferences/%2B12025550143?a=%20b HTTP/1.1" 200 73 "-" "curl/8.1"`},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.SetBytes(int64(len(bb.line)))
			b.ReportAllocs()
			for b.Loop() {
				lookAny(bb.line)
			}
		})
	}
}
