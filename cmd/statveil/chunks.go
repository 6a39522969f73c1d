package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
)

const (
	chunkSize = 256 << 10 // of a chunk's memory, where no line is longer
	leastRead = 64 << 10
)

// A chunk is some whole lines of one file on their way through apply.
type chunk struct {
	name    string // of the file; "" is standard input
	first   int    // number of its first line
	in      []byte
	tooLong bool // it stands for one line that was not kept

	out     []byte
	lines   int
	rejects []reject
	ready   chan struct{} // gets one value when out is there
}

// reset makes a chunk empty. What one large line needed is given back.
func (c *chunk) reset() {
	if max(cap(c.in), cap(c.out)) > 4*chunkSize {
		c.in, c.out = nil, nil
	}
	c.in, c.out, c.rejects, c.lines, c.tooLong = c.in[:0], c.out[:0], c.rejects[:0], 0, false
}

// A cutter cuts files into chunks. Of a line longer than limit it keeps nothing.
type cutter struct {
	limit int
	names []string // that are not open yet
	open  func(name string) (io.ReadCloser, error)

	in   io.ReadCloser // nil: none is open
	name string
	line int    // lines of it that are in chunks
	rest []byte // what follows the last chunk and is read already
	err  error  // of the last Read
}

// next makes an empty chunk the next one. At the end of all files it says io.EOF.
func (k *cutter) next(c *chunk) error {
	for {
		if k.in == nil {
			if len(k.names) == 0 {
				return io.EOF
			}
			k.name, k.names = k.names[0], k.names[1:]
			k.rest, k.line, k.err = k.rest[:0], 0, nil
			var err error
			if k.in, err = k.open(k.name); err != nil {
				return err
			}
		}
		if more, err := k.cut(c); more || err != nil {
			return err
		}
		k.in.Close() // it was only read
		k.in = nil
	}
}

// cut puts into c what the next Read that brings the end of a line brings. It
// waits for no more, since what writes the input may be waiting for our output.
func (k *cutter) cut(c *chunk) (more bool, err error) {
	c.name, c.first = k.name, k.line+1
	c.in = append(c.in[:0], k.rest...)
	k.rest = k.rest[:0]
	searched := 0
	for {
		if i := bytes.LastIndexByte(c.in[searched:], '\n'); i >= 0 {
			end := searched + i + 1
			k.rest = append(k.rest, c.in[end:]...)
			c.in = c.in[:end]
			k.line += bytes.Count(c.in, []byte("\n"))
			return true, nil
		}
		searched = len(c.in)
		switch {
		case len(c.in) > k.limit+1: // with the CR of its end
			k.line++
			return true, k.skip(c)
		case k.err == io.EOF && len(c.in) == 0:
			return false, nil
		case k.err == io.EOF:
			k.line++
			if len(k.names) > 0 { // or the next file would begin in this line
				c.in = append(c.in, '\n')
			}
			return true, nil
		case k.err != nil: // the line has no end: it is no record
			return false, k.broken()
		}
		k.read(c)
	}
}

// skip leaves out the line that c begins.
func (k *cutter) skip(c *chunk) error {
	c.tooLong = true
	for k.err == nil {
		c.in = c.in[:0]
		k.read(c)
		if i := bytes.IndexByte(c.in, '\n'); i >= 0 {
			k.rest = append(k.rest, c.in[i+1:]...)
			return nil
		}
	}
	if k.err != io.EOF {
		return k.broken()
	}
	return nil
}

func (k *cutter) read(c *chunk) {
	if cap(c.in)-len(c.in) < leastRead {
		c.in = slices.Grow(c.in, chunkSize)
	}
	var n int
	n, k.err = k.in.Read(c.in[len(c.in):cap(c.in)])
	c.in = c.in[:len(c.in)+n]
}

func (k *cutter) broken() error {
	return fmt.Errorf("reading %s after line %d: %w", spelled(k.name), k.line, k.err)
}

// inOrder fills chunks with next, has them treated by so many workers at once,
// and writes them in the order in which they were read. It ends at the first
// error, io.EOF of next for none, or when ctx does. No more than a few chunks
// for each worker are there at any time.
//
// It does not wait for a next that is under way: that may be waiting for an
// input that never ends.
func inOrder(ctx context.Context, jobs int, next func(*chunk) error, treat func(*chunk), write func(*chunk) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	count := 2*jobs + 2
	free, work, order := make(chan *chunk, count), make(chan *chunk, count), make(chan *chunk, count)
	for range count {
		free <- &chunk{ready: make(chan struct{}, 1)}
	}
	var readErr error // to be read when order is closed
	go func() {
		defer close(order)
		defer close(work)
		for {
			var c *chunk
			select {
			case c = <-free:
			case <-ctx.Done():
				readErr = ctx.Err()
				return
			}
			if readErr = next(c); readErr != nil {
				return
			}
			work <- c // there is room: there are no more chunks than that
			order <- c
		}
	}()
	for range jobs {
		go func() {
			for c := range work {
				if ctx.Err() == nil {
					treat(c)
				}
				c.ready <- struct{}{}
			}
		}()
	}
	for {
		var c *chunk
		select {
		case c = <-order:
		case <-ctx.Done():
			return ctx.Err()
		}
		if c == nil {
			if readErr == io.EOF {
				return nil
			}
			return readErr
		}
		<-c.ready
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := write(c); err != nil {
			return err
		}
		c.reset()
		free <- c
	}
}
