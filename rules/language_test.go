package rules

import (
	"encoding/base64"
	"strings"
	"testing"
)

const twoMedia = "unsafe: the body can be read as a form and as something else, and a rule names a field of it"

const twoParameters = "encoding: the Content-Type has parameters that readers take for different things"

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
func u64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// token64 is a JWT of these claims, with a header and a signature that stay.
func token64(claims string) string {
	return u64(`{"alg":"HS256","typ":"JWT"}`) + "." + u64(claims) + ".c2lnbmF0dXJl"
}

// TestSteps: addresses that go into encodings, and what is put back.
func TestSteps(t *testing.T) {
	const form = "\nContent-Type: application/x-www-form-urlencoded\n\n"
	tests := []struct{ name, rules, in, want string }{
		// @fromstr
		{"fromstr, a member", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":"{\"u\":\"Bo\", \"n\":1.50}"}`, "POST /c\n\n" + `{"d":"{\"u\":\"psn_1\", \"n\":1.50}"}`},
		{"fromstr, other spellings stay", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":"{\u0022u\u0022:\"Bo\",\"x\":\"a\\/b\\u00e9\u00e9\/\"}"}`, "POST /c\n\n" + `{"d":"{\u0022u\u0022:\"psn_1\",\"x\":\"a\\/b\\u00e9\u00e9\/\"}"}`},
		{"fromstr, the member is spelled with escapes", "at: body.d.@fromstr.user", "POST /c\n\n" + `{"d":"{\"\\u0075ser\":\"B\\u006f\"}"}`, "POST /c\n\n" + `{"d":"{\"\\u0075ser\":\"psn_1\"}"}`},
		{"fromstr, the value itself", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":{"u":"Bo"}}`, "POST /c\n\n" + `{"d":{"u":"psn_1"}}`},
		{"fromstr, a number in it", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":"{\"u\":17}"}`, "POST /c\n\n" + `{"d":"{\"u\":\"psn_1\"}"}`},
		{"fromstr, every text", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":"{\"u\":\"Bo\"}\n{\"u\":\"Al\"}"}`, "POST /c\n\n" + `{"d":"{\"u\":\"psn_1\"}\n{\"u\":\"psn_2\"}"}`},
		{"fromstr, no JSON: the value as it stands", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":"Bo {"}`, "POST /c\n\n" + `{"d":"psn_1"}`},
		{"fromstr, no JSON, find", "{at: body.d.@fromstr.u, find: phone}", "POST /c\n\n" + `{"d":"Bo +12025550143"}`, "POST /c\n\n" + `{"d":"Bo psn_1"}`},
		{"fromstr, JSON without the member", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":"{\"v\":\"Bo\"}"}`, ""},
		{"fromstr, a number has no members", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":17}`, ""},
		{"fromstr, all of it", "at: body.d.@fromstr", "POST /c\n\n" + `{"d":"[\"Bo\",{\"x\":\"Al\"},1]"}`, "POST /c\n\n" + `{"d":"[\"psn_1\",{\"x\":\"psn_2\"},\"psn_3\"]"}`},
		{"fromstr, all of a number", "at: body.d.@fromstr", "POST /c\n\n" + `{"d":17}`, "POST /c\n\n" + `{"d":"psn_1"}`},
		{"fromstr, last look inside", "at: body.d.@fromstr.u", "POST /c\n\n" + `{"d":"{\"u\":\"Bo\",\"v\":\"\\u002b12025550143\",\"anna@example.com\":1}"}`, "POST /c\n\n" + `{"d":"{\"u\":\"psn_1\",\"v\":\"psn_2\",\"psn_3\":1}"}`},
		{"fromstr, a rule around it", "[{at: body.d.@fromstr.u}, {at: body.**, find: email}]", "POST /c\n\n" + `{"d":"{\"u\":\"Bo\",\"v\":\"a\\u0040example.com\"}"}`, "POST /c\n\n" + `{"d":"{\"u\":\"psn_1\",\"v\":\"psn_2\"}"}`},
		{"fromstr, kept around it", "[{at: body.d.@fromstr.u}, {at: body.d, do: keep}]", "POST /c\n\n" + `{"d":"{\"u\":\"Bo\",\"v\":\"+12025550143\"}"}`, "POST /c\n\n" + `{"d":"{\"u\":\"psn_1\",\"v\":\"+12025550143\"}"}`},
		{"fromstr, whole around it, later", "[{at: body.d.@fromstr.u, do: keep}, {at: body.d}]", "POST /c\n\n" + `{"d":"{\"u\":\"Bo\"}"}`, "POST /c\n\n" + `{"d":"psn_1"}`},
		{"fromstr, whole around it, before", "[{at: body.d}, {at: body.d.@fromstr.u, do: keep}]", "POST /c\n\n" + `{"d":"{\"u\":\"Bo\"}"}`, "POST /c\n\n" + `{"d":"psn_1"}`},
		{"fromstr twice", "at: body.d.@fromstr.e.@fromstr.u", "POST /c\n\n" + `{"d":"{\"e\":\"{\\\"u\\\":\\\"Bo\\\"}\"}"}`, "POST /c\n\n" + `{"d":"{\"e\":\"{\\\"u\\\":\\\"psn_1\\\"}\"}"}`},
		{"fromstr, at any depth", "at: body.**.d.@fromstr.**.u", "POST /c\n\n" + `[{"x":{"d":"{\"y\":[{\"u\":\"Bo\"}]}"}}]`, "POST /c\n\n" + `[{"x":{"d":"{\"y\":[{\"u\":\"psn_1\"}]}"}}]`},
		{"fromstr, elements", "at: body.l.#.@fromstr.u", "POST /c\n\n" + `{"l":["{\"u\":\"Bo\"}","{\"u\":\"Bo\"}"]}`, "POST /c\n\n" + `{"l":["{\"u\":\"psn_1\"}","{\"u\":\"psn_1\"}"]}`},
		{"fromstr in a query", "at: query.d.@fromstr.u", "POST /c?d=%7B%22u%22%3A%22Bo%20X%22%2c%22v%22:1%7d", "POST /c?d=%7B%22u%22%3A%22psn_1%22%2c%22v%22:1%7d"},
		{"fromstr in a query, + is a space", "[{at: query.d.@fromstr.u}, {at: body.u}]", "POST /c?d=%7B%22u%22%3A%22Bo+X%22%7D\n\n" + `{"u":"Bo X"}`, "POST /c?d=%7B%22u%22%3A%22psn_1%22%7D\n\n" + `{"u":"psn_1"}`},
		{"fromstr in a form", "at: form.e.@fromstr.events.#.user_id", "POST /c" + form + "v=2&e=%5B%5D&e=%7B%22events%22%3A%5B%7B%22user_id%22%3A%22Bo%22%7D%5D%7D", "POST /c" + form + "v=2&e=%5B%5D&e=%7B%22events%22%3A%5B%7B%22user_id%22%3A%22psn_1%22%7D%5D%7D"},

		// @pct
		{"pct", "[{at: body.a.@pct}, {at: body.b}]", "POST /c\n\n" + `{"a":"Bo%20X","b":"Bo X"}`, "POST /c\n\n" + `{"a":"psn_1","b":"psn_1"}`},
		{"pct, find", "{at: body.a.@pct, find: email}", "POST /c\n\n" + `{"a":"x%20anna%40example.com%20y"}`, "POST /c\n\n" + `{"a":"x%20psn_1%20y"}`},
		{"pct, broken", "at: body.a.@pct", "POST /c\n\n" + `{"a":"100%"}`, "POST /c\n\n" + `{"a":"psn_1"}`},
		{"pct, nothing encoded", "at: body.a.@pct", "POST /c\n\n" + `{"a":"Bo"}`, "POST /c\n\n" + `{"a":"psn_1"}`},
		{"pct, keep what a machine made, then whole", "[{at: body.a.@pct, find: opaque, do: keep}, {at: body.a.@pct}]", "POST /c\n\n" + `{"a":"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d","b":1}`, ""},
		{"pct, keep what a machine made, then whole without", "[{at: body.a.@pct, find: opaque, do: keep}, {at: body.a}]", "POST /c\n\n" + `{"a":"3f2b8c1e%2d9a7d-4d1a-9c3b-1c1a7e5f0b2d","b":1}`, ""},
		{"pct, an object covers all below", "at: body.a.@pct", "POST /c\n\n" + `{"a":{"x":"B%6f","y":["Bo",7]}}`, "POST /c\n\n" + `{"a":{"x":"psn_1","y":["psn_1","psn_2"]}}`},
		{"pct twice", "[{at: body.a.@pct.@pct}, {at: body.b}]", "POST /c\n\n" + `{"a":"Bo%2520X","b":"Bo X"}`, "POST /c\n\n" + `{"a":"psn_1","b":"psn_1"}`},

		// @base64
		{"base64", "at: body.a.@base64", "POST /c\n\n" + `{"a":"` + b64("Bo X") + `"}`, "POST /c\n\n" + `{"a":"` + b64("psn_1") + `"}`},
		{"base64, not padded", "at: body.a.@base64", "POST /c\n\n" + `{"a":"` + u64("Bo X!") + `"}`, "POST /c\n\n" + `{"a":"` + u64("psn_1") + `"}`},
		{"base64, the other alphabet", "{at: body.a.@base64, find: phone}", "POST /c\n\n" + `{"a":"` + u64("+12025550143 ?>~?") + `"}`, "POST /c\n\n" + `{"a":"` + u64("psn_1 ?>~?") + `"}`},
		{"base64, nothing found", "{at: body.a.@base64, find: phone}", "POST /c\n\n" + `{"a":"` + b64("nobody here") + `"}`, ""},
		{"base64, bytes: the value as it stands", "at: body.a.@base64", "POST /c\n\n" + `{"a":"//79/A=="}`, "POST /c\n\n" + `{"a":"psn_1"}`},
		{"base64 of JSON", "at: query.cx.@base64.@fromstr.user.id", "POST /c?cx=" + u64(`{"user":{"id":"Bo","n":1.0}}`), "POST /c?cx=" + u64(`{"user":{"id":"psn_1","n":1.0}}`)},
		{"base64 of JSON, find around", "[{at: query.cx.@base64.@fromstr.user.id}, {at: query.cx, find: phone}]", "POST /c?cx=" + u64(`{"user":{"id":"Bo","n":"+12025550143"}}`), "POST /c?cx=" + strings.ReplaceAll(b64(`{"user":{"id":"psn_1","n":"psn_2"}}`), "=", "%3D")},
		{"base64 of no JSON", "at: query.cx.@base64.@fromstr.user.id", "POST /c?cx=" + u64(`Bo`), "POST /c?cx=" + u64(`psn_1`)},

		// @url
		{"url, a parameter", "at: body.a.@url.query.u", "POST /c\n\n" + `{"a":"https://x.example/p?u=B%6f&v=%41#f"}`, "POST /c\n\n" + `{"a":"https://x.example/p?u=psn_1&v=%41#f"}`},
		{"url, relative", "at: body.l.#.@url.query.uid", "POST /c\n\n" + `{"l":["?idsite=1&uid=Bo&rec=1","?uid=Bo"]}`, "POST /c\n\n" + `{"l":["?idsite=1&uid=psn_1&rec=1","?uid=psn_1"]}`},
		{"url, path", "at: body.a.@url.path", "POST /c\n\n" + `{"a":"https://x.example/Bo/room?q=1"}`, "POST /c\n\n" + `{"a":"https://x.example/psn_1?q=1"}`},
		{"url, part of the path", "{at: body.a.@url.path.@pct, part: '([^/]+)/?$'}", "POST /c\n\n" + `{"a":"https://x.example/t/B%6f/"}`, "POST /c\n\n" + `{"a":"https://x.example/t/psn_1/"}`},
		{"url, host", "at: body.a.@url.host", "POST /c\n\n" + `{"a":"https://u@bo.example:8080/p"}`, "POST /c\n\n" + `{"a":"https://psn_2@psn_1:8080/p"}`},
		{"url, fragment", "at: body.a.@url.fragment.@pct", "POST /c\n\n" + `{"a":"/p?x#B%6f"}`, "POST /c\n\n" + `{"a":"/p?x#psn_1"}`},
		{"url, everywhere in it", "{at: body.a.@url, find: phone}", "POST /c\n\n" + `{"a":"https://+12025550143@h.example/+12025550143/x?a=+12025550143#%2B12025550143"}`, "POST /c\n\n" + `{"a":"https://psn_1@psn_2/psn_1/x?a=psn_1#psn_1"}`},
		{"url, last look in the rest", "at: body.a.@url.query.u", "POST /c\n\n" + `{"a":"https://anna@example.com/+12025550143?u=Bo&anna%40example.com"}`, "POST /c\n\n" + `{"a":"https://psn_3/psn_1?u=psn_2&psn_3"}`},
		{"url, all parameters", "at: body.a.@url.query.**", "POST /c\n\n" + `{"a":"/p?a=Bo&b=Al"}`, "POST /c\n\n" + `{"a":"/p?a=psn_1&b=psn_2"}`},
		{"url in a query", "at: query.url.@url.query.u", "POST /c?url=https%3A%2F%2Fx.example%2Fp%3Fu%3DB%256f%26v%3D1", "POST /c?url=https%3A%2F%2Fx.example%2Fp%3Fu%3Dpsn_1%26v%3D1"},
		{"url, JSON in a parameter", "at: body.a.@url.query.d.@fromstr.u", "POST /c\n\n" + `{"a":"/p?d=%7B%22u%22:%22Bo%22%7D"}`, "POST /c\n\n" + `{"a":"/p?d=%7B%22u%22:%22psn_1%22%7D"}`},
		{"url, a parameter removed", "{at: body.a.@url.query.u, do: remove}", "POST /c\n\n" + `{"a":"/p?x=1&u=Bo&y=2"}`, "POST /c\n\n" + `{"a":"/p?x=1&y=2"}`},

		// @jwt
		{"jwt", "at: body.t.@jwt.sub", "POST /c\n\n" + `{"t":"` + token64(`{"sub":"Bo", "n":1.0}`) + `"}`, "POST /c\n\n" + `{"t":"` + token64(`{"sub":"psn_1", "n":1.0}`) + `"}`},
		{"jwt after Bearer", "at: header.Authorization.@jwt.userID.@pct", "POST /c\nAuthorization: Bearer " + token64(`{"userID":"anna%40example.com","iat":17}`), "POST /c\nAuthorization: Bearer " + token64(`{"userID":"psn_1","iat":17}`)},
		{"jwt, another claim is personal", "at: body.t.@jwt.sub", "POST /c\n\n" + `{"t":"` + token64(`{"sub":"Bo","mail":"anna@example.com"}`) + `"}`, unsafeToken},
		{"jwt, another claim is personal and kept", "[{at: body.t.@jwt.sub}, {at: body.t.@jwt.mail, do: keep}]", "POST /c\n\n" + `{"t":"` + token64(`{"sub":"Bo","mail":"anna@example.com"}`) + `"}`, "POST /c\n\n" + `{"t":"` + token64(`{"sub":"psn_1","mail":"anna@example.com"}`) + `"}`},
		{"jwt, the rest is kept", "[{at: body.t.@jwt.sub}, {at: body.t, do: keep}]", "POST /c\n\n" + `{"t":"` + token64(`{"sub":"Bo","mail":"anna@example.com"}`) + `"}`, "POST /c\n\n" + `{"t":"` + token64(`{"sub":"psn_1","mail":"anna@example.com"}`) + `"}`},
		{"jwt, no rule with find changes it", "[{at: body.t.@jwt.sub}, {at: body.t, find: email}]", "POST /c\n\n" + `{"t":"` + token64(`{"sub":"Bo","mail":"anna@example.com"}`) + `"}`, unsafeToken},
		{"jwt, personal in its header", "at: body.t.@jwt.sub", "POST /c\n\n" + `{"t":"` + u64(`{"alg":"none","kid":"anna@example.com"}`) + "." + u64(`{"sub":"Bo"}`) + `."}`, unsafeToken},
		{"jwt, none: the value as it stands", "at: body.t.@jwt.sub", "POST /c\n\n" + `{"t":"Bo"}`, "POST /c\n\n" + `{"t":"psn_1"}`},
		{"jwt, whole", "at: body.t", "POST /c\n\n" + `{"t":"` + token64(`{"sub":"Bo"}`) + `"}`, "POST /c\n\n" + `{"t":"psn_1"}`},
		{"jwt in a form", "at: form.code.@jwt.userID", "POST /c" + form + "grant_type=x&code=" + token64(`{"userID":"Bo"}`), "POST /c" + form + "grant_type=x&code=" + token64(`{"userID":"psn_1"}`)},
		{"jwt in a URL", "at: body.a.@url.query.jwt.@jwt.context.user", "POST /c\n\n" + `{"a":"https://x.example/r?jwt=` + token64(`{"context":{"user":{"name":"Bo","id":7}}}`) + `&x=1"}`, "POST /c\n\n" + `{"a":"https://x.example/r?jwt=` + token64(`{"context":{"user":{"name":"psn_1","id":"psn_2"}}}`) + `&x=1"}`},

		// @keys
		{"keys", "at: body.m.@keys", "POST /c\n\n" + `{"m":{"Bo":{"Al":1},"7":[{"Bo":2}]}}`, "POST /c\n\n" + `{"m":{"psn_1":{"Al":1},"psn_2":[{"Bo":2}]}}`},
		{"keys, kept by find", "[{at: body.m.@keys, find: opaque, do: keep}, {at: body.m.@keys}]", "POST /c\n\n" + `{"m":{"Bo":1,"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d":2}}`, "POST /c\n\n" + `{"m":{"psn_1":1,"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d":2}}`},
		{"keys and values", "at: [body.m.@keys, body.m.*.u]", "POST /c\n\n" + `{"m":{"Bo":{"u":"Bo"}}}`, "POST /c\n\n" + `{"m":{"psn_1":{"u":"psn_1"}}}`},
		{"keys, at any depth", "at: body.**.@keys", "POST /c\n\n" + `{"a":{"b":[{"c":1}]}}`, "POST /c\n\n" + `{"psn_1":{"psn_2":[{"psn_3":1}]}}`},
		{"keys, of an array are none", "at: body.m.@keys", "POST /c\n\n" + `{"m":[{"Bo":1}]}`, ""},
		{"keys in a string", "at: body.d.@fromstr.endpoints.@keys", "POST /c\n\n" + `{"d":"{\"endpoints\":{\"Bo\":{\"x\":1}}}"}`, "POST /c\n\n" + `{"d":"{\"endpoints\":{\"psn_1\":{\"x\":1}}}"}`},
		{"keys, masked", "{at: body.m.@keys, do: mask}", "POST /c\n\n" + `{"m":{"Bo":1}}`, "POST /c\n\n" + `{"m":{"**":1}}`},

		// What is removed, through encodings.
		{"remove, JSON in a query", "{at: query.d.@fromstr.u, do: remove}", `POST /c?d={"u":"Bo","v":1}`, `POST /c?d={"v":1}`},
		{"remove, found in a form", "{at: form.d.@fromstr.u, find: email, do: remove}", "POST /c" + form + `d={"u":"x anna@example.com"}`, "POST /c" + form + `d={"u":"x "}`},
		{"remove, part of an encoded parameter", "{at: query.d.@pct, part: '^(B.)', do: remove}", "POST /c?d=Bo1", "POST /c?d=1"},
		{"remove, the only parameter of a URL", "{at: query.d.@url.query.u, do: remove}", "POST /c?d=/p?u=Bo", "POST /c?d=/p?"},
		{"remove, in a URL in JSON", "{at: body.a.@url.query.d.@fromstr.u, do: remove}", "POST /c\n\n" + `{"a":"/p?d=%7B%22u%22:%22Bo%22,%22v%22:1%7D"}`, "POST /c\n\n" + `{"a":"/p?d=%7B%22v%22:1%7D"}`},

		// Several encodings at one place.
		{"url and JSON", "[{at: body.**.@url.query.uid}, {at: body.p.@fromstr.user}]", "POST /c\n\n" + `{"p":"{\"user\":\"Bo\"}"}`, "POST /c\n\n" + `{"p":"{\"user\":\"psn_1\"}"}`},
		{"url parameters and JSON, kept", "[{at: body.p.@fromstr.user}, {at: body.**.@url.query.uid, find: any}]", "POST /c\n\n" + `{"p":"{\"user\":\"Bo\"}"}`, "POST /c\n\n" + `{"p":"{\"user\":\"psn_1\"}"}`},
		{"url and jwt", "[{at: body.**.@url.query.uid}, {at: body.p.@jwt.sub}]", "POST /c\n\n" + `{"p":"` + token64(`{"sub":"Bo"}`) + `"}`, "POST /c\n\n" + `{"p":"` + token64(`{"sub":"psn_1"}`) + `"}`},
		{"pct and base64", "[{at: body.a.@pct, find: phone}, {at: body.a.@base64.@fromstr.u}]", "POST /c\n\n" + `{"a":"` + b64(`{"u":"Bo"}`) + `"}`, "POST /c\n\n" + `{"a":"` + b64(`{"u":"psn_1"}`) + `"}`},
		{"url and no base64", "[{at: body.a.@url.query.u}, {at: body.a.@base64}]", "POST /c\n\n" + `{"a":"Bo!"}`, "POST /c\n\n" + `{"a":"psn_1"}`},
		{"JSON and no base64", "[{at: body.a.@fromstr.u, find: phone}, {at: body.a.@base64}]", "POST /c\n\n" + `{"a":"{\"v\":\"Bo\"}"}`, "POST /c\n\n" + `{"a":"psn_1"}`},
		{"url and pct", "[{at: body.a.@url.query.u}, {at: body.a.@pct, find: phone}]", "POST /c\n\n" + `{"a":"/%2B12025550143?u=Bo&v=%7e"}`, "POST /c\n\n" + `{"a":"/psn_1?u=psn_2&v=%7e"}`},
		{"no JSON before a URL", "at: query.a.@fromstr.@url.query.q", "POST /c?a=Bo", "POST /c?a=psn_1"},
		{"a URL in JSON", "at: query.a.@fromstr.@url.query.q", "POST /c?a=%22/?q=Bo%22", "POST /c?a=%22/?q=psn_1%22"},

		// What stands across the parts.
		{"user and host of a URL", "at: body.a.@url.query.to", "POST /c\n\n" + `{"a":"https://anna@app.example/call?to=Bo"}`, "POST /c\n\n" + `{"a":"https://psn_2/call?to=psn_1"}`},
		{"a word that tells in a URL", "at: body.a.@url.query.to", "POST /c\n\n" + `{"a":"/call?to=Bo&phone=447700900123"}`, "POST /c\n\n" + `{"a":"/call?to=psn_1&phone=psn_2"}`},
		{"what is kept inside stays", "[{at: body.a.@url.query.to, do: keep}]", "POST /c\n\n" + `{"a":"/call?to=+447700900123&phone=447700900123"}`, "POST /c\n\n" + `{"a":"/call?to=+447700900123&phone=psn_1"}`},
		{"an own detector across", "[{at: body.a.@url.query.to}, {at: body.a, find: email}]", "POST /c\n\n" + `{"a":"https://anna@app.example/call?to=Bo"}`, "POST /c\n\n" + `{"a":"https://psn_2/call?to=psn_1"}`},
		{"keep behind an encoding that it is not", "[{at: body.a.@fromstr.*.0, do: keep}, {at: body.a}]", "POST /c\n\n" + `{"a":"Bo"}`, "POST /c\n\n" + `{"a":"psn_1"}`},
		{"part of a text with JSON, keep", `[{at: body.d, part: '"n":"([^"]*)"', do: keep}, {at: body.d.@fromstr.u, find: phone}]`, "POST /c\n\n" + `{"d":"{\"n\":\"x\",\"u\":\"+12025550143\"}"}`, "POST /c\n\n" + `{"d":"{\"n\":\"x\",\"u\":\"psn_1\"}"}`},

		{"what is left of a finding, in an escape", "[{at: body.r.@url.query.url.@url.host, do: keep}, {at: body.r.@url.query.url.@url}]", "POST /c\n\n" + `{"r":"?url=%2F%2Fanna%40app.example"}`, "POST /c\n\n" + `{"r":"?url=%2F%2Fpsn_1%40app.example"}`},

		{"reject in an encoding, of what is around", "{at: body.l.@url.path, do: reject}", "POST /c\n\n" + `{"l":["?uid=Bo",null,{"x":"?y"}]}`, ""},
		{"reject in an encoding, of an element", "{at: body.l.@url.path, do: reject}", "POST /c\n\n" + `{"l":["?uid=Bo","uid=Bo"]}`, "rejected: rule r/1 rejects this request"},
		{"remove in an encoding, null", "{at: body.l.@pct, do: remove}", "POST /c\n\n" + `{"l":null,"m":1}`, "POST /c\n\n" + `{"m":1}`},

		// What is removed or rejected inside.
		{"jwt removed, body", "{at: body.t.@jwt, do: remove}", "POST /c\n\n" + `{"t":"` + token64(`{"sub":"anna@example.com"}`) + `","b":1}`, "POST /c\n\n" + `{"b":1}`},
		{"jwt removed, query", "{at: query.t.@jwt, do: remove}", "POST /c?t=" + token64(`{"sub":"anna@example.com"}`) + "&a=1", "POST /c?a=1"},
		{"jwt removed, login", "{at: header.Authorization.@jwt, do: remove}", "POST /c\nAuthorization: Bearer " + token64(`{"sub":"anna@example.com"}`), "POST /c"},
		{"jwt removed, behind @pct", "{at: query.t.@pct.@jwt, do: remove}", "POST /c?t=" + token64(`{"sub":"Bo"}`) + "&a=1", "POST /c?a=1"},
		{"jwt removed, text", "{at: text.@jwt, do: remove}", "POST /c\n\n" + token64(`{"sub":"Bo"}`), "POST /c"},
		{"removed after a change, escaped", "[{at: body.a.@url.query.u}, {at: body.a.@pct, do: remove}]", "POST /c\n\n" + `{"a":"?u=B\u006f","b":1}`, "POST /c\n\n" + `{"b":1}`},
		{"removed after a change, in @pct", "[{at: query.a.@pct.@url.query.u}, {at: query.a.@pct.@pct, do: remove}]", "POST /c?a=?u%3DBo&b=1", "POST /c?b=1"},
		{"removed after a change, in @base64", "[{at: body.a.@base64.@url.query.u}, {at: body.a.@base64.@pct, do: remove}]", "POST /c\n\n" + `{"a":"` + b64("?u=Bo") + `","b":1}`, "POST /c\n\n" + `{"b":1}`},
		{"reject in an encoding, whole after", "[{at: body.a.@base64, find: phone, do: reject}, {at: body.a}]", "POST /c\n\n" + `{"a":"` + b64("+12025550143") + `"}`, "rejected: rule r/1 rejects this request"},
		{"reject a member, whole after", "[{at: body.a.@fromstr.u, do: reject}, {at: body.a}]", "POST /c\n\n" + `{"a":"{\"u\":1}"}`, "rejected: rule r/1 rejects this request"},
		{"reject a member that is not there, whole after", "[{at: body.a.@fromstr.u, do: reject}, {at: body.a}]", "POST /c\n\n" + `{"a":"{\"v\":1}"}`, "POST /c\n\n" + `{"a":"psn_1"}`},

		// What one encoding keeps or takes, another one follows.
		{"a JWT kept, URLs elsewhere", "[{at: body.t.@jwt, do: keep}, {at: 'body.**.@url.query.uid'}]", "POST /c\n\n" + `{"t":"` + token64(`{"mail":"anna@example.com"}`) + `"}`, ""},
		{"a claim kept, URLs elsewhere", "[{at: body.t.@jwt.mail, do: keep}, {at: 'body.**.@url.query.uid'}]", "POST /c\n\n" + `{"t":"` + token64(`{"mail":"anna@example.com"}`) + `"}`, ""},
		{"a member kept, URLs elsewhere", "[{at: body.p.@fromstr.k, do: keep}, {at: 'body.**.@url.query.uid'}]", "POST /c\n\n" + `{"p":"{\"k\":\"+12025550143\"}"}`, ""},
		{"part around two encodings", "[{at: body.a, part: '^/room/([^/?]+)'}, {at: body.a.@url.query.u, find: email}, {at: body.a.@pct, part: 'v=(.*)$'}]", "POST /c\n\n" + `{"a":"/room/Bo?v=Al"}`, "POST /c\n\n" + `{"a":"/room/psn_2?v=psn_1"}`},

		// JSON of form encoders.
		{"JSON of Python in a query", "{at: query.d.@fromstr.u}", "POST /c?d=%7B%22n%22%3A+17%2C+%22u%22%3A+%22Bo%22%7D", "POST /c?d=%7B%22n%22%3A+17%2C+%22u%22%3A+%22psn_1%22%7D"},
		{"JSON of Python in a query, find", "{at: query.d.@fromstr.u, find: email}", "POST /c?d=%7B%22n%22%3A+17%2C+%22u%22%3A+%22anna%5Cu0040example.com%22%7D", "POST /c?d=%7B%22n%22%3A+17%2C+%22u%22%3A+%22psn_1%22%7D"},
		{"JSON of Python in a form", "{at: form.d.@fromstr.u}", "POST /c" + form + "d=%7B%22n%22%3A+17%2C+%22u%22%3A+%22Bo%22%7D", "POST /c" + form + "d=%7B%22n%22%3A+17%2C+%22u%22%3A+%22psn_1%22%7D"},
		{"JSON with an exponent in a query", "{at: query.d.@fromstr.u}", `POST /c?d={"n":1e+5,"u":"Bo"}`, `POST /c?d={"n":1e+5,"u":"psn_1"}`},
		{"a name with +", "at: 'query.d.@fromstr.a - 2'", `POST /c?d={"a+-+2":"Bo"}`, `POST /c?d={"a+-+2":"psn_1"}`},

		// Spelling.
		{"url in a query, the rest stays", "at: query.d.@url.query.u", "POST /c?d=/p?u=Bo%26v=a/%c3%a9:b", "POST /c?d=/p?u=psn_1%26v=a/%c3%a9:b"},
		{"url in JSON, the rest stays", "at: body.d.@url.query.u", "POST /c\n\n" + `{"d":"\/p?v=\u00e9\/&u=Bo"}`, "POST /c\n\n" + `{"d":"\/p?v=\u00e9\/&u=psn_1"}`},
		{"JSON in a query, + in an address", "at: query.d.@fromstr.u", `POST /c?d={"u":"Bo","e":"anna+tag@example.com"}`, `POST /c?d={"u":"psn_1","e":"psn_2"}`},
		{"JSON in a query, + between", "at: query.d.@fromstr.u", `POST /c?d={+"u":+"Bo+X"}`, `POST /c?d={+"u":+"psn_1"}`},
		{"url, a number", "at: body.a.@url.path", "POST /c\n\n" + `{"a":358401234567}`, "POST /c\n\n" + `{"a":"psn_1"}`},

		// Logins.
		{"login behind @pct", "{at: header.Authorization.@pct, find: phone}", "POST /c\nAuthorization: Basic " + annaBasic, unsafeLogin},
		{"login behind @pct, plain", "{at: header.Authorization.@pct, find: phone}", "POST /c\nAuthorization: Digest anna@example.com", unsafeLogin},
		{"login taken whole, after what rejects", "[{at: header.Authorization.@pct, find: phone, do: reject}, {at: header.Authorization}]", "POST /c\nAuthorization: Basic " + annaBasic, "POST /c\nAuthorization: psn_1"},
		{"login behind @url", "{at: header.Authorization.@url.query.t, find: phone}", "POST /c\nAuthorization: Basic " + annaBasic, unsafeLogin},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRewrite(t, "", tt.rules, tt.in, tt.want) })
	}
}

// TestParts: the parts of a request that are no path, query, header or JSON.
func TestParts(t *testing.T) {
	const form = "\nContent-Type: application/x-www-form-urlencoded\n\n"
	const multi = "\nContent-Type: multipart/form-data; boundary=b\n\n"
	part := func(name, content string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + content + "\r\n"
	}
	tests := []struct{ name, rules, in, want string }{
		{"cookie", "at: cookie.uid", "POST /c\nCookie: a=1; uid=Bo; b=2", "POST /c\nCookie: a=1; uid=psn_1; b=2"},
		{"cookie, every one of that name", "at: cookie.uid", "POST /c\nCookie: uid=Bo; UID=Al\nCookie: uid=Bo", "POST /c\nCookie: uid=psn_1; UID=psn_2\nCookie: uid=psn_1"},
		{"cookie, quotes are a part of it", "{at: cookie.uid, find: phone}", `POST /c` + "\n" + `Cookie: uid="+12025550143"`, "POST /c\n" + `Cookie: uid="psn_1"`},
		{"cookie, encoded", "at: cookie.uid.@pct.@fromstr.id", "POST /c\nCookie: uid=%7B%22id%22%3A%22Bo%22%7D", "POST /c\nCookie: uid=%7B%22id%22%3A%22psn_1%22%7D"},
		{"cookie, last look", "", "POST /c\nCookie: a=+12025550143; anna@example.com=1", "POST /c\nCookie: a=psn_1; psn_2=1"},
		{"cookie, all", "at: cookie.**", "POST /c\nCookie: a=Bo; b=Al", "POST /c\nCookie: a=psn_1; b=psn_2"},
		{"cookie, removed", "{at: cookie.uid, do: remove}", "POST /c\nCookie: uid=Bo; b=2", "POST /c\nCookie: b=2"},
		{"cookie, the only one removed", "{at: cookie.uid, do: remove}", "POST /c\nCookie: uid=Bo", "POST /c"},
		{"cookie, as a header", "at: header.Cookie", "POST /c\nCookie: uid=Bo; b=2", "POST /c\nCookie: psn_1"},
		{"header wildcard leaves cookies", "at: header.**", "POST /c\nA: Bo\nCookie: uid=Bo", "POST /c\nA: psn_1\nCookie: uid=Bo"},
		{"header, removed", "{at: header.X-User, do: remove}", "POST /c\nA: 1\nX-User: Bo\nX-User: Al", "POST /c\nA: 1"},

		{"form", "at: form.u", "POST /c" + form + "a=1&u=B%6f&b=%41", "POST /c" + form + "a=1&u=psn_1&b=%41"},
		{"form, last look", "", "POST /c" + form + "a=+12025550143&anna%40example.com=1", "POST /c" + form + "a=psn_1&psn_2=1"},
		{"form, a body rule does not mean it", "at: body.u", "POST /c" + form + "u=Bo", ""},
		{"form, brackets", `at: 'form.s[id]'`, "POST /c" + form + "s%5Bid%5D=Bo&s[id]=Al", "POST /c" + form + "s%5Bid%5D=psn_1&s[id]=psn_2"},
		{"form, removed", "{at: form.u, do: remove}", "POST /c" + form + "u=1&a=1&u=2&b&u", "POST /c" + form + "a=1&b"},
		{"form, broken escape", "at: form.u", "POST /c" + form + "u=%zz", "unparseable: the form has a broken percent-encoding or is not UTF-8"},
		{"form that is JSON", "at: body.u", "POST /c" + form + `{"u":"Bo"}`, "POST /c" + form + `{"u":"psn_1"}`},
		{"query, removed", "{at: query.u, do: remove}", "POST /c?u=1", "POST /c"},
		{"query, removed without a value", "{at: query.u, do: remove}", "POST /c?a&u&b=", "POST /c?a&b="},

		{"multipart", "at: form.u", "POST /c" + multi + part("a", "1") + part("u", "Bo") + "--b--\r\n", "POST /c" + multi + part("a", "1") + part("u", "psn_1") + "--b--\r\n"},
		{"multipart, nothing", "", "POST /c" + multi + part("a", "1") + part("u", "Bo") + "--b--\r\n", ""},
		{"multipart, names and file names", "", "POST /c" + multi + part(`anna@example.com"; filename="+12025550143.log`, "1") + "--b--", "POST /c" + multi + part(`psn_1"; filename="psn_2.log`, "1") + "--b--"},
		{"multipart, other headers", "", "POST /c" + multi + "--b\r\nX-From: anna@example.com\r\nContent-Disposition: form-data; name=a\r\nX-To: b@example.com\r\n\r\n1\r\n--b--", "POST /c" + multi + "--b\r\nX-From: psn_1\r\nContent-Disposition: form-data; name=a\r\nX-To: psn_2\r\n\r\n1\r\n--b--"},
		{"multipart, around it", "", "POST /c" + multi + "anna@example.com\r\n" + part("a", "1") + "--b--\r\n+12025550143", "POST /c" + multi + part("a", "1") + "--b--\r\n"},
		{"multipart, length", "at: form.a", "POST /c" + multi + "--b\r\nContent-Length: 2\r\nContent-Disposition: form-data; name=a\r\n\r\nBo\r\n--b--", "POST /c" + multi + "--b\r\nContent-Length: 5\r\nContent-Disposition: form-data; name=a\r\n\r\npsn_1\r\n--b--"},
		{"multipart, removed", "{at: form.u, do: remove}", "POST /c" + multi + part("u", "Bo") + part("a", "1") + part("u", "Al") + "--b--\r\n", "POST /c" + multi + part("a", "1") + "--b--\r\n"},
		{"multipart, all removed", "{at: form.**, do: remove}", "POST /c" + multi + part("u", "Bo") + "--b--\r\n", "POST /c\nContent-Type: multipart/form-data; boundary=b"},
		{"multipart, JSON", "", "POST /c" + multi + part("s", `{"u":"\u002b12025550143"}`) + "--b--", "POST /c" + multi + part("s", `{"u":"psn_1"}`) + "--b--"},
		{"multipart, JSON, rules", "[{at: form.s.@fromstr.u}, {at: form.**, find: email}]", "POST /c" + multi + part("s", `{"u":"Bo","e":"anna\u0040example.com"}`) + part("x", `["anna\u0040example.com"]`) + "--b--", "POST /c" + multi + part("s", `{"u":"psn_1","e":"psn_2"}`) + part("x", `["psn_2"]`) + "--b--"},
		{"multipart, bytes", "", "POST /c" + multi + part("u", "\xff\xfe") + "--b--", "encoding: a part of the form is not text; nothing else is inspected here"},

		{"text", "{at: text, find: phone}", "POST /c\nContent-Type: text/plain\n\ncall +12025550143 or anna@example.com", "POST /c\nContent-Type: text/plain\n\ncall psn_1 or psn_2"},
		{"text, whole", "at: text", "POST /c\n\nBo", "POST /c\n\npsn_1"},
		{"text that is a number", "at: text", "POST /c\n\n17", "POST /c\n\npsn_1"},
		{"text, encoded", "at: text.@base64.@fromstr.u", "POST /c\n\n" + b64(`{"u":"Bo"}`), "POST /c\n\n" + b64(`{"u":"psn_1"}`)},
		{"text, removed", "{at: text, do: remove}", "POST /c\n\nBo", "POST /c"},
		{"text that is JSON", "[{at: text}, {at: body.u}]", "POST /c\nContent-Type: text/plain\n\n" + `{"u":"Bo"}`, "POST /c\nContent-Type: text/plain\n\n" + `{"u":"psn_1"}`},
		{"a string that is JSON", "at: body.**", "POST /c\nContent-Type: text/plain\n\n" + `"B\u006f"`, "POST /c\nContent-Type: text/plain\n\n" + `"psn_1"`},

		{"records", "at: body.u", "POST /c\nContent-Type: application/x-ndjson\n\n{\"u\":\"Bo\"}\n\n{\"u\":\"Al\"}\r\n", "POST /c\nContent-Type: application/x-ndjson\n\n{\"u\":\"psn_1\"}\n\n{\"u\":\"psn_2\"}\r\n"},
		{"records, JSON text sequence", "at: body.u", "POST /c\nContent-Type: application/json-seq\n\n\x1e{\"u\":\"Bo\"}\n\x1e{\"u\":\"Al\"}\n", "POST /c\nContent-Type: application/json-seq\n\n\x1e{\"u\":\"psn_1\"}\n\x1e{\"u\":\"psn_2\"}\n"},
		{"records, undeclared", "at: body.u", "POST /c\n\n{\"u\":\"Bo\"}{\"u\":\"Al\"}", "POST /c\n\n{\"u\":\"psn_1\"}{\"u\":\"psn_2\"}"},
		{"records, elements begin anew", "at: body.1", "POST /c\n\n[1,2] [3,4]", "POST /c\n\n[1,\"psn_1\"] [3,\"psn_2\"]"},
		{"records, one is broken", "at: body.u", "POST /c\n\n{\"u\":\"Bo\"}\n{broken\n{\"u\":\"Al\"}", "unparseable: the body is not JSON at byte 12"},

		// Where two readers read two things.
		{"two boundaries", "at: form.u", "POST /c\nContent-Type: multipart/form-data; boundary=b; boundary*=utf-8''c\n\n--c\r\nContent-Disposition: form-data; name=x\r\n\r\n--b--\r\n\r\n--c--\r\n", twoParameters},
		{"two charsets", "at: body.u", "POST /c\nContent-Type: application/json; charset=utf-7; charset*=utf-8''utf-8\n\n{}", twoParameters},
		{"JSON that is a form too", "at: form.u", "POST /c" + form + `["&u=Bo&"]`, twoMedia},
		{"JSON that claims a form", "[{at: form.u}, {at: body.u}]", "POST /c" + form + `{"u":"Bo"}`, "POST /c" + form + `{"u":"psn_1"}`},
		{"broken JSON that claims a form", "at: body.u", "POST /c" + form + `{"u":"Bo",}`, "unparseable: the body is not JSON at byte 10"},
		{"form that says text", "at: form.u", "POST /c\nContent-Type: text/plain\n\nu=Bo&v=1", "POST /c\nContent-Type: text/plain\n\nu=psn_1&v=1"},
		{"form that says nothing", "at: form.u", "POST /c\n\nu=Bo&v=1", "POST /c\n\nu=psn_1&v=1"},
		{"form that says nothing, not named", "at: form.u", "POST /c\n\nx=Bo&v=1", ""},
		{"multipart that says nothing", "at: form.u", "POST /c\n\n" + part("u", "Bo") + "--b--\r\n", "POST /c\n\n" + part("u", "psn_1") + "--b--\r\n"},
		{"records, the first a number", "at: body.u", "POST /c\nContent-Type: text/plain\n\n0\n{\"u\":\"Bo\"}", "POST /c\nContent-Type: text/plain\n\n0\n{\"u\":\"psn_1\"}"},
		{"records, the first null, as a form", "at: body.u", "POST /c" + form + "null\n{\"u\":\"Bo\"}", "POST /c" + form + "null\n{\"u\":\"psn_1\"}"},
		{"records, the first is none", "at: body.u", "POST /c\n\nhello\n{\"u\":\"Bo\"}", "unparseable: the body is not JSON at byte 0"},
		{"text with braces, no rule for JSON", "at: query.u", "POST /c\n\nhello\n{\"u\":\"Bo\"}", ""},
		{"part of a part with JSON", `{at: form.s, part: '"n":"([^"]*)"'}`, "POST /c" + multi + part("s", `{"n":"Bo","v":"7"}`) + "--b--", "POST /c" + multi + part("s", `{"n":"psn_1","v":"7"}`) + "--b--"},
		{"multipart, bytes removed", "{at: form.f, do: remove}", "POST /c" + multi + part("f", "\xff") + part("a", "1") + "--b--", "POST /c" + multi + part("a", "1") + "--b--"},
		{"removed after a change, multipart", "[{at: form.a.@url.query.u}, {at: form.a.@pct, do: remove}]", "POST /c" + multi + part("a", "?u=Bo") + part("c", "1") + "--b--\r\n", "POST /c" + multi + part("c", "1") + "--b--\r\n"},
		{"JSON behind a BOM", "at: body.u", "POST /c\n\n\ufeff" + `{"u":"Bo"}`, "unparseable: the body is not JSON at byte 0"},
		{"JSON behind a BOM, as a form", "at: body.u", "POST /c" + form + "\ufeff" + `{"u":"Bo"}`, "unparseable: the body is not JSON at byte 0"},
		{"a record behind a BOM", "at: body.u", "POST /c\n\nnull\n\ufeff" + `{"u":"Bo"}`, "unparseable: the body is not JSON at byte 5"},
		{"markup behind a BOM", "", "POST /c\nContent-Type: text/plain\n\n\ufeff<a>anna&#64;example.com</a>", "encoding: the body is of a medium that is not inspected here: JSON, forms and plain text are"},
		{"a part behind a BOM", "", "POST /c" + multi + part("s", "\ufeff"+`{"u":"anna\u0040example.com"}`) + "--b--", "encoding: a part of the form is not text; nothing else is inspected here"},
		{"text, a wildcard names no field", "[{at: text}, {at: 'form.*', find: email}]", "POST /c\nContent-Type: text/plain\n\nAnna was here", "POST /c\nContent-Type: text/plain\n\npsn_1"},
		{"text that may be a form", "[{at: text}, {at: form.u}]", "POST /c\n\nu=Bo", twoMedia},
		{"SDP is no form", "[{at: text, find: ip}, {at: form.v}]", "POST /c\nContent-Type: application/sdp\n\nv=0\r\no=- 1 1 IN IP4 192.0.2.7\r\n", "POST /c\nContent-Type: application/sdp\n\nv=0\r\no=- 1 1 IN IP4 psn_1\r\n"},
		{"CSV is no form", "[{at: text}, {at: form.u, find: email}]", "POST /c\nContent-Type: text/csv\n\nu=Bo", "POST /c\nContent-Type: text/csv\n\npsn_1"},
		{"form that says text, a broken escape", "at: form.u", "POST /c\nContent-Type: text/plain\n\nu=Bo&x=100%", "unparseable: the form has a broken percent-encoding or is not UTF-8"},
		{"records with CR", "at: body.u", "POST /c\n\nhello\r{\"u\":\"Bo\"}", "unparseable: the body is not JSON at byte 0"},
		{"records, no rule for JSON", "", "POST /c\n\n0\n{\"u\":\"\\u002b12025550143\"}", "POST /c\n\n0\n{\"u\":\"psn_1\"}"},
		{"records on one line", "at: body.u", "POST /c\n\nnull {\"u\":\"Bo\"}", "POST /c\n\nnull {\"u\":\"psn_1\"}"},
		{"cookie, empty", "", "POST /c\nCookie: \nX: 1", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkRewrite(t, "", tt.rules, tt.in, tt.want) })
	}
}

// TestActions: mask, remove, reject and part.
func TestActions(t *testing.T) {
	rejected := "rejected: rule r/1 rejects this request"
	tests := []struct{ name, rules, in, want string }{
		{"mask, whole", "{at: body.a, do: mask}", `{"a":"+358 (40) 123-4567","b":1}`, `{"a":"+*** (**) ***-4567","b":1}`},
		{"mask, eleven characters", "{at: body.a, do: mask}", `{"a":"+1 (202) 555-0143"}`, `{"a":"+* (***) ***-****"}`},
		{"mask, short", "{at: body.a, do: mask}", `{"a":"anna@ex.co"}`, `{"a":"****@**.**"}`},
		{"mask, letters of all scripts", "{at: body.a, do: mask}", `{"a":"Åsa e\u0301 東京"}`, `{"a":"*** ** **"}`},
		{"mask, number", "{at: body.a, do: mask}", `{"a":358401234567}`, `{"a":"********4567"}`},
		{"mask, find, encoded", "{at: body.a, find: email, do: mask}", `{"a":"x%20u%40e%78ample.com"}`, `{"a":"x%20*@*******.***"}`},
		{"mask in one encoding, then another", "[{at: body.a.@url.path, find: email, do: mask}, {at: body.a.@pct.@fromstr.u}]", `{"a":"%7B%22w%22:%22u%40e%78ample.com%22,%22u%22:%22Bo%22%7D"}`, `{"a":"%7B%22w%22:%22*@*******.***%22,%22u%22:%22psn_2%22%7D"}`},
		{"mask, find", "{at: body.a, find: phone, do: mask}", `{"a":"call +358401234567 now"}`, `{"a":"call +********4567 now"}`},

		{"remove, first", "{at: body.a, do: remove}", `{ "a" : 1 , "b" : 2 }`, `{ "b" : 2 }`},
		{"remove, middle", "{at: body.b, do: remove}", `{"a":1, "b":2, "c":3}`, `{"a":1, "c":3}`},
		{"remove, last", "{at: body.c, do: remove}", `{"a":1, "b":2, "c":3 }`, `{"a":1, "b":2 }`},
		{"remove, only", "{at: body.a, do: remove}", `{ "a":1 }`, `{  }`},
		{"remove, first two", "at: [body.a, body.b]", `{"a":1,"b":2}`, `{"a":"psn_1","b":"psn_2"}`},
		{"remove, all but one", "{at: [body.a, body.b, body.d], do: remove}", `{"a":1,"b":2,"c":3,"d":4}`, `{"c":3}`},
		{"remove, all", "{at: [body.a, body.b, body.d], do: remove}", `{"a":1,"b":2,"d":4}`, `{}`},
		{"remove, duplicates", "{at: body.a, do: remove}", `{"a":1,"A":2,"\u0061":{"a":[1]},"b":1,"a":null}`, `{"b":1}`},
		{"remove, what has no text", "{at: [body.a, body.b, body.c, body.d, body.e, body.f], do: remove}", `{"a":null,"b":true,"c":"","d":[],"e":{},"f":false,"g":1}`, `{"g":1}`},
		{"remove, elements", "{at: body.l.#.a, do: remove}", `{"l":[{"a":1,"b":2},{"a":3}]}`, `{"l":[{"b":2},{}]}`},
		{"remove, an element", "{at: body.l.1, do: remove}", `{"l":[1,2,3]}`, `{"l":[1,3]}`},
		{"remove, every element", "{at: body.l.#, do: remove}", `{"l":[1, [2], {"a":3}]}`, `{"l":[]}`},
		{"remove, what is in it is not looked at", "{at: body.a, do: remove}", `{"a":{"b":"+12025550143","+12025550143":[{}]},"c":"+12025550143"}`, `{"c":"psn_2"}`},
		{"remove, a broken text in it still counts", "{at: body.a, do: remove}", `{"a":{"b":tru},"c":1}`, "unparseable: the body is not JSON at byte 10"},
		{"remove, its name was personal", "{at: 'body.*.x', do: remove}", `{"b":{"anna@example.com":1,"x":2},"c":{"x":"anna@example.com"}}`, `{"b":{"psn_1":1},"c":{}}`},
		{"remove, a personal name", "{at: 'body.*@example\\.com', do: remove}", `{"anna@example.com":1,"b":"anna@example.com"}`, `{"b":"psn_1"}`},
		{"remove, nested", "{at: [body.a, body.**.z], do: remove}", `{"a":{"z":1},"b":{"z":1,"y":[{"z":2},3]}}`, `{"b":{"y":[{},3]}}`},
		{"remove, found text", "{at: body.a, find: phone, do: remove}", `{"a":"call +12025550143!","b":"+12025550143"}`, `{"a":"call !","b":"psn_1"}`},
		{"remove, part", "{at: body.a, part: '(@.*)$', do: remove}", `{"a":"Bo@7"}`, `{"a":"Bo"}`},
		{"remove, kept before", "[{at: body.a, find: opaque, do: keep}, {at: body.a, do: remove}]", `[{"a":1}]`, ""},
		{"remove, kept where a machine made it", "[{at: body.#.a, find: opaque, do: keep}, {at: body.#.a, do: remove}]", `[{"a":"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d"},{"a":"Bo"}]`, `[{"a":"3f2b8c1e-9a7d-4d1a-9c3b-1c1a7e5f0b2d"},{}]`},
		{"remove, in a string", "{at: body.d.@fromstr.a, do: remove}", `{"d":"{\"a\":1,\"b\":2}"}`, `{"d":"{\"b\":2}"}`},
		{"remove, through an encoding", "{at: body.d.@base64, do: remove}", `{"d":"Qm8=","e":1}`, `{"e":1}`},
		{"remove, records", "{at: body.a, do: remove}", "{\"a\":1}\n{\"b\":2,\"a\":1}", "{}\n{\"b\":2}"},

		{"reject", "{at: body.a, do: reject}", `{"a":"Bo"}`, rejected},
		{"reject, absent", "{at: body.a, do: reject}", `{"b":"Bo"}`, ""},
		{"reject, null", "{at: body.a, do: reject}", `{"a":null}`, rejected},
		{"reject, an object", "{at: body.a, do: reject}", `{"a":{}}`, rejected},
		{"reject, found", "{at: body.a, find: phone, do: reject}", `{"a":"x +12025550143"}`, rejected},
		{"reject, not found", "{at: body.a, find: phone, do: reject}", `{"a":"x","b":"+12025550143"}`, `{"a":"x","b":"psn_1"}`},
		{"reject, in an encoding", "{at: body.a.@pct, find: phone, do: reject}", `{"a":"%2B12025550143"}`, rejected},

		{"part", "{at: body.a, part: '^(.*)@[0-9]+$'}", `{"a":"Bo X@17"}`, `{"a":"psn_1@17"}`},
		{"part, no match: all of it", "{at: body.a, part: '^(.*)@[0-9]+$'}", `{"a":"Bo@x"}`, `{"a":"psn_1"}`},
		{"part, canonical", "[{at: body.a, part: '^conf-(.*)$'}, {at: body.b}]", `{"a":"conf-+1-202-555-0143","b":"tel:+12025550143"}`, `{"a":"conf-psn_1","b":"psn_1"}`},
		{"part, find in it", "{at: body.a, part: '^x(.*)y', find: phone}", `{"a":"x+12025550143y","b":1}`, `{"a":"xpsn_1y","b":1}`},
		{"part, keep", "[{at: body.a, part: '^([a-z]+)', do: keep}, {at: body.a, find: phone}, {at: body.a, part: '(.)$'}]", `{"a":"abc 1"}`, `{"a":"abc psn_1"}`},
		{"part, keep, then whole", "[{at: body.a, part: '(@[0-9]+)$', do: keep}, {at: body.a}]", `{"a":"Bo@17"}`, `{"a":"psn_1"}`},
		{"part, findings in it are taken with it", "[{at: body.a, find: phone}, {at: body.a, part: '<(.*)>'}]", `{"a":"<Bo +12025550143>"}`, `{"a":"<psn_1>"}`},
		{"part, found across its end", "[{at: body.a, find: phone}, {at: body.a, part: '^(Bo .1202)'}]", `{"a":"Bo +12025550143"}`, `{"a":"psn_1 psn_2"}`},
		{"part, of a number", "{at: body.a, part: '^(..)'}", `{"a":1234}`, `{"a":"psn_134"}`},
		{"part, last look in the rest", "{at: body.a, part: '^([a-z]+) '}", `{"a":"bo +12025550143"}`, `{"a":"psn_1 psn_2"}`},
		{"part, an empty group", "{at: body.a, part: '^(x?)'}", `{"a":"bo"}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if strings.HasPrefix(want, "{") || strings.HasPrefix(want, "[") || want == "" {
				if want == "" {
					want = tt.in
				}
				want = "POST /c\n\n" + want
			}
			checkRewrite(t, "", tt.rules, "POST /c\n\n"+tt.in, want)
		})
	}
}

// TestOwnDetectors: variants, patterns and words of a file.
func TestOwnDetectors(t *testing.T) {
	const detectors = `detectors:
  phone: {regions: [FI]}
  dialled: {kind: phone, bare: true}
  employee: {pattern: '\bE([0-9]{6})\b'}
  vip: {words: [anna.virtanen, "John Smith"]}
`
	tests := []struct{ name, rules, in, want string }{
		{"bare", "{at: body.a, find: dialled}", `{"a":"358401234567"}`, `{"a":"psn_1"}`},
		{"bare, number", "{at: body.a, find: dialled}", `{"a":358401234567,"b":358401234568}`, `{"a":"psn_1","b":358401234568}`},
		{"bare, number with an exponent", "[{at: body.a, find: dialled}, {at: body.b}]", `{"a":3.58401234567e11,"b":"+358401234567"}`, `{"a":"psn_1","b":"psn_1"}`},
		{"bare, not asked for", "{at: body.a, find: phone}", `{"a":"358401234567"}`, ""},
		{"part of a number, find", "{at: body.a, part: '^9(.*)$', find: dialled}", `{"a":9358401234567}`, `{"a":"9psn_1"}`},
		{"part of a number with an exponent", "{at: body.a, part: '^(..)'}", `{"a":1.234e3}`, `{"a":"psn_134"}`},
		{"an own detector counts as what it says", "[{at: body.a, find: who}, {at: body.b}]", `{"a":"/?uid=Bo%20X","b":"Bo X"}`, `{"a":"/?uid=psn_1","b":"psn_1"}`},
		{"pattern with a group", "{at: body.a, find: employee}", `{"a":"E123456 E1","b":"E123456"}`, `{"a":"Epsn_1 E1","b":"E123456"}`},
		{"pattern, number", "{at: body.a, find: digits}", `{"a":1234}`, `{"a":"1psn_14"}`},
		{"words", "{at: body.**, find: vip}", `{"a":"x Anna.Virtanen","b":["JOHN SMITH","John Smithson"]}`, `{"a":"x psn_1","b":["psn_2","John Smithson"]}`},
		{"words in names", "{at: body.**, find: vip}", `{"anna.virtanen":1}`, `{"psn_1":1}`},
		{"words in another encoding", "{at: body.**, find: vip}", `{"a":"John%20Smith"}`, `{"a":"psn_1"}`},
		{"keep", "[{at: body.a, find: employee, do: keep}, {at: body.a}]", `{"a":"E123456"}`, `{"a":"psn_1"}`},
		{"region", "{at: body.a, find: phone}", `{"a":"040 1234567"}`, `{"a":"psn_1"}`},
		{"region, last look", "", `{"a":"040 1234567"}`, `{"a":"psn_1"}`},
		{"base64 by chance, and what is found as written", "[{at: body.a.@base64, find: email}, {at: body.a, find: digits}]", `{"a":"ac23"}`, `{"a":"acpsn_1"}`},
		{"region, one person", "[{at: body.a}]", `{"a":"040-1234567","b":"+358 40 1234567"}`, `{"a":"psn_1","b":"psn_1"}`},
		{"region, a number has no zero in front", "", `{"a":401234567}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			if want == "" {
				want = tt.in
			}
			checkRewrite(t, detectors+"  digits: {pattern: '23'}\n  who: {pattern: 'uid=([^&]+)'}\n", tt.rules, "POST /c\n\n"+tt.in, "POST /c\n\n"+want)
		})
	}
}

// TestOtherwise: what no rule takes is kept where the route says so.
func TestOtherwise(t *testing.T) {
	set := parse(t, "version: 1\nroutes:\n  - name: r\n    match: POST /c/{id...}\n    otherwise: keep\n    guard: off\n    rules:\n      - {at: [body.a, query.u], find: phone}\n      - {at: body.d.@fromstr.u}\n")
	in := "POST /c/+12025550143?u=%2B12025550143&v=%2B12025550143\nAuthorization: Basic " + annaBasic + "\nX: anna@example.com\n\n" +
		`{"a":"+12025550143 anna@example.com","b":"+12025550143","t":"` + personalJWT + `","d":"{\"u\":\"Bo\",\"v\":\"+12025550143\"}"}`
	want := strings.NewReplacer(`u=%2B12025550143`, `u=psn_1`, `"a":"+12025550143`, `"a":"psn_1`, `\"Bo\"`, `\"psn_2\"`).Replace(in)
	if got, n := send(set, in); got != want {
		t.Errorf("got  %s\nwant %s\nfound %s", got, want, strings.Join(n.log, "; "))
	}
}

// checkRewrite takes a request through the rules of one route, POST /c/{id...}, and
// compares what leaves. "" is wanted where nothing changes.
func checkRewrite(t *testing.T, head, rules, in, want string) {
	t.Helper()
	if !strings.HasPrefix(rules, "[") {
		if strings.HasPrefix(rules, "at:") {
			rules = "{" + rules + "}"
		}
		rules = "[" + rules + "]"
	}
	text := "version: 1\n" + head + "routes:\n  - name: r\n    match: POST /c/{id...}\n"
	if rules != "[]" {
		text += "    rules: " + rules + "\n"
	}
	if want == "" {
		want = in
	}
	got, n := send(parse(t, text), in)
	if got != want {
		t.Errorf("rules %s\nin   %s\ngot  %s\nwant %s\nfound %s", rules, in, got, want, strings.Join(n.log, "; "))
	}
}
