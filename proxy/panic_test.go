package proxy_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

// aPanic is a mistake whose value holds text of a request.
func aPanic() { panic("no idea what to do with " + phone) }

type panicBody struct{ first string }

func (b *panicBody) Read(p []byte) (int, error) {
	if b.first == "" {
		aPanic()
	}
	n := copy(p, b.first)
	b.first = b.first[n:]
	return n, nil
}

func (b *panicBody) Close() error { return nil }

// answersWith is a transport whose answer has this body.
func answersWith(body io.ReadCloser, length int64) roundTripper {
	return func(r *http.Request) (*http.Response, error) {
		if r.Body != nil {
			io.Copy(io.Discard, r.Body)
			r.Body.Close()
		}
		return &http.Response{StatusCode: 200, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{"Content-Type": {"text/plain"}}, Body: body, ContentLength: length, Request: r}, nil
	}
}

var place = regexp.MustCompile(`^[a-z0-9_]+\.go:[0-9]+$`)

// A mistake of ours ends one request, which says so; it does not say what was in it.
func TestPanics(t *testing.T) {
	tests := []struct {
		name string
		set  func(*proxy.Sanitizer)
	}{
		{"the rules", func(s *proxy.Sanitizer) { s.Rules = func() *rules.Set { aPanic(); return nil } }},
		{"no rules", func(s *proxy.Sanitizer) { s.Rules = func() *rules.Set { return nil } }},
		{"the keys", func(s *proxy.Sanitizer) { s.Keys = func(string) *pseudonym.Keyring { aPanic(); return nil } }},
		{"what is told of findings", func(s *proxy.Sanitizer) { s.Found = func(*rules.Route, *rules.Finding, string) { aPanic() } }},
		{"the transport", func(s *proxy.Sanitizer) {
			s.Transport = roundTripper(func(*http.Request) (*http.Response, error) { aPanic(); return nil, nil })
		}},
		{"an answer that is restored", func(s *proxy.Sanitizer) { s.Transport = answersWith(&panicBody{"{"}, 1000) }},
	}
	for _, tt := range tests {
		for _, how := range ways {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				m := mistaken(t, how, tt.set)
				for range 2 {
					res, err := m.post(t, "1")
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(res.Body)
					res.Body.Close()
					route := "free"
					if strings.Contains(tt.name, "rules") {
						route = ""
					}
					checkProblem(t, &answer{res, string(body), err}, problem{500, "internal", route})
				}
				if said := got(m.post(t, "")); said != "200 ok" {
					t.Errorf("then: got %q", said)
				}
				if n := m.Open(); n != 1 {
					t.Errorf("%d connections", n)
				}
				free(t, m.inflight)
				m.only(t, outcome{proxy.Internal, "", 500}, outcome{proxy.Internal, "", 500}, outcome{"", "", 200})
				all := m.told.wait(t, 0)
				if len(all[0].Panic) == 0 || all[2].Panic != nil {
					t.Errorf("got the places %q, %q", all[0].Panic, all[2].Panic)
				}
				for _, at := range all[0].Panic {
					if !place.MatchString(at) {
						t.Errorf("got the place %q", at)
					}
				}
				checkQuiet(t, fmt.Sprintf("%+v %s", all, m.log.String()))
			})
		}
	}
}

// Once the client has the header of an answer, a mistake breaks the answer off.
func TestPanicsInAnswers(t *testing.T) {
	tests := []struct {
		name   string
		target string
		first  string
		length int64
	}{
		{"that pass", "/static/a", "{", 1000},
		{"that stream", "/static/a", "{", -1},
		{"that are restored as they come", "/free/" + phone, "{\n", -1},
	}
	for _, tt := range tests {
		for _, how := range ways {
			t.Run(tt.name+" "+how, func(t *testing.T) {
				m := mistaken(t, how, func(s *proxy.Sanitizer) { s.Transport = answersWith(&panicBody{tt.first}, tt.length) })
				m.target = tt.target
				if said := got(m.post(t, "1")); said != "broken" && said != "error" {
					t.Errorf("got %q", said)
				}
				m.target = "/free/a"
				if said := got(m.post(t, "")); said != "200 ok" {
					t.Errorf("then: got %q", said)
				}
				free(t, m.inflight)
				m.only(t, outcome{"", "", 200}, outcome{"", "", 200})
				for range 1000 { // HTTP/2 tells the client first
					if strings.Contains(m.log.String(), "panic_test.go") {
						return
					}
					time.Sleep(10 * time.Millisecond)
				}
				t.Errorf("the log of the HTTP server says %q", m.log.String())
			})
		}
	}
}

// A mistakes server makes a mistake with a request that asks for one.
type mistakes struct {
	*running
	inflight *proxy.InFlight
	log      lockedBuffer
	client   *http.Client
	url      string
	target   string
}

func mistaken(t *testing.T, how string, set func(*proxy.Sanitizer)) *mistakes {
	t.Helper()
	c := newCollector(t, nil)
	s, client, url := way(t, how)
	m := &mistakes{running: &running{Server: s, told: newTold()}, inflight: proxy.NewInFlight(1 << 20), client: client(), target: "/free/" + phone}
	good, bad := newSanitizer(t, ruleText), newSanitizer(t, ruleText)
	set(bad)
	for _, s := range []*proxy.Sanitizer{good, bad} {
		s.InFlight, s.Observe = m.inflight, m.told.observe
	}
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Mistake") != "" {
			reverse(bad, c.url).ServeHTTP(w, r)
		} else {
			reverse(good, c.url).ServeHTTP(w, r)
		}
	})
	m.running.run(t, listen(t))
	s.HTTP.ErrorLog.SetOutput(&m.log)
	m.url = url(m.running)
	return m
}

func (m *mistakes) post(t *testing.T, mistake string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequest("POST", m.url+m.target, strings.NewReader(`"`+email+`"`))
	if err != nil {
		t.Fatal(err)
	}
	if mistake != "" {
		req.Header.Set("X-Mistake", mistake)
	}
	return m.client.Do(req)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
