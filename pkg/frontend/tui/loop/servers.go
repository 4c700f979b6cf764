package loop

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/protocol"
	"codex/pkg/shellwords"
)

// listMCP lists the MCP servers: how they do, and their tools. With verbose it tells what
// the tools are for, and what resources there are.
func (l *Loop) listMCP(what string) {
	if what != "" && what != "verbose" {
		l.complain("/mcp takes verbose, or nothing")
		return
	}
	detail := protocol.McpServerStatusDetailToolsAndAuthOnly
	if what == "verbose" {
		detail = protocol.McpServerStatusDetailFull
	}
	l.call(protocol.MethodMcpServerStatusList, protocol.ListMcpServerStatusParams{Detail: &detail}, func(r gjson.Result, err error) {
		var page protocol.ListMcpServerStatusResponse
		if err == nil {
			err = json.Unmarshal([]byte(r.Raw), &page)
		}
		if err != nil { // an engine that does not tell
			l.showServers("/mcp", nil, false)
			l.complain("Ask how the servers do: %v", err)
			return
		}
		l.showServers("/mcp", page.Data, what == "verbose")
	})
}

// showServers shows what the engine says of its servers, and those of config.toml that are
// off.
func (l *Loop) showServers(command string, servers []protocol.McpServerStatus, verbose bool) {
	list := &cells.Listing{Command: command, Title: "MCP servers"}
	configured, _ := l.Config.Get("mcp_servers").(map[string]any)
	if l.shared() {
		configured = nil
	}
	told := map[string]bool{}
	for _, s := range servers {
		told[s.Name] = true
		list.Items = append(list.Items, l.serverLines(&s, configured, verbose))
	}
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		if !told[name] {
			list.Items = append(list.Items, name+": "+l.serverState(name, configured)+"\n"+serverCommand(configured[name]))
		}
	}
	if len(list.Items) == 0 {
		list.Hints = []string{"No MCP servers configured. codex mcp add NAME -- COMMAND adds one."}
	}
	l.show(list)
}

// serverState says how a server is, of which the engine has no tools.
func (l *Loop) serverState(name string, configured map[string]any) string {
	s, _ := configured[name].(map[string]any)
	on, ok := s["enabled"].(bool)
	switch {
	case ok && !on:
		return "disabled"
	case slices.Contains(l.state.Starting, name):
		return "starting"
	case l.state.Unstarted[name] != "":
		return "failed: " + l.state.Unstarted[name]
	}
	return "not started"
}

func (l *Loop) serverLines(s *protocol.McpServerStatus, configured map[string]any, verbose bool) string {
	state := "ready"
	if len(s.Tools) == 0 {
		if state = l.serverState(s.Name, configured); state == "not started" {
			state = "no tools"
		}
	}
	lines := []string{s.Name + ": " + state}
	if command := serverCommand(configured[s.Name]); command != "" {
		lines = append(lines, command)
	}
	if s.AuthStatus != protocol.McpAuthStatusUnsupported && s.AuthStatus != "" {
		lines = append(lines, "Auth: "+authWords(s))
	}
	names := slices.Sorted(maps.Keys(s.Tools))
	switch {
	case verbose:
		for _, n := range names {
			t := s.Tools[n]
			about, _, _ := strings.Cut(protocol.Value(t.Description), "\n")
			lines = append(lines, strings.TrimSuffix("  "+n+": "+about, ": "))
		}
		for _, r := range s.Resources {
			lines = append(lines, "  resource "+r.Uri)
		}
	case len(names) > 0:
		lines = append(lines, fmt.Sprintf("Tools (%d): %s", len(names), strings.Join(names, ", ")))
	}
	return strings.Join(lines, "\n")
}

func authWords(s *protocol.McpServerStatus) string {
	switch s.AuthStatus {
	case protocol.McpAuthStatusNotLoggedIn:
		return "not logged in: codex mcp login " + s.Name
	case protocol.McpAuthStatusBearerToken:
		return "bearer token"
	}
	return string(s.AuthStatus)
}

// serverCommand is what starts a server, or its address; no variable of it is shown.
func serverCommand(v any) string {
	s, _ := v.(map[string]any)
	if u, ok := s["url"].(string); ok {
		return u
	}
	command, ok := s["command"].(string)
	if !ok {
		return ""
	}
	argv := []string{command}
	list, _ := s["args"].([]any)
	for _, a := range list {
		argv = append(argv, fmt.Sprint(a))
	}
	return shellwords.Join(argv)
}
