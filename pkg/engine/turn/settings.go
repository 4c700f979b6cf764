package turn

import (
	"cmp"
	"encoding/json"

	"codex/pkg/config"
	"codex/pkg/models"
	"codex/pkg/policy"
	"codex/pkg/protocol"
	"codex/pkg/rollout"
	"codex/pkg/thread"
)

// settings are what a turn runs under; turn/start may change them for this and later
// turns.
type settings struct {
	cwd       string
	approval  protocol.AskForApproval
	permits   permits
	model     models.Model
	slug      string
	effort    string // "" is the model's own
	summary   string
	tier      string
	askedTier string // by who began the thread, "" for none; the model need not have it
	person    string
	collab    collab
	verbosity string
}

func settingsOf(cfg *config.Config, a *thread.Asked) settings {
	asked := ""
	if a.ServiceTier.Set {
		asked = thread.TierWord(a.ServiceTier)
	}
	return settings{askedTier: asked, cwd: cfg.Cwd, slug: cfg.Model, model: lookup(cfg, cfg.Model), effort: cfg.ReasoningEffort,
		summary: cfg.ReasoningSummary, tier: protocol.Value(thread.Tier(cfg, a.ServiceTier)), person: cfg.Personality, verbosity: cfg.Verbosity,
		approval: thread.Approval(cfg, a.ApprovalPolicy)}
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

// window is the context window that is reported: a part of the model's.
func (s *settings) window() int64 {
	pct := cmp.Or(s.model.EffectivePercent, 95)
	return s.model.ContextWindow * pct / 100
}

// sandbox is the sandbox policy that clients are told.
func (s *settings) sandbox() protocol.SandboxPolicy {
	return protocol.SandboxPolicyOf(s.permits.nearest)
}

// mode is the kebab-case name of the nearest sandbox mode.
func (s *settings) mode() string {
	if m := s.permits.nearest.Mode; m != policy.ModeExternal {
		return m
	}
	return policy.ModeFullAccess
}

// legacy is the form that session files carry.
func (s *settings) legacy() rollout.SandboxPolicy {
	n := s.permits.nearest
	return rollout.SandboxPolicy{Type: n.Mode, WritableRoots: n.WritableRoots, NetworkAccess: n.Network,
		ExcludeTmpdirEnvVar: n.ExcludeTmpdir, ExcludeSlashTmp: n.ExcludeSlashTmp}
}

// requestEffort is the effort that the model is asked for, "" for none.
func (s *settings) requestEffort() string {
	return cmp.Or(s.effort, s.model.DefaultEffort)
}

func (s *settings) requestSummary() string {
	sum := cmp.Or(s.summary, s.model.DefaultSummary)
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
