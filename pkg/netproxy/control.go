package netproxy

import (
	"context"
	"fmt"
	"io"
	"net"

	"codex/pkg/jsonrpc"
	"codex/pkg/netproxy/proto"
)

// maxLine bounds a line of the caller's: settings with many hosts.
const maxLine = 4 << 20

// control is the conversation with the process that started us.
type control struct {
	in      *inbox
	conn    *jsonrpc.Conn
	methods map[string]jsonrpc.Method[*jsonrpc.Request]
	env     []string

	// The reader's own.
	proxy    *Proxy // after initialize
	services map[string]*Service
}

// Control serves the caller's requests until in ends, then lets go of
// everything. in may be a unix socket, over which listeners come. env is where
// proxies in front of us are named.
func Control(in io.Reader, out io.Writer, env []string) error {
	c := &control{in: newInbox(in), env: env, services: map[string]*Service{}}
	defer c.end()
	c.methods = map[string]jsonrpc.Method[*jsonrpc.Request]{
		proto.Initialize: {Run: jsonrpc.With(c.initialize)},
		proto.Listen:     {Run: jsonrpc.With(c.listen)},
		proto.Close:      {Run: jsonrpc.With(c.close)},
		proto.Rule:       {Run: jsonrpc.With(c.rule)},
	}
	// What is no message ends it, and so does too long a line: files may have come with it.
	c.conn = jsonrpc.NewConn(jsonrpc.NewWriter(out), jsonrpc.Options{Handle: c.request, FirstID: 1})
	if err := c.conn.Serve(jsonrpc.NewReader(c.in, maxLine)); err != nil {
		return fmt.Errorf("serve requests: %w", err)
	}
	return nil
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

func (c *control) request(r *jsonrpc.Request) error {
	m, ok := c.methods[r.Method]
	switch {
	case r.Kind == jsonrpc.KindNotification:
		return nil
	case c.proxy == nil && r.Method != proto.Initialize:
		return r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "%s before initialize", r.Method))
	case !ok:
		return r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "unknown method %s", r.Method))
	}
	return r.Reply(m.Run(r))
}

func (c *control) initialize(_ *jsonrpc.Request, p *proto.InitializeParams) (any, error) {
	if c.proxy != nil {
		return nil, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "initialize again")
	}
	o, err := FromSettings(p.Settings, c.env)
	if err != nil {
		return nil, err
	}
	o.Blocked = func(a proto.Attempt) { _ = c.conn.Notify(proto.Blocked, a) }
	if p.Ask {
		o.Ask = c.ask
	}
	c.proxy = New(o)
	return struct{}{}, nil
}

func (c *control) close(_ *jsonrpc.Request, p *proto.CloseParams) (any, error) {
	if s := c.services[p.ID]; s != nil {
		delete(c.services, p.ID)
		s.Close()
	}
	return struct{}{}, nil
}

func (c *control) rule(_ *jsonrpc.Request, p *proto.RuleParams) (any, error) {
	return struct{}{}, c.proxy.Add(p.Host, p.Decision)
}

func (c *control) listen(_ *jsonrpc.Request, p *proto.ListenParams) (any, error) {
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
	var r proto.DecideResult
	return c.conn.Call(ctx, proto.Decide, a, &r) == nil && r.Allow
}
