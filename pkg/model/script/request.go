package script

import (
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
)

// Request is what a script looks at in a request.
type Request struct {
	Key    string // prompt_cache_key, which is the thread's id
	Prompt string // text of the last user message
	// Responses is how many answers the input holds already: the runs of model items
	// (assistant messages, reasoning, calls) between anything else. SincePrompt counts
	// those after the last user message.
	Responses, SincePrompt int
}

// ReadRequest reads a request body. What is not JSON is a prompt.
func ReadRequest(body []byte) Request {
	var r Request
	if !jsonrpc.Valid(body) || !gjson.ParseBytes(body).IsObject() {
		r.Prompt = strings.TrimSpace(string(body))
		return r
	}
	root := gjson.ParseBytes(body)
	r.Key = root.Get("prompt_cache_key").String()
	input := root.Get("input")
	if input.Type == gjson.String {
		r.Prompt = input.Str
		return r
	}
	in := false // in a run of model items
	input.ForEach(func(_, item gjson.Result) bool {
		switch model := isModelItem(item); {
		case model && !in:
			r.Responses++
			r.SincePrompt++
			in = true
		case !model:
			in = false
		}
		if item.Get("role").Str == "user" {
			r.Prompt, r.SincePrompt = content(item.Get("content")), 0
		}
		return true
	})
	return r
}

func isModelItem(item gjson.Result) bool {
	switch typ := item.Get("type").Str; typ {
	case "", "message":
		return item.Get("role").Str == "assistant"
	case "reasoning":
		return true
	default:
		return strings.HasSuffix(typ, "_call")
	}
}

func content(c gjson.Result) string {
	if c.Type == gjson.String {
		return c.Str
	}
	var texts []string
	c.ForEach(func(_, part gjson.Result) bool {
		if t := part.Get("text"); t.Exists() {
			texts = append(texts, t.String())
		}
		return true
	})
	return strings.Join(texts, "\n")
}
