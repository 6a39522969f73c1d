package attack_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestConnectionFlood opens thousands of connections that say nothing, and holds all
// that are not closed for it.
func TestConnectionFlood(t *testing.T) {
	for name, id := range map[string]*identity{"clear": nil, "TLS": newIdentity(t)} {
		t.Run(name, func(t *testing.T) {
			const flood = 5000
			c := newCollector(t)
			s := start(t, c.URL, callstats, id)
			h := newHonest(s, nil)
			if id != nil {
				h = newHonest(s, id.client())
			}
			h.begin()
			var open []net.Conn
			for range flood {
				conn, err := net.Dial("tcp", s.address)
				if err != nil {
					t.Fatal(err)
				}
				open = append(open, conn)
			}
			most := s.connections()
			for range 20 { // they stay for a while
				most = max(most, s.connections())
				time.Sleep(pace)
			}
			t.Logf("%d connections were opened, and up to %d held", flood, most)
			if most < 1000 {
				t.Errorf("at most %d connections were held, so this was no attack", most)
			}
			h.end(t)
			for _, conn := range open {
				conn.Close()
			}
			s.checkAlive()
			c.check(t)
		})
	}
}

// connections counts the open sockets of the process.
func (s *sidecar) connections() (n int) {
	s.t.Helper()
	dir := "/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/fd"
	files, err := os.ReadDir(dir)
	if err != nil {
		s.t.Fatalf("the process is gone: %v\n%s", err, s.lastLog())
	}
	for _, f := range files {
		if to, err := os.Readlink(filepath.Join(dir, f.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}
