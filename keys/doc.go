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
// Do not use development keys where pseudonyms must outlive a restart or agree
// between two processes: after a restart the same value has another pseudonym,
// and no reversible pseudonym made before can be turned back by anyone. Do not
// lose a key file, for the same reason: back it up where only you can read it.
//
// A file is read once, when it is opened. Whoever can read it can compute every
// pseudonym of every tenant: OpenFile refuses one that others can.
package keys
