//go:build !windows

package execwire

const windows = false
