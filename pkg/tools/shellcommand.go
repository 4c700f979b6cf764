package tools

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"codex/pkg/tools/args"
)

func shellCommandArgs() *args.Object {
	return &args.Object{Name: "ShellCommandToolCallParams", Fields: []args.Field{
		{Name: "command", Kind: args.String, Required: true},
		{Name: "workdir", Kind: args.String, Null: true},
		{Name: "login", Kind: args.Bool, Null: true},
		{Name: "timeout_ms", Kind: args.Uint, Null: true},
		{Name: "sandbox_permissions", Kind: args.Enum, Null: true, Values: []string{"use_default", "require_escalated", "with_additional_permissions"}},
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
	cmd := command{callID: c.ID, argv: s.Shell.Argv(v.Str("command"), login), cwd: resolve(t.Cwd, v.Str("workdir")),
		escalate: v.Str("sandbox_permissions") != "" && v.Str("sandbox_permissions") != "use_default", reason: v.Str("justification")}
	if out, ok := s.intercept(ctx, t, c, cmd); ok {
		return out
	}
	unsandboxed, _, refused := s.approve(ctx, t, cmd)
	if refused != "" {
		return Output{Text: refused}
	}
	ss, err := s.start(ctx, t, cmd, unsandboxed)
	if err != nil {
		return textf("execution error: %s", osText(err))
	}
	limit := time.Duration(v.Uint("timeout_ms", defaultTimeout)) * time.Millisecond
	ss.collect(ctx, limit)
	took := time.Since(ss.started)
	code, note := 0, ""
	if !ss.done() {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		if err := ss.proc.Terminate(stop, 0); err != nil && !errors.Is(err, context.DeadlineExceeded) && s.Log != nil {
			s.Log.Printf("end command: %v", err)
		}
		select {
		case <-ss.ended:
		case <-stop.Done():
		}
		cancel()
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
