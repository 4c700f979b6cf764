package mcp

import (
	"context"
	"errors"
	"testing"

	"codex/pkg/config"
)

// A call that is called off waits no longer for a server that another one starts.
func TestSlowStart(t *testing.T) {
	s := New(Options{Home: t.TempDir(), Servers: []config.MCPServer{{Name: "a", URL: "http://127.0.0.1:1/"}}})
	defer s.Close()
	v := s.list[0]
	v.starting <- struct{}{} // as the other call does
	ctx, cancel := context.WithCancelCause(t.Context())
	off := errors.New("called off")
	cancel(off)
	if _, err := s.ensure(ctx, v); !errors.Is(err, off) {
		t.Error(err)
	}
}
