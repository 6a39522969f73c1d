package proxy

import (
	"crypto/rand"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

// An exchange is one request and its answer: whose it is, when it came, and
// what was replaced in it.
type exchange struct {
	s      *Sanitizer
	req    *http.Request // the caller's
	limits Limits
	match  *rules.Match
	tenant string    // whose it is, where the caller knows; "": the match says
	began  time.Time // one moment for all of it: its day, its key version

	keyring    *pseudonym.Keyring
	global     *pseudonym.Keyring
	request    string // the scope of linkable: request
	replaced   int
	waited     time.Duration       // for the body and for the collector
	held       share               // of the bytes in flight
	panicked   []string            // where
	passed     *passedBody         // of a route that passes
	lacked     int                 // bytes that there was no room for
	answer     io.Closer           // once there is one
	handedOver bool                // the body is the transport's to close
	observed   *Refusal            // what a route that observes would refuse the request for
	read       []byte              // of the body, as the client sent it, where a route observes
	originals  map[string]original // by token
	shapes     map[string]original // by shape
	size       int                 // of both, in bytes
	lent       int                 // bytes in flight, while the request is rewritten
	lengths    []int               // that tokens have
	longest    int                 // shape, in bytes
}

// perOriginal is about what an entry of a map takes in memory, beside its texts.
const perOriginal = 96

// An original is what the client wrote where a pseudonym stands now.
type original struct {
	text   string
	number bool // it stood there as a JSON number
}

func (x *exchange) route() string {
	if x.match == nil {
		return ""
	}
	return x.match.Route.Name
}

// seal is the rules.Replacer of the exchange.
func (x *exchange) seal(f *rules.Finding) (string, error) {
	switch f.Action() {
	case rules.Pseudonymize:
		if with := f.Instead(); with != "" { // the guard's
			x.found(f, with)
			x.count(f)
			return "", nil
		}
	case rules.Mask, rules.Remove, rules.Generalize:
		if f.Instead() != f.Text() { // or it is as general already
			x.count(f)
		}
		fallthrough
	default:
		x.found(f, f.Instead())
		return "", nil
	}
	keyring, err := x.keys(f.Rule)
	if err != nil {
		return "", err
	}
	text := f.Text()
	if pseudonymized(keyring, f.Kind, f.Says()) {
		x.found(f, text)
		return text, nil
	}
	c := pseudonym.Context{Scope: x.scope(f.Rule), Reversible: f.Rule.Reversible, Time: x.began}
	if !f.Issued.IsZero() && f.Issued.Before(x.began) { // or a client could ask for keys of tomorrow
		c.Time = f.Issued
	}
	with, shape := shapeOf(keyring, c, f, text)
	switch {
	case shape:
	case c.Reversible:
		with = keyring.Seal(c, text)
	default:
		with = keyring.Seal(c, f.Canonical())
	}
	x.found(f, with)
	x.count(f)
	if x.req == nil || x.match.Route.Restore != rules.RestoreEcho {
		return with, nil // a record has no answer to put anything back into
	}
	return with, x.remember(with, original{text, f.Number}, shape)
}

// remember keeps what the client wrote, for the answer. Of several values with one
// pseudonym the first comes back.
func (x *exchange) remember(with string, was original, shape bool) error {
	kept := &x.originals
	if shape {
		kept = &x.shapes
	}
	if _, known := (*kept)[with]; known {
		return nil
	}
	if *kept == nil {
		*kept = map[string]original{}
	}
	size := len(with) + len(was.text) + perOriginal
	if !x.held.take(size) {
		return x.full(size)
	}
	x.size += size
	(*kept)[with] = was
	if shape {
		x.longest = max(x.longest, len(with))
	} else if !slices.Contains(x.lengths, len(with)) {
		x.lengths = append(x.lengths, len(with))
	}
	return nil
}

// shapeOf returns the pseudonym that looks like a finding, where its rule wants one
// and it has one. Where the client wrote the digits of a phone number alone, they
// are digits alone.
func shapeOf(k *pseudonym.Keyring, c pseudonym.Context, f *rules.Finding, text string) (string, bool) {
	keep, ok := f.Shape()
	if !ok {
		return "", false
	}
	canonical := f.Canonical()
	shape, ok := k.Shape(c, canonical, keep)
	if bare, plus := strings.CutPrefix(shape, "+"); plus && (f.Number || "+"+text == canonical) {
		shape = bare
	}
	return shape, ok
}

// pseudonymized says whether a finding is a pseudonym of this keyring already,
// or the address of one: a number in a SIP URI leaves its domain behind. The
// keyring can tell; what only looks like a token is a text like any other, and
// so is what goes on after one but is no domain.
func pseudonymized(k *pseudonym.Keyring, kind, text string) bool {
	if kind == "value" {
		return k.Own(text)
	}
	user, domain, _ := strings.Cut(text, "@")
	return k.Own(user) && !strings.Contains(domain, "@") && (domain == "" || strings.ContainsFunc(domain, unicode.IsLetter))
}

// count counts what was replaced.
func (x *exchange) count(f *rules.Finding) {
	if !f.Repeated() {
		x.replaced++
	}
}

func (x *exchange) found(f *rules.Finding, with string) {
	if x.s.Found != nil && !f.Repeated() {
		x.s.Found(x.match.Route, f, with)
	}
}

// keys returns the keyring a rule's pseudonyms are made with. It is asked for
// at the first finding: a request that needs no pseudonym needs no tenant.
func (x *exchange) keys(r *rules.Rule) (*pseudonym.Keyring, error) {
	if x.keyring == nil {
		tenant, err := x.tenant, error(nil)
		if tenant == "" {
			tenant, err = x.match.Tenant()
		}
		if err != nil {
			return nil, err
		}
		if x.keyring = x.s.Keys(tenant); x.keyring == nil {
			return nil, refuse(Keys, "there is no keyring for the tenant of this request")
		}
	}
	if r.Linkable != rules.LinkGlobal {
		return x.keyring, nil
	}
	if x.global == nil {
		if x.global = x.s.Keys(pseudonym.Global); x.global == nil {
			return nil, refuse(Keys, "there is no keyring for linkable: global")
		}
	}
	return x.global, nil
}

// scope is what the pseudonyms of a rule are linkable across.
func (x *exchange) scope(r *rules.Rule) string {
	switch r.Linkable {
	case rules.LinkDay:
		return pseudonym.DayScope(x.began)
	case rules.LinkWeek:
		return pseudonym.WeekScope(x.began)
	case rules.LinkMonth:
		return pseudonym.MonthScope(x.began)
	case rules.LinkAddress:
		if value, ok := x.match.Scope(r); ok {
			return pseudonym.ValueScope(value)
		}
		return x.once()
	case rules.LinkRequest:
		return x.once()
	}
	return ""
}

// once returns the scope that no other request has.
func (x *exchange) once() string {
	if x.request == "" {
		x.request = "request:" + rand.Text()
	}
	return x.request
}
