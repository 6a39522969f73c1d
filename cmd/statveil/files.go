package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/statveil/statveil/config"
	"github.com/statveil/statveil/rules"
)

// A snapshot is what the files held that a generation is made of.
type snapshot struct {
	digest
	texts map[string]string // of the configuration and the rules, by name
}

// A digest tells whether files are the same as they were. What cannot be read has a
// digest too.
type digest struct {
	all      [sha256.Size]byte
	upstream [sha256.Size]byte // of those for the way to the collectors
}

// snapshotOf reads all files that a configuration is about.
func snapshotOf(cfg *config.Config) snapshot {
	s := snapshot{texts: map[string]string{}}
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n", *cfg)
	if name := cfg.File(); name != "" {
		if text, err := readRegular(name); err == nil {
			s.texts[name] = string(text)
		}
	}
	files, err := rules.Files(cfg.Rules...)
	fmt.Fprintf(h, "%d %v\n", len(files), err)
	for _, f := range files {
		fmt.Fprintf(h, "%q %d\n", f.Name, len(f.Data))
		h.Write(f.Data)
		s.texts[f.Name] = string(f.Data)
	}
	for _, name := range []string{cfg.Keys.File, cfg.TLS.Cert, cfg.TLS.Key, cfg.TLS.ClientCA} {
		fileInto(h, name)
	}
	up := sha256.New()
	for _, name := range []string{cfg.UpstreamTLS.CA, cfg.UpstreamTLS.Cert, cfg.UpstreamTLS.Key} {
		fileInto(up, name)
	}
	up.Sum(s.upstream[:0])
	h.Write(s.upstream[:])
	h.Sum(s.all[:0])
	return s
}

// cutShort returns a file that is now only the beginning of what it was, or "". That
// may be meant; or whoever writes it has not finished, and what is missing protects
// somebody.
func (s snapshot) cutShort(was snapshot) string {
	for _, name := range slices.Sorted(maps.Keys(s.texts)) {
		if text, before := s.texts[name], was.texts[name]; len(text) < len(before) && strings.HasPrefix(before, text) {
			return name
		}
	}
	return ""
}

// largestFile is more than any file of ours has. What a wrong path or link leads to may
// have no end.
const largestFile = 4 << 20

// readRegular reads a regular file: to open a pipe would wait for who writes into it.
func readRegular(name string) ([]byte, error) {
	switch info, err := os.Stat(name); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file", name)
	case info.Size() > largestFile:
		return nil, fmt.Errorf("%s is larger than %d bytes", name, largestFile)
	}
	return os.ReadFile(name)
}

// fileInto writes what a file holds and who may read it, or why it cannot be read.
func fileInto(w io.Writer, name string) {
	if name == "" {
		return
	}
	data, err := readRegular(name)
	fmt.Fprintf(w, "%q %d %v\n", name, len(data), err)
	w.Write(data)
	if info, err := os.Stat(name); err == nil {
		fmt.Fprintf(w, "%v\n", info.Mode())
	}
}
