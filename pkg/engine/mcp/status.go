package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"codex/pkg/config"
	"codex/pkg/engine/tools"
	"codex/pkg/jsonrpc"
	"codex/pkg/mcp/wire"
	"codex/pkg/protocol"
)

// Status says what every server offers; full is with what there is to read. A server that
// does not start offers nothing, and neither do those that are switched off.
func (s *Servers) Status(ctx context.Context, full bool, off []config.MCPServer) []protocol.McpServerStatus {
	servers := s.servers()
	all := make([]protocol.McpServerStatus, len(servers), len(servers)+len(off))
	var each sync.WaitGroup
	for i, v := range servers {
		each.Go(func() { all[i] = s.statusOf(ctx, v, full) })
	}
	each.Wait()
	for i := range off {
		st := statusOf(&off[i])
		st.AuthStatus = protocol.McpAuthStatusUnsupported
		all = append(all, st)
	}
	slices.SortFunc(all, func(a, b protocol.McpServerStatus) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// statusOf is what is known of a server by its settings.
func statusOf(s *config.MCPServer) protocol.McpServerStatus {
	st := protocol.McpServerStatus{Name: s.Name, Tools: protocol.Map[protocol.Tool]{}}
	if u, err := url.Parse(s.URL); s.Command == "" && err == nil && u.Host != "" {
		st.HTTPOrigin = new(u.Scheme + "://" + u.Host)
	}
	return st
}

func (s *Servers) statusOf(ctx context.Context, v *server, full bool) protocol.McpServerStatus {
	st := statusOf(&v.MCPServer)
	st.AuthStatus = s.authOf(ctx, v)
	select {
	case <-v.settled:
	case <-ctx.Done():
		return st
	}
	s.mu.Lock()
	m, err := v.manifest, v.err
	s.mu.Unlock()
	if err != nil {
		return failing(st, err)
	}
	if m == nil { // it has not been started
		c := &cache{home: s.o.Home}
		m, _ = c.manifest(c.key(v))
	}
	if m == nil {
		if _, err := s.ensure(ctx, v); err != nil {
			return failing(st, err)
		}
		s.mu.Lock()
		m = v.manifest
		s.mu.Unlock()
	}
	if m.Server != "" {
		st.ServerInfo = &protocol.McpServerInfo{Name: m.Server, Version: m.Version}
	}
	for _, raw := range m.Tools {
		var t protocol.Tool
		if json.Unmarshal(raw, &t) == nil && v.Wants(t.Name) {
			st.Tools[t.Name] = t
		}
	}
	if full && m.Resources {
		st.Resources = items[protocol.Resource](s.pagesOf(ctx, v.Name, wire.MethodResources))
		st.ResourceTemplates = items[protocol.ResourceTemplate](s.pagesOf(ctx, v.Name, wire.MethodTemplates))
	}
	return st
}

// failing says why a server that does not start offers nothing.
func failing(st protocol.McpServerStatus, err error) protocol.McpServerStatus {
	st.ToolsError = new(startFailed + err.Error())
	return st
}

// items reads what can be read.
func items[T any](raws []json.RawMessage) protocol.List[T] {
	var list protocol.List[T]
	for _, raw := range raws {
		var v T
		if json.Unmarshal(raw, &v) == nil {
			list = append(list, v)
		}
	}
	return list
}

// authOf is how a server knows us. What its settings say costs no question.
func (s *Servers) authOf(ctx context.Context, v *server) protocol.McpAuthStatus {
	if v.Command != "" {
		return protocol.McpAuthStatusUnsupported
	}
	l, err := s.pool.get()
	var a wire.Auth
	if err == nil {
		err = l.conn.Call(ctx, wire.MethodAuth, wire.StartParams{Server: v.MCPServer}, &a)
	}
	if err != nil {
		s.o.Warn("how the MCP server %s knows us cannot be told: %v", v.Name, err)
		return protocol.McpAuthStatusUnsupported
	}
	return protocol.McpAuthStatus(a.Status)
}

// CallTool calls a tool for a client, who needs nobody's approval for it.
func (s *Servers) CallTool(ctx context.Context, t *tools.Turn, name, tool string, arguments, meta json.RawMessage) (json.RawMessage, error) {
	v, err := s.find(name)
	if err != nil {
		return nil, err
	}
	if arguments = bytes.TrimSpace(arguments); null(arguments) {
		arguments = nil
	} else if arguments[0] != '{' {
		return nil, fmt.Errorf("tool call failed for `%s/%s`: MCP tool arguments must be a JSON object, got %s", name, tool, jsonrpc.Shorten(string(arguments)))
	}
	l, err := s.ensure(ctx, v)
	if err != nil {
		return nil, noClient(err)
	}
	var own map[string]json.RawMessage
	if !null(meta) && json.Unmarshal(meta, &own) != nil {
		return nil, errors.New("_meta is no object")
	}
	if own == nil {
		own = map[string]json.RawMessage{}
	}
	delete(own, "progressToken") // it is ours
	own["threadId"] = jsonrpc.Quote(t.ThreadID)
	m, err := jsonrpc.Marshal(own)
	if err != nil {
		return nil, err
	}
	defer s.enter(ctx, t)()
	raw, err := s.callOn(ctx, l, wire.CallParams{Name: name, Tool: tool, Arguments: arguments, Meta: m}, func(wire.ProgressParams) {})
	if err != nil {
		return nil, fmt.Errorf("tool call failed for `%s/%s`: %w", name, tool, err)
	}
	return raw, nil
}

// noClient words that a server which a client asks for does not start.
func noClient(err error) error { return fmt.Errorf("failed to get client: "+startFailed+"%w", err) }

const startFailed = "MCP startup failed: "

// pagesOf lists all pages of one server; what there is of them when one fails, or when they
// are too much.
func (s *Servers) pagesOf(ctx context.Context, name, ask string) []json.RawMessage {
	var all []json.RawMessage
	seen, size := map[string]bool{}, 0
	for cursor := ""; !seen[cursor] && len(seen) < maxPages; {
		seen[cursor] = true
		p, err := s.page(ctx, name, ask, cursor)
		if err != nil {
			return all
		}
		for _, item := range p.Items {
			if size += len(item); size > maxList {
				s.o.Warn("the MCP server %s lists more than %d MiB (%s): the rest is left out", name, maxList>>20, ask)
				return all
			}
			all = append(all, item)
		}
		if cursor = p.Next; cursor == "" {
			break
		}
	}
	return all
}

// maxPages and maxList bound a list that would never end.
const (
	maxPages = 1000
	maxList  = 32 << 20
)
