package server

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/policy"
	"codex/pkg/sandbox"
)

// startCall is a decoded process/start.
type startCall struct {
	argv    []string
	arg0    string
	cwd     string
	env     map[string]string
	envFrom *wire.EnvPolicy
	pipeIn  bool
	merge   bool
	rows    uint16
	cols    uint16
	sandbox *sandboxCall

	askNetwork bool
}

// start reserves the id and starts the process beside the reader.
func (s *server) start(id json.RawMessage, q *params) {
	p, c, err := s.decodeStart(q)
	if err == nil {
		err = s.reserve(p)
	}
	if err != nil {
		s.out.fail(id, err)
		return
	}
	s.inflight.Add(1)
	go func() {
		defer s.inflight.Done()
		child, sandboxType, err := s.spawn(p, c)
		if err != nil {
			s.forget(p)
			close(p.ready)
			s.out.fail(id, err)
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
		s.out.respond(id, res) // first, though nobody may rely on it
		p.child, p.in.w = child, child.stdin
		p.streams = len(child.streams)
		close(p.ready)
		p.run()
	}()
}

func (s *server) decodeStart(q *params) (*process, *startCall, error) {
	p := s.newProcess(q.str("processId"))
	c := &startCall{argv: q.list("argv"), cwd: q.str("cwd"), env: q.dict("env")}
	p.tty = q.boolean("tty", true, false)
	c.pipeIn = q.boolean("pipeStdin", false, false)
	c.arg0, _ = q.optStr("arg0")
	c.envFrom = decodeEnvPolicy(q)
	c.sandbox = decodeSandbox(q)
	if x := q.object("codexSandbox"); x != nil {
		s.decodeExtra(p, c, x)
		q.sub(x)
	}
	p.in.has, p.in.tty = p.tty || c.pipeIn, p.tty
	switch {
	case q.err != nil:
		return nil, nil, q.err
	case len(c.argv) == 0:
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "argv must not be empty")
	}
	path, _, err := wire.ParsePath(c.cwd)
	switch {
	case errors.Is(err, wire.ErrRelative): // from our own directory, as the original's 0.133
		path = filepath.Join(s.opts.Dir, c.cwd)
	case err != nil:
		return nil, nil, jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "cwd: %v", err)
	}
	c.cwd = path
	return p, c, nil
}

func (s *server) decodeExtra(p *process, c *startCall, x *params) {
	c.merge = x.boolean("merge", false, false)
	p.push = x.boolean("push", false, true)
	c.askNetwork = x.boolean("askNetwork", false, false)
	if size := x.object("size"); size != nil {
		rows, _ := size.uint("rows")
		cols, _ := size.uint("cols")
		c.rows, c.cols = uint16(min(rows, math.MaxUint16)), uint16(min(cols, math.MaxUint16))
		x.sub(size)
	}
	if r := x.object("retain"); r != nil {
		head, _ := r.uint("headBytes")
		tail, _ := r.uint("tailBytes")
		p.kept = retained{headMax: int(min(head, maxRetain/2)), tailMax: int(min(tail, maxRetain/2))}
		x.sub(r)
	}
	if l := x.object("limits"); l != nil {
		wall, _ := l.uint("wallMs")
		output, _ := l.uint("outputBytes")
		p.limits.WallMs = int64(min(wall, uint64(math.MaxInt64/time.Millisecond)))
		p.limits.OutputBytes = int64(min(output, math.MaxInt64))
		x.sub(l)
	}
}

func decodeEnvPolicy(q *params) *wire.EnvPolicy {
	x := q.object("envPolicy")
	if x == nil {
		return nil
	}
	e := &wire.EnvPolicy{
		Inherit: x.str("inherit"), IgnoreDefaultExcludes: x.boolean("ignoreDefaultExcludes", true, false),
		Exclude: x.list("exclude"), Set: x.dict("set"), IncludeOnly: x.list("includeOnly"),
	}
	switch e.Inherit {
	case "all", "core", "none":
	default:
		x.fail("unknown variant `%s`, expected one of `core`, `all`, `none`", e.Inherit)
	}
	q.sub(x)
	return e
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
	if c.rows == 0 || c.cols == 0 {
		c.rows, c.cols = 24, 80
	}
	spec := sandbox.Spec{
		Policy: unconfined(), Argv: c.argv, Arg0: c.arg0, Dir: c.cwd,
		Env: childEnv(s.opts.Env, c.envFrom, c.env).list(), Tty: p.tty, Tag: p.id,
	}
	if old, err := legacySandbox(c.argv, c.arg0); err != nil {
		return nil, "", jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "%v", err)
	} else if old != nil {
		// An engine of the 0.133 kind names its own helper: what it asks for is done here.
		spec.Argv, spec.Arg0 = old.argv, ""
		if old.dir != "" {
			spec.Dir = old.dir
		}
		c.sandbox = &old.sandbox
	}
	if c.sandbox != nil {
		pol, err := s.resolve(c.sandbox, spec.Dir)
		if err != nil {
			return nil, "", err
		}
		spec.Policy, spec.LandlockAlone = pol, c.sandbox.weak
		if runtime.GOOS == "windows" {
			spec.Windows = sandbox.Windows{Level: c.sandbox.level, Home: s.codexHome()}
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
	s.prepareNetwork(p, c, &spec)
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
