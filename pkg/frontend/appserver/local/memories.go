package local

import "codex/pkg/memories"

// memoryReset forgets what is kept of sessions.
func (s *Service) memoryReset(*Request) (any, error) { return struct{}{}, memories.Reset(s.Home) }
