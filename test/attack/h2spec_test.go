package attack_test

import (
	"bytes"
	"crypto/tls"
	"encoding/xml"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestConformance asks h2spec of every rule of HTTP/2 and HPACK that it knows whether
// we keep it (RFC 7540, 7541), and the same of what we are made of: where net/http is
// right, so are we.
func TestConformance(t *testing.T) {
	t.Parallel() // with TestSlow, which has little to do either
	id := newIdentity(t)
	c := newCollector(t)
	s := start(t, c.URL, "test/attack/testdata/any.yaml", id)
	stock := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // it fails where the client is gone
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":""}`)
	}))
	pair, err := tls.LoadX509KeyPair(id.cert, id.key)
	if err != nil {
		t.Fatal(err)
	}
	stock.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	stock.EnableHTTP2 = true
	stock.Config.ErrorLog = log.New(io.Discard, "", 0)
	stock.StartTLS()
	t.Cleanup(stock.Close)

	tool := filepath.Join(t.TempDir(), "h2spec")
	if out, err := exec.Command("go", "build", "-o", tool, "github.com/summerwind/h2spec/cmd/h2spec").CombinedOutput(); err != nil {
		t.Fatalf("building h2spec: %v\n%s", err, out)
	}
	theirs := h2spec(t, tool, stock.Listener.Addr().String())
	ours := h2spec(t, tool, s.address)
	if len(ours) < 140 || len(ours) != len(theirs) {
		t.Fatalf("h2spec asked %d questions of us and %d of net/http, want the same and at least 140", len(ours), len(theirs))
	}
	passed := 0
	for i, case_ := range ours {
		switch {
		case case_.name != theirs[i].name:
			t.Fatalf("question %d is %q here and %q there", i, case_.name, theirs[i].name)
		case case_.wrong == "":
			passed++
		case theirs[i].wrong == "":
			t.Errorf("%s: %s\nnet/http passes", case_.name, case_.wrong)
		default:
			t.Logf("as net/http: %s: %s", case_.name, case_.wrong)
		}
	}
	t.Logf("of %d questions we passed %d", len(ours), passed)
	s.checkAlive()
	c.check(t)
}

// An asked is a question of h2spec, and what was wrong with the answer.
type asked struct{ name, wrong string }

// h2spec runs it against a server.
func h2spec(t *testing.T, tool, address string) (all []asked) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(t.TempDir(), "report.xml")
	cmd := exec.Command(tool, "--host", host, "--port", port, "--tls", "--insecure", "--strict", "--timeout", "2", "--junit-report", report)
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState.ExitCode() != 1 { // 1 is that something failed
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	data, err := os.ReadFile(report)
	if err != nil {
		t.Fatalf("%s left no report: %v\n%s", cmd, err, out)
	}
	var suites struct {
		Suites []struct {
			Cases []struct {
				Package string    `xml:"package,attr"`
				Name    string    `xml:"classname,attr"`
				Failure string    `xml:"failure"`
				Error   string    `xml:"error"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(data, &suites); err != nil {
		t.Fatalf("reading the report of h2spec: %v", err)
	}
	for _, suite := range suites.Suites {
		for _, c := range suite.Cases {
			wrong := c.Failure + c.Error
			if c.Skipped != nil {
				wrong = "skipped"
			}
			all = append(all, asked{c.Package + " " + c.Name, string(bytes.TrimSpace([]byte(wrong)))})
		}
	}
	return all
}
