package keeper

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
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

	mu      sync.Mutex
	next    int
	waiting map[int]chan jsonrpc.Message
	leases  map[string]*Lease // nil when it has ended
	asking  sync.WaitGroup
}

var errGone = errors.New(Program + " has ended")

func startProxy(path string, env []string, errs *os.File) (*proxy, error) {
	p := &proxy{gone: make(chan struct{}), waiting: map[int]chan jsonrpc.Message{}, leases: map[string]*Lease{}}
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
	ofItsOwn(p.cmd)
	if err := p.cmd.Start(); err != nil {
		p.link.close()
		return nil, err
	}
	p.link.started()
	go func() { // ends with the proxy, which end makes sure of
		p.listen(jsonrpc.NewReader(out, maxLine))
		p.finish()
	}()
	return p, nil
}

// listen hears the proxy until its output ends.
func (p *proxy) listen(r *jsonrpc.Reader) {
	for {
		l, err := r.ReadLine()
		if err != nil {
			p.cmd.Process.Kill() // if it is not the end, it is nothing we understand
			return
		}
		m, err := jsonrpc.Parse(bytes.Clone(l))
		if err != nil {
			continue
		}
		switch m.Kind {
		case jsonrpc.KindResponse, jsonrpc.KindFailure:
			id, _ := strconv.Atoi(string(m.ID))
			p.mu.Lock()
			if c := p.waiting[id]; c != nil {
				delete(p.waiting, id)
				c <- m
			}
			p.mu.Unlock()
		default:
			p.told(m)
		}
	}
}

// told handles what the proxy says of itself.
func (p *proxy) told(m jsonrpc.Message) {
	var a proto.Attempt
	if json.Unmarshal(m.Params, &a) != nil {
		return
	}
	p.mu.Lock()
	l := p.leases[a.ID]
	p.mu.Unlock()
	switch {
	case m.Method == proto.Blocked && l != nil && l.events.Blocked != nil:
		l.events.Blocked(a)
	case m.Method == proto.Decide:
		p.asking.Go(func() {
			ok := l != nil && l.events.Ask != nil && l.events.Ask(l.ctx, a)
			_ = p.link.send(answerLine(m.ID, ok), nil) // or nobody waits any more
		})
	}
}

// finish reaps the proxy and tells everybody who waits.
func (p *proxy) finish() {
	_ = p.cmd.Wait()
	p.mu.Lock()
	for id, c := range p.waiting {
		delete(p.waiting, id)
		close(c)
	}
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

// call makes a request, with files, and reads its result into v unless that is
// nil.
func (p *proxy) call(method string, params any, files []*os.File, v any) error {
	p.mu.Lock()
	if p.leases == nil {
		p.mu.Unlock()
		return errGone
	}
	p.next++
	id := p.next
	answer := make(chan jsonrpc.Message, 1)
	p.waiting[id] = answer
	p.mu.Unlock()
	b, err := line(id, method, params)
	if err == nil {
		err = p.link.send(b, files)
	}
	if err != nil {
		p.mu.Lock()
		delete(p.waiting, id)
		p.mu.Unlock()
		return err
	}
	t := time.NewTimer(callTime)
	defer t.Stop()
	select {
	case m, ok := <-answer:
		if !ok {
			return errGone
		}
		if err := failure(m); err != nil || v == nil {
			return err
		}
		return json.Unmarshal(m.Result, v)
	case <-t.C:
		p.cmd.Process.Kill() // it hangs: the next command gets another one
		return errors.New(Program + " does not answer")
	}
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
