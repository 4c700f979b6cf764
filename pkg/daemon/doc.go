// Package daemon is the whole of codex-daemon: it keeps one app-server running for a
// CODEX_HOME, for clients that come over SSH and find its control socket. Commands start,
// stop and replace the server, a loop updates the installation, and all of them agree by
// way of files that the original reads and writes as well.
//
// It speaks the app-server protocol to the server only as far as the handshake. It is a
// program of its own: it imports the packages below it, which know processes, pid files, the socket,
// updates and service managers, and the ground with cli's exit, install, options, pipeline and
// version; never kong or net/http: the daemon must start in a millisecond.
package daemon
