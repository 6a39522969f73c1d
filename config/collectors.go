package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
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

// withoutPort takes the port from a host, and the brackets from an IPv6 address.
func withoutPort(host string) string {
	if inside, ok := strings.CutPrefix(host, "["); ok {
		address, _, _ := strings.Cut(inside, "]")
		return address
	}
	name, port, _ := strings.Cut(host, ":")
	if strings.Contains(port, ":") {
		return host // an IPv6 address without brackets
	}
	return name
}

// canonicalHost is the one spelling of a host: in lower case, without the dot of
// the root at its end, an IPv6 address as in RFC 5952.
func canonicalHost(host string) string {
	if strings.Contains(host, ":") {
		if address, err := netip.ParseAddr(host); err == nil {
			return address.String()
		}
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
