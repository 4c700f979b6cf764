package tools

import (
	"context"
	_ "embed" // the description
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/ostext"
	"codex/pkg/shellwords"
)

//go:embed exec_command.md
var execCommandText string

const (
	defaultYield = 10000 // ms
	minYield     = 250
	maxYield     = 30000
	// defaultTokens of output are given when the model does not say how many.
	defaultTokens = 10000
)

type execArgs struct {
	Cmd         string  `json:"cmd" about:"The command line, as the shell takes it."`
	Workdir     string  `json:"workdir,omitempty" about:"Folder to run in; the turn's working folder by default."`
	Shell       *string `json:"shell" about:"Which shell runs the command; the user's own by default."`
	Login       *bool   `json:"login" about:"Run as a login shell, with the user's profile. Default true."`
	TTY         bool    `json:"tty,omitempty" about:"Give the command a terminal, so that write_stdin can type into it. Default false: plain pipes and no input."`
	Yield       *uint64 `json:"yield_time_ms" about:"How long to wait for the command before returning what there is."`
	Tokens      *uint64 `json:"max_output_tokens" about:"How much output to return; the middle of a longer one is left out."`
	Environment *string `json:"environment_id" about:"-"`
	wish
}

func offerExecCommand(o *SpecOptions) any {
	if o.Shell != "unified" {
		return nil
	}
	return offerWishes(Describe[execArgs]("exec_command", execCommandText), o)
}

// execCommand runs a command and reports what it wrote within the time to yield; one that
// still runs then can be looked at by write_stdin.
func (s *Set) execCommand(ctx context.Context, t *Turn, c Call, a execArgs) Output {
	if a.Environment != nil {
		return failed("unknown turn environment id `%s`", *a.Environment)
	}
	if strings.Contains(a.Cmd, "\x00") {
		return notExecuted("<command included NUL byte>", "Failed to create unified exec process: nul byte found in provided data")
	}
	sh := s.Shell
	if a.Shell != nil {
		sh = s.Finder.pick(*a.Shell, s.Shell)
	}
	login, err := s.login(a.Login)
	if err != nil {
		return failed("%v", err)
	}
	cmd := command{callID: c.ID, argv: sh.Argv(a.Cmd, login), cwd: s.resolve(t.Cwd, a.Workdir), tty: a.TTY, plainSignals: true}
	if err := s.grantWishes(t, a.wish, &cmd, "cannot"); err != nil {
		return failed("%v", err)
	}
	if p, ok := s.intercept(ctx, t, c, cmd); ok {
		return p.output("Wall time: 0.0000 seconds\nOutput:\n")
	}
	ss, err := s.launch(ctx, t, cmd, milliseconds(clamp(or(a.Yield, defaultYield), minYield, maxYield)))
	if err != nil {
		return execRefused(cmd, err)
	}
	return s.report(ss, t.budget(a.Tokens), ss.elapsed())
}

// budget is how many tokens of output a call may show.
func (t *Turn) budget(tokens *uint64) int {
	return int(min(or(tokens, defaultTokens), uint64(t.Limit.Tokens())))
}

func or(n *uint64, def uint64) uint64 {
	if n == nil {
		return def
	}
	return *n
}

func clamp(n, lo, hi uint64) uint64 { return max(lo, min(n, hi)) }

func milliseconds(n uint64) time.Duration {
	return time.Duration(min(n, uint64(365*24*time.Hour/time.Millisecond))) * time.Millisecond
}

// execRefused says why a command does not run.
func execRefused(cmd command, err error) Output {
	line := shellwords.Join(cmd.argv)
	var no *refusal
	switch {
	case errors.As(err, &no):
		out := notExecuted(line, no.why)
		out.Failed = !no.shown
		return out
	case errors.Is(err, client.ErrNoSandbox):
		return notExecuted(line, err.Error())
	case errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "(os error "):
		return notExecuted(line, "Failed to create unified exec process: "+osText(err))
	}
	return notExecuted(line, err.Error())
}

func notExecuted(line, why string) Output {
	return failed("exec_command failed for `%s`: CreateProcess { message: %s }", line, ostext.Quote("Rejected("+ostext.Quote(why)+")"))
}

// report gives what a process wrote since the last report, and forgets one that has ended.
func (s *Set) report(ss *session, tokens int, elapsed time.Duration) Output {
	ended := ss.done()
	out := ss.take()
	var b strings.Builder
	fmt.Fprintf(&b, "Chunk ID: %06x\nWall time: %.4f seconds\n", rand.IntN(1<<24), elapsed.Seconds())
	if ended {
		s.forget(ss.id)
		if err := ss.proc.Err(); err != nil {
			return Output{Text: fmt.Sprintf("exec_command failed for `%s`: %v", shellwords.Join(ss.argv), err)}
		}
		fmt.Fprintf(&b, "Process exited with code %d\n", ss.code())
	} else {
		fmt.Fprintf(&b, "Process running with session ID %d\n", ss.id)
	}
	raw := out.bytes()
	text := valid(raw)
	total := out.total + int64(len(text)-len(raw)) // what isn't UTF-8 grows
	fmt.Fprintf(&b, "Original token count: %d\nOutput:\n", tokenCount(total))
	shown := formatOutput(text, tokens, total, out.lineCount())
	b.WriteString(shown)
	return Output{Text: b.String(), Raw: &shown, Running: !ended}
}
