//go:build unix && !linux

package keeper

// noSignal: the socket of a proxy that has ended raises SIGPIPE, which Go
// ignores for what is not a standard stream.
const noSignal = 0
