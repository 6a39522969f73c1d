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

// field is one name of the schema and where its value goes.
type field struct {
	name string
	into any // *string, *int, *bool, *[]string, *Size, *Duration, or []field for a section
}

// fields is the schema: the only list of the names that statveil.yaml may have.
func (c *Config) fields() []field {
	return []field{
		{"listen", &c.Listen},
		{"upstream", &c.Upstream},
		{"rules", &c.Rules},
		{"keys", []field{
			{"dev", &c.Keys.Dev},
			{"file", &c.Keys.File},
		}},
		{"admin", []field{{"listen", &c.Admin.Listen}}},
		{"limits", []field{
			{"body", &c.Limits.Body},
			{"depth", &c.Limits.Depth},
			{"headers", &c.Limits.Headers},
			{"target", &c.Limits.Target},
		}},
		{"timeouts", []field{
			{"read_header", &c.Timeouts.ReadHeader},
			{"read_body", &c.Timeouts.ReadBody},
			{"idle", &c.Timeouts.Idle},
			{"upstream", &c.Timeouts.Upstream},
			{"drain", &c.Timeouts.Drain},
		}},
		{"log", []field{
			{"level", &c.Log.Level},
			{"format", &c.Log.Format},
		}},
	}
}
