package rules

import "slices"

// codec is an encoding that a step of an address goes into.
type codec uint8

const (
	fromstr codec = iota // JSON texts in a string
	base64s              // base64 or base64url (RFC 4648), padded or not
	pct                  // percent-encoding (RFC 3986)
	urls                 // a URL or relative reference
	jwt                  // the claims of a JWT (RFC 7519)
	codecs
)

var codecNames = [codecs]string{"fromstr", "base64", "pct", "url", "jwt"}

// byStrictness is the order in which a text that is in several of them is followed
// into them: first what few texts are.
var byStrictness = [codecs]codec{jwt, fromstr, base64s, urls, pct}

func codecOf(name string) (codec, bool) {
	i := slices.Index(codecNames[:], name)
	return codec(max(i, 0)), i >= 0
}

func codecList() []string {
	var all []string
	for _, n := range codecNames {
		all = append(all, "@"+n)
	}
	return all
}

// leadsTo says what may follow a step into this encoding.
func (c codec) leadsTo() after {
	switch c {
	case fromstr, jwt:
		return afterJSON
	case urls:
		return afterURL
	}
	return afterText
}

// leaf says whether what is inside is one value, as far as an address goes.
func (c codec) leaf() bool { return c == base64s || c == pct }
