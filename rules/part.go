package rules

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A formPart is one part of a multipart body, as spans of it.
//
// Its header block is text that the collector gets: what stands in it beside
// these spans (other header fields, parameters of Content-Type) is to be looked
// at too.
type formPart struct {
	name, filename     span   // the values as spelled, inside their quotes; zero where absent
	nameText, fileText string // decoded, see partText
	fileAgain          span   // the same file name in filename*, in the alphabet of percent; zero where absent
	length             span   // the digits of Content-Length, which must stay true; zero where absent
	mediaType          string // in lower case, without parameters; "" where absent
	header, body       span   // the header block with its last line end; the content
}

// readPart reads the n-th part, body[start:end].
//
// Each field that says what the part is may stand there once. The others are
// to be ignored (RFC 7578, section 4.8), but must be plain text.
func readPart(body []byte, start, end, n int) (formPart, error) {
	var p formPart
	size := -1
	if start < end {
		size = bytes.Index(body[start:end], []byte("\r\n\r\n"))
	}
	if size > maxPartHeader || size < 0 && end-start > maxPartHeader {
		return p, &Error{Reason: Oversize, Detail: fmt.Sprintf("the header of part %d of the form is larger than %d bytes", n, maxPartHeader), Body: true}
	}
	if size < 0 {
		return p, badPart(n, "has no header, or no empty line behind it")
	}
	p.header = span{start, start + size + len("\r\n")}
	p.body = span{start + size + len("\r\n\r\n"), end}

	charset := ""
	seen := make(map[string]bool)
	for at := p.header.start; at < p.header.end; {
		line := span{at, at + bytes.Index(body[at:], []byte("\r\n"))}
		at = line.end + len("\r\n")
		field, value, err := readField(body, line, n)
		if err != nil {
			return p, err
		}
		known := true
		switch field {
		case "content-disposition":
			err = p.disposition(body, value, n)
		case "content-type":
			charset, err = p.contentType(body, value, n)
		case "content-transfer-encoding":
			err = plainTransfer(string(value.of(body)), n)
		case "content-length":
			if string(value.of(body)) != strconv.Itoa(end-p.body.start) {
				err = badPart(n, "has a Content-Length that is not its length")
			}
			p.length = value
		default:
			known = false
		}
		if err == nil && known && seen[field] {
			err = badPart(n, "has the header "+strconv.Quote(field)+" twice")
		}
		if err != nil {
			return p, err
		}
		seen[field] = true
	}
	if !seen["content-disposition"] {
		return p, badPart(n, "has no Content-Disposition")
	}
	if !readableCharset(charset, p.body.of(body)) {
		return p, unsafePart(n, "has a charset that is not inspected here; UTF-8 is")
	}
	// RFC 7578, section 4.6: the charset of all parts that name none.
	if p.nameText == "_charset_" && !readableCharset(string(p.body.of(body)), nil) {
		return p, unsafePart(n, "names a charset that is not inspected here; UTF-8 is")
	}
	return p, nil
}

// readField reads one line of a header block: its name in lower case, and where
// its value stands.
func readField(body []byte, line span, n int) (string, span, error) {
	text := string(line.of(body))
	breaks := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	name, value, ok := strings.Cut(text, ":")
	switch {
	case !utf8.ValidString(text):
		return "", span{}, badPart(n, "has a header that is not UTF-8")
	case strings.ContainsFunc(text, breaks): // some readers begin a new line at each
		return "", span{}, badPart(n, "has a control character in its header")
	case !ok || !isToken(name): // a folded line begins with a space
		return "", span{}, badPart(n, "has a header line that is folded or malformed")
	case strings.Contains(text, "=?"): // RFC 2047: some readers decode it, some do not
		return "", span{}, unsafePart(n, "has an encoded word in its header")
	}
	name = strings.ToLower(name)
	if name != "content-disposition" && strings.Contains(value, `\`) {
		return "", span{}, unsafePart(n, "has a backslash in its header, outside of a name")
	}
	at := line.end - len(strings.TrimLeft(value, " "))
	return name, span{at, at + len(strings.Trim(value, " "))}, nil
}

// disposition reads the value of Content-Disposition (RFC 7578, section 4.2).
//
// Of the extended parameters of RFC 8187, which forms must not use, only a
// filename* that says in plain characters what filename says is taken: .NET
// sends it. Any other would be a second name, and readers differ in which one
// counts.
func (p *formPart) disposition(body []byte, value span, n int) error {
	kind, params, ok := readParams(body, value)
	if !ok || !strings.EqualFold(kind, "form-data") {
		return badPart(n, "has a Content-Disposition that is malformed or not form-data")
	}
	named := false
	for _, v := range params {
		switch v.name {
		case "name":
			p.name, p.nameText, named = v.value, partText(v.value.of(body)), true
		case "filename":
			p.filename, p.fileText = v.value, partText(v.value.of(body))
		case "filename*":
			p.fileAgain = v.value
		default:
			return unsafePart(n, "has another parameter in its Content-Disposition than name and filename")
		}
	}
	if !named {
		return badPart(n, "has no name")
	}
	if p.fileAgain == (span{}) {
		return nil
	}
	charset, rest, _ := strings.Cut(string(p.fileAgain.of(body)), "'")
	_, text, ok := strings.Cut(rest, "'")
	if !ok || !readableCharset(charset, nil) || p.filename == (span{}) || text != p.fileText || strings.ContainsAny(text, "%\"") {
		return unsafePart(n, "has a filename* that is encoded, or not the same as its filename")
	}
	p.fileAgain.start = p.fileAgain.end - len(text)
	return nil
}

// contentType reads the value of Content-Type and returns the charset.
func (p *formPart) contentType(body []byte, value span, n int) (charset string, err error) {
	kind, params, ok := readParams(body, value)
	major, minor, slash := strings.Cut(kind, "/")
	if !ok || !slash || !isToken(major) || !isToken(minor) {
		return "", badPart(n, "has a malformed Content-Type")
	}
	p.mediaType = strings.ToLower(kind)
	if strings.HasPrefix(p.mediaType, "multipart/") {
		return "", unsafePart(n, "is a multipart body itself; that is not inspected here")
	}
	for _, v := range params {
		if strings.Contains(v.name, "*") {
			return "", unsafePart(n, "has an encoded parameter in its Content-Type")
		}
		if v.name == "charset" {
			charset = string(v.value.of(body))
		}
	}
	return charset, nil
}

// plainTransfer refuses the encodings that hide text. RFC 7578, section 4.7,
// lets nobody send them: some readers undo them and some do not, so no text is
// safe for both.
func plainTransfer(encoding string, n int) error {
	switch strings.ToLower(encoding) {
	case "7bit", "8bit", "binary":
		return nil
	}
	return unsafePart(n, "has a Content-Transfer-Encoding other than 7bit, 8bit and binary")
}

// readableCharset says whether a text of this charset has the characters that
// we read in it: UTF-8, or others where they are the same for ASCII.
func readableCharset(charset string, text []byte) bool {
	charset = strings.ReplaceAll(strings.ToLower(charset), "_", "-")
	switch charset {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return true
	case "latin1", "latin-1", "cp1252":
	default:
		if !strings.HasPrefix(charset, "iso-8859-") && !strings.HasPrefix(charset, "windows-125") {
			return false
		}
	}
	return !slices.ContainsFunc(text, func(b byte) bool { return b >= utf8.RuneSelf })
}
