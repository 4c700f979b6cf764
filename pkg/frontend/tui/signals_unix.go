//go:build unix

package tui

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals begins to catch what ends the program, and what tells of another size of the
// terminal.
func Signals() <-chan os.Signal {
	ch := make(chan os.Signal, 16)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGPIPE, syscall.SIGWINCH)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(ch, syscall.SIGHUP)
	}
	return ch
}
