package turn

import (
	"context"
	"encoding/json"
	"slices"

	"codex/pkg/config"
	"codex/pkg/engine/mcp"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// maxBeside is how many requests wait for servers at once.
const maxBeside = 256

// later answers a request beside the reader, which servers must not keep waiting.
func (s *Server) later(r *req, f func(ctx context.Context) (any, error)) (any, error) {
	if !s.join() {
		return nil, errLeaving
	}
	err := s.beside.Go(func() { // ends with the engine
		defer s.turns.Done()
		result, err := f(s.ctx)
		s.out.check(r.Reply(result, err))
	})
	if err != nil {
		s.turns.Done()
		return nil, err
	}
	return nil, jsonrpc.ErrLater
}

// servers are the thread's, which is started if it has not been.
func (s *Server) servers() (*liveThread, *mcp.Servers, error) {
	if err := s.ensureThread(); err != nil {
		return nil, nil, err
	}
	th := s.thread()
	return th, th.mcp, nil
}

func noServer(name string) error { return invalid("unknown MCP server '%s'", name) }

func (s *Server) mcpStatus(r *req, p *protocol.ListMcpServerStatusParams) (any, error) {
	th, servers, err := s.servers()
	if err != nil {
		return nil, err
	}
	off := slices.DeleteFunc(th.configuredServers(th.cfg, th.plugins), func(s config.MCPServer) bool { return s.Enabled })
	return s.later(r, func(ctx context.Context) (any, error) {
		return protocol.PageOfServers(servers.Status(ctx, p.Detail == nil || *p.Detail == protocol.McpServerStatusDetailFull, off), p)
	})
}

func (s *Server) mcpRead(r *req, p *protocol.McpResourceReadParams) (any, error) {
	_, servers, err := s.servers()
	if err != nil {
		return nil, err
	}
	if !servers.Any() {
		return nil, noServer(p.Server)
	}
	return s.later(r, func(ctx context.Context) (any, error) {
		contents, err := servers.ReadForClient(ctx, p.Server, p.Uri)
		if err != nil {
			return nil, internal(err)
		}
		return struct {
			Contents     json.RawMessage `json:"contents"`
			OriginCallID protocol.Null   `json:"originCallId"`
		}{Contents: contents}, nil
	})
}

func (s *Server) mcpCall(r *req, p *protocol.McpServerToolCallParams) (any, error) {
	th, servers, err := s.servers()
	if err != nil {
		return nil, err
	}
	if !servers.Any() {
		return nil, noServer(p.Server)
	}
	t := &turn{th: th, out: s.out, id: "", shown: shown{th.id, ""}}
	tt, err := t.toolTurn()
	if err != nil {
		return nil, err
	}
	return s.later(r, func(ctx context.Context) (any, error) {
		raw, err := servers.CallTool(ctx, tt, p.Server, p.Tool, p.Arguments, p.Meta)
		if err != nil {
			return nil, internal(err)
		}
		return raw, nil
	})
}

// mcpReload has the next turn begin with the servers that the settings name then. A thread that
// has not begun reads them anyway.
func (s *Server) mcpReload(*req) (any, error) {
	if th := s.thread(); th != nil {
		th.markStale(true)
	}
	return protocol.McpServerRefreshResponse{}, nil
}
