package local

import (
	"codex/pkg/config"
	"codex/pkg/hooks"
	"codex/pkg/plugins"
	"codex/pkg/protocol"
)

// hooksList tells the hooks of folders, and whether somebody has agreed to them.
func (s *Service) hooksList(r *Request, p *protocol.HooksListParams) (any, error) {
	res := protocol.HooksListResponse{}
	err := s.eachCwd(p.Cwds, func(cwd string, cfg *config.Config) {
		parts := plugins.Of(cfg)
		list := hooks.Of(cfg, parts.Hooks...)
		for _, err := range parts.Problems {
			list.Warnings = append(list.Warnings, err.Error())
		}
		e := protocol.HooksListEntry{Cwd: cwd, Warnings: list.Warnings}
		for i := range list.Hooks {
			h := &list.Hooks[i]
			e.Hooks = append(e.Hooks, protocol.HookMetadata{Key: h.Key, EventName: protocol.HookEventName(h.Event.Camel()), HandlerType: protocol.HookHandlerTypeCommand,
				Matcher: h.Matcher, Command: &h.Command, TimeoutSec: h.Timeout, StatusMessage: h.StatusMessage, SourcePath: h.SourcePath,
				Source: protocol.HookSource(h.Source), PluginID: protocol.Optional(h.Plugin), DisplayOrder: int64(h.Order), Enabled: h.Enabled, IsManaged: h.Trust == hooks.Managed,
				CurrentHash: h.Hash, TrustStatus: protocol.HookTrustStatus(h.Trust)})
		}
		res.Data = append(res.Data, e)
	})
	return res, err
}

// eachCwd loads the configuration of each folder, or that of the server's own.
func (s *Service) eachCwd(cwds []string, f func(cwd string, cfg *config.Config)) error {
	if len(cwds) == 0 {
		cwds = []string{s.Config.Cwd}
	}
	for _, cwd := range cwds {
		cfg, err := s.Load(func(o *config.Options) { o.Cwd = cwd })
		if err != nil {
			return err
		}
		if cwd == "" {
			cwd = cfg.Cwd
		}
		f(cwd, cfg)
	}
	return nil
}
