// Package keys is where keyrings come from.
//
// [NewDev] makes keys for development and tests: random, in memory, gone with
// the process. [Dev.Keyring] gives the keyring of a tenant:
//
//	dev := keys.NewDev()
//	ring := dev.Keyring("acme") // nil for a malformed name
//
// Do not use development keys where pseudonyms must outlive a restart or agree
// between two processes: after a restart the same value has another pseudonym,
// and no reversible pseudonym made before can be turned back by anyone.
package keys
