package proxy_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

// A pass route forwards what it was sent, unread: this is for what holds no
// personal data, or goes to nobody.
func TestPass(t *testing.T) {
	tests := []struct {
		name, target string
		lines        []string
		body         string
		want         []string
	}{
		{"a body that is no JSON", "/static/a%2fb?x=" + email, []string{"Content-Type: image/png", "X-User: " + phone}, "\x89PNG\x00\xff", []string{"Content-Length: 6", "Content-Type: image/png", "X-User: " + phone}},
		{"gzip stays", "/static/a", []string{"Content-Encoding: gzip"}, "\x1f\x8bnot", []string{"Content-Encoding: gzip", "Content-Length: 5"}},
		{"an unknown coding", "/static/a", []string{"Content-Encoding: br"}, "x", []string{"Content-Encoding: br", "Content-Length: 1"}},
		{"a JWT", "/static/a", []string{"Authorization: Bearer " + jwt}, "x", []string{"Authorization: Bearer " + jwt, "Content-Length: 1"}},
		{"odd characters", "/static/\"|\xc3\xbc?;", nil, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			raw(t, serveRules(t, ruleText, c), request("PUT", tt.target, tt.lines, tt.body)).fine(t)
			got := c.one(t)
			if target := strings.TrimPrefix(strings.Split(got.raw, " HTTP/1.1\r\n")[0], "PUT "); target != tt.target || got.body != tt.body {
				t.Errorf("got %q %q, want %q %q", target, got.body, tt.target, tt.body)
			}
			if tt.want != nil && !slices.Equal(got.lines, tt.want) {
				t.Errorf("got  %q\nwant %q", got.lines, tt.want)
			}
		})
	}
}

// Both ways are streams: each side waits until the other has its first part, so a
// buffer between them would hang.
func TestPassStreams(t *testing.T) {
	arrived, back := make(chan string, 2), make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 4)
		io.ReadFull(r.Body, first)
		arrived <- string(first)
		rest, _ := io.ReadAll(r.Body)
		arrived <- string(rest)
		io.WriteString(w, "one,")
		http.NewResponseController(w).Flush()
		<-back
		io.WriteString(w, "two")
	}))
	t.Cleanup(collector.Close)
	upstream, _ := url.Parse(collector.URL)
	conn := dial(t, serve(t, newSanitizer(t, ruleText), upstream))

	io.WriteString(conn, request("POST", "/static/a", []string{"Transfer-Encoding: chunked"}, "4\r\nabcd\r\n"))
	if got := <-arrived; got != "abcd" {
		t.Fatalf("the first part arrived as %q", got)
	}
	io.WriteString(conn, "2\r\nef\r\n0\r\n\r\n")
	if got := <-arrived; got != "ef" {
		t.Fatalf("the rest arrived as %q", got)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	part := make([]byte, 4)
	if _, err := io.ReadFull(res.Body, part); err != nil || string(part) != "one," {
		t.Fatalf("got %q, %v", part, err)
	}
	close(back)
	if rest, err := io.ReadAll(res.Body); err != nil || string(rest) != "two" {
		t.Fatalf("got %q, %v", rest, err)
	}
}

// When the client goes, so does its request at the collector, and nothing stays.
func TestClientGoes(t *testing.T) {
	before := runtime.NumGoroutine()
	arrived, gone := make(chan struct{}), make(chan struct{})
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(arrived)
		<-r.Context().Done()
		close(gone)
	}))
	upstream, _ := url.Parse(collector.URL)
	s := newSanitizer(t, ruleText)
	outcome := make(chan string, 1)
	s.Observe = outcomeOf(outcome)
	front := httptest.NewServer(reverse(s, upstream))

	conn, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(conn, request("POST", "/free/"+phone, nil, `"`+email+`"`))
	<-arrived
	conn.Close()
	<-gone
	if got := <-outcome; got != "collector: the client gave up" {
		t.Errorf("got the outcome %q", got)
	}
	front.Close()
	collector.Close()
	s.Transport.(*proxy.Transport).CloseIdleConnections()
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// The error of a caller that gave up is its context's.
func TestCallerGivesUp(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	release := make(chan struct{})
	c := newCollector(t, func(*received) string { cancel(); <-release; return "" })
	t.Cleanup(func() { close(release) })
	client := &http.Client{Transport: newSanitizer(t, ruleText)}
	req, _ := http.NewRequestWithContext(ctx, "GET", c.url.String()+"/free/a", nil)
	if _, err := client.Do(req); !isCanceled(err) {
		t.Errorf("got %v", err)
	}
}
