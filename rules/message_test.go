package rules

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// request reads "METHOD target", headers, an empty line and a body.
func request(text string) *Message {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	path, query, _ := strings.Cut(target, "?")
	m := &Message{Method: method, Path: path, Query: query, Header: http.Header{}}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		m.Header[name] = append(m.Header[name], value)
	}
	if body != "" {
		m.Body = []byte(body)
	}
	return m
}

// requestText writes a Message as request reads it, headers in order.
func requestText(m *Message) string {
	target := m.Path
	if m.Query != "" {
		target += "?" + m.Query
	}
	lines := []string{m.Method + " " + target}
	for _, name := range sortedNames(m.Header) {
		for _, v := range m.Header[name] {
			lines = append(lines, name+": "+v)
		}
	}
	text := strings.Join(lines, "\n")
	if len(m.Body) > 0 {
		text += "\n\n" + string(m.Body)
	}
	return text
}

// A numberer replaces every value by psn_1, psn_2 ..., one for each canonical
// form, and what begins with psn_ by itself.
type numberer struct {
	numbers map[string]int
	log     []string
}

func (n *numberer) replace(f *Finding) (string, error) {
	rule := f.Rule.Name
	if f.Rule.Do == Keep {
		rule += " keeps"
	}
	if !f.Repeated() {
		n.log = append(n.log, fmt.Sprintf("%s %s %s by %s", f.Address(), f.Kind, f.Canonical(), rule))
	}
	if strings.HasPrefix(f.Text(), "psn_") {
		return f.Text(), nil
	}
	if f.Action() == Generalize {
		return "", nil
	}
	if f.Rule.Do == Keep {
		return "KEPT", nil
	}
	if n.numbers == nil {
		n.numbers = map[string]int{}
	}
	if n.numbers[f.Canonical()] == 0 {
		n.numbers[f.Canonical()] = len(n.numbers) + 1
	}
	return fmt.Sprintf("psn_%d", n.numbers[f.Canonical()]), nil
}

// send takes a request through a Set and returns what leaves, or the error.
func send(set *Set, text string) (string, *numberer) {
	msg, n := request(text), &numberer{}
	m, err := set.Match(msg)
	switch {
	case err != nil:
		return err.Error(), n
	case m == nil:
		return "no route", n
	}
	if err := m.Read(); err != nil {
		return err.Error(), n
	}
	if err := m.Rewrite(nil, n.replace); err != nil {
		return err.Error(), n
	}
	return requestText(msg), n
}

const (
	unsafeToken = "unsafe: a JWT holds personal data; name it in a rule with @jwt, or keep it"
	unsafeLogin = "unsafe: Authorization holds personal data; name it in a rule, or keep it"
	brokenQuery = "unparseable: the query has a broken percent-encoding or is not UTF-8"

	// {"alg":"HS256","typ":"JWT"} and {"sub":"anna@example.com"}, {"sub":"17"}; the signatures sign nothing.
	personalJWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhbm5hQGV4YW1wbGUuY29tIn0.c2lnbmF0dXJl"
	plainJWT    = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxNyJ9.c2lnbmF0dXJl"
	// {"alg":"none"} and the same claims, without a signature
	unsignedJWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm5hQGV4YW1wbGUuY29tIn0."
	annaBasic   = "YW5uYUBleGFtcGxlLmNvbTpzZWNyZXQ=" // anna@example.com:secret
	rootBasic   = "cm9vdDpzZWNyZXQ="                 // root:secret
)

func TestRewrite(t *testing.T) {
	tests := []struct {
		name  string
		rules string // of one route, POST /c/{id...}, one a line
		in    string
		want  string // "" where nothing changes
	}{
		// Paths.
		{"path, nothing personal", "", "POST /c/room-17", ""},
		{"path, last look", "", "POST /c/+12025550143", "POST /c/psn_1"},
		{"path, last look, %2B", "", "POST /c/%2B12025550143", "POST /c/psn_1"},
		{"path, one of several segments", "", "POST /c/a/%2b1202555%30143/b", "POST /c/a/psn_1/b"},
		{"path, within a segment", "", "POST /c/conf-%2B12025550143-x%20y", "POST /c/conf-psn_1-x%20y"},
		{"path, whole", "at: path.id", "POST /c/Anna%20M%C3%BCller", "POST /c/psn_1"},
		{"path, whole, several segments are one value", "at: path.id", "POST /c/https://meet.example.com/x//y/", "POST /c/psn_1"},
		{"path, all captures", "at: path.**", "POST /c/x", "POST /c/psn_1"},
		{"path, keep", "{at: path.id, do: keep}", "POST /c/+12025550143", ""},
		{"path, none captured", "at: path.id", "POST /c", ""},
		{"path, empty capture", "at: path.id", "POST /c//", "POST /c/psn_1"},
		{"path, literals are not looked at", "at: path.**", "POST /%63/x", "POST /%63/psn_1"},
		{"path, found, the rest keeps its spelling", "{at: path.id, find: email}", "POST /c/%61b%2Fanna%40example.com/%7e", "POST /c/%61b%2Fpsn_1/%7e"},
		{"path, percent-encoded twice", "", "POST /c/anna%2540example.com", "POST /c/psn_1"},
		{"path, JWT", "", "POST /c/" + personalJWT, unsafeToken},
		{"path, JWT taken", "at: path.id", "POST /c/" + personalJWT, "POST /c/psn_1"},

		// Queries.
		{"query, nothing personal", "", "POST /c?a=1&b=%7e&&=&c", ""},
		{"query, last look", "", "POST /c?from=%2B12025550143&to=anna%40example.com", "POST /c?from=psn_1&to=psn_2"},
		{"query, a bare plus that gives a finding", "", "POST /c?from=+12025550143", "POST /c?from=psn_1"},
		{"query, a plus is one value with %2B", "at: query.a", "POST /c?a=+12025550143&a=%2B12025550143", "POST /c?a=psn_1&a=psn_1"},
		{"query, a plus is one value with %20", "at: query.a", "POST /c?a=Anna+M&a=Anna%20M&a=Anna%2BM", "POST /c?a=psn_1&a=psn_1&a=psn_2"},
		{"query, phone with spaces as plus", "", "POST /c?a=%2B1+202+555+0143&b=x+%2B1+202+555+0143+y%2Bz", "POST /c?a=psn_1&b=x+psn_1+y%2Bz"},
		{"query, whole, phone with spaces as plus", "at: query.a", "POST /c?a=%2B1+202+555+0143&a=+12025550143", "POST /c?a=psn_1&a=psn_1"},
		{"query, whole, a plus that gives a finding within", "at: query.a", "POST /c?a=x/+12025550143&a=x/%2B12025550143&a=x/+%2B12025550143&a=x/%20%2B12025550143", "POST /c?a=psn_1&a=psn_1&a=psn_2&a=psn_2"},
		{"query, every duplicate", "at: query.user", "POST /c?user=a&x=b&USER=c&%75ser=d&user=a", "POST /c?user=psn_1&x=b&USER=psn_2&%75ser=psn_3&user=psn_1"},
		{"query, a plus in a name is a space", "at: query.user name", "POST /c?user+name=a&user%20name=b", "POST /c?user+name=psn_1&user%20name=psn_2"},
		{"query, no =", "at: query.user", "POST /c?user&user=&user=x", "POST /c?user&user=&user=psn_1"},
		{"query, = in the value", "at: query.user", "POST /c?user=a=b&user==", "POST /c?user=psn_1&user=psn_2"},
		{"query, no = and a finding", "", "POST /c?%2B12025550143", "POST /c?psn_1"},
		{"query, ; is text", "at: query.user", "POST /c?a=1;user=anna%40example.com;b=2", "POST /c?a=1;user=psn_1;b=2"},
		{"query, pattern", "at: query.u*d", "POST /c?userID=a&uid=b&xuid=c&U%2Ad=d", "POST /c?userID=psn_1&uid=psn_2&xuid=c&U%2Ad=psn_3"},
		{"query, dots in a name", "at: query.a.b", "POST /c?a.b=x&a=y", "POST /c?a.b=psn_1&a=y"},
		{"query, all values", "at: query.**", "POST /c?a=x&b=y&c&d=", "POST /c?a=psn_1&b=psn_2&c&d="},
		{"query, names by the last look", "", "POST /c?anna%40example.com=1", "POST /c?psn_1=1"},
		{"query, names by the last look although all values are taken", "at: query.**", "POST /c?anna%40example.com=1", "POST /c?psn_1=psn_2"},
		{"query, names by a rule with find", "{at: query.**, find: email, do: keep}", "POST /c?anna%40example.com=bob%40example.com", ""},
		{"query, names are not kept by a rule for values", "{at: query.**, do: keep}", "POST /c?anna%40example.com=bo%40example.com", "POST /c?psn_1=bo%40example.com"},
		{"query, names are not by a rule for one name", "{at: query.a*, find: email, do: keep}", "POST /c?anna%40example.com=1", "POST /c?psn_1=1"},
		{"query, the replaced is encoded, the rest as it was", "", "POST /c?q=%22anna%40example.com%22+%c3%bc", "POST /c?q=%22psn_1%22+%c3%bc"},
		{"query, keep, then whole", "[{at: query.q, find: email, do: keep}, {at: query.q}]", "POST /c?q=anna%40example.com&q=x%20anna%40example.com", "POST /c?q=anna%40example.com&q=psn_1"},
		{"query, broken escape", "", "POST /c?a=%4", brokenQuery},
		{"query, broken escape in a name", "", "POST /c?%zz=1", brokenQuery},
		{"query, broken escape where all is kept", "{at: query.**, do: keep}", "POST /c?a=%", brokenQuery},
		{"query, not UTF-8", "", "POST /c?a=%ff", brokenQuery},
		{"query, not UTF-8, raw", "", "POST /c?a=\xff", brokenQuery},
		{"query, JWT", "", "POST /c?t=" + personalJWT, unsafeToken},
		{"query, JWT as a name", "", "POST /c?" + personalJWT, unsafeToken},
		{"query, JWT kept", "{at: query.t, do: keep}", "POST /c?t=" + personalJWT, ""},
		{"query, JWT taken", "at: query.t", "POST /c?t=" + personalJWT, "POST /c?t=psn_1"},
		{"query, JWT of nobody", "", "POST /c?t=" + plainJWT, ""},

		// Headers.
		{"header, nothing personal", "", "POST /c\nAccept: */*\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\nX-A: 1\nX-A: 1", ""},
		{"header, last look", "", "POST /c\nReferer: https://meet.example.com/%2B12025550143?x=%7e\nX-Real: 192.0.2.7", "POST /c\nReferer: https://meet.example.com/psn_1?x=%7e\nX-Real: psn_2"},
		{"header, Referer with an encoded encoding", "", "POST /c\nReferer: https://meet.example.com/?next=%2Fc%2Fanna%2540example.com%2Fx", "POST /c\nReferer: https://meet.example.com/?next=%2Fc%2Fpsn_1%2Fx"},
		{"header, Referer with a form's encoding", "", "POST /c\nReferer: https://meet.example.com/?tel=%2B1+202+555+0143&q=a+b", "POST /c\nReferer: https://meet.example.com/?tel=psn_1&q=a+b"},
		{"query, a URL with a query", "", "POST /c?ref=https%3A%2F%2Fmeet.example.com%2F%3Ftel%3D%252B1%2B202%2B555%2B0143%26a%3D1", "POST /c?ref=https%3A%2F%2Fmeet.example.com%2F%3Ftel%3Dpsn_1%26a%3D1"},
		{"body, a form's encoding", "", "POST /c\n\n" + `{"q":"tel=%2B1+202+555+0143&q=a+b"}`, "POST /c\n\n" + `{"q":"tel=psn_1&q=a+b"}`},
		{"header, X-Forwarded is nothing special here", "", "POST /c\nX-Forwarded-For: 192.0.2.7, 198.51.100.9", "POST /c\nX-Forwarded-For: psn_1, psn_2"},
		{"header, named", "at: header.x-user", "POST /c\nX-User: Anna\nX-Users: Anna", "POST /c\nX-User: psn_1\nX-Users: Anna"},
		{"header, every line", "at: header.X-User", "POST /c\nX-User: Anna\nX-User: \nX-User: Bo", "POST /c\nX-User: psn_1\nX-User: \nX-User: psn_2"},
		{"header, pattern", "at: header.x-u*", "POST /c\nX-User: Anna\nX-Uid: 7\nX-Vid: 7", "POST /c\nX-Uid: psn_1\nX-User: psn_2\nX-Vid: 7"},
		{"header, all but framing", "at: header.**", "POST /c\nAccept: a\nAuthorization: Basic " + rootBasic + "\nContent-Type: application/json\nCookie: a=b\nHost: h\nTe: trailers\nX-A: x",
			"POST /c\nAccept: a\nAuthorization: Basic " + rootBasic + "\nContent-Type: application/json\nCookie: a=b\nHost: h\nTe: trailers\nX-A: psn_1"},
		{"header, framing by no wildcard", "[at: header.*, at: header.Co*, at: header.?ost]", "POST /c\nConnection: x\nCookie: a=b\nHost: h", ""},
		{"header, framing spelled", "[at: header.accept-language, at: header.**]", "POST /c\nAccept: a\nAccept-Language: fi\nX-A: x", "POST /c\nAccept: a\nAccept-Language: psn_1\nX-A: psn_2"},
		{"header, framing is looked at", "{at: header.**, do: keep}", "POST /c\nAccept: x;u=anna@example.com\nX-A: anna@example.com", "POST /c\nAccept: x;u=psn_1\nX-A: anna@example.com"},
		{"header, rules in order, spelled or not", "[{at: header.**, find: email, do: keep}, at: header.X-A]", "POST /c\nX-A: anna@example.com\nX-B: anna@example.com", ""},
		{"header, rules in order, spelled framing", "[{at: header.Accept, find: email, do: keep}, at: header.accept]", "POST /c\nAccept: anna@example.com", ""},
		{"header, name", "", "POST /c\nX-Anna@example.com: 1", "POST /c\npsn_1: 1"},
		{"header, name with a wildcard and find", "{at: header.**, find: email, do: keep}", "POST /c\nX-Anna@example.com: 1", ""},
		{"header, name is not kept by a rule for values", "{at: header.**, do: keep}", "POST /c\nX-Anna@example.com: bo@example.com", "POST /c\npsn_1: bo@example.com"},
		{"header, JWT", "", "POST /c\nX-Token: " + personalJWT, unsafeToken},
		{"header, JWT kept", "{at: header.X-Token, do: keep}", "POST /c\nX-Token: " + personalJWT, ""},
		{"header, JWT in the middle", "", "POST /c\nX-Token: token=" + personalJWT + "; path=/", unsafeToken},

		{"cookie", "", "POST /c\nCookie: sid=x17; user=anna%40example.com; b=2", "POST /c\nCookie: sid=x17; user=psn_1; b=2"},
		{"cookie, several lines", "", "POST /c\nCookie: u=anna@example.com\nCookie: u=bo@example.com", "POST /c\nCookie: u=psn_1\nCookie: u=psn_2"},
		{"cookie, spelled", "at: header.Cookie", "POST /c\nCookie: sid=x", "POST /c\nCookie: psn_1"},
		{"cookie, JWT", "", "POST /c\nCookie: t=" + personalJWT, unsafeToken},

		{"authorization, nothing personal", "", "POST /c\nAuthorization: Bearer abc.def", ""},
		{"authorization, JWT of nobody", "", "POST /c\nAuthorization: Bearer " + plainJWT, ""},
		{"authorization, JWT", "", "POST /c\nAuthorization: Bearer " + personalJWT, unsafeToken},
		{"authorization, JWT unsigned", "", "POST /c\nAuthorization: Bearer " + unsignedJWT, unsafeToken},
		{"authorization, JWT kept", "{at: header.Authorization, do: keep}", "POST /c\nAuthorization: Bearer " + personalJWT, ""},
		{"authorization, JWT taken", "at: header.authorization", "POST /c\nAuthorization: Bearer " + personalJWT, "POST /c\nAuthorization: psn_1"},
		{"authorization, JWT not kept by a wildcard", "{at: header.**, do: keep}", "POST /c\nAuthorization: Bearer " + personalJWT, unsafeToken},
		{"authorization, Basic", "", "POST /c\nAuthorization: Basic " + annaBasic, unsafeLogin},
		{"authorization, Basic, two spaces", "", "POST /c\nAuthorization: Basic  " + annaBasic, unsafeLogin},
		{"authorization, Basic, tab", "", "POST /c\nAuthorization: Basic\t" + annaBasic, unsafeLogin},
		{"authorization, Basic, no scheme", "", "POST /c\nAuthorization: " + annaBasic, unsafeLogin},
		{"authorization, Basic, no padding", "", "POST /c\nAuthorization: basic " + strings.TrimRight(annaBasic, "="), unsafeLogin},
		{"authorization, Basic of nobody", "", "POST /c\nAuthorization: Basic " + rootBasic, ""},
		{"authorization, Basic kept", "{at: header.Authorization, do: keep}", "POST /c\nAuthorization: Basic " + annaBasic, ""},
		{"authorization, Basic taken", "at: header.Authorization", "POST /c\nAuthorization: Basic " + annaBasic, "POST /c\nAuthorization: psn_1"},
		{"authorization, plain", "", "POST /c\nAuthorization: Digest username=\"anna@example.com\", realm=\"x\"", unsafeLogin},
		{"authorization, plain, found by its rule", "{at: header.Authorization, find: email}", "POST /c\nAuthorization: Digest username=\"anna@example.com\", realm=\"x\"", "POST /c\nAuthorization: Digest username=\"psn_1\", realm=\"x\""},
		{"authorization, the second", "", "POST /c\nAuthorization: Bearer x\nAuthorization: Basic " + annaBasic, unsafeLogin},
		{"authorization, empty after a finding", "", "POST /c\nAccept: anna@example.com\nAuthorization: ", "POST /c\nAccept: psn_1\nAuthorization: "},
		{"authorization, empty after a kept one", "{at: header.Accept, do: keep}", "POST /c\nAccept: x\nAuthorization: \nAuthorization: Basic " + annaBasic, unsafeLogin},

		// Bodies.
		{"body, none", "at: body.**", "POST /c", ""},
		{"body, nothing personal", "", "POST /c\n\n" + ` { "a" : [ 1.50 , "\u0062" , null ,{ } ] , "a":1e3 } `, ""},
		{"body, last look", "", "POST /c\n\n" + `{"a":"call +12025550143 or anna@example.com"}`, "POST /c\n\n" + `{"a":"call psn_1 or psn_2"}`},
		{"body, whole", "at: body.user", "POST /c\n\n" + `{"user":"Anna","users":"Anna"}`, "POST /c\n\n" + `{"user":"psn_1","users":"Anna"}`},
		{"body, every duplicate, every case, every escape", "at: body.localID",
			"POST /c\n\n" + `{"localID":"a","LOCALID":"b","\u006cocalID":"c","loca\u006c\u0049D":"d","localId":"a"}`,
			"POST /c\n\n" + `{"localID":"psn_1","LOCALID":"psn_2","\u006cocalID":"psn_3","loca\u006c\u0049D":"psn_4","localId":"psn_1"}`},
		{"body, names that only Unicode folds", "at: body.users.key", "POST /c\n\n" + `{"u` + "\u017F" + `er\u017f":{"` + "\u212A" + `ey":"x","\u212aEY":"y"}}`, "POST /c\n\n" + `{"u` + "\u017F" + `er\u017f":{"` + "\u212A" + `ey":"psn_1","\u212aEY":"psn_2"}}`},
		{"body, values that are never replaced", "at: body.**", "POST /c\n\n" + `[true,false,null,"",{},[],"x"]`, "POST /c\n\n" + `[true,false,null,"",{},[],"psn_1"]`},
		{"body, a text alone", "at: body.**", "POST /c\n\n" + ` "x" `, "POST /c\n\n" + ` "psn_1" `},
		{"body, numbers are tokens in quotes", "at: body.id", "POST /c\n\n" + `{"id":1000,"id":1e3,"id":1000.0,"id":-0,"id": 1.5,"x":1000}`, "POST /c\n\n" + `{"id":"psn_1","id":"psn_1","id":"psn_1","id":"psn_2","id": "psn_3","x":1000}`},
		{"body, numbers and strings are one value", "at: body.id", "POST /c\n\n" + `{"id":1000,"id":"1000"}`, "POST /c\n\n" + `{"id":"psn_1","id":"psn_1"}`},
		{"body, numbers are kept", "[{at: body.id, do: keep}, at: body.**]", "POST /c\n\n" + `{"id":1,"x":1}`, "POST /c\n\n" + `{"id":1,"x":"psn_1"}`},
		{"body, digits alone are nobody", "[{at: body.**, find: any}, {at: body.**, find: opaque}]", "POST /c\n\n" + `{"a":12025550143,"b":4475350012,"t":1795461441977.49}`, ""},
		{"body, subtree", "at: body.user", "POST /c\n\n" + `{"user":{"name":"Anna","n":[1,true,"x"]},"x":"Anna"}`, "POST /c\n\n" + `{"user":{"name":"psn_1","n":["psn_2",true,"psn_3"]},"x":"Anna"}`},
		{"body, names below are searched, not taken", "at: body.user", "POST /c\n\n" + `{"user":{"anna@example.com":"x","Anna":"y"}}`, "POST /c\n\n" + `{"user":{"psn_1":"psn_2","Anna":"psn_3"}}`},
		{"body, names by the last look", "", "POST /c\n\n" + `{"anna@example.com":1,"\u0061nna@example.com":{"+12025550143":[]}}`, "POST /c\n\n" + `{"psn_1":1,"psn_1":{"psn_2":[]}}`},
		{"body, names kept below", "{at: body.user, do: keep}", "POST /c\n\n" + `{"user":{"anna@example.com":"bo@example.com"},"bo@example.com":1}`, "POST /c\n\n" + `{"user":{"anna@example.com":"bo@example.com"},"psn_1":1}`},
		{"body, names by the detectors of the rule", "{at: body.**, find: [opaque]}", "POST /c\n\n" + `{"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d":1}`, "POST /c\n\n" + `{"psn_1":1}`},
		{"body, name and value of one", "at: body.user", "POST /c\n\n" + `{"user":{"a@example.com":{"a@example.com":"a@example.com"}}}`, "POST /c\n\n" + `{"user":{"psn_1":{"psn_1":"psn_1"}}}`},
		{"body, elements", "[at: body.l.#.id, at: body.l.1]", "POST /c\n\n" + `{"l":[{"id":"a","x":"b"},{"id":"c","x":"d"}],"l":{"id":"e","1":"f"}}`, "POST /c\n\n" + `{"l":[{"id":"psn_1","x":"b"},{"id":"psn_2","x":"psn_3"}],"l":{"id":"e","1":"psn_4"}}`},
		{"body, any depth", "at: body.**.id", "POST /c\n\n" + `[{"id":"a"},[[{"x":{"id":["b"]}}]]]`, "POST /c\n\n" + `[{"id":"psn_1"},[[{"x":{"id":["psn_2"]}}]]]`},
		{"body, keep, then whole", "[{at: body.u, find: opaque, do: keep}, at: body.u]", "POST /c\n\n" + `{"u":"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d","u":"x-3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d"}`, "POST /c\n\n" + `{"u":"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d","u":"psn_1"}`},
		{"body, keep hides from rules with find", "[{at: body.u, find: email, do: keep}, {at: body.u, find: any}]", "POST /c\n\n" + `{"u":"anna@example.com 192.0.2.7"}`, "POST /c\n\n" + `{"u":"anna@example.com psn_1"}`},
		{"body, keep the whole hides from the last look", "{at: body.u, do: keep}", "POST /c\n\n" + `{"u":"anna@example.com","v":"anna@example.com"}`, "POST /c\n\n" + `{"u":"anna@example.com","v":"psn_1"}`},
		{"body, find, then whole", "[{at: body.u, find: email}, at: body.u]", "POST /c\n\n" + `{"u":"anna@example.com","u":"<anna@example.com>"}`, "POST /c\n\n" + `{"u":"psn_1","u":"psn_2"}`},
		{"body, whole, then find", "[at: body.u, {at: [body.u, body.v], find: email, do: keep}]", "POST /c\n\n" + `{"u":"anna@example.com"}`, "POST /c\n\n" + `{"u":"psn_1"}`},
		{"body, the longest finding counts", "{at: body.u, find: [ip, sip]}", "POST /c\n\n" + `{"u":"sip:anna@192.0.2.7"}`, "POST /c\n\n" + `{"u":"sip:psn_1"}`},
		{"body, an earlier rule counts before a longer finding, whose rest is taken", "[{at: body.u, find: ip, do: keep}, {at: body.u, find: sip}]", "POST /c\n\n" + `{"u":"sip:anna@192.0.2.7"}`, "POST /c\n\n" + `{"u":"sip:psn_1@192.0.2.7"}`},
		{"body, the rest of a finding of the last look", "[{at: body.u, find: ip}]", "POST /c\n\n" + `{"u":"i=sip:anna@example.com@192.0.2.1\\r\\n"}`, "POST /c\n\n" + `{"u":"i=sip:psn_1@psn_2\\r\\n"}`},
		{"body, the rest around what is kept", "[{at: body.u, find: opaque, do: keep}]", "POST /c\n\n" + `{"u":"anna.virtanen.550e8400-e29b-41d4-a716-446655440000@example.com"}`, "POST /c\n\n" + `{"u":"psn_1.550e8400-e29b-41d4-a716-446655440000@psn_2"}`},
		{"body, what was found is not kept by a later rule", "[{at: body.u, find: [phone, email]}, {at: body.u, do: keep}]", "POST /c\n\n" + `{"u":"call +12025550143 anna@example.com or 192.0.2.7"}`, "POST /c\n\n" + `{"u":"call psn_1 psn_2 or 192.0.2.7"}`},
		{"body, encoded scheme around an address", "", "POST /c\n\n" + `{"u":"sip%3Aanna%40example.com@192.0.2.7"}`, "POST /c\n\n" + `{"u":"sip%3Apsn_1"}`},
		{"body, encoded separator", "", "POST /c\n\n" + `{"u":"%7B%22u%22:%22anna@example.com%22%7D"}`, "POST /c\n\n" + `{"u":"%7B%22u%22:%22psn_1%22%7D"}`},
		{"body, encoded piece of a number", "", "POST /c\n\n" + `{"u":"+12025550%3143"}`, "POST /c\n\n" + `{"u":"psn_1"}`},
		{"body, encoded piece of a domain", "", "POST /c\n\n" + `{"u":"anna@mail.example%2Eco%2Euk, anna@mail.example.co%2Euk"}`, "POST /c\n\n" + `{"u":"psn_1, psn_1"}`},
		{"body, encoded piece of an address", "", "POST /c\n\n" + `{"u":"2001:db8:%38::17"}`, "POST /c\n\n" + `{"u":"psn_1"}`},
		{"body, an address glued to a number", "", "POST /c\n\n" + `{"u":"+12025550143:2001:db8::17","v":"%2B12025550143.10.20.30.40"}`, "POST /c\n\n" + `{"u":"psn_1:psn_2","v":"psn_1.psn_3"}`},
		{"body, JWT with encoded dots", "", "POST /c\n\n" + `{"t":"` + strings.ReplaceAll(personalJWT, ".", "%2E") + `"}`, unsafeToken},
		{"query, plus and spaces of a form", "", "POST /c?a=+1+202+555+0143&b=call+me+++1+202+555+0143", "POST /c?a=psn_1&b=call+me++psn_1"},
		{"query, plus of a form encoded once more", "", "POST /c?a=%2B44+7700%2520900123", "POST /c?a=psn_1"},
		{"path, plus and spaces of a form", "", "POST /c/+1+202+555+0143", "POST /c/psn_1"},
		{"query, a plus in an address is none of a number", "", "POST /c?a=anna+1@example.com", "POST /c?a=psn_1"},
		{"header, not UTF-8", "", "POST /c\nX-P: +1\xa0202\xa0555\xa00143", "POST /c\nX-P: psn_1"},
		{"body, escapes around a finding stay", "", "POST /c\n\n" + `{"u":"\u00fc\/\"\u002b12025550143\"\n\ud83d\ude00 \u0061nna@example.com\t"}`, "POST /c\n\n" + `{"u":"\u00fc\/\"psn_1\"\n\ud83d\ude00 psn_2\t"}`},
		{"body, percent-encoded", "", "POST /c\n\n" + `{"u":"https://meet.example.com/%2B12025550143?x=%7e"}`, "POST /c\n\n" + `{"u":"https://meet.example.com/psn_1?x=%7e"}`},
		{"body, percent-encoded and escaped", "", "POST /c\n\n" + `{"u":"\u0025\u0032B12025550143"}`, "POST /c\n\n" + `{"u":"psn_1"}`},
		{"body, JWT", "", "POST /c\n\n" + `{"t":"` + personalJWT + `"}`, unsafeToken},
		{"body, JWT escaped", "", "POST /c\n\n" + `{"t":"\u0065` + personalJWT[1:] + `"}`, unsafeToken},
		{"body, JWT as a name", "", "POST /c\n\n" + `{"` + personalJWT + `":1}`, unsafeToken},
		{"body, JWT after Bearer", "", "POST /c\n\n" + `{"t":"Bearer ` + personalJWT + `"}`, unsafeToken},
		{"body, JWT at the end of a sentence", "", "POST /c\n\n" + `{"t":"got ` + personalJWT + `."}`, unsafeToken},
		{"body, JWT after another", "", "POST /c\n\n" + `{"t":"` + plainJWT + "," + personalJWT + `"}`, unsafeToken},
		{"body, JWT directly after another", "", "POST /c\n\n" + `{"t":"` + plainJWT + "." + personalJWT + `"}`, unsafeToken},
		{"body, JWT with spaces in its JSON", "", "POST /c\n\n" + `{"t":"J eyAiYWxnIiA6ICJIUzI1NiIgfQ.eyAic3ViIiA6ICJhbm5hQGV4YW1wbGUuY29tIiB9.sig"}`, unsafeToken},
		{"body, JWT with line ends in its JSON", "", "POST /c\n\n" + `{"t":"J ewoiYWxnIjoiSFMyNTYifQ.ewogICJzdWIiOiAiYW5uYUBleGFtcGxlLmNvbSIKfQ.sig"}`, unsafeToken},
		{"header, JWT with spaces in its JSON", "", "POST /c\nX-T: eyAiYWxnIiA6ICJIUzI1NiIgfQ.eyAic3ViIiA6ICJhbm5hQGV4YW1wbGUuY29tIiB9.sig", unsafeToken},
		{"body, JWT kept", "{at: body.t, do: keep}", "POST /c\n\n" + `{"t":"` + personalJWT + `"}`, ""},
		{"body, JWT taken", "at: body.t", "POST /c\n\n" + `{"t":"` + personalJWT + `"}`, "POST /c\n\n" + `{"t":"psn_1"}`},
		{"body, JWT not kept by what is kept beside it", "{at: body.t, find: email, do: keep}", "POST /c\n\n" + `{"t":"anna@example.com ` + personalJWT + `"}`, unsafeToken},
		{"body, JWT in what is found", "", "POST /c\n\n" + `{"t":"eyJ9.eyJhIjoiYUBleGFtcGxlLmNvbSJ9.x@example.com"}`, "POST /c\n\n" + `{"t":"psn_1"}`},
		{"body, the same JWT alone", "", "POST /c\n\n" + `{"t":"eyJ9.eyJhIjoiYUBleGFtcGxlLmNvbSJ9.x"}`, unsafeToken},
		{"body, JWT of nobody", "", "POST /c\n\n" + `{"t":"` + plainJWT + `"}`, ""},
		{"body, broken", "", "POST /c\n\n" + `{"a":`, "unparseable: the body ends in the middle of a JSON text"},
		{"body, broken where all is kept", "{at: body.**, do: keep}", "POST /c\n\n" + `{"a":1 2}`, "unparseable: the body is not JSON at byte 7"},
		{"body, broken string", "", "POST /c\n\n" + `{"a":"\ud800"}`, "unparseable: the JSON string at byte 5 is not closed, or holds a control character, a broken escape, a lone surrogate or what is not UTF-8"},
		{"body, white space only", "", "POST /c\n\n  ", ""},
		{"body, white space that claims to be JSON", "", "POST /c\nContent-Type: application/json\n\n  ", "unparseable: the body ends in the middle of a JSON text"},
		{"body, too deep", "", "POST /c\n\n" + strings.Repeat("[", 129), "oversize: the body nests deeper than 128"},

		// What is a pseudonym already keeps its spelling.
		{"unchanged, path", "at: path.id", "POST /c/psn%5Fabc%20x", ""},
		{"unchanged, query", "at: query.a", "POST /c?a=psn%5f1+2", ""},
		{"unchanged, header", "at: header.X-A", "POST /c\nX-A: psn_1", ""},
		{"unchanged, body", "at: body.**", "POST /c\n\n" + `{"a":"psn\u005f1","b":["psn_\/"]}`, ""},

		{"everywhere, one value", "[at: path.id, at: body.u]", "POST /c/%2B12025550143?a=+1-202-555-0143\nReferer: /%2B12025550143\n\n" + `{"u":"tel:+1-202-555-0143","x":"+1 (202) 555-0143"}`,
			"POST /c/psn_1?a=psn_1\nReferer: /psn_1\n\n" + `{"u":"psn_1","x":"psn_1"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRewrite(t, "", tt.rules, tt.in, tt.want) })
	}
}

// TestFindings: what a Replacer is told, in which order.
func TestFindings(t *testing.T) {
	set := parse(t, `version: 1
rules:
  - {at: body.**, find: opaque, do: keep}
  - {at: body.id}
routes:
  - name: r
    match: POST /c/{conf...}/{u}
    rules:
      - {at: path.conf, name: conference}
      - {at: header.X-User}
`)
	in := "POST /c/a/+12025550143/192.0.2.1?q=Anna@Example.COM&b@example.com=2\nCookie: u=c@example.com\nX-User: Bo\nZ: 192.0.2.2\n\n" +
		`{"id":1e3,"d@example.com":{"l.*":["x",["3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d e@example.com"]]},"id":"Cafe\u0301"}`
	want := `path.conf value a/+12025550143 by conference
path.u ip 192.0.2.1 by otherwise
query.q email Anna@example.com by otherwise
query.b@example.com email b@example.com by otherwise
header.X-User value Bo by r/2
header.Z ip 192.0.2.2 by otherwise
cookie.u email c@example.com by otherwise
body.id value 1000 by r/2
body.d@example\.com email d@example.com by otherwise
body.d@example\.com.l\.\*.1.0 opaque 3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d by r/1 keeps
body.d@example\.com.l\.\*.1.0 email e@example.com by otherwise
body.id value Café by r/2`
	_, n := send(set, in)
	if got := strings.Join(n.log, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestReplacer: its error ends the rewriting and comes back as it is; what it
// returns may be any text.
func TestReplacer(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: 'POST /c/{id...}', rules: [{at: [path.id, query.a, header.X-A, body.a]}]}\n")
	full := errors.New("full")
	for _, at := range []string{"POST /c/x", "POST /c?a=x", "POST /c\nX-A: x", "POST /c\n\n{\"a\":\"x\"}", "POST /c?a@example.com=1", "POST /c\nA@example.com: 1"} {
		m, err := set.Match(request(at))
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Rewrite(nil, func(*Finding) (string, error) { return "", full }); err != full {
			t.Errorf("%s: got %v, want %v", at, err, full)
		}
	}
	msg := request("POST /c/x?a=x&b=1\nX-A: x\n\n" + `{"a":"x","b":"y"}`)
	m, err := set.Match(msg)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Rewrite(nil, func(*Finding) (string, error) { return "a/b?c=d&e+f%\"\\\n\x01ü", nil }); err != nil {
		t.Fatal(err)
	}
	const encoded = "a%2Fb%3Fc%3Dd%26e%2Bf%25%22%5C%0A%01%C3%BC"
	want := "POST /c/" + encoded + "?a=" + encoded + "&b=1\nX-A: a/b?c=d&e+f%\"\\\n\x01ü\n\n" + `{"a":"a/b?c=d&e+f%\"\\\u000a\u0001ü","b":"y"}`
	if got := requestText(msg); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestRewriteDst: a changed body is appended to dst, an unchanged one is not copied.
func TestRewriteDst(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n  - {name: r, match: /, rules: [{at: body.a}]}\n")
	for _, tt := range []struct{ body, want string }{{`{"a":"x"}`, `before:{"a":"psn_1"}`}, {`{"b":"x"}`, `{"b":"x"}`}} {
		msg := &Message{Method: "POST", Path: "/", Body: []byte(tt.body)}
		m, err := set.Match(msg)
		if err != nil {
			t.Fatal(err)
		}
		dst := []byte("before:")
		if err := m.Rewrite(dst, new(numberer).replace); err != nil {
			t.Fatal(err)
		}
		if string(msg.Body) != tt.want || string(dst) != "before:" {
			t.Errorf("%s: got %s and dst %s, want %s", tt.body, msg.Body, dst, tt.want)
		}
	}
}

// TestHeaderName: X_User and X.User are X-User to some, so they are to rules.
func TestHeaderName(t *testing.T) {
	set := parse(t, `version: 1
tenant: header.X-Tenant_ID
routes:
  - name: r
    match: GET /
    rules:
      - {at: header.X-User}
      - {at: header.x_?eer}
      - {at: header.X_Gone, do: remove}
      - {at: [cookie.a-b, query.a-b]}
      - {at: 'header.a\*?\+*z'}
      - {at: 'header.b\|\?'}
`)
	got, _ := send(set, "GET /?a-b=Anna&a_b=Bo\nX-User: Anna\nX_User: Bo\nX-_peer: Carl\nX_Peer: Carl\nX-Gone: 1\nx_gone: 2\nCookie: a-b=Anna; a_b=Bo")
	want := "GET /?a-b=psn_1&a_b=Bo\nCookie: a-b=psn_1; a_b=Bo\nX-User: psn_1\nX-_peer: Carl\nX_Peer: psn_3\nX_User: psn_4"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, mark := range "!#$%&'*+.^_`|~-" { // RFC 9110, 5.6.2
		m := string(mark)
		got, _ := send(set, "GET /\nX"+m+"User: Anna\nA"+m+"1"+m+"22Z: Bo\nA"+m+"z: Carl")
		for _, want := range []string{"\nX" + m + "User: psn_", "\nA" + m + "1" + m + "22Z: psn_", "\nA" + m + "z: Carl"} {
			if !strings.Contains(got+"\n", want) {
				t.Errorf("%s: got\n%s\nwithout %s", m, got, want)
			}
		}
	}
	for header, want := range map[string]bool{"X-User": true, "X_User": true, "x_uSER": true, "X^User": true, "X\\User": false, "X-Gone": true, "X-Peer": false, "XUser": false, "A_b": false} {
		m, err := set.Match(&Message{Method: "GET", Path: "/"})
		if err != nil || m.Names(header) != want {
			t.Errorf("%s: got %t, %v", header, !want, err)
		}
	}
	for _, tt := range []struct {
		header map[string][]string
		want   string
	}{
		{map[string][]string{"X_tenant-Id": {"acme"}}, "acme"},
		{map[string][]string{"X-Tenant-Id": {"acme"}, "X_Tenant_Id": {"acme"}}, "acme"},
		{map[string][]string{"X.tenant!id": {"acme"}}, "acme"},
		{map[string][]string{"X-Tenant-Id": {"acme"}, "X.tenant-Id": {"other"}}, ""},
		{map[string][]string{"X-Tenant-Id": {"acme"}, "X_Tenant_Id": {"other"}}, ""}, // which of them counts?
	} {
		m, err := set.Match(&Message{Method: "GET", Path: "/", Header: tt.header})
		if err != nil || m.Read() != nil {
			t.Fatal(err)
		}
		if got, err := m.Tenant(); got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%v: got %q, %v", tt.header, got, err)
		}
	}
}

// TestBrokenTenant: of a body that is read as a text, no tenant and no scope is read,
// not even one that stands in it before it breaks.
func TestBrokenTenant(t *testing.T) {
	set := parse(t, "version: 1\ntenant: body.t\nroutes:\n  - {name: r, match: /, on_failure: {unparseable: text}, rules: [{at: text, find: phone, linkable: body.s}]}\n")
	for body, want := range map[string]string{`{"t":"acme","s":"x","to":"+12025550143"}`: "acme x true", `{"t":"acme","s":"x","to":"+12025550143"`: " false"} {
		m, err := set.Match(&Message{Method: "POST", Path: "/", Body: []byte(body)})
		if err != nil || m.Read() != nil {
			t.Fatal(err)
		}
		tenant, err := m.Tenant()
		scope, ok := m.Scope(set.routes[0].rules[0])
		if got := strings.TrimPrefix(fmt.Sprint(tenant, " ", scope, " ", ok), " "); got != want || tenant == "" && !strings.HasPrefix(err.Error(), "tenant: ") {
			t.Errorf("%s: got %q, %v, want %q", body, got, err, want)
		}
	}
}

// TestDepth: the depth of the Message counts.
func TestDepth(t *testing.T) {
	set := parse(t, "version: 1\ntenant: body.a\nroutes:\n  - {name: r, match: /}\n")
	for _, tt := range []struct {
		depth, nests int
		want         string
	}{
		{0, 128, ""}, {0, 129, "oversize: the body nests deeper than 128"}, {3, 3, ""}, {3, 4, "oversize: the body nests deeper than 3"},
		{100000, 100000, ""},
	} {
		msg := &Message{Method: "POST", Path: "/", Body: []byte(strings.Repeat("[", tt.nests) + strings.Repeat("]", tt.nests)), Depth: tt.depth}
		m, err := set.Match(msg)
		if err != nil {
			t.Fatal(err)
		}
		for name, err := range map[string]error{"Read": m.Read(), "Rewrite": m.Rewrite(nil, mark)} {
			got := ""
			if err != nil {
				got = err.Error()
			}
			if e := (*Error)(nil); errors.As(err, &e) && e.Limit != "depth" {
				t.Errorf("%s, depth %d: the error does not say that it is about depth", name, tt.depth)
			}
			if got != tt.want {
				t.Errorf("%s, depth %d, %d levels: got %q, want %q", name, tt.depth, tt.nests, got, tt.want)
			}
		}
	}
}

func TestTenant(t *testing.T) {
	const (
		absent    = "tenant: the tenant is absent or not the same everywhere: "
		malformed = "tenant: the tenant is malformed: "
	)
	tests := []struct{ name, tenant, in, want string }{
		{"none", "", "POST /a/7/c", "default"},
		{"fixed", "{name: acme}", "POST /a/7/c", "acme"},
		{"path", "path.app", "POST /a/7/c", "7"},
		{"path, decoded", "path.app", "POST /a/%61cme/c", "acme"},
		{"path, malformed", "path.app", "POST /a/a%20b/c", malformed + "path.app"},
		{"path, a plus", "path.app", "POST /a/a+b/c", malformed + "path.app"},
		{"path, slash", "path.app", "POST /a/a%2Fb/c", malformed + "path.app"},
		{"path, too long", "path.app", "POST /a/" + strings.Repeat("a", 65) + "/c", malformed + "path.app"},
		{"path, all captures", "path.**", "POST /a/7/c", "7"},
		{"query", "query.t", "POST /a/7/c?x=1&T=acme", "acme"},
		{"query, absent", "query.t", "POST /a/7/c", absent + "query.t"},
		{"query, twice the same", "query.t", "POST /a/7/c?t=acme&%54=%61cme", "acme"},
		{"query, differing", "query.t", "POST /a/7/c?t=acme&t=Acme", absent + "query.t"},
		{"query, empty", "query.t", "POST /a/7/c?t=", malformed + "query.t"},
		{"query, no =", "query.t", "POST /a/7/c?t", malformed + "query.t"},
		{"query, one of two empty", "query.t", "POST /a/7/c?t=&t=acme", absent + "query.t"},
		{"header", "header.X-Tenant", "POST /a/7/c\nX-Tenant: acme", "acme"},
		{"header, twice the same", "header.x-tenant", "POST /a/7/c\nX-Tenant: acme\nX-Tenant: acme", "acme"},
		{"header, differing", "header.X-Tenant", "POST /a/7/c\nX-Tenant: acme\nX-Tenant: b", absent + "header.X-Tenant"},
		{"header, absent", "header.X-Tenant", "POST /a/7/c", absent + "header.X-Tenant"},
		{"header, malformed", "header.X-Tenant", "POST /a/7/c\nX-Tenant: acme, b", malformed + "header.X-Tenant"},
		{"header, framing", "header.Host", "POST /a/7/c\nHost: acme.example.com", "acme.example.com"},
		{"body", "body.app.id", "POST /a/7/c\n\n" + `{"app":{"id":"acme"}}`, "acme"},
		{"body, number", "body.app", "POST /a/7/c\n\n" + `{"app":1e3}`, "1000"},
		{"body, escaped", "body.app", "POST /a/7/c\n\n" + `{"\u0061PP":"\u0061cme"}`, "acme"},
		{"body, duplicates, same", "body.app", "POST /a/7/c\n\n" + `{"app":"17","APP":17.0}`, "17"},
		{"body, duplicates, differing", "body.app", "POST /a/7/c\n\n" + `{"app":"a","APP":"b"}`, absent + "body.app"},
		{"body, elements, same", "body.#.app", "POST /a/7/c\n\n" + `[{"app":"a"},{"app":"a"}]`, "a"},
		{"body, elements, differing", "body.#.app", "POST /a/7/c\n\n" + `[{"app":"a"},{"app":"b"}]`, absent + "body.#.app"},
		{"body, absent", "body.app", "POST /a/7/c\n\n" + `{"apps":"a"}`, absent + "body.app"},
		{"body, no body", "body.app", "POST /a/7/c", absent + "body.app"},
		{"body, null", "body.app", "POST /a/7/c\n\n" + `{"app":null}`, absent + "body.app"},
		{"body, empty", "body.app", "POST /a/7/c\n\n" + `{"app":""}`, malformed + "body.app"},
		{"body, empty beside another", "body.app", "POST /a/7/c\n\n" + `{"app":"","APP":"7"}`, absent + "body.app"},
		{"body, malformed", "body.app", "POST /a/7/c\n\n" + `{"app":"a b"}`, malformed + "body.app"},
		{"body, a subtree is one value if all is equal", "body.app", "POST /a/7/c\n\n" + `{"app":{"x":"a","y":["a"]}}`, "a"},
		{"body, broken", "body.app", "POST /a/7/c\n\n" + `{"app":"a"`, "unparseable: the body ends in the middle of a JSON text"},
		{"query, broken", "query.t", "POST /a/7/c?t=a&x=%", brokenQuery},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := "version: 1\nroutes:\n  - name: r\n    match: POST /a/{app}/c\n    rules: [{at: ['path.**', 'query.**', 'header.**', 'body.**']}]\n"
			if tt.tenant != "" {
				text += "    tenant: " + tt.tenant + "\n"
			}
			m, err := parse(t, text).Match(request(tt.in))
			if err != nil || m == nil {
				t.Fatalf("%s: got %v and %v", tt.in, m, err)
			}
			got, err := "", m.Read()
			if err == nil {
				got, err = m.Tenant()
			}
			if err != nil {
				got = err.Error()
				var e *Error
				if !errors.As(err, &e) {
					t.Errorf("got %T, want *Error", err)
				}
			}
			if got != tt.want {
				t.Errorf("%s: got %q, want %q", tt.in, got, tt.want)
			}
			if err != nil {
				return
			}
			// It is the one that was sent, also after everything is replaced.
			if err := m.Rewrite(nil, new(numberer).replace); err != nil {
				t.Fatal(err)
			}
			if after, err := m.Tenant(); after != got || err != nil {
				t.Errorf("%s: after Rewrite got %q and %v, want %q", tt.in, after, err, got)
			}
		})
	}
}

// TestTenantOfTheFile: a route's own counts before the file's.
func TestTenantOfTheFile(t *testing.T) {
	set := parse(t, `version: 1
tenant: path.app
routes:
  - {name: a, match: "/a/{app}"}
  - {name: b, match: /b, tenant: {name: acme}}
  - {name: c, match: "/c/{app}/{org}", tenant: path.org}
  - {name: d, match: /d, pass: true}
`)
	for path, want := range map[string]string{"/a/7": "7", "/b": "acme", "/c/7/8": "8", "/d": "default"} {
		m, err := set.Match(&Message{Method: "GET", Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Read(); err != nil {
			t.Fatal(err)
		}
		if got, err := m.Tenant(); got != want || err != nil {
			t.Errorf("%s: got %q and %v, want %q", path, got, err, want)
		}
	}
}

func TestScope(t *testing.T) {
	tests := []struct {
		name, linkable, in, want string
		ok                       bool
	}{
		{"tenant has none", "tenant", "POST /c/x", "", false},
		{"request has none", "request", "POST /c/x", "", false},
		{"path", "path.id", "POST /c/room%201", "room 1", true},
		{"path, a plus is a space", "path.id", "POST /c/room+1", "room 1", true},
		{"path, canonical", "path.id", "POST /c/+1-202-555-0143", "+12025550143", true},
		{"path, canonical, otherwise spelled", "path.id", "POST /c/tel%3A%2B12025550143", "+12025550143", true},
		{"path, NFC", "path.id", "POST /c/Cafe%CC%81", "Café", true},
		{"path, empty", "path.id", "POST /c", "", false},
		{"query", "query.conf", "POST /c/x?conf=a", "a", true},
		{"query, absent", "query.conf", "POST /c/x", "", false},
		{"query, ambiguous", "query.conf", "POST /c/x?conf=a&conf=b", "", false},
		{"query, twice the same", "query.conf", "POST /c/x?conf=a&conf=a", "a", true},
		{"header", "header.X-Conf", "POST /c/x\nX-Conf: a", "a", true},
		{"body", "body.conf", "POST /c/x\n\n" + `{"conf":"a"}`, "a", true},
		{"body, elsewhere the same", "body.**.conf", "POST /c/x\n\n" + `{"conf":"a","x":[{"conf":"a"}]}`, "a", true},
		{"body, elsewhere another", "body.**.conf", "POST /c/x\n\n" + `{"conf":"a","x":[{"conf":"b"}]}`, "", false},
		{"body, null", "body.conf", "POST /c/x\n\n" + `{"conf":null}`, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set := parse(t, "version: 1\nroutes:\n  - {name: r, match: 'POST /c/{id...}', rules: [{at: body.user, linkable: '"+tt.linkable+"'}, {at: [path.id, body.**]}]}\n")
			m, err := set.Match(request(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Read(); err != nil {
				t.Fatal(err)
			}
			for _, when := range []string{"before", "after"} {
				got, ok := m.Scope(m.Route.rules[0])
				if got != tt.want || ok != tt.ok {
					t.Errorf("%s, %s Rewrite: got %q and %v, want %q and %v", tt.in, when, got, ok, tt.want, tt.ok)
				}
				if _, ok := m.Scope(m.Route.look); ok {
					t.Error("the last look has a scope")
				}
				if err := m.Rewrite(nil, new(numberer).replace); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestReadsNested: tenant and scopes whose addresses end within each other.
func TestReadsNested(t *testing.T) {
	set := parse(t, `version: 1
tenant: body.a
routes:
  - name: r
    match: /
    rules:
      - {at: body.u1, linkable: body.**.x}
      - {at: body.u2, linkable: body.a.b.c}
      - {at: body.u3, linkable: body.**}
`)
	m, err := set.Match(&Message{Method: "POST", Path: "/", Body: []byte(`{"x":"7","a":{"b":{"c":{"x":"7"}},"x":"7"}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Read(); err != nil {
		t.Fatal(err)
	}
	if got, err := m.Tenant(); got != "7" || err != nil {
		t.Errorf("tenant: got %q and %v, want 7", got, err)
	}
	for i, r := range m.Route.rules {
		if got, ok := m.Scope(r); got != "7" || !ok {
			t.Errorf("rule %d: got %q and %v, want 7", i, got, ok)
		}
	}
	want := []int{2, 3, 1, 3} // the tenant is read last
	slices.Sort(want)
	var got []int
	for _, v := range m.values {
		got = append(got, len(v))
	}
	slices.Sort(got)
	if fmt.Sprint(got) != fmt.Sprint([]int{1, 2, 3, 3}) {
		t.Errorf("occurrences: got %v, want 1, 2, 3 and 3", got)
	}
}
