// Package pseudonym turns one value into one pseudonym, and a reversible
// pseudonym back into its value.
//
// A [Keyring] holds the secrets of one tenant. Two methods do the work:
// [Keyring.Seal] makes a token of a text, [Keyring.Open] gives back the text of a
// reversible token. [Keyring.Own] says whether a string is exactly a token of
// this keyring.
//
//	ring, err := pseudonym.NewKeyring("acme", pseudonym.Version{Number: 1, Secret: secret})
//	token := ring.Seal(pseudonym.Context{}, "+358401234567") // psn_...
//
// # What is equal
//
// The same text under the same tenant, key version, scope and direction always
// gives the same token, in every process and on every machine; a different one
// of these gives a different token. Seal does not bring values into a canonical
// form: the caller passes the canonical form for a one-way pseudonym (a phone
// number as E.164, say) and the exact text for a reversible one.
//
// Sealing a token of the same keyring returns it unchanged, whatever the
// context, so that traffic may pass through two proxies. What merely looks like
// a token is sealed as any other text.
//
// # Tokens
//
// A token matches ^psn_[a-z2-7]+$. It needs no escaping in JSON, URLs, headers
// and SIP users, and may be upper-cased on its way. A one-way token always has 36
// characters; a reversible token has at most 44 plus 1.6 for each byte of
// the text, so it shows how long the text is. Both show their key version.
//
// # Shapes
//
// [Keyring.Shape] makes a pseudonym that looks like its text: a number of as many
// digits, an address in the same network as its neighbours. It cannot be told from
// what it stands for, so it has no check and no version, and what was replaced twice
// stays so.
//
// # Construction
//
// It is HKDF-SHA-256 (RFC 5869), HMAC-SHA-256 (RFC 2104) and
// AES-SIV-CMAC-512 (RFC 5297); of shapes FF1 (NIST SP 800-38G) and ipcrypt-pfx
// (draft-denis-ipcrypt). docs/pseudonyms.md describes it so that another
// implementation can be written, and testdata/vectors.json and shapes.json verify
// one.
//
// # What not to do
//
// Do not give two tenants one secret; do not reuse a version number for another
// secret; do not drop a version while its tokens must still open. Do not read
// the parts of a token: ask the keyring. Do not call the output anonymous: who
// holds the keyring can try every phone number there is.
//
// The package does no I/O, starts no goroutine and imports no logger: code that
// holds personal data cannot write it down.
package pseudonym
