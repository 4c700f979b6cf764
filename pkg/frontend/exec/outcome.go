package exec

import (
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/protocol"
)

// usage is the running total of the thread, resumed turns included.
type usage struct {
	input, cached, written, output, reasoning int64
}

// outcome is what a turn came to, as far as it is known.
type outcome struct {
	message    *string // the answer: the last message that says something
	plan       *string // of a planning turn
	usage      *usage
	failed     map[string]bool // ids of commands, patches and tool calls that failed
	status     protocol.TurnStatus
	err        string // why the turn failed
	lastErr    string // the last error notification
	noExecutor bool   // it failed for want of a sandbox or an executor
}

// answer is the last message, or the plan when there is none.
func (o *outcome) answer() *string {
	if o.message != nil && *o.message != "" || o.plan == nil {
		return o.message
	}
	return o.plan
}

// observe takes note of a notification.
func (o *outcome) observe(method string, p gjson.Result) {
	switch method {
	case protocol.NoteItemCompleted:
		o.item(p.Get("item"))
	case protocol.NoteToolCallFailed:
		o.fail(p.Get("callId").Str)
	case protocol.NoteThreadTokenUsageUpdated:
		t := p.Get("tokenUsage.total")
		o.usage = &usage{t.Get("inputTokens").Int(), t.Get("cachedInputTokens").Int(), t.Get("cacheWriteInputTokens").Int(),
			t.Get("outputTokens").Int(), t.Get("reasoningOutputTokens").Int()}
	case protocol.NoteError:
		o.lastErr = detailed(p.Get("error"))
	case protocol.NoteTurnCompleted:
		o.status = protocol.TurnStatus(p.Get("turn.status").Str)
		if o.status == protocol.TurnStatusFailed {
			if o.err = detailed(p.Get("turn.error")); o.err == "" {
				o.err = o.lastErr
			}
			o.noExecutor = p.Get("turn.error.codexErrorInfo").Str == protocol.ErrorInfoSandboxError
		}
	}
}

func (o *outcome) item(item gjson.Result) {
	switch item.Get("type").Str {
	case "agentMessage":
		// An empty message does not replace one that says something.
		if text := item.Get("text").Str; text != "" || o.message == nil {
			o.message = &text
		}
	case "plan":
		text := item.Get("text").Str
		o.plan = &text
	case "commandExecution", "fileChange", "mcpToolCall", "collabAgentToolCall", "dynamicToolCall":
		if s := item.Get("status").Str; s == "failed" || s == "declined" {
			o.fail(item.Get("id").Str)
		}
	}
}

func (o *outcome) fail(id string) {
	if o.failed == nil {
		o.failed = map[string]bool{}
	}
	o.failed[id] = true
}

// detailed is the text of a TurnError with what is known in addition.
func detailed(e gjson.Result) string {
	return withDetails(e.Get("message").Str, e.Get("additionalDetails").Str)
}

// firstLine is what fits into one line of a message.
func firstLine(s string) string {
	first, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return first
}

func withDetails(s, details string) string {
	if strings.TrimSpace(details) == "" {
		return s
	}
	return s + " (" + details + ")"
}

// pascal is a name of the wire as people see it: sessionStart, SessionStart.
func pascal(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// hookWords gives what a hook has to say to people, a line each: why it failed, objected or
// stopped the turn, and its warnings. What it adds to the context is for the model.
func hookWords(p gjson.Result) (lines []string) {
	for _, e := range p.Get("run.entries").Array() {
		text := firstLine(e.Get("text").Str)
		if e.Get("kind").Str != string(protocol.HookOutputEntryKindContext) && text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}
