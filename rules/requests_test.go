package rules

import (
	"math/rand/v2"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// A requester makes rules and requests of every kind.
type requester struct {
	planter
	splices bool // no rule changes a byte but by a pseudonym
	numbers bool // there are numbers in JSON, which splicing rules take whole
}

// junk is text of pieces that mean something to some reader.
func (r *requester) junk(n int) string {
	pieces := []string{
		"+12025550143", "anna@example.com", "é", "Å\u0301", "%2B", "%", "%25", "%c3%a9", "+", " ", "Bo", `"`, `\`, "'", ";", "=", "&", "?", "#", "/", ":", ".", "..",
		"tel:", "sip:anna@x.example", "2001:db8::17", "10.1.2.3", "E123456", "358401234567", "eyJ", "\xff", "\xc3", "{", "}", "[", "]", "\u202e", "１２", "\u200b",
		"@", "~", personalJWT, plainJWT, "YW5uYUBleGFtcGxlLmNvbQ==", "a,b", "<b>", "0",
	}
	var b strings.Builder
	for range r.IntN(n + 1) {
		b.WriteString(r.pick(pieces...))
	}
	return b.String()
}

// value is junk in up to n encodings.
func (r *requester) value(n int) string {
	text := strings.ToValidUTF8(r.junk(4), "")
	for range r.IntN(n + 1) {
		text = nests[r.IntN(len(nests))].wrap(r.Rand, text)
	}
	return text
}

func (r *requester) line(text string) string {
	return strings.TrimSpace(strings.NewReplacer("\n", "", "\r", "").Replace(text))
}

func (r *requester) quoted(text string) string {
	w := docWriter{Rand: r.Rand}
	w.text(text)
	return w.String()
}

func (r *requester) pairs() string {
	escape := func(text string) string {
		switch r.IntN(3) {
		case 0:
			return url.PathEscape(text)
		case 1:
			return url.QueryEscape(text)
		}
		return strings.NewReplacer("&", "%26", "%", "%25", "#", "%23", "?", "%3f", "=", "%3D").Replace(strings.ToValidUTF8(text, ""))
	}
	return "a=" + escape(r.value(3)) + "&u=" + escape(r.value(2)) + "&b&=&" + escape(r.value(1)) + "=" + escape(r.junk(1))
}

func (r *requester) document() string {
	name, number := strings.ToValidUTF8(r.junk(2), ""), "null"
	if r.numbers {
		number = r.pick("17", "358401234567", "3.58401234567e11")
	}
	return `{"a":` + r.quoted(r.value(3)) + ` , ` + r.quoted(r.pick("u", "b", name)) + `:[` + number + `,` + r.quoted(r.value(2)) + `,{"u":` + r.quoted(r.value(2)) + `}],"b":{"a":{"u":` + number + `}}}`
}

func (r *requester) form() string {
	var b strings.Builder
	for range 1 + r.IntN(3) {
		name := strings.NewReplacer(`"`, "%22", "\u202e", "").Replace(strings.ToValidUTF8(r.junk(2), ""))
		b.WriteString("--b\r\nContent-Disposition: form-data; name=\"" + r.pick("a", "u", name) + `"` + r.pick("", `; filename="`+name+`"`) + "\r\n\r\n" + r.pick(r.value(2), r.document()) + "\r\n")
	}
	return b.String() + "--b--\r\n"
}

func (r *requester) message() string {
	text := "POST /c/" + strings.ReplaceAll(url.PathEscape(r.value(1)), "+", r.pick("+", "%2b")) + r.pick("", "?"+r.pairs())
	switch r.IntN(4) {
	case 0:
		text += "\nX-Q: " + r.line(r.pick(r.junk(5), r.value(3)))
	case 1:
		text += "\nCookie: " + r.line("a="+r.pick(r.junk(4), r.value(3))+"; "+r.junk(2)+";b="+r.junk(2))
	case 2:
		text += "\nAuthorization: " + r.line(r.pick("Bearer ", "Basic ", "")+r.pick(plainJWT, annaBasic, r.junk(3)))
	}
	switch r.IntN(6) {
	case 0:
		return text + "\nContent-Type: application/x-www-form-urlencoded\n\n" + r.pairs()
	case 1:
		return text + "\nContent-Type: multipart/form-data; boundary=b\n\n" + r.form()
	case 2:
		return text + "\nContent-Type: text/plain\n\n" + r.pick(r.junk(6), r.value(3))
	case 3:
		return text + "\n\n" + r.junk(4)
	case 4:
		return text + "\n\n" + r.document() + r.pick("", "\n"+r.document())
	}
	return text
}

// rules draws rules. A part of a number is spelled anew.
func (r *requester) rules() string {
	steps := []string{"@pct", "@url", "@url.query.q", "@url.query.**", "@url.path", "@url.host"}
	do := []string{"pseudonymize", "pseudonymize", "keep"}
	if !r.splices {
		steps, do = append(steps, "@base64", "@jwt.sub", "@jwt"), append(do, "mask", "remove", "reject")
	}
	if r.numbers {
		steps = append(steps, "@fromstr.u", "@fromstr.**", "@fromstr", "@fromstr.**.@keys")
	}
	var list []string
	for range r.IntN(6) {
		at := r.pick("text", "path.id", "path.**", "header.X-Q", "header.x-?", "header.**", "header.Cookie", "header.Authorization", "header.Content-Type")
		if r.IntN(3) > 0 {
			at = r.pick("body", "body", "query", "form", "cookie") + "." + r.pick("a", "u", "*", "**", "b.#", "**.u", `**.#(u%"*")#`, `u.#(u=="17")#.u`)
			at = regexp.MustCompile(`^(query|form|cookie)\.[b*]+\..*`).ReplaceAllString(at, "$1.b")
		}
		for range r.IntN(4) - 1 {
			if strings.HasSuffix(at, "@url") || strings.HasSuffix(at, "@keys") || strings.HasSuffix(at, "@jwt") {
				break
			}
			at += "." + r.pick(steps...)
		}
		rule := "{at: '" + at + "', do: " + r.pick(do...)
		removable := !strings.HasPrefix(at, "path") && !strings.HasSuffix(at, "@keys") && !strings.HasSuffix(at, "**")
		if !removable && strings.HasSuffix(rule, "remove") || r.IntN(2) == 0 {
			rule += ", find: " + r.pick("phone", "email", "[phone, email]", "any", "employee", "vip", "dialled", "[dialled, any]", "opaque", "ip")
		}
		if !(r.splices && r.numbers) && r.IntN(4) == 0 {
			rule += ", part: " + r.pick(`'^(.)'`, `'(.)$'`, `'@(.*)$'`, `'^(.*)@'`, `'([^/]+)/?$'`, `'(?s)^.(.*).$'`, `'((?:\+1202)?)'`, `'%(.)'`, `'(é)'`)
		}
		list = append(list, rule+"}")
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// tokens are pseudonyms, with the quotes that one in the place of a number has.
var tokens = regexp.MustCompile(`(?:\\*"|(?:%(?:25)*5C)*%(?:25)*22)?` + token + `(?:\\*"|(?:%(?:25)*5C)*%(?:25)*22)?`)

// spliced says whether out is in with pseudonyms in the place of some of it.
func spliced(in, out string) bool {
	pieces := tokens.Split(out, -1)
	last := len(pieces) - 1
	if last == 0 {
		return in == out
	}
	rest, ok := strings.CutPrefix(in, pieces[0])
	for _, piece := range pieces[1:last] {
		if ok {
			_, rest, ok = strings.Cut(rest, piece)
		}
	}
	return ok && strings.HasSuffix(rest, pieces[last])
}

// enclosesToken says whether a pseudonym may stand in base64 or hex, once or twice.
func enclosesToken(s string) bool {
	for _, aaa := range []string{"YWFhYWFhYWFh", "WVdGaFlXRmhZV0Zo", "616161616161", "363136313631", "NjE2MTYxNjE2MTYx"} {
		if strings.Contains(s, aaa) {
			return true
		}
	}
	return false
}

// FuzzRequests: no rules and no request make the engine panic. And where no rule
// masks, removes, or goes into what is spelled anew, all bytes that leave are those
// that came, but for pseudonyms.
func FuzzRequests(f *testing.F) {
	for seed := range uint64(300) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		r := &requester{planter: planter{Rand: rand.New(rand.NewPCG(seed, 5))}}
		r.splices, r.numbers = r.IntN(2) == 0, r.IntN(2) == 0
		list := r.rules()
		set, _ := parseDead(t, `version: 1
detectors:
  phone: {regions: [FI]}
  dialled: {kind: phone, bare: true}
  employee: {pattern: '\bE([0-9]{6})\b'}
  vip: {words: [bo, "example com"]}
routes:
  - {name: r, match: 'POST /c/{id...}', otherwise: `+r.pick("look", "look", "look", "keep")+`, rules: `+list+`}
`)
		for range 8 {
			msg := request(r.message())
			sent := requestText(msg)
			m, err := set.Match(msg)
			if err != nil {
				continue
			}
			if err := m.Rewrite(nil, toToken); err != nil || !r.splices {
				continue
			}
			got := requestText(msg)
			if enclosesToken(got) {
				continue // FuzzEnclosed looks at what is around it
			}
			if !spliced(sent, got) {
				t.Fatalf("rules %s\nsent %q\ngot  %q", list, sent, got)
			}
		}
	})
}
