package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
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

// inMemory is five bytes of a secret wherever they begin, as a dump of memory shows them.
func inMemory(secret string) (all []string) {
	for i := range len(secret) - 4 {
		five := []byte(secret[i : i+5])
		all = append(all, hex.EncodeToString(five))
		slices.Reverse(five)
		all = append(all, hex.EncodeToString(five))
	}
	return all
}

// leaks are the secrets that stand in a text, in any spelling.
func leaks(text string) (found []string) {
	for _, secret := range secrets {
		for _, s := range inMemory(secret) {
			if strings.Contains(text, s) {
				found = append(found, s)
			}
		}
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
			fmt.Sprintf("%#x", binary.LittleEndian.Uint64([]byte(secret[3:]))),
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

// burst is how many requests are sent before a second is let pass: a log that
// leaves out repeated lines would leave out leaks.
const burst = 45

func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	for _, secret := range secrets[:rounds(len(secrets), 2)] {
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
					for line := range strings.Lines(out) {
						if f := leaks(line); f != nil {
							t.Errorf("%s to %q says %q: %s", what, request, f, line)
						}
					}
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
			if code := p.exit(t); code != 2 || !strings.Contains(p.said(), "(*Transport).RoundTrip") {
				t.Errorf("SIGQUIT ended it with %d, and it does not say where it is: %s", code, p.said())
			}
			held.Wait()
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
