package turn

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/google/uuid"

	enginehooks "codex/pkg/engine/hooks"
	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/hooks"
	"codex/pkg/protocol"
)

// loadHooks reads the hooks of the configuration.
func (t *liveThread) loadHooks() {
	t.hooks = &enginehooks.Runner{}
	for _, err := range t.plugins.Problems {
		t.hookWarnings = append(t.hookWarnings, err.Error())
	}
	if !t.cfg.Features.Enabled("hooks") {
		return
	}
	list := hooks.Of(t.cfg, t.plugins.Hooks...)
	if t.opts.TrustHooks {
		for i := range list.Hooks {
			if h := &list.Hooks[i]; h.Trust != hooks.Managed {
				h.Trust = hooks.Trusted
			}
		}
	}
	t.hookWarnings = append(t.hookWarnings, list.Warnings...)
	t.hooks = &enginehooks.Runner{Hooks: list.Hooks, Shell: t.opts.hookShell(), Env: t.opts.Environ, Self: t.opts.Self, Spill: t.spill, Tell: t.out.notify, Now: t.opts.Now}
}

// hookShell is what runs the command lines of hooks.
func (o *Options) hookShell() []string {
	if runtime.GOOS == "windows" {
		return []string{cmp.Or(o.Getenv("COMSPEC"), "cmd.exe"), "/C"}
	}
	return []string{cmp.Or(o.Getenv("SHELL"), "/bin/sh"), "-lc"}
}

// maxHookText is how much of a hook's text goes into the conversation, in bytes: about
// 2,500 tokens.
const maxHookText = 10000

// spill keeps a text that is too long in a file; its head and its tail stand for it.
func (t *liveThread) spill(text string) string {
	if len(text) <= maxHookText {
		return text
	}
	const part = maxHookText/2 - 200
	preview := strings.ToValidUTF8(text[:part]+"\n[...]\n"+text[len(text)-part:], "") // the cuts may be within characters
	// The folder for temporary files may be everybody's: nobody else has a say in this one.
	dir, err := os.MkdirTemp(t.opts.TempDir, "codex-hook-")
	path := filepath.Join(dir, "output.txt")
	if err == nil {
		err = os.WriteFile(path, []byte(text), 0o600)
	}
	if err != nil {
		return fmt.Sprintf("%s\n[%d bytes; the rest could not be kept: %v]", preview, len(text), err)
	}
	return fmt.Sprintf("%s\n[%d bytes; all of it is in %s]", preview, len(text), path)
}

// hookCommon is what every hook of a turn is told.
func (t *turn) hookCommon(e hooks.Event) enginehooks.Common {
	th := t.th
	c := enginehooks.Common{SessionID: th.id, TurnID: t.id, Cwd: th.set.cwd, Event: e, Model: th.set.slug, Permission: "default",
		Transcript: protocol.Optional(th.file.Path())}
	if th.set.approval.Mode == "never" {
		c.Permission = "bypassPermissions"
	}
	return c
}

// hook runs the hooks of an event.
func (t *turn) hook(ctx context.Context, e hooks.Event, use string, input any, names ...string) enginehooks.Outcome {
	return t.th.hooks.Run(ctx, enginehooks.Call{Event: e, ThreadID: t.shown.thread, TurnID: t.shown.turn, Cwd: t.th.set.cwd, Names: names, ToolUse: use, Input: input})
}

// tellModel records what hooks tell the model.
func (t *turn) tellModel(texts []string) {
	for _, text := range texts {
		t.th.push(item.Item{Raw: item.Message("developer", text)})
	}
}

// sessionHooks runs those of a session that begins, before its first prompt; false ends
// the turn.
func (t *turn) sessionHooks() bool {
	th := t.th
	source := th.hookSource
	th.hookSource = ""
	if a := t.th.opts.Agent; a != nil {
		return source == "" || t.outer != nil || t.agentHooks(a)
	}
	if source == "" || t.outer != nil || !th.hooks.Has(hooks.SessionStart) {
		return true
	}
	c := t.hookCommon(hooks.SessionStart)
	c.TurnID = ""
	o := t.hook(t.ctx, hooks.SessionStart, "", enginehooks.SessionStart{Common: c, Source: source}, source)
	t.tellModel(o.Contexts)
	return !o.Stopped
}

// submit records what the user wrote, unless hooks object; false when they did.
func (t *turn) submit(input []protocol.UserInput) bool {
	if len(input) == 0 || t.outer != nil || !t.th.hooks.Has(hooks.UserPromptSubmit) {
		t.recordInput(input)
		return true
	}
	_, ev, _ := t.th.userMessage(input)
	o := t.hook(t.ctx, hooks.UserPromptSubmit, "", enginehooks.Prompt{Common: t.hookCommon(hooks.UserPromptSubmit), Prompt: ev.Message})
	ok := !o.Blocked && !o.Stopped
	if ok {
		t.recordInput(input)
	}
	t.tellModel(o.Contexts)
	return ok
}

// maxStopped is how often hooks may let one turn go on: each time is a request, and one that
// always objects would have them made for ever.
const maxStopped = 100

// stopHooks asks whether the turn may end; true is no, and the model is told why.
func (t *turn) stopHooks(last *string) bool {
	event := hooks.Stop
	if t.th.opts.Agent != nil {
		event = hooks.SubagentStop
	}
	if t.outer != nil || !t.th.hooks.Has(event) {
		return false
	}
	var o enginehooks.Outcome
	if a := t.th.opts.Agent; a != nil {
		in := t.agentStop(a)
		in.Active, in.Last = t.stopped > 0, last
		o = t.hook(t.ctx, event, "", in, in.AgentType)
	} else {
		o = t.hook(t.ctx, event, "", enginehooks.Stop{Common: t.hookCommon(event), Active: t.stopped > 0, Last: last})
	}
	if !o.Blocked || o.Stopped || t.ctx.Err() != nil {
		return false
	}
	if t.stopped++; t.stopped > maxStopped {
		t.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{
			Summary: fmt.Sprintf("%s hooks have objected to the end of this turn %d times: it ends, although one objects again", event, maxStopped)})
		return false
	}
	shown := &protocol.HookPromptItem{Type: protocol.ItemHookPrompt, ID: uuid.NewString()}
	var parts []string
	for _, r := range o.Reasons {
		parts = append(parts, `<hook_prompt hook_run_id="`+html.EscapeString(r.Run)+`">`+html.EscapeString(r.Text)+`</hook_prompt>`)
		shown.Fragments = append(shown.Fragments, protocol.HookPromptFragment{Text: r.Text, HookRunID: r.Run})
	}
	t.th.push(item.Item{Raw: item.Message("user", parts...)})
	t.itemCompleted(shown)
	return true
}

// errHookStopped ends a turn whose compaction a hook does not want.
var errHookStopped = errors.New("a hook stopped the compaction")

// compactHooks runs those around a compaction.
func (t *turn) compactHooks(e hooks.Event) error {
	if t.outer != nil || !t.th.hooks.Has(e) {
		return nil
	}
	trigger := "auto"
	if t.job.kind == jobCompact {
		trigger = "manual"
	}
	c := t.hookCommon(e)
	c.Permission = ""
	if o := t.hook(t.ctx, e, "", enginehooks.Compact{Common: c, Trigger: trigger}, trigger); o.Stopped && t.ctx.Err() == nil {
		return errHookStopped
	}
	return nil
}

// toolHooks are the hooks of tool calls, nil when there are none.
func (t *turn) toolHooks() tools.Hooks {
	if slices.ContainsFunc([]hooks.Event{hooks.PreToolUse, hooks.PostToolUse, hooks.PermissionRequest}, t.th.hooks.Has) {
		return toolHooks{t}
	}
	return nil
}

// toolHooks implements tools.Hooks.
type toolHooks struct{ t *turn }

func (h toolHooks) input(e hooks.Event, u tools.ToolUse) enginehooks.Tool {
	return enginehooks.Tool{Common: h.t.hookCommon(e), Name: u.Names[0], Input: u.Input, UseID: u.CallID}
}

// BeforeTool implements tools.Hooks.
func (h toolHooks) BeforeTool(ctx context.Context, u tools.ToolUse) enginehooks.Outcome {
	return h.t.hook(ctx, hooks.PreToolUse, u.CallID, h.input(hooks.PreToolUse, u), u.Names...)
}

// AfterTool implements tools.Hooks.
func (h toolHooks) AfterTool(ctx context.Context, u tools.ToolUse, response json.RawMessage) enginehooks.Outcome {
	in := h.input(hooks.PostToolUse, u)
	in.Response = response
	return h.t.hook(ctx, hooks.PostToolUse, u.CallID, in, u.Names...)
}

// OnQuestion implements tools.Hooks.
func (h toolHooks) OnQuestion(ctx context.Context, u tools.ToolUse) enginehooks.Outcome {
	in := h.input(hooks.PermissionRequest, u)
	in.UseID = ""
	return h.t.hook(ctx, hooks.PermissionRequest, u.CallID, in, u.Names...)
}
