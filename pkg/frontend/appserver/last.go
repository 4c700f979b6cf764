package appserver

import (
	"encoding/json"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// last is what the end of a session file says about the thread's latest turn.
type last struct {
	turn, model, effort, cwd string
	usage                    *protocol.ThreadTokenUsage
}

func (l *last) read(path string) error {
	return rollout.Backward(path, func(typ string, payload json.RawMessage) bool {
		switch typ {
		case rollout.TypeTurnContext:
			var c rollout.TurnContext
			if l.turn == "" && json.Unmarshal(payload, &c) == nil {
				l.turn, l.model, l.effort, l.cwd = c.TurnID, c.Model, c.Effort, c.Cwd
			}
		case rollout.TypeEvent:
			var e struct {
				Type string             `json:"type"`
				Info *rollout.TokenInfo `json:"info"`
			}
			if l.usage == nil && json.Unmarshal(payload, &e) == nil && e.Type == "token_count" && e.Info != nil {
				l.usage = &protocol.ThreadTokenUsage{Total: tokens(e.Info.Total), Last: tokens(e.Info.Last), ModelContextWindow: e.Info.Window}
			}
		}
		return l.turn == "" || l.usage == nil
	})
}

func tokens(u rollout.Usage) protocol.TokenUsageBreakdown {
	return protocol.TokenUsageBreakdown{TotalTokens: u.Total, InputTokens: u.Input, CachedInputTokens: u.Cached, OutputTokens: u.Output, ReasoningOutputTokens: u.Reasoning}
}

// usageLine tells a thread what it has used, nil when nothing.
func (l *last) usageLine(id string) []byte {
	if l.usage == nil {
		return nil
	}
	return noteLine(protocol.NoteThreadTokenUsageUpdated, protocol.ThreadTokenUsageUpdatedNotification{ThreadID: id, TurnID: l.turn, TokenUsage: *l.usage})
}
