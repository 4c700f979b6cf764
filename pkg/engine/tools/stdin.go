package tools

import (
	"context"
	"strconv"
	"time"

	"codex/pkg/engine/tools/args"
)

const (
	minPoll   = 5 * time.Second // an empty write_stdin waits at least this (tools spec §3.4)
	writeRest = 100 * time.Millisecond
)

func stdinArgs() *args.Object {
	return &args.Object{Name: "WriteStdinArgs", Fields: []args.Field{
		{Name: "session_id", Kind: args.Int, Required: true},
		{Name: "chars", Kind: args.String},
		{Name: "yield_time_ms", Kind: args.Uint},
		{Name: "max_output_tokens", Kind: args.Uint, Word: "usize", Null: true},
	}}
}

func (s *Set) writeStdin(ctx context.Context, t *Turn, c Call) Output {
	v, err := args.Decode(stdinArgs(), c.Arguments)
	if err != nil {
		return badArguments(err)
	}
	id := int(v.Int("session_id", 0))
	ss := s.session(id)
	if ss == nil {
		return textf("write_stdin failed: Unknown process id %d", id)
	}
	chars := v.Str("chars")
	wait := time.Duration(v.Uint("yield_time_ms", minYield)) * time.Millisecond
	if chars == "" {
		wait = max(minPoll, min(wait, max(s.MaxPoll, minPoll)))
	} else {
		wait = max(minYield*time.Millisecond, min(wait, maxYield*time.Millisecond))
		if !ss.tty {
			return Output{Text: "write_stdin failed: stdin is closed for this session; rerun exec_command with tty=true to keep stdin open"}
		}
		if err := ss.proc.Write(ctx, []byte(chars)); err != nil {
			return textf("write_stdin failed: %v", err)
		}
		ss.collect(ctx, writeRest)
	}
	started := time.Now()
	if !ss.done() {
		ss.collect(ctx, wait)
	}
	t.Out.TerminalInteraction(ss.callID, strconv.Itoa(ss.id), chars)
	out := s.report(ss, t.budget(v))
	return withWall(out, time.Since(started))
}
