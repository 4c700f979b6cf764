package turn

import (
	"encoding/json"
	"slices"

	"codex/pkg/engine/item"
	"codex/pkg/engine/request"
	"codex/pkg/engine/tools"
	"codex/pkg/protocol"
	"codex/pkg/provider"
	"codex/pkg/responses"
)

// provider is whom this thread asks.
func (t *liveThread) provider() *provider.Provider {
	return &provider.Provider{Config: t.cfg, Auth: t.auth, Environ: t.opts.Environ, Getenv: t.opts.Getenv, Tokens: t.bearers, Now: t.opts.Now, Program: t.opts.Config.Program}
}

// newClient makes the client for the thread's provider.
func (t *liveThread) newClient() (*responses.Client, error) {
	ep := t.provider().Endpoint()
	ep.Self = t.opts.Self
	if t.opts.RecordDir != "" {
		f, err := t.opts.recording("model.jsonl")
		if err != nil {
			return nil, err
		}
		ep.Record = f
	}
	client := []responses.Option{responses.WithClock(t.opts.Now), responses.WithLog(t.opts.Trace.Part("codex_client"))}
	if t.tell != nil {
		client = append(client, responses.WithObserver(t.tell))
	}
	c := responses.NewClient(ep, client...)
	out := t.out
	c.Skip = func(typ []byte) bool {
		switch string(typ) {
		case "response.output_text.delta":
			return !out.wants(noteAgentDelta) && !(t.set.collab.plan && out.wants(protocol.NoteItemPlanDelta))
		case "response.reasoning_summary_text.delta":
			return !out.wants(noteReasoningDelta)
		case "response.reasoning_summary_part.added":
			return !out.wants(protocol.NoteItemReasoningSummaryPartAdded)
		case "response.reasoning_text.delta":
			return !out.wants(noteRawReasoningDelta)
		case "response.custom_tool_call_input.delta", "response.function_call_arguments.delta":
			return true
		}
		return false
	}
	return c, nil
}

// request is one of the turn: the items, and whether the model may call tools.
func (t *turn) request(items []item.Item, mayCall bool) (responses.Request, error) {
	return t.compose(items, mayCall, false)
}

// compose makes a request: for an answer of the model, or for a shorter history.
func (t *turn) compose(items []item.Item, mayCall, compact bool) (r responses.Request, err error) {
	th := t.th
	if err := t.freshen(); err != nil {
		return r, err
	}
	set, p := &th.set, th.provider()
	body := request.Body{Model: set.model, Slug: set.slug, Instructions: th.base, Items: items, Effort: set.requestEffort(), Summary: set.requestSummary(),
		Tier: set.knownTier(), Verbosity: set.verbosity, Stored: p.Azure(), CacheKey: th.id, Cyber: th.opts.CyberProgram, Installation: th.opts.Installation(th.cfg.Home)}
	if mayCall {
		body.Schema = th.schema
		if body.Tools, err = th.toolSpecs(); err != nil {
			return r, err
		}
	}
	sandbox := "none"
	if set.mode() != "danger-full-access" {
		sandbox = th.opts.SandboxName
	}
	r.Header, err = request.Headers(t.ctx, p, request.Origin{Originator: th.opts.Originator, UserAgent: th.opts.UserAgent, Session: th.session, Thread: th.id,
		Window: th.window, Subagent: th.kindOfAgent(), ThreadSource: th.threadSource, Turn: t.id, Sandbox: sandbox, StartedMs: t.start * 1000, State: th.turnState})
	if err != nil {
		return r, err
	}
	r.Authorization = p.Assertion()
	if compact {
		r.Body = body.CompactJSON()
		r.Header = append(slices.DeleteFunc(r.Header, func(kv [2]string) bool {
			return kv[0] == "x-codex-turn-metadata" || kv[0] == "x-client-request-id" || kv[0] == "accept"
		}), [2]string{"x-codex-installation-id", body.Installation})
		return r, nil
	}
	r.Body = body.JSON()
	return r, nil
}

// compactRequest is one that the provider make the history shorter.
func (t *turn) compactRequest(items []item.Item) (responses.Request, error) {
	return t.compose(items, true, true)
}

// deferral says which tools the model looks for.
func (t *liveThread) deferral() tools.Deferral {
	switch {
	case !t.set.model.SearchTool:
		return tools.DeferNone
	case t.cfg.Features.Enabled("tool_search_always_defer_mcp_tools"):
		return tools.DeferAll
	}
	return tools.DeferMany
}

// toolSpecs are made once for each model and sandbox mode.
func (t *liveThread) toolSpecs() (json.RawMessage, error) {
	if t.opts.NoTools {
		return json.RawMessage("[]"), nil
	}
	web := t.cfg.WebSearch
	key := t.set.slug + "\x00" + web
	if len((goalTools{t}).Functions()) > 0 {
		key += "\x00goals"
	}
	if t.mcp.Version() != t.specsOf {
		t.specsOf = t.mcp.Version()
		clear(t.specs)
	}
	if s, ok := t.specs[key]; ok {
		return s, nil
	}
	o := tools.SpecOptions{Model: t.set.model, ViewImage: t.cfg.ViewImage, AllowLogin: t.cfg.AllowLoginShell, WebSearch: web, Shell: "unified",
		Questions: t.mayAsk(), Dynamic: t.dynamic, External: t.external(), Defer: t.deferral(), ExtraPermissions: t.tools.ExtraPermissions, RequestPermissions: t.tools.RequestPermissions}
	if !t.cfg.Features.Enabled("unified_exec") {
		o.Shell = "shell_command"
	}
	if !t.cfg.Features.Enabled("shell_tool") {
		o.Shell = ""
	}
	o.Web = tools.WebSearch{ContextSize: t.cfg.WebSearchTool.ContextSize, Domains: t.cfg.WebSearchTool.AllowedDomains}
	if l := t.cfg.WebSearchTool.Location; l != nil {
		o.Web.Location = map[string]string{}
		for k, v := range map[string]string{"country": l.Country, "region": l.Region, "city": l.City, "timezone": l.Timezone} {
			if v != "" {
				o.Web.Location[k] = v
			}
		}
	}
	s, err := tools.Specs(o)
	if err == nil {
		t.specs[key] = s
	}
	return s, err
}
