package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// pieces reads in pieces of random sizes, some of them empty.
type pieces struct {
	s      string
	random *rand.Rand
	most   int
}

func (p *pieces) Read(b []byte) (int, error) {
	if p.s == "" {
		return 0, io.EOF
	}
	n := min(p.random.IntN(p.most), len(b), len(p.s))
	copy(b, p.s[:n])
	p.s = p.s[n:]
	return n, nil
}

// However the input comes, chunks are its lines, each once and in order, but for
// those that are too long; and each knows the number of its first line.
func TestCutter(t *testing.T) {
	const limit = 50_000
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 24 {
		var in strings.Builder
		for range random.IntN(40) {
			size := []int{0, 1, 2, 100, leastRead, limit - 1, limit, limit + 1, limit + 2, 6 * limit}[random.IntN(10)]
			in.WriteString(strings.Repeat("x", size))
			in.WriteString([]string{"\n", "\r\n", "\n\n"}[random.IntN(3)])
		}
		text := in.String()
		if random.IntN(2) == 0 {
			text = strings.TrimSuffix(text, "\n")
		}
		lines := strings.SplitAfter(text, "\n")
		if lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		for name, r := range map[string]io.Reader{
			"pieces":                &pieces{text, random, []int{2, 1000, 100_000, chunkSize}[round%4]},
			"whole":                 strings.NewReader(text),
			"the end with the data": iotest.DataErrReader(strings.NewReader(text)),
		} {
			k := &cutter{limit: limit, names: []string{name}, open: func(string) (io.ReadCloser, error) { return io.NopCloser(r), nil }}
			var c chunk
			at := 0
			for {
				c.reset()
				if err := k.next(&c); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				if c.first != at+1 || c.name != name {
					t.Fatalf("%s: a chunk of %s begins with line %d, want %d", name, c.name, c.first, at+1)
				}
				if c.tooLong {
					if at >= len(lines) || len(strings.TrimRight(lines[at], "\r\n")) <= limit {
						t.Fatalf("%s: line %d is taken for too long", name, at+1)
					}
					at++
					continue
				}
				n := bytes.Count(c.in, []byte("\n"))
				if !bytes.HasSuffix(c.in, []byte("\n")) {
					n++
				}
				if at+n > len(lines) || string(c.in) != strings.Join(lines[at:at+n], "") {
					t.Fatalf("%s: lines %d to %d are not those of the input", name, at+1, at+n)
				}
				at += n
			}
			if at != len(lines) {
				t.Errorf("%s: %d lines came, want %d", name, at, len(lines))
			}
		}
	}
}

// A line without its end, where the input breaks off, is no record.
func TestCutterBroken(t *testing.T) {
	const limit = 1000
	for _, in := range []string{"1\n2\n3", "1\n2\n" + strings.Repeat("x", 5*limit)} {
		k := &cutter{limit: limit, names: []string{""}, open: func(string) (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(in), iotest.ErrReader(errors.New("gone")))), nil
		}}
		var c chunk
		if err := k.next(&c); err != nil || string(c.in) != "1\n2\n" {
			t.Errorf("got %q, %v, want two lines", c.in, err)
		}
		err := k.next(&c)
		if err == nil || !strings.HasPrefix(err.Error(), "reading standard input after line ") || !strings.HasSuffix(err.Error(), ": gone") {
			t.Errorf("got %.40q, %v", c.in, err)
		}
	}
}

// The chunks are written in the order in which they were read, and there are
// never more of them than a few for each worker.
func TestInOrder(t *testing.T) {
	for jobs := 1; jobs <= 8; jobs++ {
		read, seen := 0, map[*chunk]bool{}
		next := func(c *chunk) error {
			if seen[c] = true; read == 500 {
				return io.EOF
			}
			read++
			c.first = read
			return nil
		}
		treat := func(c *chunk) {
			for i := range c.first * 7919 % 1000 { // some take longer
				c.lines += i
			}
			c.out = fmt.Append(c.out, c.first, " ")
		}
		var out bytes.Buffer
		err := inOrder(t.Context(), jobs, next, treat, func(c *chunk) error { out.Write(c.out); return nil })
		var want bytes.Buffer
		for i := range 500 {
			fmt.Fprint(&want, i+1, " ")
		}
		if err != nil || out.String() != want.String() {
			t.Errorf("%d jobs: %v, got %s", jobs, err, &out)
		}
		if len(seen) > 2*jobs+2 {
			t.Errorf("%d jobs: there were %d chunks", jobs, len(seen))
		}
	}
}

func TestInOrderEnds(t *testing.T) {
	wrong := errors.New("wrong")
	endless := func(c *chunk) error { return nil }
	nothing := func(*chunk) {}
	written := 0
	err := inOrder(t.Context(), 4, endless, nothing, func(*chunk) error {
		if written++; written == 3 {
			return wrong
		}
		return nil
	})
	if err != wrong || written != 3 {
		t.Errorf("write fails: got %v after %d chunks", err, written)
	}
	n := 0
	if err := inOrder(t.Context(), 4, func(*chunk) error {
		if n++; n == 3 {
			return wrong
		}
		return nil
	}, nothing, func(*chunk) error { return nil }); err != wrong {
		t.Errorf("next fails: got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if err := inOrder(ctx, 4, endless, nothing, func(*chunk) error { cancel(); return nil }); err != context.Canceled {
		t.Errorf("canceled: got %v", err)
	}
	// Also where next is waiting for an input that never comes.
	block := make(chan struct{})
	defer close(block)
	ctx, cancel = context.WithCancel(t.Context())
	if err := inOrder(ctx, 4, func(*chunk) error { cancel(); <-block; return io.EOF }, nothing, nil); err != context.Canceled {
		t.Errorf("canceled while reading: got %v", err)
	}
}
