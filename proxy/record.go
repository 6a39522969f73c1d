package proxy

import (
	"context"

	"github.com/statveil/statveil/rules"
)

// Record appends to dst what a request of this route with the body doc, a JSON
// text, would send on as its body: the same replacements by the same keys. A
// record of a route that passes or observes is appended as it is.
//
// Of a stored record there is nothing but the body. So the tenant must be given
// where the route reads it from elsewhere ("": the route says it, by a name or
// by an address in the body), and a rule that is linkable across an address
// elsewhere makes pseudonyms that are equal within this record only, as those
// of linkable: request are.
//
// The error is a *Refusal, and dst comes back as it was given. Record may be
// called by several goroutines at once.
func (s *Sanitizer) Record(dst, doc []byte, route *rules.Route, tenant string) ([]byte, error) {
	x := &exchange{s: s, limits: s.Limits.withDefaults(), began: s.now(), tenant: tenant}
	x.match = route.Record(doc, x.limits.Depth)
	if err := x.record(dst[len(dst):], len(doc)); err != nil {
		return dst, x.refusal(context.Background(), err)
	}
	// What was rewritten stands there already, if there was room for it.
	return append(dst, x.match.Body()...), nil
}

func (x *exchange) record(space []byte, size int) error {
	if x.match.Route.Pass || x.match.Route.Observe {
		return nil
	}
	if int64(size) > x.limits.Body {
		return x.tooLarge("the record")
	}
	if err := x.match.Read(); err != nil {
		return err
	}
	return x.match.Rewrite(space, x.seal)
}
