// Package proxy is the HTTP of statveil: it reads a request whole, decodes it,
// has the rules rewrite it, sends it on, and puts the client's own values back
// into the answer.
//
// There is one way out: [Sanitizer], an http.RoundTripper. [Reverse] puts an
// http.Handler in front of it, for the sidecar; a Go program can use it as the
// transport of its own client:
//
//	set, err := rules.Load("rules")
//	store := keys.NewDev() // random keys that die with the process
//	client := &http.Client{Transport: &proxy.Sanitizer{Rules: func() *rules.Set { return set }, Keys: store.Keyring}}
//
// What cannot be read, or cannot be made safe, does not leave: RoundTrip then
// returns a [*Refusal]. Nothing of a request is sent before all of it has been
// read, checked and rewritten. The package never logs; errors hold no text of a
// request.
//
// Today it reads JSON bodies, plain or gzip; other media are refused, and so are
// upgrades to other protocols.
package proxy
