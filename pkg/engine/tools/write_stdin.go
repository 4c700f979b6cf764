package tools

import (
	"context"
	_ "embed" // the description
	"strconv"
	"time"
)

//go:embed write_stdin.md
var writeStdinText string

const (
	minPoll   = 5 * time.Second // an empty write_stdin waits at least this
	writeRest = 100 * time.Millisecond
)

type stdinArgs struct {
	Session int32   `json:"session_id" about:"The session's id from exec_command."`
	Chars   string  `json:"chars,omitempty" about:"What to type; empty only waits for output."`
	Yield   *uint64 `json:"yield_time_ms" about:"How long to wait for output."`
	Tokens  *uint64 `json:"max_output_tokens" about:"How much output to return."`
}

func offerWriteStdin(o *SpecOptions) any {
	if o.Shell != "unified" {
		return nil
	}
	return Describe[stdinArgs]("write_stdin", writeStdinText)
}

// writeStdin types into a session of exec_command, or only waits for more of its output.
func (s *Set) writeStdin(ctx context.Context, t *Turn, _ Call, a stdinArgs) Output {
	ss := s.session(int(a.Session))
	if ss == nil {
		return failed("write_stdin failed: Unknown process id %d", a.Session)
	}
	wait := milliseconds(or(a.Yield, minYield))
	if a.Chars == "" {
		wait = max(minPoll, min(wait, max(s.MaxPoll, minPoll)))
	} else {
		wait = max(minYield*time.Millisecond, min(wait, maxYield*time.Millisecond))
		if !ss.tty {
			return failed("write_stdin failed: stdin is closed for this session; rerun exec_command with tty=true to keep stdin open")
		}
		if err := ss.proc.Write(ctx, []byte(a.Chars)); err != nil {
			return failed("write_stdin failed: %v", err)
		}
		s.wait(ctx, ss, writeRest)
	}
	started := time.Now()
	if !ss.done() {
		s.wait(ctx, ss, wait)
	}
	t.Out.TerminalInteraction(ss.callID, strconv.Itoa(ss.id), a.Chars)
	return s.report(ss, t.budget(a.Tokens), time.Since(started))
}
