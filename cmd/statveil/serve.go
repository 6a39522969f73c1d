package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/proxy"
	"github.com/statveil/statveil/pseudonym"
	"github.com/statveil/statveil/rules"
	"go.uber.org/zap"
)

// serve runs the sidecar until ctx ends or a signal comes, then drains. It
// tells started, if that is not nil, the address for clients.
func serve(ctx context.Context, cfg *config.Config, set *rules.Set, keyring func(tenant string) *pseudonym.Keyring, log *zap.Logger, started func(net.Addr)) error {
	upstream, err := config.ParseUpstream(cfg.Upstream)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()

	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return &hintedError{fmt.Errorf("listening for clients: %w", err), "--listen takes another address"}
	}
	adminListener, err := net.Listen("tcp", cfg.Admin.Listen)
	if err != nil {
		listener.Close()
		return &hintedError{fmt.Errorf("listening for probes: %w", err), "--admin takes another address"}
	}

	stdlog.SetOutput(silent{log}) // net/http's transport quotes there what a collector says unasked
	transport := proxy.NewTransport(time.Duration(cfg.Timeouts.Upstream))
	defer transport.CloseIdleConnections()
	sanitizer := &proxy.Sanitizer{
		Rules:     func() *rules.Set { return set },
		Keys:      keyring,
		Transport: transport,
		Limits:    proxy.Limits{Body: int64(cfg.Limits.Body), Depth: cfg.Limits.Depth, Target: int(cfg.Limits.Target)},
		Observe:   observe(log),
	}
	server := &http.Server{
		Handler:           readBodyWithin(time.Duration(cfg.Timeouts.ReadBody), proxy.Reverse(sanitizer, upstream)),
		ReadHeaderTimeout: time.Duration(cfg.Timeouts.ReadHeader),
		IdleTimeout:       time.Duration(cfg.Timeouts.Idle),
		MaxHeaderBytes:    int(cfg.Limits.Headers),
		ErrorLog:          serverLog(log),

		DisableGeneralOptionsHandler: true, // OPTIONS * is refused as everything is that has no route
	}
	var ready atomic.Bool
	admin := &http.Server{Handler: probes(&ready), ReadHeaderTimeout: 5 * time.Second, ErrorLog: serverLog(log)}
	failed := make(chan error, 2)
	go func() { failed <- admin.Serve(adminListener) }()
	go func() { failed <- server.Serve(listener) }()
	defer admin.Close()

	ready.Store(true)
	log.Info("ready", zap.String("version", version), zap.String("listen", listener.Addr().String()),
		zap.String("admin", adminListener.Addr().String()), zap.Int("routes", len(set.Routes())))
	if started != nil {
		started(listener.Addr())
	}

	select {
	case err := <-failed:
		server.Close()
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	stop() // from here on a signal ends the process at once
	ready.Store(false)
	log.Info("draining", zap.Duration("at_most", time.Duration(cfg.Timeouts.Drain)))
	limit, cancel := context.WithTimeout(context.Background(), time.Duration(cfg.Timeouts.Drain))
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		server.Close()
		if errors.Is(err, context.DeadlineExceeded) {
			return &hintedError{errors.New("draining: some requests were not finished in time"), "timeouts.drain gives them longer"}
		}
		return fmt.Errorf("draining: %w", err)
	}
	log.Info("stopped")
	return nil
}

// readBodyWithin gives each body this long to arrive. http.Server.ReadTimeout
// would count from the first byte of the header.
func readBodyWithin(limit time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != http.NoBody {
			c := http.NewResponseController(w)
			if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
				panic(http.ErrAbortHandler) // the connection is gone
			}
			r.Body = &timedBody{r.Body, c}
		}
		next.ServeHTTP(w, r)
	})
}

// A timedBody takes the deadline away once the body is there: waiting for the
// collector is not its matter.
type timedBody struct {
	io.ReadCloser
	c *http.ResponseController
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.c.SetReadDeadline(time.Time{}) // it fails only where the connection is gone
	}
	return n, err
}

// probes answers Kubernetes: started once we are here, ready until the drain
// begins, alive as long as we answer.
func probes(ready *atomic.Bool) http.Handler {
	mux := http.NewServeMux()
	ok := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }
	mux.HandleFunc("GET /startupz", ok)
	mux.HandleFunc("GET /livez", ok)
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, "draining")
			return
		}
		fmt.Fprintln(w, "ok")
	})
	return mux
}
