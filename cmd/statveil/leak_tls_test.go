package main

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

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
