// Package keys is where keyrings come from.
//
// [OpenFile] reads a key file, which [CreateFile] makes once; [NewDev] makes keys
// for development and tests: random, in memory, gone with the process. Both give
// the keyring of a tenant, and nil where there is none:
//
//	store, err := keys.OpenFile("keys.json")
//	ring := store.Keyring("acme")
//
// A file need not name every tenant: a tenant without a keyring of its own has
// one that is derived from that of [Default] (docs/pseudonyms.md says how), the
// same in every process that reads the file. Getting a keyring reads nothing and
// waits for nobody.
//
// [Rotate] adds a key version to a file, and [AddKeyring] a tenant. They may be
// called at any time, by several processes at once, and beside whoever reads the
// file: there is never half a file. A [File] is what was read when it was opened and
// never changes; who wants to see a new version opens the file again.
//
// Do not use development keys where pseudonyms must outlive a restart or agree
// between two processes: after a restart the same value has another pseudonym,
// and no reversible pseudonym made before can be turned back by anyone. Do not
// lose a key file, for the same reason: back it up where only you can read it. Do
// not take old versions out of it.
//
// Whoever can read a key file can compute every pseudonym of every tenant in it:
// OpenFile refuses one that others than its owner can.
package keys
