package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/statveil/statveil/keys"
	"github.com/statveil/statveil/pseudonym"
)

// A client may have sent anything. In the text format nothing of it reaches a
// terminal but what can be seen, one value is one line, and no two values look alike.
func TestRevealShowsWhatCanBeSeen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys.json")
	statveil(t, "", "keys", "init", "--keys", "file:"+path)
	store, err := keys.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, value, want string }{
		{"a number", "+358401234567", "+358401234567"},
		{"a name", "Änna Virtanen 漢", "Änna Virtanen 漢"},
		{"quotes within", `Anna "A" \n`, `Anna "A" \n`},
		{"empty", "", `""`},
		{"quotes around", `"Anna"`, `"\"Anna\""`},
		{"a line end", "a\nb", `"a\nb"`},
		{"an escape sequence", "\x1b[2J\x1b]0;x\x07", `"\x1b[2J\x1b]0;x\a"`},
		{"C1 controls", "a\u009b2Jb", `"a\u009b2Jb"`},
		{"delete", "a\x7f", `"a\x7f"`},
		{"right to left", "a\u202eb", `"a\u202eb"`},
		{"a space that is none", "a\u00a0b", `"a\u00a0b"`},
		{"not UTF-8", "a\xff\x9b", `"a\xff\x9b"`},
		{"a null byte", "\x00", `"\x00"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			token := store.Keyring("acme").Seal(pseudonym.Context{Reversible: true}, tt.value)
			args := []string{"reveal", "--keys", "file:" + path, "--tenant", "acme", token, "--format"}
			if got := statveil(t, "", append(args, "text")...); got != tt.want+"\n" {
				t.Errorf("%q: got %q, want %q", tt.value, got, tt.want)
			}
			var out, errs bytes.Buffer
			code := execute(t.Context(), append(args, "json"), nil, &out, &errs)
			var answer struct{ Value, Error *string }
			if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
				t.Fatal(err)
			}
			if tt.name == "not UTF-8" { // JSON would have another value
				if code != exitFailed || answer.Value != nil || answer.Error == nil {
					t.Errorf("ends with %d: %s", code, &out)
				}
			} else if code != exitOK || answer.Value == nil || *answer.Value != tt.value || answer.Error != nil {
				t.Errorf("%q: ends with %d: %s", tt.value, code, &out)
			}

			// lookup prints what it is given, too.
			if strings.ContainsRune(tt.value, 0) {
				return // no argument can hold that
			}
			got := statveil(t, "", "lookup", "--keys", "file:"+path, "--tenant", "acme", "--linkable", "path.confID=a"+tt.value, "Anna")
			if lines := strings.Count(got, "\n"); lines != 6 || strings.ContainsFunc(got, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("%q: lookup prints %q", tt.value, got)
			}
		})
	}
}

// Whatever is done with a key file, and whatever goes wrong, no secret is printed.
func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.json")
	var printed bytes.Buffer
	run := func(args ...string) int {
		args = append(args, "--keys", "file:"+path)
		return execute(t.Context(), args, strings.NewReader("Anna"), &printed, &printed)
	}
	all := func() {
		token := "psn_qaaws4hq4runjumnvip6ctmhh7oxfv4pqoqfdcziq4vlutv2czlqaf64h2yq"
		for _, args := range [][]string{
			{"keys", "init"}, {"keys", "init", "--tenant", "acme"}, {"keys", "list"}, {"keys", "list", "--format", "json"}, {"keys", "list", "--tenant", "acme"},
			{"keys", "rotate"}, {"keys", "rotate", "--tenant", "acme", "--activate-in", "0"}, {"keys", "rotate", "--tenant", "a/b"},
			{"lookup", "--tenant", "acme", "-"}, {"lookup", "--tenant", "acme", "-", "--format", "json"}, {"reveal", "--tenant", "acme", token},
		} {
			run(args...)
		}
	}
	all()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Keyrings map[string][]struct{ Secret []byte }
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	// The same file, and what may go wrong with it.
	for _, broken := range []string{
		string(data), string(data[:len(data)-20]), strings.Replace(string(data), "default", "de fault", 1), strings.Replace(string(data), `"from"`, `"form"`, 1),
		strings.ReplaceAll(string(data), `"secret": "`, `"secret": "x`), strings.Replace(string(data), `"number": 1`, `"number": "1"`, 1), strings.ReplaceAll(string(data), `"number": 1`, `"number": 2`),
	} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		all()
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	all()
	secrets := 0
	for _, versions := range file.Keyrings {
		for _, v := range versions {
			secrets++
			for _, spelled := range []string{string(v.Secret), hex.EncodeToString(v.Secret), base64.StdEncoding.EncodeToString(v.Secret), base64.StdEncoding.EncodeToString(v.Secret)[:16]} {
				if bytes.Contains(printed.Bytes(), []byte(spelled)) {
					t.Errorf("a secret is printed:\n%s", &printed)
				}
			}
		}
	}
	if secrets < 4 || !strings.Contains(printed.String(), "is open to others") || !strings.Contains(printed.String(), "ends too early") {
		t.Errorf("%d secrets were there to be printed, in:\n%s", secrets, &printed)
	}
}
