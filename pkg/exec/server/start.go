package server

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
	"codex/pkg/shellenv"
)

// startCall is a process/start with what its members mean here.
type startCall struct {
	*wire.StartParams
	extra      wire.StartExtra
	cwd        string
	rows, cols uint16
	sandbox    *sandboxCall
}

// start reserves the id and starts the process beside the reader.
func (s *server) start(r *jsonrpc.Request, q *wire.StartParams) (any, error) {
	c, err := s.newStart(q)
	if err != nil {
		return nil, err
	}
	p := s.newProcess(c)
	if err := s.reserve(p); err != nil {
		return nil, err
	}
	s.inflight.Add(1)
	s.starts.do(len(r.Params), func() {
		defer s.inflight.Done()
		child, sandboxType, err := s.spawn(p, c)
		if err != nil {
			s.forget(p)
			close(p.ready)
			_ = r.Reply(nil, err)
			return
		}
		res := wire.StartResult{ProcessID: p.id, SandboxType: sandboxType}
		extra := wire.StartResultExtra{Unenforced: child.cmd.Unenforced()}
		if p.limits != (wire.Limits{}) {
			limits := p.limits
			extra.Limits = &limits
		}
		if extra.Limits != nil || extra.Unenforced != nil {
			res.Extra = &extra
		}
		_ = r.Reply(res, nil) // first, though nobody may rely on it
		p.child, p.in.w = child, child.stdin
		p.streams = len(child.streams)
		close(p.ready)
		p.run()
	})
	return nil, jsonrpc.ErrLater
}

func (s *server) newStart(q *wire.StartParams) (*startCall, error) {
	c := &startCall{StartParams: q, rows: 24, cols: 80}
	if q.Extra != nil {
		c.extra = *q.Extra
	}
	if size := c.extra.Size; size != nil && size.Rows > 0 && size.Cols > 0 {
		c.rows, c.cols = uint16(min(size.Rows, math.MaxUint16)), uint16(min(size.Cols, math.MaxUint16))
	}
	if len(q.Argv) == 0 {
		return nil, badParams("argv must not be empty")
	}
	var err error
	c.cwd, _, err = wire.ParsePath(q.Cwd)
	switch {
	case errors.Is(err, wire.ErrRelative): // from our own directory, as the original's 0.133
		c.cwd = filepath.Join(s.opts.Dir, q.Cwd)
	case err != nil:
		return nil, badParams("cwd: %v", err)
	}
	c.sandbox, err = sandboxOf(q.Sandbox)
	return c, err
}

// reserve takes the id, so that later calls for it wait for the start.
func (s *server) reserve(p *process) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.procs[p.id]; ok {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "process %s already exists", p.id)
	}
	if len(s.procs) >= s.opts.MaxProcesses {
		return jsonrpc.Errorf(jsonrpc.CodeOverloaded, "too many processes: limit is %d", s.opts.MaxProcesses)
	}
	s.procs[p.id] = p
	return nil
}

// spawn starts the child of p, confined if the call asks for it.
func (s *server) spawn(p *process, c *startCall) (*child, string, error) {
	spec := sandbox.Spec{Policy: unconfined(), Argv: c.Argv, Dir: c.cwd, Env: s.childEnv(c.EnvPolicy, c.Env), Tty: p.tty, Tag: p.id}
	if c.Arg0 != nil {
		spec.Arg0 = *c.Arg0
	}
	if old, err := legacySandbox(spec.Argv, spec.Arg0); err != nil {
		return nil, "", badParams("%v", err)
	} else if old != nil {
		// An engine of the 0.133 kind names its own helper: what it asks for is done here.
		spec.Argv, spec.Arg0 = old.argv, ""
		spec.Dir = cmp.Or(old.dir, spec.Dir)
		c.sandbox = &old.sandbox
	}
	if c.sandbox != nil {
		pol, err := s.resolve(c.sandbox, spec.Dir)
		if err != nil {
			return nil, "", err
		}
		spec.Policy, spec.LandlockAlone = pol, c.sandbox.weak
		if runtime.GOOS == "windows" {
			spec.Windows = sandbox.Windows{Level: c.sandbox.level, Home: s.codexHome(shellenv.Map(s.opts.Env))}
		}
	}
	if spec.Argv[0] == "" {
		return nil, "", jsonrpc.Errorf(jsonrpc.CodeInternal, "missing program for pipe spawn")
	}
	// The system's own error for a start does not tell the program from the directory.
	if st, err := os.Stat(spec.Dir); err != nil {
		return nil, "", processError(err)
	} else if !st.IsDir() {
		return nil, "", processError(syscall.ENOTDIR)
	}
	s.prepareNetwork(p, c.extra.AskNetwork, &spec)
	child, err := s.family.start(spec, c)
	if err != nil {
		p.network.close()
		return nil, "", startFailure(err)
	}
	kind := wire.SandboxNone
	if spec.Policy.Restricted() {
		kind = sandboxType()
		p.clues = &retained{headMax: deniedKeep, tailMax: deniedKeep}
	}
	return child, kind, nil
}

// childEnv is exactly env without a policy. With one it goes on top of what that picks of
// our own environment.
func (s *server) childEnv(p *shellenv.Policy, env map[string]string) []string {
	if p != nil {
		own := p.Apply(shellenv.Map(s.opts.Env))
		maps.Copy(own, env)
		env = own
	}
	return shellenv.List(env)
}

// sandboxType is what a confined start answers. Engines look only whether it is "none".
func sandboxType() string {
	switch runtime.GOOS {
	case "darwin":
		return "macosSeatbelt"
	case "windows":
		return "windowsRestrictedToken"
	}
	return "linuxSeccomp"
}

func unconfined() policy.Policy {
	return policy.Policy{FullDiskRead: true, FullDiskWrite: true, Network: true}
}
