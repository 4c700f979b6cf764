package turn

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"codex/pkg/auth"
	"codex/pkg/cli/version"
	"codex/pkg/engine/export"
	"codex/pkg/engine/tools"
	"codex/pkg/protocol"
	"codex/pkg/responses"
	"codex/pkg/rollout"
	"codex/pkg/telemetry"
	"codex/pkg/thread"
)

// teller says what happens in a session to whom [otel] names. A nil one says nothing.
type teller struct {
	sink  *export.Sink
	texts bool // what users write, too

	mu    sync.Mutex
	names map[string]string // of the tools of this turn's calls, by the ids of these
	usage rollout.Usage     // of this turn
}

// exportTime is how long an exporter may take in the end: somewhat more than it takes by
// itself.
const exportTime = 2500 * time.Millisecond

// setUpTelemetry starts the exporter, where the settings have one.
func (t *liveThread) setUpTelemetry() {
	o := t.cfg.Otel()
	if o == nil || t.opts.Exporter == nil || t.opts.PromptInput {
		return
	}
	id := t.id
	sink := export.Start(export.Options{Command: t.opts.Exporter(), Environ: t.exporterEnviron(), Dir: t.cfg.Home, Now: t.opts.Now, Leave: exportTime,
		Warn: func(text string) { t.out.warn(id, text) }})
	sink.Tell(telemetry.MethodStart, telemetry.Start{When: sink.Now(), Settings: o, Session: t.sessionFacts()})
	t.tell = &teller{sink: sink, texts: o.LogUserPrompt, names: map[string]string{}}
}

// exporterEnviron is the environment without what holds, or may hold, a credential for models:
// the exporter is told what is set, and sends nothing there.
func (t *liveThread) exporterEnviron() []string {
	p := &t.cfg.Provider
	return slices.DeleteFunc(auth.WithoutSecrets(t.opts.Environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return name == "OPENAI_API_KEY" || name == p.EnvKey || slices.Contains(slices.Collect(maps.Values(p.EnvHTTPHeaders)), name)
	})
}

// sessionFacts is what the exporter is told about the session.
func (t *liveThread) sessionFacts() telemetry.Session {
	get := t.opts.Getenv
	s := telemetry.Session{ThreadID: t.id, Version: version.Compat, Originator: t.opts.Originator, Source: sourceWord(t.source),
		Terminal: cmp.Or(get("TERM_PROGRAM"), get("TERM"), "unknown"), Host: t.opts.hostname(), Provider: cmp.Or(t.cfg.Provider.Name, t.cfg.ProviderID),
		Model: t.set.slug, Effort: t.cfg.ReasoningEffort, Summary: cmp.Or(t.cfg.ReasoningSummary, "auto"), ContextWindow: t.cfg.ContextWindow,
		AutoCompactLimit: t.cfg.AutoCompactLimit, Approval: thread.ApprovalWord(t.set.approval), Sandbox: t.set.mode(), Git: t.git != nil}
	for _, m := range t.cfg.MCPServers() {
		if m.Enabled {
			s.Servers = append(s.Servers, m.Name)
		}
	}
	p := &t.cfg.Provider
	s.Auth = telemetry.Auth{OpenAIKey: get("OPENAI_API_KEY") != "", CodexKey: get(auth.KeyVariable) != "", RefreshURL: get("CODEX_REFRESH_TOKEN_URL_OVERRIDE") != "",
		KeyName: p.EnvKey, KeySet: p.EnvKey != "" && get(p.EnvKey) != ""}
	switch a := t.auth; {
	case a.Mode == auth.APIKey:
		s.Auth.Mode = "ApiKey"
	case a.Account():
		s.Auth.Mode, s.Auth.AccountID, s.Auth.Email = "Chatgpt", a.AccountID, a.Claims.Email
	}
	return s
}

// sourceWord is a session source as one word.
func sourceWord(source json.RawMessage) string {
	var word string
	if json.Unmarshal(source, &word) == nil {
		return word
	}
	return "subagent"
}

// prompt tells of what a user wrote.
func (l *teller) prompt(input []protocol.UserInput) {
	if l == nil {
		return
	}
	p := telemetry.Prompt{When: l.sink.Now()}
	var text strings.Builder
	for _, u := range input {
		switch u.Type {
		case protocol.UserInputText:
			p.Texts++
			text.WriteString(u.Text)
		case protocol.UserInputImage:
			p.Images++
		case protocol.UserInputLocalImage:
			p.LocalImages++
		}
	}
	p.Length = utf8.RuneCountInString(text.String())
	if l.texts {
		p.Text = text.String()
	}
	l.sink.Tell(telemetry.MethodPrompt, p)
}

// turnStarted tells that a turn begins.
func (l *teller) turnStarted(t *turn) {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.usage = rollout.Usage{}
	clear(l.names)
	l.mu.Unlock()
	set := &t.th.set
	l.sink.Tell(telemetry.MethodTurnStarted, telemetry.TurnStarted{When: l.sink.Now(), TurnID: t.id, Model: set.slug, Effort: set.requestEffort()})
}

// turnEnded tells that it is over.
func (l *teller) turnEnded(t protocol.Turn, firstMs *int64) {
	if l == nil {
		return
	}
	l.mu.Lock()
	e := telemetry.TurnEnded{When: l.sink.Now(), TurnID: t.ID, Status: string(t.Status), TookMs: *t.DurationMs, FirstMs: firstMs, Tools: len(l.names), Usage: told(l.usage)}
	l.mu.Unlock()
	l.sink.Tell(telemetry.MethodTurnEnded, e)
}

func told(u rollout.Usage) telemetry.Usage {
	return telemetry.Usage{Input: u.Input, Cached: u.Cached, Output: u.Output, Reasoning: u.Reasoning, Total: u.Total}
}

// tokens tells what an answer has taken.
func (l *teller) tokens(u *rollout.Usage) {
	if l == nil || u == nil {
		return
	}
	l.mu.Lock()
	l.usage = l.usage.Add(*u)
	l.mu.Unlock()
	l.sink.Tell(telemetry.MethodUsage, telemetry.ResponseUsage{When: l.sink.Now(), Usage: told(*u)})
}

// called notes that the model calls a tool.
func (l *teller) called(c tools.Call) {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.names[c.ID] = c.Tool()
	l.mu.Unlock()
}

// decided tells who let a call run, or did not.
func (l *teller) decided(callID, decision, source string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	name := l.names[callID]
	l.mu.Unlock()
	l.sink.Tell(telemetry.MethodDecision, telemetry.Decision{When: l.sink.Now(), Tool: name, CallID: callID, Decision: decision, Source: source})
}

// answered tells what a user said.
func (l *teller) answered(callID string, a tools.Answer) {
	decision := "denied"
	switch {
	case a.Accept && a.ForSession:
		decision = "approved_for_session"
	case len(a.Amendment) > 0:
		decision = "approved_with_amendment"
	case a.Network != nil:
		decision = "network_policy_amendment"
	case a.Accept:
		decision = "approved"
	case a.Cancel:
		decision = "abort"
	}
	l.decided(callID, decision, telemetry.ByUser)
}

// Allowed implements tools.Out.
func (t *turn) Allowed(callID string) { t.th.tell.decided(callID, "approved", telemetry.ByConfig) }

// result tells what came of a call.
func (l *teller) result(p *tools.Pending, out tools.Output) {
	if l == nil {
		return
	}
	text := cmp.Or(out.Text, string(out.Content))
	r := telemetry.Result{When: l.sink.At(p.Ended()), Tool: p.Call.Tool(), CallID: p.Call.ID, Arguments: telemetry.Excerpt(p.Call.Arguments), ArgumentBytes: len(p.Call.Arguments), Output: telemetry.Excerpt(text),
		Bytes: len(text), Lines: strings.Count(strings.TrimSuffix(text, "\n"), "\n") + 1, TookMs: p.Took().Milliseconds(), Success: !out.Failed}
	if text == "" {
		r.Lines = 0
	}
	if server, ok := strings.CutPrefix(p.Call.Namespace, "mcp__"); ok {
		r.Server = strings.TrimSuffix(server, "__")
	}
	l.sink.Tell(telemetry.MethodResult, r)
}

// Requested implements responses.Observer.
func (l *teller) Requested(x responses.Exchange) {
	r := telemetry.Request{When: l.sink.Now(), Endpoint: x.Path, Attempt: x.Attempt, TookMs: x.Took.Milliseconds(), Status: x.Status, Command: x.Command,
		RequestID: x.RequestID, Ray: x.Ray}
	if x.Err != nil {
		r.Error = telemetry.Excerpt(x.Err.Error())
	}
	if x.Authorized {
		r.Header = "authorization"
	}
	l.sink.Tell(telemetry.MethodRequest, r)
}

// Came implements responses.Observer.
func (l *teller) Came(typ string, took time.Duration, err error) {
	e := telemetry.Event{When: l.sink.Now(), Kind: typ, TookMs: took.Milliseconds()}
	if err != nil {
		e.Error = telemetry.Excerpt(err.Error())
	}
	l.sink.Tell(telemetry.MethodEvent, e)
}

// Deltas implements responses.Observer.
func (l *teller) Deltas(kinds map[string]int) {
	l.sink.Tell(telemetry.MethodDeltas, telemetry.Deltas{When: l.sink.Now(), Kinds: kinds})
}

// end waits until what was told is exported, within bounds.
func (l *teller) end() {
	if l != nil {
		l.sink.Close()
	}
}
