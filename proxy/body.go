package proxy

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/gzip"
	"github.com/statveil/statveil/rules"
)

// readBody reads the whole body into msg, with its content coding undone, and
// says whether it had one. Both sizes are bounded by the limit.
func (x *exchange) readBody(req *http.Request, msg *rules.Message) (coded bool, err error) {
	if req.Body == nil || req.Body == http.NoBody {
		return false, nil
	}
	if req.ContentLength > x.limits.Body {
		return false, x.tooLarge("the body")
	}
	raw, err := readAll(req.Body, max(req.ContentLength, 0), x.limits.Body)
	switch {
	case errors.Is(err, errTooLarge):
		return false, x.tooLarge("the body")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return false, refuse(Slow, "the body did not arrive in time")
	case err != nil:
		return false, refuse(Unparseable, "the body broke off, or its framing is wrong")
	}
	coded, err = coding(req, raw)
	if err != nil || !coded {
		msg.Body = raw
		return coded, err
	}
	msg.Body, err = gunzip(raw, x.limits.Body)
	if errors.Is(err, errTooLarge) {
		return true, x.tooLarge("the decoded body")
	}
	if err != nil {
		return true, refuse(Unparseable, "the body is not the gzip it claims to be")
	}
	return true, nil
}

func (x *exchange) tooLarge(what string) error {
	return refuse(Oversize, what+" is larger than "+strconv.FormatInt(x.limits.Body, 10)+" bytes")
}

// coding says whether the body is gzip: declared, or by its first bytes, since
// some clients do not declare it.
func coding(req *http.Request, raw []byte) (bool, error) {
	var declared []string
	for _, v := range req.Header.Values("Content-Encoding") {
		for c := range strings.SplitSeq(v, ",") {
			if c = strings.ToLower(strings.TrimSpace(c)); c != "" && c != "identity" {
				declared = append(declared, c)
			}
		}
	}
	switch {
	case len(declared) == 0:
		return bytes.HasPrefix(raw, []byte{0x1f, 0x8b}), nil
	case len(declared) > 1:
		return false, refuse(Encoding, "the body has more than one content coding")
	case declared[0] == "gzip" || declared[0] == "x-gzip":
		return len(raw) > 0, nil
	}
	return false, refuse(Encoding, "the body has a content coding that cannot be undone here; gzip can")
}

var errTooLarge = errors.New("too large")

// readAll reads at most limit bytes; size is what is expected. To announce much
// costs nothing, so much is only kept ready as it comes.
func readAll(r io.Reader, size, limit int64) ([]byte, error) {
	buf := bytes.NewBuffer(make([]byte, 0, min(size, 1<<20)+bytes.MinRead))
	n, err := buf.ReadFrom(io.LimitReader(r, limit+1))
	if err == nil && n > limit {
		err = errTooLarge
	}
	return buf.Bytes(), err
}

// gunzip undoes gzip (RFC 1952), all members. What follows them is an error.
func gunzip(b []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return readAll(r, min(limit, int64(len(b))*4), limit)
}

// checkCharset refuses a body that its reader may take for other characters
// than we do. ASCII is the same in most charsets, but not in UTF-7.
func checkCharset(req *http.Request, body []byte) error {
	for _, declared := range req.Header.Values("Content-Type") {
		_, params, err := mime.ParseMediaType(declared)
		charset := strings.ToLower(params["charset"])
		if err != nil {
			_, charset, _ = strings.Cut(strings.ToLower(declared), "charset=")
			charset, _, _ = strings.Cut(charset, ";")
			charset, _, _ = strings.Cut(charset, ",")
		}
		charset = strings.ReplaceAll(strings.Trim(charset, `"' `), "_", "-")
		ascii := !slices.ContainsFunc(body, func(b byte) bool { return b >= utf8.RuneSelf })
		switch {
		case charset == "", charset == "utf-8", charset == "utf8", charset == "us-ascii", charset == "ascii":
		case ascii && (strings.HasPrefix(charset, "iso-8859-") || strings.HasPrefix(charset, "windows-125") || charset == "latin1" || charset == "latin-1" || charset == "cp1252"):
		default:
			return refuse(Encoding, "the body has a charset that is not inspected here; UTF-8 is")
		}
	}
	return nil
}

// setBody makes b the whole body of the request.
func setBody(req *http.Request, b []byte) {
	req.TransferEncoding = nil
	req.ContentLength = int64(len(b))
	req.Header.Del("Content-Length") // net/http writes its own
	if len(b) == 0 {
		req.Body, req.GetBody = http.NoBody, nil
		return
	}
	// With GetBody the transport may try again where not one byte was sent.
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	req.Body, _ = req.GetBody()
}
