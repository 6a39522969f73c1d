package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/rules"
	"github.com/statveil/statveil/rules/detect"
)

// longestLine is how much of a file is held at once.
const longestLine = 10 << 20

func scanCommand() *cobra.Command {
	var kinds, regions []string
	var show bool
	c := &cobra.Command{
		Use:   "scan [--find KIND,...] [--regions CC,...] [FILE|-]...",
		Short: "Find personal data in lines of text",
		Long: `Read lines from files or standard input and print one JSON object for each line
with personal data: its number, and kind and place of every finding. Places are
bytes of the line. Encodings are looked through: percent, JSON escapes, HTML
entities, base64 and hex, up to five on top of each other; the place is then that
of the encoded spelling. With several files each object names its own.

Without --regions a number is a phone number only where something says so, such
as a plus; with it, the national formats of these countries are found too.

It ends with 0 whether or not something was found, and with 1 where something
could not be read. Values are printed only with --show.`,
		Example: `  statveil scan --find phone,email access.log
  statveil scan --regions FI,DE --show calls.csv
  ! statveil scan build.log | grep .          # fail where anything is found`,
		RunE: func(c *cobra.Command, files []string) error {
			finder, err := newFinder(kinds, regions)
			if err != nil {
				return err
			}
			if len(files) == 0 {
				files = []string{"-"}
			}
			out := bufio.NewWriterSize(c.OutOrStdout(), 1<<16)
			s := scanner{out: out, lines: json.NewEncoder(out), finder: finder, show: show, name: len(files) > 1}
			s.lines.SetEscapeHTML(false)
			failed := false
			for _, name := range files {
				err := s.file(name, c.InOrStdin())
				if flushed := out.Flush(); flushed != nil {
					return fmt.Errorf("writing: %w", flushed)
				}
				if err != nil {
					failed = true
					printError(c.ErrOrStderr(), err)
				}
			}
			if failed {
				return errReported
			}
			return nil
		},
	}
	c.Flags().StringSliceVar(&kinds, "find", []string{"any"}, "`KIND`s to find: "+strings.Join(knownKinds(), ", "))
	regionsFlag(c, &regions)
	c.Flags().BoolVar(&show, "show", false, "print the values too, as written and in their canonical form")
	_ = c.RegisterFlagCompletionFunc("find", cobra.FixedCompletions(knownKinds(), cobra.ShellCompDirectiveNoFileComp))
	return c
}

// regionsFlag is the flag --regions of a command that finds phone numbers.
func regionsFlag(c *cobra.Command, regions *[]string) {
	c.Flags().StringSliceVar(regions, "regions", nil, "countries (`CC`: ISO 3166-1) whose national phone numbers count too")
	_ = c.RegisterFlagCompletionFunc("regions", cobra.FixedCompletions(detect.Regions(), cobra.ShellCompDirectiveNoFileComp)) // only for shell completion
}

func knownKinds() []string { return append([]string{"any"}, detect.Names()...) }

// newFinder makes the detectors of these kinds, phones as in these regions.
func newFinder(names, regions []string) (*detect.Finder, error) {
	var kinds []detect.Kind
	for _, name := range names {
		kind, ok := detect.KindOf(name)
		switch {
		case ok:
			kinds = append(kinds, kind)
		case name == "any":
			kinds = append(kinds, detect.Any...)
		default:
			return nil, usage(rules.Suggest(name, knownKinds()), "--find %q is no kind", name)
		}
	}
	if len(kinds) == 0 {
		return nil, usage("known are: "+strings.Join(knownKinds(), ", "), "--find names no kind")
	}
	var phone detect.Options
	for _, r := range regions {
		code := strings.ToUpper(r)
		if !slices.Contains(detect.Regions(), code) {
			return nil, usage(rules.SuggestRegion(r), "--regions %q is no region", r)
		}
		phone.Regions = append(phone.Regions, code)
	}
	if len(phone.Regions) > 0 && !slices.Contains(kinds, detect.Phone) {
		return nil, usage("add phone to --find, or leave --regions out", "--regions is for phone numbers, and --find does not name them")
	}
	var all []*detect.Detector
	for _, k := range kinds {
		var o detect.Options
		if k == detect.Phone {
			o = phone
		}
		d, err := detect.Builtin(k, o)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return detect.NewFinder(all...), nil
}

// scannedLine is one line of the output.
type scannedLine struct {
	File     string  `json:"file,omitempty"`
	Line     int     `json:"line"`
	Findings []place `json:"findings"`
}

type place struct {
	Kind      string `json:"kind"`
	Start     int    `json:"start"`
	End       int    `json:"end"`
	Text      string `json:"text,omitempty"`
	Canonical string `json:"canonical,omitempty"`
}

type scanner struct {
	out    *bufio.Writer
	lines  *json.Encoder // to out
	finder *detect.Finder
	show   bool // values
	name   bool // the file of each line

	places []place
}

// file scans one file, or stdin for "-".
func (s *scanner) file(name string, stdin io.Reader) error {
	in := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("reading lines: %w", err)
		}
		defer file.Close()
		in = file
	}
	if err := s.scan(name, in); err != nil {
		return fmt.Errorf("reading lines: %s: %w", name, err)
	}
	return nil
}

// scan scans what r has. A line that is too long is left out, but not the ones
// behind it.
func (s *scanner) scan(name string, r io.Reader) error {
	in := bufio.NewReaderSize(flushing{r, s.out}, 1<<16)
	head, _ := in.Peek(2) // an error comes again
	if err := notLines(head); err != nil {
		return err
	}
	var long []string
	var line []byte
	for n := 1; ; n++ {
		var whole bool
		var err error
		if line, whole, err = readLine(in, line[:0]); err != nil && err != io.EOF {
			return err
		}
		if !whole {
			long = append(long, strconv.Itoa(n))
		} else if err := s.line(name, n, string(line)); err != nil {
			return err
		}
		if err == io.EOF {
			break
		}
	}
	if long != nil {
		return &hintedError{
			fmt.Errorf("longer than 10 MiB, and not scanned: line %s", strings.Join(long, ", ")),
			"of one large JSON array, jq -c '.[]' makes lines",
		}
	}
	return nil
}

// readLine appends the next line to dst, without its line end, and says whether
// that is all of it.
func readLine(in *bufio.Reader, dst []byte) (line []byte, whole bool, err error) {
	whole = true
	for {
		piece, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			err = nil
		}
		piece, ended := bytes.CutSuffix(piece, []byte("\n"))
		if whole = whole && len(dst)+len(piece) <= longestLine; whole {
			dst = append(dst, piece...)
		}
		if ended || err != nil {
			return dst, whole, err
		}
	}
}

// flushing writes what is found so far before it waits for more to read: the
// lines may come from a program that goes on for hours.
type flushing struct {
	io.Reader
	out *bufio.Writer
}

func (f flushing) Read(p []byte) (int, error) {
	if err := f.out.Flush(); err != nil {
		return 0, err
	}
	return f.Reader.Read(p)
}

// notLines tells files in which nothing would be found although it is there.
func notLines(head []byte) error {
	switch string(head) {
	case "\x1f\x8b":
		return &hintedError{errors.New("it is compressed"), "zcat FILE | statveil scan"}
	case "\xff\xfe", "\xfe\xff":
		return &hintedError{errors.New("it is UTF-16"), "iconv -f UTF-16 -t UTF-8 FILE | statveil scan"}
	}
	return nil
}

func (s *scanner) line(name string, n int, text string) error {
	found := rules.Look(text, s.finder)
	if len(found) == 0 {
		return nil
	}
	s.places = s.places[:0]
	for _, f := range found {
		p := place{Kind: f.Kind, Start: f.Start, End: f.End}
		if s.show {
			p.Text, p.Canonical = f.Text(), f.Canonical()
		}
		s.places = append(s.places, p)
	}
	line := scannedLine{Line: n, Findings: s.places}
	if s.name {
		line.File = name
	}
	if err := s.lines.Encode(line); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
