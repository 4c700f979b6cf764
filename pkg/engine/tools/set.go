package tools

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"time"

	"codex/pkg/exec/client"
	"codex/pkg/execpolicy"
	"codex/pkg/models"
	"codex/pkg/patch"
	"codex/pkg/policy"
	"codex/pkg/protocol"
)

// Set is the tools of one thread: the executor, the processes that outlive a turn, what
// was approved for the session. Make it with New, end it with Close.
type Set struct {
	Options
	lane     lane
	mu       sync.Mutex
	sessions map[int]*session
	users    map[*session]bool // commands of the user that run
	used     []int             // session ids, most recently used last
	approved map[string]bool
	hosts    map[hostKey]bool // what the user said about them for the session
	images   imageCache
	wg       sync.WaitGroup // end watchers of processes
	hands    *client.Client
	handsErr error
	confined confined
	granted  grant // to the session
}

// Options are what a Set needs from its caller.
type Options struct {
	// Start starts the executor; called once, at the first tool that needs it.
	Start func(ctx context.Context) (*client.Client, error)
	// BaseEnv is the environment that commands inherit by Env.
	BaseEnv map[string]string
	Env     EnvPolicy
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

// Out is where a turn's events go. The methods may be called from any goroutine.
type Out interface {
	ItemStarted(item protocol.ThreadItem)
	ItemCompleted(item protocol.ThreadItem)
	// WantsOutput is false when no face asked for output deltas.
	WantsOutput() bool
	OutputDelta(itemID, text string)
	TerminalInteraction(itemID, processID, stdin string)
	PlanUpdated(explanation *string, plan []protocol.TurnPlanStep)
	DiffUpdated(diff string)
	PatchEnd(end PatchEnd)
	// AskCommand and AskPatch ask the user; ctx ends with the turn.
	// AskCommand announces the item as well, unless it is nil.
	AskCommand(ctx context.Context, item *protocol.CommandExecutionItem, p protocol.CommandExecutionRequestApprovalParams) (Answer, error)
	AskPatch(ctx context.Context, p protocol.FileChangeRequestApprovalParams) (Answer, error)
	// AskPermissions asks for more permissions; an error grants nothing.
	AskPermissions(ctx context.Context, p protocol.PermissionsRequestApprovalParams) (protocol.PermissionsRequestApprovalResponse, error)
	AskUser(ctx context.Context, p protocol.ToolRequestUserInputParams) (protocol.ToolRequestUserInputResponse, error)
	// CallTool lets the face run a dynamic tool; the result is that of item/tool/call.
	CallTool(ctx context.Context, p protocol.DynamicToolCallParams) (json.RawMessage, error)
	// Cancel interrupts the turn: the user answered cancel.
	Cancel()
}

// PatchEnd is the patch_apply_end event of session files.
type PatchEnd struct {
	Type    string                     `json:"type"`
	CallID  string                     `json:"call_id"`
	TurnID  string                     `json:"turn_id"`
	Stdout  string                     `json:"stdout"`
	Stderr  string                     `json:"stderr"`
	Success bool                       `json:"success"`
	Changes map[string]json.RawMessage `json:"changes"`
	Status  string                     `json:"status"`
}

// Answer is what the user said to an approval request.
type Answer struct {
	Accept     bool
	ForSession bool
	Cancel     bool
	Failed     bool     // the face could not ask
	Amendment  []string // with Accept: allow commands that begin with these words
	// Network is a rule for the host of a question about the network, instead of the rest.
	Network *protocol.NetworkPolicyAmendment
}

// Turn is what one turn's calls run under.
type Turn struct {
	ThreadID, TurnID string
	Cwd              string
	Mode             string // read-only, workspace-write, danger-full-access
	Profile          policy.Profile
	Policy           policy.Policy // Profile resolved
	// Resolve resolves another profile in the same place; nil leaves grants without effect.
	Resolve   func(policy.Profile) (policy.Policy, error)
	Approval  string // execpolicy's words
	Granular  execpolicy.Flags
	Model     models.Model
	Limit     Limit
	Diff      *patch.TurnDiff
	PlanMode  bool
	Questions Questions
	Dynamic   []protocol.DynamicToolSpec // tools that the face runs
	Out       Out

	granted grant // to the turn; guarded by the Set's mu
}

// Questions say when request_user_input may ask.
type Questions int

// The cases of Questions.
const (
	QuestionsInPlanMode Questions = iota
	QuestionsAlways               // feature default_mode_request_user_input
	QuestionsNever                // the work of a review
)

// Call is a tool call of a response.
type Call struct {
	Item      string // function_call, custom_tool_call, local_shell_call, tool_search_call
	Namespace string
	Name      string
	ID        string // call_id
	Arguments string // or the input of a custom call
}

// Output is what goes back to the model.
type Output struct {
	Text    string
	Content json.RawMessage // content items instead of Text
	Missing bool            // nothing is recorded: the next request repairs it to "aborted"
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
	if s.hands == nil && s.handsErr == nil {
		s.hands, s.handsErr = s.Start(ctx)
		if s.handsErr != nil {
			s.handsErr = fmt.Errorf("start executor: %w", s.handsErr)
		}
	}
	return s.hands, s.handsErr
}

// Lost says that the executor has gone, and why. It is told once: the next call that
// needs one starts another.
func (s *Set) Lost() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hands == nil {
		return nil
	}
	select {
	case <-s.hands.Done():
	default:
		return nil
	}
	err := s.hands.Err()
	_ = s.hands.Close() // reaps it; what it says is in err
	s.hands, s.handsErr = nil, nil
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return fmt.Errorf("the executor has gone, and its commands with it: %w", err)
}

// Close ends every process and the executor.
func (s *Set) Close() error {
	s.mu.Lock()
	h := s.hands
	s.mu.Unlock()
	if h == nil {
		return nil
	}
	err := h.Close()
	s.wg.Wait()
	return err
}

// Pending is a dispatched call.
type Pending struct {
	Call    Call
	started time.Time
	done    chan struct{}
	out     Output
}

// Wait gives the call's output.
func (p *Pending) Wait() Output {
	<-p.done
	return p.out
}

// Dispatch starts a call at once; calls that must not overlap wait for each other in
// the order of their dispatch. After ctx ends the output says that the user aborted it.
func (s *Set) Dispatch(ctx context.Context, t *Turn, c Call) *Pending {
	p := &Pending{Call: c, started: time.Now(), done: make(chan struct{})}
	run, alone := s.handler(t, c)
	if run == nil {
		p.out = unsupported(c)
		if s.Log != nil {
			s.Log.Print(p.out.Text)
		}
		close(p.done)
		return p
	}
	place := s.lane.enter(alone)
	if c.Name == "update_plan" && place.granted() && ctx.Err() == nil {
		// It waits for nobody, so its event comes before what follows in the stream.
		p.out = run(ctx, t, c)
		s.lane.leave(place)
		close(p.done)
		return p
	}
	go func() {
		defer close(p.done)
		defer s.lane.leave(place)
		if err := place.wait(ctx); err == nil {
			p.out = run(ctx, t, c)
		}
		if ctx.Err() != nil {
			p.out = aborted(c, time.Since(p.started))
		}
	}()
	return p
}

type handler func(ctx context.Context, t *Turn, c Call) Output

// handler finds what answers a call, and whether it must run alone.
func (s *Set) handler(t *Turn, c Call) (h handler, alone bool) {
	if c.Item == "custom_tool_call" {
		if c.Name == "apply_patch" && c.Namespace == "" {
			return s.applyPatch, true
		}
		return nil, false
	}
	if c.Item != "function_call" {
		return nil, false
	}
	if spec := dynamic(t.Dynamic, c.Namespace, c.Name); spec != nil {
		return s.callDynamic, true
	}
	if c.Namespace != "" {
		return nil, false
	}
	switch c.Name {
	case "exec_command":
		return s.execCommand, false
	case "write_stdin":
		return s.writeStdin, true
	case "shell_command":
		return s.shellCommand, true
	case "update_plan":
		return s.updatePlan, true
	case "view_image":
		return s.viewImage, false
	case "request_user_input":
		return s.requestUserInput, true
	case "request_permissions":
		if s.RequestPermissions {
			return s.requestPermissions, true
		}
		return nil, false
	case "apply_patch":
		// The freeform tool called as a function: fatal in the original, answered by
		// the repair of the next request (tools spec §2).
		return func(context.Context, *Turn, Call) Output { return Output{Missing: true} }, true
	}
	return nil, false
}

func unsupported(c Call) Output {
	switch c.Item {
	case "custom_tool_call":
		return Output{Text: "unsupported custom tool call: " + c.Name}
	case "local_shell_call":
		return Output{Missing: true}
	}
	return Output{Text: "unsupported call: " + c.Namespace + c.Name}
}

// aborted words an interrupted call (tools spec §2).
func aborted(c Call, d time.Duration) Output {
	sec := max(d.Seconds(), 0.1)
	if c.Name == "shell_command" {
		return Output{Text: fmt.Sprintf("Wall time: %.1f seconds\naborted by user", sec)}
	}
	return Output{Text: fmt.Sprintf("aborted by user after %.1fs", sec)}
}

func textf(format string, a ...any) Output { return Output{Text: fmt.Sprintf(format, a...)} }

func badArguments(err error) Output {
	return Output{Text: "failed to parse function arguments: " + err.Error()}
}

var _ io.Closer = (*Set)(nil)
