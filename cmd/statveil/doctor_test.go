package main

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Everything that can be wrong is said with the command that mends it, and what is
// wrong hides nothing else.
func TestDoctor(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	hour := time.Now().Add(time.Hour)
	good, goodKey := ours.issue(t, "127.0.0.1", hour)
	named, namedKey := ours.issue(t, "collector.example", hour)
	ended, endedKey := ours.issue(t, "127.0.0.1", time.Now().Add(-time.Hour))
	foreign, foreignKey := others.issue(t, "127.0.0.1", hour)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { plain.Close() })
	go func() {
		for {
			conn, err := plain.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	running := start(t, "http://"+plain.Addr().String(), "")

	const fine = "keys: {dev: true}\nrules: [rules.yaml]\nlisten: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}\n"
	toPlain := "upstream: http://" + plain.Addr().String() + "\n"
	secure := func(cert, key []byte, more string) string {
		return fmt.Sprintf("upstream: https://%s\nupstream_tls: {ca: ca.pem%s}\n", serveTLS(t, cert, key), more)
	}
	tests := []struct {
		name, config string
		says         []string // among its output
		wrong        []string // the beginnings of its errors, in their order
		hint         string   // in one of its hints
	}{
		{"all is well", fine + toPlain, []string{"ok: the rules have 1 route(s)", "ok: the collector http://127.0.0.1:", "note: keys are random"}, nil, ""},
		{"TLS is well", fine + secure(good, goodKey, ""), []string{"ok: the collector https://127.0.0.1:"}, nil, ""},
		{"TLS by another name", fine + secure(named, namedKey, ", server_name: collector.example"), []string{"ok: the collector https://"}, nil, ""},
		{"nothing is configured", "listen: 127.0.0.1:0\n", nil, []string{"error: "}, "keys init"},
		{"no keys, no rules", "upstream: http://" + plain.Addr().String() + "\nkeys: {file: no.json}\nrules: [no.yaml]\n" + "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0, private: 127.0.0.1:0}\n",
			[]string{"ok: the collector"}, []string{"error: reading rules: ", "error: opening keys: "}, "statveil keys init --keys file:"},
		{"nobody listens", fine + "upstream: http://" + gone.Addr().String() + "\n", nil, []string{"error: the collector http://127.0.0.1:"}, "start it"},
		{"no such name", fine + "upstream: http://collector.invalid\n", nil, []string{"error: the collector http://collector.invalid: "}, ""},
		{"another authority", fine + secure(foreign, foreignKey, ""), nil, []string{"error: the collector https://"}, "upstream_tls: {ca: FILE}"},
		{"another name", fine + secure(named, namedKey, ""), nil, []string{"error: the collector https://"}, "upstream_tls: {server_name: NAME}"},
		{"it has ended", fine + secure(ended, endedKey, ""), nil, []string{"error: the collector https://"}, "date -u"},
		{"no TLS there", fine + "upstream: https://" + plain.Addr().String() + "\n", nil, []string{"error: the collector https://"}, "openssl s_client"},
		{"one of several", fine + "collectors:\n- {host: a.example, upstream: http://" + plain.Addr().String() + "}\n- {host: b.example, upstream: http://" + gone.Addr().String() + "}\n",
			[]string{"ok: the collector"}, []string{"error: the collector http://"}, "start it"},
		{"our certificate has ended", fine + toPlain + "tls: {cert: ended.pem, key: ended-key.pem}\n", nil, []string{"error: the certificate "}, "replace the files"},
		{"our certificate ends soon", fine + toPlain + "tls: {cert: good.pem, key: good-key.pem}\n", []string{"note: the certificate "}, nil, ""},
		{"not its key", fine + toPlain + "tls: {cert: good.pem, key: ended-key.pem}\n", nil, []string{"error: reading the certificate of tls: "}, "private key"},
		{"no certificate", fine + toPlain + "upstream_tls: {}\ntls: {cert: good.pem, key: good-key.pem, client_ca: rules.yaml}\n", nil, []string{"error: reading tls.client_ca: "}, "PEM"},
		{"an address is taken", strings.Replace(fine, "listen: 127.0.0.1:0\n", "listen: "+running.listen+"\n", 1) + toPlain, []string{"is free"}, []string{"error: listen: another program listens on "}, "ss -ltnp"},
		{"no address of ours", strings.Replace(fine, "listen: 127.0.0.1:0\n", "listen: 192.0.2.1:8080\n", 1) + toPlain, nil, []string{"error: listen: 192.0.2.1:8080 is no address"}, "ip address"},
		{"another sidecar runs", strings.Replace(fine, "{listen: 127.0.0.1:0,", "{listen: "+running.admin+",", 1) + toPlain, []string{"ok: listen: "}, []string{"error: admin.listen: another program listens on "}, "ss -ltnp"},
		{"a sidecar runs", strings.Replace(strings.Replace(fine, "listen: 127.0.0.1:0\n", "listen: "+running.listen+"\n", 1), "{listen: 127.0.0.1:0,", "{listen: "+running.admin+",", 1) + toPlain, []string{"ok: a sidecar runs here; it says: ok"}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			writeFiles(t, dir, map[string]string{
				"rules.yaml": drainRules, "statveil.yaml": tt.config, "ca.pem": string(ours.pem),
				"good.pem": string(good), "good-key.pem": string(goodKey), "ended.pem": string(ended), "ended-key.pem": string(endedKey),
			})
			var out, errs bytes.Buffer
			code := execute(t.Context(), []string{"doctor", "-c", filepath.Join(dir, "statveil.yaml")}, nil, &out, &errs)
			if want := min(len(tt.wrong), 1); code != want {
				t.Errorf("it ended with %d, want %d", code, want)
			}
			for _, want := range tt.says {
				if !strings.Contains(out.String(), want) {
					t.Errorf("it does not say %q", want)
				}
			}
			n := 0
			for line := range strings.Lines(errs.String()) {
				if !strings.HasPrefix(line, "error: ") {
					continue
				}
				if n >= len(tt.wrong) || !strings.HasPrefix(line, tt.wrong[n]) {
					t.Errorf("it says %q", line)
				}
				n++
			}
			if n < len(tt.wrong) {
				t.Errorf("it does not say %q", tt.wrong[n:])
			}
			if !strings.Contains(errs.String(), tt.hint) || tt.hint != "" && !strings.Contains(errs.String(), "hint: ") {
				t.Errorf("there is no hint with %q", tt.hint)
			}
			if t.Failed() {
				t.Logf("out:\n%s\nerrors:\n%s", &out, &errs)
			}
		})
	}
}
