package main

import (
	"bufio"
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestScanBytes: what a script cannot hold, lines of all sizes and of any bytes.
func TestScanBytes(t *testing.T) {
	const found = `"findings":[{"kind":"email","start":0,"end":16}]}` + "\n"
	long := strings.Repeat("a ", longestLine/2)
	tests := []struct {
		name, in, want string
		code           int
		errs           string
	}{
		{"nothing", "", "", 0, ""},
		{"no line end", "\nanna@example.com", `{"line":2,` + found, 0, ""},
		{"line ends of Windows", "\r\nanna@example.com\r\n", `{"line":2,` + found, 0, ""},
		{"not UTF-8", "\xff\x00\xe9\nanna@example.com\xff\n", `{"line":2,` + found, 0, ""},
		{"the longest", long + "\nanna@example.com", `{"line":2,` + found, 0, ""},
		{"longer", "\n" + long + "b\nanna@example.com\n" + long + "b\n\n" + long + long, `{"line":3,` + found, 1,
			"error: reading lines: -: longer than 10 MiB, and not scanned: line 2, 4, 6\nhint: of one large JSON array, jq -c '.[]' makes lines\n"},
		{"found in a long one", "anna@example.com " + long[17:], `{"line":1,` + found, 0, ""},
		{"compressed", "\x1f\x8b\x08\x00", "", 1, "error: reading lines: -: it is compressed\nhint: zcat FILE | statveil scan\n"},
		{"UTF-16", "\xff\xfea\x00", "", 1, "error: reading lines: -: it is UTF-16\nhint: iconv -f UTF-16 -t UTF-8 FILE | statveil scan\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			code := execute(t.Context(), []string{"scan"}, strings.NewReader(tt.in), &out, &errs)
			if code != tt.code || out.String() != tt.want || errs.String() != tt.errs {
				t.Errorf("got %d\n%s%s\nwant %d\n%s%s", code, &out, &errs, tt.code, tt.want, tt.errs)
			}
		})
	}
}

// TestScanFollows: what is found in a line is printed before the next one comes,
// as behind tail -f.
func TestScanFollows(t *testing.T) {
	in, lines := io.Pipe()
	found, out := io.Pipe()
	ended := make(chan int)
	go func() {
		code := execute(t.Context(), []string{"scan"}, in, out, io.Discard)
		out.Close()
		ended <- code
	}()
	r := bufio.NewReader(found)
	for range 3 {
		io.WriteString(lines, "anna@example.com\n")
		if line, err := r.ReadString('\n'); err != nil || !strings.Contains(line, `"email"`) {
			t.Fatalf("got %q, %v", line, err)
		}
	}
	lines.Close()
	if code := <-ended; code != 0 {
		t.Errorf("ended with %d", code)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error)  { return 0, io.ErrClosedPipe }
func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestScanBroken(t *testing.T) {
	var errs bytes.Buffer
	if code := execute(t.Context(), []string{"scan"}, broken{}, io.Discard, &errs); code != 1 || !strings.Contains(errs.String(), "reading lines: -: ") {
		t.Errorf("reading: %d %s", code, &errs)
	}
	errs.Reset()
	if code := execute(t.Context(), []string{"scan"}, strings.NewReader("anna@example.com"), broken{}, &errs); code != 1 || !strings.Contains(errs.String(), "error: writing: ") {
		t.Errorf("writing: %d %s", code, &errs)
	}
}
