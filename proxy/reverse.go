package proxy

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Reverse returns a handler that sends every request through s to a collector,
// scheme://host[:port]: the one that collector returns for the host that the client
// asked for, if any. It is asked for by its own name: the client's Host header may
// hold anything.
func Reverse(s *Sanitizer, collector func(host string) *url.URL) http.Handler {
	return &reverse{s, collector}
}

type reverse struct {
	s         *Sanitizer
	collector func(host string) *url.URL
}

func (p *reverse) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	res, err := p.forward(r)
	var refusal *Refusal
	if errors.As(err, &refusal) { // it always is one
		refusal.write(w, r)
		return
	}
	defer res.Body.Close()
	h := w.Header()
	dropHopByHop(res.Header)
	for name, values := range res.Header {
		h[name] = values
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // or net/http guesses one
	}
	for name := range res.Trailer {
		h.Add("Trailer", name)
	}
	w.WriteHeader(res.StatusCode)
	if err := copyBody(w, res); err != nil {
		panic(http.ErrAbortHandler) // the client must not take a part for the whole
	}
	for name, values := range res.Trailer {
		h[name] = values
	}
}

// forward turns the request that came in into the one that goes out.
func (p *reverse) forward(r *http.Request) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.URL = &url.URL{RawQuery: r.URL.RawQuery, ForceQuery: r.URL.ForceQuery}
	if u := p.collector(r.Host); u != nil {
		out.URL.Scheme, out.URL.Host = u.Scheme, u.Host
	}
	if r.ContentLength == 0 && r.Body != nil && r.Body != http.NoBody { // of HTTP/2, where the end of one without a body may be still to come
		if _, err := r.Body.Read(make([]byte, 1)); err == io.EOF {
			out.Body = http.NoBody
		}
	}
	out.RequestURI = ""
	out.Host = ""     // the upstream's
	out.Close = false // is about the client's connection
	return p.s.roundTrip(out, asked{r.Host, rawPath(r)})
}

// rawPath returns the path as the client spelled it.
func rawPath(r *http.Request) string {
	target, _, _ := strings.Cut(r.RequestURI, "?")
	if _, rest, ok := strings.Cut(target, "://"); ok && !strings.HasPrefix(target, "/") { // absolute form
		_, path, _ := strings.Cut(rest, "/")
		return "/" + path
	}
	return target
}

// copyBody sends the answer on; one of unknown length piece by piece, as it comes.
func copyBody(w http.ResponseWriter, res *http.Response) error {
	if res.ContentLength >= 0 {
		_, err := io.Copy(w, res.Body)
		return err
	}
	flush := http.NewResponseController(w)
	buf := make([]byte, 32<<10)
	for {
		n, err := res.Body.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			if err := flush.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
