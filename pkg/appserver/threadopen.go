package appserver

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"codex/pkg/config"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/version"
)

// idTime gives the time in a UUID of version 7.
func idTime(id string) (time.Time, bool) {
	u, err := uuid.Parse(id)
	if err != nil || u.Version() != 7 {
		return time.Time{}, false
	}
	sec, nsec := u.Time().UnixTime()
	return time.Unix(sec, nsec), true
}

// wishes are what thread/start, resume and fork can ask for.
type wishes struct {
	cwd, model, provider *string
	sandbox              *protocol.SandboxMode
	approval             *protocol.AskForApproval
	reviewer             *protocol.ApprovalsReviewer
	tier                 protocol.Patch[string]
	config               map[string]json.RawMessage
}

func (s *Server) configure(w wishes) (*config.Config, error) {
	if w.cwd != nil && *w.cwd != "" && !filepath.IsAbs(*w.cwd) {
		abs := filepath.Join(s.opts.Config.Env.Cwd, *w.cwd)
		w.cwd = &abs
	}
	return s.load(func(o *config.Options) {
		set := func(dst *string, v *string) {
			if v != nil && *v != "" {
				*dst = *v
			}
		}
		set(&o.Cwd, w.cwd)
		set(&o.Model, w.model)
		set(&o.Provider, w.provider)
		if w.sandbox != nil {
			o.Sandbox = string(*w.sandbox)
		}
		o.Overrides = append(o.Overrides, overrides(w.config)...)
	})
}

// overrides turns the config member of a request into -c arguments. JSON values are TOML
// values but for objects, which become dotted keys.
func overrides(m map[string]json.RawMessage) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		var sub map[string]json.RawMessage
		if json.Unmarshal(m[k], &sub) == nil && sub != nil {
			for _, o := range overrides(sub) {
				out = append(out, k+"."+o)
			}
			continue
		}
		if string(m[k]) != "null" {
			out = append(out, k+"="+string(m[k]))
		}
	}
	return out
}

// describe tells what a thread with this configuration runs under.
func describe(cfg *config.Config, w wishes) protocol.ThreadStartResponse {
	r := protocol.ThreadStartResponse{Model: cfg.Model, ModelProvider: cfg.ProviderID, Cwd: cfg.Cwd, RuntimeWorkspaceRoots: []string{cfg.Cwd},
		InstructionSources: instructionSources(cfg), ApprovalPolicy: approval(cfg), ApprovalsReviewer: protocol.ApprovalsReviewerUser,
		Sandbox: sandboxPolicy(cfg, cfg.SandboxMode)}
	if cfg.ApprovalsReviewer != "" {
		r.ApprovalsReviewer = protocol.ApprovalsReviewer(cfg.ApprovalsReviewer)
	}
	if w.reviewer != nil {
		r.ApprovalsReviewer = *w.reviewer
	}
	if w.approval != nil {
		r.ApprovalPolicy = *w.approval
	}
	if cfg.ServiceTier != "" {
		r.ServiceTier = &cfg.ServiceTier
	}
	if w.tier.Set {
		r.ServiceTier = w.tier.Value
	}
	if cfg.ReasoningEffort != "" {
		e := protocol.ReasoningEffort(cfg.ReasoningEffort)
		r.ReasoningEffort = &e
	}
	if !cfg.SandboxModeExplicit && w.sandbox == nil {
		r.ActivePermissionProfile = &protocol.ActivePermissionProfile{ID: profileID(cfg.SandboxMode)}
	}
	return r
}

func profileID(mode string) string {
	switch mode {
	case "workspace-write":
		return ":workspace"
	case "danger-full-access":
		return ":danger-full-access"
	}
	return ":read-only"
}

func approval(cfg *config.Config) protocol.AskForApproval {
	if cfg.ApprovalPolicy == "granular" && cfg.Granular != nil {
		g := cfg.Granular
		return protocol.AskForApproval{Granular: &protocol.GranularApproval{SandboxApproval: g.SandboxApproval, Rules: g.Rules,
			SkillApproval: g.SkillApproval, RequestPermissions: g.RequestPermissions, McpElicitations: g.MCPElicitations}}
	}
	return protocol.AskForApproval{Mode: cfg.ApprovalPolicy}
}

func sandboxPolicy(cfg *config.Config, mode string) protocol.SandboxPolicy {
	switch mode {
	case "danger-full-access":
		return protocol.SandboxPolicy{Type: protocol.SandboxPolicyDangerFullAccess}
	case "workspace-write":
		w := cfg.Workspace
		roots := slices.Clone(w.WritableRoots)
		if mem := filepath.Join(cfg.Home, "memories"); !slices.Contains(roots, mem) {
			roots = append(roots, mem)
		}
		return protocol.SandboxPolicy{Type: protocol.SandboxPolicyWorkspaceWrite, WritableRoots: roots, NetworkAccess: w.NetworkAccess,
			ExcludeTmpdirEnvVar: w.ExcludeTmpdir, ExcludeSlashTmp: w.ExcludeSlashTmp}
	}
	return protocol.SandboxPolicy{Type: protocol.SandboxPolicyReadOnly}
}

// instructionSources names the AGENTS.md files that the engine will read: the home's, and
// one a folder from the project's root down (config spec, project docs).
func instructionSources(cfg *config.Config) []string {
	var out []string
	first := func(dir string, names ...string) {
		for _, n := range names {
			p := filepath.Join(dir, n)
			if fi, err := os.Stat(p); err == nil && fi.Mode().IsRegular() && fi.Size() > 0 {
				out = append(out, p)
				return
			}
		}
	}
	first(cfg.Home, "AGENTS.override.md", "AGENTS.md")
	if cfg.ProjectDocMaxBytes == 0 {
		return out
	}
	var dirs []string
	for dir := cfg.Cwd; ; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
		if dir == cfg.ProjectRoot || dir == filepath.Dir(dir) {
			break
		}
	}
	names := append([]string{"AGENTS.override.md", "AGENTS.md"}, cfg.ProjectDocFallback...)
	for _, dir := range slices.Backward(dirs) {
		first(dir, names...)
	}
	return out
}

func (s *Server) threadStart(r *request, p *protocol.ThreadStartParams) (any, error) {
	w := wishes{p.Cwd, p.Model, p.ModelProvider, p.Sandbox, p.ApprovalPolicy, p.ApprovalsReviewer, p.ServiceTier, p.Config}
	cfg, err := s.configure(w)
	if err != nil {
		return nil, err
	}
	// Whoever lets an agent write to a folder trusts it (appserver spec §3).
	if p.Cwd != nil && cfg.SandboxMode != "read-only" && cfg.Trust == "" {
		if err := config.SetTrust(s.home, cfg.TrustKey, "trusted"); err != nil {
			s.opts.Log.Printf("trust %s: %v", cfg.TrustKey, err)
		}
		if cfg, err = s.configure(w); err != nil {
			return nil, err
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, internal(err)
	}
	t := &thread{id: id.String(), start: r.params, told: describe(cfg, w)}
	t.eph = p.Ephemeral != nil && *p.Ephemeral
	at, _ := idTime(t.id)
	th := protocol.Thread{ID: t.id, SessionID: t.id, Ephemeral: t.eph, ModelProvider: cfg.ProviderID, CreatedAt: at.Unix(), UpdatedAt: at.Unix(),
		Status: protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}, Cwd: cfg.Cwd, CliVersion: version.Compat, ThreadSource: p.ThreadSource}
	_ = json.Unmarshal([]byte(`"vscode"`), &th.Source)
	if !t.eph {
		t.path = rollout.Path(s.home, t.id, at)
		th.Path = &t.path
	}
	t.told.Thread = th
	s.adopt(t, r.c)
	r.reply(t.told)
	if p.PersistExtendedHistory {
		r.c.note(protocol.NoteDeprecationNotice, noteLine(protocol.NoteDeprecationNotice,
			protocol.DeprecationNoticeNotification{Summary: "persistExtendedHistory is deprecated and ignored"}))
	}
	s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: th})
	return nil, errLater
}

func (s *Server) threadResume(r *request, p *protocol.ThreadResumeParams) (any, error) {
	if p.History != nil {
		return nil, invalid("thread/resume.history is not supported yet")
	}
	id, path, err := s.locate(p.ThreadID, p.Path)
	if err != nil {
		return nil, err
	}
	if t := s.thread(id); t != nil {
		return t.join(r, p)
	}
	if path == "" || s.archived(path) && p.Path == nil {
		return nil, invalid("no rollout found for thread id %s", p.ThreadID)
	}
	h, err := s.readHead(path)
	if err != nil {
		return nil, internal(err)
	}
	w := wishes{p.Cwd, p.Model, p.ModelProvider, p.Sandbox, p.ApprovalPolicy, p.ApprovalsReviewer, p.ServiceTier, p.Config}
	t, turns, err := s.reopen(h, w, r.params)
	if err != nil {
		return nil, err
	}
	s.adopt(t, r.c)
	t.setStatus(protocol.ThreadStatus{Type: protocol.ThreadStatusIdle})
	told := t.told
	if !p.ExcludeTurns {
		told.Thread.Turns = turns
	}
	r.reply(told)
	t.mu.Lock()
	usage := t.usage
	t.mu.Unlock()
	if usage != nil && !p.ExcludeTurns {
		t.tell(protocol.NoteThreadTokenUsageUpdated, usage)
	}
	t.note(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: t.id})
	return nil, errLater
}

// locate finds a thread by path or id.
func (s *Server) locate(id string, path *string) (string, string, error) {
	if path != nil && *path != "" {
		p := *path
		if !filepath.IsAbs(p) {
			p = filepath.Join(s.home, p)
		}
		h, err := s.readHead(p)
		if err != nil {
			return "", "", invalid("failed to load rollout `%s`: %v", p, err)
		}
		return h.id, p, nil
	}
	id, err := threadID(id)
	if err != nil {
		return "", "", err
	}
	return id, s.find(id), nil
}

// reopen makes a thread of a session file. Model and effort are those of its last turn,
// approval and sandbox are not restored (appserver spec §3).
func (s *Server) reopen(h *head, w wishes, params json.RawMessage) (*thread, []protocol.Turn, error) {
	var last last
	if err := last.read(h.path); err != nil {
		return nil, nil, internal(err)
	}
	if w.cwd == nil {
		dir := h.meta.Get("cwd").Str
		if last.cwd != "" {
			dir = last.cwd
		}
		w.cwd = &dir
	}
	if w.provider == nil {
		if id := h.meta.Get("model_provider").Str; id != "" {
			w.provider = &id
		}
	}
	restored := w.model == nil && last.model != ""
	if restored {
		w.model = &last.model
	}
	cfg, err := s.configure(w)
	if err != nil {
		return nil, nil, err
	}
	t := &thread{id: h.id, path: h.path, start: params, told: describe(cfg, w)}
	if restored {
		t.told.ReasoningEffort = nil
		if last.effort != "" {
			e := protocol.ReasoningEffort(last.effort)
			t.told.ReasoningEffort = &e
		}
	}
	t.told.Thread = s.stored(h)
	t.told.Thread.Status = protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}
	if last.usage != nil {
		t.usage = noteLine(protocol.NoteThreadTokenUsageUpdated, protocol.ThreadTokenUsageUpdatedNotification{ThreadID: t.id, TurnID: last.turn, TokenUsage: *last.usage})
	}
	turns, err := rollout.Turns(h.path)
	if err != nil {
		return nil, nil, internal(err)
	}
	return t, turns, nil
}

// join subscribes a client to a loaded thread. What it asks to change is left as it is:
// others use the thread.
func (t *thread) join(r *request, p *protocol.ThreadResumeParams) (any, error) {
	if p.Model != nil || p.Cwd != nil || p.Sandbox != nil || p.ApprovalPolicy != nil {
		t.s.opts.Log.Printf("thread %s is loaded: what thread/resume asks to change is ignored", t.id)
	}
	d := t.describe()
	if !t.eph && !t.materialized() {
		return nil, invalid("no rollout found for thread id %s", t.id)
	}
	t.mu.Lock()
	defer t.mu.Unlock() // nothing of the engine gets between
	if !p.ExcludeTurns && !t.eph {
		turns, err := t.turns()
		if err != nil {
			return nil, internal(err)
		}
		d.Turns = turns
	}
	told := t.told
	if t.settings != nil {
		var now protocol.ThreadSettings
		if json.Unmarshal(t.settings, &now) == nil {
			told.Model, told.Cwd, told.ApprovalPolicy, told.Sandbox, told.ReasoningEffort = now.Model, now.Cwd, now.ApprovalPolicy, now.SandboxPolicy, now.Effort
		}
	}
	d.Status = t.status
	told.Thread = d
	r.reply(told)
	t.subs[r.c] = struct{}{}
	if t.usage != nil && !p.ExcludeTurns {
		r.c.note(protocol.NoteThreadTokenUsageUpdated, t.usage)
	}
	cleared := noteLine(protocol.NoteThreadGoalCleared, protocol.ThreadGoalClearedNotification{ThreadID: t.id})
	for _, c := range t.subscribers() {
		c.note(protocol.NoteThreadGoalCleared, cleared)
	}
	for _, a := range t.open() {
		r.c.send(a.line)
	}
	return nil, errLater
}

// turns are those of the file; the running one is in progress. t.mu is held.
func (t *thread) turns() ([]protocol.Turn, error) {
	turns, err := rollout.Turns(t.path)
	if n := len(turns) - 1; err == nil && t.turn != nil && n >= 0 && turns[n].ID == t.turn.ID && turns[n].CompletedAt == nil {
		turns[n].Status = protocol.TurnStatusInProgress
	}
	return turns, err
}

// threadFork copies a session file under a new id. A turn that still runs shows as
// interrupted in the copy, for its end is not in it.
func (s *Server) threadFork(r *request, p *protocol.ThreadForkParams) (any, error) {
	if p.Ephemeral {
		return nil, invalid("thread/fork.ephemeral is not supported yet")
	}
	id, path, err := s.locate(p.ThreadID, p.Path)
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, invalid("no rollout found for thread id %s", id)
	}
	from, err := s.readHead(path)
	if err != nil {
		return nil, internal(err)
	}
	u, err := uuid.NewV7()
	if err != nil {
		return nil, internal(err)
	}
	at, _ := idTime(u.String())
	file := rollout.Path(s.home, u.String(), at)
	if err := s.copyRollout(from, u.String(), file, at); err != nil {
		return nil, internal(err)
	}
	h, err := s.readHead(file)
	if err != nil {
		return nil, internal(err)
	}
	w := wishes{p.Cwd, p.Model, p.ModelProvider, p.Sandbox, p.ApprovalPolicy, p.ApprovalsReviewer, p.ServiceTier, p.Config}
	t, turns, err := s.reopen(h, w, r.params)
	if err != nil {
		return nil, err
	}
	t.told.Thread.ThreadSource = p.ThreadSource
	s.adopt(t, r.c)
	told := t.told
	if !p.ExcludeTurns {
		told.Thread.Turns = turns
	}
	r.reply(told)
	t.mu.Lock()
	usage := t.usage
	t.mu.Unlock()
	if usage != nil && !p.ExcludeTurns {
		t.tell(protocol.NoteThreadTokenUsageUpdated, usage)
	}
	s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: t.told.Thread})
	return nil, errLater
}

// copyRollout writes the first line of a fork, and behind it the file that it is one of.
func (s *Server) copyRollout(from *head, id, path string, at time.Time) error {
	src, err := os.Open(from.path)
	if err != nil {
		return err
	}
	defer src.Close()
	var meta rollout.Meta
	if err := json.Unmarshal([]byte(from.meta.Raw), &meta); err != nil {
		return err
	}
	meta.ID, meta.ForkedFromID, meta.Timestamp = id, from.id, rollout.Stamp(at)
	meta.Originator, meta.CLIVersion, meta.Source = s.origin(), version.Compat, json.RawMessage(`"vscode"`)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".fork-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(append(encode(rollout.Line{Timestamp: rollout.Stamp(at), Type: rollout.TypeSessionMeta, Payload: meta}), '\n'))
	if err == nil {
		_, err = io.Copy(tmp, src)
	}
	if err = errors.Join(err, tmp.Chmod(0o600), tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
