package proxy_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/transform"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

const fuzzedLimit = 200_000

// FuzzCoding: a text in a coding is that text again, or past the limit. A stream that was
// changed anywhere never makes more than the limit, is a text only where another decoder
// says the same one, and is sent only as the text that it is.
func FuzzCoding(f *testing.F) {
	for n := range encoders {
		f.Add(uint8(n), []byte(`{"a":"b"}`), uint16(0), uint8(0), []byte(nil))
		f.Add(uint8(n), []byte(`["`+strings.Repeat("0123456789", 300)+`"]`), uint16(7), uint8(4), []byte(nil))
		f.Add(uint8(n), []byte("plain text"), uint16(3), uint8(0), []byte("more"))
		f.Add(uint8(n), []byte(strings.Repeat("x", 1000)), uint16(9999), uint8(1), []byte("\x28\xb5\x2f\xfd"))
	}
	set := parse(f, fuzzText)
	var sent []byte
	var header http.Header
	inflight := proxy.NewInFlight(64 << 20)
	s := &proxy.Sanitizer{
		Rules: func() *rules.Set { return set }, Keys: func(string) *pseudonym.Keyring { return keyring("acme") },
		Limits: proxy.Limits{Body: fuzzedLimit}, InFlight: inflight,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			header = r.Header
			var err error
			sent, err = io.ReadAll(r.Body)
			return &http.Response{StatusCode: 204, Body: http.NoBody, Request: r}, err
		}),
	}
	var replaced int
	s.Observe = func(o proxy.Outcome) { replaced = o.Replaced }
	type writer interface { // that can be used again
		io.WriteCloser
		Reset(io.Writer)
	}
	writers := map[string]writer{}
	f.Fuzz(func(t *testing.T, which uint8, text []byte, at uint16, flip uint8, tail []byte) {
		e := encoders[int(which)%len(encoders)]
		coding := codingOf(e.name)
		whole := []byte(encode(t, func(w io.Writer) io.WriteCloser {
			if writers[e.name] == nil {
				writers[e.name] = e.to(w).(writer)
			}
			writers[e.name].Reset(w)
			return writers[e.name]
		}, string(text)))
		if got, err := proxy.Undo(coding, whole, fuzzedLimit, inflight); err != nil && len(text) <= fuzzedLimit || err == nil && !bytes.Equal(got, text) {
			t.Fatalf("%s: got %d bytes, %v, want %d", e.name, len(got), err, len(text))
		}
		broken := append(slices.Clone(whole), tail...)
		broken[int(at)%len(broken)] ^= flip
		got, err := proxy.Undo(coding, broken, fuzzedLimit, inflight)
		if len(got) > fuzzedLimit && err == nil {
			t.Fatalf("%s: got %d bytes, more than the limit", e.name, len(got))
		}
		if err == nil {
			checkOther(t, coding, broken, got)
		}
		if n := inflight.Bytes(); n != 0 {
			t.Fatalf("%d bytes are held", n)
		}

		sent, header = nil, nil
		req := httptest.NewRequest("POST", "http://collector/x", bytes.NewReader(broken))
		req.RequestURI = ""
		req.Header.Set("Content-Encoding", coding)
		res, refusal := s.RoundTrip(req)
		switch {
		case refusal != nil && header != nil:
			t.Errorf("it was sent and refused: %v", refusal)
		case refusal == nil && (err != nil || header["Content-Encoding"] != nil):
			t.Errorf("it was sent, with %q: %v", header, err)
		case refusal == nil && replaced == 0 && utf8Begin(got) && !bytes.Equal(sent, got):
			t.Errorf("sent %q\nwant %q", clip(string(sent)), clip(string(got)))
		}
		if refusal == nil {
			res.Body.Close()
		}
	})
}

// utf8Begin says whether a body begins as one in UTF-8, which is sent as it is.
func utf8Begin(b []byte) bool { return len(b) < 2 || b[0] > 0 && b[0] < 0xfe && b[1] != 0 }

// checkOther fails the test if the decoders of the standard library do not read the same.
func checkOther(t *testing.T, coding string, raw, got []byte) {
	t.Helper()
	read := func(r io.Reader, err error) ([]byte, error) {
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	var want []byte
	var err error
	switch coding {
	case "gzip", "x-gzip":
		want, err = read(gzip.NewReader(bytes.NewReader(raw)))
	case "deflate":
		if want, err = read(zlib.NewReader(bytes.NewReader(raw))); err != nil {
			want, err = read(flate.NewReader(bytes.NewReader(raw)), nil)
		}
	default:
		return
	}
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%s: got %q, want %q, %v", coding, clip(string(got)), clip(string(want)), err)
	}
}

// FuzzCharset: what is sent of a text in another charset is what x/text makes of it, where
// that sees no mistake, and else nothing.
func FuzzCharset(f *testing.F) {
	names := []string{"utf-16le", "utf-16be", "utf-32le", "utf-32be", "iso-8859-1", "windows-1252"}
	for n, name := range names {
		for _, text := range []string{"[1]", `{"a":"é ÿ"}`, "plain é"} {
			f.Add(uint8(n), []byte(in(f, name, text)))
			f.Add(uint8(n), []byte(in(f, name, text)+"\xd8"))
		}
	}
	f.Add(uint8(0), []byte("[\x00\"\x00\x3d\xd8\x00\xde\"\x00]\x00"))
	f.Add(uint8(0), []byte("[\x00\"\x00\x00\xde\x3d\xd8\"\x00]\x00"))
	f.Add(uint8(2), []byte("\x00\x00\x11\x00"))
	set := parse(f, fuzzText)
	var sent []byte
	var medium string
	var replaced int
	s := &proxy.Sanitizer{
		Rules: func() *rules.Set { return set }, Keys: func(string) *pseudonym.Keyring { return keyring("acme") },
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			var err error
			medium = r.Header.Get("Content-Type")
			sent, err = io.ReadAll(r.Body)
			return &http.Response{StatusCode: 204, Body: http.NoBody, Request: r}, err
		}),
		Observe: func(o proxy.Outcome) { replaced = o.Replaced },
	}
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		name := names[int(which)%len(names)]
		req := httptest.NewRequest("POST", "http://collector/x", bytes.NewReader(body))
		req.RequestURI = ""
		req.Header.Set("Content-Type", "text/plain; charset="+name)
		res, err := s.RoundTrip(req)
		if err != nil || len(body) == 0 {
			return // refused
		}
		res.Body.Close()
		want, _, err := transform.Bytes(spellers[name].NewDecoder(), body)
		want = bytes.TrimPrefix(want, []byte("\ufeff"))
		ascii := !slices.ContainsFunc(body, func(b byte) bool { return b >= 0x80 })
		back, mistake := spellers[name].NewEncoder().Bytes(want)
		switch {
		case err != nil || mistake != nil || !bytes.Contains(body, back):
			t.Errorf("%q in %s was sent", body, name)
		case medium != "text/plain; charset=utf-8" && !ascii:
			t.Errorf("it was sent as %q", medium)
		case replaced == 0 && !bytes.Equal(sent, want):
			t.Errorf("sent %q\nwant %q", sent, want)
		}
	})
}
