package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// ParseUpstream reads the URL of a collector. Its error says what is wrong and
// does not repeat the URL, which may hold a password.
func ParseUpstream(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("must begin with http:// or https://")
	case u.User != nil:
		return nil, errors.New("must not hold a user or a password")
	case u.Opaque != "" || !validHost(u.Hostname()) || strings.Contains(u.Hostname(), ":") && u.Host[0] != '[':
		return nil, errors.New("has no valid host")
	case strings.HasSuffix(u.Host, ":") || u.Port() != "" && !validPort(u.Port(), 1):
		return nil, errors.New("has no valid port")
	case u.Path != "" && u.Path != "/":
		return nil, errors.New("must not have a path: requests keep their own")
	case strings.ContainsAny(s, "?#"):
		return nil, errors.New("must not have a query or a fragment")
	}
	u.Path = ""
	return u, nil
}

// validAddress accepts what can be listened on: host:port, where the host may
// be absent and port 0 is any free one.
func validAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && validPort(port, 0) && (host == "" || validHost(host))
}

func validPort(s string, least int64) bool {
	n, ok := natural(s)
	return ok && n >= least && n <= 65535
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$`)

func validHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return hostName.MatchString(s)
}

// loopback says whether only this machine can reach an address.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || strings.EqualFold(host, "localhost")
}

// serves says whether who listens at one address takes what is sent to another,
// as far as the two texts can tell. Every free port is another one.
func serves(listen, to string) bool {
	host, port, err := net.SplitHostPort(listen)
	toHost, toPort, toErr := net.SplitHostPort(to)
	if err != nil || toErr != nil || port != toPort || port == "0" {
		return false
	}
	if canonicalHost(host) == canonicalHost(toHost) {
		return true
	}
	return everyInterface(host) && (everyInterface(toHost) || loopback(to))
}

func everyInterface(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "" || err == nil && ip.IsUnspecified()
}

// withPort is the address that a URL is connected to.
func withPort(u *url.URL) string {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return net.JoinHostPort(u.Hostname(), port)
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
