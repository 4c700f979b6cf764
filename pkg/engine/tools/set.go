package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/execpolicy"
	"codex/pkg/shellenv"
)

// Set is the tools of one thread: the executor, the processes that outlive a turn, what
// was approved for the session. Make it with New, end it with Close.
type Set struct {
	Options
	queue    fairLock // of calls
	mu       sync.Mutex
	sessions map[int]*session
	users    map[*session]bool // commands of the user that run
	used     []int             // session ids, most recently used last
	approved map[string]bool
	hosts    map[hostKey]bool // what the user said about them for the session
	images   imageCache
	wg       sync.WaitGroup // end watchers of processes
	ex       *client.Client
	exErr    error
	confined confined
	granted  grant // to the session
}

// Options are what a Set needs from its caller.
type Options struct {
	// Start starts the executor; called once, at the first tool that needs it.
	Start func(ctx context.Context) (*client.Client, error)
	// Executor is its program, as people are told of it.
	Executor string
	// BaseEnv is the environment that commands inherit by Env.
	BaseEnv map[string]string
	Env     shellenv.Policy
	// PathDir goes first on commands' PATH; it holds apply_patch.
	PathDir string
	Shell   Shell
	Finder  Finder
	// AllowLogin is allow_login_shell.
	AllowLogin bool
	// MaxPoll bounds an empty write_stdin (background_terminal_max_timeout).
	MaxPoll time.Duration
	// ExtraPermissions is features.exec_permission_approvals, RequestPermissions is
	// features.request_permissions_tool.
	ExtraPermissions, RequestPermissions bool
	// Rules are the thread's rules for commands; nil means none.
	Rules Rules
	// None answers no call.
	None bool
	// External are tools from outside.
	External []External
	// Log takes words for people.
	Log *log.Logger
}

// Rules are what rules files say, and what the user adds to them.
type Rules interface {
	Policy() *execpolicy.Policy
	// Amend allows commands that begin with prefix, in this thread and in later ones.
	Amend(ctx context.Context, prefix []string)
	// AmendNetwork adds a rule about a host, likewise.
	AmendNetwork(ctx context.Context, rule execpolicy.NetworkRule)
}

// New makes a Set.
func New(o Options) *Set {
	return &Set{Options: o, sessions: map[int]*session{}, users: map[*session]bool{}, approved: map[string]bool{}, hosts: map[hostKey]bool{}}
}

// executor starts the executor at its first use; a failure is remembered, so that one
// dead environment costs one wait.
func (s *Set) executor(ctx context.Context) (*client.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ex == nil && s.exErr == nil {
		s.ex, s.exErr = s.Start(ctx)
	}
	return s.ex, s.exErr
}

// Lost says that the executor has gone or did not start, and why, once: the next call that
// needs one starts another.
func (s *Set) Lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ex == nil {
		err := s.exErr
		s.exErr = nil
		return err
	}
	select {
	case <-s.ex.Done():
	default:
		return nil
	}
	err := s.ex.Err()
	_ = s.ex.Close() // reaps it; what it says is in err
	s.ex, s.exErr = nil, nil
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return fmt.Errorf("the executor %s has gone, and its commands with it: %w", s.Executor, err)
}

// Close ends every process and the executor.
func (s *Set) Close() error {
	s.mu.Lock()
	ex := s.ex
	s.mu.Unlock()
	if ex == nil {
		return nil
	}
	err := ex.Close()
	s.wg.Wait()
	return err
}

var _ io.Closer = (*Set)(nil)
