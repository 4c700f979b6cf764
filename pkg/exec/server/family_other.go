//go:build !linux

package server

import (
	"codex/pkg/netproxy/keeper"
	"codex/pkg/sandbox"
)

// family ends process groups. A descendant that made a session of its own is out of reach
// on this system.
type family struct{}

func newFamily(bool, *keeper.Keeper) *family { return &family{} }

func (f *family) start(spec sandbox.Spec, c *startCall) (*child, error) {
	return startChild(spec, c, nil)
}

func (f *family) reaped(*child) {}

func (f *family) kill(ch *child) { ch.cmd.Kill() }

func (f *family) end() {}
