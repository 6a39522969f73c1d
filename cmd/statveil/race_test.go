//go:build race

package main

// resting is how much the memory of a process may grow that has come to rest: the race
// detector keeps some of its own.
const resting = 64 << 20
