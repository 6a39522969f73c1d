//go:build !race

// Under the race detector sync.Pool drops what it is given, at random, so that
// allocations cannot be counted.

package proxy_test

import "testing"

func TestRecordAllocates(t *testing.T) {
	s := newSanitizer(t, recordText)
	route, doc := s.Rules().Route("join"), []byte(`{"id":"x","n":[1,2,3],"text":"nothing to find"}`)
	dst := make([]byte, 0, 1<<12)
	var err error
	if n := testing.AllocsPerRun(100, func() { _, err = s.Record(dst, doc, route, "acme") }); n > 8 || err != nil {
		t.Errorf("a record in which nothing is found: %v allocations (%v), want a few", n, err)
	}
}
