package main

import (
	"bytes"
	"io"
	"log"
	"regexp"
	"time"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/proxy"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// newLogger writes to w. No line it is given may hold a value from traffic, a
// URL or a client's address; repeated lines are sampled, so that a flood of bad
// requests is no flood of logs.
func newLogger(c config.Log, w io.Writer) *zap.Logger {
	level, err := zapcore.ParseLevel(c.Level)
	if err != nil {
		panic("statveil: internal error: the log level was not validated")
	}
	ec := zap.NewProductionEncoderConfig()
	ec.TimeKey, ec.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(ec)
	if c.Format == "console" {
		encoder = zapcore.NewConsoleEncoder(ec)
	}
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(w)), level)
	return zap.New(zapcore.NewSamplerWithOptions(core, time.Second, 50, 1000))
}

// observe logs what became of each request: refusals as warnings, what routes that
// observe would do as information, the rest for debugging.
func observe(log *zap.Logger) func(proxy.Outcome) {
	return func(o proxy.Outcome) {
		fields := []zap.Field{
			zap.String("route", o.Route), zap.Int("status", o.Status), zap.Int("replaced", o.Replaced),
			zap.Duration("took", o.Took),
		}
		switch {
		case o.Observed && o.Refused != "":
			log.Info("observed: would be refused", append(fields, zap.String("reason", string(o.Refused)), zap.String("detail", o.Detail))...)
			return
		case o.Observed:
			log.Info("observed", fields...)
			return
		case o.Refused == "":
			log.Debug("forwarded", fields...)
			return
		}
		log.Warn("refused", append(fields, zap.String("reason", string(o.Refused)), zap.String("detail", o.Detail), zap.String("request_id", o.ID))...)
	}
}

// serverLog is the log of net/http's server. Its lines hold client addresses,
// malformed request lines and panic values: none of that is written. Of a panic,
// the places in the code are.
func serverLog(l *zap.Logger) *log.Logger { return log.New(silent{l}, "", 0) }

type silent struct{ log *zap.Logger }

var codePlace = regexp.MustCompile(`[A-Za-z0-9_]+\.go:[0-9]+`)

func (s silent) Write(p []byte) (int, error) {
	if bytes.HasPrefix(p, []byte("http: panic serving")) {
		_, stack, _ := bytes.Cut(p, []byte("\ngoroutine ")) // before it is the value
		s.log.Error("a request ended in a panic", zap.Strings("at", codePlace.FindAllString(string(stack), 12)))
	} else {
		s.log.Warn("a connection or a request failed in the HTTP server")
	}
	return len(p), nil
}
