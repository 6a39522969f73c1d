package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// A tlsClient makes a connection of its own for each request.
type tlsClient struct {
	roots *x509.CertPool
	pair  []tls.Certificate // that it shows
}

// send sends an event and returns the number of the certificate that it was shown.
func (c *tlsClient) send(t *testing.T, address string, n int, protocols ...string) (*big.Int, *http.Response, error) {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: c.roots, Certificates: c.pair},
		ForceAttemptHTTP2: n%2 == 0,
	}
	defer transport.CloseIdleConnections()
	req := event(t.Context(), t, address, n)
	req.URL.Scheme = "https"
	res, err := transport.RoundTrip(req)
	if err != nil {
		return nil, nil, err
	}
	res.Body.Close()
	return res.TLS.PeerCertificates[0].SerialNumber, res, nil
}

// certificate makes a pair of files for 127.0.0.1, and its number.
func certificate(t *testing.T, by *authority) (cert, key string, number *big.Int) {
	t.Helper()
	c, k := by.issue(t, "127.0.0.1", time.Now().Add(time.Hour))
	pair, err := tls.X509KeyPair(c, k)
	if err != nil {
		t.Fatal(err)
	}
	return string(c), string(k), pair.Leaf.SerialNumber
}

func pool(by *authority) *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(by.pem)
	return p
}

// Certificate and key are two files: until both are there, the last pair is served,
// and no handshake fails.
func TestReloadCertificates(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	collector := record(t)
	dir := files(t, collector.url(), "tls: {cert: cert.pem, key: key.pem}\n")
	cert, key, number := certificate(t, a)
	replace(t, dir, "cert.pem", cert)
	replace(t, dir, "key.pem", key)
	p := launch(t, hasty, dir)

	client := &tlsClient{roots: pool(a)}
	var sent atomic.Int64
	var load sync.WaitGroup
	over := make(chan struct{})
	for range 4 {
		load.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
				}
				if _, res, err := client.send(t, p.listen, int(sent.Add(1))); err != nil || res.StatusCode != http.StatusAccepted {
					t.Errorf("got %v, %v", res, err)
					return
				}
			}
		})
	}
	served := func() *big.Int {
		n, _, err := client.send(t, p.listen, int(sent.Add(1)))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	mismatched := 0
	for i := range rounds(20, 6) {
		if got := served(); got.Cmp(number) != 0 {
			t.Errorf("round %d: the certificate is %v, want %v", i, got, number)
		}
		cert, key, next := certificate(t, a)
		first, second := func() { replace(t, dir, "cert.pem", cert) }, func() { replace(t, dir, "key.pem", key) }
		if i%2 == 1 {
			first, second = second, first
		}
		first()
		switch i % 3 {
		case 0: // it sees that they do not belong together
			mismatched++
			p.logs(t, failed, mismatched)
			if got := served(); got.Cmp(number) != 0 {
				t.Errorf("round %d: between the two files the certificate is %v, want %v", i, got, number)
			}
		case 1:
			time.Sleep(time.Duration(rand.IntN(int(5 * time.Millisecond))))
		}
		second()
		await(t, "the new certificate", func() bool { return served().Cmp(next) == 0 })
		number = next
		p.logs(t, reloaded, i+1)
		mismatched = p.times(failed) // case 1 may have been seen, too
	}
	close(over)
	load.Wait()
	t.Logf("%d handshakes, %d mismatches seen", sent.Load(), mismatched)
	if got := p.metric(t, `statveil_requests_total{outcome="unparseable",route=""}`); got != 0 {
		t.Errorf("%v handshakes failed", got)
	}
	collector.judge(t)
}

// Whose certificates clients must have changes while it runs, and so does the own one
// that collectors see, and whom of these we trust.
func TestReloadAuthorities(t *testing.T) {
	t.Parallel()
	one, two := newAuthority(t), newAuthority(t)
	collector := record(t)
	dir := files(t, collector.url(), "tls: {cert: cert.pem, key: key.pem, client_ca: ca.pem}\n")
	cert, key, _ := certificate(t, one)
	replace(t, dir, "cert.pem", cert)
	replace(t, dir, "key.pem", key)
	replace(t, dir, "ca.pem", string(one.pem))
	p := launch(t, hasty, dir)
	clients := map[string]*tlsClient{}
	for name, by := range map[string]*authority{"one": one, "two": two} {
		c, k := by.issue(t, "client.example", time.Now().Add(time.Hour))
		pair, err := tls.X509KeyPair(c, k)
		if err != nil {
			t.Fatal(err)
		}
		clients[name] = &tlsClient{pool(one), []tls.Certificate{pair}}
	}
	n := 0
	let := func(name string) bool {
		n++
		_, res, err := clients[name].send(t, p.listen, n)
		return err == nil && res.StatusCode == http.StatusAccepted
	}
	if !let("one") || let("two") {
		t.Error("it begins with the wrong authority")
	}
	replace(t, dir, "ca.pem", string(two.pem))
	p.logs(t, reloaded, 1)
	if let("one") || !let("two") {
		t.Error("the authority is still the old one")
	}
	replace(t, dir, "ca.pem", "none")
	p.logs(t, failed, 1)
	if let("one") || !let("two") {
		t.Error("without an authority, another one counts")
	}
	replace(t, dir, "ca.pem", string(one.pem)+string(two.pem))
	p.logs(t, reloaded, 2)
	if !let("one") || !let("two") {
		t.Error("of two authorities one does not count")
	}
}

// The authority of collectors changes under load: of the connections that are open
// already none breaks off a request.
func TestReloadUpstreamAuthority(t *testing.T) {
	t.Parallel()
	one, two := newAuthority(t), newAuthority(t)
	collector := record(t)
	var now atomic.Pointer[tls.Certificate]
	serve := func(by *authority) {
		c, k := by.issue(t, "127.0.0.1", time.Now().Add(time.Hour))
		pair, err := tls.X509KeyPair(c, k)
		if err != nil {
			t.Fatal(err)
		}
		now.Store(&pair)
	}
	serve(one)
	secure := terminate(t, collector, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return now.Load(), nil }})
	dir := files(t, "https://"+secure, "upstream_tls: {ca: ca.pem}\n")
	replace(t, dir, "ca.pem", string(one.pem))
	p := launch(t, hasty, dir)
	sent := 0
	send := func() int {
		sent++
		res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, sent))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	for i, by := range []*authority{one, two, one} {
		serve(by)
		replace(t, dir, "ca.pem", string(by.pem))
		p.logs(t, reloaded, i)
		if got := send(); got != http.StatusAccepted {
			t.Errorf("round %d: got %d", i, got)
		}
	}
	serve(two) // which nobody trusts now
	collector.hangUp()
	await(t, "a collector that is not trusted", func() bool { return send() == http.StatusBadGateway })
}

// To begin or to end TLS takes a restart: until then it goes on as it is.
func TestReloadTLSNeedsRestart(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	const section = "tls: {cert: cert.pem, key: key.pem}\n"
	prepare := func(dir string) {
		cert, key, _ := certificate(t, a)
		replace(t, dir, "cert.pem", cert)
		replace(t, dir, "key.pem", key)
	}
	client := &tlsClient{roots: pool(a)}
	for _, tt := range []struct {
		name, old, now string
		secure         bool
	}{
		{"begin", "", section, false},
		{"end", section, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			collector := record(t)
			dir := files(t, collector.url(), tt.old)
			prepare(dir)
			p := launch(t, hasty, dir)
			text, err := os.ReadFile(filepath.Join(dir, "statveil.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			replace(t, dir, "statveil.yaml", string(text[:len(text)-len(tt.old)-len("log: {level: debug}\n")])+"log: {level: info}\n"+tt.now)
			p.logs(t, reloaded, 1)
			p.logs(t, `"fields":["tls"]`, 1)
			p.signal(t, syscall.SIGHUP)
			for n := 1; n < 5; n++ {
				status := 0
				if tt.secure {
					if _, res, err := client.send(t, p.listen, n); err == nil {
						status = res.StatusCode
					}
				} else {
					res, err := http.DefaultTransport.RoundTrip(event(t.Context(), t, p.listen, n))
					if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
						t.Fatal(err)
					}
					res.Body.Close()
					status = res.StatusCode
				}
				if status != http.StatusAccepted {
					t.Errorf("got %d after the reload: %s", status, p.said())
				}
			}
			replace(t, dir, "rules.yaml", fmt.Sprint(edition(3).rules()))
			p.logs(t, reloaded, 2)
		})
	}
}
