package turn

import "codex/pkg/protocol"

// terminals lists the commands that run in the background. There are few: one page.
func (s *Server) terminals(_ *req, p *protocol.ThreadBackgroundTerminalsListParams) (any, error) {
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	return protocol.ThreadBackgroundTerminalsListResponse{Data: th.tools.Background()}, nil
}

func (s *Server) endTerminal(_ *req, p *protocol.ThreadBackgroundTerminalsTerminateParams) (any, error) {
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	return protocol.ThreadBackgroundTerminalsTerminateResponse{Terminated: th.tools.EndProcess(s.ctx, p.ProcessID)}, nil
}

func (s *Server) cleanTerminals(_ *req, p *protocol.ThreadBackgroundTerminalsCleanParams) (any, error) {
	th, err := s.mine(p.ThreadID)
	if err != nil {
		return nil, err
	}
	th.tools.EndBackground(s.ctx)
	return protocol.ThreadBackgroundTerminalsCleanResponse{}, nil
}
