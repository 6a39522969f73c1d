package proxy_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/statveil/statveil/proxy"
)

// What is exactly as large as its limit passes, in every coding; one more is refused.
func TestLimitsOfCodings(t *testing.T) {
	for _, e := range encoders {
		for _, tt := range []struct {
			name   string
			limits proxy.Limits
			most   int
			limit  string
		}{
			{"decoded", proxy.Limits{Body: 100_000, Ratio: 1_000_000}, 100_000, "decoded"},
			{"ratio", proxy.Limits{Ratio: 1}, 64 << 10, "ratio"},
		} {
			if tt.limit == "ratio" && strings.Contains(e.name, "stored") {
				continue // it is not smaller
			}
			t.Run(e.name+", "+tt.name, func(t *testing.T) {
				c := newCollector(t, nil)
				r := sanitized(t, c, &proxy.Server{}, func(s *proxy.Sanitizer) { s.Limits = tt.limits })
				for n, want := range map[int]outcome{tt.most: {"", "", 200}, tt.most + 1: {proxy.Oversize, tt.limit, 413}, 5 * tt.most: {proxy.Oversize, tt.limit, 413}} {
					body := encode(t, e.to, long(n))
					if len(body) > 100_000 && n > tt.most {
						want.limit = "body"
					}
					if len(body) > 100_000 && n == tt.most {
						continue // stored: it is larger than what it holds
					}
					res := raw(t, r.address, request("POST", "/free/a", []string{"Content-Encoding: " + codingOf(e.name)}, body))
					if res.err != nil || res.StatusCode != want.status {
						t.Errorf("%d bytes: got %+v %q, want %+v", n, res.Response, res.body, want)
					}
				}
				if all := c.all(); len(all) > 1 {
					t.Errorf("%d requests arrived", len(all))
				}
			})
		}
	}
}

// A frame that asks for a window of 512 MiB in 14 bytes gets none, and neither does one
// that says how large it becomes.
func TestWindows(t *testing.T) {
	tests := []struct {
		name, coding, body string
		inflight           int64
		want               outcome
	}{
		{"zstd, 512 MiB", "zstd", "\x28\xb5\x2f\xfd\x00\x98\x01\x00\x00\x00\x00\x00\x00\x00", 100_000, outcome{proxy.Oversize, "", 413}},
		{"zstd, 9 MiB", "zstd", "\x28\xb5\x2f\xfd\x00\x69\x01\x00\x00", 100_000, outcome{proxy.Oversize, "", 413}},
		{"zstd, 8 MiB", "zstd", "\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00", 100_000, outcome{"", "", 200}},
		{"zstd of 512 MiB at once", "zstd", "\x28\xb5\x2f\xfd\xa0\x00\x00\x00\x20\x01\x00\x00", 100_000, outcome{proxy.Oversize, "ratio", 413}},
		{"zstd, 9 MiB in the second frame", "zstd", stored("[1]") + "\x28\xb5\x2f\xfd\x00\x69\x01\x00\x00", 1 << 20, outcome{proxy.Unparseable, "", 400}},
		{"brotli of 16 MiB at once", "br", "\x9f\xff\xff\xff", 100_000, outcome{proxy.Oversize, "ratio", 413}},
		{"brotli, no room for the window", "br", encoded(t, "br large window", long(50)), 1 << 20, outcome{proxy.Oversize, "inflight", 413}},
		{"brotli, room", "br", encoded(t, "br large window", long(50)), 64 << 20, outcome{"", "", 200}},
		{"large window brotli", "br", "\x11\x1e" + long(50), 64 << 20, outcome{proxy.Unparseable, "", 400}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCollector(t, nil)
			inflight := proxy.NewInFlight(tt.inflight)
			r := sanitized(t, c, &proxy.Server{}, func(s *proxy.Sanitizer) { s.InFlight = inflight })
			raw(t, r.address, request("POST", "/free/a", []string{"Content-Encoding: " + tt.coding}, tt.body))
			r.only(t, tt.want)
			free(t, inflight)
		})
	}
}

// What a brotli decoder is held to take is at least what it says of its window.
func TestBrotliWindow(t *testing.T) {
	for bits := 10; bits <= 24; bits++ {
		var b bytes.Buffer
		w := brotli.NewWriterOptions(&b, brotli.WriterOptions{Quality: 5, LGWin: bits})
		io.WriteString(w, "a text that is a block of its own, ")
		w.Flush()
		io.WriteString(w, "and more")
		w.Close()
		if got, _ := proxy.BrotliWindow(b.Bytes()); got != 3<<bits/2 {
			t.Errorf("%d bits in blocks: got %d, want %d", bits, got, 3<<bits/2)
		}
		once := encode(t, func(w io.Writer) io.WriteCloser {
			return brotli.NewWriterOptions(w, brotli.WriterOptions{Quality: 5, LGWin: bits})
		}, strings.Repeat("0123456789", 300))
		if got, size := proxy.BrotliWindow([]byte(once)); got < min(1<<bits, 3000) || got > 4096 || size != 3000 {
			t.Errorf("%d bits at once: got %d for %d", bits, got, size)
		}
	}
	for b, want := range map[string]int{"\x06": 1 << 10, "\x3b": 1 << 10, "\x11": 0, "\x01\x0c": 3 << 17 / 2, "\x81\x01": 1 << 10, "": 3 << 16 / 2} { // without a text
		if got, _ := proxy.BrotliWindow([]byte(b)); got != want {
			t.Errorf("%q: got %d, want %d", b, got, want)
		}
	}
}

// Who waits for a turn to have its brotli decoded takes no memory, and may give up.
func TestBrotliWaits(t *testing.T) {
	c := newCollector(t, nil)
	s := newSanitizer(t, ruleText)
	s.InFlight = proxy.NewInFlight(64 << 20)
	body := encoded(t, "br large window", long(1000))
	post := func(ctx context.Context) error {
		u := *c.url
		u.Path = "/free/a"
		res, err := s.RoundTrip((&http.Request{Method: "POST", URL: &u, Header: http.Header{"Content-Encoding": {"br"}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}).WithContext(ctx))
		if err == nil {
			res.Body.Close()
		}
		return err
	}
	release := proxy.HoldBrotli()
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp, served := make(chan error), make(chan error)
	go func() { gaveUp <- post(ctx) }()
	go func() { served <- post(t.Context()) }()
	cancel()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("who gave up got %v", err)
	}
	if n := s.InFlight.Bytes(); n > 2*8<<10 {
		t.Errorf("%d bytes are held while nothing is decoded", n)
	}
	c.nothing(t, "")
	release()
	if err := <-served; err != nil {
		t.Error(err)
	}
	free(t, s.InFlight)
}
