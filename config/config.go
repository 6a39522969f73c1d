// Package config is the whole statveil.yaml: its schema, its defaults and what
// makes a value valid.
//
// Load (or Parse, for text already read) gives a Config in which everything the
// file leaves out has its default. After flags have been laid over it, Validate
// says whether it is complete:
//
//	c, err := config.Load("statveil.yaml")   // every mistake in what the file says, file:line:col
//	c.Upstream = *upstreamFlag
//	err = c.Validate()                       // what is still missing, and mistakes in the flags
//
// Load does not ask for what is missing, because a flag may give it.
//
// # What it promises
//
// An unknown or repeated field is a mistake, never ignored: a setting that was
// misspelled must not run with its default. All mistakes are reported together.
// Messages name fields, lines and columns and never repeat a value, because a
// value in the wrong place may be a secret.
//
// # What it does not do
//
// It opens no file but the one it is given: whether the rule files exist is for
// package rules to say. It knows no flag and no environment variable.
package config

import "time"

// Config is what statveil.yaml says, with the defaults for what it leaves out.
type Config struct {
	// Listen is the address that clients are pointed at.
	Listen string
	// Upstream is the collector: http or https, a host, maybe a port. Required.
	// ParseUpstream takes it apart.
	Upstream string
	// Rules are the files and directories of rules, as they can be opened from
	// here: a relative path in the file is relative to the file. Required.
	Rules []string
	// Keys says where keys come from. Required.
	Keys     Keys
	Admin    Admin
	Limits   Limits
	Timeouts Timeouts
	Log      Log

	file string // where it was read from, for Validate's messages
}

// Keys names the one place that keys come from.
type Keys struct {
	// Dev is random keys in memory: every restart changes every pseudonym.
	Dev bool
	// File is a key file, as it can be opened from here: a relative path in the
	// configuration is relative to that.
	File string
}

// Admin is the listener for probes.
type Admin struct {
	Listen string
}

// Limits are the most that one request may have of something.
type Limits struct {
	Body    Size // on the wire and decoded
	Depth   int  // nesting of arrays and objects
	Headers Size // the whole header block
	Target  Size // path and query
}

// Timeouts are the longest that something may take.
type Timeouts struct {
	ReadHeader Duration // until the header block of a request is complete
	ReadBody   Duration // from there until its body is complete
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
		Admin:  Admin{Listen: "127.0.0.1:9901"},
		Limits: Limits{Body: 10 << 20, Depth: 128, Headers: 64 << 10, Target: 8 << 10},
		Timeouts: Timeouts{
			ReadHeader: Duration(10 * time.Second),
			ReadBody:   Duration(30 * time.Second),
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
	into      any // *string, *int, *bool, *[]string, *Size, *Duration, choice, or []field for a section
}

// choice is a text that can only be one of a few.
type choice struct {
	into  *string
	known []string
}

var (
	logLevels  = []string{"debug", "info", "warn", "error"}
	logFormats = []string{"json", "console"}
)

// fields is the schema: the only list of the names that statveil.yaml may have.
func (c *Config) fields() []field {
	return []field{
		{"listen", "The address that clients are pointed at: host:port.", &c.Listen},
		{"upstream", "The collector: http or https, a host, maybe a port. Required, here or as a flag.", &c.Upstream},
		{"rules", "Rule files and folders of them; relative paths are relative to this file. Required, here or as a flag.", &c.Rules},
		{"keys", "Where keys come from: exactly one. Required, here or as a flag.", []field{
			{"dev", "true: random keys in memory. Every restart changes every pseudonym.", &c.Keys.Dev},
			{"file", "A key file, which statveil keys init makes; a relative path is relative to this file.", &c.Keys.File},
		}},
		{"admin", "The listener for probes.", []field{
			{"listen", "The address of /startupz, /readyz and /livez: host:port.", &c.Admin.Listen},
		}},
		{"limits", "The most that one request may have of something.", []field{
			{"body", "Bytes of the body, on the wire and decoded.", &c.Limits.Body},
			{"depth", "How deep arrays and objects may nest.", &c.Limits.Depth},
			{"headers", "Bytes of the whole header block.", &c.Limits.Headers},
			{"target", "Bytes of path and query.", &c.Limits.Target},
		}},
		{"timeouts", "The longest that something may take.", []field{
			{"read_header", "Until the header block of a request is complete.", &c.Timeouts.ReadHeader},
			{"read_body", "From there until its body is complete.", &c.Timeouts.ReadBody},
			{"idle", "Between two requests of a connection.", &c.Timeouts.Idle},
			{"upstream", "Until the collector has answered.", &c.Timeouts.Upstream},
			{"drain", "For the requests under way when the process is told to stop.", &c.Timeouts.Drain},
		}},
		{"log", "What is written to standard error, and how.", []field{
			{"level", "The least severe that is written.", choice{&c.Log.Level, logLevels}},
			{"format", "json for machines, console for people.", choice{&c.Log.Format, logFormats}},
		}},
	}
}
