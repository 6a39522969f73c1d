package proxy_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/adler32"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"

	"github.com/statveil/statveil/proxy"
)

// encoders write each coding, in each form that it has. The name of the coding is what
// stands before the space.
var encoders = []struct {
	name string
	to   func(w io.Writer) io.WriteCloser
}{
	{"gzip", func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }},
	{"x-gzip stored", func(w io.Writer) io.WriteCloser { z, _ := gzip.NewWriterLevel(w, 0); return z }},
	{"deflate zlib", func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }},
	{"deflate zlib fast", func(w io.Writer) io.WriteCloser { z, _ := zlib.NewWriterLevel(w, 1); return z }},
	{"deflate bare", func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, 9); return z }},
	{"deflate bare stored", func(w io.Writer) io.WriteCloser { z, _ := flate.NewWriter(w, 0); return z }},
	{"br", func(w io.Writer) io.WriteCloser { return brotli.NewWriter(w) }},
	{"br small window", func(w io.Writer) io.WriteCloser {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 11, LGWin: 10})
	}},
	{"br large window", func(w io.Writer) io.WriteCloser {
		return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 3, LGWin: 24})
	}},
	{"zstd", func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w); return z }},
	{"zstd no checksum", func(w io.Writer) io.WriteCloser { z, _ := zstd.NewWriter(w, zstd.WithEncoderCRC(false)); return z }},
	{"zstd at once", func(w io.Writer) io.WriteCloser { return &atOnce{w: w} }},
}

// atOnce knows how long a text is before it writes it, so its frame says it.
type atOnce struct {
	w io.Writer
	b []byte
}

func (a *atOnce) Write(p []byte) (int, error) { a.b = append(a.b, p...); return len(p), nil }

func (a *atOnce) Reset(w io.Writer) { a.w, a.b = w, a.b[:0] }

func (a *atOnce) Close() error {
	z, err := zstd.NewWriter(nil, zstd.WithSingleSegment(true), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return err
	}
	_, err = a.w.Write(z.EncodeAll(a.b, nil))
	return errors.Join(err, z.Close())
}

func encode(t testing.TB, with func(io.Writer) io.WriteCloser, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := with(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// encoded is a text in the coding of this name.
func encoded(t testing.TB, name, text string) string {
	t.Helper()
	for _, e := range encoders {
		if e.name == name {
			return encode(t, e.to, text)
		}
	}
	t.Fatalf("no encoder %q", name)
	return ""
}

func codingOf(encoder string) string { name, _, _ := strings.Cut(encoder, " "); return name }

// A body leaves decoded and without its coding, with its own length, and without what
// vouched for it, whether anything in it was replaced or not.
func TestCodings(t *testing.T) {
	var words strings.Builder
	for n := range 30_000 {
		words.WriteString(" é" + strconv.Itoa(n*n%7919))
	}
	large := `{"a":"` + words.String() + `"}`
	tests := []struct{ name, medium, body, want string }{
		{"as it is", "application/json", `{"a":1.0,"p":9079290933572287000}`, `{"a":1.0,"p":9079290933572287000}`},
		{"something to replace", "text/plain", `{"u":"` + phone + `"}`, `{"u":"` + pseudonymOf(phone) + `"}`},
		{"a text", "text/plain", "call " + phone, "call " + pseudonymOf(phone)},
		{"a form", "application/x-www-form-urlencoded", "u=%2B12025550143&x=1", "u=" + pseudonymOf(phone) + "&x=1"},
		{"nothing in it", "application/json", "", ""},
		{"large", "application/json", large, large},
	}
	for _, e := range encoders {
		for _, tt := range tests {
			t.Run(e.name+", "+tt.name, func(t *testing.T) {
				c := newCollector(t, nil)
				inflight := proxy.NewInFlight(64 << 20)
				s := newSanitizer(t, ruleText)
				s.InFlight = inflight
				lines := []string{"Content-Type: " + tt.medium, "Content-Digest: sha-256=:x:", "Repr-Digest: y", "Digest: z", "Content-Md5: q", "Signature: s=:x:", "Signature-Input: s=()", "Content-Encoding: " + strings.ToUpper(codingOf(e.name))}
				raw(t, serve(t, s, c.url), request("POST", "/free/a", lines, encode(t, e.to, tt.body))).fine(t)
				got, want := c.one(t), []string{lengthLine(tt.want), "Content-Type: " + tt.medium}
				if got.body != tt.want || !slices.Equal(got.lines, want) {
					t.Errorf("got %q %q\nwant %q %q", got.lines, clip(got.body), want, clip(tt.want))
				}
				checkQuiet(t, got.raw)
				free(t, inflight)
			})
		}
	}
}

// What has no body has no coding either: what stands there is nobody's to read.
func TestCodingOfNothing(t *testing.T) {
	for _, in := range []string{
		request("GET", "/free/a", []string{"Content-Encoding: " + phone}, ""),
		request("POST", "/free/a", []string{"Content-Encoding: " + phone, "Content-Length: 0"}, ""),
		request("POST", "/free/a", []string{"Content-Encoding: br", "Transfer-Encoding: chunked"}, "0\r\n\r\n"),
	} {
		c := newCollector(t, nil)
		raw(t, serveRules(t, ruleText, c), in).fine(t)
		got := c.one(t)
		if _, there := got.header["Content-Encoding"]; there || got.body != "" {
			t.Errorf("got %q %q", got.lines, got.body)
		}
		checkQuiet(t, got.raw)
	}
}

// What is of a coding only as far as it goes, or more than that, is refused, whatever of
// it could be read.
func TestBrokenCodings(t *testing.T) {
	const text = `{"u":"` + phone + `","v":"` + email + `"}`
	for _, e := range encoders {
		t.Run(e.name, func(t *testing.T) {
			c := newCollector(t, nil)
			address := serveRules(t, ruleText, c)
			whole := encode(t, e.to, text)
			bodies := []string{text, whole + "x", whole + "\x00\x00\x00\x00", whole + text, whole + whole[:len(whole)/2], "x" + whole, "\r\n" + whole}
			for n := 1; n < len(whole); n++ {
				bodies = append(bodies, whole[:n])
			}
			if coding := codingOf(e.name); coding == "deflate" || coding == "br" { // one stream
				bodies = append(bodies, whole+whole)
			}
			for _, body := range bodies {
				in := request("POST", "/free/a", []string{"Content-Encoding: " + codingOf(e.name)}, body)
				res := raw(t, address, in)
				// A brotli stream has no mark: another text may be one that becomes too large.
				if res.err != nil || res.StatusCode != 400 && !(codingOf(e.name) == "br" && res.StatusCode == 413 && !strings.HasPrefix(body, whole[:1])) {
					t.Errorf("got %+v %q for %q", res.Response, res.body, body)
				}
			}
			c.nothing(t, "")
		})
	}
}

// A bit that is not as it was is found where a checksum follows.
func TestChecksums(t *testing.T) {
	const text = `["abcdefghij","klmnop","` + phone + `"]`
	for _, name := range []string{"gzip", "x-gzip stored", "deflate zlib", "zstd", "zstd at once"} {
		t.Run(name, func(t *testing.T) {
			whole := encoded(t, name, text)
			for at := range len(whole) * 8 {
				b := []byte(whole)
				b[at/8] ^= 1 << (at % 8)
				got, err := proxy.Undo(codingOf(name), b, 1000, nil)
				if err == nil && string(got) != text { // a bit may say nothing: of the time, of the level
					t.Errorf("bit %d: got %q", at, got)
				}
			}
		})
	}
}

// stored is a frame of zstd with one block that is not compressed (RFC 8878, 3.1.1).
func stored(text string) string {
	return "\x28\xb5\x2f\xfd\x20" + string(rune(len(text))) + string([]byte{byte(len(text)<<3 | 1), byte(len(text) >> 5), 0}) + text
}

// skippable is a frame that says nothing (RFC 8878, 3.1.2).
func skippable(text string) string {
	return "\x5a\x2a\x4d\x18" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(text)))) + text
}

// Several frames are one body; what they say beside it does not leave.
func TestFrames(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"two", stored(`{"u":"+1202`) + stored(`5550143"}`), `{"u":"` + pseudonymOf(phone) + `"}`},
		{"of several kinds", encoded(t, "zstd", `["`) + stored("+12025550143") + encoded(t, "zstd at once", `"]`), `["` + pseudonymOf(phone) + `"]`},
		{"one to skip before", skippable(phone+email) + stored("[1]"), "[1]"},
		{"one to skip behind", stored("[1]") + skippable(phone), "[1]"},
		{"to skip between and empty", stored("[") + skippable("") + stored("") + skippable(email) + stored("1]"), "[1]"},
		{"nothing but one to skip", skippable(phone), ""},
		{"a hundred", strings.Repeat(stored("1 "), 100), strings.Repeat("1 ", 100)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			raw(t, serveRules(t, ruleText, c), request("POST", "/free/a", []string{"Content-Encoding: zstd"}, tt.body)).fine(t)
			got := c.one(t)
			if got.body != tt.want || !slices.Equal(got.lines, []string{lengthLine(tt.want)}) {
				t.Errorf("got %q %q, want %q", got.lines, got.body, tt.want)
			}
			checkQuiet(t, got.raw)
		})
	}
	for _, body := range []string{stored("[1]") + skippable(phone)[:9], skippable(phone)[:3], skippable(phone)[:7], stored("[1]") + "\x28\xb5\x2f"} {
		c := newCollector(t, nil)
		in := request("POST", "/free/a", []string{"Content-Encoding: zstd"}, body)
		checkProblem(t, raw(t, serveRules(t, ruleText, c), in), problem{400, "unparseable", "free"})
		c.nothing(t, in)
	}
}

// A coding in a coding, one that nobody declared but gzip, and one that is not known, are
// refused, whatever the body says it is.
func TestUndeclaredAndUnknownCodings(t *testing.T) {
	const text = `{"u":"` + phone + `"}`
	type row struct {
		name, coding, body string
		status             int // 0: any of ours
	}
	tests := []row{
		{"a zip file", "", "PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\\" + text, 0},
		{"a frame of zstd to skip", "", skippable(text), 0},
		{"one that is said with its weight", "gzip;q=1.0", gzipped(text, gzip.Header{}), 415},
		{"two in a list", "gzip, br", gzipped(encoded(t, "br", text), gzip.Header{}), 415},
		{"two in a list, the other way round", "br,gzip", gzipped(encoded(t, "br", text), gzip.Header{}), 415},
		{"twice the same", "br, br", encoded(t, "br", encoded(t, "br", text)), 415},
		{"two, one of them of nothing", "identity, gzip, , deflate", gzipped(text, gzip.Header{}), 415},
		{"bzip2", "", "BZh91AY&SY\x00\x01", 0},
		{"xz", "", "\xfd7zXZ\x00", 0},
	}
	for _, coding := range []string{"compress", "x-compress", "dcb", "dcz", "zlib", "bzip2", "aws-chunked", "exi", "x-br", "\"gzip\"", "*"} {
		tests = append(tests, row{"unknown: " + coding, coding, text, 415})
	}
	for _, e := range encoders {
		whole := encode(t, e.to, text)
		if codingOf(e.name) != "gzip" && codingOf(e.name) != "x-gzip" {
			tests = append(tests, row{"undeclared " + e.name, "", whole, 0})
		}
		for _, outer := range []string{"gzip", "deflate zlib", "deflate bare", "br", "zstd"} {
			tests = append(tests, row{outer + " of " + e.name, codingOf(outer), encoded(t, outer, whole), 0})
		}
	}
	for _, tt := range tests {
		for _, medium := range []string{"", "application/json", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/zip"} {
			t.Run(tt.name+", "+medium, func(t *testing.T) {
				c := newCollector(t, nil)
				var lines []string
				if tt.coding != "" {
					lines = append(lines, "Content-Encoding: "+tt.coding)
				}
				if medium != "" {
					lines = append(lines, "Content-Type: "+medium)
				}
				in := request("POST", "/free/a", lines, tt.body)
				res := raw(t, serveRules(t, ruleText, c), in)
				if res.err != nil || res.StatusCode != tt.status && (tt.status != 0 || res.StatusCode != 400 && res.StatusCode != 415 && res.StatusCode != 422) {
					t.Errorf("got %+v %q", res.Response, res.body)
				}
				c.nothing(t, in)
			})
		}
	}
}

// twoTexts is zlib of one text and bare DEFLATE of another. The header of the one is the
// beginning of a stored block of the other, and the other way round.
func twoTexts(two bool) (both, asZlib string) {
	// zlib: header 78 01, a stored block of fffe bytes, an empty last one.
	// Bare: a stored block of 1 byte behind odd bits, one of 60,000 bytes, a last one with the rest.
	inner := []byte("\x60\xea\x9f\x15" + strings.Repeat("A", 60_000) + "\x01")
	rest := 0xfffe - len(inner) - 4
	inner = binary.LittleEndian.AppendUint16(inner, uint16(rest+9))
	inner = binary.LittleEndian.AppendUint16(inner, ^uint16(rest+9))
	inner = append(inner, bytes.Repeat([]byte("B"), rest)...)
	if !two {
		inner[0] = 0
	}
	out := append([]byte("\x78\x01\x00\xfe\xff\x01\x00"), inner...)
	out = append(out, "\x01\x00\x00\xff\xff"...)
	return string(binary.BigEndian.AppendUint32(out, adler32.Checksum(inner))), string(inner)
}

// What is called deflate and can be read in both ways is refused; not so what only
// begins as if.
func TestTwoReadingsOfDeflate(t *testing.T) {
	both, text := twoTexts(true)
	if r, err := zlib.NewReader(strings.NewReader(both)); err != nil {
		t.Fatal(err)
	} else if got, err := io.ReadAll(r); err != nil || string(got) != text {
		t.Fatalf("as zlib: %v", err)
	}
	if got, err := io.ReadAll(flate.NewReader(strings.NewReader(both))); err != nil || !bytes.Contains(got, []byte("AAAA")) {
		t.Fatalf("as bare DEFLATE: %v", err)
	}
	if got, err := proxy.Undo("deflate", []byte(both), 1<<20, nil); err == nil {
		t.Errorf("got %d bytes of what is two texts", len(got))
	}
	one, text := twoTexts(false)
	if got, err := proxy.Undo("deflate", []byte(one), 1<<20, nil); err != nil || string(got) != text {
		t.Errorf("got %d bytes, %v of what only begins as if", len(got), err)
	}
	// 8 in the lower half, and no zlib: no writer begins so.
	for _, odd := range []string{"\x78\x00\x00\xff\xff\x01\x00\x00\xff\xff", "\x08\x03\x00\xfc\xffabc\x01\x00\x00\xff\xff", "\x88\x1c\x03\x00\xfc\xff"} {
		if got, err := proxy.Undo("deflate", []byte(odd), 1<<20, nil); err == nil {
			t.Errorf("got %q", got)
		}
	}
	// A dictionary that only its reader has.
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevelDict(&b, 9, []byte(phone))
	io.WriteString(z, phone)
	z.Close()
	if got, err := proxy.Undo("deflate", b.Bytes(), 1<<20, nil); err == nil {
		t.Errorf("got %q with a dictionary", got)
	}
}

// A decoder that is used again shows nothing of what it decoded before: a stream that
// points before its begin is broken.
func TestDecodersForget(t *testing.T) {
	secret := strings.Repeat(phone+" "+email+" ", 500)
	var bare, gz, zs bytes.Buffer
	w, _ := flate.NewWriterDict(&bare, 9, []byte(secret))
	io.WriteString(w, secret)
	w.Close()
	gz.WriteString("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff")
	gz.Write(bare.Bytes())
	gz.WriteString("\x00\x00\x00\x00\x00\x00\x00\x00")
	zlibbed := append([]byte("\x78\x9c"), bare.Bytes()...)
	z, err := zstd.NewWriter(&zs, zstd.WithEncoderDictRaw(1, []byte(secret)), zstd.WithEncoderCRC(false))
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(z, secret)
	z.Close()
	// The number of the dictionary is taken out of the frame's header.
	if b := zs.Bytes(); b[4]&3 != 1 {
		t.Fatalf("the header is % x", b[:8])
	}
	noName := append([]byte{}, zs.Bytes()[:4]...)
	noName = append(noName, zs.Bytes()[4]&^3)
	at := 5
	if zs.Bytes()[4]&0x20 == 0 { // the window
		noName, at = append(noName, zs.Bytes()[5]), 6
	}
	noName = append(noName, zs.Bytes()[at+1:]...)

	for _, tt := range []struct {
		coding, fill string
		stream       []byte
	}{
		{"deflate", "deflate bare", bare.Bytes()}, {"deflate", "deflate zlib", zlibbed}, {"gzip", "gzip", gz.Bytes()},
		{"zstd", "zstd", zs.Bytes()}, {"zstd", "zstd", noName}, {"zstd", "zstd at once", noName},
	} {
		for range 20 {
			if _, err := proxy.Undo(tt.coding, []byte(encoded(t, tt.fill, secret)), 1<<20, nil); err != nil {
				t.Fatal(err)
			}
			if got, err := proxy.Undo(tt.coding, tt.stream, 1<<20, nil); err == nil {
				t.Fatalf("%s: got %q", tt.coding, clip(string(got)))
			}
		}
	}
}

// An answer is restored in every coding, and passes as it came where that cannot be.
func TestRestoredFromCodings(t *testing.T) {
	for _, e := range encoders {
		for _, inflight := range []int64{64 << 20, 20_000} {
			t.Run(e.name, func(t *testing.T) {
				var sent string
				c := newCollector(t, func(r *received) string {
					sent = encode(t, e.to, r.body+strings.Repeat(" ", 20_000))
					return answerOf([]string{"Content-Type: application/json", "Content-Encoding: " + codingOf(e.name), "Etag: a", "Content-Digest: x"}, sent)
				})
				held := proxy.NewInFlight(inflight)
				s := newSanitizer(t, ruleText)
				s.InFlight = held
				res := raw(t, serve(t, s, c.url), request("POST", "/free/a", []string{"Accept-Encoding: br"}, `{"u":"`+phone+`"}`)).fine(t)
				want, coding := `{"u":"`+phone+`"}`+strings.Repeat(" ", 20_000), ""
				if inflight == 20_000 { // there is no room
					want, coding = sent, codingOf(e.name)
				}
				if res.body != want || res.Header.Get("Content-Encoding") != coding {
					t.Errorf("got %v %q, want %q %q", res.Header, clip(res.body), coding, clip(want))
				}
				free(t, held)
			})
		}
	}
}
