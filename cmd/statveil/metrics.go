package main

import (
	"net/http"
	"runtime"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
)

// metrics are what /metrics shows. No label holds a value from traffic: routes,
// rules and kinds are names of the rule files, the rest are words of ours.
type metrics struct {
	registry   *prometheus.Registry
	requests   *prometheus.CounterVec
	dropped    *prometheus.CounterVec
	answers    *prometheus.CounterVec
	cut        *prometheus.CounterVec
	findings   *prometheus.CounterVec
	limits     *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	processing *prometheus.HistogramVec
	panics     prometheus.Counter

	reloads   prometheus.Gauge
	loaded    prometheus.Gauge
	expiry    prometheus.Gauge
	observing prometheus.Gauge

	found sync.Map // of taken: to look a counter up by its labels costs more than to find
}

// taken is a series of findings_total. It has the name of a rule and not the rule: the
// guard's is another one for each request, and holds values of it.
type taken struct {
	route, rule, kind string
	do                rules.Action
}

// newMetrics asks the sidecar for what is there now, whenever somebody reads.
func newMetrics(s *sidecar) *metrics {
	m := &metrics{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "statveil_" + name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: "statveil_" + name, Help: help})
		m.registry.MustRegister(g)
		return g
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "statveil_" + name, Help: help, Buckets: buckets}, []string{"route"})
		m.registry.MustRegister(h)
		return h
	}
	now := func(name, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "statveil_" + name, Help: help}, value))
	}
	m.requests = counter("requests_total", "Requests by what became of them: forwarded, observed, dropped, canceled, or the reason of the refusal. Without a route: what no route matched, and connections that failed before there was a request.", "route", "outcome")
	m.dropped = counter("dropped_total", "Requests that their route let drop, by the reason for which they would have been refused.", "route", "reason")
	m.answers = counter("answers_total", "Answers of collectors by the class of their status.", "route", "status")
	m.cut = counter("answers_cut_total", "Answers that broke off on their way: the collector stopped, or the client did not take them.", "route")
	m.findings = counter("findings_total", "Findings by the rule that took them, their kind, and what was done.", "route", "rule", "kind", "action")
	m.limits = counter("limit_exceeded_total", "Requests and connections that passed a limit or a time-out, by its name in the configuration.", "limit")
	m.duration = histogram("request_duration_seconds", "From the header of a request to the header of its answer.", []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30})
	m.processing = histogram("processing_duration_seconds", "Of that, what was not spent waiting for the client's body or for the collector.", []float64{.00005, .0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1})
	m.panics = prometheus.NewCounter(prometheus.CounterOpts{Name: "statveil_panics_total", Help: "Requests that ended in a mistake of this program."})
	m.registry.MustRegister(m.panics)
	m.reloads = gauge("rules_reload_success", "1 if the last load of rules, keys, certificates and configuration succeeded; 0: what was loaded before is in force.")
	m.loaded = gauge("rules_loaded_timestamp_seconds", "When what is in force was loaded.")
	m.expiry = gauge("certificate_expiry_timestamp_seconds", "When the certificate for clients ends; 0: there is none.")
	m.observing = gauge("observing_routes", "Routes that observe: their requests are forwarded unchanged.")
	now("tenants", "Tenants that have a keyring of their own.", func() float64 { return float64(s.now.Load().keys.tenants) })
	now("key_version_max", "The highest key version that is in effect.", func() float64 { return float64(s.now.Load().keys.newest()) })
	now("inflight_bytes", "Bytes in memory for requests and answers.", func() float64 { return float64(s.inflight.Bytes()) })
	now("connections", "Connections of clients.", func() float64 { return float64(s.server.Open()) })
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "statveil_build_info", Help: "Always 1; the labels say what runs.",
			ConstLabels: prometheus.Labels{"version": version, "go_version": runtime.Version()}}, func() float64 { return 1 }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// observe counts a request, or a connection that ended before there was one.
func (m *metrics) observe(o proxy.Outcome) {
	if o.Limit != "" {
		m.limits.WithLabelValues(o.Limit).Inc()
	}
	switch {
	case o.Evicted:
		return
	case o.Cut:
		m.cut.WithLabelValues(o.Route).Inc()
		return
	}
	m.requests.WithLabelValues(o.Route, outcome(o)).Inc()
	switch {
	case o.Dropped:
		m.dropped.WithLabelValues(o.Route, string(o.Refused)).Inc()
	case o.Refused == "" || o.Observed:
		m.answers.WithLabelValues(o.Route, strconv.Itoa(o.Status/100)+"xx").Inc()
	}
	if o.Panic != nil {
		m.panics.Inc()
	}
	if o.Took > 0 {
		m.duration.WithLabelValues(o.Route).Observe(o.Took.Seconds())
		m.processing.WithLabelValues(o.Route).Observe((o.Took - o.Waited).Seconds())
	}
}

// outcome is one word for what became of a request.
func outcome(o proxy.Outcome) string {
	switch {
	case o.Observed:
		return "observed"
	case o.Dropped:
		return "dropped"
	case o.Gone:
		return "canceled"
	case o.Refused != "":
		return string(o.Refused)
	}
	return "forwarded"
}

func (m *metrics) finding(route *rules.Route, f *rules.Finding) {
	key := taken{route.Name, f.Rule.Name, f.Kind, f.Action()}
	c, ok := m.found.Load(key)
	if !ok {
		c, _ = m.found.LoadOrStore(key, m.findings.WithLabelValues(route.Name, f.Rule.Name, f.Kind, f.Action().String()))
	}
	c.(prometheus.Counter).Inc()
}

// inForce tells of what has been loaded.
func (m *metrics) inForce(g *generation) {
	m.found.Clear() // of rules that are no more
	m.reloads.Set(1)
	m.loaded.SetToCurrentTime()
	m.observing.Set(float64(len(observing(g.set))))
	// So that a rate is there from the first time on.
	for _, r := range g.set.Routes() {
		m.requests.WithLabelValues(r.Name, "forwarded")
		m.requests.WithLabelValues(r.Name, string(proxy.Collector))
		m.cut.WithLabelValues(r.Name)
		for _, reason := range []proxy.Reason{proxy.Unparseable, proxy.Oversize, proxy.Encoding, proxy.Keys, proxy.Collector} {
			if r.OnFailure(string(reason)) == rules.FailDrop {
				m.dropped.WithLabelValues(r.Name, string(reason))
			}
		}
	}
	for _, limit := range proxy.LimitNames {
		m.limits.WithLabelValues(limit)
	}
	if g.tls != nil {
		m.expiry.Set(float64(g.tls.Certificates[0].Leaf.NotAfter.Unix()))
	}
}
