package rules

import "github.com/statveil/statveil/rules/detect"

// Canonical returns the one form of all spellings of a value, as Finding.Canonical
// does where the finding is all of the value. It is for values that people type:
// what f finds in them must be what the rules find, phones of the same regions.
func Canonical(value string, f *detect.Finder) string { return canonical(f, value) }
