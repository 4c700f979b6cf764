package netproxy

import (
	"errors"
	"io"
	"net"
)

// inbox reads the caller's lines. No files come with them here.
type inbox struct{ io.Reader }

func newInbox(r io.Reader) *inbox { return &inbox{r} }

func (b *inbox) listener() (net.Listener, error) {
	return nil, errors.New("listening sockets cannot be handed over on this system")
}

func (b *inbox) close() {}
