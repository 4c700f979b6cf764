// Package state is what a frontend knows of a thread: its settings, the turn that runs,
// what is being done, what a person is asked, and what is to be shown. Notifications of
// the engine change it, one after another.
//
// It is pure: no terminal, no clock (the time comes with each notification), no widths.
// It imports protocol and cells, whose entries it makes.
package state

import (
	"cmp"
	"encoding/json"
	"time"

	"codex/pkg/frontend/tui/cells"
	"codex/pkg/protocol"
)

// State is the state of one thread. The zero State is that of none.
type State struct {
	Thread Thread
	Turn   Turn
	Usage  protocol.ThreadTokenUsage
	Limits *protocol.RateLimitSnapshot

	// Active is what runs, in the order in which it began.
	Active []*Active
	// Asks wait for a person, the oldest first.
	Asks []*Ask
	// Starting are the MCP servers that are not ready yet.
	Starting []string
	// Unstarted says why a server did not start.
	Unstarted map[string]string
	// Tasks are the steps of the newest plan, Done those that are finished.
	Tasks, Done int

	message   string // that is told as deltas
	printed   map[string]bool
	exploring *Active
	effects   []Effect
	toolsUsed bool // since the last separator
	failure   string
	counted   bool // commands may run in the background
}

// Thread is what is known of the thread.
type Thread struct {
	ID, Name, Model, Provider, Effort, Summary, Cwd, Path, ForkedFrom, Version, Branch string

	Tier, Personality           string // of service; how the model talks
	Approval                    string
	Sandbox                     protocol.SandboxPolicy
	Mode                        protocol.ModeKind // of collaboration
	Sources                     []string
	HideReasoning, RawReasoning bool
}

// Turn is the turn that runs.
type Turn struct {
	ID      string
	Running bool
	Began   time.Time
	// Header says what is going on, Details more of it; empty: that it works.
	Header, Details string
	Last            string // the newest message

	waited  time.Duration // for a person
	waiting time.Time
	thought string // reasoning since its part began
	retry   bool
}

// Elapsed is how long the turn has worked; 0 for one whose beginning was not seen.
func (t *Turn) Elapsed(now time.Time) time.Duration {
	if t.Began.IsZero() {
		return 0
	}
	d := now.Sub(t.Began) - t.waited
	if !t.waiting.IsZero() {
		d -= now.Sub(t.waiting)
	}
	return max(0, d)
}

// Active is an item that has begun and not ended.
type Active struct {
	ID    string
	Entry cells.Entry
}

// Ask is a request of the engine to a person.
type Ask struct {
	ID     json.RawMessage
	Method string
	Params json.RawMessage
	Item   protocol.ThreadItem // what it is about, when it was told
}

// Effect is something that is to be done, in order.
type Effect interface{ effect() }

// Show is an entry that is finished.
type Show struct{ Entry cells.Entry }

// Delta is more of a message of the model's.
type Delta struct {
	ID   string
	Text []byte
}

// Complete ends a message.
type Complete struct {
	Item *protocol.AgentMessageItem
}

// Cut ends a message that will not be completed.
type Cut struct{ ID string }

// TurnBegan says that what comes belongs to another turn.
type TurnBegan struct{}

// TurnEnded says how a turn ended.
type TurnEnded struct {
	Status protocol.TurnStatus
	Last   string
}

// Commands says that other commands may run in the background than before.
type Commands struct{}

// UserMessage says that the engine took a message of the user.
type UserMessage struct{ Text string }

func (Show) effect()        {}
func (*Delta) effect()      {}
func (Complete) effect()    {}
func (Cut) effect()         {}
func (TurnBegan) effect()   {}
func (TurnEnded) effect()   {}
func (UserMessage) effect() {}
func (Commands) effect()    {}

// Effects gives what is to be done since it was called last.
func (s *State) Effects() []Effect {
	e := s.effects
	s.effects = nil
	return e
}

func (s *State) do(e Effect) { s.effects = append(s.effects, e) }

// Show shows an entry, after what is already to be shown.
func (s *State) Show(item protocol.ThreadItem) { s.do(Show{cells.Entry{Item: item}}) }

// Notice shows a line of ours.
func (s *State) Notice(level cells.Level, text, hint string) {
	s.Show(&cells.Notice{Level: level, Text: text, Hint: hint})
}

// Opened takes the answer to a request that opened a thread.
func (s *State) Opened(r protocol.ThreadStartResponse) {
	th := r.Thread
	s.Thread = Thread{ID: th.ID, Name: protocol.Value(th.Name), Model: r.Model, Provider: r.ModelProvider, Cwd: r.Cwd, Path: protocol.Value(th.Path),
		ForkedFrom: protocol.Value(th.ForkedFromID), Approval: PolicyWord(r.ApprovalPolicy), Sandbox: r.Sandbox, Sources: r.InstructionSources,
		Version: th.CliVersion, Mode: protocol.ModeKindDefault}
	if th.GitInfo != nil {
		s.Thread.Branch = protocol.Value(th.GitInfo.Branch)
	}
	s.Thread.Tier = protocol.Value(r.ServiceTier)
	if r.ReasoningEffort != nil {
		s.Thread.Effort = string(*r.ReasoningEffort)
	}
}

// Replay shows turns that were before.
func (s *State) Replay(turns []protocol.Turn) {
	for _, t := range turns {
		s.do(TurnBegan{})
		for _, item := range t.Items {
			s.complete(item)
		}
		if t.Error != nil {
			s.Notice(cells.Error, t.Error.Message, "")
		}
		s.flushExploring()
		s.toolsUsed = false
	}
}

// PolicyWord names an approval policy.
func PolicyWord(a protocol.AskForApproval) string {
	return cmp.Or(a.Mode, "granular")
}
