package config

import (
	"fmt"
	"net/url"
)

// CollectorFor returns the function that leads a request to its collector: the
// URL for the host that the client asked for, or nil where no collector has it.
// The host may be spelled as the Host header spells it (RFC 9110, section 7.2),
// in any case and with a port, which does not count. With Upstream it is always
// that one. The function may be called by several at once, and nobody may change
// what it returns. CollectorFor fails where a URL cannot be read, which Validate
// says too.
func (c *Config) CollectorFor() (func(host string) *url.URL, error) {
	if len(c.Collectors) == 0 {
		upstream, err := ParseUpstream(c.Upstream)
		if err != nil {
			return nil, fmt.Errorf("upstream %w", err)
		}
		return func(string) *url.URL { return upstream }, nil
	}
	byHost := make(map[string]*url.URL)
	for i, collector := range c.Collectors {
		upstream, err := ParseUpstream(collector.Upstream)
		if err != nil {
			return nil, fmt.Errorf("collectors[%d].upstream %w", i, err)
		}
		byHost[canonicalHost(collector.Host)] = upstream
		if collector.Public == "" {
			continue
		}
		public, err := ParseUpstream(collector.Public)
		if err != nil {
			return nil, fmt.Errorf("collectors[%d].public %w", i, err)
		}
		byHost[canonicalHost(public.Hostname())] = upstream
	}
	anyHost := byHost["*"]
	return func(host string) *url.URL {
		if upstream, ok := byHost[canonicalHost(withoutPort(host))]; ok {
			return upstream
		}
		return anyHost
	}, nil
}

// checkCollectors is what must hold of upstream and collectors.
func (c *Config) checkCollectors(fs *faults) {
	switch {
	case c.Upstream == "" && len(c.Collectors) == 0:
		fs.missing("upstream", "is missing", "name the collector, as in upstream: http://127.0.0.1:9000")
	case c.Upstream != "" && len(c.Collectors) > 0:
		*fs = append(*fs, fault{
			fields:  []string{"collectors", "upstream"},
			message: "upstream and collectors are both given",
			hint:    "keep one: upstream where there is one collector, collectors where there are several",
		})
	}
	reaches := func(field, s string) {
		u, err := ParseUpstream(s)
		if err != nil {
			fs.add(field, err.Error(), upstreamHint)
			return
		}
		if serves(c.Listen, withPort(u)) {
			*fs = append(*fs, fault{
				fields:  []string{field, "listen"},
				message: field + " is the address to listen on: requests would go in circles",
				hint:    "upstream is the collector",
			})
		}
	}
	if c.Upstream != "" {
		reaches("upstream", c.Upstream)
	}
	whose := make(map[string]int) // the collector that a host leads to
	leads := func(i int, field, host string) {
		if first, taken := whose[canonicalHost(host)]; taken && first != i {
			fs.add(field, fmt.Sprintf("has the host of collectors[%d]", first), "a host leads to one collector; its port and its case do not count")
			return
		}
		whose[canonicalHost(host)] = i
	}
	for i, collector := range c.Collectors {
		name := fmt.Sprintf("collectors[%d].", i)
		if collector.Host == "*" || validHost(collector.Host) {
			leads(i, name+"host", collector.Host)
		} else {
			fs.add(name+"host", `must be a host name, an IP address or "*"`, "write it without scheme, port or path, as in events.example.com")
		}
		reaches(name+"upstream", collector.Upstream)
		if collector.Public == "" {
			continue
		}
		if u, err := ParseUpstream(collector.Public); err != nil {
			fs.add(name+"public", err.Error(), "write scheme, host and maybe a port, as in http://events.localhost:8080")
		} else {
			leads(i, name+"public", u.Hostname())
		}
	}
}

// noTLS says whether the collectors are known, and none of them is https://.
func (c *Config) noTLS() bool {
	var upstreams []string
	if c.Upstream != "" {
		upstreams = append(upstreams, c.Upstream)
	}
	for _, collector := range c.Collectors {
		upstreams = append(upstreams, collector.Upstream)
	}
	for _, s := range upstreams {
		if u, err := ParseUpstream(s); err != nil || u.Scheme == "https" {
			return false
		}
	}
	return len(upstreams) > 0
}
