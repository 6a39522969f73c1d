package detect

import (
	"strings"
	"testing"
)

func TestEmail(t *testing.T) {
	finds{
		{"anna@example.com", []string{`email "anna@example.com"`}},
		{"Anna.Virtanen+x@Example.COM", []string{`email "Anna.Virtanen+x@Example.COM" Anna.Virtanen+x@example.com`}},
		{"anna@example.com/device2", []string{`email "anna@example.com"`}},
		{"<anna@example.com>", []string{`email "anna@example.com"`}},
		{"Anna <anna@example.com>, Ben <ben@example.org>", []string{`email "anna@example.com"`, `email "ben@example.org"`}},
		{"user:anna@example.com:2", []string{`email "anna@example.com"`}},
		{"conf-anna@example.com", []string{`email "anna@example.com"`}},
		{"acct=anna@example.com&room=1", []string{`email "anna@example.com"`}},
		{"auth0|anna@example.com|7", []string{`email "anna@example.com"`}},
		{"anna@example.com.", []string{`email "anna@example.com"`}},
		{"anna@example.com-device2", []string{`email "anna@example.com"`}},
		{"anna@example.com_7", []string{`email "anna@example.com"`}},
		{"anna@123.example", []string{`email "anna@123.example"`}},
		{"'o.brien@example.com'", []string{`email "o.brien@example.com"`}},
		{"o'brien@example.com", []string{`email "o'brien@example.com"`}},
		{`"anna virtanen"@example.com`, []string{`email "\"anna virtanen\"@example.com"`}},
		{"åsa@bücher.example", []string{`email "åsa@bücher.example"`}},
		{"анна@Пример.РФ", []string{`email "анна@Пример.РФ" анна@пример.рф`}},
		{"anna@例え。テスト", []string{`email "anna@例え。テスト" anna@例え.テスト`}},
		{"anna@xn--bcher-kva.example", []string{`email "anna@xn--bcher-kva.example" anna@bücher.example`}},
		{"anna@XN--BCHER-KVA.example", []string{`email "anna@XN--BCHER-KVA.example" anna@bücher.example`}},
		{"a\u0308nna@bu\u0308cher.example", []string{"email \"a\u0308nna@bu\u0308cher.example\" änna@bücher.example"}},
		{"ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", []string{`email "ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ" anna@example.com`}},
		{"an\u200bna@exam\u00adple.com", []string{`email "an\u200bna@exam\u00adple.com" anna@example.com`}},
		{"anna@xn--a.example", []string{`email "anna@xn--a.example"`}}, // no Punycode
		{"🍇anna@example.com", []string{`email "anna@example.com"`}},
		{"mailto:anna@example.com?subject=x", []string{`email "anna@example.com"`}},
		{"anna@corp.local", []string{`email "anna@corp.local"`}},
		{"a..b@example.com", []string{`email "b@example.com"`}},
		{"anna@muc.example", []string{`email "anna@muc.example"`}}, // a provider
		{"anna@example.com.png", []string{`email "anna@example.com.png"`}},
		{"anna@service.example", []string{`email "anna@service.example"`}},
		{"anna@example.com@example.org", []string{`email "anna@example.com"`}},
	}.run(t, Any...)
}

func TestNoEmail(t *testing.T) {
	nothing(t, Any,
		"@", "@@", "@example.com", "anna@", "anna@example", "anna@example.c", "anna@.com", "anna@-x.com", "anna.@example.com",
		"room@conference.example.com", "room@conference-2.example.com/anna", "lobby@muc.example.com", "x@muc.meet.example.com",
		"- 4611731400430051336 2 IN IP4 localhost", "user@host", "1001@pbx",
		"@scope/pkg@2.29.15", "pkg@1.2.3-beta.next", "640x1080@15", "video@30.fps0",
		"120363041234567890@g.us", "19:meeting_NDMyZDNjMGQ2NTUz@thread.v2", "anna@s.whatsapp.net",
		"room@conference.example/anna", "room@muc.localhost", "room7@lobby.meet.example.com/x", "room7@breakout.meet.example.com", "room7@internal-muc.meet.example", "brewery@internal.auth.meet.example/jvb1",
		"https://cdn.example.com/img/icon@2x.png", "bg-4f0e1a@3x.webp", "wg-quick@wg0.service", "getty@tty1.service",
		"git@github.example:team/repo", "49e578c9@sfu.internal/b4ac", "psn@0f3.invalid",
		"anna@127.0.0.1", strings.Repeat("a", 400)+"@example.com",
	)
	nothing(t, []Kind{Email}, "sip:anna@example.com", "sips:anna;x=1@example.com", "sip:a=b@example.com", "anna@192.0.2.7")
}
