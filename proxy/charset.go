package proxy

import (
	"bytes"
	"encoding/binary"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// This file makes a body UTF-8, whatever Unicode it came in, and Latin-1 too. Which
// charset it is in, its first bytes and its Content-Type say, and must agree; all that its
// readers could take for other characters than we do is refused.

// A charset is one that a body may come in.
type charset string

const (
	utf8Text   charset = "utf-8" // and ASCII
	utf16Text  charset = "utf-16"
	utf16LE    charset = "utf-16le"
	utf16BE    charset = "utf-16be"
	utf32Text  charset = "utf-32"
	utf32LE    charset = "utf-32le"
	utf32BE    charset = "utf-32be"
	latin1     charset = "iso-8859-1"
	windows    charset = "windows-1252"
	asciiBased charset = "one of those that are as ASCII for ASCII"
)

// charsets are their names. ISO-2022 and UTF-7 are made of ASCII, but say other things by
// it, and so do Shift_JIS and EBCDIC.
var charsets = map[string]charset{
	"": "", "utf-8": utf8Text, "utf8": utf8Text, "us-ascii": utf8Text, "ascii": utf8Text,
	"utf-16": utf16Text, "utf16": utf16Text, "utf-16le": utf16LE, "utf-16be": utf16BE,
	"utf-32": utf32Text, "utf32": utf32Text, "utf-32le": utf32LE, "utf-32be": utf32BE,
	"iso-8859-1": latin1, "latin1": latin1, "latin-1": latin1, "windows-1252": windows, "cp1252": windows,
}

// marks are byte order marks, the longer ones first: the two of UTF-16 and a NUL is no
// text (RFC 8259, 7).
var marks = []struct {
	mark string
	charset
}{
	{"\x00\x00\xfe\xff", utf32BE}, {"\xff\xfe\x00\x00", utf32LE}, {"\xef\xbb\xbf", utf8Text}, {"\xfe\xff", utf16BE}, {"\xff\xfe", utf16LE},
}

// jsonBegins are the bytes that a JSON text may begin with, white space and the
// separator of records included.
const jsonBegins = "{[\"-0123456789tfn \t\r\n\x1e"

// seen says which charset the first bytes of a body show, "" if none, and how many of
// them are a byte order mark. Without one, JSON shows it by where its first character has
// its NULs (RFC 4627, 3).
func seen(b []byte) (charset, int) {
	for _, m := range marks {
		if bytes.HasPrefix(b, []byte(m.mark)) {
			return m.charset, len(m.mark)
		}
	}
	begins := func(at, width int) bool { // with a character of this width, which has its byte there
		if len(b) < width || strings.IndexByte(jsonBegins, b[at]) < 0 {
			return false
		}
		return bytes.Count(b[:width], []byte{0}) == width-1
	}
	switch {
	case begins(3, 4):
		return utf32BE, 0
	case begins(0, 4):
		return utf32LE, 0
	case begins(1, 2):
		return utf16BE, 0
	case begins(0, 2):
		return utf16LE, 0
	}
	return "", 0
}

// charsetIn returns where in a Content-Type the value of charset stands, in its quotes if it
// has some. A reader may be more lenient than mime is, so where that cannot read it, the
// word is enough.
func charsetIn(contentType string) (start, end int) {
	const word = "charset"
	if _, params, err := mime.ParseMediaType(contentType); err == nil && params[word] == "" {
		return 0, 0
	}
	for at := range len(contentType) - len(word) + 1 {
		if !strings.EqualFold(contentType[at:at+len(word)], word) {
			continue
		}
		value, ok := strings.CutPrefix(strings.TrimLeft(contentType[at+len(word):], " \t"), "=")
		if !ok {
			continue
		}
		value = strings.TrimLeft(value, " \t")
		start, end = len(contentType)-len(value), strings.IndexAny(value, ";, \t")
		if quoted, ok := strings.CutPrefix(value, `"`); ok {
			end = strings.IndexByte(quoted, '"') + len(`""`)
		}
		if end < len(`""`) {
			end = len(value)
		}
		return start, start + end
	}
	return 0, 0
}

// declaredCharset returns the charset that a Content-Type declares, "" if none.
func declaredCharset(contentType string) (charset, error) {
	start, end := charsetIn(contentType)
	name := strings.ReplaceAll(strings.ToLower(strings.Trim(contentType[start:end], `"' `)), "_", "-")
	c, known := charsets[name]
	switch {
	case known:
		return c, nil
	case strings.HasPrefix(name, "iso-8859-"), strings.HasPrefix(name, "windows-125"):
		return asciiBased, nil
	}
	return "", errCharset()
}

// toUTF8 makes a body UTF-8, and has Content-Type say so. It says whether that changed it.
func (x *exchange) toUTF8(h http.Header, body []byte) (_ []byte, changed bool, err error) {
	var declared charset
	for i, v := range h["Content-Type"] {
		c, err := declaredCharset(v)
		switch {
		case err != nil:
			return nil, false, err
		case i > 0 && c != declared:
			return nil, false, errCharsets()
		}
		declared = c
	}
	medium := mediumOf(h)
	from, mark := seen(body)
	parts := strings.HasPrefix(medium, "multipart/")
	if parts { // each may be in another
		from, mark = "", 0
	}
	wide := slices.Contains([]charset{utf16LE, utf16BE, utf32LE, utf32BE}, declared)
	ascii := !slices.ContainsFunc(body, func(b byte) bool { return b >= utf8.RuneSelf })
	switch {
	case (from == "" || from == utf8Text) && (declared == "" || declared == utf8Text),
		from == "" && ascii && (declared == latin1 || declared == windows || declared == asciiBased):
		return body, false, nil
	case declared == "", declared == from,
		declared == utf16Text && (from == utf16LE || from == utf16BE),
		declared == utf32Text && (from == utf32LE || from == utf32BE): // they agree
	case from == "" && (wide || declared == latin1 || declared == windows) && !readsAsUTF8(body):
		from = declared
	case declared == asciiBased:
		return nil, false, errCharset()
	default:
		return nil, false, errCharsets()
	}
	if parts || medium == "application/x-www-form-urlencoded" { // what is percent-encoded in it is of its charset, too
		return nil, false, refuse(Encoding, "the form has a charset that is not inspected in forms; UTF-8 is")
	}
	to, err := x.transcode(from, body[mark:])
	if err != nil {
		return nil, false, err
	}
	for i, v := range h["Content-Type"] {
		h["Content-Type"][i] = sayUTF8(v)
	}
	return to, true, nil
}

func errCharset() *Refusal {
	return refuse(Encoding, "the body has a charset that is not inspected here; Unicode and Latin-1 are")
}

func errCharsets() *Refusal {
	return refuse(Encoding, "the body may not be of the charset that it claims")
}

// readsAsUTF8 says whether a body that claims another charset, and shows none, is a text in
// UTF-8 as well: who does not look at its label reads something else in it.
func readsAsUTF8(b []byte) bool { return utf8.Valid(b) && !bytes.Contains(b, []byte{0}) }

func mediumOf(h http.Header) string {
	medium, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(medium))
}

// sayUTF8 changes the charset of a Content-Type, and nothing else in it. What is text and
// declared none does now: without one it may be anything (RFC 2046, 4.1.2). JSON has no
// such parameter (RFC 8259, 11).
func sayUTF8(contentType string) string {
	switch start, end := charsetIn(contentType); {
	case end > 0:
		return contentType[:start] + "utf-8" + contentType[end:]
	case strings.HasPrefix(strings.ToLower(contentType), "text/"):
		return contentType + "; charset=utf-8"
	}
	return contentType
}

// transcode makes UTF-8 of a body of another charset. It is read twice: first to see that
// it is one from end to end, and how long it becomes.
func (x *exchange) transcode(from charset, body []byte) ([]byte, error) {
	read, size := readers[from], 0
	for rest := body; len(rest) > 0; {
		r, n := read(rest)
		if n == 0 {
			return nil, refuse(Unparseable, "the body is broken "+strings.ToUpper(string(from)))
		}
		size += utf8.RuneLen(r)
		rest = rest[n:]
	}
	if int64(size) > x.limits.Body {
		return nil, limited(Oversize, "decoded", "the body is larger than "+strconv.FormatInt(x.limits.Body, 10)+" bytes as UTF-8")
	}
	if !x.held.some(size) {
		return nil, x.full(size)
	}
	to := make([]byte, 0, size)
	for rest := body; len(rest) > 0; {
		r, n := read(rest)
		to = utf8.AppendRune(to, r)
		rest = rest[n:]
	}
	if x.read == nil {
		x.held.add(-cap(body))
	}
	return to, nil
}

// readers read the first character of a text that is not empty, and say how many bytes it
// takes: none if it is no character.
var readers = map[charset]func([]byte) (rune, int){
	utf16LE: func(b []byte) (rune, int) { return readUTF16(b, binary.LittleEndian) },
	utf16BE: func(b []byte) (rune, int) { return readUTF16(b, binary.BigEndian) },
	utf32LE: func(b []byte) (rune, int) { return readUTF32(b, binary.LittleEndian) },
	utf32BE: func(b []byte) (rune, int) { return readUTF32(b, binary.BigEndian) },
	latin1:  readLatin1,
	windows: readWindows,
}

func readUTF16(b []byte, order binary.ByteOrder) (rune, int) {
	if len(b) < 2 {
		return 0, 0
	}
	r := rune(order.Uint16(b))
	switch {
	case !utf16.IsSurrogate(r):
		return r, 2
	case len(b) < 4:
		return 0, 0
	}
	if r = utf16.DecodeRune(r, rune(order.Uint16(b[2:]))); r == utf8.RuneError { // no pair is this one
		return 0, 0
	}
	return r, 4
}

func readUTF32(b []byte, order binary.ByteOrder) (rune, int) {
	if len(b) < 4 {
		return 0, 0
	}
	if u := order.Uint32(b); u <= utf8.MaxRune && utf8.ValidRune(rune(u)) {
		return rune(u), 4
	}
	return 0, 0
}

// readLatin1 reads ISO-8859-1 as far as it is Windows-1252: where they differ, browsers
// read the one (WHATWG Encoding, 4.2), others the other.
func readLatin1(b []byte) (rune, int) {
	if b[0] >= 0x80 && b[0] < 0xa0 {
		return 0, 0
	}
	return rune(b[0]), 1
}

// specials are the characters of Windows-1252 from 0x80 to 0x9F; five are none.
var specials = []rune("€\x00‚ƒ„…†‡ˆ‰Š‹Œ\x00Ž\x00\x00‘’“”•–—˜™š›œ\x00žŸ")

func readWindows(b []byte) (rune, int) {
	if b[0] < 0x80 || b[0] >= 0xa0 {
		return rune(b[0]), 1
	}
	if r := specials[b[0]-0x80]; r != 0 {
		return r, 1
	}
	return 0, 0
}

// cutMark cuts a byte order mark from a body in UTF-8. Some readers of JSON and forms take
// it for a part of the text and some do not (RFC 8259, 8.1), so it is looked behind, and
// leaves as it came. In a multipart body it stands before the first part, where there may be
// anything.
func cutMark(h http.Header, body []byte) (mark, text []byte) {
	if n := len("\ufeff"); bytes.HasPrefix(body, []byte("\ufeff")) && !strings.HasPrefix(mediumOf(h), "multipart/") {
		return body[:n:n], body[n:]
	}
	return nil, body
}
