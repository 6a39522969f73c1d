// Package attack_test attacks the real program, as a process beside a real collector:
// with more than it can hold, with slow clients, with frames that mean nothing. What
// must hold: it lives, its memory is bounded, and who means it well is served.
package attack_test
