package appserver

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"

	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// configure reads the configuration that a thread runs under.
func (s *Server) configure(a *thread.Asked) (*config.Config, error) {
	if slices.ContainsFunc(a.RuntimeWorkspaceRoots, func(dir string) bool { return !filepath.IsAbs(dir) }) {
		return nil, jsonrpc.Invalidf("Invalid request: AbsolutePathBuf deserialized without a base path")
	}
	cfg, err := thread.Configure(context.Background(), s.opts.Config, a)
	return cfg, thread.Unloadable(err)
}

func (s *Server) threadStart(r *request, p *protocol.ThreadStartParams) (any, error) {
	cfg, err := s.configure(p)
	if err != nil {
		return nil, err
	}
	// Whoever lets an agent write to a folder trusts it.
	if p.Cwd != nil && cfg.SandboxMode != "read-only" && cfg.Trust == "" {
		if _, err := config.SetTrust(context.Background(), s.home, cfg.TrustKey, "trusted"); err != nil {
			s.opts.Log.Printf("trust %s: %v", cfg.TrustKey, err)
		}
		if cfg, err = s.configure(p); err != nil {
			return nil, err
		}
	}
	t, err := s.fresh(cfg, p, r.Params, p.Ephemeral != nil && *p.Ephemeral)
	if err != nil {
		return nil, err
	}
	if p.ThreadSource != nil {
		t.begun.Thread.ThreadSource = p.ThreadSource.Known()
	}
	s.adopt(t, r.c)
	r.After(func() {
		if p.PersistExtendedHistory {
			r.c.notify(protocol.NoteDeprecationNotice, protocol.DeprecationNoticeNotification{Summary: "persistExtendedHistory is deprecated and ignored"})
		}
		s.warnOf(r.c, t)
		s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: t.begun.Thread})
	})
	return t.begun, nil
}

// maxStart bounds the params of a thread, which are kept as long as it is loaded.
const maxStart = 4 << 20

func keepable(params json.RawMessage) error {
	if len(params) <= maxStart {
		return nil
	}
	return jsonrpc.Invalidf("Invalid request: params of a thread are longer than %d bytes", maxStart)
}

// fresh makes a thread that has no file yet, and gets none if it is ephemeral.
func (s *Server) fresh(cfg *config.Config, a *thread.Asked, params json.RawMessage, ephemeral bool) (*loadedThread, error) {
	if err := keepable(params); err != nil {
		return nil, err
	}
	id, at := thread.NewID()
	t := &loadedThread{id: id, start: params, begun: thread.Opened(cfg, a), eph: ephemeral, warnings: slices.Concat(cfg.Warnings, cfg.Unknown)}
	th := protocol.Thread{ID: t.id, SessionID: t.id, Ephemeral: t.eph, ModelProvider: cfg.ProviderID, CreatedAt: at.Unix(), UpdatedAt: at.Unix(),
		Status: protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}, Cwd: cfg.Cwd, CliVersion: version.Compat, Source: protocol.SessionSource{Name: protocol.SourceVscode}}
	if !t.eph {
		t.path = thread.Path(s.home, t.id, at)
		th.Path = &t.path
	}
	th.RecencyAt, th.Originator = &th.UpdatedAt, new(s.origin())
	t.begun.Thread = th
	return t, nil
}
