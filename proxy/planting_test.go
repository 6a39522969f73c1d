package proxy_test

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// choices are what a fuzzer decides: each takes a byte. Where there are none left,
// it is always the first.
type choices struct{ left []byte }

func (c *choices) n(of int) int {
	if len(c.left) == 0 {
		return 0
	}
	b := c.left[0]
	c.left = c.left[1:]
	return int(b) % of
}

func (c *choices) pick(of ...string) string { return of[c.n(len(of))] }

func (c *choices) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + c.n(10))
	}
	return string(b)
}

// secretKinds plant somebody's value in one of its spellings, from the ranges that
// are reserved for fiction and documentation, and say how to know it again.
var secretKinds = []struct {
	name  string
	plant func(*choices) (string, judge)
}{
	{"phone", func(c *choices) (string, judge) {
		last := c.digits(2)
		s := c.pick("+120255501%s", "+1 202 555 01%s", "+1-202-555-01%s", "+1 (202) 555-01%s", "tel:+1-202-555-01%s", "sip:+120255501%s@pbx.example", "conf-+120255501%s",
			"00120255501%s", "+1.202.555.01%s", "＋１２０２５５５０１%s", "+1\u00a0202\u2011555\u201101%s", "<+120255501%s>", "phone=120255501%s", "msisdn: 120255501%s")
		return fmt.Sprintf(s, last), judge{word: "20255501" + last}
	}},
	{"phone", func(c *choices) (string, judge) {
		last := c.digits(3)
		return fmt.Sprintf(c.pick("+447700900%s", "+44 7700 900%s", "+44 (0)7700 900%s", "00447700900%s", "tel:+447700900%s", "+٤٤٧٧٠٠٩٠٠%s"), last), judge{word: "7700900" + last}
	}},
	{"email", func(c *choices) (string, judge) {
		user := c.pick("anna", "o.virtanen", "bo_k", "Li-Na") + c.digits(2)
		s := c.pick("%s@example.com", "<%s@example.com>", "mailto:%s@example.com", "Anna <%s@example.com>", "%s@EXAMPLE.com", "x;%s@example.com;y")
		return fmt.Sprintf(s, user), judge{address: strings.ToLower(user) + "@example.com"}
	}},
	{"ip", func(c *choices) (string, judge) {
		ip := fmt.Sprintf(c.pick("192.0.2.%d", "198.51.100.%d", "203.0.113.%d"), c.n(256))
		return fmt.Sprintf(c.pick("%s", "%s:5060", "[::ffff:%s]", "ip=%s", "c=IN IP4 %s", "http://%s/"), ip), judge{ip: netip.MustParsePrefix(ip + "/32")}
	}},
	{"ip", func(c *choices) (string, judge) {
		ip := netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::%x", c.n(256)+16, c.n(256)+1))
		s := c.pick(ip.String(), ip.StringExpanded(), strings.ToUpper(ip.String()), "["+ip.String()+"]:443", "c=IN IP6 "+ip.String())
		return s, judge{ip: netip.PrefixFrom(ip, 128)}
	}},
	{"mac", func(c *choices) (string, judge) {
		last := fmt.Sprintf("%02x%02x", c.n(256), c.n(256))
		s := "00005e53" + last // RFC 7042, 2.1.2
		return c.pick(grouped(s, 2, ":"), grouped(s, 2, "-"), strings.ToUpper(grouped(s, 2, ":")), grouped(s, 4, "."), "mac="+s), judge{word: s}
	}},
	{"iban", func(c *choices) (string, judge) {
		account := "37040044" + c.digits(10)
		rest := 0
		for _, d := range account + "131400" { // DE00
			rest = (rest*10 + int(d-'0')) % 97
		}
		check := 98 - rest
		s := fmt.Sprintf("DE%02d%s", check, account)
		return c.pick(s, grouped(s, 4, " "), strings.ToLower(s), grouped(s, 4, "-"), "IBAN "+grouped(s, 4, " ")), judge{word: strings.ToLower(s)}
	}},
	{"card", func(c *choices) (string, judge) {
		s := "400000" + c.digits(9)
		sum := 0
		for i, d := range s {
			if n := int(d - '0'); i%2 == 0 {
				sum += n*2/10 + n*2%10
			} else {
				sum += n
			}
		}
		s += fmt.Sprint((10 - sum%10) % 10)
		return c.pick(grouped(s, 4, " "), grouped(s, 4, "-"), "card_number="+s), judge{word: s}
	}},
}

func grouped(s string, n int, with string) string {
	var groups []string
	for ; len(s) > n; s = s[n:] {
		groups = append(groups, s[:n])
	}
	return strings.Join(append(groups, s), with)
}

// encodings stand inside a value.
var encodings = []struct {
	name string
	wrap func(*choices, string) string
}{
	{"percent", func(c *choices, s string) string { return percented(c, s, c.n(3)) }},
	{"a URL", func(c *choices, s string) string {
		before := c.pick("https://app.example/r?x=1&u=", "//app.example/p/", "/p?u=", "app://x#")
		return before + percented(c, s, 1) + c.pick("", "&y=2", "/q")
	}},
	{"JSON in a string", func(c *choices, s string) string {
		quoted, _ := json.Marshal(s)
		return fmt.Sprintf(c.pick(`{"v":%s}`, `[%s]`, `{"a":1.50,"b":{"c":[null,%s]}}`, `%s`), quoted)
	}},
	{"a JWT", func(c *choices, s string) string {
		claims, _ := json.Marshal(map[string]any{"sub": s, "iat": 17})
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(claims) + ".c2lnbmF0dXJl"
	}},
	{"JSON in a string, escaped", func(c *choices, s string) string {
		return fmt.Sprintf(c.pick(`{"v":%s}`, `["x",%s]`, `%s`), escapedJSON(c, s))
	}},
	{"HTML entities", func(c *choices, s string) string {
		// All backslashes or none: where an entity stands for one of two, who undoes
		// HTML first and who undoes JSON first read two things, and the product reads one.
		often, slashes := c.n(3), c.n(2) == 0
		var b strings.Builder
		for _, r := range s {
			switch {
			case strings.ContainsRune(`&<>"'`, r), r == '\\' && slashes, r != '\\' && (often == 0 || often == 1 && c.n(2) == 0 && r != ' '):
				fmt.Fprintf(&b, c.pick("&#%d;", "&#x%x;", "&#X%X;", "&#0%d;"), r)
			default:
				b.WriteRune(r)
			}
		}
		return b.String()
	}},
	{"base64", func(c *choices, s string) string {
		return base64.StdEncoding.EncodeToString([]byte(s))
	}},
	{"base64 without padding", func(c *choices, s string) string {
		return base64.RawStdEncoding.EncodeToString([]byte(s))
	}},
	{"base64url", func(c *choices, s string) string {
		return []*base64.Encoding{base64.RawURLEncoding, base64.URLEncoding}[c.n(2)].EncodeToString([]byte(s))
	}},
	{"hex", func(c *choices, s string) string {
		return fmt.Sprintf([]string{"%x", "%X"}[c.n(2)], s)
	}},
	{"a data URL", func(c *choices, s string) string {
		if c.n(2) == 0 {
			return c.pick("data:,", "data:text/plain,", "data:application/json;charset=utf-8,") + percented(c, s, c.n(3))
		}
		return c.pick("data:;base64,", "data:text/plain;base64,", "data:application/json;charset=utf-8;base64,") + base64.StdEncoding.EncodeToString([]byte(s))
	}},
}

// percented percent-encodes what must be, and other characters too: 0, all of them;
// 1, none; 2, here and there.
func percented(c *choices, s string, often int) string {
	var b strings.Builder
	for i := range len(s) {
		plain := strings.IndexByte("-._~", s[i]) >= 0 || s[i]|0x20 >= 'a' && s[i]|0x20 <= 'z' || s[i] >= '0' && s[i] <= '9'
		if plain && (often == 1 || often == 2 && c.n(2) == 0) {
			b.WriteByte(s[i])
			continue
		}
		fmt.Fprintf(&b, c.pick("%%%02X", "%%%02x"), s[i])
	}
	return b.String()
}

// escapedJSON spells a JSON string with escapes here and there.
func escapedJSON(c *choices, s string) string {
	often := c.n(3)
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < ' ' || r == '"' || r == '\\' || often == 0 || often == 1 && c.n(2) == 0:
			for _, u := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, c.pick(`\u%04x`, `\u%04X`), u)
			}
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// around puts other text beside a value: nothing that is glued to it makes it
// another one.
func around(c *choices, s string) string {
	switch c.n(8) {
	case 0:
		return "call " + s + " now"
	case 1:
		return "id=" + s
	case 2:
		return "(" + s + ")"
	case 3:
		return "жук " + s
	case 4:
		return "x: " + s + "; y"
	}
	return s
}

// form encodes a value for a query or a form, in one of the ways of its writers.
func form(c *choices, s string) string {
	out := percented(c, s, 1+c.n(2))
	if c.n(2) == 0 {
		out = strings.ReplaceAll(out, "%20", "+")
	}
	if c.n(2) == 0 {
		out = strings.NewReplacer("%3A", ":", "%3a", ":", "%40", "@", "%2F", "/", "%2f", "/", "%3D", "=", "%3d", "=").Replace(out)
	}
	if c.n(4) == 0 { // for a collector that has no spaces there
		out = strings.NewReplacer("%2B", "+", "%2b", "+").Replace(out)
	}
	return out
}

// A sending is a request: its target, the lines of its header, its body.
type sending struct {
	target string
	lines  []string
	body   string
}

const formType = "Content-Type: application/x-www-form-urlencoded"

// placesToPlant are the places of a request. Some have an encoding of their own that
// HTTP does not undo, which counts; some are refused whatever is done to the rest.
var placesToPlant = []struct {
	name    string
	own     int
	refused bool
	put     func(*choices, string) sending
}{
	{"path", 0, false, func(c *choices, v string) sending {
		return sending{target: c.pick("/c/", "/a//b/", "/%7e/") + percented(c, v, c.n(3)) + c.pick("", "/x", "?y=1", ";m=1")}
	}},
	{"matrix parameter", 0, false, func(c *choices, v string) sending {
		return sending{target: "/c;u=" + percented(c, v, c.n(3)) + "/x"}
	}},
	{"query", 0, false, func(c *choices, v string) sending {
		return sending{target: fmt.Sprintf("/c?"+c.pick("u=%s", "a=1&u=%s&b", "&&u=%s", "u[]=%s", "a;u=%s;b", "u=1&u=%s"), form(c, v))}
	}},
	{"query name", 0, false, func(c *choices, v string) sending {
		return sending{target: fmt.Sprintf("/c?"+c.pick("%s=1", "a=1&%s=", "x&%s&b"), percented(c, v, 1+c.n(2)))}
	}},
	{"header", 0, false, func(c *choices, v string) sending {
		return sending{lines: []string{c.pick("X-User: ", "X-Request-Id: ", "User-Agent: Mozilla/5.0 (X11) ", "From: ", "X-Forwarded-For: ", "Traceparent: ") + v}}
	}},
	{"Referer", 1, false, func(c *choices, v string) sending {
		return sending{lines: []string{"Referer: https://app.example/" + c.pick("?u=", "p/", "#", "x?a=1&u=") + percented(c, v, 1)}}
	}},
	{"cookie", 1, false, func(c *choices, v string) sending {
		return sending{lines: []string{"Cookie: " + c.pick("u=", "a=1; u=", "a=1;u=", "") + percented(c, v, 1+c.n(2)) + c.pick("", "; b=2")}}
	}},
	{"Authorization", 1, true, func(c *choices, v string) sending {
		return sending{lines: []string{"Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(v+":secret"))}}
	}},
	{"JSON", 0, false, func(c *choices, v string) sending {
		doc := fmt.Sprintf(c.pick(`{"u":%s}`, `[1,%s]`, `%s`, ` { "a" : [ {"b":{"c":[[ %s ]]}}, 1.0 ] } `, `{"u":1,"u":%s}`, "{\"a\":1}\n{\"u\":%s}\n", "\x1e{\"u\":%s}\n", `{"key":"u","value":%s}`), escapedJSON(c, v))
		return sending{lines: jsonTypes[c.n(len(jsonTypes))], body: doc}
	}},
	{"JSON name", 0, false, func(c *choices, v string) sending {
		doc := fmt.Sprintf(c.pick(`{%s:1}`, `{"a":{"b":1,%s:{}}}`, `[{%s:"x"}]`), escapedJSON(c, v))
		return sending{lines: jsonTypes[c.n(len(jsonTypes))], body: doc}
	}},
	{"form", 0, false, func(c *choices, v string) sending {
		return sending{lines: []string{formType}, body: fmt.Sprintf(c.pick("u=%s", "a=1&u=%s&b", "u[]=%s"), form(c, v))}
	}},
	{"form name", 0, false, func(c *choices, v string) sending {
		return sending{lines: []string{formType}, body: fmt.Sprintf(c.pick("%s=1", "a=1&%s=", "x=&%s"), percented(c, v, 1+c.n(2)))}
	}},
	{"multipart", 0, false, func(c *choices, v string) sending {
		return multipartOf(c, `name="u"`, v)
	}},
	{"multipart file", 0, false, func(c *choices, v string) sending {
		return multipartOf(c, `name="u"; filename="x.txt"`+"\r\nContent-Type: "+c.pick("text/plain", "application/octet-stream", "application/json"), v)
	}},
	{"multipart file name", 1, false, func(c *choices, v string) sending {
		return multipartOf(c, `name="f"; filename="`+quotedName(c, v)+`"`, "x")
	}},
	{"multipart name", 1, false, func(c *choices, v string) sending {
		return multipartOf(c, `name="`+quotedName(c, v)+`"`, "x")
	}},
	{"text", 0, false, func(c *choices, v string) sending {
		return sending{lines: []string{"Content-Type: " + c.pick("text/plain", "text/plain; charset=utf-8", "application/sdp", "text/csv", "application/octet-stream")},
			body: c.pick("", "a=x\r\no=", "one,two\n") + v + c.pick("", "\r\n", " and more")}
	}},
}

var jsonTypes = [][]string{
	{"Content-Type: application/json"}, {"Content-Type: application/json; charset=utf-8"}, {"Content-Type: text/plain;charset=UTF-8"}, nil, {formType},
	{"Content-Type: application/reports+json"}, {"Content-Type: text/json"}, {"Content-Type: application/x-ndjson"}, {"Content-Type: application/octet-stream"},
}

// quotedName is what browsers write of a name (WHATWG HTML, 4.10.22.8), or what curl
// does, which escapes quotes and backslashes as in mail. A backslash that a browser
// wrote is read as one or as an escape, and the product reads one of both.
func quotedName(c *choices, s string) string {
	if c.n(2) == 0 || strings.Contains(s, `\`) {
		return strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s)
	}
	return strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A").Replace(s)
}

func multipartOf(c *choices, disposition, value string) sending {
	b := c.pick("b", "----WebKitFormBoundary7MA4YWxkTrZu0gW")
	part := func(disposition, value string) string {
		return "--" + b + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n"
	}
	body := part(disposition, value)
	if c.n(2) == 0 {
		body = part(`name="a"`, "1") + body
	}
	return sending{lines: []string{"Content-Type: multipart/form-data; boundary=" + b}, body: body + "--" + b + "--\r\n"}
}

// bodyCodings are what a body is in on the wire. Their writers are made once, since
// some take megabytes.
var bodyCodings = []struct {
	name, declared string
	encode         func(string) string
}{
	{name: "none"}, {name: "none"}, {name: "none"}, {name: "none"},
	{"gzip", "gzip", reusing(gzip.NewWriter(nil))},
	{"gzip, not declared", "", reusing(gzip.NewWriter(nil))},
	{"deflate", "deflate", reusing(zlib.NewWriter(nil))},
	{"deflate, raw", "deflate", func() func(string) string { w, _ := flate.NewWriter(nil, 6); return reusing(w) }()},
	{"zstd", "zstd", func() func(string) string {
		w, _ := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<16))
		return func(body string) string { return string(w.EncodeAll([]byte(body), nil)) }
	}()},
	{"UTF-16LE", "", func(body string) string { return "\xff\xfe" + utf16Of(body, 0) }},
	{"UTF-16BE", "", func(body string) string { return "\xfe\xff" + utf16Of(body, 1) }},
}

func reusing(w interface {
	io.WriteCloser
	Reset(io.Writer)
}) func(string) string {
	return func(body string) string {
		var b bytes.Buffer
		w.Reset(&b)
		io.WriteString(w, body)
		w.Close()
		return b.String()
	}
}

func utf16Of(text string, high int) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		two := [2]byte{}
		two[high], two[1-high] = byte(u), byte(u>>8)
		b = append(b, two[:]...)
	}
	return string(b)
}

// A planting is one planted request and how it was made.
type planting struct {
	kind, place, coding string
	encodings           []string
	refused             bool // by what it is, whatever is in it
	judge               judge
	plain               string // as it would be on the wire without charset and content coding
	wire                string
}

// plantOne makes a request with a secret at a place, in up to five encodings.
func plantOne(c *choices) planting {
	var p planting
	kind := secretKinds[c.n(len(secretKinds))]
	p.kind = kind.name
	var value string
	value, p.judge = kind.plant(c)
	value = around(c, value)
	place := placesToPlant[c.n(len(placesToPlant))]
	for range c.n(6 - place.own) {
		e := encodings[c.n(len(encodings))]
		value = around(c, e.wrap(c, value))
		p.encodings = append(p.encodings, e.name)
	}
	s := place.put(c, value)
	p.place, p.refused = place.name, place.refused || slices.Contains(p.encodings, "a JWT")
	if s.target == "" {
		s.target = "/c"
	}
	p.plain = request("POST", s.target, s.lines, s.body)
	coding := bodyCodings[c.n(len(bodyCodings))]
	if p.coding = coding.name; s.body == "" {
		p.coding = "none"
	}
	if p.coding != "none" {
		if s.body = coding.encode(s.body); coding.declared != "" {
			s.lines = append(slices.Clone(s.lines), "Content-Encoding: "+coding.declared)
		}
	}
	p.wire = request("POST", s.target, s.lines, s.body)
	return p
}
