package rules

import (
	"bytes"
	"mime"
	"slices"
	"strings"
	"unicode/utf8"
)

// medium is what a body is, as far as it matters where personal data stands.
type medium uint8

const (
	jsonMedium medium = iota
	formMedium
	multipartMedium
	textMedium
	brokenMedium // one of these, that cannot be read, and is read as a text
)

var errMedium = &Error{Reason: Encoding, Detail: "the body is of a medium that is not inspected here: JSON, forms and plain text are", Body: true}

// media are types that hold text as it is written, but for what claims to be
// JSON. Other kinds of text have escapes of their own, XML its entities.
var media = map[string]medium{
	"":                                  textMedium,
	"text/plain":                        textMedium,
	"text/csv":                          textMedium,
	"text/tab-separated-values":         textMedium,
	"application/octet-stream":          textMedium,
	"application/sdp":                   textMedium,
	"application/x-www-form-urlencoded": formMedium,
	"multipart/form-data":               multipartMedium,
}

// medium says what the body is, and the boundary of its parts.
func (m *Match) medium(w *walker) (medium, string, error) {
	kind, boundary, err := m.apparent(w)
	if err == nil && m.Route.broken != nil {
		kind, err = m.orBroken(w, kind, boundary)
	}
	return kind, boundary, err
}

// apparent says what the body seems to be: what it claims to be is a hint, not a promise.
// Beacons post JSON as plain text, and curl as a form.
//
// Where two readers would read two things, and a rule means one of them, it is
// read as that, or refused.
func (m *Match) apparent(w *walker) (medium, string, error) {
	body := m.msg.Body
	declared, params, err := m.contentType()
	switch {
	case m.path == nil: // a stored record
		return jsonMedium, "", nil
	case err != nil:
		return 0, "", err
	case jsonType(declared):
		return jsonMedium, "", nil
	}
	claimed, known := media[declared]
	begins := body[skipMarks(body, 0):]
	object := len(begins) > 0 && (begins[0] == '{' || begins[0] == '[')
	text := len(begins) > 0 && begins[0] == '"'
	scalar := len(begins) > 0 && strings.IndexByte("-0123456789tfn", begins[0]) >= 0 && bytes.ContainsAny(body, "{[")
	switch {
	case object && claimed != multipartMedium, (object || text || scalar) && w.valid(body, m.Route.parts[inBody]):
		// Broken JSON is nothing else: a lenient reader may read it.
		if claimed == formMedium && m.namesField(body) {
			return 0, "", errTwoMedia
		}
		return jsonMedium, "", nil
	case claimed != multipartMedium && m.records(body):
		return jsonMedium, "", nil // and broken
	case !known:
		return 0, "", errMedium
	case claimed == textMedium && !plainText(body), claimed == formMedium && slices.ContainsFunc(body, control):
		return 0, "", errMedium
	case (declared == "" || declared == "text/plain") && !bytes.ContainsAny(body, " \t\r\n") && m.namesField(body): // no form has these as they are
		if m.Route.about(inText) {
			return 0, "", errTwoMedia
		}
		return formMedium, "", nil
	case claimed == textMedium && m.Route.hasFields() && bytes.HasPrefix(begins, []byte("--")) && bytes.Contains(bytes.ToLower(body), []byte("content-disposition:")):
		line, _, _ := bytes.Cut(begins[len("--"):], []byte("\n"))
		return multipartMedium, string(bytes.TrimSuffix(line, []byte("\r"))), nil
	}
	return claimed, params["boundary"], nil
}

var errTwoMedia = &Error{Reason: Unsafe, Detail: "the body can be read as a form and as something else, and a rule names a field of it", Body: true}

// skipMarks skips what stands before a text and says nothing: separators, and a byte
// order mark.
func skipMarks(d []byte, i int) int {
	for i = skipSeparators(d, i); bytes.HasPrefix(d[i:], []byte("\ufeff")); {
		i = skipSeparators(d, i+len("\ufeff"))
	}
	return i
}

// records says whether a line of the body begins like JSON, where rules are about
// JSON: a reader of records skips the lines that are none.
func (m *Match) records(body []byte) bool {
	if !m.Route.hasBody() {
		return false
	}
	for i := 0; i < len(body); i++ {
		if i > 0 && body[i-1] != '\n' && body[i-1] != '\r' {
			continue
		}
		if i = skipMarks(body, i); i < len(body) && (body[i] == '{' || body[i] == '[') {
			return true
		}
	}
	return false
}

// namesField says whether the body can be read as an urlencoded form of which an
// address of the route names a field.
func (m *Match) namesField(body []byte) bool {
	if !m.Route.hasFields() {
		return false
	}
	for pair := range strings.SplitSeq(view(body), "&") {
		raw, _, hasValue := strings.Cut(pair, "=")
		name, ok := urlText(raw)
		if !ok || !hasValue {
			continue
		}
		for _, a := range []*automaton{m.Route.parts[inForm], m.Route.readers[inForm]} {
			if a != nil && a.states[a.member(0, name)].plan != nil {
				return true
			}
		}
	}
	return false
}

var errParameters = &Error{Reason: Encoding, Detail: "the Content-Type has parameters that readers take for different things", Body: true}

// contentType returns the media type that the body claims, "" where it claims
// none, and "?" where that cannot be read, or is several.
func (m *Match) contentType() (string, map[string]string, error) {
	values := m.msg.Header["Content-Type"]
	if len(values) == 0 {
		return "", nil, nil
	}
	for _, v := range values {
		// Two charsets or boundaries, one of them encoded (RFC 2231) maybe: which one
		// counts?
		_, parameters, _ := strings.Cut(strings.ToLower(v), ";")
		if strings.Contains(parameters, "*") || givenTwice(parameters, "charset") || givenTwice(parameters, "boundary") {
			return "", nil, errParameters
		}
	}
	declared, params, err := mime.ParseMediaType(values[0])
	switch {
	case len(values) > 1:
		return "?", nil, nil
	case err != nil: // of its parameters; a claim of JSON is one whatever follows
		declared, _, _ = strings.Cut(values[0], ";")
		if declared = strings.ToLower(strings.TrimSpace(declared)); !jsonType(declared) {
			return "?", nil, nil
		}
	}
	return declared, params, nil
}

// givenTwice says whether some reader finds two parameters of this name: the name
// before a =, wherever it stands. The boundary of WebKit has that word in its value.
func givenTwice(parameters, name string) bool {
	n := 0
	for {
		_, rest, ok := strings.Cut(parameters, name)
		if !ok {
			return n > 1
		}
		if blank := func(c rune) bool { return c <= ' ' || c >= utf8.RuneSelf }; strings.HasPrefix(strings.TrimLeftFunc(rest, blank), "=") {
			n++
		}
		parameters = rest
	}
}

// jsonType says whether a type claims JSON: application/json and text/json, all
// +json (RFC 6839), JSON text sequences (RFC 7464) and newline-delimited JSON.
func jsonType(t string) bool {
	_, sub, _ := strings.Cut(t, "/")
	switch strings.TrimPrefix(sub, "x-") {
	case "json", "json-seq", "ndjson", "jsonl", "jsonlines", "json-lines", "csp-report":
		return true
	}
	return strings.HasSuffix(sub, "+json") || strings.HasSuffix(sub, "+json-seq")
}

// plainText says whether these are characters, none of them for machines, and no
// markup: its entities would hide what they spell.
func plainText(b []byte) bool {
	begins := b[skipMarks(b, 0):]
	return utf8.Valid(b) && !slices.ContainsFunc(b, control) && (len(begins) == 0 || begins[0] != '<')
}

// control says whether a byte is a character for machines.
func control(c byte) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7F }

// rewriteBody treats the body. What was replaced is appended to dst.
func (m *Match) rewriteBody(w *walker, dst []byte) ([]byte, error) {
	kind, boundary, err := m.medium(w)
	if err != nil {
		return nil, err
	}
	m.asText = kind == brokenMedium
	w.t.place = w.here
	if kind == jsonMedium {
		out, edited, err := w.rewrite(dst, m.msg.Body, m.Route.parts[inBody])
		if !edited {
			out = m.msg.Body
		}
		return out, err
	}
	if err := w.t.room.take(2 * len(m.msg.Body)); err != nil {
		return nil, err
	}
	out, err := m.fields(w, kind, boundary, &m.Route.parts)
	if err != nil || out == string(m.msg.Body) {
		return m.msg.Body, err
	}
	return append(dst, out...), nil
}

// readBody reads what stands at the addresses of tenant and scopes.
func (m *Match) readBody(w *walker) error {
	parts := &m.Route.readers
	if parts[inBody] == nil && parts[inForm] == nil && parts[inText] == nil {
		return nil
	}
	kind, boundary, err := m.medium(w)
	switch {
	case err != nil:
		return err
	case kind == brokenMedium: // half of its values must not stand for all
		return nil
	case kind == jsonMedium && parts[inBody] == nil:
		return nil
	case kind == jsonMedium:
		return w.run(m.msg.Body, parts[inBody])
	case kind == textMedium && parts[inText] == nil, kind != textMedium && parts[inForm] == nil:
		return nil
	}
	_, err = m.fields(w, kind, boundary, parts)
	return err
}

var errForm = badBody("the form has a broken percent-encoding or is not UTF-8")

// fields takes a body that is no JSON through its automaton.
func (m *Match) fields(w *walker, kind medium, boundary string, parts *[roots]*automaton) (string, error) {
	switch kind {
	case brokenMedium:
		return m.rewriteBroken(w)
	case formMedium:
		body := view(m.msg.Body)
		if most := m.msg.parameters(); pairsOf(body, "&") > most {
			return "", tooMany("fields of the form", most, true)
		}
		if !pairsReadable(body) {
			return "", errForm
		}
		w.auto = parts[inForm]
		edits, err := w.pairs(0, body, func() string { return "form" })
		return apply(body, edits), err
	case textMedium:
		w.t.place = func() string { return "text" }
		text := view(m.msg.Body)
		if err := w.t.value(parts[inText].root(), text); err != nil {
			return "", err
		}
		if w.t.removed {
			return "", nil
		}
		return w.t.apply(text), nil
	}
	w.auto = parts[inForm]
	return w.parts(m.msg.Body, boundary, m.msg.parameters())
}
