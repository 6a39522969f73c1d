package proxy_test

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
)

// Personal values, all from ranges that are reserved for fiction.
const (
	phone = "+12025550143"
	other = "+447700900123"
	email = "anna.lindqvist@example.com"
)

// secrets are what must never be read in an answer, an error or an outcome.
var secrets = []string{"2025550143", "7700900123", "lindqvist"}

const ruleText = `
version: 1
tenant: {name: acme}
routes:
  - name: static
    match: /static/{any...}
    pass: true
  - name: quiet
    match: /quiet/{any...}
    restore: none
  - name: join
    match: /v1/{conf}/{any...}
    rules:
      - at: [path.conf, query.user, header.X-User, header.Cookie, body.user, body.users, body.n]
  - name: back
    match: /back/{any...}
    rules: [{at: body.u, reversible: true}]
  - name: free
    match: /free/{any...}
`

// received is one request as it stood on the collector's connection.
type received struct {
	raw    string // all of its bytes
	method string
	target string
	lines  []string // of the header, sorted, without Host
	header http.Header
	body   string
	broken bool // the connection ended in the middle
}

// A collector records bytes. It answers with what answer returns, raw; where
// that is "" or does not say how long it is, it closes the connection.
type collector struct {
	url    *url.URL
	answer func(*received) string
	breaks bool          // closes after its first answer
	gone   chan struct{} // one for each connection that the other side ended

	mu  sync.Mutex
	got []*received
}

const ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

func newCollector(t *testing.T, answer func(*received) string) *collector {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if answer == nil {
		answer = func(r *received) string {
			if r.method == http.MethodHead {
				return strings.TrimSuffix(ok, "ok")
			}
			return ok
		}
	}
	c := &collector{url: &url.URL{Scheme: "http", Host: l.Addr().String()}, answer: answer, gone: make(chan struct{}, 100)}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns.Go(func() { c.serve(conn) })
		}
	})
	t.Cleanup(func() { l.Close(); conns.Wait() })
	return c
}

func (c *collector) serve(conn net.Conn) {
	defer conn.Close()
	var raw bytes.Buffer
	br := bufio.NewReader(io.TeeReader(conn, &raw))
	for {
		raw.Reset()
		if _, err := br.Peek(1); err != nil {
			c.gone <- struct{}{}
			return
		}
		r := &received{}
		req, err := http.ReadRequest(br)
		if err == nil {
			var body []byte
			body, err = io.ReadAll(req.Body)
			r.method, r.target, r.header, r.body = req.Method, req.RequestURI, req.Header, string(body)
		}
		r.broken = err != nil
		r.raw = raw.String()
		head, _, _ := strings.Cut(r.raw, "\r\n\r\n")
		for _, line := range strings.Split(head, "\r\n")[1:] {
			if !strings.HasPrefix(line, "Host: ") {
				r.lines = append(r.lines, line)
			}
		}
		slices.Sort(r.lines)
		c.mu.Lock()
		c.got = append(c.got, r)
		c.mu.Unlock()
		if r.broken {
			return
		}
		answer := c.answer(r)
		if _, err := io.WriteString(conn, answer); err != nil || !framed(answer) || c.breaks {
			return
		}
	}
}

// framed says whether an answer tells its reader where it ends.
func framed(answer string) bool {
	for strings.HasPrefix(answer, "HTTP/1.1 103 ") {
		_, answer, _ = strings.Cut(answer, "\r\n\r\n")
	}
	head, _, _ := strings.Cut(answer, "\r\n\r\n")
	return (strings.Contains(head, "Content-Length:") || strings.Contains(head, "chunked") || strings.Contains(head, " 304 ") || strings.Contains(head, " 204 ")) &&
		!strings.Contains(head, "Connection: close")
}

func (c *collector) all() []*received {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// one returns the only request that arrived.
func (c *collector) one(t *testing.T) *received {
	t.Helper()
	all := c.all()
	if len(all) != 1 || all[0].broken {
		t.Fatalf("%d requests arrived, want one, whole: %+v", len(all), all)
	}
	return all[0]
}

// nothing fails the test if so much as a byte arrived.
func (c *collector) nothing(t *testing.T, in string) {
	t.Helper()
	for _, r := range c.all() {
		t.Errorf("the collector got %q\ninput: %q", r.raw, clip(in))
	}
}

func clip(s string) string {
	if len(s) > 2000 {
		return s[:2000] + "…"
	}
	return s
}

func keyring(tenant string) *pseudonym.Keyring {
	secret := sha256.Sum256([]byte("secret of " + tenant))
	k, err := pseudonym.NewKeyring(tenant, pseudonym.Version{Number: 1, Secret: secret[:]})
	if err != nil {
		panic(err)
	}
	return k
}

// pseudonymOf is what the tenant acme has for a value in canonical form.
func pseudonymOf(canonical string) string {
	return keyring("acme").Seal(pseudonym.Context{}, canonical)
}

func parse(t testing.TB, text string) *rules.Set {
	t.Helper()
	set, err := rules.Parse(rules.File{Name: "test.yaml", Data: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func newSanitizer(t testing.TB, text string) *proxy.Sanitizer {
	set := parse(t, text)
	transport := proxy.NewTransport(10*time.Second, nil)
	t.Cleanup(transport.CloseIdleConnections)
	return &proxy.Sanitizer{
		Rules:     func() *rules.Set { return set },
		Keys:      keyring,
		Transport: transport,
	}
}

// serve runs a real server in front of s and returns its address.
func serve(t testing.TB, s *proxy.Sanitizer, upstream *url.URL) string {
	t.Helper()
	return serveWith(t, &proxy.Server{Handler: reverse(s, upstream)})
}

func serveWith(t testing.TB, s *proxy.Server) string {
	t.Helper()
	return run(t, s).address
}

func serveRules(t testing.TB, text string, c *collector) string {
	return serve(t, newSanitizer(t, text), c.url)
}

// request spells a request. Its lines of the header get a Host and, with a body,
// a Content-Length where they have no Transfer-Encoding.
func request(method, target string, lines []string, body string) string {
	var b strings.Builder
	b.WriteString(method + " " + target + " HTTP/1.1\r\nHost: proxy.example\r\n")
	framed := body == ""
	for _, line := range lines {
		b.WriteString(line + "\r\n")
		framed = framed || strings.HasPrefix(line, "Transfer-Encoding:") || strings.HasPrefix(line, "Content-Length:")
	}
	if !framed {
		b.WriteString(lengthLine(body) + "\r\n")
	}
	return b.String() + "\r\n" + body
}

// An answer is what a client got, read to its end.
type answer struct {
	*http.Response
	body string
	err  error // the answer broke off
}

// raw sends bytes and reads one answer.
func raw(t testing.TB, address, bytes string) *answer {
	t.Helper()
	conn := dial(t, address)
	if _, err := io.WriteString(conn, bytes); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(bytes, " ")
	return readAnswer(t, bufio.NewReader(conn), method)
}

func dial(t testing.TB, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second)) // a test that hangs fails
	return conn.(*net.TCPConn)
}

func readAnswer(t testing.TB, br *bufio.Reader, method string) *answer {
	t.Helper()
	res, err := http.ReadResponse(br, &http.Request{Method: method})
	for err == nil && res.StatusCode == http.StatusContinue {
		res, err = http.ReadResponse(br, &http.Request{Method: method})
	}
	if err != nil {
		return &answer{err: err}
	}
	body, err := io.ReadAll(res.Body)
	return &answer{res, string(body), err}
}

// fine fails the test unless the answer is the collector's 200, whole.
func (a *answer) fine(t testing.TB) *answer {
	t.Helper()
	if a.err != nil || a.StatusCode != http.StatusOK {
		t.Fatalf("got %+v %q, error %v, want 200", a.Response, a.body, a.err)
	}
	return a
}

func countFindings(n *atomic.Int64) func(proxy.Outcome) {
	return func(o proxy.Outcome) { n.Add(int64(o.Replaced)) }
}
