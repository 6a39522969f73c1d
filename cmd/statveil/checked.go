package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// checked is what check found, and what it looked at.
type checked struct {
	Problems []remark `json:"problems"`

	files    map[string]bool // by clean name
	rules    map[string]bool // by place
	routes   map[string]bool
	reported map[remark]bool
	tests    int
}

// A remark is a mistake or a lint finding. Line and Col are 0 where it stands at
// no place of the file.
type remark struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Col      int    `json:"col"`
	Severity string `json:"severity"` // error or lint
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func (f remark) String() string {
	s := f.File + ":"
	if f.Line > 0 {
		s += fmt.Sprintf("%d:%d:", f.Line, f.Col)
	}
	if f.Severity == "lint" {
		s += " lint:"
	}
	s += " " + f.Message
	if f.Hint != "" {
		s += "\n  hint: " + f.Hint
	}
	return s
}

// add reports each remark once, also where a file is read twice: by itself, and
// because a configuration names it.
func (c *checked) add(all ...remark) {
	for _, f := range all {
		key := f
		if key.File = filepath.Clean(f.File); !c.reported[key] {
			c.reported[key] = true
			c.Problems = append(c.Problems, f)
		}
	}
}

func (c *checked) count(severity string) (n int) {
	for _, f := range c.Problems {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

// err is what the command ends with.
func (c *checked) err() error {
	switch {
	case c.count("error") > 0:
		return errReported
	case c.count("lint") > 0:
		return errOnlyLint
	}
	return nil
}

func (c *checked) print(w io.Writer) error {
	var b strings.Builder
	for _, f := range c.Problems {
		b.WriteString(f.String() + "\n")
	}
	b.WriteString(strings.Join([]string{number(len(c.files), "file"), number(len(c.routes), "route"), number(len(c.rules), "rule")}, ", "))
	if c.tests > 0 {
		b.WriteString(", " + number(c.tests, "test"))
	}
	var wrong []string
	if n := c.count("error"); n > 0 {
		wrong = append(wrong, number(n, "mistake"))
	}
	if n := c.count("lint"); n > 0 {
		wrong = append(wrong, number(n, "lint finding"))
	}
	if len(wrong) == 0 {
		wrong = []string{"fine"}
	}
	b.WriteString(": " + strings.Join(wrong, ", ") + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func number(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
