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

// suspicious is for how many looks a file must stay the same that was cut short: whoever
// stops in the middle of writing it may go on.
const suspicious = 5

// watch reloads when a SIGHUP comes, and when files have changed and stayed the same
// for one look: whoever is still writing has not finished.
func (s *sidecar) watch(ctx context.Context, hangup <-chan os.Signal) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var before digest
	same := 0 // looks that they have been so
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
			_, _ = s.reloadNow() // it has said what became of it
		case <-tick.C:
			_, seen, _ := s.look()
			if same++; seen.digest != before {
				before, same = seen.digest, 0
			}
			if enough := same >= suspicious || same >= 1 && seen.cutShort(s.now.Load().files) == ""; enough && !s.known(before) {
				_, _ = s.reload()
			}
		}
	}
}

// look reads the configuration and all files that it is about.
func (s *sidecar) look() (*config.Config, snapshot, error) {
	cfg, err := s.load()
	if err != nil {
		return nil, snapshot{digest: digest{all: sha256.Sum256([]byte(err.Error()))}}, err
	}
	return cfg, snapshotOf(cfg), nil
}

// known says whether these files are in force, or known to be broken.
func (s *sidecar) known(files digest) bool {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	return files == s.broken || files == s.now.Load().files.digest && s.broken == digest{}
}

// reloadNow reloads because somebody asked for it, once no file has changed for a
// moment.
func (s *sidecar) reloadNow() (changed bool, err error) {
	_, before, _ := s.look()
	for range 50 {
		time.Sleep(pollEvery / 5)
		_, now, _ := s.look()
		if now.digest == before.digest {
			break
		}
		before = now
	}
	switch changed, err = s.reload(); {
	case err != nil:
		s.log.Warn("reload was asked for: the files cannot be loaded")
	case !changed:
		s.log.Info("reload was asked for: nothing has changed")
	}
	return changed, err
}

var errUnsettled = errors.New("the files change while they are read; they are read again once they no longer do")

// reload builds a generation of what the files say now and puts it in force. Where
// that fails, what is in force stays. It logs what became of it, and says whether
// anything changed.
func (s *sidecar) reload() (changed bool, err error) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	last := s.now.Load()
	var files snapshot
	defer func() {
		switch {
		case err == nil:
			s.broken = digest{}
		case err == errUnsettled:
			s.log.Warn(err.Error())
		case files.digest != s.broken:
			s.metrics.reloads.Set(0)
			s.broken = files.digest
			fields := []zap.Field{zap.Error(err)}
			if h := (*hintedError)(nil); errors.As(err, &h) {
				fields = append(fields, zap.String("hint", h.hint))
			}
			s.log.Error("reload failed: what was loaded before stays in force", fields...)
		}
	}()
	for range 5 {
		var cfg *config.Config
		if cfg, files, err = s.look(); err != nil {
			return false, err
		}
		if files.digest == last.files.digest {
			if s.broken != (digest{}) {
				s.log.Info("the files are again what is in force")
			}
			s.metrics.reloads.Set(1)
			return false, nil
		}
		g, err := s.build(cfg, files, last)
		if _, now, _ := s.look(); now.digest != files.digest {
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

// take puts a generation in force, and says what nobody may have meant.
func (s *sidecar) take(g, last *generation) {
	if fields := s.started.NeedsRestart(g.cfg); len(fields) > 0 {
		s.log.always("changes that take effect at the next start", zap.Strings("fields", fields))
	}
	var gone []string
	for _, r := range last.set.Routes() {
		if g.set.Route(r.Name) == nil {
			gone = append(gone, r.Name)
		}
	}
	if len(gone) > 0 {
		s.log.always("routes are gone: their requests match another route or none", zap.Strings("routes", gone))
	}
	if last.tls != nil && last.tls.ClientCAs != nil && g.tls.ClientCAs == nil {
		s.log.always("clients need no certificate any more")
	}
	if g.cfg.Log.Level != last.cfg.Log.Level {
		s.log.level.SetLevel(logLevel(g.cfg.Log.Level))
	}
	s.swap(g)
	s.log.Info("reloaded", zap.Int("routes", len(g.set.Routes())), zap.String("files", fmt.Sprintf("%x", g.files.all[:6])))
	s.warn(g, last)
}
