package detect

import "strings"

// addressed reports whether the dotted number s[from:end] is an address and no version: a version says so, or looks like
// one beyond doubt.
func addressed(s string, from, end int, octets [4]byte) bool {
	glued := wordBefore(s, from)
	switch {
	case glued && !afterWord(s, from):
		return false
	case specialNet(octets):
		return true
	case productBefore(s, from):
		return large(octets[:]) > 2 || large(octets[:2]) == 2
	case glued || wordAfter(s, end):
		return large(octets[:]) > 1
	case versionBefore(s, from) || versionAfter(s, end) || telephoneBefore(s, from):
		return false
	case octets[1] == 0 && octets[2] == 0 && octets[3] == 0:
		return octets[0] == 10 || prefixAfter(s, end)
	}
	return true
}

// specialNet reports whether an address is of a net for private, link-local, shared or exemplary use (RFC 6890). They
// are written everywhere, and no version begins as they do. 10.0.0.0/8 is left out: versions do begin with 10.
func specialNet(octets [4]byte) bool {
	switch a, b, c := octets[0], octets[1], octets[2]; a {
	case 100:
		return b >= 64 && b < 128
	case 169:
		return b == 254
	case 172:
		return b >= 16 && b < 32
	case 192:
		return b == 168 || b == 0 && c == 2
	case 198:
		return b == 51 && c == 100
	case 203:
		return b == 0 && c == 113
	}
	return false
}

// large returns how many of the octets are larger than the numbers of versions are: of those the build is large, in
// browsers the first, too, but never the second.
func large(octets []byte) (n int) {
	for _, b := range octets {
		if b >= 64 {
			n++
		}
	}
	return n
}

// longestWord bounds the words that tell a version, and those that an address may be glued to.
const longestWord = 24

// afterWord reports whether a word of letters alone stands before i, glued to what begins there: "text192.0.2.7". An id
// that holds digits, as a pseudonym does, is none.
func afterWord(s string, i int) bool {
	from := i
	for from > 0 && i-from <= longestWord && isLetter(s[from-1]) {
		from--
	}
	return from < i && !wordBefore(s, from)
}

var versionWords = []string{"version", "ver", "release", "build", "firmware", "rev", "revision", "sdk", "v"}

// versionBefore reports whether the word before i says that a version follows.
func versionBefore(s string, i int) bool {
	end := i
	for end > 0 && i-end < longestGap && strings.IndexByte(" =:/_-\"\\", s[end-1]) >= 0 {
		end--
	}
	if end == i {
		return false
	}
	word := wordEnding(s, end)
	return oneOf(word, versionWords) || hasFold(word, len(word)-len("version"), "version")
}

// telephones are the makers whose user agents name the model and then the firmware, in no form that RFC 9110 has:
// "Yealink SIP-T46S 66.84.0.15", "snom320/8.7.5.35".
var telephones = []string{"yealink", "grandstream", "snom", "fanvil", "htek", "akuvox", "gigaset", "audiocodes", "mitel"}

// telephoneBefore reports whether the model of a telephone stands before i.
func telephoneBefore(s string, i int) bool {
	if i == 0 || s[i-1] != ' ' && s[i-1] != '/' {
		return false
	}
	from := i - 1
	for from > 0 && i-from <= longestWord && (isWord(s[from-1]) || s[from-1] == '-') {
		from--
	}
	model := s[from : i-1]
	for _, maker := range telephones {
		if hasFold(model, 0, maker) || from > 0 && s[from-1] == ' ' && equalFold(wordEnding(s, from-1), maker) {
			return true
		}
	}
	return false
}

// transports are the product-like words after which an address stands: SIP/192.0.2.1-0001.
var transports = []string{"sip", "pjsip", "udp", "tcp", "tls", "ws", "wss", "dtls", "rtp", "srtp", "iax", "ip"}

// productBefore reports whether the name of a product stands before i, as in Chrome/1.2.3.4 (RFC 9110, section 10.1.5).
func productBefore(s string, i int) bool {
	if i == 0 || s[i-1] != '/' {
		return false
	}
	word := wordEnding(s, i-1)
	return word != "" && word[0]&0x20 == 0 && !oneOf(word, transports)
}

// wordEnding returns the letters that end at end.
func wordEnding(s string, end int) string {
	from := end
	for from > 0 && end-from <= longestWord && isLetter(s[from-1]) {
		from--
	}
	return s[from:end]
}

var prereleases = []string{"rc", "beta", "alpha", "dev", "pre", "snapshot", "ga", "dirty", "release"}

// versionAfter reports whether a version goes on at i: 1.2.3.4-rc1, 1.2.3.4+build.
func versionAfter(s string, i int) bool {
	if i+1 >= len(s) || s[i] != '-' && s[i] != '+' || !isLetter(s[i+1]) {
		return false
	}
	end := i + 1
	const longest = 10
	for end < len(s) && end-i < longest && isLetter(s[end]) {
		end++
	}
	return s[i] == '+' || oneOf(s[i+1:end], prereleases)
}

// prefixAfter reports whether the length of a network prefix stands at i: the /8 of 9.0.0.0/8 (RFC 4632).
func prefixAfter(s string, i int) bool {
	if i+1 >= len(s) || s[i] != '/' || !isDigit(s[i+1]) {
		return false
	}
	n, end := 0, i+1
	for end < len(s) && end < i+3 && isDigit(s[end]) {
		n = 10*n + int(s[end]-'0')
		end++
	}
	return n <= 32 && !wordAfter(s, end)
}
