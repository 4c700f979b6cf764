package tools

import (
	"context"
	_ "embed" // the description
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"codex/pkg/ostext"
	"codex/pkg/protocol"
)

//go:embed shell_command.md
var shellCommandText string

const defaultTimeout = 10000 // ms

type shellArgs struct {
	Command string  `json:"command" about:"The command line, as the shell takes it."`
	Workdir string  `json:"workdir,omitempty" about:"Folder to run in."`
	Login   *bool   `json:"login" about:"Run as a login shell. Default true."`
	Timeout *uint64 `json:"timeout_ms" about:"Time limit."`
	wish
}

func offerShellCommand(o *SpecOptions) any {
	if o.Shell != "shell_command" {
		return nil
	}
	return offerWishes(Describe[shellArgs]("shell_command", shellCommandText), o)
}

// shellCommand is the older sibling of exec_command: it waits for the end, and kills at
// the time limit.
func (s *Set) shellCommand(ctx context.Context, t *Turn, c Call, a shellArgs) Output {
	login, err := s.login(a.Login)
	if err != nil {
		return failed("%v", err)
	}
	cmd := command{callID: c.ID, argv: s.Shell.Argv(a.Command, login), cwd: s.resolve(t.Cwd, a.Workdir)}
	if err := s.grantWishes(t, a.wish, &cmd, "should not"); err != nil {
		return failed("%v", err)
	}
	if p, ok := s.intercept(ctx, t, c, cmd); ok {
		return p.output("")
	}
	ss, err := s.launch(ctx, t, cmd, milliseconds(or(a.Timeout, defaultTimeout)))
	if err != nil {
		return shellRefused(t, cmd, err)
	}
	took := ss.age()
	code, note := 0, ""
	if ss.done() {
		code = ss.code()
	} else {
		s.endLate(ctx, ss)
		code, note = 124, fmt.Sprintf("command timed out after %d milliseconds\n", took.Milliseconds())
	}
	s.forget(ss.id)
	out := ss.take()
	text := note + valid(out.bytes())
	cut := t.Limit.Cut(text)
	var b strings.Builder
	fmt.Fprintf(&b, "Exit code: %d\nWall time: %s seconds\n", code, shortSeconds(took))
	if strings.Count(cut, "\n") != strings.Count(text, "\n") {
		fmt.Fprintf(&b, "Total output lines: %d\n", out.lineCount())
	}
	b.WriteString("Output:\n" + cut)
	return Output{Text: b.String(), Raw: &cut}
}

// shortSeconds prints seconds with at most one decimal, 0 as "0".
func shortSeconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Round(100*time.Millisecond))/float64(time.Second), 'f', -1, 64)
}

// shellRefused says why a command does not run. One that could not be started is shown.
func shellRefused(t *Turn, cmd command, err error) Output {
	var no *refusal
	switch {
	case errors.As(err, &no) && no.shown:
		return Output{Text: "exec command " + no.why}
	case no != nil:
		return failed("%s", no.why)
	}
	text := notStarted(err)
	ss := &session{callID: cmd.callID, argv: cmd.argv, cwd: cmd.cwd}
	it := ss.item(protocol.CommandExecutionStatusInProgress)
	it.ProcessID = nil
	t.Out.ItemStarted(it)
	it = ss.item(protocol.CommandExecutionStatusFailed)
	it.ProcessID, it.AggregatedOutput, it.ExitCode, it.DurationMs = nil, &text, new(int32(-1)), new(int64)
	t.Out.ItemCompleted(it)
	return Output{Text: text}
}

// notStarted words the error of a command that could not be started, with what the system
// said in the form of the original's debug output.
func notStarted(err error) string {
	text := osText(err)
	msg, rest, ok := strings.Cut(text, " (os error ")
	code, notNumber := strconv.Atoi(strings.TrimSuffix(rest, ")"))
	if !ok || notNumber != nil {
		return "execution error: " + text
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
	return fmt.Sprintf("execution error: Io(Os { code: %d, kind: %s, message: %s })", code, kind, ostext.Quote(msg))
}
