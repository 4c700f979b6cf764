package mcp

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
)

type listArgs struct {
	Server *string `json:"server" about:"Name of one server, as configured. Leave it out for the resources of all servers."`
	Cursor *string `json:"cursor" about:"The nextCursor of an earlier list of the same server"`
}

type readArgs struct {
	Server string `json:"server" about:"Name of the server, as configured; the lists of resources have it"`
	URI    string `json:"uri" about:"URI of the resource, as the list of the server has it"`
}

// Names of the tools for resources.
const (
	listResources = "list_mcp_resources"
	listTemplates = "list_mcp_resource_templates"
	readResource  = "read_mcp_resource"
)

// Functions describes the tools for resources, which come with the first server.
func (s *Servers) Functions() []any {
	if !s.Any() {
		return nil
	}
	return []any{
		tools.Describe[listArgs](listResources, "Lists what MCP servers have to read: files, schemas of databases, facts of an application. Prefer it to a web search where it helps."),
		tools.Describe[listArgs](listTemplates, "Lists the templates of resources of MCP servers: URIs with parameters. Prefer them to a web search where they help."),
		tools.Describe[readArgs](readResource, "Reads one resource of an MCP server by the server's name and the resource's URI."),
	}
}

type resourceRun = func(ctx context.Context, t *tools.Turn, c tools.Call) tools.Output

func (s *Servers) findResource(name string) (resourceRun, bool) {
	if !s.Any() {
		return nil, false
	}
	switch name {
	case listResources:
		return s.lister("resources/list", wire.MethodResources, "resources"), false
	case listTemplates:
		return s.lister("resources/templates/list", wire.MethodTemplates, "resourceTemplates"), false
	case readResource:
		return s.read, false
	}
	return nil, false
}

// lister lists one kind of things: of one server a page, of all servers everything.
func (s *Servers) lister(method, ask, member string) resourceRun {
	return func(ctx context.Context, t *tools.Turn, c tools.Call) tools.Output {
		var a listArgs
		if err := tools.Decode(c.Arguments, &a); err != nil {
			return tools.BadArguments(err)
		}
		server, cursor := blank(a.Server), blank(a.Cursor)
		return s.shown(t, c, server, func() (any, error) {
			switch {
			case server == "" && cursor != "":
				return nil, errors.New("cursor can only be used when a server is specified")
			case server == "":
				return map[string]any{member: s.all(ctx, ask)}, nil
			}
			p, err := s.page(ctx, server, ask, cursor)
			if err != nil {
				return nil, resourceError(method, server, "", err)
			}
			answer := ordered{{"server", server}, {member, ofServer(server, p.Items)}}
			if p.Next != "" {
				answer = append(answer, objectMember{"nextCursor", p.Next})
			}
			return answer, nil
		})
	}
}

// all lists all pages of all servers that answer.
func (s *Servers) all(ctx context.Context, ask string) []json.RawMessage {
	all := []json.RawMessage{}
	servers := slices.Clone(s.servers())
	slices.SortFunc(servers, func(a, b *server) int { return strings.Compare(a.Name, b.Name) })
	for _, v := range servers {
		s.mu.Lock()
		failed := v.err != nil
		s.mu.Unlock()
		if failed {
			continue
		}
		all = append(all, ofServer(v.Name, s.pagesOf(ctx, v.Name, ask))...)
	}
	return all
}

func (s *Servers) page(ctx context.Context, server, ask, cursor string) (p wire.Page, err error) {
	v, err := s.find(server)
	if err != nil {
		return p, err
	}
	err = s.ask(ctx, v, ask, wire.PageParams{Name: server, Cursor: cursor}, &p)
	return p, err
}

func (s *Servers) read(ctx context.Context, t *tools.Turn, c tools.Call) tools.Output {
	var a readArgs
	if err := tools.Decode(c.Arguments, &a); err != nil {
		return tools.BadArguments(err)
	}
	for _, need := range []struct{ name, value string }{{"server", a.Server}, {"uri", a.URI}} {
		if strings.TrimSpace(need.value) == "" {
			return tools.Output{Text: need.name + " must be provided", Failed: true}
		}
	}
	return s.shown(t, c, a.Server, func() (any, error) {
		raw, err := s.ReadResource(ctx, a.Server, a.URI)
		if err != nil {
			return nil, resourceError("resources/read", a.Server, a.URI, err)
		}
		contents, err := Contents(raw)
		if err != nil {
			return nil, resourceError("resources/read", a.Server, a.URI, err)
		}
		return ordered{{"server", a.Server}, {"uri", a.URI}, {"contents", contents}}, nil
	})
}

// ReadResource gives the result of resources/read.
func (s *Servers) ReadResource(ctx context.Context, server, uri string) (raw json.RawMessage, err error) {
	v, err := s.find(server)
	if err != nil {
		return nil, err
	}
	err = s.ask(ctx, v, wire.MethodRead, wire.ReadParams{Name: server, URI: uri}, func(r json.RawMessage) error {
		raw = bytes.Clone(r)
		return nil
	})
	return raw, err
}

// ReadForClient gives the contents of a resource to a client that asks for them.
func (s *Servers) ReadForClient(ctx context.Context, server, uri string) (json.RawMessage, error) {
	raw, err := s.ReadResource(ctx, server, uri)
	var contents json.RawMessage
	if err == nil {
		contents, err = Contents(raw)
	}
	if err != nil {
		return nil, resourceFailed("resources/read", server, uri, err)
	}
	return contents, nil
}

// resourceError words what went wrong for the model.
func resourceError(method, server, uri string, err error) error {
	return fmt.Errorf("%s failed: %w", method, resourceFailed(method, server, uri, err))
}

// resourceFailed words what went wrong at a server; an unknown one is not its fault.
func resourceFailed(method, server, uri string, err error) error {
	var rpc *jsonrpc.Error
	switch {
	case !errors.As(err, &rpc):
		return err
	case uri != "":
		return fmt.Errorf("%s failed for `%s` (%s): %w", method, server, uri, err)
	}
	return fmt.Errorf("%s failed for `%s`: %w", method, server, err)
}

// shown is a call of one of these tools as an item; its output has no head.
func (s *Servers) shown(t *tools.Turn, c tools.Call, server string, f func() (any, error)) tools.Output {
	server = cmp.Or(server, "codex")
	arguments := json.RawMessage(c.Arguments)
	if strings.TrimSpace(c.Arguments) == "" {
		arguments = nil
	}
	i := show(t, c.ID, server, c.Name, arguments)
	v, err := f()
	var raw []byte
	if err == nil {
		raw, err = jsonrpc.Marshal(v)
	}
	if err != nil {
		i.end(time.Since(i.started), nil, err)
		return tools.Output{Text: err.Error()}
	}
	i.end(time.Since(i.started), textResult(string(raw), false), nil)
	return tools.Output{Text: string(raw)}
}

func blank(s *string) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(*s)
}

// ofServer puts the server's name first into each of its things.
func ofServer(server string, items []json.RawMessage) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(items))
	name, err := jsonrpc.Marshal(server)
	if err != nil {
		return out
	}
	for _, item := range items {
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(item), []byte("{"))
		if !ok {
			continue
		}
		b := append([]byte(`{"server":`), name...)
		if rest = bytes.TrimSpace(rest); len(rest) > 1 {
			b = append(b, ',')
		}
		out = append(out, append(b, rest...))
	}
	return out
}

// ordered is an object whose members keep their order.
type ordered []objectMember

type objectMember struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o ordered) MarshalJSON() ([]byte, error) {
	b := []byte("{")
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := jsonrpc.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		value, err := jsonrpc.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}
