// Package hooks runs the user's hooks at the events of a turn: each is a command that
// reads one JSON object and answers by its exit status, and by text or JSON on its standard
// output. What they answer together is an [Outcome].
//
// Engine layer; it imports the ground: foreign, hooks, jsonrpc, protocol and watchdog.
package hooks

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"codex/pkg/hooks"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
	"codex/pkg/watchdog"
)

// Runner runs the hooks of a thread. Its fields are fixed once it is in use; the zero
// value has no hooks.
type Runner struct {
	Hooks []hooks.Hook
	Shell []string // runs a command line that comes after it
	Env   []string
	// Self is the program that watches over commands, "" for none.
	Self string
	// Spill keeps a long text of a hook in a file and gives what stands for it.
	Spill func(text string) string
	// Tell sends a notification.
	Tell func(method string, params any)
	Now  func() time.Time

	guard watchdog.Guard
}

// Call is one event.
type Call struct {
	Event            hooks.Event
	ThreadID, TurnID string
	Cwd              string
	// Names are what matchers choose by: those of a tool, a source or a trigger.
	Names []string
	// ToolUse is the id of the tool call that the event is about.
	ToolUse string
	Input   any // see Common
}

// Outcome is what all hooks of an event answered.
type Outcome struct {
	// Blocked says that the hooks object, and Reasons why. Each reason has its run.
	Blocked bool
	Reasons []Reason
	// Stopped says that the turn is to end here.
	Stopped bool
	// Contexts are for the model, and so is Feedback in the place of a tool's output.
	Contexts []string
	Feedback string
	// Decision is allow, deny or "" on a question of permission; Message says why not.
	Decision, Message string
	// Updated is the input that a tool is to have instead of its own, nil for that.
	Updated json.RawMessage
}

// Reason is why a run objects.
type Reason struct{ Run, Text string }

// First is the first reason.
func (o *Outcome) First() string {
	if len(o.Reasons) == 0 {
		return ""
	}
	return o.Reasons[0].Text
}

// Has says whether hooks run at an event.
func (r *Runner) Has(e hooks.Event) bool {
	for i := range r.Hooks {
		if r.Hooks[i].Event == e && r.Hooks[i].Runs() {
			return true
		}
	}
	return false
}

// Run runs the hooks of an event, all at once, and gives what they answer in their order.
func (r *Runner) Run(ctx context.Context, c Call) (out Outcome) {
	var due []*hooks.Hook
	for i := range r.Hooks {
		if h := &r.Hooks[i]; h.Event == c.Event && h.Runs() && (h.Event == hooks.Stop || h.Event == hooks.UserPromptSubmit || h.Matches(c.Names...)) {
			due = append(due, h)
		}
	}
	if len(due) == 0 || ctx.Err() != nil {
		return out
	}
	input, err := jsonrpc.Marshal(c.Input)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", c.Input, err)) // its types are ours
	}
	var wg sync.WaitGroup
	answers := make([]answer, len(due))
	for i, h := range due {
		run := r.summary(h, &c)
		r.Tell(protocol.NoteHookStarted, protocol.HookStartedNotification{ThreadID: c.ThreadID, TurnID: &c.TurnID, Run: run})
		wg.Go(func() {
			begun := r.Now()
			answers[i] = read(c.Event, r.command(ctx, h, c.Cwd, input))
			r.spill(&answers[i])
			took := r.Now().Sub(begun)
			run.CompletedAt, run.DurationMs = new(begun.Add(took).Unix()), new(took.Milliseconds())
			run.Status, run.Entries = answers[i].status, answers[i].entries
			answers[i].run = run.ID
			r.Tell(protocol.NoteHookCompleted, protocol.HookCompletedNotification{ThreadID: c.ThreadID, TurnID: &c.TurnID, Run: run})
		})
	}
	wg.Wait()
	for i := range answers {
		out.add(&answers[i])
	}
	return out
}

// summary describes a run that begins.
func (r *Runner) summary(h *hooks.Hook, c *Call) protocol.HookRunSummary {
	id := fmt.Sprintf("%s:%d:%s", h.Event.Words("-"), h.Order, h.SourcePath)
	if c.ToolUse != "" {
		id += ":" + c.ToolUse
	}
	scope := protocol.HookScopeTurn
	if h.Event == hooks.SessionStart {
		scope = protocol.HookScopeThread
	}
	return protocol.HookRunSummary{ID: id, EventName: protocol.HookEventName(h.Event.Camel()), HandlerType: protocol.HookHandlerTypeCommand,
		ExecutionMode: protocol.HookExecutionModeSync, Scope: scope, SourcePath: h.SourcePath, Source: protocol.HookSource(h.Source),
		DisplayOrder: int64(h.Order), Status: protocol.HookRunStatusRunning, StatusMessage: h.StatusMessage, StartedAt: r.Now().Unix()}
}

// spill keeps long texts out of the conversation.
func (r *Runner) spill(a *answer) {
	if r.Spill == nil {
		return
	}
	for _, text := range []*string{&a.reason, &a.context, &a.feedback} {
		if *text != "" {
			*text = r.Spill(*text)
		}
	}
}

// add takes one answer after the others.
func (o *Outcome) add(a *answer) {
	if a.blocked {
		o.Blocked = true
		o.Reasons = append(o.Reasons, Reason{a.run, a.reason})
	}
	o.Stopped = o.Stopped || a.status == protocol.HookRunStatusStopped
	if a.context != "" {
		o.Contexts = append(o.Contexts, a.context)
	}
	if a.feedback != "" {
		if o.Feedback != "" {
			o.Feedback += "\n\n"
		}
		o.Feedback += a.feedback
	}
	if a.decision == deny && o.Decision != deny {
		o.Decision, o.Message = deny, a.reason
	}
	o.Decision = cmp.Or(o.Decision, a.decision)
	if a.updated != nil {
		o.Updated = a.updated
	}
}

// Close ends what watches over commands.
func (r *Runner) Close() { r.guard.Close() }
