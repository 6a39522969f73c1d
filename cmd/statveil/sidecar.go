package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/rules"
	"go.uber.org/zap"
)

// A sidecar is what run runs.
type sidecar struct {
	load     func() (*config.Config, error)           // from its file, the environment and the flags
	rules    func(paths []string) (*rules.Set, error) // from their files
	log      *logs
	metrics  *metrics
	inflight *proxy.InFlight
	server   *proxy.Server
	ready    atomic.Bool

	started *config.Config // what cannot change is as it says
	now     atomic.Pointer[generation]

	reloading sync.Mutex
	broken    digest // of the files that could not be loaded, so that it is said once
}

// newSidecar builds all that serves, and binds nothing yet. It logs to stderr.
func newSidecar(load func() (*config.Config, error), rules func(paths []string) (*rules.Set, error), stderr io.Writer) (*sidecar, error) {
	s := &sidecar{load: load, rules: rules}
	cfg, files, err := s.look()
	if err != nil {
		return nil, err
	}
	s.started, s.log, s.inflight = cfg, newLogs(cfg.Log, stderr), proxy.NewInFlight(int64(cfg.Limits.Inflight))
	s.server = &proxy.Server{
		Handler:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.now.Load().handler.ServeHTTP(w, r) }),
		Headers:     int(cfg.Limits.Headers),
		Connections: cfg.Limits.Connections,
		ReadHeader:  time.Duration(cfg.Timeouts.ReadHeader),
		ReadBody:    time.Duration(cfg.Timeouts.ReadBody),
		Idle:        time.Duration(cfg.Timeouts.Idle),
		Write:       time.Duration(cfg.Timeouts.Write),
		InFlight:    s.inflight,
		Observe:     s.observe,
		HTTP:        http.Server{ErrorLog: s.log.http()},
	}
	s.metrics = newMetrics(s)
	s.log.panicked = s.metrics.panics.Inc
	g, err := s.build(cfg, files, nil) // where they change meanwhile, watch sees it
	if err != nil {
		return nil, err
	}
	if g.tls != nil {
		s.server.TLS = func() *tls.Config { return s.now.Load().tls }
	}
	s.swap(g)
	return s, nil
}

func (s *sidecar) observe(o proxy.Outcome) {
	s.metrics.observe(o)
	s.log.request(o)
}

// swap makes g what serves from now on.
func (s *sidecar) swap(g *generation) {
	last := s.now.Swap(g)
	s.inflight.SetLimit(int64(g.cfg.Limits.Inflight))
	s.metrics.inForce(g)
	if last != nil && last.transport != g.transport {
		last.transport.CloseIdleConnections()
	}
}

// warn says what nobody should have without knowing it: routes that observe, and keys
// that are random, where the last generation, if there is one, had others.
func (s *sidecar) warn(g, last *generation) {
	if g.cfg.Keys.Dev && (last == nil || !last.cfg.Keys.Dev) {
		s.log.always("keys are random and in memory: every restart changes every pseudonym", zap.String("keys", "dev"))
	}
	if names := observing(g.set); len(names) > 0 {
		s.log.always("routes observe: their requests are forwarded unchanged, whatever they hold", zap.Strings("routes", names))
	}
}

// listen opens an address; what for is said where that fails.
func listen(address, what, hint string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, &hintedError{fmt.Errorf("listening for %s: %w", what, err), hint}
	}
	return l, nil
}

// serve runs the sidecar until ctx ends or a signal comes, then drains. It tells
// started, if that is not nil, the address for clients.
func (s *sidecar) serve(ctx context.Context, started func(net.Addr)) error {
	g := s.now.Load()
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP) // to the very end: by itself it kills, and a drain with it
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	clients, err := listen(g.cfg.Listen, "clients", "--listen takes another address")
	if err != nil {
		return err
	}
	defer clients.Close()
	probes, err := listen(g.cfg.Admin.Listen, "probes", "--admin takes another address")
	if err != nil {
		return err
	}
	defer probes.Close()
	privateAt := ""
	private, err := listen(g.cfg.Admin.Private, "the operator", "admin.private in the configuration, or STATVEIL_ADMIN_PRIVATE, takes another address")
	if err != nil {
		if !errors.Is(err, syscall.EADDRINUSE) || g.cfg.Admin.Private != config.Default().Admin.Private {
			return err
		}
		// Two sidecars on one machine are no reason to refuse traffic.
		s.log.always("the address for the operator is taken: admin.private or STATVEIL_ADMIN_PRIVATE names another; SIGHUP reloads without it")
	} else {
		defer private.Close()
		privateAt = private.Addr().String()
	}

	stdlog.SetOutput(silent{s.log}) // net/http's transport quotes there what a collector says unasked
	over, end := context.WithCancel(context.Background())
	end()
	failed := make(chan error, 3)
	for _, a := range []struct {
		listener net.Listener
		handler  http.Handler
	}{{probes, s.probes()}, {private, s.private()}} {
		if a.listener == nil {
			continue
		}
		server := &proxy.Server{
			Handler: a.handler, Headers: 16 << 10, Connections: 64, HTTP: http.Server{ErrorLog: s.log.http()},
			ReadHeader: 5 * time.Second, ReadBody: 10 * time.Second, Idle: time.Minute, Write: 10 * time.Second,
		}
		defer server.Shutdown(over, over) // after the drain: it is watched
		go func() { failed <- server.Serve(a.listener) }()
	}
	go func() { failed <- s.server.Serve(clients) }()

	s.ready.Store(true)
	s.log.Info("ready", zap.String("version", version), zap.String("listen", clients.Addr().String()),
		zap.String("admin", probes.Addr().String()), zap.String("private", privateAt), zap.Int("routes", len(g.set.Routes())))
	if started != nil {
		started(clients.Addr())
	}
	watching, unwatch := context.WithCancel(ctx)
	defer unwatch()
	go s.watch(watching, hangup) // a file system that hangs holds it, and not the end

	select {
	case err := <-failed:
		s.drain(0)
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	stop() // from here on a signal ends the process at once
	unwatch()
	s.drain(time.Duration(g.cfg.Timeouts.Drain))
	return nil
}

// drain finishes the requests under way, in at most this time. Those that it cannot
// finish get an answer that says so, as long as there is time for one.
func (s *sidecar) drain(limit time.Duration) {
	s.ready.Store(false)
	s.log.Info("draining", zap.Duration("at_most", limit))
	hard, cut := context.WithTimeout(context.Background(), limit)
	defer cut()
	soft, end := context.WithTimeout(hard, limit-min(limit/4, time.Second))
	defer end()
	if late := s.server.Shutdown(soft, hard); late > 0 {
		s.log.Warn("some requests were not finished in time; whoever could be told was told, and timeouts.drain gives longer", zap.Int("requests", late))
	}
	s.now.Load().transport.CloseIdleConnections()
	s.log.Info("stopped")
}
