package tools

import (
	"errors"
	"slices"
	"sync"

	"codex/pkg/exec/client"
)

// confined is what commands have shown of the executor's sandbox.
type confined struct {
	mu       sync.Mutex
	refused  error    // why one could not be confined; nil once it was reported
	open     []string // what is not enforced, reported or not
	reported int      // how many of these
}

// started takes note of how a command's start went.
func (c *confined) started(p *client.Process, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		if errors.Is(err, client.ErrNoSandbox) {
			c.refused = err
		}
		return
	}
	for _, line := range p.Unenforced() {
		if !slices.Contains(c.open, line) {
			c.open = append(c.open, line)
		}
	}
}

// Refused is why a command did not run: the executor cannot confine it. It is said once.
func (s *Set) Refused() error {
	s.confined.mu.Lock()
	defer s.confined.mu.Unlock()
	err := s.confined.refused
	s.confined.refused = nil
	return err
}

// Unenforced lists what the executor's machine does not enforce, each line once.
func (s *Set) Unenforced() []string {
	s.confined.mu.Lock()
	defer s.confined.mu.Unlock()
	lines := s.confined.open[s.confined.reported:]
	s.confined.reported = len(s.confined.open)
	return lines
}
