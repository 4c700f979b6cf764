package local

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"codex/pkg/frontend/launch"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// serverLogins holds the logins at MCP servers that are under way: codex-mcp programs, each
// of which ends when its input does. A second one at a server takes the place of the first.
type serverLogins struct {
	mu     sync.Mutex
	inputs map[string]io.Closer

	left bool
}

// maxServerLogins bounds them.
const maxServerLogins = 16

func (l *serverLogins) begin(name string, input io.Closer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.inputs[name]
	switch {
	case l.left:
		return jsonrpc.Invalidf("the server is leaving")
	case old != nil:
		old.Close()
	case len(l.inputs) >= maxServerLogins:
		return jsonrpc.ErrBusy
	}
	if l.inputs == nil {
		l.inputs = map[string]io.Closer{}
	}
	l.inputs[name] = input
	return nil
}

// end forgets a login, unless another has taken its place.
func (l *serverLogins) end(name string, input io.Closer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.inputs[name] == input {
		delete(l.inputs, name)
	}
}

// leave calls all off.
func (l *serverLogins) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = true
	for _, input := range l.inputs {
		input.Close()
	}
}

// serverLogin has codex-mcp log in at a server, and answers when it says where the person
// goes.
func (s *Service) serverLogin(r *Request, p *protocol.McpServerOauthLoginParams) (any, error) {
	cfg, err := s.Load(nil)
	if err != nil {
		return nil, err
	}
	found := false
	for _, server := range cfg.MCPServers() {
		if server.Name != p.Name {
			continue
		}
		if found = true; server.Command != "" {
			return nil, jsonrpc.Invalidf("OAuth login is only supported for streamable HTTP servers.")
		}
	}
	if !found {
		return nil, jsonrpc.Invalidf("No MCP server named '%s' found.", jsonrpc.Shorten(p.Name))
	}
	var args []string
	for _, o := range s.Config.Overrides {
		args = append(args, "--config="+o)
	}
	args = append(args, "login", "--json")
	if p.Scopes != nil {
		args = append(args, "--scopes="+strings.Join(p.Scopes, ","))
	}
	l, err := launch.NewSignIn(s.MCP, s.Environ, s.Stderr, append(args, "--", p.Name)...)
	if err != nil {
		return nil, err
	}
	if err := s.serverLogins.begin(p.Name, l); err != nil {
		l.Close()
		return nil, err
	}
	stop := func() bool { return false }
	if p.TimeoutSecs != nil && *p.TimeoutSecs > 0 && *p.TimeoutSecs < int64(24*time.Hour/time.Second) {
		stop = time.AfterFunc(time.Duration(*p.TimeoutSecs)*time.Second, func() { l.Close() }).Stop
	}
	first, err := l.Start()
	if err != nil {
		stop()
		s.serverLogins.end(p.Name, l)
		return nil, fmt.Errorf("failed to login to MCP server '%s': %w", p.Name, err)
	}
	s.Background(func() {
		why := l.Outcome()
		stop()
		s.serverLogins.end(p.Name, l)
		s.Broadcast(protocol.NoteMcpServerOauthLoginCompleted, protocol.McpServerOauthLoginCompletedNotification{Name: p.Name, Success: why == nil, Error: why})
	})
	return protocol.McpServerOauthLoginResponse{AuthorizationURL: first.AuthURL}, nil
}
