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

// logs are what the sidecar writes. No line may hold a value from traffic, a URL or a
// client's address, at whatever level.
type logs struct {
	*zap.Logger             // repeated lines are sampled: a flood of bad requests is no flood of logs
	access      *zap.Logger // one line a request, of which still fewer are written
	all         *zap.Logger // every line
	level       zap.AtomicLevel
	always      func(msg string, fields ...zap.Field) // warns, whatever the level
	panicked    func()                                // called for each panic that only net/http sees
}

func newLogs(c config.Log, w io.Writer) *logs {
	l := &logs{panicked: func() {}, level: zap.NewAtomicLevelAt(logLevel(c.Level))}
	ec := zap.NewProductionEncoderConfig()
	ec.TimeKey, ec.EncodeTime = "time", zapcore.RFC3339NanoTimeEncoder
	encoder := zapcore.NewJSONEncoder(ec)
	if c.Format == "console" {
		encoder = zapcore.NewConsoleEncoder(ec)
	}
	out := zapcore.Lock(zapcore.AddSync(w))
	core := zapcore.NewCore(encoder, out, l.level)
	l.Logger = zap.New(zapcore.NewSamplerWithOptions(core, time.Second, 50, 1000))
	l.access = zap.New(zapcore.NewSamplerWithOptions(core, time.Second, 5, 1000))
	l.all = zap.New(core)
	l.always = zap.New(zapcore.NewCore(encoder, out, zapcore.WarnLevel)).Warn
	return l
}

// logLevels are those of the configuration. Zap has more, which would silence errors.
var logLevels = map[string]zapcore.Level{"debug": zap.DebugLevel, "info": zap.InfoLevel, "warn": zap.WarnLevel, "error": zap.ErrorLevel}

func logLevel(text string) zapcore.Level {
	level, ok := logLevels[text]
	if !ok {
		panic("statveil: internal error: the log level was not validated")
	}
	return level
}

// request is the access log: by route, and with nothing of the request. At level
// debug all that was forwarded is in it, else a sample.
func (l *logs) request(o proxy.Outcome) {
	fields := append(make([]zap.Field, 0, 10), zap.String("route", o.Route), zap.Int("status", o.Status), zap.Int("replaced", o.Replaced), zap.Duration("took", o.Took))
	if o.Refused != "" {
		fields = append(fields, zap.String("reason", string(o.Refused)), zap.String("detail", o.Detail))
	}
	if o.Limit != "" {
		fields = append(fields, zap.String("limit", o.Limit))
	}
	if o.ID != "" {
		fields = append(fields, zap.String("request_id", o.ID))
	}
	switch {
	case o.Evicted:
		l.Info("a connection that waited for its client had to make room", zap.String("limit", o.Limit))
	case o.Cut:
		l.Warn("an answer was cut off", fields...)
	case o.Panic != nil:
		l.Error("a request ended in a mistake of this program", append(fields, zap.Strings("at", o.Panic))...)
	case o.Observed && o.Refused != "":
		l.Info("observed: would be refused", fields...)
	case o.Observed:
		l.Info("observed", fields...)
	case o.Dropped:
		l.Warn("dropped", fields...)
	case o.Gone:
		l.Info("canceled", fields...)
	case o.Refused != "":
		l.Warn("refused", fields...)
	case l.level.Enabled(zap.DebugLevel):
		l.all.Debug("forwarded", fields...)
	default:
		l.access.Info("forwarded", fields...)
	}
}

// http is the log of net/http's servers. Their lines hold client addresses, malformed
// request lines and panic values: none of that is written. Of a panic, the places in
// the code are.
func (l *logs) http() *log.Logger { return log.New(silent{l}, "", 0) }

type silent struct{ log *logs }

// panicLine is how net/http begins to write down a panic of a handler.
var panicLine = regexp.MustCompile(`^http2?: panic serving`)

var codePlace = regexp.MustCompile(`[A-Za-z0-9_]+\.go:[0-9]+`)

func (s silent) Write(p []byte) (int, error) {
	if stack := bytes.LastIndex(p, []byte("\ngoroutine ")); stack >= 0 && panicLine.Match(p) { // before the stack is the value
		s.log.panicked()
		s.log.Error("a request ended in a panic", zap.Strings("at", codePlace.FindAllString(string(p[stack:]), 12)))
	} else {
		s.log.Warn("a connection or a request failed in the HTTP server")
	}
	return len(p), nil
}
