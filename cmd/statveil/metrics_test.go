package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/statveil/statveil/rules"
)

// A sampled is one line of /metrics.
type sampled struct {
	name   string
	labels map[string]string
	value  float64
}

var (
	sampleLine = regexp.MustCompile(`^([a-z_]+)(?:\{(.*)\})? (\S+)\n$`)
	labelPair  = regexp.MustCompile(`([a-z_]+)="((?:[^"\\]|\\.)*)"`)
)

// samplesOf reads a page of metrics.
func samplesOf(t *testing.T, page string) (all []sampled) {
	t.Helper()
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		m := sampleLine.FindStringSubmatch(line)
		if m == nil {
			t.Fatalf("no metric: %q", line)
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			t.Fatalf("no metric: %q", line)
		}
		s := sampled{m[1], map[string]string{}, value}
		for _, pair := range labelPair.FindAllStringSubmatch(m[2], -1) {
			s.labels[pair[1]] = pair[2]
		}
		all = append(all, s)
	}
	return all
}

// metric is the value of a series now, as /metrics spells it; 0 where it is not there.
func (p *process) metric(t *testing.T, series string) float64 {
	t.Helper()
	_, page := get(t, p.admin, "/metrics")
	return metricIn(t, page, series)
}

func metricIn(t *testing.T, page, series string) float64 {
	t.Helper()
	for line := range strings.Lines(page) {
		if text, ok := strings.CutPrefix(line, series+" "); ok {
			value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				t.Fatal(err)
			}
			return value
		}
	}
	return 0
}

// ourMetrics are the families and their labels, as dashboards know them.
var ourMetrics = map[string][]string{
	"statveil_requests_total":                       {"outcome", "route"},
	"statveil_findings_total":                       {"action", "kind", "route", "rule"},
	"statveil_dropped_total":                        {"reason", "route"},
	"statveil_answers_total":                        {"route", "status"},
	"statveil_answers_cut_total":                    {"route"},
	"statveil_limit_exceeded_total":                 {"limit"},
	"statveil_certificate_expiry_timestamp_seconds": {},
	"statveil_request_duration_seconds":             {"route"},
	"statveil_processing_duration_seconds":          {"route"},
	"statveil_panics_total":                         {},
	"statveil_rules_reload_success":                 {},
	"statveil_rules_loaded_timestamp_seconds":       {},
	"statveil_observing_routes":                     {},
	"statveil_tenants":                              {},
	"statveil_key_version_max":                      {},
	"statveil_inflight_bytes":                       {},
	"statveil_connections":                          {},
	"statveil_build_info":                           {"go_version", "version"},
}

const metricRules = `
version: 1
tenant: {name: acme}
routes:
  - name: events
    match: POST /events/{who}
    rules:
      - {at: body.note, find: email, do: mask}
      - {at: body.secret, do: remove, name: secrets}
      - {at: body.bad, do: reject}
      - {at: body.device, do: keep}
  - name: dropping
    match: POST /dropping
    on_failure: {unparseable: drop}
  - name: watched
    match: POST /watched
    mode: observe
  - name: assets
    match: GET /static/{any...}
    pass: true
`

// What was done is counted under words of ours and names of the rule files.
func TestMetrics(t *testing.T) {
	t.Parallel()
	collector := httpCollector(t)
	dir := files(t, collector, "limits: {target: 100B, depth: 4}\n")
	replace(t, dir, "rules.yaml", metricRules)
	p := launch(t, calm, dir)
	for _, r := range []struct {
		times              int
		method, path, body string
		want               int
	}{
		{3, "POST", "/events/x", `{"note":"anna@example.com","secret":"` + planted + `","device":"d"}`, 200},
		{2, "POST", "/events/" + planted, `{"n":1}`, 200},
		{2, "POST", "/events/x", `{"bad":"1"}`, 403},
		{4, "POST", "/events/x", `{`, 400},
		{1, "POST", "/events/x", `[[[[[1]]]]]`, 413},
		{5, "POST", "/nowhere/" + planted, ``, 403},
		{6, "POST", "/dropping", `{`, 204},
		{7, "POST", "/watched", `{"user":"` + planted + `"}`, 200},
		{8, "GET", "/static/" + planted, ``, 200},
		{1, "GET", "/static/" + strings.Repeat("x", 100), ``, 414},
	} {
		for range r.times {
			if code, body := ask(t, r.method, p.listen, r.path, r.body); code != r.want {
				t.Errorf("%s %s %s: got %d %s", r.method, r.path, r.body, code, body)
			}
		}
	}
	raw(t, p.listen, "no request\r\n\r\n")
	_, page := get(t, p.admin, "/metrics")
	for series, want := range map[string]float64{
		`statveil_requests_total{outcome="forwarded",route="events"}`:                                  5,
		`statveil_requests_total{outcome="rejected",route="events"}`:                                   2,
		`statveil_requests_total{outcome="unparseable",route="events"}`:                                4,
		`statveil_requests_total{outcome="oversize",route="events"}`:                                   1,
		`statveil_requests_total{outcome="no_route",route=""}`:                                         5,
		`statveil_requests_total{outcome="dropped",route="dropping"}`:                                  6,
		`statveil_requests_total{outcome="forwarded",route="dropping"}`:                                0,
		`statveil_requests_total{outcome="observed",route="watched"}`:                                  7,
		`statveil_requests_total{outcome="forwarded",route="assets"}`:                                  8,
		`statveil_requests_total{outcome="oversize",route=""}`:                                         1,
		`statveil_requests_total{outcome="unparseable",route=""}`:                                      1,
		`statveil_findings_total{action="mask",kind="email",route="events",rule="events/1"}`:           3,
		`statveil_findings_total{action="remove",kind="value",route="events",rule="secrets"}`:          3,
		`statveil_findings_total{action="keep",kind="value",route="events",rule="events/4"}`:           3,
		`statveil_findings_total{action="pseudonymize",kind="phone",route="events",rule="otherwise"}`:  2,
		`statveil_findings_total{action="pseudonymize",kind="phone",route="watched",rule="otherwise"}`: 7,
		`statveil_limit_exceeded_total{limit="depth"}`:                                                 1,
		`statveil_limit_exceeded_total{limit="target"}`:                                                1,
		`statveil_request_duration_seconds_count{route="assets"}`:                                      8,
		`statveil_processing_duration_seconds_count{route="events"}`:                                   12,
		`statveil_observing_routes`:                                                                    1,
		`statveil_rules_reload_success`:                                                                1,
		`statveil_key_version_max`:                                                                     1,
		`statveil_tenants`:                                                                             0,
		`statveil_inflight_bytes`:                                                                      0,
		`statveil_panics_total`:                                                                        0,
	} {
		if !strings.Contains(page, "\n"+series+" ") {
			t.Errorf("%s is not there", series)
		}
		if got := metricIn(t, page, series); got != want {
			t.Errorf("%s: got %v, want %v", series, got, want)
		}
	}
	seen := map[string]bool{}
	for _, s := range samplesOf(t, page) {
		if !strings.HasPrefix(s.name, "statveil_") {
			continue
		}
		family := regexp.MustCompile(`(_seconds)_(bucket|sum|count)$`).ReplaceAllString(s.name, "$1")
		seen[family] = true
		delete(s.labels, "le")
		if want, known := ourMetrics[family]; !known || !slices.Equal(slices.Sorted(maps.Keys(s.labels)), want) {
			t.Errorf("%s has the labels %v, want %v", family, s.labels, want)
		}
	}
	for family := range ourMetrics {
		if !seen[family] {
			t.Errorf("%s is not there", family)
		}
	}
	if strings.Contains(page, planted[2:]) || strings.Contains(page, "anna") {
		t.Error("a value is in the metrics")
	}
	problems, err := promlint.New(strings.NewReader(page)).Lint()
	if err != nil {
		t.Errorf("it is not as Prometheus reads it: %v", err)
	}
	for _, problem := range problems {
		if strings.HasPrefix(problem.Metric, "statveil_") {
			t.Errorf("%s: %s", problem.Metric, problem.Text)
		}
	}
}

// httpCollector is a collector that says yes to everything.
func httpCollector(t *testing.T) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) })}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String()
}

// Whatever clients send, there are no more series than outcomes.
func TestMetricsAreBounded(t *testing.T) {
	t.Parallel()
	dir := files(t, httpCollector(t), "")
	replace(t, dir, "rules.yaml", metricRules)
	p := launch(t, calm, dir)
	word := func() string { return strconv.FormatUint(rand.Uint64(), 36) }
	random := func(i int) string { // with all that it can vary
		method := strings.ToUpper(strings.Trim(word(), "0123456789"))
		switch i % 3 {
		case 0:
			method = "POST"
		case 1:
			method = "GET"
		}
		path := []string{"/events/", "/static/", "/", "/" + word() + "/"}[i%4] + word()
		body := fmt.Sprintf(`{"%s":"%s@%s.example","note":"+1202555%04d"}`, word(), word(), word(), i%10000)
		return fmt.Sprintf("%s %s?%s=%s HTTP/1.1\r\nHost: %s.example\r\nUser-Agent: %s\r\nX-%s: %[6]s\r\nCookie: %[6]s=%[6]s\r\nContent-Type: application/%[6]s+json\r\nContent-Length: %[8]d\r\n\r\n%s",
			method, path, word(), word(), word(), word(), word(), len(body), body)
	}
	series := func() (all map[string]int) {
		all = map[string]int{}
		_, page := get(t, p.admin, "/metrics")
		for _, s := range samplesOf(t, page) {
			if strings.HasPrefix(s.name, "statveil_") {
				all[fmt.Sprint(s.name, s.labels)]++
			}
		}
		return all
	}
	send := func(from, to int) {
		conn, err := net.Dial("tcp", p.listen)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { conn.Close() }()
		in := bufio.NewReader(conn)
		for i := from; i < to; i++ {
			io.WriteString(conn, random(i))
			res, err := http.ReadResponse(in, nil)
			if err == nil {
				_, err = io.Copy(io.Discard, res.Body)
			}
			if err != nil {
				t.Fatalf("request %d: %v", i, err)
			}
			if res.Close {
				conn.Close()
				if conn, err = net.Dial("tcp", p.listen); err != nil {
					t.Fatal(err)
				}
				in.Reset(conn)
			}
		}
	}
	const first = 240
	send(0, first) // some of each kind
	before := series()
	send(first, rounds(10_000, 1_000))
	after := series()
	for s := range after {
		if before[s] == 0 {
			t.Errorf("there is a new series: %s", s)
		}
	}
	if got := p.metric(t, `statveil_requests_total{outcome="forwarded",route="events"}`); got < first/12 {
		t.Errorf("only %v were forwarded", got)
	}
	t.Logf("%d series after %d random requests", len(after), rounds(10_000, 1_000))
}

// What is kept for a series does not grow with the requests: the rule of the guard is
// another one for each of them.
func TestFoundIsBounded(t *testing.T) {
	t.Parallel()
	set, err := rules.Parse(rules.File{Name: "r.yaml", Data: []byte("version: 1\nroutes:\n  - {name: r, match: POST /, rules: [{at: body.user}]}\n")})
	if err != nil {
		t.Fatal(err)
	}
	m := newMetrics(&sidecar{})
	for i := range 100 {
		match := set.Route("r").Record(fmt.Appendf(nil, `{"user":"anna.virtanen%d","log":"by anna.virtanen%[1]d"}`, i), 0)
		if err := match.Rewrite(nil, func(f *rules.Finding) (string, error) {
			m.finding(match.Route, f)
			return "psn_a", nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	kept := 0
	m.found.Range(func(_, _ any) bool { kept++; return true })
	if want := 2; kept != want { // the rule's, and the guard's
		t.Errorf("after 100 requests, %d series are kept, want %d", kept, want)
	}
}
