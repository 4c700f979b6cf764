package thread

import (
	"encoding/json"

	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// Latest is what the end of a session file says about the thread's latest turn.
type Latest struct {
	Turn, Model, Effort, Cwd string
	Usage                    *protocol.ThreadTokenUsage // nil before any
	// Limits are those of the account, as the provider told them with the latest answer.
	Limits json.RawMessage
}

// ReadLatest reads backwards until all of it is known.
func ReadLatest(path string) (l Latest, err error) {
	err = rollout.Backward(path, func(typ string, payload json.RawMessage) bool {
		switch typ {
		case rollout.TypeTurnContext:
			var c rollout.TurnContext
			if l.Turn == "" && json.Unmarshal(payload, &c) == nil {
				l.Turn, l.Model, l.Effort, l.Cwd = c.TurnID, c.Model, c.Effort, c.Cwd
			}
		case rollout.TypeEvent:
			var e struct {
				Type   string             `json:"type"`
				Info   *rollout.TokenInfo `json:"info"`
				Limits json.RawMessage    `json:"rate_limits"`
			}
			if l.Usage == nil && json.Unmarshal(payload, &e) == nil && e.Type == "token_count" && e.Info != nil {
				l.Usage, l.Limits = new(Usage(*e.Info)), e.Limits
			}
		}
		return l.Turn == "" || l.Usage == nil
	})
	return l, err
}

// Usage is what a thread has used, as clients are told.
func Usage(info rollout.TokenInfo) protocol.ThreadTokenUsage {
	breakdown := func(u rollout.Usage) protocol.TokenUsageBreakdown {
		return protocol.TokenUsageBreakdown{TotalTokens: u.Total, InputTokens: u.Input, CachedInputTokens: u.Cached,
			OutputTokens: u.Output, ReasoningOutputTokens: u.Reasoning, CacheWriteInputTokens: u.Written}
	}
	return protocol.ThreadTokenUsage{Total: breakdown(info.Total), Last: breakdown(info.Last), ModelContextWindow: info.Window}
}
