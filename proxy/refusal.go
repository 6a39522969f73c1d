package proxy

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Reason is why a request was refused; clients and metrics see this word.
type Reason string

const (
	NoRoute     Reason = "no_route"    // no rule file knows this kind of request
	Unparseable Reason = "unparseable" // syntax, UTF-8, percent-encoding
	Unsafe      Reason = "unsafe"      // read, but cannot be made safe
	Oversize    Reason = "oversize"    // larger or deeper than the limits
	Encoding    Reason = "encoding"    // a coding or medium that cannot be inspected
	Method      Reason = "method"      // CONNECT, or an upgrade to another protocol
	Rejected    Reason = "rejected"    // a rule said so
	Slow        Reason = "slow"        // the request did not arrive in time
	Tenant      Reason = "tenant"      // nobody knows whose data it is
	Keys        Reason = "keys"        // no keys for this tenant now
	Collector   Reason = "collector"   // the collector did not answer
	Misdirected Reason = "misdirected" // no collector serves the host that was asked for
	Busy        Reason = "busy"        // too much at once
	Internal    Reason = "internal"    // a mistake of ours
)

var reasons = map[Reason]struct {
	status int
	title  string
}{
	NoRoute:     {http.StatusForbidden, "No route matches this request"},
	Unparseable: {http.StatusBadRequest, "The request cannot be read"},
	Unsafe:      {http.StatusUnprocessableEntity, "The request cannot be made safe"},
	Oversize:    {http.StatusRequestEntityTooLarge, "The request is too large"},
	Encoding:    {http.StatusUnsupportedMediaType, "The body cannot be inspected"},
	Method:      {http.StatusMethodNotAllowed, "This method is not served"},
	Rejected:    {http.StatusForbidden, "A rule rejects this request"},
	Slow:        {http.StatusRequestTimeout, "The request took too long to arrive"},
	Tenant:      {http.StatusForbidden, "The tenant of this request is not known"},
	Keys:        {http.StatusServiceUnavailable, "There are no keys for this request now"},
	Collector:   {http.StatusBadGateway, "The collector did not answer"},
	Misdirected: {http.StatusMisdirectedRequest, "No collector serves this host"},
	Busy:        {http.StatusServiceUnavailable, "There is too much to do at once"},
	Internal:    {http.StatusInternalServerError, "The request could not be treated"},
}

// Refusal is a request that was not forwarded, or got no answer. It holds no
// text of the request.
type Refusal struct {
	Reason Reason
	Status int    // what an HTTP client is told
	Route  string // the route that matched, or ""
	Detail string // what was wrong
	Limit  string // the limit or time-out that was passed, by its name in the configuration; or ""
	ID     string // random, to find this one in a log

	cause error // of the caller's context
	gone  bool  // the client was gone before all of its request was there
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

// Unwrap returns the error of the caller's context, if that ended the request.
func (r *Refusal) Unwrap() error { return r.cause }

func refuse(reason Reason, detail string) *Refusal {
	return &Refusal{Reason: reason, Status: reasons[reason].status, Detail: detail}
}

func limited(reason Reason, limit, detail string) *Refusal {
	r := refuse(reason, detail)
	r.Limit = limit
	return r
}

// retryAfter is in how many seconds a client that found us busy may try again.
const retryAfter = "1"

// write answers with RFC 9457 problem details.
func (r *Refusal) write(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	if r.Status == http.StatusUpgradeRequired {
		h.Set("Upgrade", "HTTP/1.1")
		h.Set("Connection", "Upgrade")
	}
	if r.Status == http.StatusMethodNotAllowed {
		h.Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS") // as far as a route does (RFC 9110, 15.5.6)
		h.Set("Connection", "close")                                   // what follows a CONNECT may be no request
	}
	if r.Reason == Busy {
		h.Set("Retry-After", retryAfter)
	}
	allowOrigin(h, req)
	body, _ := json.Marshal(struct { // strings always encode
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Route  string `json:"route,omitempty"`
		Reason Reason `json:"reason"`
		ID     string `json:"request_id"`
	}{"about:blank", reasons[r.Reason].title, r.Status, r.Detail, r.Route, r.Reason, r.ID})
	body = append(body, '\n')
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.Status)
	if req.Method != http.MethodHead {
		_, _ = w.Write(body) // the client may be gone: nobody to tell
	}
}

// allowOrigin sets the headers without which a browser hides an answer of ours from
// the page that asked.
func allowOrigin(h http.Header, req *http.Request) {
	if origin := req.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", "Retry-After")
		h.Add("Vary", "Origin")
	}
}
