// Package config is the whole configuration: the schema of statveil.yaml and of
// the environment, its defaults and what makes a value valid.
//
// Load (or Parse, for text already read) gives a Config in which everything the
// file leaves out has its default. After the environment and then flags have been
// laid over it, Validate says whether it is complete:
//
//	c, err := config.Load("statveil.yaml")            // every mistake in what the file says, file:line:col
//	unknown, err := c.Environment(os.Environ())       // every mistake in what variables say
//	c.Upstream = *upstreamFlag
//	err = c.Validate()                                // what is still missing, and what does not go together
//
// Load does not ask for what is missing, because a variable or a flag may give it.
// CollectorFor leads requests to collectors; NeedsRestart tells a reload what it
// cannot take over.
//
// # What it promises
//
// An unknown or repeated field is a mistake, never ignored: a setting that was
// misspelled must not run with its default. Only variables may be unknown, because
// others make some too. All mistakes are reported together. Messages name fields,
// variables, lines and columns and never repeat a value, because a value in the
// wrong place may be a secret.
//
// # What it does not do
//
// It opens no file but the one it is given: whether rules, keys and certificates
// are there is for those to say who read them. It knows no flag, and of the
// environment only what it is handed.
package config

import "time"

// Config is what statveil.yaml says, with the defaults for what it leaves out.
type Config struct {
	// Listen is the address that clients are pointed at.
	Listen string
	// Upstream is the collector: http or https, a host, maybe a port.
	// ParseUpstream takes it apart. Required, where there are no Collectors.
	Upstream string
	// Collectors are given instead of Upstream where there are several.
	// CollectorFor chooses among them.
	Collectors []Collector
	// Rules are the files and directories of rules, as they can be opened from
	// here: a relative path in the file is relative to the file, as all paths of
	// the file are. Required.
	Rules []string
	// Keys says where keys come from. Required.
	Keys        Keys
	TLS         TLS
	UpstreamTLS UpstreamTLS
	Admin       Admin
	Limits      Limits
	Timeouts    Timeouts
	Log         Log

	file        string         // where it was read from, for Validate's messages
	environment map[string]any // what Environment set, by the full names of the fields, for the same
}

// File is where the configuration was read from; "" where it was not.
func (c *Config) File() string { return c.file }

// Collector is one of several collectors, and who is led to it.
type Collector struct {
	// Host is what clients ask for: a host name or an IP address, without port.
	// "*" is every host that no other collector has.
	Host string
	// Upstream is the collector, in the form of Config.Upstream.
	Upstream string
	// Public is where clients reach us for it, in the same form. Its host leads
	// to this collector too. May be empty.
	Public string
}

// Keys names the one place that keys come from.
type Keys struct {
	// Dev is random keys in memory: every restart changes every pseudonym.
	Dev bool
	// File is a key file, as it can be opened from here: a relative path in the
	// configuration is relative to that.
	File string
}

// TLS is the certificate that clients see, as PEM files that can be opened from
// here. Without it clients speak plain HTTP.
type TLS struct {
	Cert, Key string // the chain, the leaf first, and its private key
	ClientCA  string // who may have signed the certificates of clients, which each must then have; may be empty
}

// UpstreamTLS is how collectors of https:// are spoken to, as PEM files that can
// be opened from here. All of it may be empty.
type UpstreamTLS struct {
	CA         string // who may have signed their certificates, instead of whom the system trusts
	Cert, Key  string // what we show to collectors that ask who we are
	ServerName string // the name in their certificates, where it is not the host of their URL
}

// Admin is the listeners that are not for statistics.
type Admin struct {
	Listen  string // probes and metrics, which others must reach
	Private string // what only this machine or pod may ask for; always a loopback address
}

// Limits are the most that one request may have of something or, where it says
// so, all together.
type Limits struct {
	Body        Size // on the wire and decoded
	Depth       int  // nesting of arrays and objects
	Headers     Size // the whole header block
	Target      Size // path and query
	Ratio       int  // how many times larger than on the wire a body may become when decoded; 64KiB decoded it always may have
	Parameters  int  // of each at most so many: parameters of the query, fields of a form, header lines, cookies
	Inflight    Size // all of them together in memory; past it requests are answered busy
	Connections int  // all clients together
}

// Timeouts are the longest that something may take.
type Timeouts struct {
	ReadHeader Duration // until the header block of a request is complete
	ReadBody   Duration // from there until its body is complete
	Write      Duration // until the client has taken the next piece of an answer
	Idle       Duration // between two requests of a connection
	Upstream   Duration // until the collector has answered
	Drain      Duration // for the requests under way when the process is told to stop
}

// Log is what is written to standard error, and how.
type Log struct {
	Level  string // one of debug, info, warn, error
	Format string // json or console
}

// Default returns a Config with every default, which lacks what has none:
// upstream, rules and keys.
func Default() *Config {
	return &Config{
		Listen: "127.0.0.1:8080",
		Admin:  Admin{Listen: "127.0.0.1:9901", Private: "127.0.0.1:9902"},
		Limits: Limits{
			Body:        10 << 20,
			Depth:       128,
			Headers:     64 << 10,
			Target:      8 << 10,
			Ratio:       100,
			Parameters:  1000,
			Inflight:    64 << 20,
			Connections: 1024,
		},
		Timeouts: Timeouts{
			ReadHeader: Duration(10 * time.Second),
			ReadBody:   Duration(30 * time.Second),
			Write:      Duration(30 * time.Second),
			Idle:       Duration(2 * time.Minute),
			Upstream:   Duration(30 * time.Second),
			Drain:      Duration(20 * time.Second),
		},
		Log: Log{Level: "info", Format: "json"},
	}
}

// field is one name of the schema, what it is for, and where its value goes.
type field struct {
	name, doc string
	into      any // *string, *int, *bool, *[]string, *Size, *Duration, choice, maybe in a mark; []field for a section; list
}

// choice is a text that can only be one of a few.
type choice struct {
	into  *string
	known []string
}

// list is a list of sections: it adds one, and returns the fields of that.
type list func() []field

// The marks of a field, around the pointer to its value.
type (
	// atStart is read when the process starts. A reload does not change it.
	atStart struct{ into any }
	// required must be given in its section; hint says how.
	required struct {
		into any
		hint string
	}
)

// unmarked is what the marks of a field stand around.
func unmarked(into any) any {
	switch mark := into.(type) {
	case atStart:
		return unmarked(mark.into)
	case required:
		return unmarked(mark.into)
	}
	return into
}

var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"json", "console"}
)

// fields is the schema: the only list of the names that statveil.yaml may have.
func (c *Config) fields() []field {
	return []field{
		{"listen", "The address that clients are pointed at: host:port.", atStart{&c.Listen}},
		{"upstream", "The collector: http or https, a host, maybe a port. Required, here, as a variable or as a flag, where there are no collectors.", &c.Upstream},
		{"collectors", "Instead of upstream: several collectors, chosen by the host that the client asked for.", list(c.addCollector)},
		{"rules", "Rule files and folders of them; relative paths are relative to this file. Required, here or as a flag.", &c.Rules},
		{"keys", "Where keys come from: exactly one. Required, here, as a variable or as a flag.", []field{
			{"dev", "true: random keys in memory. Every restart changes every pseudonym.", &c.Keys.Dev},
			{"file", "A key file, which statveil keys init makes; a relative path is relative to this file.", &c.Keys.File},
		}},
		{"tls", "TLS for clients, of PEM files; relative paths are relative to this file. Whether there is any is decided at the start; the files may change.", []field{
			{"cert", "The chain of certificates, the leaf first.", &c.TLS.Cert},
			{"key", "The private key of the leaf.", &c.TLS.Key},
			{"client_ca", "Who may have signed the certificates of clients. Each must then have one.", &c.TLS.ClientCA},
		}},
		{"upstream_tls", "TLS to collectors of https://, of PEM files; relative paths are relative to this file.", []field{
			{"ca", "Who may have signed the certificates of collectors, instead of whom the system trusts.", &c.UpstreamTLS.CA},
			{"cert", "The chain of certificates that we show to collectors that ask who we are.", &c.UpstreamTLS.Cert},
			{"key", "The private key of its leaf.", &c.UpstreamTLS.Key},
			{"server_name", "The name in the certificates of collectors, where it is not the host of their URL.", &c.UpstreamTLS.ServerName},
		}},
		{"admin", "The listeners that are not for statistics.", []field{
			{"listen", "The address of /startupz, /readyz, /livez and /metrics: host:port.", atStart{&c.Admin.Listen}},
			{"private", "The loopback address of what only this machine or pod may ask for: host:port.", atStart{&c.Admin.Private}},
		}},
		{"limits", "The most that one request may have of something or, where it says so, all together.", []field{
			{"body", "Bytes of the body, on the wire and decoded.", &c.Limits.Body},
			{"depth", "How deep arrays and objects may nest.", &c.Limits.Depth},
			{"headers", "Bytes of the whole header block.", atStart{&c.Limits.Headers}},
			{"target", "Bytes of path and query.", &c.Limits.Target},
			{"ratio", "How many times larger than on the wire a body may become when decoded. Up to 64KiB it always may.", &c.Limits.Ratio},
			{"parameters", "Of each at most so many: parameters of the query, fields of a form, header lines, cookies.", &c.Limits.Parameters},
			{"inflight", "Bytes in memory for all requests, answers and connections together. Past it requests are answered busy.", &c.Limits.Inflight},
			{"connections", "Connections of all clients together.", atStart{&c.Limits.Connections}},
		}},
		{"timeouts", "The longest that something may take.", []field{
			{"read_header", "Until the header block of a request is complete.", atStart{&c.Timeouts.ReadHeader}},
			{"read_body", "From there until its body is complete.", atStart{&c.Timeouts.ReadBody}},
			{"write", "Until the client has taken the next piece of an answer.", atStart{&c.Timeouts.Write}},
			{"idle", "Between two requests of a connection.", atStart{&c.Timeouts.Idle}},
			{"upstream", "Until the collector has answered.", &c.Timeouts.Upstream},
			{"drain", "For the requests under way when the process is told to stop.", atStart{&c.Timeouts.Drain}},
		}},
		{"log", "What is written to standard error, and how.", []field{
			{"level", "The least severe that is written.", choice{&c.Log.Level, logLevels}},
			{"format", "json for machines, console for people.", atStart{choice{&c.Log.Format, logFormats}}},
		}},
	}
}

// addCollector adds a collector, and returns its fields.
func (c *Config) addCollector() []field {
	c.Collectors = append(c.Collectors, Collector{})
	n := &c.Collectors[len(c.Collectors)-1]
	return []field{
		{"host", `The host that clients ask for, without port; "*" is every host that no other collector has.`, required{&n.Host, `as in host: events.example.com, or host: "*" for every other`}},
		{"upstream", "The collector: http or https, a host, maybe a port.", required{&n.Upstream, upstreamHint}},
		{"public", "Where clients reach us for it: http or https, a host, maybe a port. This host leads here too.", &n.Public},
	}
}
