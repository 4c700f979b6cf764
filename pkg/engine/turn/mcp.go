package turn

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"codex/pkg/config"
	"codex/pkg/engine/mcp"
	"codex/pkg/engine/request"
	"codex/pkg/engine/tools"
	"codex/pkg/plugins"
	"codex/pkg/policy"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// serversOf are the servers of the Model Context Protocol that settings and plugins name, and
// the thread may use.
func (t *liveThread) serversOf(cfg *config.Config, parts plugins.Parts) (servers []config.MCPServer, err error) {
	configured := t.configuredServers(cfg, parts)
	for _, name := range t.opts.WithMCP {
		if !slices.ContainsFunc(configured, func(s config.MCPServer) bool { return s.Name == name }) {
			return nil, fmt.Errorf("no MCP server named '%s' is configured", name)
		}
	}
	for _, s := range configured {
		if s.Enabled && (t.opts.WithMCP == nil || slices.Contains(t.opts.WithMCP, s.Name)) {
			servers = append(servers, s)
		}
	}
	return servers, nil
}

// configuredServers are those that settings and plugins name, the disabled ones too.
func (t *liveThread) configuredServers(cfg *config.Config, parts plugins.Parts) []config.MCPServer {
	return append(cfg.MCPServers(), cfg.GovernServers(parts.Servers)...)
}

// setUpServers makes the servers of the thread, and starts them. It fails when one is missing
// that the thread cannot do without.
func (t *liveThread) setUpServers(ctx context.Context) error {
	servers, err := t.serversOf(t.cfg, t.plugins)
	if err != nil {
		return err
	}
	t.starts = &startNotes{thread: t.id, out: t.out}
	t.mcp = mcp.New(mcp.Options{Servers: servers, Home: t.cfg.Home, Socket: t.opts.MCPSocket, Pool: func() []string { return t.opts.MCPPool(t.cfg) }, Environ: t.opts.Environ, Dir: t.cfg.Cwd, Stderr: t.opts.Stderr,
		Status: t.starts.note, Warn: t.opts.Log.Printf, // which keeps what servers say from the terminal's ears
		Allow: t.allowTool})
	t.mcp.Start()
	if err := t.mcp.Required(ctx); err != nil {
		t.mcp.Close()
		return fmt.Errorf("error creating thread: Fatal error: Failed to initialize session: %w", err)
	}
	return nil
}

// renewServers reads the settings again where a client has asked for it since the last turn,
// and gives the thread the servers that they name now.
func (t *liveThread) renewServers(ctx context.Context) (err error) {
	if !t.markStale(false) {
		return nil
	}
	defer func() {
		if err != nil {
			t.markStale(true) // the next turn tries again
		}
	}()
	cfg, err := thread.Configure(ctx, t.opts.Config, t.over)
	if err != nil {
		return err
	}
	servers, err := t.serversOf(cfg, plugins.Of(cfg))
	if err != nil {
		return err
	}
	t.mcp.Replace(ctx, servers)
	return t.mcp.Required(ctx)
}

// markStale says whether the settings may name other servers now, and gives what it was.
func (t *liveThread) markStale(now bool) (before bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, t.stale = t.stale, now
	return before
}

// allowTool writes into the user's settings that a tool of a server needs no approval. For
// a server that these do not have, of a project or a plugin, the table would be one of a
// server without a program, with which no session starts.
func (t *liveThread) allowTool(server, tool string) error {
	file := config.UserFile(t.cfg.Home)
	if !slices.ContainsFunc(t.cfg.Layers, func(l config.Layer) bool {
		servers, _ := l.Tree["mcp_servers"].(map[string]any)
		return l.Path == file && servers[server] != nil
	}) {
		return fmt.Errorf("%s does not have this server", file)
	}
	return config.Edit(context.Background(), t.cfg.Home, config.Change{Path: []string{"mcp_servers", server, "tools", tool, "approval_mode"}, Value: "approve"})
}

// external are the tools of servers, and those for agents.
func (t *liveThread) external() (all []tools.External) {
	all = append(all, t.mcp)
	if t.subagents != nil && !t.review {
		all = append(all, t.subagents)
	}
	if !t.review {
		all = append(all, goalTools{t})
	}
	return all
}

// startNotes tells how servers start: not before clients know of the thread.
type startNotes struct {
	thread string
	out    *emitter

	mu    sync.Mutex
	known bool // clients know of the thread
	held  []protocol.McpServerStatusUpdatedNotification
}

func (n *startNotes) note(name string, state protocol.McpServerStartupState, why string) {
	p := protocol.McpServerStatusUpdatedNotification{Name: name, Status: state, ThreadID: &n.thread, Error: protocol.Optional(why)}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.known {
		n.held = append(n.held, p)
		return
	}
	n.out.notify(protocol.NoteMcpServerStartupStatusUpdated, p)
}

// release tells what was held back. A nil one has nothing to tell.
func (n *startNotes) release() {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known = true
	for _, p := range n.held {
		n.out.notify(protocol.NoteMcpServerStartupStatusUpdated, p)
	}
	n.held = nil
}

// sandboxState is what servers that ask for it are told of the sandbox.
type sandboxState struct {
	Profile         policy.Profile        `json:"permissionProfile"`
	Policy          rollout.SandboxPolicy `json:"sandboxPolicy"`
	LinuxSandboxExe string                `json:"codexLinuxSandboxExe,omitempty"`
	Cwd             string                `json:"sandboxCwd"`
	Legacy          bool                  `json:"useLegacyLandlock"`
}

// sandboxState is that of the turn.
func (t *turn) sandboxState() sandboxState {
	set := &t.th.set
	return sandboxState{Profile: set.permits.placed, Policy: set.legacy(), LinuxSandboxExe: t.th.opts.Executor[0], Cwd: set.cwd,
		Legacy: t.th.cfg.Features.Enabled("use_legacy_landlock")}
}

// metadata says which turn this is, in the words that the provider is told as well.
func (t *turn) metadata() json.RawMessage {
	th := t.th
	sandbox := "none"
	if th.set.mode() != "danger-full-access" {
		sandbox = th.opts.SandboxName
	}
	o := request.Origin{Session: th.session, Thread: th.id, ThreadSource: th.threadSource, Turn: t.id, Sandbox: sandbox, StartedMs: t.start * 1000}
	return json.RawMessage(o.Metadata())
}
