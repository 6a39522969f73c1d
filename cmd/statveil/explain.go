package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"github.com/statveil/statveil/rules"
)

func explainCommand() *cobra.Command {
	var paths []string
	var format string
	c := &cobra.Command{
		Use:   "explain --rules PATH [FILE|-]",
		Short: "Show what the rules do to one request",
		Long: `Read one HTTP request from a file or standard input (METHOD target [HTTP/1.1],
headers, an empty line, the body) and show its route and tenant, every finding
with the rule that took it, and the request as it would leave. Nothing is sent.
Pseudonyms are made with random keys: they differ each time.`,
		Example: `  printf 'POST /v1/apps/7/conferences/+12025550143 HTTP/1.1\n\n{"localID":"anna@example.com"}' |
    statveil explain --rules rules/packs/callstats.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if len(paths) == 0 {
				return usage("--rules names a rule file or a folder of them", "explain needs --rules")
			}
			if err := checkFormat(format); err != nil {
				return err
			}
			set, err := loadRules(paths)
			if err != nil {
				return err
			}
			in := c.InOrStdin()
			if len(args) == 1 && args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("reading the request: %w", err)
				}
				defer file.Close()
				in = file
			}
			req, err := readRequest(in)
			if err != nil {
				return err
			}
			e := explain(set, req)
			if format == "json" {
				err = printJSON(c.OutOrStdout(), e)
			} else {
				err = e.print(c.OutOrStdout())
			}
			if err == nil && e.Refused != "" {
				return errReported
			}
			return err
		},
	}
	rulesFlag(c, &paths)
	formatFlag(c, &format)
	return c
}

// readRequest reads a request as people write one: lines may end with LF alone,
// and without Content-Length the body is all that follows the empty line.
func readRequest(r io.Reader) (*http.Request, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	malformed := func(what string) error {
		return &hintedError{errors.New("reading the request: " + what), "write: METHOD target HTTP/1.1, headers, an empty line, the body"}
	}
	head, body := text, []byte(nil)
	if m := regexp.MustCompile(`\r?\n\r?\n`).FindIndex(text); m != nil {
		head, body = text[:m[0]], text[m[1]:]
	}
	head = bytes.TrimRight(head, "\r\n")
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) || bytes.HasPrefix(bytes.TrimSpace(text), []byte("[")) {
		return nil, malformed("it is JSON, not a request as it is sent")
	}
	first, headers, _ := bytes.Cut(head, []byte("\n"))
	if words := bytes.Fields(first); len(words) == 2 { // as in tests
		head = fmt.Appendf(nil, "%s %s HTTP/1.1\n%s", words[0], words[1], headers)
	}
	req, err := http.ReadRequest(bufio.NewReader(io.MultiReader(bytes.NewReader(head), strings.NewReader("\r\n\r\n"))))
	if err != nil { // its text may quote the request
		return nil, malformed("its first line or a header is malformed")
	}
	if len(req.TransferEncoding) > 0 {
		return nil, malformed("it has a Transfer-Encoding; the body is read as it stands")
	}
	if declared := req.Header.Get("Content-Length"); declared != "" {
		n, err := strconv.Atoi(declared)
		if err != nil || n > len(body) {
			return nil, malformed("Content-Length is more than the body has")
		}
		body = body[:n]
	}
	req.ContentLength = int64(len(body))
	req.Body = io.NopCloser(bytes.NewReader(body))
	return req, nil
}

// explanation is what explain prints. Its text comes from the request of the
// one who asks.
type explanation struct {
	Route    string    `json:"route,omitempty"`
	At       string    `json:"at,omitempty"`   // file:line of the route
	Mode     string    `json:"mode,omitempty"` // observe
	Tenant   string    `json:"tenant,omitempty"`
	Findings []finding `json:"findings"`
	AsText   bool      `json:"as_text,omitempty"` // the body was broken, and was searched as a text
	Refused  string    `json:"refused,omitempty"`
	Dropped  bool      `json:"dropped,omitempty"` // the client was told that all is well
	Status   int       `json:"status,omitempty"`  // of the refusal
	Detail   string    `json:"detail,omitempty"`
	Request  string    `json:"request,omitempty"` // as it would leave
}

type finding struct {
	Address string `json:"address"`
	Kind    string `json:"kind"`
	Action  string `json:"action"`
	Text    string `json:"text"`
	With    string `json:"with,omitempty"`
	Rule    string `json:"rule"`
	At      string `json:"at,omitempty"` // file:line of the rule
}

func explain(set *rules.Set, req *http.Request) *explanation {
	e := &explanation{}
	answer, out := try(set, req, func(r *http.Request, _ []rules.Seen) (*http.Response, error) {
		e.Request = spell(r)
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
	})
	e.Route, e.Tenant, e.AsText = out.Route, out.Tenant, out.AsText
	e.Refused, e.Dropped, e.Detail = out.Refused, out.Dropped, out.Detail
	if e.Findings = findings(out.Seen); out.Refused != "" {
		e.Status = answer.StatusCode
	}
	if r := set.Route(e.Route); r != nil {
		if e.At = fmt.Sprintf("%s:%d", r.File, r.Line); r.Observe {
			e.Mode = "observe"
		}
	}
	return e
}

// readAsText is what explain and test say of a body that was broken.
const readAsText = "broken, and searched as a text (on_failure)"

// spell writes the request as it would go over the wire.
func spell(r *http.Request) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\n", r.Method, r.URL.RequestURI())
	for _, name := range slices.Sorted(maps.Keys(r.Header)) {
		for _, v := range r.Header[name] {
			if v != "" || name != "User-Agent" { // an empty one keeps net/http from naming itself
				fmt.Fprintf(&b, "%s: %s\n", name, v)
			}
		}
	}
	if r.ContentLength > 0 {
		fmt.Fprintf(&b, "Content-Length: %d\n", r.ContentLength)
	}
	b.WriteByte('\n')
	if r.Body != nil {
		body, _ := io.ReadAll(r.Body) // from memory
		b.Write(body)
	}
	return b.String()
}

func (e *explanation) print(w io.Writer) error {
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	line := func(name, value, at string) {
		if value == "" {
			value = "-"
		}
		if at != "" {
			value += "  (" + at + ")"
		}
		fmt.Fprintf(t, "%s\t%s\n", name, value)
	}
	line("route", e.Route, e.At)
	if e.Mode != "" {
		line("mode", e.Mode+": forwarded unchanged; this is what would be done", "")
		if e.Detail != "" {
			line("", e.Detail, "")
		}
	}
	if tenant := e.Tenant; tenant == "" && e.Route != "" && e.Refused == "" {
		line("tenant", "not asked for: no pseudonym was needed", "")
	} else {
		line("tenant", tenant, "")
	}
	if e.AsText {
		line("body", readAsText, "")
	}
	switch {
	case e.Dropped:
		line("dropped", fmt.Sprintf("%s: %s; the client is told %d, as if all were well", e.Refused, e.Detail, e.Status), "")
	case e.Refused != "":
		line("refused", fmt.Sprintf("%d %s: %s", e.Status, e.Refused, e.Detail), "")
	}
	t.Flush()
	if len(e.Findings) > 0 {
		b.WriteString("\nfindings\n")
		for _, f := range e.Findings {
			what := f.Action
			if f.With != "" {
				what += " as " + f.With
			}
			at := f.At
			if at == "" {
				at = unruled(f.Rule)
			}
			fmt.Fprintf(t, "  %s\t%s\t%q\t%s\t%s\n", f.Address, f.Kind, f.Text, what, at)
		}
		t.Flush()
	}
	if e.Request != "" {
		b.WriteString("\nas it would leave\n\n" + e.Request)
		if !strings.HasSuffix(e.Request, "\n") {
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
