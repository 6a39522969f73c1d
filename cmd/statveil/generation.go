package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

// A generation is all that serves a request and can change while the process runs:
// configuration, rules, keys, certificates. It is built aside and swapped whole, so
// that a request sees one of them from beginning to end.
type generation struct {
	cfg       *config.Config
	set       *rules.Set
	keys      keySource
	tls       *tls.Config // for clients; nil: clear text
	transport *proxy.Transport
	handler   http.Handler
	files     snapshot // that it was made of
}

// build makes the generation of a configuration, whose files held this before.
// What need not change stays as it was in the last one, if there is one: random keys,
// and open connections.
func (s *sidecar) build(cfg *config.Config, files snapshot, last *generation) (*generation, error) {
	g := &generation{cfg: cfg, files: files}
	var err error
	if g.set, err = s.rules(cfg.Rules); err != nil {
		return nil, err
	}
	if last != nil && cfg.Keys.Dev && last.cfg.Keys.Dev {
		g.keys = last.keys
	} else if g.keys, err = openKeys(cfg.Keys); err != nil {
		return nil, err
	}
	if last != nil && (last.keys.file == nil) != (g.keys.file == nil) {
		return nil, &hintedError{errors.New("keys: keys in a file and random ones are no continuation of each other: every pseudonym would change"), "where that is meant, restart the sidecar"}
	}
	if last != nil && last.keys.file != nil && g.keys.file != nil {
		if err := g.keys.file.Continues(last.keys.file); err != nil {
			return nil, &hintedError{fmt.Errorf("keys: %s: %w", cfg.Keys.File, err),
				"statveil keys rotate adds a version and keeps those before it; where other keys are meant, restart the sidecar"}
		}
	}
	if g.tls, err = clientTLS(cfg.TLS); err != nil {
		return nil, err
	}
	if last != nil && g.tls == nil {
		g.tls = last.tls // TLS ends at the next start only
	}
	collector, err := cfg.CollectorFor()
	if err != nil {
		return nil, err
	}
	if last != nil && reflect.DeepEqual(cfg.UpstreamTLS, last.cfg.UpstreamTLS) && cfg.Timeouts.Upstream == last.cfg.Timeouts.Upstream && g.files.upstream == last.files.upstream {
		g.transport = last.transport
	} else {
		secure, err := collectorTLS(cfg.UpstreamTLS)
		if err != nil {
			return nil, err
		}
		g.transport = proxy.NewTransport(time.Duration(cfg.Timeouts.Upstream), secure)
	}
	g.handler = proxy.Reverse(&proxy.Sanitizer{
		Rules:     func() *rules.Set { return g.set },
		Keys:      g.keys.keyring,
		Transport: g.transport,
		Limits: proxy.Limits{
			Body: int64(cfg.Limits.Body), Ratio: cfg.Limits.Ratio, Depth: cfg.Limits.Depth,
			Target: int(cfg.Limits.Target), Parameters: cfg.Limits.Parameters,
		},
		InFlight: s.inflight,
		Observe:  s.observe,
		Found:    func(route *rules.Route, f *rules.Finding, _ string) { s.metrics.finding(route, f) },
	}, collector)
	return g, nil
}

// clientTLS reads the certificates for clients; nil: there are none.
func clientTLS(c config.TLS) (*tls.Config, error) {
	if c.Cert == "" {
		return nil, nil
	}
	pair, err := keyPair("tls", c.Cert, c.Key)
	if err != nil {
		return nil, err
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}, Certificates: []tls.Certificate{pair}}
	if c.ClientCA != "" {
		t.ClientAuth = tls.RequireAndVerifyClientCert
		if t.ClientCAs, err = authorities("tls.client_ca", c.ClientCA); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// collectorTLS is whom we trust as a collector, and who we are to it.
func collectorTLS(c config.UpstreamTLS) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	var err error
	if c.CA != "" {
		if t.RootCAs, err = authorities("upstream_tls.ca", c.CA); err != nil {
			return nil, err
		}
	}
	if c.Cert != "" {
		pair, err := keyPair("upstream_tls", c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

func keyPair(section, cert, key string) (tls.Certificate, error) {
	var pair tls.Certificate
	certPEM, err := readRegular(cert)
	if err == nil {
		var keyPEM []byte
		if keyPEM, err = readRegular(key); err == nil {
			pair, err = tls.X509KeyPair(certPEM, keyPEM)
		}
	}
	if err != nil {
		return pair, &hintedError{fmt.Errorf("reading the certificate of %s: %w", section, err),
			section + ".cert is a PEM file with the certificate and those above it, " + section + ".key its private key"}
	}
	return pair, nil
}

func authorities(field, file string) (*x509.CertPool, error) {
	pem, err := readRegular(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", field, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &hintedError{fmt.Errorf("reading %s: there is no certificate in %s", field, file), "it is a PEM file"}
	}
	return pool, nil
}
