package attack_test

import (
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestScratch(t *testing.T) {
	c := newCollector(t)
	n, _ := strconv.Atoi(os.Getenv("N"))
	began := time.Now()
	all := bombs(t)
	t.Log(time.Since(began))
	for _, b := range all {
	s := start(t, c.URL, callstats, nil)
		time.Sleep(100*time.Millisecond)
		before := s.status("VmRSS")
		began := time.Now()
		var ta tally
		var wg sync.WaitGroup
		for range n { wg.Go(func() { ta.add(b.throw(s, nil)) }) }
		wg.Wait()
		t.Logf("%-45s %8d bytes %v want %v, %7.1f → %7.1f MiB, %v", b.name, len(b.body), &ta, b.want, mebibytes(before), mebibytes(s.status("VmHWM")), time.Since(began).Round(time.Millisecond))
	s.stop()
	}
	c.check(t)
}
