package keeper

import (
	"io"
	"os"
	"os/exec"
)

// link is our end of the proxy's standard input.
type link struct{ io.WriteCloser }

func newLink(cmd *exec.Cmd) (*link, error) {
	w, err := cmd.StdinPipe()
	return &link{w}, err
}

func (l *link) started() {}

// attach is for systems whose sandbox hands sockets over.
func (l *link) attach([]*os.File) {}

func (l *link) shut() { l.Close() }

func (l *link) close() { l.Close() }

func ofItsOwn(*exec.Cmd) {}
