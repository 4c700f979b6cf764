package netproxy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	"codex/pkg/jsonrpc"
	"codex/pkg/netproxy/proto"
)

// maxLine bounds a line of the caller's: settings with many hosts.
const maxLine = 4 << 20

// control is the conversation with the process that started us.
type control struct {
	in  *inbox
	out *jsonrpc.Writer
	env []string

	proxy    *Proxy // after initialize
	services map[string]*Service

	mu    sync.Mutex
	next  int64
	asked map[string]chan bool // answers that are waited for, by id
}

// Control serves the caller's requests until in ends, then lets go of
// everything. in may be a unix socket, over which listeners come. env is where
// proxies in front of us are named.
func Control(in io.Reader, out io.Writer, env []string) error {
	c := &control{in: newInbox(in), out: jsonrpc.NewWriter(out), env: env,
		services: map[string]*Service{}, asked: map[string]chan bool{}}
	defer c.end()
	lines := jsonrpc.NewReader(c.in, maxLine)
	for {
		line, err := lines.ReadLine()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil: // after too long a line, too: files may have come with it
			return fmt.Errorf("read requests: %w", err)
		}
		m, err := jsonrpc.Parse(line)
		if err != nil {
			return fmt.Errorf("read requests: %w", err)
		}
		switch m.Kind {
		case jsonrpc.KindRequest:
			result, err := c.request(m.Method, m.Params)
			if err != nil {
				err = c.out.Fail(m.ID, err)
			} else {
				err = c.out.Respond(m.ID, result)
			}
			if err != nil {
				return fmt.Errorf("write answers: %w", err)
			}
		case jsonrpc.KindResponse, jsonrpc.KindFailure:
			var r proto.DecideResult
			c.answered(string(m.ID), m.Kind == jsonrpc.KindResponse && json.Unmarshal(m.Result, &r) == nil && r.Allow)
		}
	}
}

func (c *control) end() {
	for _, s := range c.services {
		s.Close()
	}
	if c.proxy != nil {
		c.proxy.Close()
	}
	c.in.close()
}

func (c *control) request(method string, raw json.RawMessage) (any, error) {
	none := struct{}{}
	read := func(v any) error {
		if err := json.Unmarshal(raw, v); err != nil {
			return jsonrpc.Errorf(jsonrpc.CodeInvalidParams, "%s: %v", method, err)
		}
		return nil
	}
	if c.proxy == nil && method != proto.Initialize {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "%s before initialize", method)
	}
	switch method {
	case proto.Initialize:
		var p proto.InitializeParams
		if err := read(&p); err != nil {
			return nil, err
		}
		return none, c.initialize(p)
	case proto.Listen:
		var p proto.ListenParams
		if err := read(&p); err != nil {
			return nil, err
		}
		return c.listen(p)
	case proto.Close:
		var p proto.CloseParams
		if err := read(&p); err != nil {
			return nil, err
		}
		if s := c.services[p.ID]; s != nil {
			delete(c.services, p.ID)
			s.Close()
		}
		return none, nil
	case proto.Rule:
		var p proto.RuleParams
		if err := read(&p); err != nil {
			return nil, err
		}
		return none, c.proxy.Add(p.Host, p.Decision)
	}
	return nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "unknown method %s", method)
}

func (c *control) initialize(p proto.InitializeParams) error {
	if c.proxy != nil {
		return jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "initialize again")
	}
	o, err := FromSettings(p.Settings, c.env)
	if err != nil {
		return err
	}
	o.Blocked = func(a proto.Attempt) { _ = c.out.Notify(proto.Blocked, a) }
	if p.Ask {
		o.Ask = c.ask
	}
	c.proxy = New(o)
	return nil
}

func (c *control) listen(p proto.ListenParams) (proto.ListenResult, error) {
	var res proto.ListenResult
	var opened []net.Listener
	open := func(addr string) (l net.Listener, at string, err error) {
		switch addr {
		case "":
			return nil, "", nil
		case proto.FD:
			l, err = c.in.listener()
		default:
			l, err = listen(addr)
		}
		if err != nil {
			return nil, "", err
		}
		opened = append(opened, l)
		return l, l.Addr().String(), nil
	}
	web, at, err := open(p.HTTP)
	res.HTTP = at
	var socks net.Listener
	if err == nil {
		socks, res.Socks, err = open(p.Socks)
	} else if p.Socks == proto.FD { // it came all the same
		if l, e := c.in.listener(); e == nil {
			l.Close()
		}
	}
	if err == nil && c.services[p.ID] != nil {
		err = jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "id %q is taken", p.ID)
	}
	if err != nil {
		for _, l := range opened {
			l.Close()
		}
		return res, err
	}
	c.services[p.ID] = c.proxy.Serve(p.ID, web, socks)
	return res, nil
}

// ask puts a question to the caller.
func (c *control) ask(ctx context.Context, a proto.Attempt) bool {
	c.mu.Lock()
	c.next++
	id := c.next
	key := strconv.FormatInt(id, 10)
	answer := make(chan bool, 1)
	c.asked[key] = answer
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.asked, key)
		c.mu.Unlock()
	}()
	if c.out.Request(id, proto.Decide, a) != nil {
		return false
	}
	select {
	case ok := <-answer:
		return ok
	case <-ctx.Done():
		return false
	}
}

func (c *control) answered(id string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if answer := c.asked[id]; answer != nil {
		delete(c.asked, id)
		answer <- ok
	}
}
