package turn

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/engine/tools"
	"codex/pkg/protocol"
	"codex/pkg/responses"
)

// newClient makes the client for the thread's provider.
func (t *liveThread) newClient() (*responses.Client, error) {
	p := t.cfg.Provider
	ep := responses.Endpoint{BaseURL: strings.TrimRight(t.baseURL(), "/"), Query: query(p), Command: p.Command, Dir: t.cfg.Cwd,
		Env: t.opts.Environ, RequestMaxRetries: p.RequestMaxRetries, StreamMaxRetries: p.StreamMaxRetries, IdleTimeout: p.StreamIdleTimeout}
	if t.opts.RecordDir != "" {
		f, err := t.opts.recording("model.jsonl")
		if err != nil {
			return nil, err
		}
		ep.Record = f
	}
	ep.Header = http.Header{}
	for k, v := range p.HTTPHeaders {
		set(ep.Header, k, v)
	}
	for k, name := range p.EnvHTTPHeaders {
		if v := t.opts.Getenv(name); strings.TrimSpace(v) != "" {
			set(ep.Header, k, v)
		}
	}
	if t.cfg.ProviderID == "openai" {
		set(ep.Header, "version", version.Compat)
		for k, name := range map[string]string{"OpenAI-Organization": "OPENAI_ORGANIZATION", "OpenAI-Project": "OPENAI_PROJECT"} {
			if v := t.opts.Getenv(name); strings.TrimSpace(v) != "" {
				set(ep.Header, k, v)
			}
		}
	}
	c := responses.NewClient(ep, responses.WithClock(t.opts.Now))
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

// names says whether a header is configured, in whatever case.
func names(headers map[string]string, name string) bool {
	for k := range headers {
		if strings.EqualFold(k, name) {
			return true
		}
	}
	return false
}

// set keeps a header's value if it is one.
func set(h http.Header, k, v string) {
	if !strings.ContainsAny(k+v, "\r\n\x00") && k != "" {
		h.Set(k, v)
	}
}

func (t *liveThread) baseURL() string {
	if u := t.cfg.Provider.BaseURL; u != "" {
		return u
	}
	if t.auth.Mode == "chatgpt" {
		return "https://chatgpt.com/backend-api/codex"
	}
	return "https://api.openai.com/v1"
}

func query(p config.Provider) string {
	var q []string
	for _, kv := range p.QueryParams {
		q = append(q, url.QueryEscape(kv.Name)+"="+url.PathEscape(kv.Value))
	}
	return strings.Join(q, "&")
}

// bearer chooses the credential (config spec §4.1). The error is the user's to read.
func (t *liveThread) bearer() (token string, err error) {
	p := t.cfg.Provider
	switch {
	case p.EnvKey != "":
		v := t.opts.Getenv(p.EnvKey)
		if strings.TrimSpace(v) == "" {
			msg := fmt.Sprintf("Missing environment variable: `%s`.", p.EnvKey)
			if p.EnvKeyInstructions != "" {
				msg += " " + p.EnvKeyInstructions
			}
			return "", &responses.Error{Message: msg, Kind: "other"}
		}
		return v, nil
	case p.BearerToken != "":
		return p.BearerToken, nil
	case p.Auth != nil:
		return t.commandToken(), nil
	case t.auth.Mode == "apikey":
		return t.auth.APIKey, nil
	case t.auth.Mode == "chatgpt":
		return t.auth.AccessToken, nil
	}
	return "", nil
}

// azure says whether the provider wants stored responses with item ids.
func (t *liveThread) azure() bool {
	if strings.EqualFold(t.cfg.Provider.Name, "azure") {
		return true
	}
	u := strings.ToLower(t.cfg.Provider.BaseURL)
	for _, s := range []string{"openai.azure.", "cognitiveservices.azure.", "aoai.azure.", "azure-api.", "azurefd.", "windows.net/openai"} {
		if strings.Contains(u, s) {
			return true
		}
	}
	return false
}

// body is one request, its members in the original's order (turn spec §1.1).
func (t *liveThread) body(items []entry, noTools bool) ([]byte, error) {
	m, azure := t.set.model, t.azure()
	var b builder
	size := len(t.base) + 1<<12
	for _, e := range items {
		size += len(e.raw) + 1
	}
	b.Grow(size)
	b.str("model", t.set.slug)
	if t.base != "" {
		b.str("instructions", t.base)
	}
	b.WriteString(`,"input":[`)
	for i, e := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(withID(e, azure))
	}
	b.WriteByte(']')
	specs := json.RawMessage("[]")
	if !noTools {
		var err error
		if specs, err = t.toolSpecs(); err != nil {
			return nil, err
		}
	}
	b.raw("tools", string(specs))
	b.str("tool_choice", "auto")
	b.raw("parallel_tool_calls", strconv.FormatBool(m.ParallelToolCalls && !noTools))
	reasons := m.ReasoningSummaries
	if reasons {
		var r builder
		if e := t.set.requestEffort(); e != "" {
			r.str("effort", e)
		}
		if s := t.set.requestSummary(); s != "" {
			r.str("summary", s)
		}
		b.raw("reasoning", string(r.end()))
	} else {
		b.raw("reasoning", "null")
	}
	b.raw("store", strconv.FormatBool(azure))
	b.raw("stream", "true")
	if reasons {
		b.raw("include", `["reasoning.encrypted_content"]`)
	} else {
		b.raw("include", "[]")
	}
	if tier := t.set.knownTier(); tier != "" {
		b.str("service_tier", tier)
	}
	b.str("prompt_cache_key", t.id)
	var text builder
	if m.Verbosity {
		v := t.set.verbosity
		if v == "" {
			v = m.DefaultVerbosity
		}
		if v != "" {
			text.str("verbosity", v)
		}
	}
	if t.schema != nil && !noTools {
		text.raw("format", `{"type":"json_schema","strict":true,"schema":`+string(t.schema)+`,"name":"codex_output_schema"}`)
	}
	if text.Len() > 0 {
		b.raw("text", string(text.end()))
	}
	if id := t.opts.installation(t.cfg.Home); id != "" {
		b.raw("client_metadata", `{"x-codex-installation-id":`+string(quoteJSON(id))+`}`)
	}
	return b.end(), nil
}

// withID puts the model's id back where the provider stores items.
func withID(e entry, azure bool) json.RawMessage {
	if !azure || e.id == "" || len(e.raw) < 2 {
		return e.raw
	}
	switch gjson.GetBytes(e.raw, "type").Str {
	case "reasoning", "message", "function_call", "custom_tool_call", "local_shell_call", "web_search_call", "tool_search_call":
		return json.RawMessage(string(e.raw[:len(e.raw)-1]) + `,"id":` + string(quoteJSON(e.id)) + "}")
	}
	return e.raw
}

// toolSpecs are made once for each model and sandbox mode.
func (t *liveThread) toolSpecs() (json.RawMessage, error) {
	web := t.cfg.WebSearch
	key := t.set.slug + "\x00" + web
	if s, ok := t.specs[key]; ok {
		return s, nil
	}
	o := tools.SpecOptions{Model: t.set.model, ViewImage: t.cfg.ViewImage, AllowLogin: t.cfg.AllowLoginShell, WebSearch: web, Shell: "unified",
		Questions: t.mayAsk(), Dynamic: t.dynamic, ExtraPermissions: t.tools.ExtraPermissions, RequestPermissions: t.tools.RequestPermissions}
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

// headers are those of one request (turn spec §1.2).
func (t *liveThread) headers(turnID string, startedMs int64) ([][2]string, error) {
	token, err := t.bearer()
	if err != nil {
		return nil, err
	}
	var h [][2]string
	add := func(k, v string) { h = append(h, [2]string{k, v}) }
	if token != "" {
		add("authorization", "Bearer "+token)
	}
	if t.auth.Mode == "chatgpt" && t.auth.AccountID != "" {
		add("chatgpt-account-id", t.auth.AccountID)
	}
	add("originator", t.opts.Originator)
	if !names(t.cfg.Provider.HTTPHeaders, "user-agent") {
		add("user-agent", t.opts.UserAgent)
	}
	add("session-id", t.session)
	add("thread-id", t.id)
	add("x-client-request-id", t.id)
	add("x-codex-window-id", t.id+":"+strconv.Itoa(t.window))
	if t.review {
		add("x-openai-subagent", "review")
	}
	var meta builder
	meta.str("session_id", t.session)
	meta.str("thread_id", t.id)
	if t.threadSource != "" {
		meta.str("thread_source", t.threadSource)
	}
	meta.str("turn_id", turnID)
	sandbox := "none"
	if t.set.mode() != "danger-full-access" {
		sandbox = t.opts.SandboxName
	}
	meta.str("sandbox", sandbox)
	meta.raw("turn_started_at_unix_ms", strconv.FormatInt(startedMs, 10))
	add("x-codex-turn-metadata", string(meta.end()))
	if t.turnState != "" {
		add("x-codex-turn-state", t.turnState)
	}
	add("accept", "text/event-stream")
	add("content-type", "application/json")
	return h, nil
}

// installation is the id of this installation, kept in CODEX_HOME; it is made at the
// first use.
func (o *Options) installation(home string) string {
	o.installOnce.Do(func() {
		p := filepath.Join(home, "installation_id")
		if b, err := os.ReadFile(p); err == nil {
			if id, err := uuid.ParseBytes(b); err == nil {
				o.install = id.String()
				return
			}
		}
		id, err := uuid.NewRandom()
		if err != nil {
			return
		}
		o.install = id.String()
		if err := writeNew(p, []byte(o.install)); err != nil {
			// Somebody else was quicker, or the folder can't be written: this run's own
			// id still tells its requests apart.
			if b, err := os.ReadFile(p); err == nil && len(b) == 36 {
				o.install = string(b)
			}
		}
	})
	return o.install
}

// writeNew writes a file that must not exist yet, whole or not at all.
func writeNew(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".installation_id-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(b); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
