package tools

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"codex/pkg/engine/hooks"
	"codex/pkg/execpolicy"
	"codex/pkg/jsonrpc"
	"codex/pkg/shellwords"
)

// Hooks are the user's hooks at the calls of a turn.
type Hooks interface {
	BeforeTool(ctx context.Context, u ToolUse) hooks.Outcome
	AfterTool(ctx context.Context, u ToolUse, response json.RawMessage) hooks.Outcome
	// OnQuestion is asked before a person is.
	OnQuestion(ctx context.Context, u ToolUse) hooks.Outcome
}

// ToolUse is a call as hooks know it.
type ToolUse struct {
	CallID string
	Names  []string // the first is the tool's, the others are what matchers may call it as well
	Input  json.RawMessage
	shown  string // what a refusal says
}

// use is the call as hooks know it; ok is false for one that no hook is asked about.
func (c Call) use() (u ToolUse, ok bool) {
	switch {
	case strings.HasPrefix(c.Namespace, "mcp__"):
		input := json.RawMessage(c.Arguments)
		if !jsonrpc.Valid(input) {
			input = json.RawMessage("{}") // the tool itself says what is wrong, or takes nothing for that
		}
		return ToolUse{CallID: c.ID, Names: []string{c.Namespace + c.Name}, Input: input}, true
	case c.Namespace == "" && c.Name == "exec_command":
		return bashUse(c, "cmd")
	case c.Namespace == "" && c.Name == "shell_command":
		return bashUse(c, "command")
	case c.Namespace == "" && c.Name == "apply_patch":
		text, err := c.patchText()
		return patchUse(c.ID, text), err == nil
	}
	return u, false
}

// patchUse is a patch as hooks know it.
func patchUse(callID, text string) ToolUse {
	return ToolUse{CallID: callID, Names: []string{"apply_patch", "Write", "Edit"}, Input: commandInput(text, ""), shown: "Command: " + text}
}

// bashUse is the call of a shell, whose command line is an argument.
func bashUse(c Call, key string) (u ToolUse, ok bool) {
	var args map[string]json.RawMessage
	var line string
	if !jsonrpc.Valid([]byte(c.Arguments)) || json.Unmarshal([]byte(c.Arguments), &args) != nil || json.Unmarshal(args[key], &line) != nil {
		return u, false // the tool itself says what is wrong
	}
	return ToolUse{CallID: c.ID, Names: []string{"Bash"}, Input: commandInput(line, ""), shown: "Command: " + line}, true
}

// commandInput is the tool_input of what has a command.
func commandInput(line, description string) json.RawMessage {
	b, err := jsonrpc.Marshal(struct {
		Command     string `json:"command"`
		Description string `json:"description,omitempty"`
	}{line, description})
	if err != nil {
		panic(fmt.Sprintf("encode a command: %v", err)) // two strings
	}
	return b
}

// hooked runs a call between its hooks.
func (s *Set) hooked(ctx context.Context, t *Turn, c Call, run handler) Output {
	u, ok := c.use()
	if !ok || t.Hooks == nil {
		return run(s, ctx, t, c)
	}
	before := t.Hooks.BeforeTool(ctx, u)
	if before.Blocked {
		what, shown := "Command", u.shown
		if shown == "" {
			what, shown = "Tool call", "Tool: "+u.Names[0]
		}
		out := failed("%s blocked by PreToolUse hook: %s. %s", what, before.First(), shown)
		out.Contexts = before.Contexts
		return out
	}
	if before.Updated != nil {
		var ok bool
		if c, ok = c.with(before.Updated); !ok {
			out := failed("Tool call blocked: a PreToolUse hook changed it into something that is no call. %s", u.shown)
			out.Contexts = before.Contexts
			return out
		}
		u, _ = c.use()
	}
	out := run(s, ctx, t, c)
	out.Contexts = before.Contexts
	if out.Missing || out.Failed || out.Running || ctx.Err() != nil {
		return out
	}
	response := out.Response
	if response == nil {
		response = out.Content
	}
	if response == nil {
		text := out.Text
		if out.Raw != nil {
			text = *out.Raw
		}
		response = jsonrpc.Quote(text)
	}
	after := t.Hooks.AfterTool(ctx, u, response)
	out.Contexts = append(out.Contexts, after.Contexts...)
	if after.Feedback != "" {
		out.Text, out.Content = after.Feedback, nil
	}
	return out
}

// with is the call with another tool_input.
func (c Call) with(input json.RawMessage) (Call, bool) {
	if c.Namespace != "" {
		c.Arguments = string(input)
		return c, true
	}
	var in struct {
		Command *string `json:"command"`
	}
	if json.Unmarshal(input, &in) != nil || in.Command == nil {
		return c, false
	}
	key := map[string]string{"exec_command": "cmd", "shell_command": "command"}[c.Name]
	if key == "" {
		c.Item, c.Arguments = "custom_tool_call", *in.Command
		return c, true
	}
	var args map[string]any // it was read before
	err := json.Unmarshal([]byte(c.Arguments), &args)
	if err == nil {
		args[key] = *in.Command
		var b []byte
		b, err = jsonrpc.Marshal(args)
		c.Arguments = string(b)
	}
	return c, err == nil
}

// question lets hooks answer in the place of a person: decided is false when none did. The
// error is a *refusal.
func (t *Turn) question(ctx context.Context, u ToolUse) (decided bool, err error) {
	if t.Hooks == nil {
		return false, nil
	}
	switch o := t.Hooks.OnQuestion(ctx, u); o.Decision {
	case "allow":
		return true, nil
	case "deny":
		return true, &refusal{why: o.Message}
	}
	return false, nil
}

// AskHooks lets hooks decide about a call in the place of a person.
func (t *Turn) AskHooks(ctx context.Context, c Call) (decided bool, err error) {
	u, ok := c.use()
	if !ok {
		return false, nil
	}
	return t.question(ctx, u)
}

// asked is a command as hooks are asked about it.
func (cmd *command) asked(reason string) ToolUse {
	line, ok := execpolicy.Script(cmd.argv)
	if !ok {
		line = shellwords.Join(cmd.argv)
	}
	return ToolUse{CallID: cmd.callID, Names: []string{"Bash"}, Input: commandInput(line, reason)}
}
