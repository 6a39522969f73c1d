package pseudonym

import "bytes"

// sealReversible makes header | AES-SIV(scope tag | text) (RFC 5297, one
// associated data: label | header).
//
// The scope tag makes tokens of one text differ between scopes. It stands inside
// the encryption so that nobody sees which tokens share a scope, and the token
// opens without anybody knowing its scope.
func (v *version) sealReversible(scope, text string) string {
	s := newScratch()
	s.buf = append(s.buf[:0], scope...)
	s.sumMAC(&v.scope)
	plain := make([]byte, 0, scopeSize+len(text))
	plain = append(plain, s.sum[:scopeSize]...)
	s.release()
	plain = append(plain, text...)

	raw := appendHeader(make([]byte, 0, minReversibleSize+len(text)), v.number, true)
	sealed, err := v.siv.EncryptDeterministically(plain, associated(raw))
	if err != nil {
		// Its only error is a text of nearly the size of the address space.
		panic("pseudonym: internal error: " + err.Error())
	}
	raw = append(raw, sealed...)
	out := make([]byte, 0, len(prefix)+letters.EncodedLen(len(raw)))
	out = append(out, prefix...)
	return string(letters.AppendEncode(out, raw))
}

// openReversible returns the text of a reversible token that parse has read.
func (v *version) openReversible(raw []byte) (string, error) {
	// The library's argument escapes; the copy keeps raw, and with it every look at
	// a value that is no token, off the heap.
	sealed := bytes.Clone(raw[headerSize:])
	plain, err := v.siv.DecryptDeterministically(sealed, associated(raw[:headerSize]))
	if err != nil {
		return "", ErrAltered
	}
	return string(plain[scopeSize:]), nil
}

// associated is what a reversible token authenticates besides its text.
func associated(head []byte) []byte {
	return append([]byte(label), head...)
}
