//go:build !race

package main

// resting is how much the memory of a process may grow that has come to rest.
const resting = 16 << 20
