package pseudonym

import (
	"crypto/sha256"
	"encoding"
	"hash"
	"sync"
)

// mac is HMAC-SHA-256 under one key as the two hash states that follow the padded
// key (RFC 2104 section 4). Loading a state costs less than a block of SHA-256,
// and a tenant costs two short slices instead of a pool of hashes. A state is as
// secret as the key.
type mac struct {
	inner, outer []byte
}

// digest is a SHA-256 whose state can be saved and loaded.
type digest interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// scratch is what one computation writes to. Everything handed to a hash.Hash
// escapes to the heap, so it lives here and is reused.
type scratch struct {
	h     digest
	buf   []byte // the message
	block [sha256.BlockSize]byte
	key   [sha256.Size]byte
	sum   [sha256.Size]byte
}

// maxKept is the largest message buffer that goes back to the pool: one long
// value must not cost its length for ever.
const maxKept = 4 << 10

var scratches = sync.Pool{New: func() any {
	return &scratch{h: sha256.New().(digest)}
}}

func newScratch() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) release() {
	if cap(s.buf) > maxKept {
		return
	}
	// Personal data and keys should not wait in a pool for the next core dump.
	clear(s.buf[:cap(s.buf)])
	clear(s.block[:])
	clear(s.key[:])
	scratches.Put(s)
}

// newMAC prepares a key of at most one block.
func newMAC(key []byte) mac {
	s := newScratch()
	defer s.release()
	s.pad(key, 0x36)
	inner := s.save()
	s.pad(key, 0x5c)
	return mac{inner: inner, outer: s.save()}
}

// sumMAC sets s.sum to HMAC(m, s.buf).
func (s *scratch) sumMAC(m *mac) {
	s.load(m.inner)
	s.h.Write(s.buf)
	s.h.Sum(s.sum[:0])
	s.load(m.outer)
	s.h.Write(s.sum[:])
	s.h.Sum(s.sum[:0])
}

// sumKey sets s.sum to HMAC(s.key, s.buf), for a key that is used once.
func (s *scratch) sumKey() {
	s.pad(s.key[:], 0x36)
	s.h.Write(s.buf)
	s.h.Sum(s.sum[:0])
	s.pad(s.key[:], 0x5c)
	s.h.Write(s.sum[:])
	s.h.Sum(s.sum[:0])
}

// pad starts the hash with the key, filled up to a block and combined with pad.
func (s *scratch) pad(key []byte, pad byte) {
	clear(s.block[:])
	copy(s.block[:], key)
	for i := range s.block {
		s.block[i] ^= pad
	}
	s.h.Reset()
	s.h.Write(s.block[:])
}

func (s *scratch) save() []byte {
	state, err := s.h.AppendBinary(nil)
	if err != nil {
		panic("pseudonym: internal error: SHA-256 does not save its state: " + err.Error())
	}
	return state
}

func (s *scratch) load(state []byte) {
	if err := s.h.UnmarshalBinary(state); err != nil {
		panic("pseudonym: internal error: SHA-256 does not load its state: " + err.Error())
	}
}
