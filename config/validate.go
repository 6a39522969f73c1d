package config

import (
	"fmt"
	"slices"
	"strings"
)

const (
	// maxDepth is where encoding/json stops too; whatever reads the document
	// after us gets no further.
	maxDepth = 10_000

	// maxSize keeps the limits of a request far from where adding to them
	// overflows; requests are held in memory whole. maxInflight does so for all
	// together.
	maxSize     Size = 1 << 30
	maxInflight Size = 1 << 40

	maxRatio       = 100_000
	maxParameters  = 100_000
	maxConnections = 1_000_000
)

const (
	// keysHint is said where no source of keys is.
	keysHint = "keys: {file: PATH}, a file that statveil keys init makes; to try it out: keys: {dev: true}"

	// upstreamHint is said where the URL of a collector is missing or wrong.
	upstreamHint = "write scheme, host and maybe a port, as in http://127.0.0.1:9000"

	noSwitch = "there is no way to switch a limit off"
)

// Validate says whether c can be run with: what is missing, and what is wrong
// with values that were set since it was read. Its error is Problems.
func (c *Config) Validate() error {
	var ps Problems
	for _, f := range c.check() {
		p := Problem{Message: f.message, Hint: f.hint}
		if i := slices.IndexFunc(f.fields, c.fromEnvironment); i >= 0 {
			p.Variable = variable(f.fields[i])
		} else if f.missing {
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
	missing bool // what it lacks may still come from the environment or a flag
}

type faults []fault

func (fs *faults) add(field, what, hint string) {
	*fs = append(*fs, fault{fields: []string{field}, message: field + " " + what, hint: hint})
}

func (fs *faults) missing(field, what, hint string) {
	*fs = append(*fs, fault{fields: []string{field}, message: field + " " + what, hint: hint, missing: true})
}

// without is said of a field that is given where it needs another.
func (fs *faults) without(field, needs, hint string) {
	*fs = append(*fs, fault{fields: []string{needs, field}, message: field + " is given without " + needs, hint: hint, missing: true})
}

func (fs *faults) address(field, value string) {
	if !validAddress(value) {
		fs.add(field, "is not an address to listen on", "write host:port, as in 127.0.0.1:8080, or :8080 for every interface")
	}
}

func (fs *faults) oneOf(field, value string, known []string) {
	if !slices.Contains(known, value) {
		fs.add(field, "must be one of: "+strings.Join(known, ", "), didYouMean(value, known))
	}
}

func (fs *faults) size(field string, value, most Size) {
	if value < 1 || value > most {
		fs.add(field, "must be between 1B and "+most.String(), noSwitch)
	}
}

func (fs *faults) number(field string, value, most int) {
	if value < 1 || value > most {
		fs.add(field, fmt.Sprintf("must be between 1 and %d", most), noSwitch)
	}
}

// check is every rule about values, in the order of the schema.
func (c *Config) check() []fault {
	var fs faults
	fs.address("listen", c.Listen)
	c.checkCollectors(&fs)
	if len(c.Rules) == 0 {
		fs.missing("rules", "names no file or directory", "name the rule files or their directory, as in rules: [rules]")
	} else if slices.Contains(c.Rules, "") {
		fs.add("rules", "has an empty path", "")
	}
	switch {
	case !c.Keys.Dev && c.Keys.File == "":
		fs.missing("keys", "names no source", keysHint)
	case c.Keys.Dev && c.Keys.File != "":
		fs = append(fs, fault{
			fields:  []string{"keys.file", "keys.dev"},
			message: "keys names two sources",
			hint:    "keep one of dev: true and file: PATH",
		})
	}
	c.checkTLS(&fs)
	c.checkAdmin(&fs)
	c.checkLimits(&fs)
	for _, d := range []struct {
		field string
		value Duration
	}{
		{"timeouts.read_header", c.Timeouts.ReadHeader},
		{"timeouts.read_body", c.Timeouts.ReadBody},
		{"timeouts.write", c.Timeouts.Write},
		{"timeouts.idle", c.Timeouts.Idle},
		{"timeouts.upstream", c.Timeouts.Upstream},
		{"timeouts.drain", c.Timeouts.Drain},
	} {
		if d.value <= 0 {
			fs.add(d.field, "must be more than 0s", "there is no way to switch a timeout off")
		}
	}
	fs.oneOf("log.level", c.Log.Level, logLevels)
	fs.oneOf("log.format", c.Log.Format, logFormats)
	return fs
}

func (c *Config) checkTLS(fs *faults) {
	pair := func(cert, key, certField, keyField string) {
		hint := "a certificate and its private key belong together"
		switch {
		case cert != "" && key == "":
			fs.without(certField, keyField, hint)
		case cert == "" && key != "":
			fs.without(keyField, certField, hint)
		}
	}
	pair(c.TLS.Cert, c.TLS.Key, "tls.cert", "tls.key")
	if c.TLS.ClientCA != "" && c.TLS.Cert == "" {
		fs.without("tls.client_ca", "tls.cert", "only TLS asks clients for certificates")
	}
	pair(c.UpstreamTLS.Cert, c.UpstreamTLS.Key, "upstream_tls.cert", "upstream_tls.key")
	if name := c.UpstreamTLS.ServerName; name != "" && !validHost(name) {
		fs.add("upstream_tls.server_name", "is not a host name", "write it as in the certificate, without scheme or port")
	}
	if c.UpstreamTLS != (UpstreamTLS{}) && c.noTLS() {
		*fs = append(*fs, fault{
			fields:  []string{"upstream_tls.ca", "upstream_tls.cert", "upstream_tls.key", "upstream_tls.server_name", "upstream"},
			message: "upstream_tls is given and no collector is https://",
			hint:    "TLS is spoken to collectors whose URL begins with https://",
		})
	}
}

func (c *Config) checkAdmin(fs *faults) {
	fs.address("admin.listen", c.Admin.Listen)
	fs.address("admin.private", c.Admin.Private)
	if validAddress(c.Admin.Private) && !loopback(c.Admin.Private) {
		fs.add("admin.private", "is not a loopback address", "what it answers is for this machine or pod alone: 127.0.0.1, [::1] or localhost, and a port")
	}
	listeners := []struct{ field, address string }{{"listen", c.Listen}, {"admin.listen", c.Admin.Listen}, {"admin.private", c.Admin.Private}}
	for i, b := range listeners {
		for _, a := range listeners[:i] {
			if serves(a.address, b.address) || serves(b.address, a.address) {
				*fs = append(*fs, fault{
					fields:  []string{b.field, a.field},
					message: a.field + " and " + b.field + " are the same address",
					hint:    "each of them has a port of its own",
				})
			}
		}
	}
}

func (c *Config) checkLimits(fs *faults) {
	l := c.Limits
	fs.size("limits.body", l.Body, maxSize)
	fs.number("limits.depth", l.Depth, maxDepth)
	fs.size("limits.headers", l.Headers, maxSize)
	fs.size("limits.target", l.Target, maxSize)
	fs.number("limits.ratio", l.Ratio, maxRatio)
	fs.number("limits.parameters", l.Parameters, maxParameters)
	fs.size("limits.inflight", l.Inflight, maxInflight)
	fs.number("limits.connections", l.Connections, maxConnections)
}
