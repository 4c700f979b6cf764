package request

import (
	"cmp"
	"encoding/json"
	"strconv"

	"github.com/tidwall/gjson"

	"codex/pkg/engine/item"
	"codex/pkg/jsonrpc"
	"codex/pkg/models"
)

// Body is what one request says.
type Body struct {
	Model        models.Model
	Slug         string
	Instructions string
	Items        []item.Item
	Tools        json.RawMessage // nil: none may be called
	Effort       string          // "" is none, as for the three below
	Summary      string
	Tier         string
	Verbosity    string
	Schema       json.RawMessage // of the answer, nil for none
	Stored       bool            // the provider keeps items, and knows them by their ids
	CacheKey     string
	Cyber        string // access program that OpenAI is asked for
	Installation string
}

// JSON gives the body with its members in the order of the original.
func (r *Body) JSON() []byte {
	var b item.Object
	b.Grow(r.size())
	b.Str("model", r.Slug)
	if r.Instructions != "" {
		b.Str("instructions", r.Instructions)
	}
	r.input(&b)
	r.tools(&b)
	r.reasoning(&b)
	if r.Tier != "" {
		b.Str("service_tier", r.Tier)
	}
	b.Str("prompt_cache_key", r.CacheKey)
	if r.Cyber != "" {
		b.Raw("access_programs", `{"cyber":`+string(jsonrpc.Quote(r.Cyber))+`}`)
	}
	r.text(&b)
	if r.Installation != "" {
		b.Raw("client_metadata", `{"x-codex-installation-id":`+string(jsonrpc.Quote(r.Installation))+`}`)
	}
	return b.End()
}

// CompactJSON gives the body of a request that the provider shorten the history.
func (r *Body) CompactJSON() []byte {
	var b item.Object
	b.Grow(r.size())
	b.Str("model", r.Slug)
	r.input(&b)
	if r.Instructions != "" {
		b.Str("instructions", r.Instructions)
	}
	b.Raw("tools", string(r.specs()))
	b.Raw("parallel_tool_calls", strconv.FormatBool(r.Model.ParallelToolCalls && r.Tools != nil))
	if reasoning := r.thinking(); reasoning != "" {
		b.Raw("reasoning", reasoning)
	}
	if r.Tier != "" {
		b.Str("service_tier", r.Tier)
	}
	b.Str("prompt_cache_key", r.CacheKey)
	r.text(&b)
	return b.End()
}

// size is about how long the body gets.
func (r *Body) size() int {
	n := len(r.Instructions) + len(r.Tools) + 1<<12
	for _, e := range r.Items {
		n += len(e.Raw) + 1
	}
	return n
}

// input writes the items.
func (r *Body) input(b *item.Object) {
	b.WriteString(`,"input":[`)
	for i, e := range r.Items {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(r.withID(e))
	}
	b.WriteByte(']')
}

func (r *Body) specs() json.RawMessage {
	if r.Tools == nil {
		return json.RawMessage("[]")
	}
	return r.Tools
}

func (r *Body) tools(b *item.Object) {
	b.Raw("tools", string(r.specs()))
	b.Str("tool_choice", "auto")
	b.Raw("parallel_tool_calls", strconv.FormatBool(r.Model.ParallelToolCalls && r.Tools != nil))
}

// reasoning also writes the two members that stand between its own.
func (r *Body) reasoning(b *item.Object) {
	reasoning, include := "null", "[]"
	if o := r.thinking(); o != "" {
		reasoning, include = o, `["reasoning.encrypted_content"]`
	}
	b.Raw("reasoning", reasoning)
	b.Raw("store", strconv.FormatBool(r.Stored))
	b.Raw("stream", "true")
	b.Raw("include", include)
}

// thinking is how the model is to reason, "" for one that does not.
func (r *Body) thinking() string {
	if !r.Model.ReasoningSummaries {
		return ""
	}
	var o item.Object
	if r.Effort != "" {
		o.Str("effort", r.Effort)
	}
	if r.Summary != "" {
		o.Str("summary", r.Summary)
	}
	return string(o.End())
}

func (r *Body) text(b *item.Object) {
	var text item.Object
	if r.Model.Verbosity {
		if v := cmp.Or(r.Verbosity, r.Model.DefaultVerbosity); v != "" {
			text.Str("verbosity", v)
		}
	}
	if r.Schema != nil {
		text.Raw("format", `{"type":"json_schema","strict":true,"schema":`+string(r.Schema)+`,"name":"codex_output_schema"}`)
	}
	if text.Len() > 0 {
		b.Raw("text", string(text.End()))
	}
}

// withID puts the model's id back where the provider stores items.
func (r *Body) withID(e item.Item) json.RawMessage {
	if !r.Stored || e.ID == "" || len(e.Raw) < 2 {
		return e.Raw
	}
	switch gjson.GetBytes(e.Raw, "type").Str {
	case "reasoning", "message", "function_call", "custom_tool_call", "local_shell_call", "web_search_call", "tool_search_call":
		return json.RawMessage(string(e.Raw[:len(e.Raw)-1]) + `,"id":` + string(jsonrpc.Quote(e.ID)) + "}")
	}
	return e.Raw
}
