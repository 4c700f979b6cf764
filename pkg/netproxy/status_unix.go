//go:build unix

package netproxy

import (
	"os"
	"syscall"
)

// statusOf is a command's exit status, 128+n when signal n ended it.
func statusOf(p *os.ProcessState) int {
	if ws := p.Sys().(syscall.WaitStatus); ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return p.ExitCode()
}
