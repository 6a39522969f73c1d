package proxy

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/statveil/statveil/pseudonym"
)

// restore puts the client's own values back into the answer to its request:
// into the body, and into Location and Link. An answer in which there is
// nothing to restore passes as it came.
func (x *exchange) restore(res *http.Response) error {
	if !x.restores() {
		return nil
	}
	for _, name := range []string{"Location", "Content-Location", "Link"} {
		for i, v := range res.Header[name] {
			res.Header[name][i] = string(x.expand([]byte(v), urlEncoding))
		}
	}
	if res.Body == nil || res.Request != nil && res.Request.Method == http.MethodHead || res.ContentLength == 0 ||
		res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified ||
		res.StatusCode == http.StatusPartialContent { // its ranges are counted in pseudonyms
		x.held.keep(0)
		return nil
	}
	if medium := res.Header.Get("Content-Type"); res.ContentLength < 0 && plain(res.Header) && !oneJSON(medium) {
		dropDigests(res.Header)
		res.Body = &stream{x: x, src: res.Body, medium: medium}
		return nil
	}
	raw, err := x.readAll(res.Body, max(res.ContentLength, 0), x.limits.Body)
	if err == errTooLarge || err == errBusy { // pseudonyms stay in it: safe, and the client gets its answer
		res.Body = &resumed{io.MultiReader(bytes.NewReader(raw), res.Body), res.Body}
		return nil
	}
	res.Body.Close()
	if err != nil {
		return err
	}
	body, known := x.decoded(res.Header, raw)
	restored := body
	if known {
		restored = x.expand(body, encodingOf(res.Header.Get("Content-Type"), body))
	}
	x.originals, x.shapes = nil, nil // of no use any more
	if bytes.Equal(restored, body) { // an unknown coding too: it passes as it came
		x.held.keep(cap(raw))
		res.Body = io.NopCloser(bytes.NewReader(raw))
		return nil
	}
	res.Header.Del("Content-Encoding")
	dropDigests(res.Header)
	x.held.keep(cap(restored))
	res.Body = io.NopCloser(bytes.NewReader(restored))
	res.ContentLength = int64(len(restored))
	res.TransferEncoding, res.Trailer = nil, nil
	res.Header.Set("Content-Length", strconv.Itoa(len(restored)))
	return nil
}

// restores says whether something was replaced that may come back.
func (x *exchange) restores() bool { return len(x.originals)+len(x.shapes) > 0 }

// plain says whether an answer has no content coding.
func plain(h http.Header) bool { return len(codingsOf(h)) == 0 }

// decoded undoes the content coding of an answer, if it is one we can undo.
func (x *exchange) decoded(h http.Header, raw []byte) (body []byte, known bool) {
	declared := codingsOf(h)
	switch {
	case len(declared) == 0 || len(raw) == 0:
		return raw, true
	case len(declared) > 1 || codings[declared[0]] == nil:
		return nil, false
	}
	body, err := codings[declared[0]](x, raw, x.limits.Body)
	return body, err == nil
}

// escapeURL encodes for any place of a URL: + is no space in a path.
func escapeURL(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// resumed reads on where restore stopped.
type resumed struct {
	io.Reader
	io.Closer
}

// An encoding writes a value so that it stands in an answer as the collector
// would have written it: the collector had only a pseudonym to escape.
type encoding struct {
	escape func(string) string
	json   bool // a string that is one pseudonym may become a number
	wholes func([]byte) iter.Seq[whole]
	read   func([]byte) string // one of those
}

var (
	jsonEncoding = encoding{escapeJSON, true, jsonWholes, readJSON}
	textEncoding = encoding{func(s string) string { return s }, false, lines, readText}
	formEncoding = encoding{escapeURL, false, pairs, readForm}
	htmlEncoding = encoding{html.EscapeString, false, lines, readText}
	urlEncoding  = encoding{escapeURL, false, oneValue, readURL}
)

// encodingOf goes by what the answer says it is, and by how it begins. What a
// browser might take for HTML is escaped as HTML: a value that is markup must not
// become markup on its way back.
func encodingOf(medium string, b []byte) encoding {
	medium = strings.ToLower(medium)
	b = bytes.TrimLeft(b, " \t\r\n")
	looksJSON := len(b) > 0 && strings.IndexByte(`{["`, b[0]) >= 0
	switch {
	case strings.Contains(medium, "json"), strings.Contains(medium, "javascript"), strings.HasPrefix(medium, "text/event-stream"),
		looksJSON && (medium == "" || strings.HasPrefix(medium, "text/plain")):
		return jsonEncoding
	case strings.HasPrefix(medium, "text/plain"):
		return textEncoding
	case strings.HasPrefix(medium, "application/x-www-form-urlencoded"):
		return formEncoding
	}
	return htmlEncoding
}

// oneJSON says whether an answer is one JSON text, of no use before its end. An
// answer that does not say what it is may be one.
func oneJSON(medium string) bool {
	medium = strings.ToLower(medium)
	for _, many := range []string{"ndjson", "jsonl", "json-seq", "stream"} {
		if strings.Contains(medium, many) {
			return false
		}
	}
	return medium == "" || strings.Contains(medium, "json")
}

// escapeJSON writes the inside of a JSON string, with <, > and & escaped too.
func escapeJSON(s string) string {
	quoted, _ := json.Marshal(s) // a string always encodes
	return string(quoted[1 : len(quoted)-1])
}

// mostEscaped is how many times longer a text may become in an encoding.
const mostEscaped = 6

// A replacement is b[start:end] of an answer, and what the client wrote for it.
type replacement struct {
	start, end int
	raw        bool // a number, without quotes
	original
}

// expand restores in b: first the shapes, so that nothing that was restored is
// taken for one.
func (x *exchange) expand(b []byte, e encoding) []byte {
	if len(x.shapes) > 0 {
		b = x.splice(b, e, x.shapesIn(b, e))
	}
	return x.expandTokens(b, e)
}

func (x *exchange) expandTokens(b []byte, e encoding) []byte { return x.splice(b, e, x.tokensIn(b, e)) }

// splice puts replacements where they belong. A client may have sent one long value
// and get it back many times: past the limit of a body, and where there is no room,
// pseudonyms stay.
func (x *exchange) splice(b []byte, e encoding, all iter.Seq[replacement]) []byte {
	size, any, escaped := len(b), false, map[string]string{}
	for r := range all {
		text, known := r.text, r.raw
		if !known {
			text, known = escaped[string(b[r.start:r.end])]
		}
		if !known {
			if !x.held.some(mostEscaped * len(r.text)) {
				return b
			}
			text = e.escape(r.text)
			x.held.add(len(text) - mostEscaped*len(r.text))
			escaped[string(b[r.start:r.end])] = text
		}
		any = true
		if size += len(text) - (r.end - r.start); int64(size) > x.limits.Body {
			break
		}
	}
	if !any || !x.held.some(size) {
		return b
	}
	out := make([]byte, 0, size)
	at := 0
	for r := range all {
		text, known := r.text, r.raw
		if !known {
			text, known = escaped[string(b[r.start:r.end])]
		}
		if !known || int64(len(out)+len(r.text)) > x.limits.Body {
			break
		}
		out = append(append(out, b[at:r.start]...), text...)
		at = r.end
	}
	return append(out, b[at:]...)
}

// wholeValue says whether b[open] and b[end] are the quotes of a JSON string
// that is a value, not a member's name.
func wholeValue(b []byte, open, end int) bool {
	if open < 0 || end >= len(b) || b[open] != '"' || b[end] != '"' || open > 0 && b[open-1] == '\\' {
		return false
	}
	after := bytes.TrimLeft(b[end+1:], " \t\r\n")
	return len(after) == 0 || after[0] != ':'
}

// tokensIn yields where in b the tokens of this exchange stand. Tokens need no
// escaping anywhere, so bytes are enough to find them. What follows one without
// a gap, as the x7 of +12025550143x7 does, does not hide it. In JSON, a string that
// is one token in place of a number becomes the number again. The token in the
// shape of an e-mail address is not the value of that.
func (x *exchange) tokensIn(b []byte, e encoding) iter.Seq[replacement] {
	return func(yield func(replacement) bool) {
		for at, last := 0, 0; ; {
			i := bytes.Index(b[at:], []byte("psn_"))
			if i < 0 {
				return
			}
			start := at + i
			at = start + len("psn_")
			run := at
			for run < len(b) && (b[run] >= 'a' && b[run] <= 'z' || b[run] >= '0' && b[run] <= '9') {
				run++
			}
			for _, n := range x.lengths {
				if start+n > run || bytes.HasPrefix(b[start+n:], []byte("@"+pseudonym.EmailDomain)) {
					continue
				}
				o, ok := x.originals[string(b[start:start+n])]
				if !ok {
					continue
				}
				at = start + n
				r := replacement{start: start, end: at, original: o}
				if e.json && o.number && start-1 >= last && wholeValue(b, start-1, at) {
					r.start, r.end, r.raw = start-1, at+1, true
				}
				if last = r.end; !yield(r) {
					return
				}
				break
			}
		}
	}
}
