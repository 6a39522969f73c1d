package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// request is what one side of the demo sent or got; exchange, with its answer.
type request struct{ method, target, body string }

type exchange struct {
	request request
	answer  string
}

// collector is the sample collector of the demo: it answers with the ids it was
// given, as collectors do.
type collector struct {
	address  string
	received chan exchange
	server   *http.Server
}

func startCollector() (*collector, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("starting the sample collector: %w", err)
	}
	c := &collector{address: listener.Addr().String(), received: make(chan exchange, 16)}
	c.server = &http.Server{Handler: c}
	go c.server.Serve(listener) // ends with close
	return c, nil
}

func (c *collector) close() { c.server.Close() }

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	var ids struct {
		LocalID  any `json:"localID"`
		RemoteID any `json:"remoteID,omitempty"`
	}
	_ = json.Unmarshal(body, &ids) // what is no JSON has no ids
	answer, _ := json.Marshal(map[string]any{"status": "success", "ucID": "ucid01", "ids": ids})
	w.Header().Set("Content-Type", "application/json")
	w.Write(answer) // the client may be gone
	select {
	case c.received <- exchange{request{r.Method, r.RequestURI, string(body)}, string(answer)}:
	default: // nobody reads: this is a demo, not a queue
	}
}

// watch prints whatever arrives from here on.
func (c *collector) watch(w io.Writer) {
	go func() {
		for e := range c.received {
			fmt.Fprintf(w, "collector received: %s %s\n  %s\n", e.request.method, e.request.target, strings.TrimSpace(e.request.body))
		}
	}()
}
