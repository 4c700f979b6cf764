package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"unicode/utf8"

	"codex/pkg/exec/wire"
	"codex/pkg/jsonrpc"
)

// call is a request without its answer. The reader takes it out of pending, decodes the
// answer in place and closes done.
type call struct {
	decode func(json.RawMessage) error
	err    error
	done   chan struct{}
}

// call sends a request and waits for its answer, which decode gets; the raw bytes are
// valid only inside it. A nil decode drops the result.
func (c *Client) call(ctx context.Context, method string, params any, decode func(json.RawMessage) error) error {
	ca, id, err := c.send(method, params, decode)
	if err != nil {
		return err
	}
	select {
	case <-ca.done:
		return ca.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	_, mine := c.pending[id]
	delete(c.pending, id)
	c.mu.Unlock()
	if mine {
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
	<-ca.done // the reader is at it: it writes to what decode points to
	return ca.err
}

func (c *Client) send(method string, params any, decode func(json.RawMessage) error) (*call, int64, error) {
	ca := &call{decode: decode, done: make(chan struct{})}
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return nil, 0, c.err
	}
	c.nextID++
	id := c.nextID
	c.pending[id] = ca
	c.mu.Unlock()
	if err := c.out.Request(id, method, params); err != nil {
		c.mu.Lock()
		delete(c.pending, id)
		c.mu.Unlock()
		return nil, 0, c.lost(err)
	}
	return ca, id, nil
}

// read owns the server's stdout until it ends.
func (c *Client) read(stdout io.ReadCloser) {
	err := c.readLines(stdout)
	stdout.Close() // a server that still writes is told so
	c.fail(err)
	close(c.readDone)
}

func (c *Client) readLines(stdout io.Reader) error {
	r := jsonrpc.NewReader(stdout, maxLine)
	started := false
	for {
		line, err := r.ReadLine()
		if err != nil {
			return err
		}
		if c.rec != nil {
			c.rec.line("< ", line)
		}
		if !started {
			if len(line) == 0 || line[0] != '{' {
				continue
			}
			started = true
		}
		if err := c.line(line); err != nil {
			return err
		}
	}
}

func (c *Client) line(line []byte) error {
	if o, ok := wire.ParseOutput(line); ok {
		return c.output(o)
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return nil
	}
	m, err := jsonrpc.Parse(line)
	if err != nil {
		return fmt.Errorf("executor sent %s: %w", shorten(line), err)
	}
	switch m.Kind {
	case jsonrpc.KindResponse, jsonrpc.KindFailure:
		c.answer(m)
	case jsonrpc.KindNotification:
		return c.notification(m)
	case jsonrpc.KindRequest:
		return c.lostIf(c.out.Fail(m.ID, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "unknown method %s", m.Method)))
	}
	return nil
}

func (c *Client) lostIf(err error) error {
	if err != nil {
		return c.lost(err)
	}
	return nil
}

func (c *Client) answer(m jsonrpc.Message) {
	id, err := strconv.ParseInt(string(m.ID), 10, 64)
	if err != nil {
		return
	}
	c.mu.Lock()
	ca := c.pending[id]
	delete(c.pending, id)
	c.mu.Unlock()
	if ca == nil {
		return // nobody waits any more; or -1, which we cannot assign
	}
	switch {
	case m.Err != nil:
		ca.err = remoteError(m.Err)
	case ca.decode != nil:
		if err := ca.decode(m.Result); err != nil {
			ca.err = fmt.Errorf("decode answer of executor: %w", err)
		}
	}
	close(ca.done)
}

func (c *Client) output(o wire.Output) error {
	c.mu.Lock()
	p := c.procs[string(o.ProcessID)]
	c.mu.Unlock()
	if p == nil {
		return nil
	}
	data, err := c.decode64(o.Chunk)
	if err != nil {
		return fmt.Errorf("executor sent output of process %s: %w", o.ProcessID, err)
	}
	return p.event(event{seq: o.Seq, stream: o.Stream, data: data})
}

func (c *Client) notification(m jsonrpc.Message) error {
	switch m.Method {
	case wire.NotifyOutput:
		var v struct {
			ProcessID string `json:"processId"`
			wire.Chunk
		}
		if err := json.Unmarshal(m.Params, &v); err != nil {
			return fmt.Errorf("executor sent %s: %w", m.Method, err)
		}
		if p := c.process(v.ProcessID); p != nil {
			return p.event(event{seq: v.Seq, stream: v.Stream, data: v.Data})
		}
	case wire.NotifyNetworkAsk:
		var v wire.NetworkAskParams
		if err := json.Unmarshal(m.Params, &v); err != nil {
			return fmt.Errorf("executor sent %s: %w", m.Method, err)
		}
		if p := c.process(v.ProcessID); p != nil {
			c.ask(p, v)
		}
	case wire.NotifyExited:
		var v wire.ExitedParams
		if err := json.Unmarshal(m.Params, &v); err != nil {
			return fmt.Errorf("executor sent %s: %w", m.Method, err)
		}
		if p := c.process(v.ProcessID); p != nil {
			p.setExited(v)
			return p.event(event{seq: v.Seq})
		}
	case wire.NotifyClosed:
		var v wire.ClosedParams
		if err := json.Unmarshal(m.Params, &v); err != nil {
			return fmt.Errorf("executor sent %s: %w", m.Method, err)
		}
		if p := c.process(v.ProcessID); p != nil {
			p.setClosed(v)
			return p.event(event{seq: v.Seq, closed: true})
		}
	}
	return nil // unknown notifications are ignored
}

func (c *Client) process(id string) *Process {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.procs[id]
}

// fail ends everything that waits, with the reason the server left.
func (c *Client) fail(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
		err = errors.New("end of its output")
	}
	c.mu.Lock()
	if c.closing {
		c.err = errors.New("executor connection closed")
	} else {
		c.err = fmt.Errorf("executor connection lost: %w", err)
	}
	pending, procs := c.pending, c.procs
	c.pending, c.procs = map[int64]*call{}, map[string]*Process{}
	why := c.err
	c.mu.Unlock()
	for _, ca := range pending {
		ca.err = why
		close(ca.done)
	}
	for _, p := range procs {
		p.fail(why)
	}
}

func shorten(line []byte) string {
	const most = 80
	if len(line) <= most {
		return strconv.Quote(string(line))
	}
	n := most
	for n > 0 && !utf8.RuneStart(line[n]) {
		n--
	}
	return strconv.Quote(string(line[:n])) + "…"
}
