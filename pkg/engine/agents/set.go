package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"codex/pkg/cli/pipeline"
	"codex/pkg/config"
	"codex/pkg/protocol"
)

// Options are what the agents of a thread need from it.
type Options struct {
	Thread string // its id
	Depth  int    // of its agents
	config.Agents
	// Command is the engine with some more arguments.
	Command func(args ...string) pipeline.Command
	Client  protocol.ClientInfo
	// Under gives what an agent that starts now runs under, as the thread does.
	Under func() (protocol.ThreadStartParams, protocol.TurnStartParams)
	// Live says whether the client wants to hear of agents as of threads of their own, and
	// Tell passes one of their notifications on to it. It waits for a client that is slow.
	Live func() bool
	Tell func(method string, line []byte)
	// Ask asks the user in the name of the agent's thread of, or in that of the thread for "".
	Ask func(ctx context.Context, of, method string, params json.RawMessage) (json.RawMessage, error)
	Log *log.Logger
}

// grace is how long an engine has to write its session file and leave.
const grace = 3 * time.Second

// Set are the agents of one thread.
type Set struct {
	opts Options
	ctx  context.Context
	stop context.CancelFunc

	mu      sync.Mutex
	all     map[string]*agent
	names   int           // given so far
	changed chan struct{} // closed and made anew with each change of a state
	closed  bool
}

// New makes the agents of a thread: none yet.
func New(ctx context.Context, o Options) *Set {
	a := &Set{opts: o, all: map[string]*agent{}, changed: make(chan struct{})}
	a.ctx, a.stop = context.WithCancel(context.WithoutCancel(ctx))
	return a
}

// Close ends all agents and waits for them.
func (a *Set) Close() {
	a.mu.Lock()
	a.closed = true
	all := slices.Collect(maps.Values(a.all))
	a.mu.Unlock()
	a.stop()
	var wg sync.WaitGroup
	for _, g := range all {
		wg.Go(g.close)
	}
	wg.Wait()
}

// find gives an agent by its id, nil for none.
func (a *Set) find(id string) *agent {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[id]
}

// states gives those of some agents, and what tells that one has changed.
func (a *Set) states(ids []string) (map[string]protocol.CollabAgentState, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := map[string]protocol.CollabAgentState{}
	for _, id := range ids {
		m[id] = protocol.CollabAgentState{Status: protocol.CollabAgentStatusNotFound}
		if g := a.all[id]; g != nil {
			m[id] = g.state
		}
	}
	return m, a.changed
}

// state is that of one agent.
func (a *Set) state(id string) protocol.CollabAgentState {
	m, _ := a.states([]string{id})
	return m[id]
}

// enter gives an agent a place among those that are open. It does nothing for one that has
// it already.
func (a *Set) enter(g *agent) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	open := 0
	for _, other := range a.all {
		if other.open && other != g {
			open++
		}
	}
	switch {
	case a.closed:
		return errors.New("the session is ending")
	case open >= a.opts.MaxThreads:
		return fmt.Errorf("%d agents are open, which is as many as there may be (agents.max_threads): close one first", open)
	}
	a.all[g.id], g.open = g, true
	return nil
}

// make gives an agent that has no engine yet.
func (a *Set) make(role *config.AgentRole, begin protocol.ThreadStartParams, under protocol.TurnStartParams) *agent {
	g := &agent{a: a, id: uuid.Must(uuid.NewV7()).String(), begin: begin, under: under, state: protocol.CollabAgentState{Status: protocol.CollabAgentStatusPendingInit}}
	if role != nil {
		g.role = role.Name
	}
	g.name = a.nickname(role)
	return g
}

// nickname is one that no other agent of the thread has.
func (a *Set) nickname(role *config.AgentRole) string {
	from := names()
	if role != nil && len(role.Nicknames) > 0 {
		from = role.Nicknames
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.names
	a.names++
	name := from[n%len(from)]
	for _, g := range a.all {
		if g.name == from[n%len(from)] {
			return name + " " + strconv.Itoa(n/len(from)+2)
		}
	}
	return name
}

// names are those of agents whose role has none.
func names() []string {
	return []string{"Alder", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Ginkgo", "Hazel", "Juniper", "Larch", "Maple", "Oak", "Pine", "Rowan", "Spruce", "Yew"}
}
