package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/config"
)

func doctorCommand() *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Try everything that the sidecar needs, and say what is wrong",
		Long: `Try what run would need: the configuration, rules, keys, certificates, the way to
each collector, and the addresses to listen on. What is wrong is said with the
command that mends it. No request is sent to a collector, and nothing is changed.

It takes the flags of run, so that the line of a container can be tried as it is.`,
		Example: `  statveil doctor -c statveil.yaml
  kubectl exec my-pod -c statveil -- /statveil doctor -c /etc/statveil/config/statveil.yaml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d := &doctor{out: c.OutOrStdout(), errs: c.ErrOrStderr()}
			d.examine(c.Context(), func() (*config.Config, error) { return f.config(c) })
			if d.wrong > 0 {
				return errReported
			}
			return nil
		},
	}
	f.register(c)
	return c
}

// A doctor goes on when something is wrong: what else is wrong matters too.
type doctor struct {
	out, errs io.Writer
	wrong     int
}

func (d *doctor) fine(format string, args ...any) {
	fmt.Fprintf(d.out, "ok: "+format+"\n", args...)
}

// note says what is not wrong, and worth knowing.
func (d *doctor) note(format string, args ...any) {
	fmt.Fprintf(d.out, "note: "+format+"\n", args...)
}

func (d *doctor) ill(err error) {
	d.wrong++
	printError(d.errs, err)
}

func (d *doctor) examine(ctx context.Context, load func() (*config.Config, error)) {
	cfg, err := load()
	if err != nil {
		d.ill(err)
		return // nobody knows what the rest would be about
	}
	d.fine("the configuration is complete")
	if unknown, _ := config.Default().Environment(os.Environ()); len(unknown) > 0 {
		d.note("these environment variables are not known and change nothing: %s", strings.Join(unknown, ", "))
	}
	d.rules(cfg)
	d.keys(cfg)
	d.certificate(cfg)
	d.collectors(ctx, cfg)
	d.addresses(ctx, cfg)
}

func (d *doctor) rules(cfg *config.Config) {
	set, err := loadRules(cfg.Rules)
	if err != nil {
		d.ill(err)
		return
	}
	d.fine("the rules have %d route(s)", len(set.Routes()))
	if n := len(set.Lint()); n > 0 {
		d.note("the rules have %d thing(s) that may not be meant: statveil check %s says which", n, strings.Join(cfg.Rules, " "))
	}
	if names := observing(set); len(names) > 0 {
		d.note("these routes observe, and forward what they find: %s", strings.Join(names, ", "))
	}
}

func (d *doctor) keys(cfg *config.Config) {
	switch source, err := openKeys(cfg.Keys); {
	case err != nil:
		d.ill(err)
	case cfg.Keys.Dev:
		d.note("keys are random and in memory: every restart changes every pseudonym, and statveil keys init --keys file:keys.json makes some that last")
	default:
		d.fine("%s has %d keyring(s); the highest key version in effect is %d", cfg.Keys.File, source.tenants, source.newest())
	}
}

// soon is how long before its end a certificate is worth a word.
const soon = 14 * 24 * time.Hour

func (d *doctor) certificate(cfg *config.Config) {
	t, err := clientTLS(cfg.TLS)
	switch {
	case err != nil:
		d.ill(err)
		return
	case t == nil:
		return
	}
	leaf := t.Certificates[0].Leaf
	d.validity("the certificate "+cfg.TLS.Cert, leaf, "replace the files of tls.cert and tls.key: the sidecar reads them again by itself")
}

func (d *doctor) validity(what string, leaf *x509.Certificate, hint string) {
	switch now := time.Now(); {
	case now.After(leaf.NotAfter):
		d.ill(&hintedError{fmt.Errorf("%s ended at %s", what, leaf.NotAfter.UTC().Format(time.RFC3339)), hint})
	case now.Before(leaf.NotBefore):
		d.ill(&hintedError{fmt.Errorf("%s begins only at %s", what, leaf.NotBefore.UTC().Format(time.RFC3339)), "compare with the clock: date -u"})
	case now.Add(soon).After(leaf.NotAfter):
		d.note("%s ends soon, at %s", what, leaf.NotAfter.UTC().Format(time.RFC3339))
	default:
		d.fine("%s is good until %s", what, leaf.NotAfter.UTC().Format(time.RFC3339))
	}
}

func (d *doctor) collectors(ctx context.Context, cfg *config.Config) {
	upstreams := []string{cfg.Upstream}
	if len(cfg.Collectors) > 0 {
		upstreams = nil
		for _, c := range cfg.Collectors {
			upstreams = append(upstreams, c.Upstream)
		}
	}
	secure, err := collectorTLS(cfg.UpstreamTLS)
	if err != nil {
		d.ill(err)
		return
	}
	for _, upstream := range upstreams {
		u, err := config.ParseUpstream(upstream)
		if err != nil {
			continue // the configuration was validated
		}
		if err := reach(ctx, u, secure); err != nil {
			d.ill(err)
			continue
		}
		d.fine("the collector %s can be reached (nothing was sent)", upstream)
	}
}

// patience is how long a collector may take to answer a call.
const patience = 5 * time.Second

// reach connects, with TLS where the URL says so, and sends nothing.
func reach(ctx context.Context, u *url.URL, secure *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	address := net.JoinHostPort(u.Hostname(), port)
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return &hintedError{fmt.Errorf("the collector %s: its name does not resolve", u), "getent hosts " + u.Hostname() + " asks the same; upstream or collectors names another"}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &hintedError{fmt.Errorf("the collector %s: nobody listens on %s", u, address), "start it, or name another in upstream or collectors"}
	case err != nil:
		return &hintedError{fmt.Errorf("the collector %s: %s does not answer", u, address), "curl -v " + u.String() + " shows how far it gets; a network policy or firewall may be in the way"}
	}
	defer conn.Close()
	if u.Scheme != "https" {
		return nil
	}
	secure = secure.Clone()
	if secure.ServerName == "" {
		secure.ServerName = u.Hostname()
	}
	client := tls.Client(conn, secure)
	if err = client.HandshakeContext(ctx); err == nil {
		err = dismissed(client)
	}
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	hint := "openssl s_client -connect " + address + " shows its certificate"
	switch {
	case err == nil:
		return nil
	case errors.As(err, new(tls.AlertError)), errors.As(err, new(*net.OpError)) && strings.Contains(err.Error(), "remote error: tls:"):
		return &hintedError{fmt.Errorf("the collector %s: it does not accept us: %w", u, err), "upstream_tls: {cert: FILE, key: FILE} is the certificate that it asks for; " + hint}
	case errors.As(err, &authority):
		return &hintedError{fmt.Errorf("the collector %s: its certificate is of no authority that is trusted here", u), "upstream_tls: {ca: FILE} names its authority; " + hint}
	case errors.As(err, &name):
		return &hintedError{fmt.Errorf("the collector %s: its certificate is for another name", u), "upstream_tls: {server_name: NAME} expects another; " + hint}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return &hintedError{fmt.Errorf("the collector %s: its certificate has ended, or has not begun", u), "compare with the clock: date -u; " + hint}
	}
	return &hintedError{fmt.Errorf("the collector %s: the TLS handshake fails: %w", u, err), hint}
}

// dismissed returns what a collector has against us. Of our certificate it says so only
// after the handshake (RFC 8446, 4.4.2.4); if it is silent, all is well.
func dismissed(conn *tls.Conn) error {
	if err := conn.SetReadDeadline(time.Now().Add(time.Second / 2)); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// addresses tries to listen, unless a sidecar runs already: then it is asked.
func (d *doctor) addresses(ctx context.Context, cfg *config.Config) {
	if state := asked(ctx, cfg.Admin.Listen, "/readyz"); state != "" && inUse(cfg.Listen) {
		d.fine("a sidecar runs here; it says: %s", strings.TrimSpace(state))
		if strings.Contains(asked(ctx, cfg.Admin.Listen, "/metrics"), "\nstatveil_rules_reload_success 0\n") {
			d.ill(&hintedError{errors.New("the sidecar could not load what its files say now: what was loaded before is in force"),
				"curl -X POST http://" + cfg.Admin.Private + "/-/reload says why"})
		}
		return
	}
	for _, a := range []struct{ field, address string }{
		{"listen", cfg.Listen}, {"admin.listen", cfg.Admin.Listen}, {"admin.private", cfg.Admin.Private},
	} {
		l, err := net.Listen("tcp", a.address)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			d.ill(&hintedError{fmt.Errorf("%s: another program listens on %s", a.field, a.address), "ss -ltnp shows which; or name another address"})
		case errors.Is(err, os.ErrPermission):
			d.ill(&hintedError{fmt.Errorf("%s: listening on %s is not allowed", a.field, a.address), "ports below 1024 need a privilege: take a higher one"})
		case err != nil:
			d.ill(&hintedError{fmt.Errorf("%s: %s is no address of this machine", a.field, a.address), "ip address shows those that it has"})
		default:
			l.Close()
			d.fine("%s: %s is free", a.field, a.address)
		}
	}
}

// inUse says whether somebody listens on an address.
func inUse(address string) bool {
	l, err := net.Listen("tcp", address)
	if err == nil {
		l.Close()
	}
	return errors.Is(err, syscall.EADDRINUSE)
}

// asked returns what a sidecar that runs answers, or "".
func asked(ctx context.Context, address, path string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return ""
	}
	res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req) // no proxy of the environment
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusServiceUnavailable {
		return ""
	}
	body, _ := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	return string(body)
}
