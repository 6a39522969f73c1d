package rules

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

const (
	anna  = "anna@example.com"
	phone = "+12025550143"
)

func gzip64(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

func zlib64(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return base64.RawURLEncoding.EncodeToString(b.Bytes())
}

func hex16(s string) string { return hex.EncodeToString([]byte(s)) }

// TestEnclosed: what values spell in other ways is found by rules with find, and spelled
// so again.
func TestEnclosed(t *testing.T) {
	doc := func(v string) string {
		b, _ := json.Marshal(v)
		return "POST /c\n\n" + `{"a":` + strings.NewReplacer(`\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(b)) + `}`
	}
	tests := []struct{ name, rules, in, want string }{
		{"base64", "", doc(b64("call " + phone + " now")), doc(b64("call psn_1 now"))},
		{"base64, padded differently", "", doc(b64(anna)), doc(b64("psn_1"))},
		{"base64, behind a slash", "", doc("/x/" + u64("mail "+anna)), doc("/x/" + b64("mail psn_1"))},
		{"base64, before a mark", "", doc(u64("call "+phone+" or") + "-suffix"), doc(u64("call psn_1 or") + "-suffix")},
		{"base64url", "", doc(u64("жук~~ " + anna + " жук??")), doc(u64("жук~~ psn_1 жук??"))},
		{"base64 of JSON", "", doc(b64(`{"u":"` + anna + `"}`)), doc(b64(`{"u":"psn_1"}`))},
		{"base64 of JSON with escapes", "", doc(b64(`{"u":"\u002b12025550143"}`)), doc(b64(`{"u":"psn_1"}`))},
		{"base64 in base64", "", doc(b64("x=" + b64("y="+anna))), doc(b64("x=" + b64("y=psn_1")))},
		{"base64 in a data URL", "", doc("data:text/plain;base64," + b64("Hi "+anna)), doc("data:text/plain;base64," + b64("Hi psn_1"))},
		{"a data URL", "", doc("data:,Hi%20anna%40example.com"), doc("data:,Hi%20psn_1")},
		{"base64, percent-encoded", "", doc("d=" + strings.ReplaceAll(b64(anna), "=", "%3D") + "&e=1"), doc("d=" + strings.ReplaceAll(b64("psn_1"), "=", "%3D") + "&e=1")},
		{"base64 that is no text", "", doc("gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8="), ""},
		{"text, then other bytes", "", doc(b64("\x01\x02" + anna)), ""},
		{"other bytes behind a text", "", doc(b64(anna + "\x01\x02\xff")), doc(b64("psn_1\x01\x02\xff"))},
		{"hex", "", doc(hex16("call " + phone)), doc(hex16("call psn_1"))},
		{"hex in upper case", "", doc("0x" + strings.ToUpper(hex16(anna+"."))), doc("0x" + strings.ToUpper(hex16("psn_1.")))},
		{"hex in base64", "", doc(b64("h " + hex16(anna) + ".")), doc(b64("h " + hex16("psn_1") + "."))},
		{"gzip in base64", "", doc(gzip64(`{"u":"` + anna + `"}`)), doc(gzip64(`{"u":"psn_1"}`))},
		{"zlib in base64url", "", doc(zlib64("u " + anna)), doc(zlib64("u psn_1"))},
		{"gzip in base64 without anything", "", doc(gzip64(`{"u":"nobody"}`)), ""},

		{"entities", "", doc("anna&#64;example&period;com x"), doc("psn_1 x")},
		{"entities, in hex and without semicolons", "", doc("&#x2b;&#49&#50&#48;2555&#48;143 x"), doc("psn_1 x")},
		{"escapes of JSON", "", doc(`{"u":"\u002b12025550143"}`), doc(`{"u":"psn_1"}`)},
		{"escapes of escapes", "", doc(`{"u":"{\"v\":\"\\u002b12025550143\"}"}`), doc(`{"u":"{\"v\":\"psn_1\"}"}`)},
		{"bytes as logs have them", "", doc(`GET /x\x2b12025550143 y`), doc(`GET /xpsn_1 y`)},
		{"as unescape() has it", "", doc(`%u002b12025550143`), doc(`psn_1`)},
		{"quoted-printable", "", doc("=2B12025550143 x"), doc("psn_1 x")},
		{"quoted-printable, cut in the middle", "", doc("mail anna=40exam=\r\nple.com x"), doc("mail psn_1 x")},
		{"what only looks like quoted-printable", "", doc("phone=4915123456789"), doc("phone=psn_1")},
		{"percent under entities", "", doc("&#37;2B12025550143"), doc("psn_1")},
		{"a name", "", "POST /c\n\n" + `{"` + b64(anna) + `":1}`, "POST /c\n\n" + `{"` + b64("psn_1") + `":1}`},

		{"a mask", "{at: body.a, find: phone, do: mask}", doc(b64("call " + phone)), doc(b64("call +***********"))},
		{"a mask in percent-encoding", "{at: body.a, find: phone, do: mask}", doc("x%20%2B12025550143"), doc("x%20%2B***********")},
		{"a mask in escapes", `{at: body.a, find: email, do: mask}`, doc(`{"u":"\"a b\"\u0040example.com"}`), doc(`{"u":"\"* *\"@******e.com"}`)},
		{"removed", "{at: body.a, find: email, do: remove}", doc(b64("mail " + anna + " now")), doc(b64("mail  now"))},
		{"rejected", "{at: body.a, find: email, do: reject}", doc(b64("mail " + anna)), "rejected: rule r/1 rejects this request"},
		{"kept", "{at: body.a, find: email, do: keep}", doc(b64("mail " + anna)), ""},
		{"one kept, the other not", "{at: body.a, find: email, do: keep}", doc(b64(anna + " " + phone + ".")), doc(b64(anna + " psn_1."))},
		{"two rules", "[{at: body.a, find: email, do: remove}, {at: body.a, find: phone, do: mask}]", doc(b64(anna + " " + phone + " 192.0.2.7.")), doc(b64(" +*********** psn_3."))},
		{"a whole value, behind a find", "[{at: body.a, find: email}, {at: body.a}]", doc(b64("Anna " + anna)), doc("psn_1")},
		{"a whole value, behind one that keeps", "[{at: body.a, find: email, do: keep}, {at: body.a}]", doc(b64("Anna " + anna)), doc("psn_1")},
		{"a whole value, behind one that keeps all", "[{at: body.a, find: email, do: keep}, {at: body.a}]", doc(b64(anna)), ""},
		{"a part", `{at: body.a, part: '^id:(.*)$', find: email}`, doc("id:" + b64("mail "+anna)), doc("id:" + b64("mail psn_1"))},
		{"half of it is taken", `{at: body.a, part: '^(....)'}`, doc(b64("mail " + anna)), "unsafe: a rule takes or keeps a part of some base64 or hex in which there is personal data; name the whole value, or go inside with @base64"},
		{"the local part of an address", "", doc(u64("call "+phone) + "@example.com"), doc("psn_1")},
		{"an id that is kept says nothing", "[{at: body.a, find: opaque, do: keep}, {at: body.a}]", doc(u64("mail " + anna)), doc("psn_1")},
		{"an address that goes into it", "[{at: body.a.@base64.@fromstr.u}]", doc(b64(`{"u":"Bo","v":"` + b64("x "+anna) + `"}`)), doc(b64(`{"u":"psn_1","v":"` + b64("x psn_2") + `"}`))},
		{"a JWT is not rewritten", "", doc("Bearer " + token64(`{"sub":"`+anna+`"}`)), "unsafe: a JWT holds personal data; name it in a rule with @jwt, or keep it"},
		{"in a query", "", "POST /c?d=" + u64("call "+phone) + "&e=%3d", "POST /c?d=" + u64("call psn_1") + "&e=%3d"},
		{"in a path", "", "POST /c/" + u64("call "+phone), "POST /c/" + u64("call psn_1")},
		{"in a header", "", "POST /c\nX-User: v1:" + b64("call "+phone), "POST /c\nX-User: v1:" + b64("call psn_1")},
		{"in a cookie", "", "POST /c\nCookie: u=" + b64("call "+phone) + "; v=1", "POST /c\nCookie: u=" + b64("call psn_1") + "; v=1"},
		{"credentials", "", "POST /c\nAuthorization: Basic " + b64(anna+":secret"), "unsafe: Authorization holds personal data; name it in a rule, or keep it"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRewrite(t, "", "["+strings.Trim(tt.rules, "[]")+"]", tt.in, tt.want) })
	}
}

// TestEnclosedSideBySide: what stands beside a finding in hex or base64, in a text with
// escapes in base64, is still that of its own value when others have been read meanwhile.
func TestEnclosedSideBySide(t *testing.T) {
	spelled := map[string]func(i int, text string) string{
		"hex, bytes behind it":         func(i int, text string) string { return hex16(text) + fmt.Sprintf("ff%d%d", i, i) },
		"base64, a name behind it":     func(i int, text string) string { return u64(text+" or") + fmt.Sprintf("-suffix%d", i) },
		"base64, one character behind": func(i int, text string) string { return u64(text+"..") + strings.Repeat("_", i) },
		"as general already":           func(_ int, text string) string { return text + " 192.0.2.0 ~~~" },
	}
	for name, spell := range spelled {
		value := func(text string) string {
			var all []string
			for i := range 3 {
				all = append(all, b64(fmt.Sprintf("q=%%4%d %s zz ", i, strings.Repeat("z", 3*i))+spell(i, fmt.Sprintf(text, i+1))))
			}
			return "POST /c\n\n" + `{"a":"` + strings.Join(all, " ") + `"}`
		}
		t.Run(name, func(t *testing.T) {
			checkRewrite(t, "", "[{at: body.a, find: ip, do: generalize}]", value("a%d@example.com"), value("psn_%d"))
		})
	}
}

// TestEnclosedTooMuch: what is spelled in more ways than anyone spells a value is refused,
// not half searched.
func TestEnclosedTooMuch(t *testing.T) {
	deep := "mail " + anna
	for range maxDecodings + 1 {
		deep = b64(deep)
	}
	bomb := gzip64(strings.Repeat("a", 2<<20))
	r := route(t, "")
	for name, value := range map[string]string{"deep": deep, "bomb": bomb} {
		doc, _ := json.Marshal(value)
		_, err := r.Body(nil, doc, toToken)
		var e *Error
		if !errors.As(err, &e) || e.Reason != Unsafe {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestEnclosedManyRules: how many rules look into a large value does not matter.
func TestEnclosedManyRules(t *testing.T) {
	detectors, rules := "", ""
	for i := range 20 {
		detectors += fmt.Sprintf("  w%d: {words: [word%d]}\n", i, i)
		rules += fmt.Sprintf("      - {at: body.a, find: w%d}\n", i)
	}
	r := parse(t, "version: 1\ndetectors:\n"+detectors+"routes:\n  - name: r\n    match: POST /\n    rules:\n"+rules).routes[0]
	text := strings.Repeat("nothing to be found here, and much of it. ", 5000)
	doc := []byte(`{"a":"` + b64(text+anna) + `"}`)
	got, err := r.Body(nil, doc, toToken)
	if want := `{"a":"` + b64(text+token) + `"}`; err != nil || string(got) != want {
		t.Errorf("%v: %.80s", err, got)
	}
}

// FuzzEnclosed: in whatever a text is enclosed, exactly the personal data in it is
// replaced.
func FuzzEnclosed(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	r := route(f, "")
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 9))
		pick := func(of ...string) string { return of[random.IntN(len(of))] }
		before, after := pick("", "id: ", "жук ", `{"n":1,"u":"`, "\U0001F600 ", "a/b "), pick("", " x", `"}`, " жук", "\n", " &")
		secret := pick(phone, anna, "+44 7700 900123", "10.20.30.40", "2001:db8::17")
		sent, want := before+secret+after, before+token+after
		names := ""
		var undo []func(string) string
		for range 1 + random.IntN(3) {
			around, behind := pick("", "id=", "жук ", "x;"), pick("", " x", ";", "\n")
			e := enclosures[random.IntN(len(enclosures))]
			sent = around + e.in(sent) + behind
			undo = append(undo, func(s string) string {
				rest, ok := strings.CutPrefix(s, around)
				inside, ends := strings.CutSuffix(rest, behind)
				out, err := e.out(inside)
				if !ok || !ends || err != nil {
					t.Fatalf("%s in%s: %q is spelled anew where nothing was found: %v", secret, names, s, err)
				}
				return out
			})
			names += " " + e.name
		}
		doc, _ := json.Marshal(sent)
		out, err := r.Body(nil, doc, toToken)
		if err != nil {
			t.Fatalf("%s in%s: %v\n%s", secret, names, err, doc)
		}
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		for i := len(undo) - 1; i >= 0; i-- {
			got = undo[i](got)
		}
		if got != want {
			t.Fatalf("%s in%s:\nsent %q\ngot  %q\nwant %q", secret, names, sent, got, want)
		}
	})
}

// An enclosure spells a text in other characters, and back.
type enclosure struct {
	name string
	in   func(string) string
	out  func(string) (string, error)
}

var enclosures = []enclosure{
	{"base64", b64, from64}, {"base64url", u64, from64},
	{"hex", hex16, from16},
	{"HEX", func(s string) string { return strings.ToUpper(hex16(s)) }, from16},
	{"gzip", gzip64, func(s string) (string, error) {
		return unpack(s, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
	}},
	{"zlib", zlib64, func(s string) (string, error) {
		return unpack(s, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })
	}},
	{"JSON", func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	}, func(s string) (out string, err error) {
		err = json.Unmarshal([]byte(s), &out)
		return out, err
	}},
	{"percent", func(s string) string {
		var b strings.Builder
		for i := range len(s) {
			if isAlphanumeric(s[i]) || s[i] == '_' {
				b.WriteByte(s[i])
			} else {
				fmt.Fprintf(&b, "%%%02x", s[i])
			}
		}
		return b.String()
	}, url.PathUnescape},
	{"entities", func(s string) string {
		return strings.NewReplacer("&", "&amp;", `"`, "&#34;", "@", "&commat;", "+", "&#x2b;", "<", "&lt;").Replace(s)
	}, func(s string) (string, error) { return html.UnescapeString(s), nil }},
}

// from64 is a reader of base64 that takes both alphabets, padded or not.
func from64(s string) (string, error) {
	b, err := base64.RawStdEncoding.DecodeString(strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "=")))
	return string(b), err
}

func from16(s string) (string, error) {
	b, err := hex.DecodeString(s)
	return string(b), err
}

func unpack(s string, unpacker func(io.Reader) (io.Reader, error)) (string, error) {
	packed, err := from64(s)
	if err != nil {
		return "", err
	}
	r, err := unpacker(strings.NewReader(packed))
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(r)
	return string(b), err
}
