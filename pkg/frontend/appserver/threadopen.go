package appserver

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"codex/pkg/cli/version"
	"codex/pkg/config"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// wishes are what thread/start, resume and fork can ask for.
type wishes struct {
	cwd, model, provider *string
	sandbox              *protocol.SandboxMode
	approval             *protocol.AskForApproval
	reviewer             *protocol.ApprovalsReviewer
	tier                 protocol.Patch[string]
	config               map[string]json.RawMessage
	permissions          *string  // name of a permission profile
	roots                []string // that commands may write to, beside the working folder
	source               *protocol.ThreadSource
}

// settle reads the configuration that a thread with these wishes runs under.
func (s *Server) settle(w *wishes) (*config.Config, error) {
	if w.permissions != nil && w.sandbox != nil {
		return nil, invalid("`permissions` cannot be combined with `sandbox`")
	}
	for _, dir := range w.roots {
		if !filepath.IsAbs(dir) {
			return nil, invalid("Invalid request: AbsolutePathBuf deserialized without a base path")
		}
	}
	return s.configure(*w)
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
		o.Permissions = w.permissions
		o.JSON = w.config
	})
}

// describe tells what a thread with this configuration runs under.
func describe(cfg *config.Config, w wishes) protocol.ThreadStartResponse {
	perm := cfg.Permissions
	if w.roots != nil {
		perm.Roots = w.roots
	}
	r := protocol.ThreadStartResponse{Model: cfg.Model, ModelProvider: cfg.ProviderID, Cwd: cfg.Cwd, RuntimeWorkspaceRoots: perm.Roots,
		InstructionSources: instructionSources(cfg), ApprovalPolicy: approval(cfg), ApprovalsReviewer: protocol.ApprovalsReviewerUser,
		Sandbox: protocol.SandboxPolicyOf(perm.In().Legacy(cfg.PolicyEnv()))}
	if perm.ID != "" {
		r.ActivePermissionProfile = &protocol.ActivePermissionProfile{ID: perm.ID}
		if perm.Extends != "" {
			r.ActivePermissionProfile.Extends = &perm.Extends
		}
	}
	if cfg.ApprovalsReviewer != "" {
		r.ApprovalsReviewer = protocol.ApprovalsReviewer(cfg.ApprovalsReviewer)
	}
	if w.reviewer != nil {
		r.ApprovalsReviewer = *w.reviewer
	}
	if a := w.approval; a != nil {
		word := a.Mode
		if a.Granular != nil {
			word = "granular"
		}
		if cfg.AllowApproval(word) == nil { // else the configured one
			r.ApprovalPolicy = *a
		}
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
	return r
}

func approval(cfg *config.Config) protocol.AskForApproval {
	if cfg.ApprovalPolicy == "granular" && cfg.Granular != nil {
		g := cfg.Granular
		return protocol.AskForApproval{Granular: &protocol.GranularApproval{SandboxApproval: g.SandboxApproval, Rules: g.Rules,
			SkillApproval: g.SkillApproval, RequestPermissions: g.RequestPermissions, McpElicitations: g.MCPElicitations}}
	}
	return protocol.AskForApproval{Mode: cfg.ApprovalPolicy}
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
	w := wishes{p.Cwd, p.Model, p.ModelProvider, p.Sandbox, p.ApprovalPolicy, p.ApprovalsReviewer, p.ServiceTier, p.Config, p.Permissions, p.RuntimeWorkspaceRoots, p.ThreadSource}
	cfg, err := s.settle(&w)
	if err != nil {
		return nil, err
	}
	// Whoever lets an agent write to a folder trusts it (appserver spec §3).
	if p.Cwd != nil && cfg.SandboxMode != "read-only" && cfg.Trust == "" {
		if err := config.SetTrust(context.Background(), s.home, cfg.TrustKey, "trusted"); err != nil {
			s.opts.Log.Printf("trust %s: %v", cfg.TrustKey, err)
		}
		if cfg, err = s.configure(w); err != nil {
			return nil, err
		}
	}
	t, err := s.fresh(cfg, w, r.params, p.Ephemeral != nil && *p.Ephemeral)
	if err != nil {
		return nil, err
	}
	t.told.Thread.ThreadSource = p.ThreadSource
	s.adopt(t, r.c)
	r.reply(t.told)
	if p.PersistExtendedHistory {
		r.c.note(protocol.NoteDeprecationNotice, noteLine(protocol.NoteDeprecationNotice,
			protocol.DeprecationNoticeNotification{Summary: "persistExtendedHistory is deprecated and ignored"}))
	}
	s.broadcast(protocol.NoteThreadStarted, protocol.ThreadStartedNotification{Thread: t.told.Thread})
	return nil, errLater
}

// maxStart bounds the params of a thread, which are kept as long as it is loaded.
const maxStart = 4 << 20

func keepable(params json.RawMessage) error {
	if len(params) <= maxStart {
		return nil
	}
	return invalid("Invalid request: params of a thread are longer than %d bytes", maxStart)
}

// fresh makes a thread that has no file yet, and gets none if it is ephemeral.
func (s *Server) fresh(cfg *config.Config, w wishes, params json.RawMessage, ephemeral bool) (*loadedThread, error) {
	if err := keepable(params); err != nil {
		return nil, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return nil, internal(err)
	}
	t := &loadedThread{id: id.String(), start: params, told: describe(cfg, w), eph: ephemeral}
	at, _ := thread.IDTime(t.id)
	th := protocol.Thread{ID: t.id, SessionID: t.id, Ephemeral: t.eph, ModelProvider: cfg.ProviderID, CreatedAt: at.Unix(), UpdatedAt: at.Unix(),
		Status: protocol.ThreadStatus{Type: protocol.ThreadStatusIdle}, Cwd: cfg.Cwd, CliVersion: version.Compat, Source: source(gjson.Parse(`"vscode"`))}
	if !t.eph {
		t.path = rollout.Path(s.home, t.id, at)
		th.Path = &t.path
	}
	t.told.Thread = th
	return t, nil
}
