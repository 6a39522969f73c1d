// Package packs holds ready rule files for known protocols, embedded in the
// binary, each with its tests. A pack is an ordinary rule file: copy it, change it.
//
//   - callstats.yaml: callstats.io; everything that its JavaScript, Java,
//     Android and REST clients send. callstats_test.yaml shows it, request by
//     request
package packs

import "embed"

// FS holds the packs by file name.
//
//go:embed *.yaml
var FS embed.FS
