//go:build unix && !linux

package tty

// fionread asks how many bytes can be read: it has this number on all BSDs and on macOS.
const fionread = 0x4004667f
