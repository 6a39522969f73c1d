package proxy

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// restore puts the client's own values back into the answer to its request:
// into the body, and into Location and Link. An answer in which there is
// nothing to restore passes as it came.
func (x *exchange) restore(res *http.Response) error {
	if len(x.originals) == 0 {
		return nil
	}
	for _, name := range []string{"Location", "Content-Location", "Link"} {
		for i, v := range res.Header[name] {
			res.Header[name][i] = string(x.expand([]byte(v), escapeURL))
		}
	}
	if res.Body == nil || res.Request != nil && res.Request.Method == http.MethodHead || res.ContentLength == 0 ||
		res.StatusCode == http.StatusNoContent || res.StatusCode == http.StatusNotModified ||
		strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") { // it does not end
		return nil
	}
	raw, err := readAll(res.Body, max(min(res.ContentLength, x.limits.Body), 0), x.limits.Body)
	if err == errTooLarge { // pseudonyms stay in it: safe, and the client gets its answer
		res.Body = &resumed{io.MultiReader(bytes.NewReader(raw), res.Body), res.Body}
		return nil
	}
	res.Body.Close()
	if err != nil {
		return err
	}
	body, known := decoded(res.Header, raw, x.limits.Body)
	restored := body
	if known {
		restored = x.expandBody(body, res.Header.Get("Content-Type"))
	}
	if bytes.Equal(restored, body) { // an unknown coding too: it passes as it came
		res.Body = io.NopCloser(bytes.NewReader(raw))
		return nil
	}
	res.Header.Del("Content-Encoding")
	dropDigests(res.Header)
	res.Body = io.NopCloser(bytes.NewReader(restored))
	res.ContentLength = int64(len(restored))
	res.TransferEncoding = nil
	res.Header.Set("Content-Length", strconv.Itoa(len(restored)))
	return nil
}

// decoded undoes the content coding of an answer, if it is one we can undo.
func decoded(h http.Header, raw []byte, limit int64) (body []byte, known bool) {
	switch strings.ToLower(strings.Join(h["Content-Encoding"], ",")) {
	case "", "identity":
		return raw, true
	case "gzip", "x-gzip":
		body, err := gunzip(raw, limit)
		return body, err == nil
	}
	return nil, false
}

// escapeURL encodes for any place of a URL: + is no space in a path.
func escapeURL(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// resumed reads on where restore stopped.
type resumed struct {
	io.Reader
	io.Closer
}

func (x *exchange) expandBody(b []byte, medium string) []byte {
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	if strings.Contains(strings.ToLower(medium), "json") || len(trimmed) > 0 && strings.IndexByte(`{["`, trimmed[0]) >= 0 {
		return x.expandJSON(b)
	}
	return x.expand(b, func(s string) string { return s })
}

// expandJSON restores inside JSON strings. A string that is one token in place
// of a number becomes the number again.
func (x *exchange) expandJSON(b []byte) []byte {
	var out []byte
	at := 0
	for t := range x.tokens(b) {
		if t.number && wholeValue(b, t.start-1, t.end) {
			out = append(append(out, b[at:t.start-1]...), t.text...)
			at = t.end + 1
			continue
		}
		quoted := quote(t.text)
		out = append(append(out, b[at:t.start]...), quoted[1:len(quoted)-1]...)
		at = t.end
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

func quote(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}

func (x *exchange) expand(b []byte, encode func(string) string) []byte {
	var out []byte
	at := 0
	for t := range x.tokens(b) {
		out = append(append(out, b[at:t.start]...), encode(t.text)...)
		at = t.end
	}
	return append(out, b[at:]...)
}

// A token is b[start:end] of an answer, and what the client wrote for it.
type token struct {
	start, end int
	original
}

// tokens yields where in b the tokens of this exchange stand. Tokens need no
// escaping anywhere, so bytes are enough to find them. What follows one without
// a gap, as the x7 of +12025550143x7 does, does not hide it.
func (x *exchange) tokens(b []byte) iter.Seq[token] {
	return func(yield func(token) bool) {
		for at := 0; ; {
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
				if start+n > run {
					continue
				}
				if o, ok := x.originals[string(b[start:start+n])]; ok {
					at = start + n
					if !yield(token{start, at, o}) {
						return
					}
					break
				}
			}
		}
	}
}
