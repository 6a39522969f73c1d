// Package packs holds ready rule files for known protocols, embedded in the
// binary. A pack is an ordinary rule file: copy it, change it.
//
//   - callstats.yaml: callstats.io; join, alive, stats and SDP of its
//     JavaScript, Java, Android and REST clients; callstats_test.yaml are
//     its tests
package packs

import "embed"

// FS holds the packs by file name.
//
//go:embed *.yaml
var FS embed.FS
