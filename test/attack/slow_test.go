package attack_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"strconv"
	"testing"
	"time"
)

// seconds is how long each slow attack goes on.
const seconds = 20

// TestSlow attacks with slowhttptest, in all its modes, with about as many connections
// as there may be and with twice as many: who is not slow is served, always.
func TestSlow(t *testing.T) {
	t.Parallel()
	tool, err := exec.LookPath("slowhttptest")
	if err != nil {
		t.Fatal("slowhttptest is missing; on Debian: apt-get install --no-install-recommends slowhttptest")
	}
	modes := []struct {
		name   string
		target string
		args   []string
	}{
		{"headers", statsPath, []string{"-H", "-i", "5", "-x", "24"}},
		{"body", statsPath, []string{"-B", "-i", "5", "-s", "1048576", "-x", "10", "-f", "application/json"}},
		{"read", "/v1/apps/7/configurations/large", []string{"-X", "-t", "GET", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3"}},
	}
	for _, mode := range modes {
		for _, connections := range []int{1000, 2000} {
			t.Run(fmt.Sprintf("%s/%d", mode.name, connections), func(t *testing.T) {
				t.Parallel()
				c := newCollector(t)
				s := start(t, c.URL, callstats, nil)
				h := newHonest(s, nil)
				attack := exec.Command(tool, append(mode.args, "-c", strconv.Itoa(connections), "-r", "500", "-l", strconv.Itoa(seconds),
					"-p", "3", "-v", "0", "-u", s.url+mode.target)...)
				var out bytes.Buffer
				attack.Stdout, attack.Stderr = &out, &out
				if err := attack.Start(); err != nil {
					t.Fatal(err)
				}
				// Should it hang, it is ended: by its process, not by its name.
				end := time.AfterFunc((seconds+30)*time.Second, func() { _ = attack.Process.Kill() })
				h.begin()
				most := 0
				over := make(chan error, 1)
				go func() { over <- attack.Wait() }()
				for waiting := true; waiting; {
					select {
					case err = <-over:
						waiting = false
					case <-time.After(200 * time.Millisecond):
						most = max(most, s.connections())
					}
				}
				end.Stop()
				if err != nil {
					t.Errorf("slowhttptest: %v\n%s", err, &out)
				}
				t.Logf("up to %d connections at once", most)
				if most < 800 {
					t.Errorf("there were at most %d connections at once, so this was no attack\n%s", most, &out)
				}
				h.end(t)
				s.checkAlive()
				c.check(t)
			})
		}
	}
}
