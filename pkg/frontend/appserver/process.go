package appserver

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"codex/pkg/auth"
	"codex/pkg/cli/pipeline"
	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
	"codex/pkg/shellenv"
)

// command is what a client wants to run.
type command struct {
	argv      []string
	cwd       string
	env       map[string]string
	envPolicy *shellenv.Policy
	sandbox   *wire.SandboxContext // nil: unconfined
	tty       bool
	stdin     bool
	size      *wire.Size
	timeout   time.Duration // 0: none
	limit     int           // bytes kept or streamed of each output, -1: all
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
	cmd  command
	pipe *pipeline.Pipeline
	w    *jsonrpc.Writer
	done chan struct{}

	mu       sync.Mutex
	next     int
	pending  map[int]chan *jsonrpc.Error
	out      outcome
	seen     map[string]int
	timedOut bool
	killed   bool
}

const processID = "1" // there is one in each executor

// run starts a command; wait for done.
func (s *Server) run(cmd command) (*process, error) {
	pipe, err := pipeline.Start(pipeline.Spec{Engine: s.opts.Hands, Env: auth.WithoutSecrets(s.opts.Environ), Stderr: s.opts.Stderr})
	if err != nil {
		return nil, internal(fmt.Errorf("start the executor: %w", err))
	}
	p := &process{cmd: cmd, pipe: pipe, w: jsonrpc.NewWriter(pipe.In), done: make(chan struct{}), pending: map[int]chan *jsonrpc.Error{}, seen: map[string]int{}}
	p.out.code = -1
	go p.read(s.opts.Leave)
	err = p.start()
	if err != nil {
		p.kill()
		<-p.done
		return nil, err
	}
	if cmd.timeout > 0 {
		t := time.AfterFunc(cmd.timeout, func() {
			p.mu.Lock()
			p.timedOut = true
			p.mu.Unlock()
			p.kill()
		})
		go func() { // ends with the process
			<-p.done
			t.Stop()
		}()
	}
	return p, nil
}

func (p *process) start() error {
	if err := p.call(wire.MethodInitialize, wire.InitializeParams{ClientName: "codex-app-server"}); err != nil {
		return err
	}
	if err := p.w.Notify(wire.NotifyInitialized, struct{}{}); err != nil {
		return internal(err)
	}
	params := wire.StartParams{ProcessID: processID, Argv: p.cmd.argv, Cwd: wire.PathToURI(p.cmd.cwd), Env: p.cmd.env, EnvPolicy: p.cmd.envPolicy,
		Tty: p.cmd.tty, PipeStdin: p.cmd.stdin, Sandbox: p.cmd.sandbox, Extra: &wire.StartExtra{Size: p.cmd.size, Retain: &wire.Retain{}}}
	if params.Env == nil {
		params.Env = map[string]string{}
	}
	return p.call(wire.MethodStart, params)
}

// call sends a request to the executor and waits for the answer.
func (p *process) call(method string, params any) error {
	ch := make(chan *jsonrpc.Error, 1)
	p.mu.Lock()
	p.next++
	n := p.next
	p.pending[n] = ch
	p.mu.Unlock()
	if err := p.w.Request(n, method, params); err != nil {
		return internal(fmt.Errorf("the executor has gone: %w", err))
	}
	select {
	case e := <-ch:
		if e != nil {
			return internal(errors.New(e.Message))
		}
		return nil
	case <-p.done:
		return internal(errors.New("the executor has gone"))
	}
}

// read takes the executor's lines until the process is over.
func (p *process) read(grace time.Duration) {
	defer close(p.done)
	r := jsonrpc.NewReader(p.pipe.Out, maxLine)
	for {
		line, err := r.ReadLine()
		if err != nil || p.line(line) {
			break
		}
	}
	p.pipe.In.Close()
	p.pipe.Wait(grace)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timedOut {
		p.out.code = 124
	}
}

// line is true after the last word on the process.
func (p *process) line(line []byte) bool {
	if o, ok := wire.ParseOutput(line); ok {
		if data, err := base64.StdEncoding.AppendDecode(nil, o.Chunk); err == nil {
			p.output(o.Stream, data)
		}
		return false
	}
	m, err := jsonrpc.Parse(bytes.TrimSpace(line))
	if err != nil {
		return false // a banner
	}
	switch {
	case m.Method == wire.NotifyExited:
		var e wire.ExitedParams
		if json.Unmarshal(m.Params, &e) == nil {
			p.mu.Lock()
			p.out.code = int32(e.ExitCode)
			p.mu.Unlock()
		}
	case m.Method == wire.NotifyClosed:
		return true
	case m.Method == wire.NotifyOutput:
		var o struct {
			Stream string `json:"stream"`
			Chunk  []byte `json:"chunk"`
		}
		if json.Unmarshal(m.Params, &o) == nil {
			p.output(o.Stream, o.Chunk)
		}
	case m.Method == "":
		var n int
		_ = json.Unmarshal(m.ID, &n)
		p.mu.Lock()
		ch := p.pending[n]
		delete(p.pending, n)
		p.mu.Unlock()
		if ch != nil {
			ch <- m.Err
		}
	}
	return false
}

// output keeps or passes on what the process wrote, up to the limit.
func (p *process) output(stream string, data []byte) {
	p.mu.Lock()
	have, limit := p.seen[stream], p.cmd.limit
	capped := false
	if limit >= 0 && have+len(data) > limit {
		capped = true
		data = data[:max(0, limit-have)]
	}
	p.seen[stream] = have + len(data)
	if stream == wire.Stderr {
		p.out.errCap = p.out.errCap || capped
	} else {
		p.out.outCap = p.out.outCap || capped
	}
	if p.cmd.delta == nil {
		if stream == wire.Stderr {
			p.out.stderr = append(p.out.stderr, data...)
		} else {
			p.out.stdout = append(p.out.stdout, data...)
		}
	}
	p.mu.Unlock()
	if p.cmd.delta == nil || len(data) == 0 && have >= limit && limit >= 0 {
		return
	}
	for chunk := range slices.Chunk(data, 64<<10) {
		p.cmd.delta(stream, chunk, capped)
	}
}

// wait gives how the process ended.
func (p *process) wait() outcome {
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.out
}

// kill ends the process and all it started.
func (p *process) kill() {
	p.mu.Lock()
	again := p.killed
	p.killed = true
	p.mu.Unlock()
	if again {
		return
	}
	if p.w.Request(0, wire.MethodTerminate, wire.TerminateParams{ProcessID: processID}) != nil {
		p.pipe.Kill()
		return
	}
	t := time.AfterFunc(2*time.Second, p.pipe.Kill)
	go func() { // ends with the process
		<-p.done
		t.Stop()
	}()
}

func (p *process) write(data []byte, eof bool) error {
	return p.call(wire.MethodWrite, wire.WriteParams{ProcessID: processID, Data: data, Extra: &wire.WriteExtra{EOF: eof}})
}

func (p *process) resize(rows, cols uint16) error {
	if !p.cmd.tty {
		return invalid("failed to resize PTY: process is not attached to a PTY")
	}
	return p.call(wire.MethodResize, wire.ResizeParams{ProcessID: processID, Rows: int(rows), Cols: int(cols)})
}
