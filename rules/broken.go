package rules

import (
	"errors"
	"regexp"
)

// This file reads a body that is not what it claims to be, as JSON cut off in the
// middle, as a text, where the route says so (on_failure).
//
// Nobody knows where in it a value begins, and how its reader, who must be lenient,
// undoes escapes. So everything is looked through (deep.go), and what no rule takes
// is searched even where the route otherwise keeps it. A text that hides what it
// says in other ways is refused.

// AsText says whether Rewrite read the body as a text because it could not be read
// as what it is.
func (m *Match) AsText() bool { return m.asText }

// orBroken returns brokenMedium for a body that seems to be of this kind and cannot
// be read as it. The error is that it is no text either. It tells nobody of what it
// sees: a body is treated once.
func (m *Match) orBroken(w *walker, kind medium, boundary string) (medium, error) {
	var err error
	switch body := m.msg.Body; kind {
	case jsonMedium:
		err = w.check(body, m.Route.parts[inBody])
	case formMedium:
		if !pairsReadable(view(body)) {
			err = errForm
		}
	case multipartMedium:
		_, _, _, err = splitMultipart(body, boundary, m.msg.parameters())
	}
	var e *Error
	switch {
	case !errors.As(err, &e) || e.Reason != Unparseable:
		return kind, nil // Rewrite finds out what else is wrong
	case !m.textual():
		return 0, badBody("%s; and it is no plain text", e.Detail)
	case kind == multipartMedium && encodedParts.Match(m.msg.Body):
		return 0, badBody("%s; and its parts may be encoded", e.Detail)
	}
	return brokenMedium, nil
}

// textual says whether the body is a text in which escapes are those of JSON, URLs
// and HTML.
func (m *Match) textual() bool {
	declared, _, err := m.contentType()
	_, known := media[declared]
	return err == nil && (known || jsonType(declared)) && plainText(m.msg.Body)
}

// encodedParts is what says of a part of a form that its content or a name in it is
// encoded as in mail (RFC 2045, 2047, 2231), or may be.
var encodedParts = regexp.MustCompile(`(?i)content-transfer-encoding|charset|=\?|name\*`)

// rewriteBroken treats a body that is read as a text.
func (m *Match) rewriteBroken(w *walker) (string, error) {
	w.t.place, w.t.deep = func() string { return "text" }, true
	text := view(m.msg.Body)
	if err := w.t.value(m.Route.broken.root(), text); err != nil || w.t.removed {
		return "", err
	}
	return w.t.apply(text), nil
}
