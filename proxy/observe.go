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
	path := msg.Path
	var read bytes.Buffer
	body := req.Body
	seen := *req // whose body is kept as it is read
	if body != nil && body != http.NoBody {
		seen.Body = io.NopCloser(io.TeeReader(io.LimitReader(body, x.limits.Body+1), &read))
	}
	changed := out.Clone(req.Context())
	if err := x.sanitize(&seen, changed, msg); err != nil {
		x.observed = x.refusal(req.Context(), err)
	}
	x.letGo(-read.Cap())
	x.originals = nil // nothing was replaced, so nothing comes back
	if body != nil && body != http.NoBody {
		out.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(&read, body), body}
	}
	if err := setPath(out.URL, path); err != nil {
		return nil, err
	}
	x.handedOver = true
	return x.send(out)
}
