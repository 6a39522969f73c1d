package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// maxDepth is where encoding/json stops too; whatever reads the document after
// us gets no further.
const maxDepth = 10_000

// maxSize keeps a limit far from where adding to it overflows; requests are
// held in memory whole.
const maxSize Size = 1 << 30

// keysHint is said where no source of keys is.
const keysHint = "keys: {file: PATH}, a file that statveil keys init makes; to try it out: keys: {dev: true}"

// upstreamHint is said where the URL of a collector is missing or wrong.
const upstreamHint = "write scheme, host and maybe a port, as in http://127.0.0.1:9000"

// Validate says whether c can be run with: what is missing, and what is wrong
// with values that were set since it was read. Its error is Problems.
func (c *Config) Validate() error {
	var ps Problems
	for _, f := range c.check() {
		p := Problem{Message: f.message, Hint: f.hint}
		if f.missing {
			p.File = c.file
		}
		ps = append(ps, p)
	}
	return ps.err()
}

// fault is what is wrong with the value of a field, or of several together.
type fault struct {
	fields  []string // full names; the first that the file has is the place to show
	message string
	hint    string
	missing bool
}

// check is every rule about values, in the order of the schema.
func (c *Config) check() []fault {
	var faults []fault
	add := func(field, what, hint string) {
		faults = append(faults, fault{fields: []string{field}, message: field + " " + what, hint: hint})
	}
	missing := func(field, what, hint string) {
		faults = append(faults, fault{fields: []string{field}, message: field + " " + what, hint: hint, missing: true})
	}
	address := func(field, value string) {
		if !validAddress(value) {
			add(field, "is not an address to listen on", "write host:port, as in 127.0.0.1:8080, or :8080 for every interface")
		}
	}
	oneOf := func(field, value string, known []string) {
		if !slices.Contains(known, value) {
			add(field, "must be one of: "+strings.Join(known, ", "), didYouMean(value, known))
		}
	}

	address("listen", c.Listen)
	if c.Upstream == "" && len(c.Collectors) == 0 {
		missing("upstream", "is missing", "name the collector, as in upstream: http://127.0.0.1:9000")
	} else if _, err := ParseUpstream(c.Upstream); c.Upstream != "" && err != nil {
		add("upstream", err.Error(), upstreamHint)
	}
	if u, err := url.Parse(c.Upstream); err == nil && u.Host == c.Listen {
		faults = append(faults, fault{
			fields:  []string{"upstream", "listen"},
			message: "upstream is the address to listen on: requests would go in circles",
			hint:    "upstream is the collector",
		})
	}
	if len(c.Rules) == 0 {
		missing("rules", "names no file or directory", "name the rule files or their directory, as in rules: [rules]")
	} else if slices.Contains(c.Rules, "") {
		add("rules", "has an empty path", "")
	}
	switch {
	case !c.Keys.Dev && c.Keys.File == "":
		missing("keys", "names no source", keysHint)
	case c.Keys.Dev && c.Keys.File != "":
		faults = append(faults, fault{
			fields:  []string{"keys.file", "keys.dev"},
			message: "keys names two sources",
			hint:    "keep one of dev: true and file: PATH",
		})
	}
	address("admin.listen", c.Admin.Listen)
	if _, port, _ := net.SplitHostPort(c.Listen); c.Listen == c.Admin.Listen && port != "0" {
		faults = append(faults, fault{
			fields:  []string{"admin.listen", "listen"},
			message: "listen and admin.listen are the same address",
			hint:    "probes are answered on a port of their own",
		})
	}
	for _, s := range []struct {
		field string
		value Size
	}{{"limits.body", c.Limits.Body}, {"limits.headers", c.Limits.Headers}, {"limits.target", c.Limits.Target}} {
		if s.value <= 0 || s.value > maxSize {
			add(s.field, "must be between 1B and "+maxSize.String(), "there is no way to switch a limit off")
		}
	}
	if c.Limits.Depth < 1 || c.Limits.Depth > maxDepth {
		add("limits.depth", "must be between 1 and "+strconv.Itoa(maxDepth), "")
	}
	for _, d := range []struct {
		field string
		value Duration
	}{
		{"timeouts.read_header", c.Timeouts.ReadHeader}, {"timeouts.read_body", c.Timeouts.ReadBody},
		{"timeouts.idle", c.Timeouts.Idle}, {"timeouts.upstream", c.Timeouts.Upstream}, {"timeouts.drain", c.Timeouts.Drain},
	} {
		if d.value <= 0 {
			add(d.field, "must be more than 0s", "there is no way to switch a timeout off")
		}
	}
	oneOf("log.level", c.Log.Level, logLevels)
	oneOf("log.format", c.Log.Format, logFormats)
	return faults
}

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
	case u.Path != "":
		return nil, errors.New("must not have a path: requests keep their own")
	case strings.ContainsAny(s, "?#"):
		return nil, errors.New("must not have a query or a fragment")
	}
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
