package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const applyRules = `
version: 1
tenant: path.app
routes:
  - name: events
    match: POST /apps/{app}/events
    rules:
      - {at: body.id, do: keep}
      - {at: body.user}
      - {at: body.back, reversible: true}
`

// applyDir is a folder with rules and keys, where records are to be applied.
func applyDir(t *testing.T) string {
	t.Helper()
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	write(t, "rules.yaml", applyRules)
	if code := execute(t.Context(), []string{"keys", "init", "--keys", "file:keys.json"}, nil, io.Discard, io.Discard); code != 0 {
		t.Fatalf("keys init ended with %d", code)
	}
	return dir
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

var applyLine = []string{"apply", "--rules", "rules.yaml", "--route", "events", "--tenant", "acme", "--keys", "file:keys.json"}

// apply runs the command on this input.
func apply(t *testing.T, in string, more ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = execute(t.Context(), append(append([]string{}, applyLine...), more...), strings.NewReader(in), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// records makes lines of all sizes that matter to whoever cuts them, each with
// a value to replace.
func records(n int) string {
	sizes := []int{0, 1, 7, 100, 2000, leastRead - 1, leastRead, chunkSize - 64, chunkSize, chunkSize + 1, 3 * chunkSize}
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for i := range n {
		size := sizes[random.IntN(5)]
		if i%50 == 7 {
			size = sizes[random.IntN(len(sizes))]
		}
		fmt.Fprintf(&b, `{"user":"user%d@example.com","n":%d,"pad":"%s"}`+"\n", i%100, i, strings.Repeat("x", size))
	}
	return b.String()
}

// However many workers there are and whatever compression the input has, the
// output is the same bytes, in the order of the input.
func TestApplyOrder(t *testing.T) {
	applyDir(t)
	in := records(300)
	code, want, errs := apply(t, in, "--jobs", "1")
	if code != 0 || errs != "" {
		t.Fatalf("ended with %d: %s", code, errs)
	}
	lines := strings.SplitAfter(want, "\n")
	for i, line := range lines[:len(lines)-1] {
		var got struct {
			User, Pad string
			N         int
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.N != i || !token.MatchString(got.User) || strings.Contains(line, "@") {
			t.Fatalf("line %d is %.200q (%v)", i+1, line, err)
		}
	}
	if len(lines) != 301 {
		t.Errorf("300 lines came in, %d out", len(lines)-1)
	}
	for jobs := 2; jobs <= 8; jobs++ {
		if code, got, errs := apply(t, in, "--jobs", fmt.Sprint(jobs)); code != 0 || got != want {
			t.Errorf("%d jobs: ended with %d, the output differs: %v: %s", jobs, code, got != want, errs)
		}
	}
	for name, packed := range map[string]string{"gzip": gzipped(t, in), "zstd": zstded(t, in), "two gzip": gzipped(t, in[:5000]) + gzipped(t, in[5000:])} {
		write(t, "in", packed)
		if code, got, errs := apply(t, packed); code != 0 || got != want {
			t.Errorf("%s on standard input: ended with %d, the output differs: %v: %s", name, code, got != want, errs)
		}
		if code, got, errs := apply(t, "", "in"); code != 0 || got != want {
			t.Errorf("%s in a file: ended with %d, the output differs: %v: %s", name, code, got != want, errs)
		}
	}
}

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstded(t *testing.T, s string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(s), nil))
}

// What is not a record stays as it is: ends of lines, empty lines.
func TestApplyLines(t *testing.T) {
	applyDir(t)
	tests := []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"one line", `{"user":"anna"}` + "\n", `<A>` + "\n"},
		{"no line end", `{"user":"anna"}`, `<A>`},
		{"no line end after another line", "1\n" + `{"user":"anna"}`, "1\n<A>"},
		{"CRLF", "{\"user\":\"anna\"}\r\n1\r\n", "<A>\r\n1\r\n"},
		{"CR at the end", "{\"user\":\"anna\"}\r", "<A>\r"},
		{"empty lines", "\n\n{\"user\":\"anna\"}\n \t\r\n\n", "\n\n<A>\n \t\r\n\n"},
		{"only an empty line", "\n", "\n"},
		{"white space around", "  {\"user\":\"anna\"} \t\n", "  <A> \t\n"},
	}
	_, one, _ := apply(t, `{"user":"anna"}`)
	if !token.MatchString(one) {
		t.Fatalf("got %q", one)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, got, errs := apply(t, tt.in)
			if want := strings.ReplaceAll(tt.want, "<A>", one); code != 0 || got != want || errs != "" {
				t.Errorf("ended with %d\ngot  %q\nwant %q\n%s", code, got, want, errs)
			}
		})
	}
}

// Files follow each other as whole lines.
func TestApplyFiles(t *testing.T) {
	applyDir(t)
	write(t, "a", "{\"n\":1}\n{\"n\":2}")
	write(t, "b", "{\"n\":3}")
	write(t, "c", gzipped(t, "{\"n\":4}\nbroken"))
	code, got, errs := apply(t, "{\"n\":0}\n", "-", "a", "b", "c", "--rejects", "rejects")
	if want := "{\"n\":0}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n{\"n\":4}\n"; code != 1 || got != want {
		t.Errorf("ended with %d\ngot  %q\nwant %q\n%s", code, got, want, errs)
	}
	rejects, _ := os.ReadFile("rejects")
	if want := `{"file":"c","line":2,"reason":"unparseable","detail":"the body is not JSON at byte 0"}` + "\n"; string(rejects) != want {
		t.Errorf("rejects: got %s, want %s", rejects, want)
	}
	for _, args := range [][]string{{"a", "absent"}, {"a", "."}} {
		if code, got, errs := apply(t, "", args...); code != 1 || got != "" || !strings.HasPrefix(errs, "error: reading records: ") {
			t.Errorf("%v: ended with %d, wrote %q: %s", args, code, got, errs)
		}
	}
}

// Without --rejects the first bad line ends it; what was before it is written.
func TestApplyStrict(t *testing.T) {
	applyDir(t)
	in := records(300)
	at := strings.Index(in, `{"user":"user50@`)
	bad := in[:at] + "{\"user\":\"s3cret\n" + in[at:] + "[\n"
	_, want, _ := apply(t, in[:at])
	for _, jobs := range []string{"1", "4"} {
		code, got, errs := apply(t, bad, "--jobs", jobs)
		if code != 1 || got != want {
			t.Errorf("ended with %d, the output is that before the bad line: %v", code, got == want)
		}
		if want := "error: line 51: unparseable: the JSON string at byte 8 is not closed, or holds a control character, a broken escape, a lone surrogate or what is not UTF-8\n" +
			"hint: --rejects FILE takes the numbers of such lines, and the rest goes on\n"; errs != want {
			t.Errorf("got  %swant %s", errs, want)
		}
	}
}

// With --rejects everything else is treated, and no text of a line is anywhere.
func TestApplyRejects(t *testing.T) {
	applyDir(t)
	in := strings.SplitAfter(records(300), "\n")
	bad := map[int]string{ // before these lines
		0: "{\"s3cret\n", 7: "s3cret\n", 8: "\xff\n", 100: strings.Repeat("[", 200) + "\n", 299: "{\"user\":\"s3cret\"}}\r\n", 300: "s3cret",
	}
	var all, good strings.Builder
	for i, line := range in {
		all.WriteString(bad[i] + line)
		good.WriteString(line)
	}
	_, want, _ := apply(t, good.String())
	var rejects []byte
	for _, jobs := range []string{"1", "8"} {
		code, got, errs := apply(t, all.String(), "--jobs", jobs, "--rejects", "rejects")
		if code != 1 || got != want {
			t.Errorf("ended with %d, the output is that of the good lines: %v", code, got == want)
		}
		if want := "error: 6 of 306 lines were rejected\nhint: rejects says which, and why\n"; errs != want {
			t.Errorf("got  %swant %s", errs, want)
		}
		rejects, _ = os.ReadFile("rejects")
		wantRejects := `{"line":1,"reason":"unparseable","detail":"the JSON string at byte 1 is not closed, or holds a control character, a broken escape, a lone surrogate or what is not UTF-8"}
{"line":9,"reason":"unparseable","detail":"the body is not JSON at byte 0"}
{"line":11,"reason":"unparseable","detail":"the body is not JSON at byte 0"}
{"line":104,"reason":"oversize","detail":"the body nests deeper than 128"}
{"line":304,"reason":"unparseable","detail":"the body is not JSON at byte 17"}
{"line":306,"reason":"unparseable","detail":"the body is not JSON at byte 0"}
`
		if string(rejects) != wantRejects {
			t.Errorf("got\n%s\nwant\n%s", rejects, wantRejects)
		}
	}
	if code, got, errs := apply(t, "1\n", "--rejects", "rejects"); code != 0 || got != "1\n" || errs != "" {
		t.Errorf("nothing to reject: ended with %d, %q, %q", code, got, errs)
	}
	if rejects, err := os.ReadFile("rejects"); len(rejects) != 0 || err != nil {
		t.Errorf("nothing to reject: the file holds %q (%v)", rejects, err)
	}
	if code, got, _ := apply(t, "1\n", "--rejects", "nowhere/rejects"); code != 1 || got != "" {
		t.Errorf("no place for the rejects: ended with %d, wrote %q", code, got)
	}
}

// A line that is too long is rejected by its number, wherever it is cut.
func TestApplyOversize(t *testing.T) {
	applyDir(t)
	const limit = 300_000 // more than a chunk has
	write(t, "statveil.yaml", fmt.Sprintf("rules: [rules.yaml]\nkeys: {file: keys.json}\nlimits: {body: %d}\n", limit))
	line := func(size int) string { return `"` + strings.Repeat("x", size-2) + `"` }
	in := "1\n" + line(limit) + "\n" + line(limit+1) + "\n" + line(limit) + "\r\n" + line(limit+1) + "\r\n" + line(10*limit) + "\n2\n" + line(3*limit)
	want := "1\n" + line(limit) + "\n" + line(limit) + "\r\n2\n"
	for name, in := range map[string]string{"as it is": in, "gzip": gzipped(t, in)} {
		var out, errs bytes.Buffer
		code := execute(t.Context(), []string{"apply", "--route", "events", "--tenant", "acme", "--rejects", "rejects"}, strings.NewReader(in), &out, &errs)
		if code != 1 || out.String() != want {
			t.Errorf("%s: ended with %d, %d bytes came out, want %d: %s", name, code, out.Len(), len(want), &errs)
		}
		var numbers []int
		rejects, _ := os.ReadFile("rejects")
		for line := range strings.Lines(string(rejects)) {
			var r reject
			if err := json.Unmarshal([]byte(line), &r); err != nil || r.Reason != "oversize" || r.Detail != "the record is larger than 300000 bytes" {
				t.Errorf("%s: rejected as %s (%v)", name, line, err)
			}
			numbers = append(numbers, r.Line)
		}
		if fmt.Sprint(numbers) != "[3 5 6 8]" {
			t.Errorf("%s: lines %v were rejected, want 3, 5, 6 and 8", name, numbers)
		}
	}
}

// Broken input: whole records before the break are there, half a one is not.
func TestApplyBrokenInput(t *testing.T) {
	applyDir(t)
	in := records(200)
	_, want, _ := apply(t, in)
	packed := gzipped(t, in)
	half := packed[:len(packed)/2]
	crc := []byte(packed)
	crc[len(crc)-5] ^= 1
	for name, packed := range map[string]string{"cut": half, "checksum": string(crc), "no header": packed[:3], "zstd": zstded(t, in)[:500]} {
		write(t, "in", packed)
		code, got, errs := apply(t, "", "in")
		if code != 1 || !strings.HasPrefix(want, got) || got != "" && !strings.HasSuffix(got, "\n") {
			t.Errorf("%s: ended with %d; the output is a beginning of what it should be: %v", name, code, strings.HasPrefix(want, got))
		}
		if !strings.HasPrefix(errs, "error: reading in") {
			t.Errorf("%s: said %q", name, errs)
		}
	}
}

// The proxy and apply make the same of the same body.
func TestApplyAsProxy(t *testing.T) {
	applyDir(t)
	var bodies []string
	for line := range strings.Lines(records(40)) {
		bodies = append(bodies, strings.TrimSuffix(line, "\n"))
	}
	bodies = append(bodies, `{"id":"+12025550143","user":"+1 202 555 0143","back":"anna","note":"call tel:+12025550143"}`)
	_, out, errs := apply(t, strings.Join(bodies, "\n"))
	got := strings.Split(out, "\n")
	if len(got) != len(bodies) {
		t.Fatalf("%d lines came out, want %d: %s", len(got), len(bodies), errs)
	}
	s := newShell(t)
	s.start([]string{"run", "--upstream", s.collector.URL, "--rules", "rules.yaml", "--keys", "file:keys.json", "--listen", s.listen, "--admin", "127.0.0.1:0"})
	for i, body := range bodies {
		res, err := http.Post("http://"+s.listen+"/apps/acme/events", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if s.bodies[i] != got[i] {
			t.Errorf("apply  %.200s\nproxy  %.200s\nrecord %.200s", got[i], s.bodies[i], body)
		}
	}
	s.stop()
	if code := <-s.ended; code != 0 {
		t.Errorf("the proxy ended with %d\n%s", code, &s.log)
	}
}

// applyProcess runs the command as a process of its own.
func applyProcess(t *testing.T, dir string) (cmd *exec.Cmd, in io.WriteCloser, out io.ReadCloser, stderr *bytes.Buffer) {
	t.Helper()
	program, err := os.Executable() // which is statveil where it is called so: TestMain
	if err != nil {
		t.Fatal(err)
	}
	stderr = &bytes.Buffer{}
	cmd = &exec.Cmd{Path: program, Args: append([]string{"statveil"}, applyLine...), Dir: dir, Env: append(os.Environ(), atOnce), Stderr: stderr}
	if in, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if out, err = cmd.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() }) // does nothing to one that has ended
	return cmd, in, out, stderr
}

// A process that is ended half-way, however roughly, has written a beginning of
// the whole output; run again, it makes the same.
func TestApplyEnded(t *testing.T) {
	dir := applyDir(t)
	in := records(600)
	_, want, _ := apply(t, in)
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT} {
		t.Run(sig.String(), func(t *testing.T) {
			cmd, stdin, stdout, stderr := applyProcess(t, dir)
			go io.WriteString(stdin, in[:len(in)/2]) // and then nothing: it waits for more
			var got bytes.Buffer
			if _, err := io.CopyN(&got, stdout, int64(len(want)/4)); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(&got, stdout); err != nil {
				t.Fatal(err)
			}
			err := cmd.Wait()
			whole := got.String()[:strings.LastIndexByte(got.String(), '\n')+1]
			if !strings.HasPrefix(want, whole) || whole == "" {
				t.Error("what was written is no beginning of the whole output")
			}
			if sig == syscall.SIGKILL {
				return
			}
			if code := cmd.ProcessState.ExitCode(); code != 1 || whole != got.String() {
				t.Errorf("ended with %d (%v), the last line is whole: %v", code, err, whole == got.String())
			}
			if want := "error: stopped by a signal: the output is not complete; its last line is whole\nhint: run it again from the beginning\n"; stderr.String() != want {
				t.Errorf("said %q, want %q", stderr, want)
			}
		})
	}
	if _, again, _ := apply(t, in); again != want {
		t.Error("run again, it makes another output")
	}
}

// Where nobody reads the output any more, it ends with 1 and says nothing.
func TestApplyBrokenPipe(t *testing.T) {
	cmd, stdin, stdout, stderr := applyProcess(t, applyDir(t))
	go func() {
		for line := records(1000); ; {
			if _, err := io.WriteString(stdin, line); err != nil {
				return
			}
		}
	}()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	stdout.Close()
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 || stderr.Len() > 0 {
		t.Errorf("ended with %v, said %q", cmd.ProcessState, stderr)
	}
}

// What comes slowly goes out as it comes: no line waits for the next.
func TestApplyFollows(t *testing.T) {
	cmd, stdin, stdout, _ := applyProcess(t, applyDir(t))
	lines := bufio.NewReader(stdout)
	for i := range 3 {
		if _, err := fmt.Fprintf(stdin, "{\"n\":%d}\n", i); err != nil {
			t.Fatal(err)
		}
		if got, err := lines.ReadString('\n'); err != nil || got != fmt.Sprintf("{\"n\":%d}\n", i) {
			t.Fatalf("line %d: got %q, %v", i, got, err)
		}
	}
	stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestApplyFull(t *testing.T) {
	applyDir(t)
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	var errs bytes.Buffer
	code := execute(t.Context(), applyLine, strings.NewReader(records(100)), full, &errs)
	if want := "error: writing the output: write /dev/full: no space left on device\n"; code != 1 || errs.String() != want {
		t.Errorf("ended with %d, said %q, want %q", code, &errs, want)
	}
	if code, _, errs := apply(t, "x\n", "--rejects", "/dev/full"); code != 1 || !strings.HasPrefix(errs, "error: writing the rejects: ") {
		t.Errorf("rejects: ended with %d, said %q", code, errs)
	}
}
