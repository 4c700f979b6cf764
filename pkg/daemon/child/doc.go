// Package child runs a program to its end, with a bound on its time and its output, and
// leaves nothing of its process group behind.
//
// Daemon layer: it imports foreign and watchdog only. Windows has none of it.
package child
