package proxy

import (
	"net/http"
	"net/textproto"
	"strings"
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
}

// dropForwarded drops what says who the client is, unless a rule names it: its
// address is personal data, and nobody checked it.
func (x *exchange) dropForwarded(h http.Header) {
	for name := range h {
		if x.match.Names(name) {
			continue
		}
		if name == "Forwarded" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			delete(h, name)
		}
	}
}

// digests are headers that vouch for a body that is not sent as it was signed.
var digests = []string{"Content-Md5", "Digest", "Content-Digest", "Repr-Digest", "Signature", "Signature-Input"}

func dropDigests(h http.Header) {
	for _, name := range digests {
		h.Del(name)
	}
}

// offerReadable leaves in Accept-Encoding only what restore can undo.
func offerReadable(h http.Header) {
	if len(h["Accept-Encoding"]) == 0 {
		return // nobody compresses unasked
	}
	offer := "identity"
	for _, v := range h["Accept-Encoding"] {
		for c := range strings.SplitSeq(v, ",") {
			name, params, _ := strings.Cut(c, ";")
			if textproto.TrimString(name) == "gzip" && !strings.HasPrefix(strings.ReplaceAll(params, " ", "")+",", "q=0,") {
				offer = "gzip"
			}
		}
	}
	h.Set("Accept-Encoding", offer)
}
