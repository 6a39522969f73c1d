package pseudonym

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/tink-crypto/tink-go/v2/daead/subtle"
)

// label separates this construction from every other use of a secret. A change
// of the construction needs another label.
const label = "statveil/1"

// What a derived key is used for. No key has two uses.
const (
	useOneWay     = "one-way"    // PRF of the value; depends on the scope
	useTag        = "tag"        // authenticates one-way tokens
	useReversible = "reversible" // AES-SIV
	useScope      = "scope"      // PRF of the scope inside reversible tokens

	usePhoneShape   = "phone-shape"   // FF1; these three depend on the scope
	useIntegerShape = "integer-shape" // FF1
	useIPShape      = "ip-shape"      // ipcrypt-pfx
)

// version is one secret made ready: every key that does not depend on a scope,
// and the means to derive those that do.
type version struct {
	number     uint16
	from       time.Time
	prk        mac    // HKDF-Expand's HMAC
	scopedInfo []byte // the info of a scoped one-way key, up to the scope
	oneWay     mac    // for the empty scope
	tag        mac
	scope      mac
	siv        *subtle.AESSIV
	tenant     string
	shapes     shapeKeys
}

// derive makes a version ready (HKDF-SHA-256, RFC 5869).
func derive(tenant string, v Version) (*version, error) {
	prk, err := hkdf.Extract(sha256.New, v.Secret, []byte(label))
	if err != nil {
		return nil, err
	}
	d := &version{number: v.Number, from: v.From, prk: newMAC(prk), tenant: tenant}
	for _, k := range []struct {
		use string
		mac *mac
	}{
		{useOneWay, &d.oneWay},
		{useTag, &d.tag},
		{useScope, &d.scope},
	} {
		key, err := hkdf.Expand(sha256.New, prk, string(info(k.use, tenant, "")), sha256.Size)
		if err != nil {
			return nil, err
		}
		*k.mac = newMAC(key)
	}
	key, err := hkdf.Expand(sha256.New, prk, string(info(useReversible, tenant, "")), subtle.AESSIVKeySize)
	if err != nil {
		return nil, err
	}
	if d.siv, err = subtle.NewAESSIV(key); err != nil {
		return nil, err
	}
	d.scopedInfo = infoPrefix(useOneWay, tenant)
	return d, nil
}

// scopedKey derives the one-way key of a scope. HKDF-Expand to one block of
// SHA-256 is HMAC(PRK, info | 0x01), so the ready PRK serves and nothing is
// allocated; the bytes are those of hkdf.Expand.
func (v *version) scopedKey(s *scratch, scope string) {
	s.buf = append(s.buf[:0], v.scopedInfo...)
	s.buf = appendField(s.buf, scope)
	s.buf = append(s.buf, 1)
	s.sumMAC(&v.prk)
	s.key = s.sum
}

// shapeKey derives a key of shapes, as scopedKey does.
func (v *version) shapeKey(use, scope string) [sha256.Size]byte {
	s := newScratch()
	defer s.release()
	s.buf = append(s.buf[:0], infoPrefix(use, v.tenant)...)
	s.buf = appendField(s.buf, scope)
	s.buf = append(s.buf, 1)
	s.sumMAC(&v.prk)
	key := s.sum
	clear(s.sum[:])
	return key
}

// info names one key. Every field has its length before it, so that no two
// lists of fields have one encoding.
func info(use, tenant, scope string) []byte {
	return appendField(infoPrefix(use, tenant), scope)
}

func infoPrefix(use, tenant string) []byte {
	b := appendField(nil, label)
	b = appendField(b, use)
	return appendField(b, tenant)
}

func appendField(b []byte, field string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(field)))
	return append(b, field...)
}
