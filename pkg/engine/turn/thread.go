package turn

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"codex/pkg/auth"
	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/engine/agents"
	"codex/pkg/engine/hooks"
	"codex/pkg/engine/instructions"
	"codex/pkg/engine/item"
	"codex/pkg/engine/mcp"
	"codex/pkg/engine/tools"
	"codex/pkg/models"
	"codex/pkg/plugins"
	"codex/pkg/protocol"
	"codex/pkg/provider"
	"codex/pkg/responses"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// liveThread is the one conversation of this process. Its fields are grouped by who may
// touch them.
type liveThread struct {
	facts
	memory

	mu        sync.Mutex // guards the fields below, and memory while no turn runs
	running   *turn
	next      settings // of the next turn
	updated   time.Time
	state     protocol.ThreadStatus
	questions map[protocol.ThreadActiveFlag]int // open ones
	name      *string
	preview   string
	usage     *protocol.ThreadTokenUsage // as clients were last told
	lastTurn  string                     // id
	warned    bool                       // that only the user reviews
	stale     bool                       // the settings may name other servers now
	goals     goalState
}

// facts are fixed before anybody else sees the thread; what they point to has locks of
// its own.
type facts struct {
	opts         *Options
	out          *emitter
	cfg          *config.Config
	auth         *auth.Auth
	id           string
	session      string
	created      time.Time
	source       json.RawMessage
	threadSource string // user, subagent; "" is unknown
	eph          bool
	review       bool                       // it is the work of a review
	base         string                     // base instructions
	dynamic      []protocol.DynamicToolSpec // tools that the frontend runs
	agents       thread.Agents
	git          *rollout.Git
	over         *thread.Asked // what the thread was begun with
	file         *rollout.Writer
	tools        *tools.Set
	rules        *rules
	plugins      plugins.Parts
	hooks        *hooks.Runner
	hookWarnings []string // what is wrong with their files, and with plugins
	client       *responses.Client
	bearers      *provider.Tokens // of the provider\'s auth command
	mcp          *mcp.Servers
	starts       *startNotes // of servers
	subagents    *agents.Set // nil where it may have none
	tell         *teller     // nil where nothing is exported
}

// memory is what turns work on. It belongs to the goroutine of the turn that runs, once
// the turn that it replaced has ended; while none runs, to whoever holds the thread's mu.
type memory struct {
	set           settings        // of the turn that runs, or ran last; changed with mu held, so that others may read it
	schema        json.RawMessage // of that turn's answer
	history       []item.Item
	ids           map[string]bool      // of calls and items that clients were told of; nil until one is wanted
	broken        string               // what of the session file is not in the history
	baseline      *rollout.TurnContext // what the model was last told
	previousModel string
	tokens        rollout.TokenInfo
	haveTokens    bool
	limits        json.RawMessage
	window        int // compactions so far
	specs         map[string]json.RawMessage
	specsOf       int    // version of the tools of servers in specs
	hookSource    string // what SessionStart hooks are told at the next turn, "" once they were
	turnState     string // as the provider answered it in this turn
	toldRefused   bool   // that commands cannot be sandboxed
	toldTier      string // of a service tier that is not sent
	listed        listed // models
	maker         *maker // of memories, nil where none are made
}

func (t *liveThread) now() time.Time { return t.opts.Now() }

// newThread makes a thread that has no history yet.
func newThread(ctx context.Context, o *Options, out *emitter, a *thread.Asked) (*liveThread, error) {
	id, created, err := o.newID()
	if err != nil {
		return nil, err
	}
	t := &liveThread{facts: facts{opts: o, out: out, id: id, session: id, created: created, eph: o.Ephemeral}, memory: memory{hookSource: "startup"}}
	if a.Ephemeral != nil {
		t.eph = *a.Ephemeral
	}
	if err := t.setUp(ctx, a); err != nil {
		return nil, err
	}
	t.base = protocol.Value(a.BaseInstructions)
	if t.base == "" {
		t.base = baseInstructions(t.cfg, t.set.model, t.set.person)
	}
	t.dynamic = a.DynamicTools
	switch {
	case a.ThreadSource != nil:
		t.threadSource = string(*a.ThreadSource)
	case string(o.Source) != `"vscode"`: // a client of the router says it, or nothing does
		t.threadSource = "user"
	}
	return t, t.createFile()
}

// createFile prepares the session file of a thread that begins.
func (t *liveThread) createFile() error {
	if t.eph {
		t.file = rollout.Discard()
		return nil
	}
	nickname, role := t.opts.agentNames()
	m := rollout.Meta{ID: t.id, Timestamp: rollout.Stamp(t.created), Cwd: thread.RealDir(t.cfg.Cwd), Originator: t.opts.Originator, CLIVersion: version.Compat,
		Source: t.source, ThreadSource: t.threadSource, AgentNickname: nickname, AgentRole: role, ModelProvider: t.cfg.ProviderID, BaseInstructions: &rollout.Text{Text: t.base}, Git: t.git}
	if len(t.dynamic) > 0 {
		var err error
		if m.DynamicTools, err = json.Marshal(recordedTools(t.dynamic)); err != nil {
			return fmt.Errorf("record dynamic tools: %w", err)
		}
	}
	if !t.cfg.Memories().Generate {
		m.MemoryMode = memoryOff
	}
	t.file = rollout.Create(thread.Path(t.cfg.Home, t.id, t.created), m, t.opts.Now)
	return nil
}

// newID is the id of a thread and when it began, which an id given from outside tells:
// whoever chose it has named the session file already.
func (o *Options) newID() (string, time.Time, error) {
	if o.ThreadID != "" {
		id, err := uuid.Parse(o.ThreadID)
		if err != nil || id.Version() != 7 {
			return "", time.Time{}, fmt.Errorf("thread id %s is no UUID of version 7", o.ThreadID)
		}
		sec, nsec := id.Time().UnixTime()
		return id.String(), time.Unix(sec, nsec), nil
	}
	return freshID(), o.Now(), nil
}

// freshID is a new id, of a thread or a turn. Random numbers never fail.
func freshID() string { return uuid.Must(uuid.NewV7()).String() }

// resumeThread goes on with a session file.
func resumeThread(ctx context.Context, o *Options, out *emitter, path string, a *thread.Asked) (*liveThread, error) {
	h, err := rollout.Load(path)
	if err != nil {
		return nil, err
	}
	t := &liveThread{facts: facts{opts: o, out: out, id: h.Meta.ID, session: h.Meta.ID, created: o.Now()}, memory: memory{hookSource: "resume"}, preview: thread.Preview(path)}
	if at, err := time.Parse(time.RFC3339, h.Meta.Timestamp); err == nil {
		t.created = at
	}
	if err := t.setUp(ctx, a); err != nil {
		return nil, err
	}
	t.source = h.Meta.Source
	if h.Meta.BaseInstructions != nil {
		t.base = h.Meta.BaseInstructions.Text
	} else {
		t.base = baseInstructions(t.cfg, t.set.model, t.set.person)
	}
	if err := json.Unmarshal(h.Meta.DynamicTools, &t.dynamic); len(h.Meta.DynamicTools) > 0 && err != nil {
		o.Log.Printf("session file %s: dynamic tools: %v", path, err)
	}
	t.threadSource = h.Meta.ThreadSource
	t.take(h)
	t.name = thread.Name(t.cfg.Home, t.id)
	t.file = h.Continue(o.Now)
	return t, nil
}

// setUp fills what does not depend on the history.
func (t *liveThread) setUp(ctx context.Context, a *thread.Asked) (err error) {
	defer func() {
		if err != nil {
			t.tell.end()
		}
	}()
	cfg, err := thread.Configure(ctx, t.opts.Config, a)
	if err != nil {
		return err
	}
	if d := protocol.Value(a.DeveloperInstructions); d != "" {
		cfg.DeveloperInstructions = d
	}
	if p := protocol.Value((*string)(a.Personality)); p != "" {
		cfg.Personality = p
	}
	t.cfg = cfg
	logConfig(t.opts.Trace, cfg)
	if err := t.identify(ctx); err != nil {
		return err
	}
	t.set, t.over = settingsOf(cfg, a), a
	t.set.permits = t.opts.permits(cfg.Permissions, cfg.Cwd)
	t.next = t.set
	t.source = t.opts.Source
	if facts, ok := instructions.ReadGit(cfg.Cwd); ok {
		t.git = &rollout.Git{CommitHash: facts.Commit, Branch: facts.Branch, RepositoryURL: facts.Origin}
		if facts.Commit == "" {
			t.git = &rollout.Git{}
		}
	}
	t.agents = thread.LoadAgents(thread.AgentsOf(cfg))
	t.limits = noLimits()
	t.specs = map[string]json.RawMessage{}
	t.updated = t.now()
	if t.rules, err = t.loadRules(ctx); err != nil {
		return err
	}
	t.setUpTelemetry()
	if t.client, err = t.newClient(); err != nil {
		return err
	}
	t.plugins = plugins.Of(cfg)
	if err := t.setUpServers(ctx); err != nil {
		return err
	}
	t.setUpAgents(ctx)
	t.tools = tools.New(t.toolOptions())
	t.loadHooks()
	return nil
}

// baseInstructions are the config's, else the model's.
func baseInstructions(cfg *config.Config, m models.Model, personality string) string {
	if cfg.Instructions != "" {
		return cfg.Instructions
	}
	personality = cmp.Or(personality, "pragmatic")
	return models.Instructions(m, personality)
}

// noLimits is the rate limit snapshot before any header was seen.
func noLimits() json.RawMessage {
	return json.RawMessage(`{"limit_id":"codex","limit_name":null,"primary":null,"secondary":null,"credits":null,"plan_type":null,"rate_limit_reached_type":null}`)
}

// find gives the session file of a thread id, or of a path.
func find(home, id string) (string, error) {
	if strings.ContainsRune(id, filepath.Separator) || strings.HasSuffix(id, ".jsonl") {
		if _, err := os.Stat(id); err != nil {
			return "", err
		}
		return id, nil
	}
	return thread.Find(home, id)
}

// record appends to the session file. A full disk must not end the turn: the user is
// told once, and the work goes on.
func (t *liveThread) record(entries ...rollout.Entry) {
	if err := t.file.Append(entries...); err != nil {
		t.out.lost(t.id, err)
	}
}

func event(payload any) rollout.Entry {
	return rollout.Entry{Type: rollout.TypeEvent, Payload: payload}
}

func responseItem(raw json.RawMessage) rollout.Entry {
	return rollout.Entry{Type: rollout.TypeResponseItem, Payload: raw}
}

// unusedID is the model's id of an item, or one of ours where it has none or one that was
// had before.
func (t *liveThread) unusedID(theirs string) string {
	if t.ids == nil {
		t.ids = item.CallIDs(t.history)
	}
	if theirs == "" || len(theirs) > maxItemID || t.ids[theirs] {
		return uuid.NewString()
	}
	t.ids[theirs] = true
	return theirs
}

// maxItemID bounds what is taken for an id of the model's.
const maxItemID = 256

// push adds items to the history and the session file.
func (t *liveThread) push(items ...item.Item) {
	entries := make([]rollout.Entry, len(items))
	for i, e := range items {
		entries[i] = responseItem(e.Raw)
	}
	t.history = append(t.history, items...)
	t.record(entries...)
}

// describe is the thread as clients see it.
func (t *liveThread) describe() protocol.Thread {
	t.mu.Lock()
	defer t.mu.Unlock()
	th := protocol.Thread{ID: t.id, SessionID: t.session, Preview: t.preview, Ephemeral: t.eph, ModelProvider: t.cfg.ProviderID,
		ThreadSource: protocol.ThreadSource(t.threadSource).Known(), Originator: protocol.Optional(t.opts.Originator),
		Model: protocol.Optional(t.next.slug), ReasoningEffort: protocol.Optional(protocol.ReasoningEffort(t.next.effort)), CanAcceptDirectInput: new(true),
		CreatedAt: t.created.Unix(), UpdatedAt: t.updated.Unix(), Status: t.state,
		Cwd: t.cfg.Cwd, CliVersion: version.Compat, Name: t.name, Path: protocol.Optional(t.file.Path())}
	th.Status.Type = cmp.Or(th.Status.Type, protocol.ThreadStatusIdle)
	th.Source = thread.Source(string(t.source))
	th.AgentNickname, th.AgentRole = t.opts.agentNames()
	return th
}

// close ends processes and files; the error is the session file's.
func (t *liveThread) close() error {
	if t.subagents != nil {
		t.subagents.Close()
	}
	t.maker.end()
	err := t.tools.Close()
	t.mcp.Close()
	t.hooks.Close()
	t.client.Close()
	err = errors.Join(err, t.file.Close())
	t.tell.end()
	return err
}
