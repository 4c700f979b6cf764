package local

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"codex/pkg/config"
	"codex/pkg/exec/client"
	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

const (
	outputCap   = 1 << 20          // default of outputBytesCap
	execTimeout = 10 * time.Second // default of command/exec
	maxCommands = 64               // of one client at once
)

// byCommand keeps requests about one command of one client in their order.
func byCommand(r *Request) string {
	for _, k := range []string{"processId", "processHandle"} {
		if id := gjson.GetBytes(r.Params, k).Str; id != "" {
			return fmt.Sprintf("%s:%p:%s", k, r.Client, id)
		}
	}
	return ""
}

// commandOf is what the two ways to run a command have in common.
func commandOf(cfg *config.Config, argv []string, cwd string, env map[string]*string, limit int) command {
	c := command{limit: limit, StartParams: client.StartParams{Argv: argv, Cwd: cwd, Env: map[string]string{}}}
	policy := cfg.ShellEnv
	policy.Exclude = append([]string{}, policy.Exclude...)
	for k, v := range env { // null takes a variable away
		if v == nil {
			policy.Exclude = append(policy.Exclude, k)
		} else {
			c.Env[k] = *v
		}
	}
	c.EnvPolicy = &policy
	return c
}

// confine has the executor hold the command to a profile, by the configured means.
func (c *command) confine(cfg *config.Config, p policy.Profile) {
	if p.Confines() {
		c.Sandbox = &p
		c.executor = client.Config{WindowsLevel: cfg.WindowsSandbox(), LegacyLandlock: cfg.Features.Enabled("use_legacy_landlock")}
	}
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

// limitOfTime is a time limit that a client names.
func limitOfTime(ms int64) time.Duration {
	return max(time.Duration(ms)*time.Millisecond, time.Millisecond)
}

func (s *Service) commandExec(r *Request, p *protocol.CommandExecParams) (any, error) {
	id := protocol.Value(p.ProcessID)
	if err := checkExec(p, id); err != nil {
		return nil, err
	}
	cwd := s.Config.Env.Cwd
	if p.Cwd != nil && *p.Cwd != "" {
		cwd = *p.Cwd
		if !filepath.IsAbs(cwd) {
			cwd = filepath.Join(s.Config.Env.Cwd, cwd)
		}
	}
	cfg, err := s.Load(func(o *config.Options) { o.Cwd, o.Permissions = cwd, p.PermissionProfile })
	switch {
	case err != nil && p.PermissionProfile != nil:
		return nil, jsonrpc.Invalidf("invalid permission profile: %s", strings.TrimPrefix(jsonrpc.AsError(err).Message, "failed to load configuration: "))
	case err != nil:
		return nil, err
	}
	box := cfg.Permissions.In()
	if p.SandboxPolicy != nil {
		box = p.SandboxPolicy.Profile().In([]string{cfg.Cwd})
	}
	cmd := commandOf(cfg, p.Command, cwd, p.Env, limitOf(p.OutputBytesCap, p.DisableOutputCap))
	cmd.confine(cfg, box)
	cmd.Tty, cmd.PipeStdin, cmd.WallLimit = p.Tty, p.StreamStdin, execTimeout
	switch {
	case p.TimeoutMs != nil:
		cmd.WallLimit = limitOfTime(*p.TimeoutMs)
	case p.DisableTimeout || p.Tty || p.StreamStdin:
		cmd.WallLimit = 0
	}
	if p.Size != nil {
		cmd.Rows, cmd.Cols = int(p.Size.Rows), int(p.Size.Cols)
	}
	if p.StreamStdoutStderr || p.Tty {
		cmd.delta = func(stream string, data []byte, capped bool) {
			out := protocol.CommandExecOutputStreamStdout
			if stream == wire.Stderr {
				out = protocol.CommandExecOutputStreamStderr
			}
			r.Client.Notify(protocol.NoteCommandExecOutputDelta, protocol.CommandExecOutputDeltaNotification{
				ProcessID: id, Stream: out, DeltaBase64: base64.StdEncoding.EncodeToString(data), CapReached: capped})
		}
	}
	name := ""
	if id != "" {
		name = "exec:" + id
	}
	proc, err := s.hire(r.Client, name, cmd, func() error { return jsonrpc.Invalidf("duplicate active command/exec process id: %q", id) })
	if err != nil {
		return nil, err
	}
	s.Background(func() {
		out := proc.wait()
		r.Client.dismiss(name, proc)
		_ = r.Reply(protocol.CommandExecResponse{ExitCode: out.code, Stdout: text(out.stdout), Stderr: text(out.stderr)}, nil)
	})
	return nil, jsonrpc.ErrLater
}

// checkExec holds the params against each other.
func checkExec(p *protocol.CommandExecParams, id string) error {
	params := func(format string, args ...any) error {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "command/exec "+format, args...)
	}
	switch {
	case len(p.Command) == 0:
		return jsonrpc.Invalidf("command must not be empty")
	case p.Size != nil && !p.Tty:
		return params("size requires tty: true")
	case p.TimeoutMs != nil && p.DisableTimeout:
		return params("cannot set both timeoutMs and disableTimeout")
	case p.OutputBytesCap != nil && p.DisableOutputCap:
		return params("cannot set both outputBytesCap and disableOutputCap")
	case p.SandboxPolicy != nil && p.PermissionProfile != nil:
		return params("cannot set both sandboxPolicy and permissionProfile")
	case p.TimeoutMs != nil && *p.TimeoutMs < 0:
		return params("timeoutMs must be non-negative, got %d", *p.TimeoutMs)
	case id == "" && (p.Tty || p.StreamStdin || p.StreamStdoutStderr):
		return jsonrpc.Invalidf("command/exec tty or streaming requires a client-supplied processId")
	}
	return nil
}

// text is output as JSON can carry it.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// hire runs a command that ends with the client; "" is one without a name.
func (s *Service) hire(c *Client, name string, cmd command, taken func() error) (*process, error) {
	c.mu.Lock()
	_, dup := c.procs[name]
	switch {
	case c.ctx.Err() != nil:
		c.mu.Unlock()
		return nil, jsonrpc.Invalidf("the client has left")
	case dup:
		c.mu.Unlock()
		return nil, taken()
	case c.running >= maxCommands:
		c.mu.Unlock()
		return nil, jsonrpc.ErrBusy
	}
	c.running++
	if name != "" {
		c.procs[name] = nil // taken, while it starts
	}
	c.mu.Unlock()
	proc, err := s.start(c.ctx, cmd)
	if err != nil {
		c.dismiss(name, nil)
		return nil, err
	}
	if name != "" {
		c.mu.Lock()
		c.procs[name] = proc
		c.mu.Unlock()
	}
	return proc, nil
}

func (c *Client) dismiss(name string, p *process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	if c.procs[name] == p {
		delete(c.procs, name)
	}
}

// command finds a running command/exec.
func (c *Client) command(id string) (*process, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.procs["exec:"+id]; p != nil {
		return p, nil
	}
	return nil, jsonrpc.Invalidf("no active command/exec for process id %q", id)
}

func commandWrite(r *Request, p *protocol.CommandExecWriteParams) (any, error) {
	if p.DeltaBase64 == nil && !p.CloseStdin {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "command/exec/write requires deltaBase64 or closeStdin")
	}
	proc, err := r.Client.command(p.ProcessID)
	if err == nil {
		err = r.writeTo(proc, p.DeltaBase64, p.CloseStdin)
	}
	return protocol.CommandExecWriteResponse{}, err
}

func (r *Request) writeTo(proc *process, delta *string, eof bool) error {
	var data []byte
	if delta != nil {
		var err error
		if data, err = base64.StdEncoding.DecodeString(*delta); err != nil {
			return jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "%s requires valid base64 deltaBase64: %v", r.Method, err)
		}
	}
	return proc.write(r.Client.ctx, data, eof)
}

func commandResize(r *Request, p *protocol.CommandExecResizeParams) (any, error) {
	proc, err := r.Client.command(p.ProcessID)
	if err == nil {
		err = proc.resize(r.Client.ctx, p.Size.Rows, p.Size.Cols)
	}
	return protocol.CommandExecResizeResponse{}, err
}

func commandTerminate(r *Request, p *protocol.CommandExecTerminateParams) (any, error) {
	proc, err := r.Client.command(p.ProcessID)
	if err == nil {
		proc.kill()
	}
	return protocol.CommandExecTerminateResponse{}, err
}
