package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// stored is the input of apply: files that are opened one after the other, or
// standard input.
type stored struct {
	names []string // "" is standard input
	stdin io.Reader
	size  int64       // of all, as they are on the disk; -1 where nobody knows
	read  func(n int) // is told how much of them was read
}

// openStored makes sure that all files are there before the first is read.
func openStored(names []string, stdin io.Reader) (*stored, error) {
	s := &stored{stdin: stdin, read: func(int) {}}
	if len(names) == 0 {
		names = []string{"-"}
	}
	for _, name := range names {
		var info os.FileInfo
		var err error
		if name == "-" {
			name = ""
			if f, ok := stdin.(*os.File); ok {
				info, err = f.Stat()
			}
		} else {
			info, err = os.Stat(name)
		}
		switch {
		case err != nil:
			return nil, fmt.Errorf("reading records: %w", err)
		case info != nil && info.IsDir():
			return nil, fmt.Errorf("reading records: %s is a folder", spelled(name))
		case s.size >= 0 && info != nil && info.Mode().IsRegular():
			s.size += info.Size()
		default:
			s.size = -1
		}
		s.names = append(s.names, name)
	}
	return s, nil
}

// spare says whether the file name, which is about to be emptied, is one that is
// read, or the output.
func (s *stored) spare(name string, out io.Writer) error {
	info, err := os.Stat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil // there is nothing to lose
	}
	same := func(other os.FileInfo, err error) bool { return err == nil && os.SameFile(info, other) }
	for _, read := range s.names {
		if read != "" && same(os.Stat(read)) {
			return usage("--rejects FILE is made anew", "--rejects %s is a file to read", name)
		}
	}
	for _, stream := range []any{s.stdin, out} {
		if f, ok := stream.(*os.File); ok && same(f.Stat()) {
			return usage("--rejects FILE is made anew", "--rejects %s is the input or the output", name)
		}
	}
	return nil
}

// spelled is the name of a file in messages.
func spelled(name string) string {
	if name == "" {
		return "standard input"
	}
	return name
}

// cutter cuts the files into chunks, for records of at most limit bytes.
func (s *stored) cutter(limit int) *cutter {
	return &cutter{limit: limit, names: s.names, open: s.open}
}

// open opens a file and undoes its compression, which its first bytes tell.
func (s *stored) open(name string) (io.ReadCloser, error) {
	file := io.NopCloser(s.stdin)
	if name != "" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("reading records: %w", err)
		}
		file = f
	}
	raw := bufio.NewReader(counted{file, s.read})
	first, err := raw.Peek(4)
	if err != nil && err != io.EOF {
		file.Close()
		return nil, fmt.Errorf("reading %s: %w", spelled(name), err)
	}
	plain := io.Reader(raw)
	switch {
	case bytes.HasPrefix(first, []byte{0x1f, 0x8b}):
		plain, err = gzip.NewReader(raw)
	case bytes.Equal(first, []byte{0x28, 0xb5, 0x2f, 0xfd}), len(first) == 4 && first[0]&0xf0 == 0x50 && bytes.Equal(first[1:], []byte{0x2a, 0x4d, 0x18}): // the latter is what pzstd begins with
		// As much memory as zstd itself allows without being asked.
		var d *zstd.Decoder
		if d, err = zstd.NewReader(raw, zstd.WithDecoderMaxWindow(128<<20)); err == nil {
			return opened{d, func() error { d.Close(); return file.Close() }}, nil
		}
	default:
		err = nil
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("reading %s: %w", spelled(name), err)
	}
	return opened{plain, file.Close}, nil
}

// counted tells how much was read.
type counted struct {
	io.Reader
	read func(n int)
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read(n)
	return n, err
}

// opened is a file without its compression.
type opened struct {
	io.Reader
	close func() error
}

func (o opened) Close() error { return o.close() }
