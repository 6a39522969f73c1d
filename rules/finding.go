package rules

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unsafe"

	"github.com/statveil/statveil/rules/detect"
	"golang.org/x/text/unicode/norm"
)

// Finding is one piece of personal data at one place of a request, or a whole
// value that a rule covers. However it is printed, it shows no text of the
// request. It is valid only during the call of the Replacer that gets it.
type Finding struct {
	Rule   *Rule  // that took it; Rule.File is "" for the last look
	Kind   string // phone, email ...; "value" where a rule took the whole value
	Number bool   // it stands there as a JSON number
	token  bool   // only a token can stand there: for a part of a number, or in what cannot be read

	// Issued is when the JWT that it is in says that it was issued (iat), else the
	// zero time. Keys of that time give the same pseudonym as long as the token lives.
	Issued time.Time

	repeated bool
	secret   **secret // fmt follows one pointer, where a Finding is part of something else, but not two
}

// A secret is what a Finding must not show when it is printed.
type secret struct {
	text      string // may alias the buffer of the body
	says      string // of a text in an encoding inside the value
	canonical string // of a detector's span
	instead   string // what takes its place where the Replacer does not say it
	place     func() string
}

// Replacer says what takes the place of a finding whose Action is Pseudonymize. Of
// others it is only told: what a rule keeps, masks, removes, generalizes or rejects,
// and what the guard finds, which has its pseudonym already (Instead is not "" then).
// An error ends the rewriting and is returned.
type Replacer func(*Finding) (string, error)

// Text returns the exact text of the finding, decoded; of a number, its JSON.
func (f *Finding) Text() string { return strings.Clone((*f.secret).text) }

// Says returns what the text says once the encodings are undone that the finding
// stands in inside its value, such as anna@example.com for anna%40example.com.
func (f *Finding) Says() string {
	if s := *f.secret; s.says != "" {
		return s.says
	}
	return f.Text()
}

// Canonical returns the one form of all spellings of this value: what the
// detector that covers it says (phone numbers E.164, e-mail domains in lower
// case, addresses as RFC 5952), else its text in Unicode normalization form C.
func (f *Finding) Canonical() string {
	s := *f.secret
	if s.canonical == "" {
		s.canonical = canonical(f.Rule.any, s.text)
	}
	s.canonical = norm.NFC.String(s.canonical)
	(*f.secret).canonical = s.canonical // it takes time, and is asked for again
	return s.canonical
}

// Repeated says that the Replacer has seen this finding: the guard has the message
// rewritten again from its beginning, and what it got must come again.
func (f *Finding) Repeated() bool { return f.repeated }

func canonical(find *detect.Finder, text string) string {
	if c, ok := find.Canonical(text); ok {
		return norm.NFC.String(c)
	}
	return strings.Clone(norm.NFC.String(text))
}

// Action returns what is done with the finding: what its rule does, but of what a
// rule cannot generalize, Pseudonymize.
func (f *Finding) Action() Action {
	if f.Rule.Do == Generalize && (*f.secret).instead == "" {
		return Pseudonymize
	}
	return f.Rule.Do
}

// Instead returns what takes the place of the finding where the Replacer is not asked
// for that: where its rule does not pseudonymize it, or it is the guard's. It is ""
// where the finding is removed, or it or the request is kept.
func (f *Finding) Instead() string {
	return strings.Clone((*f.secret).instead)
}

// Address returns the place of the finding in the request, such as
// body.stats.3.ip. Member names in it come from the request: show it to nobody
// but the one whose request it is.
func (f *Finding) Address() string { return (*f.secret).place() }

// Format prints kind and rule for every verb, and no text.
func (f Finding) Format(s fmt.State, _ rune) {
	io.WriteString(s, f.Kind+" taken by rule "+f.Rule.Name)
}

// view returns a string over b without copying. It must not outlive b, and
// nothing of it may be kept: a cached part would pin, and later show, the body
// of another request.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
