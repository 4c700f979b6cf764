package tools

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"codex/pkg/engine/tools/args"
	"codex/pkg/protocol"
)

func shellCommandArgs() *args.Object {
	return &args.Object{Name: "ShellCommandToolCallParams", Fields: []args.Field{
		{Name: "command", Kind: args.String, Required: true},
		{Name: "workdir", Kind: args.String, Null: true},
		{Name: "login", Kind: args.Bool, Null: true},
		{Name: "timeout_ms", Kind: args.Uint, Null: true},
		{Name: "sandbox_permissions", Kind: args.Enum, Null: true, Values: []string{"use_default", "require_escalated", "with_additional_permissions"}},
		{Name: "additional_permissions", Kind: args.Any, Null: true},
		{Name: "justification", Kind: args.String, Null: true},
		{Name: "prefix_rule", Kind: args.Strings, Null: true},
	}}
}

const defaultTimeout = 10000 // ms (tools spec §3.6)

// shellCommand is the older sibling of exec_command: it waits for the end, and kills at
// the time limit.
func (s *Set) shellCommand(ctx context.Context, t *Turn, c Call) Output {
	v, err := args.Decode(shellCommandArgs(), c.Arguments)
	if err != nil {
		return badArguments(err)
	}
	login := v.Bool("login", s.AllowLogin)
	if login && !s.AllowLogin {
		return Output{Text: "login shell is disabled by config; omit `login` or set it to false."}
	}
	cmd := command{callID: c.ID, argv: s.Shell.Argv(v.Str("command"), login), cwd: s.resolve(t.Cwd, v.Str("workdir")),
		reason: v.Str("justification")}
	if p, ok := v["prefix_rule"].([]string); ok {
		cmd.prefixRule = p
	}
	var refused string
	if cmd.escalate, cmd.extra, refused = s.permissions(t, v, c.Arguments, cmd.cwd, "should not"); refused != "" {
		return Output{Text: refused}
	}
	if out, ok := s.intercept(ctx, t, c, cmd); ok {
		return out
	}
	leave := s.approve(ctx, t, cmd)
	if leave.refused == byUser {
		return Output{Text: "exec command " + byUser}
	} else if leave.refused != "" {
		return Output{Text: leave.refused}
	}
	ss, err := s.start(ctx, t, cmd, leave.unsandboxed)
	if err != nil {
		return notStarted(t, cmd, err)
	}
	limit := time.Duration(v.Uint("timeout_ms", defaultTimeout)) * time.Millisecond
	ss.collect(ctx, limit)
	if again, refused := s.retry(ctx, t, cmd, ss, leave); refused {
		s.forget(ss.id)
		return Output{Text: "exec command " + byUser}
	} else if again {
		s.forget(ss.id)
		if ss, err = s.start(ctx, t, cmd, true); err != nil {
			return notStarted(t, cmd, err)
		}
		ss.collect(ctx, limit)
	}
	took := time.Since(ss.started)
	code, note := 0, ""
	if !ss.done() {
		ss.mu.Lock()
		ss.late = true
		ss.mu.Unlock()
		s.stop(ctx, ss)
		code, note = 124, fmt.Sprintf("command timed out after %d milliseconds\n", took.Milliseconds())
	} else {
		code = ss.code()
	}
	s.forget(ss.id)
	ss.mu.Lock()
	out := ss.unread.take()
	ss.mu.Unlock()
	text := note + valid(out.bytes())
	cut := t.Limit.Cut(text)
	var b strings.Builder
	fmt.Fprintf(&b, "Exit code: %d\nWall time: %s seconds\n", code, shortSeconds(took))
	if strings.Count(cut, "\n") != strings.Count(text, "\n") {
		fmt.Fprintf(&b, "Total output lines: %d\n", out.lineCount())
	}
	b.WriteString("Output:\n" + cut)
	return Output{Text: b.String()}
}

// notStarted shows a command that could not be started, and words it as the original
// does.
func notStarted(t *Turn, cmd command, err error) Output {
	text := "execution error: " + debugOS(osText(err))
	ss := &session{callID: cmd.callID, argv: cmd.argv, cwd: cmd.cwd}
	it := ss.item(protocol.CommandExecutionStatusInProgress)
	it.ProcessID = nil
	t.Out.ItemStarted(it)
	code, ms := int32(-1), int64(0)
	it = ss.item(protocol.CommandExecutionStatusFailed)
	it.ProcessID, it.AggregatedOutput, it.ExitCode, it.DurationMs = nil, &text, &code, &ms
	t.Out.ItemCompleted(it)
	return Output{Text: text}
}

// debugOS gives "Text (os error 2)" the form of the original's debug output; other texts
// stay.
func debugOS(text string) string {
	msg, rest, ok := strings.Cut(text, " (os error ")
	code, err := strconv.Atoi(strings.TrimSuffix(rest, ")"))
	if !ok || err != nil {
		return text
	}
	kind := "Uncategorized"
	switch code {
	case 1, 13:
		kind = "PermissionDenied"
	case 2:
		kind = "NotFound"
	case 20:
		kind = "NotADirectory"
	}
	return fmt.Sprintf("Io(Os { code: %d, kind: %s, message: %s })", code, kind, debugString(msg))
}
