// Package updater holds the parts of the updater: where updates come from, getting and
// running the installer, trying out what it installed, going back to the release before,
// and when to look again. The loop itself is in package daemon.
//
// Downloads are done by curl or wget, one of which the installer needs as well: a TLS
// stack of our own would double the size of the daemon for two requests an hour.
//
// Daemon layer: it imports the child and wait packages beside it.
package updater
