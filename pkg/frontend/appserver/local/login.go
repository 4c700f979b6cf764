package local

import (
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/google/uuid"

	"codex/pkg/auth"
	"codex/pkg/config"
	"codex/pkg/frontend/launch"
	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// logins holds the one login that may be under way: a codex-login, which ends when its
// input does.
type logins struct {
	mu    sync.Mutex
	id    string
	input io.Closer
}

// begin puts a login in the place of another, which is called off.
func (l *logins) begin(id string, input io.Closer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.input != nil {
		l.input.Close()
	}
	l.id, l.input = id, input
}

// cancel calls the login off, if it is that one; "" is any.
func (l *logins) cancel(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.input == nil || id != "" && l.id != id {
		return false
	}
	l.input.Close()
	l.id, l.input = "", nil
	return true
}

func (s *Service) loginCancel(r *Request, p *protocol.CancelLoginAccountParams) (any, error) {
	if uuid.Validate(p.LoginID) != nil {
		return nil, jsonrpc.Invalidf("invalid login id: %s", jsonrpc.Shorten(p.LoginID))
	}
	res := protocol.CancelLoginAccountResponse{Status: protocol.CancelLoginAccountStatusNotFound}
	if s.logins.cancel(p.LoginID) {
		res.Status = protocol.CancelLoginAccountStatusCanceled
	}
	return res, nil
}

// loginAccount has codex-login sign in, and answers when it says where the person goes.
func (s *Service) loginAccount(cfg *config.Config, kind string) (any, error) {
	env := append(slices.Clone(s.Environ), "CODEX_INTERNAL_ORIGINATOR_OVERRIDE="+s.Origin())
	args := launch.SignInArgs(cfg, s.Config.Env.Get, kind == protocol.LoginAccountParamsChatgptDeviceCode)
	l, err := launch.NewSignIn(s.Login, env, s.Stderr, args...)
	if err != nil {
		return nil, err
	}
	id := uuid.NewString()
	s.logins.begin(id, l)
	first, err := l.Start()
	if err != nil {
		s.logins.cancel(id)
		return nil, fmt.Errorf("failed to start login: %w", err)
	}
	s.Background(func() { s.followLogin(id, cfg, l) })
	return protocol.LoginAccountResponse{Type: kind, LoginID: id, AuthURL: first.AuthURL, VerificationURL: first.VerificationURL, UserCode: first.UserCode}, nil
}

// followLogin tells how a login ends.
func (s *Service) followLogin(id string, cfg *config.Config, l *launch.SignIn) {
	why := l.Outcome()
	s.logins.cancel(id)
	n := protocol.AccountLoginCompletedNotification{LoginID: &id, Success: why == nil, Error: why}
	s.Broadcast(protocol.NoteAccountLoginCompleted, n)
	if n.Success {
		a, err := s.credential(cfg)
		if err != nil {
			s.Log.Printf("after a login: %v", err)
			a = &auth.Auth{Mode: auth.ChatGPT}
		}
		s.changed(a)
	}
}

// Leave calls logins off that are under way: the server leaves.
func (s *Service) Leave() {
	s.logins.cancel("")
	s.serverLogins.leave()
}
