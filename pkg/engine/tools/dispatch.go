package tools

import (
	"context"
	"fmt"
	"time"

	"codex/pkg/jsonrpc"
)

// Pending is a dispatched call.
type Pending struct {
	Call    Call
	started time.Time
	ended   time.Time
	done    chan struct{}
	out     Output
}

// Wait gives the call's output.
func (p *Pending) Wait() Output {
	<-p.done
	return p.out
}

// Ended is when the output was there, Took how long that was in coming. Wait first.
func (p *Pending) Ended() time.Time    { return p.ended }
func (p *Pending) Took() time.Duration { return p.ended.Sub(p.started) }

func (p *Pending) end() {
	p.ended = time.Now()
	close(p.done)
}

// Dispatch starts a call at once; calls that must not overlap wait for each other in
// the order of their dispatch. After ctx ends the output says that the user aborted it.
func (s *Set) Dispatch(ctx context.Context, t *Turn, c Call) *Pending {
	p := &Pending{Call: c, started: time.Now(), done: make(chan struct{})}
	run, alone := s.find(t, c)
	if run == nil {
		p.out = unsupported(c)
		p.end()
		return p
	}
	place := s.queue.enter(alone)
	if c.Name == "update_plan" && place.granted() && ctx.Err() == nil {
		// It waits for nobody, so its event comes before what follows in the stream.
		p.out = run(s, ctx, t, c)
		s.queue.leave(place)
		p.end()
		return p
	}
	go func() {
		defer p.end()
		defer s.queue.leave(place)
		if err := place.wait(ctx); err == nil {
			p.out = s.hooked(ctx, t, c, run)
		}
		if ctx.Err() != nil {
			p.out = aborted(c, time.Since(p.started))
		}
	}()
	return p
}

type handler func(s *Set, ctx context.Context, t *Turn, c Call) Output

// find gives what answers a call, and whether it must run alone; nil for nothing.
func (s *Set) find(t *Turn, c Call) (run handler, alone bool) {
	if s.None {
		return nil, false
	}
	if c.Item == "tool_search_call" {
		return (*Set).searchTools, false
	}
	custom := c.Item == "custom_tool_call"
	if !custom && c.Item != "function_call" {
		return nil, false
	}
	if !custom && dynamic(t.Dynamic, c.Namespace, c.Name) != nil {
		return (*Set).callDynamic, true
	}
	if !custom {
		if run, alone := s.external(c); run != nil {
			return run, alone
		}
	}
	if c.Namespace != "" {
		return nil, false
	}
	for _, tool := range ours() {
		if tool.name == c.Name && (tool.custom || !custom) && (tool.known == nil || tool.known(s)) {
			return tool.run, tool.alone
		}
	}
	return nil, false
}

// external gives what answers a call from outside.
func (s *Set) external(c Call) (handler, bool) {
	for _, x := range s.External {
		if run, alone := x.Find(c.Namespace, c.Name); run != nil {
			return func(_ *Set, ctx context.Context, t *Turn, c Call) Output { return run(ctx, t, c) }, alone
		}
	}
	return nil, false
}

func unsupported(c Call) Output {
	switch c.Item {
	case "custom_tool_call":
		return failed("unsupported custom tool call: %s", c.Name)
	case "local_shell_call":
		return Output{Text: "unsupported call: local_shell", Missing: true, Failed: true}
	}
	return failed("unsupported call: %s%s", c.Namespace, c.Name)
}

// aborted words an interrupted call.
func aborted(c Call, d time.Duration) Output {
	sec := max(d.Seconds(), 0.1)
	if c.Name == "shell_command" {
		return Output{Text: fmt.Sprintf("Wall time: %.1f seconds\naborted by user", sec)}
	}
	return Output{Text: fmt.Sprintf("aborted by user after %.1fs", sec)}
}

// failed is the output of a call that did nothing and that no item shows.
func failed(format string, a ...any) Output {
	return Output{Text: fmt.Sprintf(format, a...), Failed: true}
}

// JSON is an output that is JSON.
func JSON(v any) Output {
	b, err := jsonrpc.Marshal(v)
	if err != nil {
		return failed("encode the result: %v", err)
	}
	return Output{Text: string(b)}
}
