package attack_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// A collector takes what comes, and looks whether anything personal does.
type collector struct {
	*httptest.Server
	requests atomic.Int64
	personal atomic.Int64 // requests that held what should have been replaced
}

// person is in all that the tests send, and must arrive nowhere.
const (
	personsPhone = "+12025550143"
	personsMail  = "anna@example.com"
)

var token = regexp.MustCompile(`psn_[a-z0-9]+`)

// large is the size of the answers to requests that ask for one.
const large = 6 << 20

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the attack ended this one
	}
	c.requests.Add(1)
	if bytes.Contains(body, []byte(personsMail)) || bytes.Contains(body, []byte("2025550143")) || strings.Contains(r.RequestURI, "2025550143") {
		c.personal.Add(1)
	}
	tokens := token.FindString(r.URL.Path)
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("X-Answer") != "large" && !strings.HasSuffix(r.URL.Path, "/large") {
		_, _ = io.WriteString(w, `{"id":"`+tokens+`"}`) // it fails where the client is gone
		return
	}
	item := `,"` + tokens + `"`
	n := large / len(item)
	w.Header().Set("Content-Length", strconv.Itoa(len("[0]")+n*len(item)))
	_, _ = io.WriteString(w, "[0")
	for part := strings.Repeat(item, 1000); n > 0; n -= 1000 {
		_, _ = io.WriteString(w, part[:min(n, 1000)*len(item)])
	}
	_, _ = io.WriteString(w, "]")
}

// check is the end of an attack: it was about something, and nothing leaked.
func (c *collector) check(t *testing.T) {
	t.Helper()
	t.Logf("the collector got %d requests", c.requests.Load())
	if c.requests.Load() == 0 {
		t.Error("the collector got no request at all")
	}
	if n := c.personal.Load(); n > 0 {
		t.Errorf("the collector got %d requests with what should have been replaced", n)
	}
}
