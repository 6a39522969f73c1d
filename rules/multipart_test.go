package rules

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
)

const (
	formField = "Content-Disposition: form-data; name=\"user\"\r\n\r\nanna\r\n"
	formEnd   = "--b--\r\n"
)

// onePart is a whole body with one part.
func onePart(header, content string) string {
	return "--b\r\n" + header + "\r\n\r\n" + content + "\r\n" + formEnd
}

func withName(parameters string) string {
	return onePart("Content-Disposition: form-data; "+parameters, "x")
}

func TestSplitMultipart(t *testing.T) {
	type want struct{ name, file, mediaType, body string }
	tests := []struct {
		name, body string
		want       []want
		kept       string // "" is all of the body
	}{
		{"a field", "--b\r\n" + formField + formEnd, []want{{"user", "", "", "anna"}}, ""},
		{"two fields, one name", "--b\r\n" + formField + "--b\r\n" + formField + formEnd, []want{{"user", "", "", "anna"}, {"user", "", "", "anna"}}, ""},
		{"a file", onePart("Content-Disposition: form-data; name=\"s\"; filename=\"s.json\"\r\nContent-Type: Application/JSON; charset=UTF-8", `{"n":1}`), []want{{"s", "s.json", "application/json", `{"n":1}`}}, ""},
		{"none", formEnd, nil, ""},
		{"no line end at the end", "--b\r\n" + formField + "--b--", []want{{"user", "", "", "anna"}}, ""},
		{"preamble and epilogue", "+12025550143\r\n--b\r\n" + formField + formEnd + "+12025550143", []want{{"user", "", "", "anna"}}, "--b\r\n" + formField + formEnd},
		{"an empty line before it", "\r\n--b\r\n" + formField + formEnd, []want{{"user", "", "", "anna"}}, ""},
		{"empty", onePart("Content-Disposition: form-data; name=\"\"; filename=\"\"", ""), []want{{"", "", "", ""}}, ""},
		{"line ends in it", onePart("content-disposition:form-data;name=a", "\r\n\n\r--\r\n-b\r\n\r\n"), []want{{"a", "", "", "\r\n\n\r--\r\n-b\r\n\r\n"}}, ""},
		{"bytes", onePart("Content-Disposition: form-data; name=a", "\x00\xff"), []want{{"a", "", "", "\x00\xff"}}, ""},
		{"no quotes", withName("name=a; filename=b.txt"), []want{{"a", "b.txt", "", "x"}}, ""},
		{"quotes, as browsers write them", withName("name=\"a%22b%0D%0a\"; filename=\"50%41\""), []want{{"a\"b\r\n", "50%41", "", "x"}}, ""},
		{"quotes, as curl writes them", withName(`name="a\"b"; filename="\\\\host\\a.txt"`), []want{{`a"b`, `\\host\a.txt`, "", "x"}}, ""},
		{"a path of old browsers", withName(`name="a"; filename="C:\logs\a.txt"`), []want{{"a", `C:\logs\a.txt`, "", "x"}}, ""},
		{"a semicolon", withName(`name="a;b"; FileName=";"`), []want{{"a;b", ";", "", "x"}}, ""},
		{"a last semicolon", withName(`name="a"; `), []want{{"a", "", "", "x"}}, ""},
		{"a name in another script", withName(`name="имя"`), []want{{"имя", "", "", "x"}}, ""},
		{".NET", withName(`name=s; filename=s.json; filename*=utf-8''s.json`), []want{{"s", "s.json", "", "x"}}, ""},
		{"OkHttp", onePart("Content-Disposition: form-data; name=\"a\"\r\nContent-Transfer-Encoding: binary\r\nContent-Length: 4", "anna"), []want{{"a", "", "", "anna"}}, ""},
		{"another header", onePart("X-Trace: 1\r\nContent-Disposition: form-data; name=a\r\nX-Trace: 2", "x"), []want{{"a", "", "", "x"}}, ""},
		{"latin-1 in ASCII", onePart("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=\"ISO-8859-1\"", "x"), []want{{"a", "", "text/plain", "x"}}, ""},
		{"charset of the form", onePart("Content-Disposition: form-data; name=_charset_", "UTF-8"), []want{{"_charset_", "", "", "UTF-8"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			body := []byte(tt.body)
			parts, start, end, err := splitMultipart(body, "b", DefaultParameters)
			if err != nil {
				t.Fatalf("%v\nbody: %q", err, body)
			}
			var got []want
			for _, p := range parts {
				got = append(got, want{p.nameText, p.fileText, p.mediaType, string(p.body.of(body))})
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("got %q, want %q\nbody: %q", got, tt.want, body)
			}
			if kept := string(body[start:end]); tt.kept != "" && kept != tt.kept || tt.kept == "" && kept != tt.body {
				t.Errorf("kept %q\nbody: %q", kept, body)
			}
			checkForm(t, body, "b")
		})
	}
}

func TestSplitMultipartRefuses(t *testing.T) {
	ok := "--b\r\n" + formField + formEnd
	tests := []struct {
		name, body, boundary string
		want                 Reason
	}{
		{"no boundary", ok, "", Unparseable},
		{"a long boundary", ok, strings.Repeat("b", 71), Unparseable},
		{"a space at the end of it", ok, "b ", Unparseable},
		{"a quote in it", ok, `b"`, Unparseable},
		{"a line end in it", ok, "b\r\n", Unparseable},
		{"another boundary", ok, "c", Unparseable},
		{"nothing", "", "b", Unparseable},
		{"no closing boundary", "--b\r\n" + formField, "b", Unparseable},
		{"one that ends before its line", "--b\r\n" + formField + "--b", "b", Unparseable},
		{"one hyphen short", "--b\r\n" + formField + "--b-\r\n", "b", Unparseable},

		{"line feeds alone", strings.ReplaceAll(ok, "\r\n", "\n"), "b", Unparseable},
		{"a line feed before a boundary", strings.Replace(ok, "\r\n--b--", "\n--b--", 1), "b", Unparseable},
		{"a line feed behind a boundary", strings.Replace(ok, "--b\r\n", "--b\n", 1), "b", Unparseable},
		{"a line feed behind the closing one", strings.TrimSuffix(ok, "\r\n") + "\n", "b", Unparseable},
		{"a carriage return alone", strings.Replace(ok, "\r\n--b--", "\r--b--", 1), "b", Unparseable},
		{"line feeds in a header", onePart("A: b\nContent-Disposition: form-data; name=a", "x"), "b", Unparseable},
		{"a header that ends with line feeds", "--b\r\nContent-Disposition: form-data; name=a\n\nx\r\n" + formEnd, "b", Unparseable},

		{"a boundary in a field, behind a line feed", onePart("Content-Disposition: form-data; name=a", "x\n--b\nContent-Disposition: form-data; name=user\n\nanna"), "b", Unparseable},
		{"a boundary in a line", onePart("Content-Disposition: form-data; name=a", "x --b y"), "b", Unparseable},
		{"a boundary in the preamble", "x--b\r\n" + ok, "b", Unparseable},
		{"a boundary in the epilogue", ok + "--b\r\n" + formField + formEnd, "b", Unparseable},
		{"a longer boundary", onePart("Content-Disposition: form-data; name=a", "x\r\n--bb\r\n"), "b", Unparseable},
		{"a boundary and junk", onePart("Content-Disposition: form-data; name=a", "x\r\n--b;\r\n"), "b", Unparseable},
		{"a boundary and blanks", "--b \t\r\n" + formField + formEnd, "b", Unparseable},
		{"a closing boundary and junk", "--b\r\n" + formField + "--b--x\r\n", "b", Unparseable},

		{"no header", "--b\r\nanna\r\n" + formEnd, "b", Unparseable},
		{"an empty header", "--b\r\n\r\nanna\r\n" + formEnd, "b", Unparseable},
		{"an empty header and an empty line in the text", "--b\r\n\r\nanna\r\n\r\nbob\r\n" + formEnd, "b", Unparseable},
		{"no part between", "--b\r\n--b--\r\n", "b", Unparseable},
		{"no content, not even an empty line", "--b\r\nContent-Disposition: form-data; name=a\r\n--b--\r\n", "b", Unparseable},
		{"no line for the content", "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--\r\n", "b", Unparseable},
		{"folded", onePart("Content-Disposition: form-data;\r\n name=a", "x"), "b", Unparseable},
		{"folded with a tab", onePart("Content-Disposition: form-data;\r\n\tname=a", "x"), "b", Unparseable},
		{"no colon", onePart("Content-Disposition: form-data; name=a\r\nx", "x"), "b", Unparseable},
		{"a space before the colon", onePart("Content-Disposition : form-data; name=a", "x"), "b", Unparseable},
		{"not UTF-8", withName("name=\"\xff\""), "b", Unparseable},
		{"NUL", withName("name=\"a\x00b\""), "b", Unparseable},
		{"a line break of Unicode", withName("name=\"a\u2028b\""), "b", Unparseable},
		{"a control character of Unicode", withName("name=\"a\u0085b\""), "b", Unparseable},

		{"no Content-Disposition", onePart("Content-Type: text/plain", "x"), "b", Unparseable},
		{"attachment", onePart("Content-Disposition: attachment; name=a", "x"), "b", Unparseable},
		{"two dispositions", onePart("Content-Disposition: form-data; name=a\r\ncontent-disposition: form-data; name=b", "x"), "b", Unparseable},
		{"two types", onePart("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain\r\nContent-Type: text/html", "x"), "b", Unparseable},
		{"no name", withName("filename=a"), "b", Unparseable},
		{"no parameter", onePart("Content-Disposition: form-data", "x"), "b", Unparseable},
		{"two names", withName("name=a; Name=b"), "b", Unparseable},
		{"two file names", withName("name=a; filename=a; filename=b"), "b", Unparseable},
		{"no value", withName("name="), "b", Unparseable},
		{"an open quote", withName(`name="a`), "b", Unparseable},
		{"junk behind a value", withName(`name="a"b`), "b", Unparseable},
		{"a quote that ends early for some", withName(`name="a\"; filename=\"b"`), "b", Unparseable},
		{"a backslash before the last quote", withName(`name="a\"`), "b", Unparseable},
		{"spaces around the equals sign", withName(`name = "a"`), "b", Unparseable},
		{"an extended name", withName(`name*=utf-8''a`), "b", Unsafe},
		{"a name and an extended one", withName(`name=a; name*=utf-8''b`), "b", Unsafe},
		{"an encoded file name", withName(`name=a; filename="x"; filename*=utf-8''%2B12025550143`), "b", Unsafe},
		{"an extended file name alone", withName(`name=a; filename*=utf-8''x`), "b", Unsafe},
		{"an extended file name in another charset", withName(`name=a; filename=x; filename*=utf-7''x`), "b", Unsafe},
		{"two different file names", withName(`name=a; filename=x; filename*=utf-8''y`), "b", Unsafe},
		{"a file name in pieces", withName(`name=a; filename*0=x; filename*1=y`), "b", Unsafe},
		{"another parameter", withName(`name=a; user=anna`), "b", Unsafe},
		{"an encoded word", withName(`name="=?utf-8?q?a?="`), "b", Unsafe},
		{"a backslash elsewhere", onePart("Content-Disposition: form-data; name=a\r\nX-User: \\a", "x"), "b", Unsafe},

		{"base64", onePart("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64", "KzEyMDI1NTUwMTQz"), "b", Unsafe},
		{"quoted-printable", onePart("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: Quoted-Printable", "=2B"), "b", Unsafe},
		{"a form in a form", onePart("Content-Disposition: form-data; name=a\r\nContent-Type: Multipart/Mixed; boundary=c", "x"), "b", Unsafe},
		{"a malformed type", onePart("Content-Disposition: form-data; name=a\r\nContent-Type: text", "x"), "b", Unparseable},
		{"an encoded parameter of the type", onePart("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset*=utf-8''utf-7", "x"), "b", Unsafe},
		{"UTF-16", onePart("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=utf-16", "x"), "b", Unsafe},
		{"latin-1 in more than ASCII", onePart("Content-Disposition: form-data; name=a\r\nContent-Type: text/plain; charset=latin1", "\xe9"), "b", Unsafe},
		{"a form in UTF-7", onePart("Content-Disposition: form-data; name=_charset_", "utf-7"), "b", Unsafe},
		{"another length", onePart("Content-Disposition: form-data; name=a\r\nContent-Length: 3", "anna"), "b", Unparseable},

		{"many parts", strings.Repeat("--b\r\n"+formField, 1001) + formEnd, "b", Oversize},
		{"a large header", onePart("Content-Disposition: form-data; name="+strings.Repeat("a", 9<<10), "x"), "b", Oversize},
		{"a large part without a header", "--b\r\n" + strings.Repeat("a", 9<<10) + "\r\n" + formEnd, "b", Oversize},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, err := splitMultipart([]byte(tt.body), tt.boundary, DefaultParameters)
			var refused *Error
			if !errors.As(err, &refused) || refused.Reason != tt.want || refused.Body != (tt.want != Unsafe) {
				t.Errorf("got %#v, want %s\nbody: %q", err, tt.want, tt.body)
			}
			if err != nil && (strings.Contains(err.Error(), "anna") || strings.Contains(err.Error(), "1202")) {
				t.Errorf("%v\nshows the body: %q", err, tt.body)
			}
		})
	}
}

// TestPartSpans: the spans are of what is to be replaced, and nothing else.
func TestPartSpans(t *testing.T) {
	body := []byte(onePart("Content-Disposition: form-data; name=\"u\"; filename=f.txt; filename*=UTF-8'en'f.txt\r\nContent-Length: 1", "x"))
	parts, _, _, err := splitMultipart(body, "b", DefaultParameters)
	if err != nil {
		t.Fatal(err)
	}
	p := parts[0]
	for _, tt := range []struct {
		name string
		span span
		want string
	}{
		{"name", p.name, "u"}, {"filename", p.filename, "f.txt"}, {"again", p.fileAgain, "f.txt"}, {"length", p.length, "1"}, {"body", p.body, "x"},
	} {
		if got := string(tt.span.of(body)); got != tt.want {
			t.Errorf("%s is %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAppendPartName(t *testing.T) {
	for _, tt := range []struct{ spelled, name, want string }{
		{`"a"`, `b`, `"b"`},
		{`"a"`, "b\"\r\n\x00", `"b%22%0D%0A%00"`},
		{`"a"`, `C:\log`, `"C:\log"`},
		{`"a"`, `\\host\`, `"\\\host\\"`},
		{`a`, `psn_x.log`, `psn_x.log`},
		{`a`, `b c`, `"b c"`},
		{`a`, ``, `""`},
		{`a`, `b"`, `"b%22"`},
	} {
		body := []byte(withName("name=" + tt.spelled))
		parts, _, _, err := splitMultipart(body, "b", DefaultParameters)
		if err != nil {
			t.Fatal(err)
		}
		s := parts[0].name
		got := string(appendPartName(bytes.Clone(body[:s.start]), body, s, tt.name)) + string(body[s.end:])
		if want := withName("name=" + tt.want); got != want {
			t.Errorf("%q for %s: got %q, want %q", tt.name, tt.spelled, got, want)
			continue
		}
		if parts, _, _, err = splitMultipart([]byte(got), "b", DefaultParameters); err != nil || parts[0].nameText != strings.ReplaceAll(tt.name, "\x00", "%00") {
			t.Errorf("%q is read as %q (%v)", tt.name, parts[0].nameText, err)
		}
	}
}

// checkForm reads a body that was taken as other readers do: its spans must be
// all of it, and mime/multipart must read the same parts.
func checkForm(t *testing.T, body []byte, boundary string) {
	t.Helper()
	parts, start, end, err := splitMultipart(body, boundary, DefaultParameters)
	if err != nil {
		return
	}
	kept := body[start:end]
	var spelled []byte
	if bytes.HasPrefix(kept, []byte("\r\n")) {
		spelled = append(spelled, "\r\n"...)
	}
	for _, p := range parts {
		spelled = fmt.Appendf(spelled, "--%s\r\n%s\r\n%s\r\n", boundary, p.header.of(body), p.body.of(body))
	}
	spelled = fmt.Appendf(spelled, "--%s--", boundary)
	if !bytes.Equal(spelled, kept) && !bytes.Equal(append(spelled, "\r\n"...), kept) {
		t.Errorf("the parts make up %q\nbody: %q", spelled, body)
	}
	if n := bytes.Count(body, []byte("--"+boundary)); n != len(parts)+1 {
		t.Errorf("%d parts, but %d boundaries\nbody: %q", len(parts), n, body)
	}

	r := multipart.NewReader(bytes.NewReader(kept), boundary)
	for i, p := range parts {
		q, err := r.NextRawPart()
		if err != nil {
			t.Fatalf("part %d: mime/multipart: %v\nbody: %q", i, err, body)
		}
		content, err := io.ReadAll(q)
		if err != nil || !bytes.Equal(content, p.body.of(body)) {
			t.Fatalf("part %d: mime/multipart reads %q (%v), we %q\nbody: %q", i, content, err, p.body.of(body), body)
		}
		checkPart(t, body, p, q.Header)
	}
	if _, err := r.NextRawPart(); err != io.EOF {
		t.Fatalf("mime/multipart reads on: %v\nbody: %q", err, body)
	}
}

func checkPart(t *testing.T, body []byte, p formPart, header textproto.MIMEHeader) {
	t.Helper()
	kind, params, err := mime.ParseMediaType(header.Get("Content-Disposition"))
	browsers := strings.NewReplacer("%22", `"`, "%0D", "\r", "%0d", "\r", "%0A", "\n", "%0a", "\n")
	if err != nil || kind != "form-data" || browsers.Replace(params["name"]) != p.nameText || browsers.Replace(params["filename"]) != p.fileText {
		t.Errorf("mime reads %q %q (%v), we %q and %q\nbody: %q", kind, params, err, p.nameText, p.fileText, body)
	}
	if len(header["Content-Disposition"]) != 1 {
		t.Errorf("mime reads %q\nbody: %q", header, body)
	}
	if declared := header.Get("Content-Type"); declared != "" || p.mediaType != "" {
		if mediaType, _, err := mime.ParseMediaType(declared); err != nil || mediaType != p.mediaType {
			t.Errorf("mime reads type %q (%v), we %q\nbody: %q", mediaType, err, p.mediaType, body)
		}
	}
	for _, written := range []string{p.nameText, p.fileText} {
		if got := partText(escapePartName(nil, written)); got != browsers.Replace(written) && !strings.Contains(written, `\`) {
			t.Errorf("%q is written so that it is read as %q", written, got)
		}
	}
}

func FuzzSplitMultipart(f *testing.F) {
	f.Add([]byte("--b\r\n"+formField+formEnd), "b")
	f.Add([]byte("\r\n--b\r\n"+formField+"--b\r\n"+formField+"--b--"), "b")
	f.Add([]byte(withName(`name="a%22\"\\b"; filename="C:\a%0D.txt"; filename*=utf-8''x`)), "b")
	f.Add([]byte(withName(`name=a; filename=s.json; filename*=utf-8''s.json`)), "b")
	f.Add([]byte(onePart("X-A: b\r\nContent-Type: text/plain; charset=\"utf-8\"\r\nContent-Length: 1\r\nContent-Disposition: form-data; name=a", "x")), "b")
	f.Add([]byte("----\r\n"+formField+"------"), "--")
	f.Add([]byte("--a--a\r\n"+formField+"--a--a--"), "a--a")
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		checkForm(t, body, boundary)
		// Most of what a fuzzer writes is no form: let it write the header of one.
		if len(body) < 1<<10 {
			checkForm(t, []byte(onePart("Content-Disposition: form-data; name="+string(body), "x")), "b")
			checkForm(t, []byte(onePart("Content-Disposition: form-data; name=a; filename="+string(body), "x")), "b")
			checkForm(t, []byte(onePart("Content-Disposition: form-data; name=a\r\nContent-Type: "+string(body), "x")), "b")
			checkForm(t, []byte(onePart("Content-Disposition: form-data; name=a", string(body))), "b")
		}
	})
}
