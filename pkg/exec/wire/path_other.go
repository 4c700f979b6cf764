//go:build !windows

package wire

const windows = false
