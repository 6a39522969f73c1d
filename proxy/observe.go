package proxy

import (
	"bytes"
	"io"
	"net/http"

	"github.com/statveil/statveil/rules"
)

// observe does to a copy of the request what its route says, so that findings and
// refusals are reported, and forwards the request unchanged.
func (x *exchange) observe(req, out *http.Request, msg *rules.Message) (*http.Response, error) {
	path, body := msg.Path, out.Body
	changed := out.Clone(req.Context())
	if err := x.sanitize(req, changed, msg); err != nil {
		x.observed = x.refusal(req.Context(), err)
	}
	x.originals = nil // nothing was replaced, so nothing comes back
	x.held.keep(cap(x.read))
	if len(x.read) > 0 {
		out.Body = &resumed{io.MultiReader(bytes.NewReader(x.read), body), body}
	}
	if err := setPath(out.URL, path); err != nil {
		return nil, err
	}
	x.handedOver = true
	res, err := x.send(out)
	x.read = nil // of no use any more
	x.held.keep(0)
	return res, err
}
