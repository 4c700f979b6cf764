package hooks

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"codex/pkg/hooks"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// answer is what one hook said.
type answer struct {
	run      string
	status   protocol.HookRunStatus
	entries  []protocol.HookOutputEntry
	blocked  bool
	reason   string
	context  string
	feedback string // in the place of a tool's output
	decision string // allow, deny or ""
	updated  json.RawMessage
}

// Decisions about a permission.
const (
	allow = "allow"
	deny  = "deny"
)

func (a *answer) say(kind protocol.HookOutputEntryKind, text string) {
	if text != "" {
		a.entries = append(a.entries, protocol.HookOutputEntry{Kind: kind, Text: text})
	}
}

// failed is the answer of a hook that said nothing that counts.
func failed(format string, args ...any) answer {
	a := answer{status: protocol.HookRunStatusFailed}
	a.say(protocol.HookOutputEntryKindError, fmt.Sprintf(format, args...))
	return a
}

// block objects to what was about to happen.
func (a *answer) block(e hooks.Event, reason string) {
	a.status, a.blocked, a.reason = protocol.HookRunStatusBlocked, true, reason
	if e == hooks.PostToolUse { // the tool has run: there is nothing left to block
		a.blocked, a.feedback = false, reason
	}
	a.say(protocol.HookOutputEntryKindFeedback, reason)
}

// stop ends the turn.
func (a *answer) stop(reason string) {
	a.status = protocol.HookRunStatusStopped
	a.say(protocol.HookOutputEntryKindStop, reason)
}

func (a *answer) tell(context string) {
	a.context = context
	a.say(protocol.HookOutputEntryKindContext, context)
}

// read takes the answer from how a command ended.
func read(e hooks.Event, r result) answer {
	stdout, stderr := clean(r.stdout), clean(r.stderr)
	switch {
	case r.err != nil:
		return failed("%v", r.err)
	case r.status == 2:
		return refused(e, stderr)
	case r.status != 0:
		return failed("hook exited with code %d", r.status)
	case r.long:
		return failed("hook wrote more than %d bytes", maxOutput)
	case stdout == "":
		return answer{status: protocol.HookRunStatusCompleted}
	case stdout[0] == '{' || stdout[0] == '[':
		return readJSON(e, stdout)
	}
	a := answer{status: protocol.HookRunStatusCompleted}
	switch e {
	case hooks.SessionStart, hooks.SubagentStart, hooks.UserPromptSubmit:
		a.tell(stdout)
	case hooks.Stop, hooks.SubagentStop:
		return invalid(e)
	}
	return a
}

// invalid is the answer of a hook whose output can't be read.
func invalid(e hooks.Event) answer {
	name := e.Words("-")
	switch e {
	case hooks.SessionStart, hooks.SubagentStart, hooks.UserPromptSubmit:
		name = e.Words(" ")
	case hooks.PreCompact, hooks.PostCompact:
		name = string(e) + " hook"
	case hooks.Stop, hooks.SubagentStop:
		name = e.Words(" ") + " hook"
	}
	return failed("hook returned invalid %s JSON output", name)
}

func clean(b []byte) string { return strings.TrimSpace(strings.ToValidUTF8(string(b), "\uFFFD")) }

// refused is the answer of exit status 2, whose reason is on standard error.
func refused(e hooks.Event, reason string) answer {
	switch e {
	case hooks.SessionStart, hooks.SubagentStart:
		return failed("hook exited with code 2")
	case hooks.PreCompact, hooks.PostCompact:
		reason = cmp.Or(reason, "hook exited with code 2")
		return failed("%s", reason)
	}
	if reason == "" {
		what := "a blocking reason"
		switch e {
		case hooks.PermissionRequest:
			what = "a denial reason"
		case hooks.PostToolUse:
			what = "feedback"
		case hooks.Stop, hooks.SubagentStop:
			what = "a continuation prompt"
		}
		return failed("%s hook exited with code 2 but did not write %s to stderr", e, what)
	}
	if e == hooks.PermissionRequest {
		return denied(reason)
	}
	var a answer
	a.block(e, reason)
	if e == hooks.PostToolUse {
		a.status = protocol.HookRunStatusCompleted
	}
	return a
}

func denied(message string) answer {
	a := answer{status: protocol.HookRunStatusBlocked, decision: deny, reason: message}
	a.say(protocol.HookOutputEntryKindFeedback, message)
	return a
}

// output is what a hook may write as JSON. Which members an event takes is in takes.
type output struct {
	Continue       *bool           `json:"continue"`
	StopReason     *string         `json:"stopReason"`
	SuppressOutput *bool           `json:"suppressOutput"`
	SystemMessage  *string         `json:"systemMessage"`
	Decision       *string         `json:"decision"`
	Reason         *string         `json:"reason"`
	Specific       *specificOutput `json:"hookSpecificOutput"`
}

type specificOutput struct {
	Event                *string         `json:"hookEventName"`
	AdditionalContext    *string         `json:"additionalContext"`
	PermissionDecision   *string         `json:"permissionDecision"`
	PermissionReason     *string         `json:"permissionDecisionReason"`
	UpdatedInput         json.RawMessage `json:"updatedInput"`
	UpdatedMCPToolOutput json.RawMessage `json:"updatedMCPToolOutput"`
	Decision             *permission     `json:"decision"`
}

type permission struct {
	Behavior           string          `json:"behavior"`
	Message            *string         `json:"message"`
	Interrupt          *bool           `json:"interrupt"`
	UpdatedInput       json.RawMessage `json:"updatedInput"`
	UpdatedPermissions json.RawMessage `json:"updatedPermissions"`
}

// readJSON reads an answer in JSON.
func readJSON(e hooks.Event, text string) answer {
	o, ok := decode(e, text)
	if !ok {
		return invalid(e)
	}
	var a answer
	switch e {
	case hooks.PreToolUse:
		a = preTool(o)
	case hooks.PermissionRequest:
		a = question(o)
	default:
		a = general(e, o)
	}
	if o.SystemMessage != nil && *o.SystemMessage != "" {
		a.entries = append([]protocol.HookOutputEntry{{Kind: protocol.HookOutputEntryKindWarning, Text: *o.SystemMessage}}, a.entries...)
	}
	return a
}

// decode reads the JSON strictly: a member that the event does not have is a mistake, and
// most likely one that matters.
func decode(e hooks.Event, text string) (o output, ok bool) {
	if jsonrpc.Check([]byte(text)) != nil || text[0] != '{' {
		return o, false
	}
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.DisallowUnknownFields()
	if d.Decode(&o) != nil {
		return o, false
	}
	if o.Decision != nil || o.Reason != nil {
		switch e {
		case hooks.SessionStart, hooks.SubagentStart, hooks.PreCompact, hooks.PostCompact, hooks.PermissionRequest:
			return o, false
		}
		if d := protocol.Value(o.Decision); o.Decision != nil && d != "block" && !(e == hooks.PreToolUse && d == "approve") {
			return o, false
		}
	}
	return o, o.Specific == nil || o.Specific.fits(e)
}

// fits says whether the members are those of the event.
func (s *specificOutput) fits(e hooks.Event) bool {
	if s.Event == nil || *s.Event != string(e) {
		return false
	}
	pre := s.PermissionDecision != nil || s.PermissionReason != nil || s.UpdatedInput != nil
	switch e {
	case hooks.PreToolUse:
		d := protocol.Value(s.PermissionDecision)
		return s.Decision == nil && s.UpdatedMCPToolOutput == nil && (d == "" || d == allow || d == deny || d == "ask")
	case hooks.PostToolUse:
		return s.Decision == nil && !pre
	case hooks.PermissionRequest:
		return !pre && s.AdditionalContext == nil && s.UpdatedMCPToolOutput == nil && (s.Decision == nil || s.Decision.Behavior == allow || s.Decision.Behavior == deny)
	case hooks.SessionStart, hooks.SubagentStart, hooks.UserPromptSubmit:
		return s.Decision == nil && !pre && s.UpdatedMCPToolOutput == nil
	}
	return false
}

// halts says whether a hook wants the turn to end.
func (o *output) halts() bool { return o.Continue != nil && !*o.Continue }

// preTool reads what a hook says of a tool that is about to run: it can object, and tell
// the model something.
func preTool(o output) answer {
	s := o.Specific
	if s == nil {
		s = &specificOutput{}
	}
	reason, objects := protocol.Value(s.PermissionReason), protocol.Value(s.PermissionDecision) == deny
	if s.PermissionDecision == nil && protocol.Value(o.Decision) == "block" {
		reason, objects = protocol.Value(o.Reason), true
	}
	switch {
	case o.halts(), o.StopReason != nil, o.SuppressOutput != nil && *o.SuppressOutput:
		return failed("PreToolUse hook returned unsupported continue:false, stopReason or suppressOutput")
	case isSet(s.UpdatedInput) && protocol.Value(s.PermissionDecision) != allow:
		return failed("PreToolUse hook returned updatedInput without permissionDecision:allow")
	case s.PermissionDecision != nil && !objects && !isSet(s.UpdatedInput):
		return failed("PreToolUse hook returned unsupported permissionDecision:%s", *s.PermissionDecision)
	case protocol.Value(o.Decision) == "approve":
		return failed("PreToolUse hook returned unsupported decision:approve")
	case objects && strings.TrimSpace(reason) == "":
		return failed("PreToolUse hook returned permissionDecision:deny without a non-empty permissionDecisionReason")
	}
	a := answer{status: protocol.HookRunStatusCompleted}
	if isSet(s.UpdatedInput) {
		a.updated = s.UpdatedInput
	}
	if c := protocol.Value(s.AdditionalContext); c != "" {
		a.tell(c)
	}
	if objects {
		a.block(hooks.PreToolUse, reason)
	}
	return a
}

func isSet(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// question reads what a hook says of a permission.
func question(o output) answer {
	switch {
	case o.halts(), o.StopReason != nil, o.SuppressOutput != nil && *o.SuppressOutput:
		return failed("PermissionRequest hook returned unsupported continue:false, stopReason or suppressOutput")
	case o.Specific == nil || o.Specific.Decision == nil:
		return answer{status: protocol.HookRunStatusCompleted}
	}
	d := o.Specific.Decision
	if isSet(d.UpdatedInput) || isSet(d.UpdatedPermissions) || d.Interrupt != nil && *d.Interrupt {
		return failed("PermissionRequest hook returned unsupported updatedInput, updatedPermissions or interrupt")
	}
	if d.Behavior == allow {
		return answer{status: protocol.HookRunStatusCompleted, decision: allow}
	}
	message := cmp.Or(strings.TrimSpace(protocol.Value(d.Message)), "PermissionRequest hook denied approval")
	return denied(message)
}

// general reads the answers of the other events.
func general(e hooks.Event, o output) answer {
	a := answer{status: protocol.HookRunStatusCompleted}
	if o.Specific != nil {
		if isSet(o.Specific.UpdatedMCPToolOutput) {
			return failed("PostToolUse hook returned unsupported updatedMCPToolOutput")
		}
		if c := protocol.Value(o.Specific.AdditionalContext); c != "" {
			a.tell(c)
		}
	}
	switch {
	case o.halts():
		a.stop(protocol.Value(o.StopReason))
		if e == hooks.PostToolUse {
			a.feedback = cmp.Or(strings.TrimSpace(protocol.Value(o.Reason)), strings.TrimSpace(protocol.Value(o.StopReason)), "PostToolUse hook stopped execution")
		}
	case o.Decision != nil && strings.TrimSpace(protocol.Value(o.Reason)) == "":
		return failed("%s hook returned decision:block without a non-empty reason", e)
	case o.Decision != nil:
		a.block(e, *o.Reason)
	}
	return a
}
