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

	"codex/pkg/engine/item"
	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
	"codex/pkg/protocol"
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
		server, cursor := strings.TrimSpace(protocol.Value(a.Server)), strings.TrimSpace(protocol.Value(a.Cursor))
		return s.shown(t, c, server, func(answer *item.Object) error {
			switch {
			case server == "" && cursor != "":
				return errors.New("cursor can only be used when a server is specified")
			case server == "":
				answer.Raw(member, string(tools.Array(s.all(ctx, ask))))
				return nil
			}
			p, err := s.page(ctx, server, ask, cursor)
			if err != nil {
				return resourceError(method, server, "", err)
			}
			answer.Str("server", server)
			answer.Raw(member, string(tools.Array(ofServer(server, p.Items))))
			if p.Next != "" {
				answer.Str("nextCursor", p.Next)
			}
			return nil
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
	return s.shown(t, c, a.Server, func(answer *item.Object) error {
		contents, err := s.contents(ctx, a.Server, a.URI)
		if err != nil {
			return resourceError("resources/read", a.Server, a.URI, err)
		}
		answer.Str("server", a.Server)
		answer.Str("uri", a.URI)
		answer.Raw("contents", string(contents))
		return nil
	})
}

// contents are those of a resource.
func (s *Servers) contents(ctx context.Context, server, uri string) (json.RawMessage, error) {
	v, err := s.find(server)
	if err != nil {
		return nil, err
	}
	var raw json.RawMessage
	if err := s.ask(ctx, v, wire.MethodRead, wire.ReadParams{Name: server, URI: uri}, &raw); err != nil {
		return nil, err
	}
	var r struct {
		Contents json.RawMessage `json:"contents"`
	}
	if json.Unmarshal(raw, &r) != nil || null(r.Contents) {
		return nil, wire.ErrNoResult
	}
	return r.Contents, nil
}

// ReadForClient gives the contents of a resource to a client that asks for them.
func (s *Servers) ReadForClient(ctx context.Context, server, uri string) (json.RawMessage, error) {
	contents, err := s.contents(ctx, server, uri)
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
func (s *Servers) shown(t *tools.Turn, c tools.Call, server string, f func(answer *item.Object) error) tools.Output {
	server = cmp.Or(server, "codex")
	arguments := json.RawMessage(c.Arguments)
	if strings.TrimSpace(c.Arguments) == "" {
		arguments = nil
	}
	i := show(t, c.ID, server, c.Name, arguments)
	var answer item.Object
	if err := f(&answer); err != nil {
		i.end(time.Since(i.started), nil, err)
		return tools.Output{Text: err.Error()}
	}
	text := compact(string(answer.End()))
	i.end(time.Since(i.started), textResult(text, false), nil)
	return tools.Output{Text: text}
}

// ofServer puts the server's name first into each of its things.
func ofServer(server string, items []json.RawMessage) []json.RawMessage {
	out := make([]json.RawMessage, 0, len(items))
	for _, item := range items {
		rest, ok := bytes.CutPrefix(bytes.TrimSpace(item), []byte("{"))
		if !ok {
			continue
		}
		b := append([]byte(`{"server":`), jsonrpc.Quote(server)...)
		if rest = bytes.TrimSpace(rest); len(rest) > 1 {
			b = append(b, ',')
		}
		out = append(out, append(b, rest...))
	}
	return out
}
