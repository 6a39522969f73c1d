package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows on a terminal how much of size bytes was read (-1: nobody
// knows how many), until done is called. Elsewhere it shows nothing.
func progress(w io.Writer, size int64) (read func(n int), done func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions64(size,
		progressbar.OptionSetWriter(f),
		progressbar.OptionShowBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionSetSpinnerChangeInterval(0), // it has no goroutine of its own
	)
	return func(n int) { _ = bar.Add(n) }, // fails where the terminal is gone
		func() {
			_ = bar.Exit() // from here on it draws nothing
			_ = bar.Clear()
		}
}
