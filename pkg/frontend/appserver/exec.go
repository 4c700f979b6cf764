package appserver

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
	"codex/pkg/protocol"
	"codex/pkg/shellenv"
)

const (
	outputCap   = 1 << 20          // default of outputBytesCap (appserver spec §7)
	execTimeout = 10 * time.Second // default of command/exec
	maxCommands = 64               // of one client at once
)

// confinement is what an executor shall enforce of a profile, by the configured means; nil
// for nothing.
func confinement(cfg *config.Config, p policy.Profile, cwd string) *wire.SandboxContext {
	if p.Type == policy.Disabled || p.Type == policy.External {
		return nil
	}
	return &wire.SandboxContext{Permissions: encode(p), Cwd: wire.PathToURI(cwd),
		WindowsSandboxLevel: wire.WindowsLevel(cfg.WindowsSandbox()), UseLegacyLandlock: cfg.Features.Enabled("use_legacy_landlock")}
}

// environment is what a command gets: the configured part of ours, and the client's
// changes; null takes a variable away.
func environment(cfg *config.Config, changes map[string]*string) (*shellenv.Policy, map[string]string) {
	p := cfg.ShellEnv
	p.Exclude = append([]string{}, p.Exclude...)
	p.IncludeOnly = append([]string{}, p.IncludeOnly...)
	if p.Set == nil {
		p.Set = map[string]string{}
	}
	env := map[string]string{}
	for k, v := range changes {
		if v == nil {
			p.Exclude = append(p.Exclude, k)
		} else {
			env[k] = *v
		}
	}
	return &p, env
}

func limitOf(n *uint64, none bool) int {
	switch {
	case none:
		return -1
	case n != nil:
		return int(min(*n, 1<<40))
	}
	return outputCap
}

func (s *Server) commandExec(r *request, p *protocol.CommandExecParams) (any, error) {
	id := ""
	if p.ProcessID != nil {
		id = *p.ProcessID
	}
	switch {
	case len(p.Command) == 0:
		return nil, invalid("command must not be empty")
	case p.Size != nil && !p.Tty:
		return nil, badParams("command/exec size requires tty: true")
	case p.TimeoutMs != nil && p.DisableTimeout:
		return nil, badParams("command/exec cannot set both timeoutMs and disableTimeout")
	case p.OutputBytesCap != nil && p.DisableOutputCap:
		return nil, badParams("command/exec cannot set both outputBytesCap and disableOutputCap")
	case p.SandboxPolicy != nil && p.PermissionProfile != nil:
		return nil, badParams("command/exec cannot set both sandboxPolicy and permissionProfile")
	case p.TimeoutMs != nil && *p.TimeoutMs < 0:
		return nil, badParams("command/exec timeoutMs must be non-negative, got %d", *p.TimeoutMs)
	case id == "" && (p.Tty || p.StreamStdin || p.StreamStdoutStderr):
		return nil, invalid("command/exec tty or streaming requires a client-supplied processId")
	}
	cwd := s.opts.Config.Env.Cwd
	if p.Cwd != nil && *p.Cwd != "" {
		cwd = *p.Cwd
		if !filepath.IsAbs(cwd) {
			cwd = filepath.Join(s.opts.Config.Env.Cwd, cwd)
		}
	}
	cfg, err := s.load(func(o *config.Options) { o.Cwd, o.Permissions = cwd, p.PermissionProfile })
	switch {
	case err != nil && p.PermissionProfile != nil:
		return nil, invalid("invalid permission profile: %s", strings.TrimPrefix(jsonrpc.AsError(err).Message, "failed to load configuration: "))
	case err != nil:
		return nil, err
	}
	box := cfg.Permissions.In()
	if p.SandboxPolicy != nil {
		box = p.SandboxPolicy.Profile().In([]string{cfg.Cwd})
	}
	cmd := command{argv: p.Command, cwd: cwd, sandbox: confinement(cfg, box, cwd), tty: p.Tty, stdin: p.StreamStdin, limit: limitOf(p.OutputBytesCap, p.DisableOutputCap), timeout: execTimeout}
	cmd.envPolicy, cmd.env = environment(cfg, p.Env)
	switch {
	case p.TimeoutMs != nil:
		cmd.timeout = max(time.Duration(*p.TimeoutMs)*time.Millisecond, time.Millisecond)
	case p.DisableTimeout || p.Tty || p.StreamStdin:
		cmd.timeout = 0
	}
	if p.Size != nil {
		cmd.size = &wire.Size{Rows: int(p.Size.Rows), Cols: int(p.Size.Cols)}
	}
	if p.StreamStdoutStderr || p.Tty {
		cmd.delta = func(stream string, data []byte, capped bool) {
			out := protocol.CommandExecOutputStreamStdout
			if stream == wire.Stderr {
				out = protocol.CommandExecOutputStreamStderr
			}
			r.c.note(protocol.NoteCommandExecOutputDelta, noteLine(protocol.NoteCommandExecOutputDelta, protocol.CommandExecOutputDeltaNotification{
				ProcessID: id, Stream: out, DeltaBase64: base64.StdEncoding.EncodeToString(data), CapReached: capped}))
		}
	}
	proc, err := s.hire(r.c, "exec:"+id, cmd, func() error { return invalid("duplicate active command/exec process id: %q", id) })
	if err != nil {
		return nil, err
	}
	s.lanes.do("", func() {
		out := proc.wait()
		r.c.dismiss("exec:"+id, proc)
		r.reply(protocol.CommandExecResponse{ExitCode: out.code, Stdout: text(out.stdout), Stderr: text(out.stderr)})
	})
	return nil, errLater
}

// text is output as JSON can carry it.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// inExec is the lane of one command of one client.
func inExec(r *request) string {
	for _, k := range []string{"processId", "processHandle"} {
		if id := gjson.GetBytes(r.params, k).Str; id != "" {
			return fmt.Sprintf("%s:%p:%s", k, r.c, id)
		}
	}
	return ""
}

// hire runs a command that ends with the connection; key is its name there, "exec:" and
// the like for one without.
func (s *Server) hire(c *conn, key string, cmd command, taken func() error) (*process, error) {
	named := key != "exec:"
	c.mu.Lock()
	switch _, dup := c.procs[key]; {
	case c.ctx.Err() != nil:
		c.mu.Unlock()
		return nil, invalid("the client has left")
	case named && dup:
		c.mu.Unlock()
		return nil, taken()
	case c.running >= maxCommands:
		c.mu.Unlock()
		return nil, jsonrpc.Errorf(jsonrpc.CodeOverloaded, "Server overloaded; retry later.")
	}
	c.running++
	if c.procs == nil {
		c.procs = map[string]*process{}
	}
	if named {
		c.procs[key] = nil // taken, while it starts
	}
	c.mu.Unlock()
	proc, err := s.run(cmd)
	c.mu.Lock()
	if err != nil {
		c.running--
	}
	if err != nil || !named {
		delete(c.procs, key)
	} else {
		c.procs[key] = proc
	}
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	go func() { // ends with the process, which it kills when the client leaves
		select {
		case <-c.ctx.Done():
			proc.kill()
		case <-proc.done:
		}
	}()
	return proc, nil
}

func (c *conn) dismiss(key string, p *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.procs[key] == p {
		delete(c.procs, key)
	}
}

func (c *conn) process(key string) *process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.procs[key]
}

func noCommand(id string) error { return invalid("no active command/exec for process id %q", id) }

func (s *Server) commandWrite(r *request, p *protocol.CommandExecWriteParams) (any, error) {
	if p.DeltaBase64 == nil && !p.CloseStdin {
		return nil, badParams("command/exec/write requires deltaBase64 or closeStdin")
	}
	proc := r.c.process("exec:" + p.ProcessID)
	if proc == nil {
		return nil, noCommand(p.ProcessID)
	}
	return protocol.CommandExecWriteResponse{}, writeTo(proc, r.method, p.DeltaBase64, p.CloseStdin)
}

func writeTo(proc *process, method string, delta *string, eof bool) error {
	data := []byte{} // null is refused
	if delta != nil {
		var err error
		if data, err = base64.StdEncoding.DecodeString(*delta); err != nil {
			return badParams("%s requires valid base64 deltaBase64: %v", method, err)
		}
	}
	if !proc.cmd.stdin && !proc.cmd.tty {
		return invalid("stdin streaming is not enabled for this process")
	}
	return proc.write(data, eof)
}

func (s *Server) commandResize(r *request, p *protocol.CommandExecResizeParams) (any, error) {
	proc := r.c.process("exec:" + p.ProcessID)
	if proc == nil {
		return nil, noCommand(p.ProcessID)
	}
	return protocol.CommandExecResizeResponse{}, proc.resize(p.Size.Rows, p.Size.Cols)
}

func (s *Server) commandTerminate(r *request, p *protocol.CommandExecTerminateParams) (any, error) {
	proc := r.c.process("exec:" + p.ProcessID)
	if proc == nil {
		return nil, noCommand(p.ProcessID)
	}
	proc.kill()
	return protocol.CommandExecTerminateResponse{}, nil
}

// processSpawn is command/exec without the sandbox, answered at once; the end is a
// notification.
func (s *Server) processSpawn(r *request, p *protocol.ProcessSpawnParams) (any, error) {
	switch {
	case len(p.Command) == 0:
		return nil, invalid("command must not be empty")
	case p.ProcessHandle == "":
		return nil, invalid("processHandle must not be empty")
	case !filepath.IsAbs(p.Cwd):
		return nil, invalid("Invalid request: AbsolutePathBuf deserialized without a base path")
	case p.Size != nil && !p.Tty:
		return nil, badParams("process/spawn size requires tty: true")
	}
	cfg, err := s.load(nil)
	if err != nil {
		return nil, err
	}
	cmd := command{argv: p.Command, cwd: p.Cwd, tty: p.Tty, stdin: p.StreamStdin, limit: limitOf(p.OutputBytesCap, false)}
	cmd.envPolicy, cmd.env = environment(cfg, p.Env)
	if p.TimeoutMs != nil {
		cmd.timeout = max(time.Duration(*p.TimeoutMs)*time.Millisecond, time.Millisecond)
	}
	if p.Size != nil {
		cmd.size = &wire.Size{Rows: int(p.Size.Rows), Cols: int(p.Size.Cols)}
	}
	answered := make(chan struct{})
	if p.StreamStdoutStderr || p.Tty {
		cmd.delta = func(stream string, data []byte, capped bool) {
			<-answered
			out := protocol.ProcessOutputStreamStdout
			if stream == wire.Stderr {
				out = protocol.ProcessOutputStreamStderr
			}
			r.c.note(protocol.NoteProcessOutputDelta, noteLine(protocol.NoteProcessOutputDelta, protocol.ProcessOutputDeltaNotification{
				ProcessHandle: p.ProcessHandle, Stream: out, DeltaBase64: base64.StdEncoding.EncodeToString(data), CapReached: capped}))
		}
	}
	key := "spawn:" + p.ProcessHandle
	proc, err := s.hire(r.c, key, cmd, func() error { return invalid("duplicate active process handle: %q", p.ProcessHandle) })
	if err != nil {
		close(answered)
		return nil, err
	}
	r.reply(protocol.ProcessSpawnResponse{})
	close(answered)
	s.lanes.do("", func() {
		out := proc.wait()
		r.c.dismiss(key, proc)
		r.c.note(protocol.NoteProcessExited, noteLine(protocol.NoteProcessExited, protocol.ProcessExitedNotification{ProcessHandle: p.ProcessHandle, ExitCode: out.code,
			Stdout: text(out.stdout), StdoutCapReached: out.outCap, Stderr: text(out.stderr), StderrCapReached: out.errCap}))
	})
	return nil, errLater
}

func noProcess(handle string) error {
	return invalid("no active process for process handle %q", handle)
}

func (s *Server) processWrite(r *request, p *protocol.ProcessWriteStdinParams) (any, error) {
	proc := r.c.process("spawn:" + p.ProcessHandle)
	if proc == nil {
		return nil, noProcess(p.ProcessHandle)
	}
	return protocol.ProcessWriteStdinResponse{}, writeTo(proc, r.method, p.DeltaBase64, p.CloseStdin)
}

func (s *Server) processResize(r *request, p *protocol.ProcessResizePtyParams) (any, error) {
	proc := r.c.process("spawn:" + p.ProcessHandle)
	if proc == nil {
		return nil, noProcess(p.ProcessHandle)
	}
	return protocol.ProcessResizePtyResponse{}, proc.resize(p.Size.Rows, p.Size.Cols)
}

func (s *Server) processKill(r *request, p *protocol.ProcessKillParams) (any, error) {
	proc := r.c.process("spawn:" + p.ProcessHandle)
	if proc == nil {
		return nil, noProcess(p.ProcessHandle)
	}
	proc.kill()
	return protocol.ProcessKillResponse{}, nil
}
