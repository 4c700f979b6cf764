// Package unit lets the daemon come back after a restart of the machine: a user unit of
// systemd, a launch agent on macOS.
//
// Daemon layer: it imports the child package beside it. Windows has none of it.
package unit
