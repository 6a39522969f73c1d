package detect

// strength says how much the text directly before digits tells about them.
type strength uint8

const (
	silent strength = iota
	// hinting: a valid number with its calling code is a phone number.
	hinting
	// naming: any digits of a fitting length are a phone number, a national one too.
	naming
	// msisdn: the digits are an E.164 number by definition, calling code first.
	msisdn
	// sipUser, xmppUser: the digits are the user part of a URI.
	sipUser
	xmppUser
)

type teller struct {
	word string
	strength
}

// tellers are the words that tell, in lower case. Every one of them but the URI schemes holds a letter of isTellLetter.
var tellers = [...]teller{
	{"tel", naming}, {"phone", naming}, {"telephone", naming}, {"telefon", naming}, {"mobile", naming},
	{"cell", hinting}, {"cellphone", naming}, {"callto", naming}, {"msisdn", msisdn},
	{"caller", hinting}, {"callee", hinting}, {"called", hinting}, {"calling", hinting}, {"dialin", hinting},
	{"dialed", hinting}, {"dialled", hinting}, {"whatsapp", hinting}, {"sms", hinting}, {"smsto", hinting},
	{"callerid", hinting}, {"gsm", hinting}, {"mob", hinting}, {"mobil", hinting}, {"handy", hinting}, {"pstn", hinting},
	{"sip", sipUser}, {"sips", sipUser}, {"xmpp", xmppUser},
}

// tellersOf holds the tellers by their length.
var tellersOf = makeTellersOf()

func makeTellersOf() (by [longestTeller + 1][]teller) {
	for _, t := range tellers {
		by[len(t.word)] = append(by[len(t.word)], t)
	}
	return by
}

// tellEnds are the last letters of all tellers and number words, a bit for each from a.
var tellEnds = makeTellEnds()

func makeTellEnds() (ends uint32) {
	for _, t := range tellers {
		ends |= 1 << (t.word[len(t.word)-1] - 'a')
	}
	for _, w := range numberWords {
		ends |= 1 << (w[len(w)-1] - 'a')
	}
	return ends
}

// mayTell reports whether telling could say more than silent.
func mayTell(s string, i int) bool {
	end := gapStart(s, i)
	return end > 0 && isLetter(s[end-1]) && tellEnds>>(s[end-1]|0x20-'a')&1 != 0
}

// gapStart returns where the gap that ends at i begins.
func gapStart(s string, i int) int {
	end := i
	for end > 0 && i-end < longestGap && isGap(s[end-1]) {
		end--
	}
	return end
}

// longestTeller bounds how far back a word is read.
const longestTeller = 9

func isTellLetter(c byte) bool {
	switch c | 0x20 {
	case 'l', 'n', 'm', 'w':
		return isLetter(c)
	}
	return false
}

// isGap reports whether c may stand between a telling word, or a label, and the number: `phone=`, `<phone>`, `\"phone\":`.
func isGap(c byte) bool {
	switch c {
	case ' ', '=', ':', '_', '-', '/', '.', '"', '\'', '(', '[', '<', '>', '#', '\\':
		return true
	}
	return false
}

// longestGap allows for `\": \"`, as JSON inside of JSON has it.
const longestGap = 6

// telling looks at what stands directly before i.
func telling(s string, i int) strength {
	end := gapStart(s, i)
	if end == i || end == 0 || !isLetter(s[end-1]) {
		return silent
	}
	gap := s[end]
	for _, c := range []byte(s[end:i]) {
		if isField(c) {
			gap = c
		}
	}
	word := s[wordStart(s, end):end]
	if equalFold(word, "me") && hasFold(s, end-len("wa.me"), "wa.me") && !wordBefore(s, end-len("wa.me")) {
		return msisdn // the address of a chat: https://wa.me/358401234567
	}
	id := equalFold(word, "id")
	if id || oneOf(word, numberWords) {
		// phone_number=…, callerNumber=…, "mobile no": the word before says which number.
		end -= len(word)
		if end > 0 && (s[end-1] == '_' || s[end-1] == '-' || s[end-1] == ' ') {
			end--
		}
		word = s[wordStart(s, end):end]
	}
	if len(word) > longestTeller || id && !equalFold(word, "caller") {
		return silent // caller_id is a number, phone_id is none
	}
	for _, t := range tellersOf[len(word)] {
		if !equalFold(word, t.word) {
			continue
		}
		switch {
		case (t.strength == sipUser || t.strength == xmppUser) && gap != ':':
			return silent
		case t.strength == naming && !isField(gap):
			// "mobile_17839965" may be a device, but "mobile=17839965" and "<mobile>17839965" are the values of fields.
			return hinting
		}
		return t.strength
	}
	return silent
}

// isField reports whether c, in the gap before a value, says that the word before it names a field.
func isField(c byte) bool { return c == ':' || c == '=' || c == '>' }

var numberWords = []string{"number", "num", "no", "nr"}

// wordStart returns where the word that ends at end begins. A word begins after what is no letter, and at a capital
// after a small letter (callerPhone), but "iPhone" is one word.
func wordStart(s string, end int) int {
	i := end
	for i > 0 && end-i <= longestTeller && isLetter(s[i-1]) {
		i--
		if i > 0 && s[i]&0x20 == 0 && isLetter(s[i-1]) && s[i-1]&0x20 != 0 {
			if s[i-1] == 'i' && (i == 1 || !isLetter(s[i-2])) {
				return i - 1
			}
			return i
		}
	}
	if i > 0 && s[i-1] >= 0x80 && wordBefore(s, i) {
		return end
	}
	return i
}
