package appserver

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"

	"codex/pkg/auth"
	"codex/pkg/cli/version"
	"codex/pkg/frontend/appserver/relay"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// Names in the environment of a relay of the user's own, and of what it knows the user by.
const (
	relayURLEnv   = "CODEX_REMOTE_CONTROL_URL"
	relayTokenEnv = "CODEX_REMOTE_CONTROL_TOKEN"
)

// remote is remote control: a connection to a relay while it is switched on.
type remote struct {
	s *Server

	turn sync.Mutex // held while it is switched
	mu   sync.Mutex
	r    *relay.Relay // nil when it is off
	stop context.CancelFunc
	done chan struct{}
}

// streamLink is a client behind a relay.
type streamLink struct{ *relay.Stream }

func (l streamLink) read() ([]byte, error)   { return l.Read() }
func (l streamLink) write(line []byte) error { return l.Write(line) }
func (l streamLink) close()                  { l.Close() }

// EnableRemoteControl opens the connection, and keeps trying to until it is disabled.
func (s *Server) EnableRemoteControl() {
	m := &s.remote
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.r != nil {
		return
	}
	m.s = s
	o := relay.Options{Credentials: s.relayCredentials, Name: s.hostname(), InstallationID: s.installation(), Version: version.Compat, OS: relayOS(), Arch: relayArch(),
		File: filepath.Join(s.home, "remote_control.json"), Log: s.opts.Log, Now: s.opts.Now,
		Accept: func(st *relay.Stream) { s.attach(streamLink{st}) },
		Status: func(relay.Status) { m.tell() }}
	if o.URL = s.getenv(relayURLEnv); o.URL != "" {
		o.Own, o.Credentials = true, s.ownCredentials
	} else if cfg, err := s.local.Load(nil); err == nil {
		o.URL = cfg.ChatGPTBaseURL
	}
	m.r = relay.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	m.stop, m.done = cancel, make(chan struct{})
	go func(r *relay.Relay, done chan struct{}) { // ends with DisableRemoteControl
		defer close(done)
		r.Run(ctx)
	}(m.r, m.done)
}

// DisableRemoteControl closes it, and with it its clients.
func (s *Server) DisableRemoteControl() {
	m := &s.remote
	m.turn.Lock()
	defer m.turn.Unlock()
	m.mu.Lock()
	stop, done := m.stop, m.done
	m.r, m.stop = nil, nil
	m.mu.Unlock()
	if stop != nil {
		stop()
		<-done
	}
}

// relayFlush waits until what clients behind the relay were sent is on its way.
func (s *Server) relayFlush(ctx context.Context) {
	s.remote.mu.Lock()
	r := s.remote.r
	s.remote.mu.Unlock()
	if r != nil {
		r.Flush(ctx)
	}
}

// relayKick tries again at once: the user has logged in.
func (s *Server) relayKick() {
	s.remote.mu.Lock()
	defer s.remote.mu.Unlock()
	if s.remote.r != nil {
		s.remote.r.Kick()
	}
}

// relayCredentials are those of the service's account. They go nowhere else.
func (s *Server) relayCredentials() (relay.Credentials, error) {
	a, err := s.local.Credential(context.Background())
	switch {
	case err != nil:
		return relay.Credentials{}, err
	case a.Mode == auth.APIKey:
		return relay.Credentials{}, errors.New("remote control requires ChatGPT authentication; API key auth is not supported")
	case a.Mode != auth.ChatGPT || a.AccessToken == "":
		return relay.Credentials{}, errors.New("remote control requires ChatGPT authentication")
	case a.AccountID == "":
		return relay.Credentials{}, errors.New("remote control requires a ChatGPT account id: log in again")
	}
	return relay.Credentials{Bearer: a.AccessToken, AccountID: a.AccountID}, nil
}

func (s *Server) ownCredentials() (relay.Credentials, error) {
	token := s.getenv(relayTokenEnv)
	if token == "" {
		return relay.Credentials{}, errors.New("remote control by a relay of one's own requires " + relayTokenEnv)
	}
	return relay.Credentials{Bearer: token}, nil
}

// relayOS and relayArch are the names that the original's compiler has.
func relayOS() string {
	if runtime.GOOS == "darwin" {
		return "macos"
	}
	return runtime.GOOS
}

func relayArch() string {
	switch runtime.GOARCH {
	case "amd64":
		return "x86_64"
	case "arm64":
		return "aarch64"
	}
	return runtime.GOARCH
}

func (s *Server) hostname() string {
	if host := s.opts.Config.Env.Hostname; host != nil {
		return host()
	}
	return ""
}

// remoteControl is the state of the connection.
func (s *Server) remoteControl() protocol.RemoteControlStatusChangedNotification {
	n := protocol.RemoteControlStatusChangedNotification{Status: protocol.RemoteControlConnectionStatusDisabled, ServerName: s.hostname(), InstallationID: s.installation()}
	s.remote.mu.Lock()
	r := s.remote.r
	s.remote.mu.Unlock()
	if r != nil {
		now := r.Now()
		n.Status = protocol.RemoteControlConnectionStatus(now.Connection)
		if now.EnvironmentID != "" {
			n.EnvironmentID = &now.EnvironmentID
		}
	}
	return n
}

// tell sends the state to everybody.
func (m *remote) tell() {
	m.s.broadcast(protocol.NoteRemoteControlStatusChanged, m.s.remoteControl())
}

func (s *Server) remoteControlRead(r *request) (any, error) {
	return protocol.RemoteControlStatusReadResponse(s.remoteControl()), nil
}

func (s *Server) remoteControlEnable(r *request) (any, error) {
	s.EnableRemoteControl()
	now := s.remoteControl()
	_ = r.Reply(protocol.RemoteControlEnableResponse(now), nil)
	s.broadcast(protocol.NoteRemoteControlStatusChanged, now)
	return nil, jsonrpc.ErrLater
}

func (s *Server) remoteControlDisable(r *request) (any, error) {
	now := s.remoteControl()
	now.Status, now.EnvironmentID = protocol.RemoteControlConnectionStatusDisabled, nil
	_ = r.Reply(protocol.RemoteControlDisableResponse(now), nil) // first, for the client may be behind the relay
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	r.c.out.Flush(ctx)
	s.relayFlush(ctx)
	s.DisableRemoteControl()
	s.broadcast(protocol.NoteRemoteControlStatusChanged, now)
	return nil, jsonrpc.ErrLater
}
