package request

import (
	"context"
	"strconv"

	"codex/pkg/engine/item"
	"codex/pkg/protocol"
	"codex/pkg/provider"
)

// Origin says which turn of which thread a request is of.
type Origin struct {
	Originator   string
	UserAgent    string
	Session      string
	Thread       string
	Window       int    // compactions of the thread
	Subagent     string // what kind of one asks: review, collab_spawn, memory_consolidation; "" for none
	ThreadSource string
	Turn         string
	Sandbox      string // what enforces it, "none" without one
	StartedMs    int64
	State        string // as the provider answered it in this turn
}

// Headers are those of one request to p. The error is the user's to read.
func Headers(ctx context.Context, p *provider.Provider, o Origin) ([][2]string, error) {
	h, err := p.Identity(ctx)
	if err != nil {
		return nil, err
	}
	add := func(k, v string) { h = append(h, [2]string{k, v}) }
	add("originator", o.Originator)
	if !p.Sets("user-agent") {
		add("user-agent", o.UserAgent)
	}
	add("session-id", o.Session)
	add("thread-id", o.Thread)
	add("x-client-request-id", o.Thread)
	add("x-codex-window-id", o.Thread+":"+strconv.Itoa(o.Window))
	if o.Subagent != "" {
		add("x-openai-subagent", o.Subagent)
	}
	if o.Subagent == string(protocol.ThreadSourceMemory) {
		add("x-openai-memgen-request", "true")
	}
	add("x-codex-turn-metadata", o.Metadata())
	if o.State != "" {
		add("x-codex-turn-state", o.State)
	}
	add("accept", "text/event-stream")
	add("content-type", "application/json")
	return h, nil
}

// Metadata says which turn this is, as JSON.
func (o *Origin) Metadata() string {
	var meta item.Object
	meta.Str("session_id", o.Session)
	meta.Str("thread_id", o.Thread)
	if o.ThreadSource != "" {
		meta.Str("thread_source", o.ThreadSource)
	}
	meta.Str("turn_id", o.Turn)
	meta.Str("sandbox", o.Sandbox)
	meta.Raw("turn_started_at_unix_ms", strconv.FormatInt(o.StartedMs, 10))
	return string(meta.End())
}
