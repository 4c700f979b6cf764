package local

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"codex/pkg/auth"
	"codex/pkg/exec/client"
	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// command is what a client wants to run.
type command struct {
	client.StartParams
	executor client.Config // what is configured of it
	limit    int           // bytes kept or streamed of each output, -1: all
	// delta gets output as it comes, when set; then none is kept.
	delta func(stream string, data []byte, capped bool)
}

// outcome is how a command ended.
type outcome struct {
	code           int32
	stdout, stderr []byte
	outCap, errCap bool
}

// process is a running command, with an executor of its own: killing that kills it.
type process struct {
	cmd      command
	executor *client.Client
	p        *client.Process
	done     chan struct{}
	killOnce sync.Once

	// The reader's own until done.
	out  outcome
	seen map[string]int
}

const (
	timedOut  = 124             // status of a command that took too long
	killGrace = 2 * time.Second // how long the executor may take to kill one
)

// start runs a command, which is killed when ctx ends.
func (s *Service) start(ctx context.Context, cmd command) (*process, error) {
	cfg := cmd.executor
	cfg.Command, cfg.Env, cfg.Stderr = s.Executor, auth.WithoutSecrets(s.Environ), s.Stderr
	executor, err := client.Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, executor: executor, done: make(chan struct{}), seen: map[string]int{}}
	cmd.ID = "1" // there is one in each executor
	if p.p, err = executor.StartProcess(ctx, cmd.StartParams, p.output); err != nil {
		executor.Close()
		return nil, err
	}
	stop := context.AfterFunc(ctx, p.kill)
	go func() { // ends with the process
		<-p.p.Closed()
		executor.Close()
		stop()
		p.out.code = int32(p.p.ExitCode())
		if p.p.Limit() == wire.LimitWall {
			p.out.code = timedOut
		}
		close(p.done)
	}()
	return p, nil
}

// output keeps or passes on what the process wrote, up to the limit.
func (p *process) output(stream string, data []byte) {
	have, limit := p.seen[stream], p.cmd.limit
	capped := limit >= 0 && have+len(data) > limit
	if capped {
		data = data[:max(0, limit-have)]
	}
	p.seen[stream] = have + len(data)
	kept, over := &p.out.stdout, &p.out.outCap
	if stream == wire.Stderr {
		kept, over = &p.out.stderr, &p.out.errCap
	}
	*over = *over || capped
	switch {
	case p.cmd.delta == nil:
		*kept = append(*kept, data...)
	case len(data) > 0 || have < limit || limit < 0:
		for chunk := range slices.Chunk(data, 64<<10) {
			p.cmd.delta(stream, chunk, capped)
		}
	}
}

// wait gives how the process ended.
func (p *process) wait() outcome {
	<-p.done
	return p.out
}

// kill ends the process and all it started. It does not wait.
func (p *process) kill() {
	p.killOnce.Do(func() {
		go func() { // ends with the process, or soon after
			ctx, cancel := context.WithTimeout(context.Background(), killGrace)
			defer cancel()
			_ = p.p.Terminate(ctx, 0) // or else the executor goes
			select {
			case <-p.done:
			case <-ctx.Done():
				p.executor.Close()
			}
		}()
	})
}

// write sends bytes to the process, and the end of its input.
func (p *process) write(ctx context.Context, data []byte, eof bool) error {
	if !p.cmd.PipeStdin && !p.cmd.Tty {
		return jsonrpc.Invalidf("stdin streaming is not enabled for this process")
	}
	if len(data) > 0 {
		if err := p.p.Write(ctx, data); err != nil {
			return err
		}
	}
	if eof {
		return p.p.CloseStdin(ctx)
	}
	return nil
}

func (p *process) resize(ctx context.Context, rows, cols uint16) error {
	if !p.cmd.Tty {
		return jsonrpc.Invalidf("failed to resize PTY: process is not attached to a PTY")
	}
	if err := p.p.Resize(ctx, int(rows), int(cols)); err != nil {
		return fmt.Errorf("failed to resize PTY: %w", err)
	}
	return nil
}
