package pseudonym

import (
	"crypto/aes"
	"crypto/cipher"
	"iter"
	"net/netip"
	"strings"
	"sync"
)

// EmailDomain is the domain of e-mail addresses that are shapes. Nobody can have
// it (RFC 2606, section 2).
const EmailDomain = "pseudonym.invalid"

// Bounds of integers that have a shape, in digits. More than the highest, and a
// reader of JSON may round them.
const (
	minInteger = 6
	maxInteger = 15
)

// minNational is how many digits of a phone number must not be kept, for FF1 to
// have a domain of a million.
const minNational = 6

// Shape returns a pseudonym that looks like its text, and false where there is
// none. Of the text, which is in its canonical form, there is one if it is
//
//   - a phone number in E.164 form, of which the first keep bytes, the + and the
//     country code, stay, and at least 6 digits follow: it has as many digits (FF1,
//     NIST SP 800-38G);
//   - an integer of 6 to 15 digits, and maybe a - before them: it has the same sign
//     and as many digits, and begins with a 0 if the text does (FF1, and encrypted
//     again until it does);
//   - an IP address without a zone: addresses with a common prefix have shapes with
//     a common prefix of that length (ipcrypt-pfx, draft-denis-ipcrypt), written as
//     in RFC 5952; a mapped address counts as IPv4;
//   - an e-mail address, for which any text with an @ in it is taken: the one-way
//     token of the text, at [EmailDomain].
//
// keep is of no matter but for phone numbers; who does not know the country code
// gives 0, and they have no shape.
//
// A shape depends on what a one-way token depends on, and different texts of one
// kind have different shapes. But it shows no key version and cannot be checked:
// the keyring does not know its own shapes, except e-mail addresses, which are
// returned as they are. Nobody without the key can turn a shape back, and there is
// no method that does with it. For c.Reversible there are no shapes.
func (k *Keyring) Shape(c Context, text string, keep int) (string, bool) {
	if c.Reversible {
		return "", false
	}
	return k.at(c.Time).shape(k, c.Scope, text, keep)
}

// ShapeAll yields the shape that a text has under each key version, with the
// number of the version, in the order of [Keyring.Versions]: nothing, where it has
// none. c.Time does not matter.
func (k *Keyring) ShapeAll(c Context, text string, keep int) iter.Seq2[uint16, string] {
	return func(yield func(uint16, string) bool) {
		for _, v := range k.Versions() {
			shape, ok := k.find(v.Number).shape(k, c.Scope, text, keep)
			if !ok || c.Reversible || !yield(v.Number, shape) {
				return
			}
		}
	}
}

func (v *version) shape(k *Keyring, scope, text string, keep int) (string, bool) {
	sign := 0
	if text != "" && text[0] == '-' {
		sign = 1
	}
	if keep > 1 && keep+minNational <= len(text) && text[0] == '+' && allDigits(text[1:]) {
		return v.digits(usePhoneShape, scope, text, keep, text[1:keep])
	}
	if n := len(text) - sign; minInteger <= n && n <= maxInteger && allDigits(text[sign:]) {
		return v.digits(useIntegerShape, scope, text, sign, text[:sign])
	}
	if a, err := netip.ParseAddr(text); err == nil {
		if a.Zone() != "" {
			return "", false
		}
		return v.ipShape(scope).encrypt(a).String(), true
	}
	if at := strings.IndexByte(text, '@'); at > 0 && at < len(text)-1 {
		if k.Own(text) {
			return text, true
		}
		return v.sealOneWay(scope, text) + "@" + EmailDomain, true
	}
	return "", false
}

// digits encrypts what follows the first keep bytes of a text. Of an integer, one
// that begins with a 0 and one that does not are two kinds: a number in JSON begins
// with none. The encryption of all texts of one length, followed until it is of the
// kind again, is a permutation of the kind.
func (v *version) digits(use, scope, text string, keep int, tweak string) (string, bool) {
	out := []byte(text)
	numerals := out[keep:]
	zero := numerals[0] == '0'
	for i := range numerals {
		numerals[i] -= '0'
	}
	f := ff1{v.digitShape(use, scope), 10}
	for {
		if !f.encrypt(numerals, []byte(tweak)) {
			return "", false
		}
		if use == usePhoneShape || (numerals[0] == 0) == zero {
			break
		}
	}
	for i := range numerals {
		numerals[i] += '0'
	}
	return string(out), true
}

// emailShape returns the local part of an address at [EmailDomain], which is ASCII:
// letters of any case.
func emailShape(text string) (user string, ok bool) {
	at := len(text) - len(EmailDomain) - 1
	if at < 0 || text[at] != '@' {
		return "", false
	}
	for i := range len(EmailDomain) {
		if lower(text[at+1+i]) != EmailDomain[i] {
			return "", false
		}
	}
	return text[:at], true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// shapeKeys are the ciphers for the empty scope, made when the first shape is: most
// keyrings never need them.
type shapeKeys struct {
	once           sync.Once
	phone, integer cipher.Block
	ip             ipcryptPfx
}

func (v *version) ready() *shapeKeys {
	v.shapes.once.Do(func() {
		v.shapes.phone = newAES(v.shapeKey(usePhoneShape, ""))
		v.shapes.integer = newAES(v.shapeKey(useIntegerShape, ""))
		v.shapes.ip = newPfx(v.shapeKey(useIPShape, ""))
	})
	return &v.shapes
}

func (v *version) digitShape(use, scope string) cipher.Block {
	switch {
	case scope != "":
		return newAES(v.shapeKey(use, scope))
	case use == usePhoneShape:
		return v.ready().phone
	}
	return v.ready().integer
}

func (v *version) ipShape(scope string) ipcryptPfx {
	if scope != "" {
		return newPfx(v.shapeKey(useIPShape, scope))
	}
	return v.ready().ip
}

// newPfx takes 32 bytes: two keys of AES-128. That halves of HKDF's output are
// equal is as likely as that somebody guesses a key.
func newPfx(key [32]byte) ipcryptPfx {
	one, two := key, key
	return ipcryptPfx{newBlock(one[:16]), newBlock(two[16:])}
}

func newAES(key [32]byte) cipher.Block { return newBlock(key[:]) }

func newBlock(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic("pseudonym: internal error: " + err.Error())
	}
	clear(key)
	return b
}
