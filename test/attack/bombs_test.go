package attack_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// A bomb is one request that costs a careless reader much more than it costs to send.
type bomb struct {
	name   string
	target string
	header string // lines, each with its CRLF
	body   []byte
	want   []string // what it is answered in calm; an attack may find us busy as well
}

const (
	statsPath = "/v1/apps/7/conferences/c/1/stats"
	jsonType  = "Content-Type: application/json\r\n"
	formType  = "Content-Type: application/x-www-form-urlencoded\r\n"
)

// request is the bomb as it goes over a connection of HTTP/1.1.
func (b *bomb) request() []byte {
	return slices.Concat([]byte("POST "+b.target+" HTTP/1.1\r\nHost: sidecar\r\n"+b.header+"Content-Length: "+strconv.Itoa(len(b.body))+"\r\n\r\n"), b.body)
}

// compress returns n zero bytes in a coding that w writes.
func compress(t *testing.T, n int64, w func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	c := w(&b)
	if _, err := io.CopyN(c, zeros{}, n); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func gzipWriter(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

// bombs are all of them. What is to be decoded is 256 MiB, twice what we may have.
func bombs(t *testing.T) []bomb {
	const n = 256 << 20
	zipped := compress(t, n, gzipWriter)
	var nested bytes.Buffer
	outer := gzip.NewWriter(&nested)
	_, _ = outer.Write(zipped) // a Buffer takes all
	outer.Close()
	const m = 2000
	members := bytes.Repeat(compress(t, 1<<20, gzipWriter), m)
	flated := compress(t, n, func(w io.Writer) io.WriteCloser { c, _ := flate.NewWriter(w, 9); return c })
	zlibbed := compress(t, n, func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) })
	brotlied := compress(t, n, func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 5) })
	zstds := compress(t, n, func(w io.Writer) io.WriteCloser { c, _ := zstd.NewWriter(w); return c })
	window := []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x98, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00} // a frame with a window of 512 MiB

	var parts bytes.Buffer
	for i := range 100_000 {
		fmt.Fprintf(&parts, "--b\r\nContent-Disposition: form-data; name=\"f%d\"\r\n\r\nv\r\n", i)
	}
	parts.WriteString("--b--\r\n")
	var fields, lines, cookies, parameters, phones, addresses, members2 strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&fields, "f%d=v&", i)
	}
	for i := range 9_000 {
		fmt.Fprintf(&lines, "%x:\r\n", i)
	}
	for i := range 6_000 {
		fmt.Fprintf(&cookies, "c%d=v; ", i)
	}
	for i := range 2_500 {
		fmt.Fprintf(&parameters, "&%x", i)
	}
	for i := 0; phones.Len() < 10<<20-20; i++ {
		fmt.Fprintf(&phones, `"+1212%07d",`, 2_000_000+i)
	}
	for i := 0; addresses.Len() < 10<<20-20; i++ {
		fmt.Fprintf(&addresses, "9.%d.%d.%d ", i>>16&255, i>>8&255, i&255)
	}
	for i := 0; members2.Len() < 10<<20-40; i++ {
		fmt.Fprintf(&members2, `"m%d":{},`, i)
	}
	var numbers strings.Builder
	for i := uint32(1); numbers.Len() < 8<<20; i = i*1_664_525 + 1_013_904_223 { // a generator of Numerical Recipes
		fmt.Fprintf(&numbers, "%d,", i>>4)
	}
	array := "[" + numbers.String() + "1]"
	inBlocks := func(w interface {
		io.WriteCloser
		Flush() error
	}) {
		_, _ = io.WriteString(w, array[:10]) // a Buffer takes all
		_ = w.Flush()
		_, _ = io.WriteString(w, array[10:])
		_ = w.Close()
	}
	var wideBrotli, wideZstd bytes.Buffer
	inBlocks(brotli.NewWriterOptions(&wideBrotli, brotli.WriterOptions{Quality: 3, LGWin: 24}))
	z, _ := zstd.NewWriter(&wideZstd, zstd.WithWindowSize(8<<20))
	inBlocks(z)
	var wide bytes.Buffer
	wide.WriteString("\xff\xfe")
	for _, c := range utf16.Encode([]rune(array[:5<<20-2] + "]")) {
		wide.Write([]byte{byte(c), byte(c >> 8)})
	}
	declared := func(coding string) string { return jsonType + "Content-Encoding: " + coding + "\r\n" }
	deep := strings.Repeat("[", 128) + strings.Repeat("]", 128)

	return []bomb{
		{"gzip", statsPath, declared("gzip"), zipped, []string{"413"}},
		{"gzip undeclared", statsPath, jsonType, zipped, []string{"413"}},
		{"gzip of gzip", statsPath, declared("gzip"), nested.Bytes(), []string{"413", "415"}},
		{"gzip of gzip, declared", statsPath, declared("gzip, gzip"), nested.Bytes(), []string{"415"}},
		{"gzip of 2,000 members", statsPath, declared("gzip"), members, []string{"413"}},
		{"deflate", statsPath, declared("deflate"), flated, []string{"413", "415"}},
		{"brotli", statsPath, declared("br"), brotlied, []string{"413", "415"}},
		{"zstd", statsPath, declared("zstd"), zstds, []string{"413", "415"}},
		{"deflate in zlib", statsPath, declared("deflate"), zlibbed, []string{"413"}},
		{"8 MB of brotli with a window of 16 MiB", statsPath, declared("br"), wideBrotli.Bytes(), []string{"200", "413", "503"}},
		{"8 MB of zstd with a window of 8 MiB", statsPath, declared("zstd"), wideZstd.Bytes(), []string{"200", "503"}},
		{"brotli with a window of 16 MiB, cut off", statsPath, declared("br"), wideBrotli.Bytes()[:wideBrotli.Len()-1], []string{"400", "503"}},
		{"10 MB of UTF-16", statsPath, jsonType, wide.Bytes(), []string{"200", "400", "503"}},
		{"zstd with a window of 512 MiB", statsPath, declared("zstd"), window, []string{"400", "413", "415"}},
		{"10 MB of [", statsPath, jsonType, bytes.Repeat([]byte("["), 10_000_000), []string{"413"}},
		{"deep to the limit, again and again", statsPath, jsonType, []byte("[" + strings.Repeat(deep+",", 9_000) + "1]"), []string{"413"}},
		{"one deep less", statsPath, jsonType, []byte("[" + strings.Repeat(deep[1:255]+",", 9_000) + "1]"), []string{"200"}},
		{"members of many names", statsPath, jsonType, []byte("{" + members2.String() + `"":1}`), []string{"200", "413"}},
		{"a number of 9 MB", statsPath, jsonType, bytes.Repeat([]byte("1"), 9<<20), []string{"200", "400", "413"}},
		{"700,000 phone numbers", statsPath, jsonType, []byte("[" + phones.String() + "1]"), []string{"200", "413", "503"}},
		{"one text with 700,000 phone numbers", statsPath, jsonType, []byte(`["` + strings.ReplaceAll(phones.String(), `"`, " ") + `"]`), []string{"200", "413", "503"}},
		{"plain text with 700,000 phone numbers", statsPath, "Content-Type: text/plain\r\n", []byte(strings.ReplaceAll(phones.String(), `"`, " ")), []string{"200", "413", "503"}},
		{"one text with a million IP addresses", statsPath, jsonType, []byte(`["` + addresses.String() + `"]`), []string{"200", "413", "503"}},
		{"a million IP addresses in base64", statsPath, jsonType, []byte(`{"x":"` + base64.StdEncoding.EncodeToString([]byte(addresses.String()[:7<<20])) + `"}`), []string{"200", "413", "503"}},
		{"a field with IP addresses between plus", statsPath, formType, []byte("a=" + strings.ReplaceAll(addresses.String()[:1<<20], " ", "+")), []string{"200", "413", "503"}},
		{"a text of 9 MB with an escape in five", statsPath, jsonType, []byte(`["` + strings.Repeat("x+", 9<<19) + `%2525252541"]`), []string{"200", "413", "503"}},
		{"a tenant, 800,000 times", "/generics", jsonType, []byte("{" + strings.Repeat(`"appID":"7",`, 800_000) + `"x":"` + personsMail + `"}`), []string{"200", "413", "503"}},
		{"a text of 9 MB of percent", statsPath, jsonType, []byte(`["` + strings.Repeat("%252525", 9<<20/7) + `"]`), []string{"200", "413", "503"}},
		{"a text of 9 MB of escapes", statsPath, jsonType, []byte(`["` + strings.Repeat(`\u002b\\u002b`, 9<<20/13) + `"]`), []string{"200", "413", "503"}},
		{"a text of 9 MB of plus", statsPath, jsonType, []byte(`["` + strings.Repeat("+1 ", 3<<20) + `"]`), []string{"200", "413", "503"}},
		{"a text of 9 MB of at", statsPath, jsonType, []byte(`["` + strings.Repeat("a@b.c ", 9<<20/6) + `"]`), []string{"200", "413", "503"}},
		{"JSON in strings of 9 MB", statsPath, jsonType, []byte(`{"localID":"` + strings.Repeat(`{\"a\":\"+12025550143\"}`, 9<<20/23) + `"}`), []string{"200", "413", "503"}},
		{"100,000 parameters", statsPath + "?" + strings.Repeat("a&", 100_000), "", nil, []string{"431", "400"}},
		{"2,500 parameters", statsPath + "?a" + strings.Repeat("&a", 2_500), "", nil, []string{"413"}},
		{"2,500 parameters of different names", statsPath + "?a" + parameters.String()[:8000], "", nil, []string{"413"}},
		{"a target of 9 KB", statsPath + "?a=" + strings.Repeat("x", 9<<10), "", nil, []string{"414"}},
		{"100,000 fields", "/authenticate", formType, []byte(fields.String()), []string{"413"}},
		{"100,000 parts", "/authenticate", "Content-Type: multipart/form-data; boundary=b\r\n", parts.Bytes(), []string{"413"}},
		{"a header of 60 KB", statsPath, "X-A: " + strings.Repeat("x", 60<<10) + "\r\n", nil, []string{"200"}},
		{"a header of 1 MB", statsPath, "X-A: " + strings.Repeat("x", 1<<20) + "\r\n", nil, []string{"431"}},
		{"9,000 header lines", statsPath, lines.String(), nil, []string{"413", "431"}},
		{"6,000 cookies", statsPath, "Cookie: " + cookies.String() + "c=v\r\n", nil, []string{"413"}},
		{"a large answer, restored", honestPath, jsonType + "X-Answer: large\r\n", []byte(`{"localID":"` + strings.Repeat(personsPhone+" ", 20) + `"}`), []string{"200", "503"}},
		{"a large answer, restored to something longer", "/v1/apps/7/conferences/" + strings.Repeat("long", 1000), jsonType + "X-Answer: large\r\n", []byte(`{}`), []string{"200", "503"}},
	}
}
