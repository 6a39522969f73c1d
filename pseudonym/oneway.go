package pseudonym

import "crypto/subtle"

// sealOneWay makes header | HMAC(one-way key, text) | tag.
//
// The tag is over what stands before it, under a key that does not depend on
// the scope: a proxy can tell its own token from a look-alike without knowing
// where the token was made.
func (v *version) sealOneWay(scope, text string) string {
	s := newScratch()
	defer s.release()
	key := &v.oneWay
	if scope != "" {
		v.scopedKey(s, scope)
		key = nil
	}
	s.buf = append(s.buf[:0], text...)
	if key != nil {
		s.sumMAC(key)
	} else {
		s.sumKey()
	}

	var raw [oneWaySize]byte
	b := appendHeader(raw[:0], v.number, false)
	b = append(b, s.sum[:prfSize]...)
	b = append(b, v.tagOf(s, b)...)

	var out [oneWayLength]byte
	copy(out[:], prefix)
	letters.Encode(out[len(prefix):], b)
	return string(out[:])
}

// verifyOneWay reports whether the tag of a one-way token is right, in constant time.
func (v *version) verifyOneWay(raw []byte) bool {
	s := newScratch()
	defer s.release()
	body, tag := raw[:headerSize+prfSize], raw[headerSize+prfSize:]
	return subtle.ConstantTimeCompare(v.tagOf(s, body), tag) == 1
}

// tagOf returns the tag of the bytes before it, valid until s is used again.
func (v *version) tagOf(s *scratch, body []byte) []byte {
	s.buf = append(s.buf[:0], body...)
	s.sumMAC(&v.tag)
	return s.sum[:tagSize]
}
