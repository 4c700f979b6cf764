package tui

import (
	"os"
	"os/signal"
	"syscall"
)

// Signals begins to catch what ends the program.
func Signals() <-chan os.Signal {
	ch := make(chan os.Signal, 16)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	return ch
}
