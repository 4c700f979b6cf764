// Package pidfile keeps at most one detached process running for a file that says which

// one it is: start it, find it again from any other process, stop it.
//
// The files are the original's: NAME.pid is one JSON object, or empty while its lock
// NAME.pid.lock is held by somebody who starts a process. A process is told from others
// that get its number later by its start, see Record.
//
// A process comes to life behind a gate: a child that waits until its record is written,
// and only then becomes the program. Whoever dies in between, no process is left that
// nobody knows.
//
// Daemon layer: it imports the process and wait packages beside it. Windows has none of it.
package pidfile
