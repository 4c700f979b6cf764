package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/tidwall/gjson"

	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

// Bounds of what a server may offer.
const (
	maxPages = 1000
	maxTools = 10_000
	maxList  = maxMessage // bytes of all of them
)

// sandboxCapability is by what a server says that it wants to know of the sandbox.
const sandboxCapability = "codex/sandbox-state-meta"

// Manifest asks for everything that a server offers, all pages of it.
func (c *Client) Manifest(ctx context.Context) (*wire.Manifest, error) {
	m, size := &wire.Manifest{Tools: []json.RawMessage{}}, 0
	for t, err := range c.Tools(ctx) {
		if err != nil {
			return nil, err
		}
		size += len(t)
		switch m.Tools = append(m.Tools, t); {
		case len(m.Tools) > maxTools:
			return nil, fmt.Errorf("it offers more than %d tools", maxTools)
		case size > maxList:
			return nil, fmt.Errorf("its tools are more than %d MiB", maxList>>20)
		}
	}
	c.mu.Lock()
	r := c.session.InitializeResult()
	c.mu.Unlock()
	m.Instructions, m.Protocol = r.Instructions, r.ProtocolVersion
	if r.ServerInfo != nil {
		m.Server, m.Version = r.ServerInfo.Name, r.ServerInfo.Version
	}
	if r.Capabilities != nil {
		_, m.SandboxState = r.Capabilities.Experimental[sandboxCapability]
		m.Resources = r.Capabilities.Resources != nil
	}
	return m, nil
}

// Tools lists tools as the server describes them. An error is the last.
func (c *Client) Tools(ctx context.Context) iter.Seq2[json.RawMessage, error] {
	return pages(func(cursor string) (page, error) {
		var sound map[string]bool
		raw, err := c.do(ctx, "tools/list", c.server.Startup, func(ctx context.Context, ss *session) error {
			r, err := ss.ListTools(ctx, &sdk.ListToolsParams{Cursor: cursor})
			if err == nil {
				sound = make(map[string]bool, len(r.Tools))
				for _, t := range r.Tools {
					sound[t.Name] = true
				}
			}
			return keep(ctx, r, err)
		})
		p, err := read(raw, err, "tools")
		if sound != nil { // the library leaves out tools that must not be called
			p.items = slices.DeleteFunc(p.items, func(t json.RawMessage) bool { return !sound[gjson.GetBytes(t, "name").Str] })
		}
		return p, err
	})
}

// Resources gives one page of resources.
func (c *Client) Resources(ctx context.Context, cursor string) (items []json.RawMessage, next string, err error) {
	raw, err := c.do(ctx, "resources/list", c.server.Call, func(ctx context.Context, ss *session) error {
		r, err := ss.ListResources(ctx, &sdk.ListResourcesParams{Cursor: cursor})
		return keep(ctx, r, err)
	})
	p, err := read(raw, err, "resources")
	return p.items, p.next, err
}

// Templates gives one page of resource templates.
func (c *Client) Templates(ctx context.Context, cursor string) (items []json.RawMessage, next string, err error) {
	raw, err := c.do(ctx, "resources/templates/list", c.server.Call, func(ctx context.Context, ss *session) error {
		r, err := ss.ListResourceTemplates(ctx, &sdk.ListResourceTemplatesParams{Cursor: cursor})
		return keep(ctx, r, err)
	})
	p, err := read(raw, err, "resourceTemplates")
	return p.items, p.next, err
}

// ReadResource gives the result of resources/read.
func (c *Client) ReadResource(ctx context.Context, uri string) (json.RawMessage, error) {
	return c.do(ctx, "resources/read", c.server.Call, func(ctx context.Context, ss *session) error {
		r, err := ss.ReadResource(ctx, &sdk.ReadResourceParams{URI: uri})
		return keep(ctx, r, err)
	})
}

// Call is a call of a tool.
type Call struct {
	Tool      string
	Arguments json.RawMessage // an object, or nil
	Meta      json.RawMessage // an object, or nil
	Progress  func(Progress)
}

// Call calls a tool and gives the result as it came: an object with content,
// structuredContent, isError and _meta.
func (c *Client) Call(ctx context.Context, call Call) (json.RawMessage, error) {
	if result, err, ok := c.startAndWait(ctx, call); ok {
		return result, err
	}
	token := c.tokens.Add(1)
	defer c.progress.listen(token, call.Progress)()
	params, err := callParams(token, call)
	if err != nil {
		return nil, err
	}
	return c.do(ctx, "tools/call", c.server.Call, func(ctx context.Context, ss *session) error {
		p := new(sdk.CallToolParams)
		if err := json.Unmarshal(params, p); err != nil {
			return fmt.Errorf("encode a call: %w", err)
		}
		if call.Arguments != nil {
			p.Arguments = call.Arguments
		}
		r, err := ss.CallTool(ctx, p)
		return keep(ctx, r, err)
	})
}

// keep encodes a result anew where the bytes that came were not seen: those of a stream that
// was taken up again.
func keep(ctx context.Context, result any, err error) error {
	if err != nil {
		return err
	}
	c := ctx.Value(captureKey{}).(*capture)
	if c.get() != nil {
		return nil
	}
	raw, err := jsonrpc.Marshal(result)
	if err == nil {
		c.set(raw)
	}
	return err
}

// page is one page of a list.
type page struct {
	items []json.RawMessage
	next  string
}

func read(raw json.RawMessage, err error, member string) (p page, _ error) {
	if err != nil {
		return p, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return p, wire.ErrNoResult
	}
	if json.Unmarshal(members[member], &p.items) != nil {
		return p, wire.ErrNoResult
	}
	_ = json.Unmarshal(members["nextCursor"], &p.next) // null and nonsense end the list
	return p, nil
}

// errSameCursor ends a list that would never end.
var errSameCursor = errors.New("the list returned the same cursor twice")

// pages walks through all pages.
func pages(get func(cursor string) (page, error)) iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		seen := map[string]bool{}
		for cursor := ""; len(seen) < maxPages; {
			p, err := get(cursor)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, item := range p.items {
				if !yield(item, nil) {
					return
				}
			}
			if cursor = p.next; cursor == "" {
				return
			}
			if seen[cursor] {
				yield(nil, errSameCursor)
				return
			}
			seen[cursor] = true
		}
		yield(nil, fmt.Errorf("the list has more than %d pages", maxPages))
	}
}
