package pool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp"
	"codex/pkg/mcp/wire"
)

// maxBeside is how many requests of one engine wait for servers at once.
const maxBeside = 1024

// user is an engine.
type user struct {
	pool *Pool
	conn *jsonrpc.Conn
	ctx  context.Context
	stop context.CancelFunc
	work sync.WaitGroup
	// beside are requests that wait for servers, calls aside.
	beside jsonrpc.Beside

	mu      sync.Mutex
	names   map[string]*shared
	cancels map[int64]func() // of tool calls, by the engine's numbers
}

// handle takes what the engine says. Everything may take long, so everything is done beside
// the reader.
func (u *user) handle(r *jsonrpc.Request) error {
	if r.Method == wire.MethodCancel {
		var p wire.CancelParams
		if r.Decode(&p) == nil {
			u.cancel(p.Call)
		}
		return nil
	}
	if r.Method == wire.MethodCall {
		return u.begin(r)
	}
	run := u.methods()[r.Method]
	if run == nil {
		return r.Reply(nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "no %s", r.Method))
	}
	r.Own() // the reader goes on
	u.work.Add(1)
	err := u.beside.Go(func() {
		defer u.work.Done()
		result, err := run(u.ctx, r)
		u.reply(u.ctx, r, result, err)
	})
	if err != nil {
		u.work.Done()
		return r.Reply(nil, err)
	}
	return nil
}

func (u *user) reply(ctx context.Context, r *jsonrpc.Request, result any, err error) {
	if err != nil && ctx.Err() != nil {
		err = jsonrpc.Errorf(jsonrpc.CodeRefused, "cancelled")
	}
	_ = r.Reply(result, outside(err)) // an engine that has gone is noticed by its reader
}

type method = func(ctx context.Context, r *jsonrpc.Request) (any, error)

func with[P any](f func(ctx context.Context, p *P) (any, error)) method {
	return func(ctx context.Context, r *jsonrpc.Request) (any, error) {
		p := new(P)
		if err := r.Decode(p); err != nil {
			return nil, err
		}
		return f(ctx, p)
	}
}

func (u *user) methods() map[string]method {
	return map[string]method{
		wire.MethodStart:     with(u.start),
		wire.MethodManifest:  with(u.manifest),
		wire.MethodAuth:      with(u.auth),
		wire.MethodResources: u.page((*mcp.Client).Resources),
		wire.MethodTemplates: u.page((*mcp.Client).Templates),
		wire.MethodRead:      with(u.read),
	}
}

// outside words an error for the engine.
func outside(err error) error {
	if _, ok := errors.AsType[*jsonrpc.Error](err); ok || err == nil {
		return err
	}
	if timeout, ok := errors.AsType[*mcp.TimeoutError](err); ok {
		return &jsonrpc.Error{Code: jsonrpc.CodeRefused, Message: timeout.Error(), Data: wire.KindTimeout}
	}
	if login, ok := errors.AsType[*mcp.LoginError](err); ok {
		return &jsonrpc.Error{Code: jsonrpc.CodeRefused, Message: login.Error(), Data: wire.KindAuth}
	}
	return jsonrpc.Errorf(jsonrpc.CodeRefused, "%s", mcp.Message(err))
}

func (u *user) start(ctx context.Context, p *wire.StartParams) (any, error) {
	s, err := u.pool.join(u, p.Server, p.Elicits)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	u.names[p.Server.Name] = s
	u.mu.Unlock()
	return u.manifest(ctx, &wire.NameParams{Name: p.Server.Name})
}

func (u *user) auth(ctx context.Context, p *wire.StartParams) (any, error) {
	if u.pool.auth == nil {
		return nil, jsonrpc.Errorf(jsonrpc.CodeMethodNotFound, "this pool knows of no credentials")
	}
	status, err := u.pool.auth(ctx, p.Server)
	return wire.Auth{Status: status}, err
}

// client waits for a server that the engine has started.
func (u *user) client(ctx context.Context, name string) (*mcp.Client, *shared, error) {
	u.mu.Lock()
	s := u.names[name]
	u.mu.Unlock()
	if s == nil {
		return nil, nil, jsonrpc.Invalidf("no server %s was started", name)
	}
	select {
	case <-s.ready:
		return s.client, s, s.err
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
}

func (u *user) manifest(ctx context.Context, p *wire.NameParams) (any, error) {
	c, _, err := u.client(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	return c.Manifest(ctx)
}

// page asks for one page of a list.
func (u *user) page(list func(*mcp.Client, context.Context, string) ([]json.RawMessage, string, error)) method {
	return with(func(ctx context.Context, p *wire.PageParams) (any, error) {
		c, _, err := u.client(ctx, p.Name)
		if err != nil {
			return nil, err
		}
		items, next, err := list(c, ctx, p.Cursor)
		return wire.Page{Items: items, Next: next}, err
	})
}

func (u *user) read(ctx context.Context, p *wire.ReadParams) (any, error) {
	c, _, err := u.client(ctx, p.Name)
	if err != nil {
		return nil, err
	}
	return c.ReadResource(ctx, p.URI)
}

func (u *user) changed(name string) {
	_ = u.conn.Notify(wire.MethodChanged, wire.NameParams{Name: name}) // an engine that has gone needs no news
}

// elicit asks the engine, which asks the user.
func (u *user) elicit(ctx context.Context, name string, params json.RawMessage) (json.RawMessage, error) {
	var answer json.RawMessage
	err := u.conn.Call(ctx, wire.MethodElicit, wire.ElicitParams{Name: name, Params: params}, func(raw json.RawMessage) error {
		answer = bytes.Clone(raw)
		return nil
	})
	return answer, err
}
