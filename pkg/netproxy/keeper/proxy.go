package keeper

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"sync"
	"time"

	"codex/pkg/jsonrpc"
	"codex/pkg/netproxy/proto"
)

const (
	// callTime is for an answer of the proxy's; it has nothing to wait for itself.
	callTime = 10 * time.Second
	// endTime is what a proxy has to end after its input has.
	endTime = 2 * time.Second
	// maxLine bounds a line of the proxy's: names of hosts, and a sentence.
	maxLine = 64 << 10
)

// proxy is a running codex-netproxy.
type proxy struct {
	cmd  *exec.Cmd
	link *link         // to its standard input
	gone chan struct{} // closed when it has ended and was reaped

	conn *jsonrpc.Conn

	listening sync.Mutex // held by who sends files: they belong to one call

	mu     sync.Mutex
	leases map[string]*Lease // nil when it has ended
	asking sync.WaitGroup
}

var errGone = errors.New(Program + " has ended")

func startProxy(path string, env []string, errs *os.File) (*proxy, error) {
	p := &proxy{gone: make(chan struct{}), leases: map[string]*Lease{}}
	p.cmd = exec.Command(path, "--stdio")
	p.cmd.Env, p.cmd.Dir = env, os.TempDir()
	if errs != nil {
		p.cmd.Stderr = errs
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.link, err = newLink(p.cmd); err != nil {
		return nil, err
	}
	p.conn = jsonrpc.NewConn(jsonrpc.NewWriter(p.link), jsonrpc.Options{
		FirstID: 1, Handle: p.heard,
		Bad: func(line []byte, err error) error {
			if line == nil {
				return err
			}
			return nil
		},
		Lost: func(error) error { return errGone },
	})
	ofItsOwn(p.cmd)
	if err := p.cmd.Start(); err != nil {
		p.link.close()
		return nil, err
	}
	p.link.started()
	go func() { // ends with the proxy, which end makes sure of
		p.conn.Serve(jsonrpc.NewReader(out, maxLine))
		p.cmd.Process.Kill() // if it is not the end, it is nothing we understand
		p.finish()
	}()
	return p, nil
}

// heard handles what the proxy says of itself.
func (p *proxy) heard(r *jsonrpc.Request) error {
	var a proto.Attempt
	if json.Unmarshal(r.Params, &a) != nil {
		return nil
	}
	p.mu.Lock()
	l := p.leases[a.ID]
	p.mu.Unlock()
	switch {
	case r.Method == proto.Blocked && l != nil && l.events.Blocked != nil:
		l.events.Blocked(a)
	case r.Method == proto.Decide:
		p.asking.Go(func() {
			ok := l != nil && l.events.Ask != nil && l.events.Ask(l.ctx, a)
			_ = r.Reply(proto.DecideResult{Allow: ok}, nil) // or nobody waits any more
		})
	}
	return nil
}

// finish reaps the proxy and ends its leases.
func (p *proxy) finish() {
	_ = p.cmd.Wait()
	p.mu.Lock()
	leases := p.leases
	p.leases = nil
	p.mu.Unlock()
	for _, l := range leases {
		l.cancel()
	}
	p.asking.Wait()
	p.link.close()
	close(p.gone)
}

// over says whether the proxy has ended.
func (p *proxy) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leases == nil
}

// idle says whether no command uses it.
func (p *proxy) idle() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.leases != nil && len(p.leases) == 0
}

func (p *proxy) enter(l *Lease) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leases == nil {
		return false
	}
	p.leases[l.id] = l
	return true
}

func (p *proxy) leave(l *Lease) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.leases, l.id)
}

// call makes a request, and reads its result into v unless that is nil.
func (p *proxy) call(method string, params, v any) error {
	hangs := time.AfterFunc(callTime, func() { p.cmd.Process.Kill() }) // the next command gets another one
	err := p.conn.Call(context.Background(), method, params, v)
	if !hangs.Stop() {
		return errors.New(Program + " does not answer")
	}
	return err
}

// listen has the proxy take over listening sockets.
func (p *proxy) listen(params proto.ListenParams, files []*os.File) error {
	p.listening.Lock()
	defer p.listening.Unlock()
	p.link.attach(files)
	defer p.link.attach(nil)
	return p.call(proto.Listen, params, nil)
}

// end closes the proxy's input and waits for its end.
func (p *proxy) end() {
	p.link.shut()
	t := time.NewTimer(endTime)
	defer t.Stop()
	select {
	case <-p.gone:
		return
	case <-t.C:
	}
	p.cmd.Process.Kill()
	<-p.gone
}
