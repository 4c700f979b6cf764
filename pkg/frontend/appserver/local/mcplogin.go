package local

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"

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
	cfg, err := s.load(nil)
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
	l := &serverLogin{name: p.Name}
	if err := l.start(exec.Command(s.MCP, append(args, "--", p.Name)...), s); err != nil {
		return nil, err
	}
	if p.TimeoutSecs != nil && *p.TimeoutSecs > 0 && *p.TimeoutSecs < int64(24*time.Hour/time.Second) {
		l.late = time.AfterFunc(time.Duration(*p.TimeoutSecs)*time.Second, func() { l.input.Close() })
	}
	first, err := l.next()
	if err != nil || first.Success != nil {
		l.finish(s)
		if err == nil {
			err = errors.New(first.Error)
		}
		return nil, fmt.Errorf("failed to login to MCP server '%s': %w", p.Name, err)
	}
	s.Background(func() { l.follow(s) })
	return protocol.McpServerOauthLoginResponse{AuthorizationURL: first.AuthURL}, nil
}

// serverLogin is one login at an MCP server.
type serverLogin struct {
	name  string
	cmd   *exec.Cmd
	input io.Closer
	lines *json.Decoder
	late  *time.Timer
}

func (l *serverLogin) start(cmd *exec.Cmd, s *Service) error {
	cmd.Env, cmd.Stderr = s.Environ, s.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	l.cmd, l.input, l.lines = cmd, in, json.NewDecoder(bufio.NewReader(io.LimitReader(out, 1<<20)))
	if err := s.serverLogins.begin(l.name, in); err != nil {
		in.Close()
		return err
	}
	if err := cmd.Start(); err != nil {
		s.serverLogins.end(l.name, in)
		return fmt.Errorf("start codex-mcp: %w", err)
	}
	return nil
}

func (l *serverLogin) next() (p progress, err error) { return p, l.lines.Decode(&p) }

// follow tells how the login ends.
func (l *serverLogin) follow(s *Service) {
	last, err := l.next()
	l.finish(s)
	n := protocol.McpServerOauthLoginCompletedNotification{Name: l.name, Success: err == nil && last.Success != nil && *last.Success}
	if !n.Success {
		if n.Error = &last.Error; last.Error == "" {
			why := "Login was not completed"
			n.Error = &why
		}
	}
	s.Broadcast(protocol.NoteMcpServerOauthLoginCompleted, n)
}

// finish waits for the program.
func (l *serverLogin) finish(s *Service) {
	if l.late != nil {
		l.late.Stop()
	}
	s.serverLogins.end(l.name, l.input)
	l.input.Close()
	_ = l.cmd.Wait() // what it said is what counts
}
