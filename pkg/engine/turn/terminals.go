package turn

import "codex/pkg/protocol"

// terminals lists the commands that run in the background. There are few: one page.
func (s *Server) terminals(th *liveThread, _ *req, p *protocol.ThreadBackgroundTerminalsListParams) (any, error) {
	return protocol.ThreadBackgroundTerminalsListResponse{Data: th.tools.Background()}, nil
}

func (s *Server) endTerminal(th *liveThread, _ *req, p *protocol.ThreadBackgroundTerminalsTerminateParams) (any, error) {
	return protocol.ThreadBackgroundTerminalsTerminateResponse{Terminated: th.tools.EndProcess(s.ctx, p.ProcessID)}, nil
}

func (s *Server) cleanTerminals(th *liveThread, _ *req, p *protocol.ThreadBackgroundTerminalsCleanParams) (any, error) {
	th.tools.EndBackground(s.ctx)
	return protocol.ThreadBackgroundTerminalsCleanResponse{}, nil
}
