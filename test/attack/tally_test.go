package attack_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A tally counts what became of requests.
type tally struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *tally) add(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string]int{}
	}
	c.n[what]++
}

func (c *tally) of(what string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[what]
}

func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []string
	for _, what := range slices.Sorted(maps.Keys(c.n)) {
		all = append(all, fmt.Sprintf("%d %s", c.n[what], what))
	}
	return strings.Join(all, ", ")
}

// only complains about whatever is not one of these.
func (c *tally) only(t *testing.T, who string, may ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for what, n := range c.n {
		if !slices.Contains(may, what) {
			t.Errorf("%s: %d times %s", who, n, what)
		}
	}
}
