package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// call sends a request and waits for its answer, which goes to where result points (see
// jsonrpc.Conn.Call).
func (c *Client) call(ctx context.Context, method string, params, result any) error {
	return callError(c.conn.Call(ctx, method, params, result))
}

// post sends a request whose answer nobody needs.
func (c *Client) post(method string, params any) {
	_, _ = c.conn.Start(method, params, func(json.RawMessage, error) error { return nil }) // a failure shows as the end
}

// callError makes an error of the server's one that callers can ask about.
func callError(err error) error {
	if e, ok := errors.AsType[*jsonrpc.Error](err); ok {
		return remoteError(e)
	}
	return err
}

func (c *Client) connect(out io.Writer) *jsonrpc.Conn {
	return jsonrpc.NewConn(jsonrpc.NewWriter(out), jsonrpc.Options{
		FirstID: 1,
		Raw:     c.raw,
		Handle:  c.handle,
		Bad: func(line []byte, err error) error {
			return fmt.Errorf("executor sent %q: %w", jsonrpc.Shorten(string(line)), err)
		},
		Lost: c.lost,
	})
}

// read owns the server's stdout until it ends, which ends all that waits.
func (c *Client) read(stdout io.ReadCloser) {
	c.conn.Serve(jsonrpc.NewReader(stdout, maxLine)) // its error is that of all calls
	stdout.Close()                                   // a server that still writes is told so
	c.mu.Lock()
	procs := c.procs
	c.procs = map[string]*Process{}
	c.mu.Unlock()
	for _, p := range procs {
		p.fail(c.conn.Err())
	}
	close(c.readDone)
}

// lost is the reason of all that waited when the server left.
func (c *Client) lost(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closing:
		return errors.New("executor connection closed")
	case errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed):
		err = errors.New("end of its output")
	}
	return fmt.Errorf("executor connection lost: %w", err)
}

// raw sees every line first. It takes what comes before the first message, and output,
// which is most of what there is.
func (c *Client) raw(line []byte) (bool, error) {
	if c.rec != nil {
		c.rec.line("< ", line)
	}
	if !c.started {
		if len(line) == 0 || line[0] != '{' {
			return true, nil
		}
		c.started = true
	}
	o, ok := wire.ParseOutput(line)
	if !ok {
		return false, nil
	}
	p := c.process(string(o.ProcessID))
	if p == nil {
		return true, nil
	}
	data, err := c.decode64(o.Chunk)
	if err != nil {
		return true, fmt.Errorf("executor sent output of process %s: %w", o.ProcessID, err)
	}
	return true, p.event(event{seq: o.Seq, stream: o.Stream, data: data})
}

// handle takes notifications; those that nobody knows are ignored.
func (c *Client) handle(r *jsonrpc.Request) error {
	switch r.Method {
	case wire.NotifyOutput:
		return heard(r, func(v wire.OutputParams) error {
			return c.event(v.ProcessID, event{seq: v.Seq, stream: v.Stream, data: v.Data})
		})
	case wire.NotifyNetworkAsk:
		return heard(r, c.ask)
	case wire.NotifyExited:
		return heard(r, func(v wire.ExitedParams) error { return c.event(v.ProcessID, event{seq: v.Seq, exited: &v}) })
	case wire.NotifyClosed:
		return heard(r, func(v wire.ClosedParams) error { return c.event(v.ProcessID, event{seq: v.Seq, closed: &v}) })
	}
	return r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "unknown method %s", r.Method))
}

// heard decodes what a notification says.
func heard[P any](r *jsonrpc.Request, f func(P) error) error {
	var p P
	if err := json.Unmarshal(r.Params, &p); err != nil {
		return fmt.Errorf("executor sent %s: %w", r.Method, err)
	}
	return f(p)
}

func (c *Client) event(id string, e event) error {
	p := c.process(id)
	if p == nil {
		return nil
	}
	p.note(e)
	return p.event(e)
}

func (c *Client) process(id string) *Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.procs[id]
}
