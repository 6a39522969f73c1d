package main

import (
	"fmt"
	"net"
	"net/http"
	"path"

	"go.uber.org/zap"
)

// probes answers Kubernetes and Prometheus: started once we are here, ready until the
// drain begins, alive as long as we answer. Nothing here changes anything.
func (s *sidecar) probes() http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /startupz", ok)
	mux.HandleFunc("GET /livez", ok)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !s.ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, "draining")
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.Handle("GET /metrics", s.metrics.handler())
	return exact(mux)
}

// private answers the operator, from this machine or pod only.
func (s *sidecar) private() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /-/reload", func(w http.ResponseWriter, _ *http.Request) {
		switch changed, err := s.reloadNow(); {
		case err != nil:
			w.WriteHeader(http.StatusInternalServerError)
			printError(w, err)
		case changed:
			fmt.Fprintln(w, "reloaded")
		default:
			fmt.Fprintln(w, "nothing has changed")
		}
	})
	level := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, "{\"level\":%q}\n", s.log.level) }
	mux.HandleFunc("GET /-/log", level)
	mux.HandleFunc("PUT /-/log", func(w http.ResponseWriter, r *http.Request) {
		to, ok := logLevels[r.FormValue("level")]
		if !ok {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintln(w, "level is debug, info, warn or error, as in: curl -X PUT -d level=debug")
			return
		}
		s.log.level.SetLevel(to)
		s.log.always("the log level is set from now on", zap.Stringer("level", to))
		level(w, r)
	})
	return local(exact(mux))
}

// exact knows a path by its one spelling: a ServeMux leads the others to it, and
// repeats them in its answer.
func exact(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path.Clean(r.URL.Path) != r.URL.Path {
			http.NotFound(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// local refuses what a browser sends on behalf of a page: the page may be anybody's,
// and its name may lead here (DNS rebinding).
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		ip := net.ParseIP(host)
		r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
		if host != "localhost" && !ip.IsLoopback() || r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintln(w, "this address answers the operator only: no browser, and by the name localhost or 127.0.0.1")
			return
		}
		next.ServeHTTP(w, r)
	})
}
