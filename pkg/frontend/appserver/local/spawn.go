package local

import (
	"encoding/base64"
	"path/filepath"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// processSpawn is command/exec without the sandbox, answered at once; the end is a
// notification.
func (s *Service) processSpawn(r *Request, p *protocol.ProcessSpawnParams) (any, error) {
	switch {
	case len(p.Command) == 0:
		return nil, jsonrpc.Invalidf("command must not be empty")
	case p.ProcessHandle == "":
		return nil, jsonrpc.Invalidf("processHandle must not be empty")
	case !filepath.IsAbs(p.Cwd):
		return nil, absolute(p.Cwd)
	case p.Size != nil && !p.Tty:
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "process/spawn size requires tty: true")
	}
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	cmd := commandOf(cfg, p.Command, p.Cwd, p.Env, limitOf(p.OutputBytesCap, false))
	cmd.Tty, cmd.PipeStdin = p.Tty, p.StreamStdin
	if p.TimeoutMs != nil {
		cmd.WallLimit = limitOfTime(*p.TimeoutMs)
	}
	if p.Size != nil {
		cmd.Rows, cmd.Cols = int(p.Size.Rows), int(p.Size.Cols)
	}
	answered := make(chan struct{})
	if p.StreamStdoutStderr || p.Tty {
		cmd.delta = func(stream string, data []byte, capped bool) {
			<-answered
			out := protocol.ProcessOutputStreamStdout
			if stream == wire.Stderr {
				out = protocol.ProcessOutputStreamStderr
			}
			r.Client.Notify(protocol.NoteProcessOutputDelta, protocol.ProcessOutputDeltaNotification{
				ProcessHandle: p.ProcessHandle, Stream: out, DeltaBase64: base64.StdEncoding.EncodeToString(data), CapReached: capped})
		}
	}
	name := "spawn:" + p.ProcessHandle
	proc, err := s.hire(r.Client, name, cmd, func() error { return jsonrpc.Invalidf("duplicate active process handle: %q", p.ProcessHandle) })
	if err != nil {
		close(answered)
		return nil, err
	}
	_ = r.Reply(protocol.ProcessSpawnResponse{}, nil)
	close(answered)
	s.Background(func() {
		out := proc.wait()
		r.Client.dismiss(name, proc)
		r.Client.Notify(protocol.NoteProcessExited, protocol.ProcessExitedNotification{ProcessHandle: p.ProcessHandle, ExitCode: out.code,
			Stdout: text(out.stdout), StdoutCapReached: out.outCap, Stderr: text(out.stderr), StderrCapReached: out.errCap})
	})
	return nil, jsonrpc.ErrLater
}

// spawned finds a running process/spawn.
func (c *Client) spawned(handle string) (*process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.procs["spawn:"+handle]; p != nil {
		return p, nil
	}
	return nil, jsonrpc.Invalidf("no active process for process handle %q", handle)
}

func processWrite(r *Request, p *protocol.ProcessWriteStdinParams) (any, error) {
	proc, err := r.Client.spawned(p.ProcessHandle)
	if err == nil {
		err = r.writeTo(proc, p.DeltaBase64, p.CloseStdin)
	}
	return protocol.ProcessWriteStdinResponse{}, err
}

func processResize(r *Request, p *protocol.ProcessResizePtyParams) (any, error) {
	proc, err := r.Client.spawned(p.ProcessHandle)
	if err == nil {
		err = proc.resize(r.Client.ctx, p.Size.Rows, p.Size.Cols)
	}
	return protocol.ProcessResizePtyResponse{}, err
}

func processKill(r *Request, p *protocol.ProcessKillParams) (any, error) {
	proc, err := r.Client.spawned(p.ProcessHandle)
	if err == nil {
		proc.kill()
	}
	return protocol.ProcessKillResponse{}, err
}
