package main

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// secrets are planted in every place of a request, and must stand nowhere of what the
// sidecar writes: not in its log, its metrics, its errors, its pages, or the dump that
// SIGQUIT makes. The first is what no detector finds.
var secrets = []string{
	"Zephyrine-Quuxley",
	planted,
	"anna.lindqvist@example.com",
	"eyJhbGciOiJIUzI1NiJ9.eyJ1c2VyIjoiYW5uYUBleGFtcGxlLmNvbSJ9.c2lnbmF0dXJlLW9mLWl0",
}

// parts of a secret that say as much as all of it.
func parts(secret string) []string {
	return append(strings.FieldsFunc(secret, func(r rune) bool { return strings.ContainsRune("@.+", r) && len(secret) > 12 }), secret)
}

// spellings are all ways in which a text may be written down. Of base64, which depends
// on what stands before, three.
func spellings(text string) (all []string) {
	each := func(format string) (s string) {
		for i := range len(text) {
			s += fmt.Sprintf(format, text[i])
		}
		return s
	}
	all = []string{
		text, strings.ToUpper(text), strings.ToLower(text), url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text), strconv.QuoteToASCII(text),
		url.QueryEscape(url.QueryEscape(text)), strings.ReplaceAll(text, "+", `\u002b`), strings.ReplaceAll(text, "@", `\u0040`),
		each("%%%02x"), each("%%%02X"), each(`\u%04x`), each(`\x%02x`), each("&#%d;"), each("&#x%x;"), each("=%02X"),
		hex.EncodeToString([]byte(text)), strings.ToUpper(hex.EncodeToString([]byte(text))), each("%02x "), strings.TrimSpace(each("%d ")),
		strings.TrimSuffix(each("%d,"), ","), each("0x%02x, "), each("%c\x00"),
	}
	for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 3 {
			in := strings.Repeat("\x00", before) + text
			out := e.EncodeToString([]byte(in[:len(in)/3*3]))
			all = append(all, out[(before*8+5)/6:])
		}
	}
	return all
}

// leaks are the secrets that stand in a text, in any spelling.
func leaks(text string) (found []string) {
	for _, secret := range secrets {
		for _, part := range parts(secret) {
			for _, s := range spellings(part) {
				if len(s) >= 7 && strings.Contains(text, s) {
					found = append(found, s)
				}
			}
		}
	}
	return found
}

func TestLeaksCanBeFound(t *testing.T) {
	for _, secret := range secrets {
		for _, text := range []string{
			secret, "x" + url.QueryEscape(secret), fmt.Sprintf("%x", secret), fmt.Sprintf("%v", []byte(secret)), fmt.Sprintf("%q", secret),
			base64.StdEncoding.EncodeToString([]byte("user=" + secret + "&")), base64.URLEncoding.EncodeToString([]byte("a user: " + secret)),
		} {
			if leaks(text) == nil {
				t.Errorf("%s in %q is not seen", secret, text)
			}
		}
	}
	if got := leaks(`{"level":"warn","msg":"refused","route":"events","detail":"the body is no JSON"}`); got != nil {
		t.Errorf("found %q in what holds none", got)
	}
}

const leakRules = `
version: 1
tenant: path.app
routes:
  - name: events
    match: POST /events/{who}
    tenant: {name: acme}
    rules:
      - {at: body.bad, do: reject}
      - {at: body.note, find: email, do: mask}
  - name: apps
    match: POST /apps/{app}/{who}
  - name: dropping
    match: POST /dropping/{who}
    tenant: {name: acme}
    on_failure: {unparseable: drop, oversize: drop, encoding: drop, collector: drop}
  - name: watched
    match: POST /watched/{who}
    tenant: {name: acme}
    mode: observe
`

// hostile are requests with {S} in every place, most of them malformed.
func hostile() (all []string) {
	post := func(target, header, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: {%d}\r\n\r\n%s", target, header, len(body), body)
	}
	const h = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	all = []string{
		// The request line.
		"GET /{S}" + h + "\r\n",
		"GET /?{S}={S}" + h + "\r\n",
		"{S}\r\n\r\n",
		"{S} / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET {S}" + h + "\r\n",
		"GET /events/{S} HTTP/{S}\r\nHost: x\r\n\r\n",
		"GET /events/{S} HTTP/3.7\r\nHost: x\r\n\r\n",
		"GET /events/{S} {S}" + h + "\r\n",
		"POST /events/{S}/.." + h + "\r\n",
		"POST /events/{S}%zz" + h + "\r\n",
		"POST /events/{S}%00" + h + "\r\n",
		"POST /events/{S}%ff" + h + "\r\n",
		"POST /events/x?a={S}%zz" + h + "\r\n",
		"POST /events/x?a={S}%ff" + h + "\r\n",
		"POST /events/x?{S};{S}" + h + "\r\n",
		"POST http://{S}/events/{S}" + h + "\r\n",
		"POST http://[{S}/events/x" + h + "\r\n",
		"CONNECT {S}:443" + h + "\r\n",
		"OPTIONS *" + h + "X: {S}\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{S}",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03{S}",
		"GET /events/" + strings.Repeat("{S}/", 700) + h + "\r\n",
		// Headers.
		"GET /" + h + "{S}: {S}\r\n\r\n",
		"GET /" + h + "{S}\r\n\r\n",
		"GET /" + h + "X {S}: 1\r\n\r\n",
		"GET /" + h + "X: 1\r\n {S}\r\n\r\n",
		"GET /" + h + "X: {S}\x00\r\n\r\n",
		"GET /" + h + "X: {S}\n\r\n",
		"GET /" + h + "X: " + strings.Repeat("{S}", 6000) + "\r\n\r\n",
		"GET /" + h + strings.Repeat("X: {S}\r\n", 1500) + "\r\n",
		"GET / HTTP/1.1\r\nHost: {S}\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: {S} {S}\r\n\r\n",
		"GET /" + h + "Host: {S}\r\n\r\n",
		"GET /{S} HTTP/1.1\r\n\r\n",
		"POST /events/x" + h + "Content-Length: {S}\r\n\r\n",
		"POST /events/x" + h + "Content-Length: 5, {S}\r\n\r\n",
		"POST /events/x" + h + "Content-Length: 5\r\nContent-Length: {S}\r\n\r\n",
		"POST /events/x" + h + "Transfer-Encoding: {S}\r\n\r\n",
		"POST /events/x" + h + "Transfer-Encoding: chunked\r\nTransfer-Encoding: {S}\r\n\r\n",
		"POST /events/x" + h + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nX: {S}\r\n\r\n0\r\n\r\n",
		"POST /events/x" + h + "Upgrade: {S}\r\nConnection: {S}\r\n\r\n",
		"POST /events/x" + h + "Expect: {S}\r\n\r\n",
		"OPTIONS /events/x" + h + "Origin: https://x\r\nAccess-Control-Request-Method: {S}\r\n\r\n",
		post("/events/x", "Authorization: Bearer {S}\r\n", "{}"),
		post("/events/x", "Cookie: {S}; a=\"{S}; ={S}\r\n", "{}"),
		post("/events/x", "Referer: http://{S}/{S}\r\nUser-Agent: {S}\r\nX-Forwarded-For: {S}\r\nForwarded: for={S}\r\n", "{}"),
		post("/events/x", "Content-Digest: {S}\r\nSignature: {S}\r\nSignature-Input: {S}\r\n", `{"user":"{S}"}`),
		// Bodies.
		post("/events/x", "Content-Type: {S}\r\n", "{S}"),
		post("/events/x", "Content-Type: application/json; charset={S}\r\n", `"{S}"`),
		post("/events/x", "Content-Type: application/{S}\r\n", "\x00\x01{S}"),
		post("/events/x", "Content-Encoding: {S}\r\n", "{S}"),
		post("/events/x", "Content-Encoding: gzip\r\n", "{S}"),
		post("/events/x", "Content-Encoding: br\r\n", "{S}"),
		post("/events/x", "Content-Encoding: gzip\r\n", gzipOf("{S}", "{")[:30]),
		post("/events/x", "", gzipOf("{S}", `{"user":`)),
		post("/events/x", "Content-Type: multipart/form-data; boundary={S}\r\n", "--{S}\r\nContent-Disposition: form-data; name=\"{S}\"\r\n\r\n{S}"),
		post("/events/x", "Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\nContent-Disposition: form-data; name=\"{S}\"; filename=\"{S}\r\n{S}: {S}\r\n\r\n{S}\r\n--b--\r\n"),
		post("/events/x", "Content-Type: multipart/form-data\r\n", "--{S}--"),
		post("/events/x", "Content-Type: application/x-www-form-urlencoded\r\n", "{S}=%zz{S}"),
		post("/events/x", "Content-Type: application/x-www-form-urlencoded\r\n", "a=%ff{S}"),
		post("/events/x", "Content-Type: text/plain; charset=utf-16\r\n", "{S}"),
		post("/events/x", "Content-Type: application/json\r\n", `{"{S}":"{S}"`),
		post("/events/x", "", `{"{S}":}`),
		post("/events/x", "", `[{S}]`),
		post("/events/x", "", `{"user":"{S}\ud800"}`),
		post("/events/x", "", "{\"user\":\"{S}\xff\"}"),
		post("/events/x", "", "{\"user\":\"{S}\x00\"}"),
		post("/events/x", "", `{"user":"{S}\q"}`),
		post("/events/x", "", `{"user":"{S}"}{S}`),
		post("/events/x", "", strings.Repeat(`{"{S}":`, 200)+strings.Repeat("}", 200)),
		post("/events/x", "", strings.Repeat("{S}", 9000)),
		post("/events/x", "", `{"bad":"{S}"}`),
		post("/apps/{S}/x", "", `{"user":"{S} anna@example.com"}`),
		post("/apps/-{S}/x", "", `{"user":"{S} anna@example.com"}`),
		post("/dropping/{S}", "", `{"{S}":`),
		post("/dropping/x", "Content-Encoding: {S}\r\n", `{"{S}":`),
		post("/watched/{S}", "Content-Encoding: {S}\r\n", `{"{S}":`),
		post("/watched/{S}", "X: {S}\r\n", `{"{S}":"{S}","bad":"{S}"}`),
		post("/events/{S}?{S}={S}", "X-User: {S}\r\nCookie: {S}={S}\r\n", `{"{S}":"{S}","note":"{S}"}`),
		"POST /events/{S}" + h + "Content-Length: 9999\r\n\r\n{\"{S}",
		"POST /events/{S}" + h + "Transfer-Encoding: chunked\r\n\r\n{S}\r\n",
		"POST /events/{S}" + h + "Transfer-Encoding: chunked\r\n\r\n2;{S}\r\n{}\r\n0\r\n{S}: {S}\r\n\r\n",
		"POST /events/{S}" + h + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}{S}\r\n",
	}
	return all
}

// with puts a secret into a request, whose lengths it then corrects.
func with(request, secret string) string {
	for i := strings.Index(request, "Content-Length: {"); i >= 0; {
		head, body, _ := strings.Cut(request, "\r\n\r\n")
		body = strings.ReplaceAll(body, "{S}", secret)
		line := head[i:]
		line = line[:strings.Index(line, "}")+1]
		return strings.ReplaceAll(strings.Replace(head, line, fmt.Sprint("Content-Length: ", len(body)), 1), "{S}", secret) + "\r\n\r\n" + body
	}
	return strings.ReplaceAll(request, "{S}", secret)
}

// gzipOf is a text in gzip, with a file name.
func gzipOf(name, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = strings.Trim(name, "{}")
	io.WriteString(w, text)
	w.Close()
	return strings.Replace(b.String(), w.Name, name, 1)
}

// answers are what a collector says, most of it malformed.
var hostileAnswers = []string{
	"HTTP/1.1 {S}\r\n\r\n",
	"{S}\r\n\r\n",
	"HTTP/1.1 200 {S}\r\nContent-Length: {S}\r\n\r\n",
	"HTTP/1.1 200 OK\r\n{S}\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: {S}\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{S}\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {S}\r\nConnection: Upgrade\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\nX: {S}\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("{S}", 20_000) + "\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 400 {S}\r\n\r\n",
}

// burst is how many requests are sent before a second is let pass: a log that
// leaves out repeated lines would leave out leaks.
const burst = 45

func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for i, secret := range secrets[:rounds(len(secrets), 2)] {
		t.Run(secret, func(t *testing.T) {
			t.Parallel()
			collector := record(t)
			p := leaky(t, collector.url(), "")
			before, err := os.ReadDir(p.dir)
			if err != nil {
				t.Fatal(err)
			}
			sent := 0
			pause := func() {
				if sent++; sent%burst == 0 {
					time.Sleep(1100 * time.Millisecond)
				}
			}
			check := func(what, request, out string) {
				if found := leaks(out); found != nil {
					t.Errorf("%s to %q says %q:\n%.2000s", what, request, found, out)
				}
			}
			for _, request := range hostile() {
				request = with(request, secret)
				check("the answer", request, raw(t, p.listen, request))
				pause()
			}
			unread := 0
			for _, answer := range hostileAnswers {
				collector.answer = with(answer, secret)
				collector.hangUp()
				out := raw(t, p.listen, with("POST /events/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {0}\r\n\r\n{\"user\":\"anna@example.com\"}", secret))
				if status(out) == http.StatusBadGateway { // else the collector's own words may pass
					unread++
					check("the answer", answer, out)
				}
				pause()
			}
			if collector.answer = ""; unread < 6 {
				t.Errorf("only %d answers could not be read", unread)
			}
			for _, address := range []string{p.admin, p.private} {
				for _, request := range hostile() {
					request = with(request, secret)
					check("an admin page", request, raw(t, address, request))
				}
				for _, request := range []string{
					"GET /metrics?name[]={S}&{S} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: {S}\r\nAccept-Encoding: {S}\r\n\r\n",
					"GET //{S}?{S} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
					"GET /{S}/../{S} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
					"PUT /-/log?level={S} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
					"PUT /-/log HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {0}\r\n\r\n{\"level\":\"{S}\"}",
					"POST /-/reload?{S} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: {S}\r\nContent-Length: {0}\r\n\r\n{S}",
					"POST /v1/reveal HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Vault-Token: {S}\r\nContent-Length: {0}\r\n\r\n{\"tenant\":\"{S}\"}",
				} {
					request = with(request, secret)
					check("an admin page", request, raw(t, address, request))
				}
			}
			_, page := get(t, p.admin, "/metrics")
			check("/metrics", "all the above", page)
			after, err := os.ReadDir(p.dir)
			if err != nil || !slices.EqualFunc(before, after, func(a, b os.DirEntry) bool { return a.Name() == b.Name() }) {
				t.Errorf("it wrote files: %v, %v", after, err)
			}
			// Each is in the log: nothing was left out that may have leaked.
			want := 0.0
			for _, s := range samplesOf(t, page) {
				if outcome := s.labels["outcome"]; s.name == "statveil_requests_total" && outcome != "forwarded" && outcome != "observed" && outcome != "dropped" {
					want += s.value
				}
			}
			if got := p.times(`"msg":"refused"`) + p.times(`"msg":"canceled"`); float64(got) != want || want < 60 {
				t.Errorf("%d refusals are in the log, of %v", got, want)
			}
			// What is in memory now is of no avail to whoever sees a dump.
			stuck := make(chan struct{})
			arrived := make(chan struct{}, 8)
			collector.before = func(int) { arrived <- struct{}{}; <-stuck }
			t.Cleanup(func() { close(stuck) })
			var held sync.WaitGroup
			for range 4 {
				held.Go(func() {
					raw(t, p.listen, with("POST /watched/{S} HTTP/1.1\r\nHost: x\r\nX: {S}\r\nContent-Length: {0}\r\n\r\n{\"{S}\":\"{S}\"}", secret))
				})
			}
			<-arrived
			p.signal(t, syscall.SIGQUIT)
			p.exit(t)
			held.Wait()
			if i == 0 && p.times("goroutine ") < 10 {
				t.Errorf("SIGQUIT made no dump: %s", p.said())
			}
			check("the log", "all the above", p.said())
			checkNoAddress(t, p)
		})
	}
}

// leaky runs a sidecar whose limits are reached soon.
func leaky(t *testing.T, upstream, more string) *process {
	t.Helper()
	dir := files(t, upstream, "limits: {body: 64KiB, depth: 100}\ntimeouts: {read_header: 2s, read_body: 1s, upstream: 1s}\n"+more)
	replace(t, dir, "rules.yaml", leakRules)
	return launch(t, calm, dir)
}

// checkNoAddress: no line but the first says an address.
func checkNoAddress(t *testing.T, p *process) {
	t.Helper()
	for line := range strings.Lines(p.said()) {
		if !strings.Contains(line, `"msg":"ready"`) && strings.Contains(line, "127.0.0.1") {
			t.Errorf("an address is in the log line %s", line)
		}
	}
}

// What begins with TLS has errors of its own, and those of HTTP/2.
func TestNothingLeaksOfTLS(t *testing.T) {
	t.Parallel()
	a, other := newAuthority(t), newAuthority(t)
	collector := record(t)
	dir := files(t, collector.url(), "tls: {cert: cert.pem, key: key.pem, client_ca: ca.pem}\n")
	cert, key, _ := certificate(t, a)
	writeFiles(t, dir, map[string]string{"cert.pem": cert, "key.pem": key, "ca.pem": string(a.pem), "rules.yaml": leakRules})
	p := launch(t, calm, dir)
	var all sync.WaitGroup
	pair := func(by *authority, name string) []tls.Certificate {
		c, k := by.issue(t, name, time.Now().Add(time.Hour))
		pair, err := tls.X509KeyPair(c, k)
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{pair}
	}
	for i, secret := range secrets[:rounds(len(secrets), 1)] {
		if i > 0 {
			time.Sleep(1100 * time.Millisecond) // see burst
		}
		name := strings.Trim(strings.ReplaceAll(secret, "@", "."), "+")
		raw(t, p.listen, with("GET /{S} HTTP/1.1\r\nHost: {S}\r\n\r\n", secret))
		raw(t, p.listen, "\x16\x03\x01\x00\x30\x01"+secret+strings.Repeat(secret, 3))
		for _, c := range []*tls.Config{
			{ServerName: name, Certificates: pair(other, name)},
			{ServerName: name},
			{ServerName: name, NextProtos: []string{secret}},
			{ServerName: name, MaxVersion: tls.VersionTLS11},
		} {
			c.InsecureSkipVerify = true // it is about what the sidecar says
			if conn, err := net.Dial("tcp", p.listen); err == nil {
				secure := tls.Client(conn, c)
				_ = secure.Handshake() // it fails
				io.WriteString(secure, secret)
				io.Copy(io.Discard, secure)
				conn.Close()
			}
		}
		for _, second := range []string{ // what stands behind the preface of HTTP/2
			"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + secret,
			"\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00" + string(rune(len(secret))) + "\x01\x05\x00\x00\x00\x01" + secret,
			secret,
		} {
			secure, err := tls.Dial("tcp", p.listen, &tls.Config{RootCAs: pool(a), Certificates: pair(a, name), NextProtos: []string{"h2"}})
			if err != nil {
				t.Fatal(err)
			}
			secure.SetDeadline(time.Now().Add(time.Minute)) // or a test that fails hangs
			io.WriteString(secure, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+second)
			secure.CloseWrite()
			all.Go(func() { io.Copy(io.Discard, secure); secure.Close() })
		}
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(a), Certificates: pair(a, name)}, ForceAttemptHTTP2: true}}
		for _, body := range []string{`{"` + secret, `{"user":"` + secret + `"}`} {
			req, err := http.NewRequest("POST", "https://"+p.listen+"/events/x", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.URL.Path += secret
			req.Header.Set("X-User", secret)
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if found := leaks(string(text)); found != nil || res.ProtoMajor != 2 {
				t.Errorf("%s: the answer says %q: %s", res.Proto, found, text)
			}
		}
		client.CloseIdleConnections()
	}
	all.Wait()
	_, page := get(t, p.admin, "/metrics")
	p.signal(t, syscall.SIGTERM)
	p.exit(t)
	if found := leaks(page + p.said()); found != nil {
		t.Errorf("found %q in\n%s\n%s", found, page, p.said())
	}
	checkNoAddress(t, p)
	if got := p.times(`"status":0`); got < 5*rounds(len(secrets), 1) {
		t.Errorf("%d connections failed: %s", got, p.said())
	}
}
