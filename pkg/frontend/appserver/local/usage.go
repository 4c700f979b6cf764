package local

import (
	"context"
	"fmt"
	"math"

	"codex/pkg/backend"
	"codex/pkg/cli/version"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// backend is the service behind the account, for a purpose that needs one.
func (s *Service) backend(what string) (*backend.Client, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	a, err := s.credential(cfg)
	switch {
	case err != nil:
		return nil, err
	case a.Mode == "":
		return nil, jsonrpc.Invalidf("codex account authentication required to %s", what)
	case !a.Account():
		return nil, jsonrpc.Invalidf("chatgpt authentication required to %s", what)
	}
	return &backend.Client{Base: cfg.ChatGPTBaseURL, Credentials: account{s, s.source(cfg)}, Getenv: s.Config.Env.Get,
		UserAgent: version.UserAgent(s.Origin(), s.Config.Env.Get, "codex-app-server", version.Compat)}, nil
}

func (s *Service) rateLimits(r *Request) (any, error) {
	c, err := s.backend("read rate limits")
	if err != nil {
		return nil, err
	}
	u, err := c.Usage(context.Background())
	if err != nil {
		return nil, fmt.Errorf("failed to fetch codex rate limits: %w", err)
	}
	return limitsOf(u), nil
}

func (s *Service) creditsNudge(r *Request, p *protocol.SendAddCreditsNudgeEmailParams) (any, error) {
	c, err := s.backend("notify workspace owner")
	if err != nil {
		return nil, err
	}
	if err := c.Nudge(context.Background(), string(p.CreditType)); err != nil {
		return nil, fmt.Errorf("failed to notify workspace owner: %w", err)
	}
	return protocol.SendAddCreditsNudgeEmailResponse{Status: protocol.AddCreditsNudgeEmailStatusSent}, nil
}

// mainLimit is the id of the limit that everything falls under.
const mainLimit = "codex"

// limitsOf puts what the service says into the words of the wire.
func limitsOf(u backend.Usage) protocol.GetAccountRateLimitsResponse {
	plan, id := plan(u.Plan), mainLimit
	first := snapshot(u.Limit)
	first.LimitID, first.PlanType = &id, &plan
	if c := u.Credits; c != nil {
		first.Credits = &protocol.CreditsSnapshot{HasCredits: c.Has, Unlimited: c.Unlimited, Balance: c.Balance}
	}
	if u.Reached != nil {
		kind := protocol.RateLimitReachedType(u.Reached.Type)
		for _, known := range kind.Values() {
			if known == u.Reached.Type {
				first.RateLimitReachedType = &kind
			}
		}
	}
	res := protocol.GetAccountRateLimitsResponse{RateLimits: first, RateLimitsByLimitID: map[string]protocol.RateLimitSnapshot{mainLimit: first}}
	for _, more := range u.Additional {
		l := snapshot(more.Limit)
		l.LimitID, l.LimitName, l.PlanType = &more.Feature, &more.Name, &plan
		res.RateLimitsByLimitID[more.Feature] = l
	}
	return res
}

func snapshot(l *backend.Limit) (s protocol.RateLimitSnapshot) {
	if l != nil {
		s.Primary, s.Secondary = window(l.Primary), window(l.Secondary)
	}
	return s
}

func window(w *backend.Window) *protocol.RateLimitWindow {
	if w == nil {
		return nil
	}
	out := &protocol.RateLimitWindow{UsedPercent: int32(math.Round(w.UsedPercent))}
	if w.Seconds > 0 {
		minutes := (w.Seconds + 59) / 60
		out.WindowDurationMins = &minutes
	}
	if w.ResetAt > 0 {
		out.ResetsAt = &w.ResetAt
	}
	return out
}
