package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

const leakRules = `
version: 1
tenant: path.app
routes:
  - name: events
    match: POST /events/{who}
    tenant: {name: acme}
    rules:
      - {at: body.bad, do: reject}
      - {at: body.note, find: email, do: mask}
  - name: apps
    match: POST /apps/{app}/{who}
  - name: dropping
    match: POST /dropping/{who}
    tenant: {name: acme}
    on_failure: {unparseable: drop, oversize: drop, encoding: drop, collector: drop}
  - name: watched
    match: POST /watched/{who}
    tenant: {name: acme}
    mode: observe
`

// hostile are requests with {S} in every place, most of them malformed.
func hostile() (all []string) {
	post := func(target, header, body string) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%sContent-Length: {%d}\r\n\r\n%s", target, header, len(body), body)
	}
	const h = " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	all = []string{
		// The request line.
		"GET /{S}" + h + "\r\n",
		"GET /?{S}={S}" + h + "\r\n",
		"{S}\r\n\r\n",
		"{S} / HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET {S}" + h + "\r\n",
		"GET /events/{S} HTTP/{S}\r\nHost: x\r\n\r\n",
		"GET /events/{S} HTTP/3.7\r\nHost: x\r\n\r\n",
		"GET /events/{S} {S}" + h + "\r\n",
		"POST /events/{S}/.." + h + "\r\n",
		"POST /events/{S}%zz" + h + "\r\n",
		"POST /events/{S}%00" + h + "\r\n",
		"POST /events/{S}%ff" + h + "\r\n",
		"POST /events/x?a={S}%zz" + h + "\r\n",
		"POST /events/x?a={S}%ff" + h + "\r\n",
		"POST /events/x?{S};{S}" + h + "\r\n",
		"POST http://{S}/events/{S}" + h + "\r\n",
		"POST http://[{S}/events/x" + h + "\r\n",
		"CONNECT {S}:443" + h + "\r\n",
		"OPTIONS *" + h + "X: {S}\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{S}",
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03{S}",
		"GET /events/" + strings.Repeat("{S}/", 700) + h + "\r\n",
		// Headers.
		"GET /" + h + "{S}: {S}\r\n\r\n",
		"GET /" + h + "{S}\r\n\r\n",
		"GET /" + h + "X {S}: 1\r\n\r\n",
		"GET /" + h + "X: 1\r\n {S}\r\n\r\n",
		"GET /" + h + "X: {S}\x00\r\n\r\n",
		"GET /" + h + "X: {S}\n\r\n",
		"GET /" + h + "X: " + strings.Repeat("{S}", 6000) + "\r\n\r\n",
		"GET /" + h + strings.Repeat("X: {S}\r\n", 1500) + "\r\n",
		"GET / HTTP/1.1\r\nHost: {S}\r\nConnection: close\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: {S} {S}\r\n\r\n",
		"GET /" + h + "Host: {S}\r\n\r\n",
		"GET /{S} HTTP/1.1\r\n\r\n",
		"POST /events/x" + h + "Content-Length: {S}\r\n\r\n",
		"POST /events/x" + h + "Content-Length: 5, {S}\r\n\r\n",
		"POST /events/x" + h + "Content-Length: 5\r\nContent-Length: {S}\r\n\r\n",
		"POST /events/x" + h + "Transfer-Encoding: {S}\r\n\r\n",
		"POST /events/x" + h + "Transfer-Encoding: chunked\r\nTransfer-Encoding: {S}\r\n\r\n",
		"POST /events/x" + h + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\nX: {S}\r\n\r\n0\r\n\r\n",
		"POST /events/x" + h + "Upgrade: {S}\r\nConnection: {S}\r\n\r\n",
		"POST /events/x" + h + "Expect: {S}\r\n\r\n",
		"OPTIONS /events/x" + h + "Origin: https://x\r\nAccess-Control-Request-Method: {S}\r\n\r\n",
		post("/events/x", "Authorization: Bearer {S}\r\n", "{}"),
		post("/events/x", "Cookie: {S}; a=\"{S}; ={S}\r\n", "{}"),
		post("/events/x", "Referer: http://{S}/{S}\r\nUser-Agent: {S}\r\nX-Forwarded-For: {S}\r\nForwarded: for={S}\r\n", "{}"),
		post("/events/x", "Content-Digest: {S}\r\nSignature: {S}\r\nSignature-Input: {S}\r\n", `{"user":"{S}"}`),
		// Bodies.
		post("/events/x", "Content-Type: {S}\r\n", "{S}"),
		post("/events/x", "Content-Type: application/json; charset={S}\r\n", `"{S}"`),
		post("/events/x", "Content-Type: application/{S}\r\n", "\x00\x01{S}"),
		post("/events/x", "Content-Encoding: {S}\r\n", "{S}"),
		post("/events/x", "Content-Encoding: gzip\r\n", "{S}"),
		post("/events/x", "Content-Encoding: br\r\n", "{S}"),
		post("/events/x", "Content-Encoding: gzip\r\n", gzipOf("{S}", "{")[:30]),
		post("/events/x", "", gzipOf("{S}", `{"user":`)),
		post("/events/x", "Content-Type: multipart/form-data; boundary={S}\r\n", "--{S}\r\nContent-Disposition: form-data; name=\"{S}\"\r\n\r\n{S}"),
		post("/events/x", "Content-Type: multipart/form-data; boundary=b\r\n", "--b\r\nContent-Disposition: form-data; name=\"{S}\"; filename=\"{S}\r\n{S}: {S}\r\n\r\n{S}\r\n--b--\r\n"),
		post("/events/x", "Content-Type: multipart/form-data\r\n", "--{S}--"),
		post("/events/x", "Content-Type: application/x-www-form-urlencoded\r\n", "{S}=%zz{S}"),
		post("/events/x", "Content-Type: application/x-www-form-urlencoded\r\n", "a=%ff{S}"),
		post("/events/x", "Content-Type: text/plain; charset=utf-16\r\n", "{S}"),
		post("/events/x", "Content-Type: application/json\r\n", `{"{S}":"{S}"`),
		post("/events/x", "", `{"{S}":}`),
		post("/events/x", "", `[{S}]`),
		post("/events/x", "", `{"user":"{S}\ud800"}`),
		post("/events/x", "", "{\"user\":\"{S}\xff\"}"),
		post("/events/x", "", "{\"user\":\"{S}\x00\"}"),
		post("/events/x", "", `{"user":"{S}\q"}`),
		post("/events/x", "", `{"user":"{S}"}{S}`),
		post("/events/x", "", strings.Repeat(`{"{S}":`, 200)+strings.Repeat("}", 200)),
		post("/events/x", "", strings.Repeat("{S}", 9000)),
		post("/events/x", "", `{"bad":"{S}"}`),
		post("/apps/{S}/x", "", `{"user":"{S} anna@example.com"}`),
		post("/apps/-{S}/x", "", `{"user":"{S} anna@example.com"}`),
		post("/dropping/{S}", "", `{"{S}":`),
		post("/dropping/x", "Content-Encoding: {S}\r\n", `{"{S}":`),
		post("/watched/{S}", "Content-Encoding: {S}\r\n", `{"{S}":`),
		post("/watched/{S}", "X: {S}\r\n", `{"{S}":"{S}","bad":"{S}"}`),
		post("/events/{S}?{S}={S}", "X-User: {S}\r\nCookie: {S}={S}\r\n", `{"{S}":"{S}","note":"{S}"}`),
		"POST /events/{S}" + h + "Content-Length: 9999\r\n\r\n{\"{S}",
		"POST /events/{S}" + h + "Transfer-Encoding: chunked\r\n\r\n{S}\r\n",
		"POST /events/{S}" + h + "Transfer-Encoding: chunked\r\n\r\n2;{S}\r\n{}\r\n0\r\n{S}: {S}\r\n\r\n",
		"POST /events/{S}" + h + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}{S}\r\n",
	}
	return all
}

// with puts a secret into a request, whose lengths it then corrects.
func with(request, secret string) string {
	for i := strings.Index(request, "Content-Length: {"); i >= 0; {
		head, body, _ := strings.Cut(request, "\r\n\r\n")
		body = strings.ReplaceAll(body, "{S}", secret)
		line := head[i:]
		line = line[:strings.Index(line, "}")+1]
		return strings.ReplaceAll(strings.Replace(head, line, fmt.Sprint("Content-Length: ", len(body)), 1), "{S}", secret) + "\r\n\r\n" + body
	}
	return strings.ReplaceAll(request, "{S}", secret)
}

// gzipOf is a text in gzip, with a file name.
func gzipOf(name, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Name = strings.Trim(name, "{}")
	io.WriteString(w, text)
	w.Close()
	return strings.Replace(b.String(), w.Name, name, 1)
}

// answers are what a collector says, most of it malformed.
var hostileAnswers = []string{
	"HTTP/1.1 {S}\r\n\r\n",
	"{S}\r\n\r\n",
	"HTTP/1.1 200 {S}\r\nContent-Length: {S}\r\n\r\n",
	"HTTP/1.1 200 OK\r\n{S}\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: {S}\r\n\r\n",
	"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{S}\r\n",
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: {S}\r\nConnection: Upgrade\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\nX: {S}\r\n\r\n{}",
	"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("{S}", 20_000) + "\r\n\r\n",
	"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 400 {S}\r\n\r\n",
}
