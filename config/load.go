package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxFile is far more than any configuration needs; a parser should not be
// handed whatever a wrong path leads to.
const maxFile = 1 << 20

// Load reads the configuration file at path. Its error is Problems, or that of
// reading the file.
func Load(path string) (*Config, error) {
	// To open a pipe would wait for whoever writes into it.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading configuration: %s is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	defer f.Close()
	// One byte more than allowed, so that Parse sees that there is more.
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading configuration: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a configuration from data. The name stands in messages, and
// relative paths are relative to its directory. Its error is Problems.
func Parse(name string, data []byte) (*Config, error) {
	c, d := parse(name, data)
	if err := d.problems.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// Check reads a configuration as Parse does, and returns what it says with every
// mistake: what Validate would say is missing too.
func Check(name string, data []byte) (*Config, Problems) {
	c, d := parse(name, data)
	found := d.problems
	if len(d.places) == 0 && len(found) > 0 {
		return c, found // nothing could be read: nothing is missing
	}
	var missing Problems
	for _, f := range c.check() {
		unread := func(p Problem) bool { return about(p.Message, f.fields[0]) }
		if !f.missing || slices.ContainsFunc(d.problems, unread) {
			continue
		}
		p := Problem{File: name, Message: f.message, Hint: f.hint}
		if at, ok := d.placeOf(f); ok {
			p.Line, p.Col = at.line, at.col
			found = append(found, p)
		} else {
			missing = append(missing, p)
		}
	}
	found.sort()
	return c, append(found, missing...)
}

// about says whether a message is about a field, or one below it.
func about(message, field string) bool {
	rest, ok := strings.CutPrefix(message, field)
	return ok && rest != "" && strings.ContainsAny(rest[:1], " .[")
}

func parse(name string, data []byte) (*Config, *decoder) {
	c := Default()
	c.file = name
	d := &decoder{file: name, places: make(map[string]place)}
	switch {
	case len(data) > maxFile:
		d.problem(place{}, "the file is larger than "+Size(maxFile).String(), "")
	case !utf8.Valid(data):
		d.problem(firstInvalid(data), "the file is not UTF-8", "")
	default:
		d.decode(data, c.fields())
	}
	beside := func(path *string) {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(filepath.Dir(name), *path)
		}
	}
	for i := range c.Rules {
		beside(&c.Rules[i])
	}
	for _, path := range []*string{
		&c.Keys.File,
		&c.TLS.Cert, &c.TLS.Key, &c.TLS.ClientCA,
		&c.UpstreamTLS.CA, &c.UpstreamTLS.Cert, &c.UpstreamTLS.Key,
	} {
		beside(path)
	}
	// What is missing is for Validate to say, and what could not be read has
	// been reported and left its default.
	for _, f := range c.check() {
		if at, ok := d.placeOf(f); ok && !f.missing {
			d.problem(at, f.message, f.hint)
		}
	}
	return c, d
}

// placeOf is where the file gives the first of the fields of a fault.
func (d *decoder) placeOf(f fault) (place, bool) {
	for _, field := range f.fields {
		if at, ok := d.places[field]; ok {
			return at, true
		}
	}
	return place{}, false
}

// firstInvalid is the place of the first bytes that are not UTF-8.
func firstInvalid(data []byte) place {
	p := place{1, 1}
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && n == 1:
			return p
		case r == '\n':
			p = place{p.line + 1, 1}
		default:
			p.col++
		}
		data = data[n:]
	}
	return p
}
