package proxy

import (
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/statveil/statveil/rules"
)

// hopByHop are headers that hold for one connection only (RFC 9110, 7.6.1).
var hopByHop = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Expect",
}

func dropHopByHop(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			h.Del(textproto.TrimString(name))
		}
	}
	for _, name := range hopByHop {
		h.Del(name)
	}
	for name := range h {
		if n := rules.HeaderName(name); n != name && framed(http.CanonicalHeaderKey(n)) {
			delete(h, name)
		}
	}
}

// framed says whether a header is about the framing or the coding of a message. For
// gateways to CGI, X_Y and X.Y are other spellings of X-Y.
func framed(name string) bool {
	return slices.Contains(hopByHop, name) || name == "Content-Length" || name == "Content-Encoding" || name == "Content-Type"
}

// dropForwarded drops what says who the client is, unless a rule names it: its
// address is personal data, and nobody checked it.
func (x *exchange) dropForwarded(h http.Header) {
	for name := range h {
		if x.match.Names(name) {
			continue
		}
		switch n := strings.ToLower(rules.HeaderName(name)); { // as gateways to CGI read it
		case n == "forwarded", n == "x-real-ip", strings.HasPrefix(n, "x-forwarded-"):
			delete(h, name)
		}
	}
}

// digests are headers that vouch for a body that is not sent as it was signed.
var digests = []string{"Content-Md5", "Digest", "Content-Digest", "Repr-Digest"}

func dropDigests(h http.Header) {
	for _, name := range digests {
		h.Del(name)
	}
	dropSignatures(h) // they cover digests
}

// dropSignatures drops RFC 9421: a signature may cover any part of a message.
func dropSignatures(h http.Header) {
	h.Del("Signature")
	h.Del("Signature-Input")
}

// offerReadable leaves in Accept-Encoding only what restore can undo, as it was spelled.
func offerReadable(h http.Header) {
	if len(h["Accept-Encoding"]) == 0 {
		return // nobody compresses unasked
	}
	var offer []string
	for _, v := range h["Accept-Encoding"] {
		for c := range strings.SplitSeq(v, ",") {
			name, _, _ := strings.Cut(c, ";")
			name = strings.ToLower(textproto.TrimString(name))
			if name == "identity" || codings[name] != nil {
				offer = append(offer, textproto.TrimString(c))
			}
		}
	}
	if len(offer) == 0 {
		offer = []string{"identity"}
	}
	h.Set("Accept-Encoding", strings.Join(offer, ", "))
}
