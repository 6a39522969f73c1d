package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/statveil/statveil/config"
	"go.uber.org/zap"
)

// pollEvery is how often files are looked at. They are read, not watched: that also
// sees a volume that is swapped as a whole, and file systems that notify nobody.
var pollEvery = time.Second

// watch reloads when a SIGHUP comes, and when files have changed and stayed the same
// for one look: whoever is still writing has not finished.
func (s *sidecar) watch(ctx context.Context, hangup <-chan os.Signal) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var before digest
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			_, _ = s.reloadNow() // it has said what became of it
		case <-tick.C:
			_, seen, _ := s.look()
			if seen == before && !s.known(seen) {
				_, _ = s.reload()
			}
			before = seen
		}
	}
}

// look reads the configuration and all files that it is about.
func (s *sidecar) look() (*config.Config, digest, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, digest{all: sha256.Sum256([]byte(err.Error()))}, err
	}
	return cfg, digestOf(cfg), nil
}

// known says whether these files are in force, or known to be broken.
func (s *sidecar) known(files digest) bool {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	return files == s.broken || files == s.now.Load().files && s.broken == digest{}
}

var errUnsettled = errors.New("the files change while they are read; they are read again once they no longer do")

// reload builds a generation of what the files say now and puts it in force. Where
// that fails, what is in force stays. It logs what became of it, and says whether
// anything changed.
func (s *sidecar) reload() (changed bool, err error) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	last := s.now.Load()
	var files digest
	defer func() {
		switch {
		case err == nil:
			s.broken = digest{}
		case err == errUnsettled:
			s.log.Warn(err.Error())
		case files != s.broken:
			s.metrics.reloads.Set(0)
			s.broken = files
			s.log.Error("reload failed: what was loaded before stays in force", zap.Error(err))
		}
	}()
	for range 5 {
		var cfg *config.Config
		if cfg, files, err = s.look(); err != nil {
			return false, err
		}
		if files == last.files {
			if s.broken != (digest{}) {
				s.log.Info("the files are again what is in force")
			}
			s.metrics.reloads.Set(1)
			return false, nil
		}
		g, err := s.build(cfg, files, last)
		if _, now, _ := s.look(); now != files {
			continue // nobody knows which of them were read
		}
		if err != nil {
			return false, err
		}
		s.take(g, last)
		return true, nil
	}
	return false, errUnsettled
}

// reloadNow reloads because somebody asked for it, and says what became of it however
// often it has been said.
func (s *sidecar) reloadNow() (changed bool, err error) {
	s.reloading.Lock()
	s.broken = digest{}
	s.reloading.Unlock()
	if changed, err = s.reload(); err == nil && !changed {
		s.log.Info("nothing has changed since the last reload")
	}
	return changed, err
}

// take puts a generation in force.
func (s *sidecar) take(g, last *generation) {
	if fields := s.started.NeedsRestart(g.cfg); len(fields) > 0 {
		s.log.always("changes that take effect at the next start", zap.Strings("fields", fields))
	}
	if g.cfg.Log.Level != last.cfg.Log.Level {
		s.log.level.SetLevel(logLevel(g.cfg.Log.Level))
	}
	s.swap(g)
	s.log.Info("reloaded", zap.Int("routes", len(g.set.Routes())), zap.String("files", fmt.Sprintf("%x", g.files.all[:6])))
	s.warn(g, last)
}
