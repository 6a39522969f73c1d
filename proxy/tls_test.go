package proxy_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/statveil/statveil/proxy"
)

// An authority signs certificates for a test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	var der []byte
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err == nil {
		der, err = x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	}
	if err == nil {
		a.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	return a
}

// certificate signs one for a host, valid until then.
func (a *authority) certificate(t testing.TB, host string, until time.Time) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: host}, NotBefore: time.Now().Add(-time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{host}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func later() time.Time { return time.Now().Add(time.Hour) }

// secured is a server's configuration, and its clients'.
func secured(t testing.TB) (server func() *tls.Config, client *tls.Config) {
	t.Helper()
	a := newAuthority(t)
	config := &tls.Config{Certificates: []tls.Certificate{a.certificate(t, "127.0.0.1", later())}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12}
	return func() *tls.Config { return config }, &tls.Config{RootCAs: a.pool, ServerName: "127.0.0.1"}
}

// dialTLS offers these protocols.
func dialTLS(t testing.TB, address string, config *tls.Config, protocols ...string) *tls.Conn {
	t.Helper()
	config = config.Clone()
	config.NextProtos = protocols
	conn := tls.Client(dial(t, address), config)
	if err := conn.Handshake(); err != nil {
		t.Fatal(err)
	}
	return conn
}

// clientOf speaks one protocol, over one connection.
func clientOf(t testing.TB, config *tls.Config, protocol string) *http.Client {
	t.Helper()
	config = config.Clone()
	config.NextProtos = []string{protocol}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: protocol == "h2", DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 20 * time.Second} // a test that hangs fails
}

var protocols = []string{"http/1.1", "h2"}

func TestTLS(t *testing.T) {
	for _, protocol := range protocols {
		t.Run(protocol, func(t *testing.T) {
			c := newCollector(t, echo)
			server, config := secured(t)
			r := sanitized(t, c, &proxy.Server{TLS: server})
			client := clientOf(t, config, protocol)
			for range 3 {
				res, err := client.Post("https://"+r.address+"/free/a", "application/json", strings.NewReader(`{"u":"`+phone+`"}`))
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || string(body) != `{"u":"`+phone+`"}` || res.ProtoMajor == 2 != (protocol == "h2") {
					t.Errorf("got %s %q, %v", res.Proto, body, err)
				}
			}
			for _, got := range c.all() {
				if got.body != `{"u":"`+pseudonymOf(phone)+`"}` {
					t.Errorf("got %q", got.body)
				}
			}
			if n := r.Open(); n != 1 {
				t.Errorf("%d connections", n)
			}
			r.only(t, outcome{"", "", 200}, outcome{"", "", 200}, outcome{"", "", 200})
		})
	}
}

// A request of HTTP/2 without a body has none at the collector either, whatever the
// route does with it.
func TestEmptyOverHTTP2(t *testing.T) {
	for _, target := range []string{"/free/a", "/static/a"} {
		c := newCollector(t, nil)
		server, config := secured(t)
		r := sanitized(t, c, &proxy.Server{TLS: server})
		res, err := clientOf(t, config, "h2").Post("https://"+r.address+target, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if got := c.one(t); got.header.Get("Content-Length") != "0" {
			t.Errorf("%s: got %q", target, got.raw)
		}
	}
}

// What fails before there is a request is told once, with what it was.
func TestHandshakeFails(t *testing.T) {
	server, config := secured(t)
	withCA := func() *tls.Config {
		c := server().Clone()
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, newAuthority(t).pool
		return c
	}
	old := config.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	strange := config.Clone()
	strange.NextProtos = []string{"spdy/3"}
	distrusting := config.Clone()
	distrusting.RootCAs = x509.NewCertPool()
	stranger := config.Clone()
	stranger.Certificates = []tls.Certificate{newAuthority(t).certificate(t, "client", later())}
	tests := []struct {
		name   string
		server func() *tls.Config
		client *tls.Config
	}{
		{"TLS 1.1", server, old},
		{"a protocol that nobody speaks", server, strange},
		{"a client that does not trust us", server, distrusting},
		{"no client certificate", withCA, config},
		{"a client certificate of somebody else", withCA, stranger},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := sanitized(t, newCollector(t, nil), &proxy.Server{TLS: tt.server})
			conn := tls.Client(dial(t, r.address), tt.client)
			err := conn.Handshake()
			if err == nil { // TLS 1.3: the client learns it later
				_, err = conn.Read(make([]byte, 1))
			}
			if err == nil {
				t.Error("no error")
			}
			conn.Close()
			r.only(t, outcome{proxy.Unparseable, "", 0})
		})
	}
	t.Run("no TLS", func(t *testing.T) {
		r := sanitized(t, newCollector(t, nil), &proxy.Server{TLS: server})
		conn := dial(t, r.address)
		io.WriteString(conn, request("GET", "/free/"+phone, nil, ""))
		closes(t, conn)
		r.only(t, outcome{proxy.Unparseable, "", 0})
	})
	t.Run("slow", func(t *testing.T) {
		r := sanitized(t, newCollector(t, nil), &proxy.Server{TLS: server, ReadHeader: 50 * time.Millisecond})
		conn := dial(t, r.address)
		io.WriteString(conn, "\x16\x03\x01\x02\x00")
		closes(t, conn)
		r.only(t, outcome{proxy.Slow, "read_header", 0})
	})
	t.Run("a client that leaves", func(t *testing.T) {
		r := sanitized(t, newCollector(t, nil), &proxy.Server{TLS: server})
		dial(t, r.address).Close()
		open := dialTLS(t, r.address, config, "http/1.1") // the other is admitted before it
		io.WriteString(open, request("GET", "/free/a", nil, ""))
		readAnswer(t, bufio.NewReader(open), "GET").fine(t)
		r.only(t, outcome{"", "", 200})
	})
}

// A client certificate that is asked for and given lets in, over both protocols.
func TestClientCertificate(t *testing.T) {
	server, config := secured(t)
	a := newAuthority(t)
	required := server().Clone()
	required.ClientAuth, required.ClientCAs = tls.RequireAndVerifyClientCert, a.pool
	config.Certificates = []tls.Certificate{a.certificate(t, "client", later())}
	for _, protocol := range protocols {
		r := sanitized(t, newCollector(t, nil), &proxy.Server{TLS: func() *tls.Config { return required }})
		res, err := clientOf(t, config, protocol).Get("https://" + r.address + "/free/a")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Errorf("got %s", res.Status)
		}
	}
}

// Handshakes that do not go on hold up nobody, and a server that stops does not wait
// for them.
func TestSlowHandshakes(t *testing.T) {
	before := runtime.NumGoroutine()
	server, config := secured(t)
	r := run(t, &proxy.Server{TLS: server, Handler: answers("ok")})
	var slow []net.Conn
	for range 20 {
		conn := dial(t, r.address)
		io.WriteString(conn, "\x16\x03\x01")
		slow = append(slow, conn)
	}
	for _, protocol := range protocols {
		client := clientOf(t, config, protocol)
		res, err := client.Get("https://" + r.address + "/free/a")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		client.CloseIdleConnections()
	}
	if late := r.shutdown(t, t.Context(), t.Context()); late != 0 {
		t.Errorf("%d requests were late", late)
	}
	for _, conn := range slow {
		closes(t, conn)
	}
	for _, o := range r.told.wait(t, 0) {
		if o.Refused != "" {
			t.Errorf("got %+v", o)
		}
	}
	stable(t, before)
}

// A moment without file descriptors is no end, with TLS as without.
func TestAcceptFailsOnce(t *testing.T) {
	server, config := secured(t)
	for _, secure := range []bool{false, true} {
		s := &proxy.Server{Handler: answers("ok")}
		scheme := "http"
		if secure {
			s.TLS, scheme = server, "https"
		}
		r := (&running{Server: s, told: newTold()}).run(t, &hiccups{Listener: listen(t)})
		for range 3 {
			client := clientOf(t, config, "http/1.1")
			res, err := client.Get(scheme + "://" + r.address)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
		}
	}
}

// hiccups fails every other time.
type hiccups struct {
	net.Listener
	n int
}

func (h *hiccups) Accept() (net.Conn, error) {
	if h.n++; h.n%2 == 1 {
		return nil, tooManyFiles{errors.New("too many open files")}
	}
	return h.Listener.Accept()
}

type tooManyFiles struct{ error }

func (tooManyFiles) Timeout() bool   { return false }
func (tooManyFiles) Temporary() bool { return true }

// A framing that others may read otherwise is refused behind TLS too; what came before
// it on the same connection, and what comes on another, is served.
func TestPipelinedBad(t *testing.T) {
	bad := []struct{ name, in string }{
		{"a length and chunks", "POST /free/bad HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"},
		{"chunks under HTTP/1.0", "POST /free/bad HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"},
		{"a folded line", "GET /free/bad HTTP/1.1\r\nHost: x\r\nX-A: 1\r\n 2\r\n\r\n"},
		{"a bare LF", "GET /free/bad HTTP/1.1\r\nHost: x\nX-A: 1\r\n\r\n"},
		{"a bare CR behind a POST", "\rGET /free/bad HTTP/1.1\r\nHost: x\r\n\r\n"},
		{"a bare LF in a trailer", "POST /free/bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: 1\nY: 2\r\n\r\n"},
		{"a folded line in a trailer", "POST /free/bad HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX: 1\r\n 2\r\n\r\n"},
	}
	server, config := secured(t)
	for _, tt := range bad {
		for _, secure := range []bool{false, true} {
			t.Run(tt.name, func(t *testing.T) {
				c := newCollector(t, nil)
				s := &proxy.Server{}
				if secure {
					s.TLS = server
				}
				r := sanitized(t, c, s)
				connect := func() net.Conn {
					if secure {
						return dialTLS(t, r.address, config)
					}
					return dial(t, r.address)
				}
				conn, another := connect(), connect()
				good := request("POST", "/free/good", nil, "{}")
				io.WriteString(conn, good+tt.in+request("GET", "/free/after", nil, ""))
				br := bufio.NewReader(conn)
				readAnswer(t, br, "POST").fine(t)
				res := readAnswer(t, br, "POST")
				if strings.Contains(tt.name, "trailer") { // which may have been there when its header was read, or not
					if res.Response == nil || res.StatusCode != 400 || !strings.Contains(res.body, `"reason":"unparseable"`) {
						t.Errorf("got %+v", res)
					}
				} else {
					checkProblem(t, res, problem{400, "unparseable", ""})
				}
				if res = readAnswer(t, br, "GET"); res.Response != nil && (!strings.Contains(tt.name, "trailer") || res.StatusCode != 400) {
					t.Errorf("then it goes on: %+v", res)
				}
				closes(t, conn)
				io.WriteString(another, good)
				readAnswer(t, bufio.NewReader(another), "POST").fine(t)
				for _, got := range c.all() {
					if got.target != "/free/good" {
						t.Errorf("the collector got %q", got.raw)
					}
				}
			})
		}
	}
}
