package rules

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// This file holds what an attacker with the source got through once, and what harmless
// rules broke.

// mimeLines breaks a text as MIME does (RFC 2045, section 6.8).
func mimeLines(s, end string, width int) string {
	return regexp.MustCompile(fmt.Sprintf(".{%d}", width)).ReplaceAllString(s, "$0"+end)
}

// lenient64 reads base64 as MIME readers, PHP and Node.js do: what is none of its characters
// is left out, and what is left over at the end too.
func lenient64(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if isBase64url(c) || c == '+' || c == '/' {
			b.WriteByte(c)
		}
	}
	text := strings.NewReplacer("-", "+", "_", "/").Replace(b.String())
	if len(text)%4 == 1 {
		text = text[:len(text)-1]
	}
	out, _ := base64.RawStdEncoding.DecodeString(text)
	return string(out)
}

// TestAttackEnclosed: what a collector's reader makes of the value, without the frame that it
// knows, does not hold the secret.
func TestAttackEnclosed(t *testing.T) {
	behind := func(prefix string, read func(string) string) func(string) string {
		return func(s string) string {
			rest, ok := strings.CutPrefix(s, prefix)
			if !ok {
				return ""
			}
			return read(rest)
		}
	}
	unhexed := func(s string) string { b, _ := hex.DecodeString(s); return string(b) }
	part := func(i int) func(string) string {
		return func(s string) string { return lenient64(strings.Split(s+"..", ".")[i]) }
	}
	long := "The quick brown fox jumps over the lazy dog and calls " + phone
	tests := []struct {
		name, value string
		read        func(string) string
		secret      string
	}{
		// JWTs: only the parts that begin with { are looked at, and the speller leaves out the token.
		{"a JWS whose payload is a text", u64(`{"alg":"HS256"}`) + "." + u64("hello "+phone) + ".c2ln", part(1), phone},
		{"a JWT whose third part is a text", u64(`{"alg":"HS256"}`) + "." + u64(`{"u":1}`) + "." + u64(anna), part(2), anna},
		{"a JWE of five parts", u64(`{"alg":"dir"}`) + "." + u64("key "+anna) + ".a.b.c", part(1), anna},

		// Base64 in lines.
		{"MIME base64", mimeLines(b64(long), "\r\n", 76), lenient64, phone},
		{"PEM base64", mimeLines(b64(long[10:]), "\n", 64), lenient64, phone},

		{"lines, with another number in one of them", mimeLines(b64(phone+" "+long[:47]+phone), "\n", 64), lenient64, phone},
		{"letters alone, behind a mark", "!" + b64("a@b.fi"), lenient64, "a@b.fi"},

		// Base64 behind what is one of its characters.
		{"Engine.IO 4, binary", "b" + b64(phone), behind("b", lenient64), phone},
		{"Engine.IO 3, binary", "b4" + b64("u "+anna), behind("b4", lenient64), anna},

		// A backslash that is none of an escape: the deepest reading eats a character.
		{"behind a backslash", `C:\` + b64("no "+phone), behind(`C:\`, lenient64), phone},
		{"bytea of PostgreSQL", `\x` + hex16(phone), behind(`\x`, unhexed), phone},
		{"bytea of PostgreSQL, e-mail", `\x` + hex16(anna), behind(`\x`, unhexed), anna},

		// Bytes before or in the text that are none of one.
		{"a record separator first", b64("\x1e" + `{"u":"` + phone + `"}`), lenient64, phone},
		{"a length first", b64("\x0c" + phone), lenient64, phone},
		{"colours of a terminal", b64("\x1b[31m" + phone + "\x1b[0m"), lenient64, phone},
		{"a form feed inside", b64("page 1\x0c" + phone), lenient64, phone},
		{"hex with a length first", "0c" + hex16(phone), unhexed, phone},

		// Quoted-printable around base64, whose padding and + it spells.
		{"quoted-printable", "u=3D" + u64("call "+phone), behind("u=3D", lenient64), phone},
	}
	set := parse(t, "version: 1\nroutes:\n- {name: r, match: POST /}\n")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !strings.Contains(tt.read(tt.value), tt.secret) {
				t.Fatalf("the reader does not read %q", tt.read(tt.value))
			}
			got, _ := send(set, "POST /\n\n{\"x\":"+jsonString(tt.value)+"}")
			if strings.HasPrefix(got, "unsafe") {
				return
			}
			if read := tt.read(sentValue(t, got)); strings.Contains(read, tt.secret) {
				t.Errorf("of %q leaves %q, which says %q", tt.value, got, read)
			}
		})
	}
}

// sentValue returns the member x of the body of a request.
func sentValue(t *testing.T, request string) string {
	t.Helper()
	_, body, _ := strings.Cut(request, "\n\n")
	var doc struct{ X string }
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	return doc.X
}

// TestAttackRules: what rules take, keep or remove of a value leaves nothing personal of the
// rest to a reader.
func TestAttackRules(t *testing.T) {
	tests := []struct {
		name, rules, value string
		read               func(string) string
		secret             string
	}{
		{"a part of base64 is kept", "{at: body.x, part: '^(.{4})', do: keep}", b64(phone), lenient64, phone},
		{"a character of base64 is kept", "{at: body.x, part: '.{6}(.).*', do: keep}", b64("call me " + phone), lenient64, phone},
		{"a part of hex is kept", "{at: body.x, part: '^(.{4})', do: keep}", hex16(phone), from16OrNot, phone},
		{"a part of base64 is taken", "{at: body.x, part: '^(.{4})'}", b64("call " + phone), func(s string) string { return lenient64(strings.TrimPrefix(s, "psn_1")) }, phone[3:]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := parse(t, "version: 1\nroutes:\n- {name: r, match: POST /, rules: ["+tt.rules+"]}\n")
			got, _ := send(set, "POST /\n\n{\"x\":"+jsonString(tt.value)+"}")
			if strings.HasPrefix(got, "unsafe") {
				return
			}
			if read := tt.read(sentValue(t, got)); strings.Contains(read, tt.secret) {
				t.Errorf("of %q leaves %q, which says %q", tt.value, got, read)
			}
		})
	}
}

// TestAttackPanics: a rule that finds in a part what an earlier one found beyond it.
func TestAttackPanics(t *testing.T) {
	tests := []struct{ rules, value, want string }{
		{"{at: body.x, find: email}, {at: body.x, part: '^(.*)@', find: phone}", "+12025550143@example.com", "psn_1"},
		{"{at: body.x, find: email, do: keep}, {at: body.x, part: '^(.*)@', find: phone}", "+12025550143@example.com", "+12025550143@example.com"},
		{"{at: body.x, find: phone}, {at: body.x, part: '^(.*).$', find: all}", "ab +12025550143", "psn_2 psn_1"},
		{"{at: body.x, part: '^.*(0143)$'}, {at: body.x, part: '^(.*)43$', find: all}", "ab 2025550143", "psn_2psn_1"},
	}
	for _, tt := range tests {
		t.Run(tt.rules, func(t *testing.T) {
			set := parse(t, "version: 1\ndetectors: {all: {pattern: '.+'}}\nroutes:\n- {name: r, match: POST /, rules: ["+tt.rules+"]}\n")
			defer func() {
				if v := recover(); v != nil {
					t.Errorf("panic: %v", v)
				}
			}()
			got, _ := send(set, "POST /\n\n{\"x\":"+jsonString(tt.value)+"}")
			if strings.Contains(sentValue(t, got), "2025550143") && !strings.Contains(tt.rules, "keep") {
				t.Errorf("leaves %q", got)
			}
		})
	}
}

// TestAttackBroken: a body that is read as a text is looked through as a whole one is.
func TestAttackBroken(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n- {name: r, match: POST /, on_failure: {unparseable: text}}\n")
	for name, value := range map[string]string{
		"gzip in base64": gzip64(phone),
		"zlib in base64": zlib64(phone),
	} {
		t.Run(name, func(t *testing.T) {
			body := `{"a":1,"x":"` + value + `"`
			got, _ := send(set, "POST /\n\n"+body)
			if strings.Contains(got, value) {
				t.Errorf("leaves %q", got)
			}
		})
	}
}

// TestAttackGuard: a value that was pseudonymized does not leave in a JWT whose payload is no JSON.
func TestAttackGuard(t *testing.T) {
	set := parse(t, `
version: 1
detectors:
  dialled: {kind: phone, bare: true}
routes:
  - name: r
    match: POST /
    rules: [{at: body.user}, {at: body.to, find: dialled}]
`)
	tests := []struct{ name, value string }{
		{"a JWS whose payload is a text", `"` + u64(`{"alg":"HS256"}`) + "." + u64("hello anna.virtanen x") + `.c2ln"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, _ := send(set, "POST /\n\n"+`{"user":"anna.virtanen","to":"12025550143","x":`+tt.value+`}`)
			if strings.Contains(got, `"x":`+tt.value) {
				t.Errorf("leaves %s", got)
			}
		})
	}
}

// TestAttackManyTokens: to leave out the JWTs of a text costs as much for each of many.
func TestAttackManyTokens(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n- {name: r, match: POST /}\n")
	growsEvenly(t, 20_000, func(n int) {
		token := u64(`{"a":1}`) + "." + u64(`{"a":1}`) + ".x "
		send(set, "POST /\n\n"+`{"x":"`+strings.Repeat(token, n/len(token))+`"}`)
	})
}

// TestAttackManyPacks: many small packs in one body are as much as one large one, which is
// refused.
func TestAttackManyPacks(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n- {name: r, match: POST /}\n")
	pack := zlib64(strings.Repeat(" ", 60_000))
	got, _ := send(set, "POST /\n\n["+strings.TrimSuffix(strings.Repeat(`"`+pack+`",`, 3000), ",")+"]") // 180 MB
	if !strings.HasPrefix(got, "unsafe") && !strings.HasPrefix(got, "oversize") {
		t.Errorf("%d bytes, which unpack to %d, are searched", 3000*len(pack), 3000*60_000)
	}
}

func from16OrNot(s string) string {
	text, _ := from16(s)
	return text
}
