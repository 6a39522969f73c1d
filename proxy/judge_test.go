package proxy_test

import (
	"encoding/base64"
	"encoding/hex"
	"html"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A judge decides whether somebody who tries can read a secret out of bytes: it
// undoes every encoding it knows, in any order and on top of each other, folds
// digits and drops separators. It shares no code with the product, and errs on the
// side of reading too much.
type judge struct {
	word    string       // letters and digits in a row that nothing else holds; or
	address string       // of e-mail, in lower case; or
	ip      netip.Prefix // the address, or the network that is as bad
}

const (
	judgeDepth = 9     // encodings on top of each other
	judgeTexts = 20000 // that one request may decode to
)

// reads returns how the secret can be read, "" where it cannot.
func (j judge) reads(t testing.TB, b string) string {
	type view struct{ trail, text string }
	seen := map[string]bool{}
	todo := []view{{"as it is", b}}
	if strings.Contains(b, "\x00") {
		todo = append(todo, view{"UTF-16LE", fromUTF16(b, 0)}, view{"UTF-16BE", fromUTF16(b, 1)})
	}
	for len(todo) > 0 {
		v := todo[0]
		todo = todo[1:]
		if seen[v.text] || v.text == "" {
			continue
		}
		if seen[v.text] = true; len(seen) > judgeTexts {
			t.Fatalf("the judge gave up on %q", clip(b))
		}
		if j.spelled(v.text) {
			return v.trail
		}
		if strings.Count(v.trail, ", ") == judgeDepth {
			continue
		}
		for _, u := range undoers {
			if text := u.undo(v.text); text != v.text {
				todo = append(todo, view{v.trail + ", " + u.name, text})
			}
		}
	}
	return ""
}

// spelled says whether a text spells the secret for whoever looks at it.
func (j judge) spelled(text string) bool {
	folded := foldCharacters(text)
	switch {
	case j.word != "":
		return strings.Contains(alphanumeric(folded), j.word)
	case j.address != "":
		return strings.Contains(strings.ToLower(folded), j.address)
	}
	for _, word := range addressLike.FindAllString(folded, -1) {
		for end := len(word); end > 0; end = strings.LastIndexAny(word[:end], ":.") { // a port, the end of a sentence
			for start := 0; start < end; { // a label
				if ip, err := netip.ParseAddr(word[start:end]); err == nil && j.ip.Contains(ip.Unmap()) {
					return true
				}
				colon := strings.IndexByte(word[start:end], ':')
				if colon < 0 {
					break
				}
				start += colon + 1
			}
		}
	}
	return false
}

var addressLike = regexp.MustCompile(`[0-9A-Fa-f:.]{7,}`)

// foldCharacters makes ASCII of digits of any script and of full-width forms, and
// drops what nobody sees.
func foldCharacters(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < utf8.RuneSelf:
			return r
		case r >= 0xFF01 && r <= 0xFF5E:
			return r - 0xFEE0
		case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r):
			return -1
		}
		for _, block := range unicode.Nd.R16 {
			if rune(block.Lo) <= r && r <= rune(block.Hi) {
				return '0' + (r-rune(block.Lo))%10
			}
		}
		for _, block := range unicode.Nd.R32 {
			if rune(block.Lo) <= r && r <= rune(block.Hi) {
				return '0' + (r-rune(block.Lo))%10
			}
		}
		return r
	}, text)
}

func alphanumeric(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, text))
}

// undoers undo one encoding wherever it stands in a text.
var undoers = []struct {
	name string
	undo func(string) string
}{
	{"percent", func(s string) string { return hexEscape.ReplaceAllStringFunc(s, unhexed) }},
	{"form", func(s string) string {
		return hexEscape.ReplaceAllStringFunc(strings.ReplaceAll(s, "+", " "), unhexed)
	}},
	{"JSON", func(s string) string { return jsonEscape.ReplaceAllStringFunc(s, fromJSONEscape) }},
	{"HTML", html.UnescapeString},
	{"base64", func(s string) string { return words(s, base64Word, fromAnyBase64) }},
	{"hex", func(s string) string {
		return words(s, hexWord, func(w string) (string, bool) {
			b, err := hex.DecodeString(w[:len(w)/2*2])
			return string(b), err == nil
		})
	}},
}

var (
	hexEscape  = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
	jsonEscape = regexp.MustCompile(`\\(?:u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[^ux])`)
	base64Word = regexp.MustCompile(`[A-Za-z0-9+/_-]{8,}`)
	hexWord    = regexp.MustCompile(`[0-9A-Fa-f]{10,}`)
)

func unhexed(escape string) string {
	n, _ := strconv.ParseUint(escape[1:], 16, 8)
	return string([]byte{byte(n)})
}

func fromJSONEscape(escape string) string {
	switch escape[1] {
	case 'u', 'x':
		n, _ := strconv.ParseUint(escape[2:min(6, len(escape))], 16, 32)
		if len(escape) == 12 {
			low, _ := strconv.ParseUint(escape[8:], 16, 32)
			return string(utf16.DecodeRune(rune(n), rune(low)))
		}
		return string(rune(n))
	case 'b', 'f', 'n', 'r', 't':
		return " "
	}
	return escape[1:]
}

// words decodes all words of a text from each of their first four characters on,
// and returns what is a text, each by itself.
func words(text string, word *regexp.Regexp, decode func(string) (string, bool)) string {
	var out []string
	for _, w := range word.FindAllString(text, -1) {
		for skip := range 4 {
			decoded, ok := decode(w[skip:])
			if decoded = strings.ToValidUTF8(decoded, ""); ok && len(decoded) >= 5 && len(decoded)*5 >= (len(w)-skip)*2 && readable(decoded) {
				out = append(out, decoded)
			}
		}
	}
	if len(out) == 0 {
		return text
	}
	return strings.Join(out, "\n")
}

// readable says whether most of a text is made of characters for people.
func readable(text string) bool {
	odd, all := 0, 0
	for _, r := range text {
		if all++; r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7F {
			odd++
		}
	}
	return odd*8 <= all
}

func fromAnyBase64(word string) (string, bool) {
	word = strings.NewReplacer("-", "+", "_", "/").Replace(word)
	if len(word)%4 == 1 {
		word = word[:len(word)-1]
	}
	b, err := base64.RawStdEncoding.DecodeString(word)
	return string(b), err == nil
}

func fromUTF16(b string, high int) string {
	var units []uint16
	for i := 0; i+1 < len(b); i += 2 {
		units = append(units, uint16(b[i+1-high])<<8|uint16(b[i+high]))
	}
	return string(utf16.Decode(units))
}

// TestJudge: what the judge must be able to read, and what it must not see.
func TestJudge(t *testing.T) {
	number, mail := judge{word: "2025550143"}, judge{address: "anna@example.com"}
	v4, v6 := judge{ip: netip.MustParsePrefix("192.0.2.77/32")}, judge{ip: netip.MustParsePrefix("2001:db8::17/128")}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	tests := []struct {
		name string
		judge
		text string
		want bool
	}{
		{"plain", number, `{"a":"+12025550143"}`, true},
		{"separators", number, "+1 (202) 555-01.43", true},
		{"full width", number, "＋１２０２５５５０１４３", true},
		{"Arabic digits", number, "+١٢٠٢٥٥٥٠١٤٣", true},
		{"invisible characters", number, "+1202\u200b555\u00ad0143", true},
		{"percent twice", number, "%252B1202%355%350143", true},
		{"JSON escapes", number, `\u002b120255\u0035\u0030143`, true},
		{"JSON escapes twice", number, `\\u002b120255\\u0035\\u0030143`, true},
		{"entities", number, "&#43;12&#x30;25550143", true},
		{"base64", number, b64("x +12025550143 y"), true},
		{"base64 in a word", number, "ab" + b64("+12025550143"), true},
		{"base64url without padding", number, base64.RawURLEncoding.EncodeToString([]byte("??>+12025550143")), true},
		{"hex of base64 of percent", number, hex.EncodeToString([]byte(b64("%2B120255%350143"))), true},
		{"UTF-16", number, "\xff\xfe+\x001\x002\x000\x002\x005\x005\x005\x000\x001\x004\x003\x00", true},
		{"UTF-16BE", number, "\x00+\x001\x002\x000\x002\x005\x005\x005\x000\x001\x004\x003", true},
		{"another number", number, "+12025550144", false},
		{"letters between", number, "2025a550143", false},
		{"a token", number, `{"a":"psn_aaaxslj4grf3kal6lx2f3dy3uyp45i4e"}`, false},
		{"e-mail", mail, "x <Anna%40Example.com>", true},
		{"e-mail in base64 in JSON", mail, b64(`{"a":"anna\u0040example.com"}`), true},
		{"a domain alone", mail, "example.com", false},
		{"IPv4", v4, "at 192.0.2.77:4000, udp", true},
		{"IPv4 in IPv6", v4, "[::ffff:192.0.2.77]:80", true},
		{"IPv4, another one", v4, "192.0.2.78 1192.0.2.77", false},
		{"IPv6", v6, "2001:db8::17", true},
		{"IPv6, another spelling", v6, "ip:2001:0DB8:0:0:0:0:0:0017.", true},
		{"IPv6, another one", v6, "2001:db8::18", false},
	}
	for _, tt := range tests {
		if how := tt.reads(t, tt.text); (how != "") != tt.want {
			t.Errorf("%s: %q is read by %q, want read %v", tt.name, tt.text, how, tt.want)
		}
	}
	if long := strings.Repeat("psn_aaaxslj4grf3kal6lx2f3dy3uyp45i4e ", 200); number.reads(t, long) != "" {
		t.Error("tokens are read as a number")
	}
}
