package turn

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"

	"codex/pkg/config"
	"codex/pkg/models"
	"codex/pkg/policy"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
)

// settings are what a turn runs under; turn/start may change them for this and later
// turns.
type settings struct {
	cwd       string
	approval  protocol.AskForApproval
	sandbox   protocol.SandboxPolicy
	model     models.Model
	slug      string
	effort    string // "" is the model's own
	summary   string
	tier      string
	person    string
	plan      bool
	verbosity string
}

func settingsOf(cfg *config.Config) settings {
	s := settings{cwd: cfg.Cwd, slug: cfg.Model, model: lookup(cfg, cfg.Model), effort: cfg.ReasoningEffort,
		summary: cfg.ReasoningSummary, tier: cfg.ServiceTier, person: cfg.Personality, verbosity: cfg.Verbosity}
	s.approval = protocol.AskForApproval{Mode: cfg.ApprovalPolicy}
	if cfg.ApprovalPolicy == "granular" && cfg.Granular != nil {
		g := cfg.Granular
		s.approval = protocol.AskForApproval{Granular: &protocol.GranularApproval{SandboxApproval: g.SandboxApproval, Rules: g.Rules,
			SkillApproval: g.SkillApproval, RequestPermissions: g.RequestPermissions, McpElicitations: g.MCPElicitations}}
	}
	s.setMode(cfg.SandboxMode, cfg)
	return s
}

// lookup applies the config's overrides to the catalogue's entry.
func lookup(cfg *config.Config, slug string) models.Model {
	m := models.In(cfg.Models, slug)
	if cfg.ContextWindow > 0 {
		m.ContextWindow = cfg.ContextWindow
		if m.MaxContextWindow > 0 {
			m.ContextWindow = min(m.ContextWindow, m.MaxContextWindow)
		}
	}
	if cfg.SupportsReasoningSummaries {
		m.ReasoningSummaries = true
	}
	if n := cfg.ToolOutputTokenLimit; n > 0 {
		if m.TruncationMode == "bytes" {
			n *= 4
		}
		m.TruncationLimit = n
	}
	return m
}

// window is the context window that is reported: a part of the model's (turn spec §3.5).
func (s *settings) window() int64 {
	pct := s.model.EffectivePercent
	if pct == 0 {
		pct = 95
	}
	return s.model.ContextWindow * pct / 100
}

func (s *settings) setMode(mode string, cfg *config.Config) {
	switch mode {
	case "danger-full-access":
		s.sandbox = protocol.SandboxPolicy{Type: protocol.SandboxPolicyDangerFullAccess}
	case "workspace-write":
		w := cfg.Workspace
		roots := slices.Clone(w.WritableRoots)
		if mem := filepath.Join(cfg.Home, "memories"); !slices.Contains(roots, mem) {
			roots = append(roots, mem)
		}
		s.sandbox = protocol.SandboxPolicy{Type: protocol.SandboxPolicyWorkspaceWrite, WritableRoots: roots,
			NetworkAccess: w.NetworkAccess, ExcludeTmpdirEnvVar: w.ExcludeTmpdir, ExcludeSlashTmp: w.ExcludeSlashTmp}
	default:
		s.sandbox = protocol.SandboxPolicy{Type: protocol.SandboxPolicyReadOnly}
	}
}

// mode is the kebab-case name of the sandbox.
func (s *settings) mode() string {
	switch s.sandbox.Type {
	case protocol.SandboxPolicyDangerFullAccess, protocol.SandboxPolicyExternalSandbox:
		return "danger-full-access"
	case protocol.SandboxPolicyWorkspaceWrite:
		return "workspace-write"
	}
	return "read-only"
}

func (s *settings) approvalWord() string {
	if s.approval.Granular != nil {
		return "granular"
	}
	return s.approval.Mode
}

// profile is the permission profile that the executor enforces.
func (s *settings) profile() policy.Profile {
	switch s.mode() {
	case "danger-full-access":
		return policy.FullAccess()
	case "workspace-write":
		return policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: s.sandbox.WritableRoots, Network: s.sandbox.NetworkAccess,
			ExcludeTmpdir: s.sandbox.ExcludeTmpdirEnvVar, ExcludeSlashTmp: s.sandbox.ExcludeSlashTmp})
	}
	return policy.ReadOnly()
}

// legacy is the form that session files carry.
func (s *settings) legacy() rollout.SandboxPolicy {
	p := rollout.SandboxPolicy{Type: s.mode(), NetworkAccess: s.sandbox.NetworkAccess}
	if p.Type == "workspace-write" {
		p.WritableRoots = s.sandbox.WritableRoots
		p.ExcludeTmpdirEnvVar, p.ExcludeSlashTmp = s.sandbox.ExcludeTmpdirEnvVar, s.sandbox.ExcludeSlashTmp
	}
	return p
}

// writableRoots lists what the permissions text names.
func (s *settings) writableRoots(tmpdir string) []string {
	if s.mode() != "workspace-write" {
		return nil
	}
	roots := append([]string{s.cwd}, s.sandbox.WritableRoots...)
	if !s.sandbox.ExcludeSlashTmp {
		roots = append(roots, "/tmp")
	}
	if !s.sandbox.ExcludeTmpdirEnvVar && strings.HasPrefix(tmpdir, "/") {
		roots = append(roots, filepath.Clean(tmpdir))
	}
	return roots
}

// requestEffort is the effort that the model is asked for, "" for none.
func (s *settings) requestEffort() string {
	if s.effort != "" {
		return s.effort
	}
	return s.model.DefaultEffort
}

func (s *settings) requestSummary() string {
	sum := s.summary
	if sum == "" {
		sum = s.model.DefaultSummary
	}
	if sum == "none" {
		return ""
	}
	return sum
}

func approvalJSON(a protocol.AskForApproval) json.RawMessage {
	b, err := json.Marshal(a)
	if err != nil {
		return json.RawMessage(`"never"`)
	}
	return b
}
