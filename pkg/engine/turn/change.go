package turn

import (
	"cmp"
	"fmt"
	"path/filepath"

	"codex/pkg/engine/instructions"
	"codex/pkg/protocol"
	"codex/pkg/thread"
)

// change takes what a client sets for the next turn and later ones; roots are the project
// roots, nil for those of before. It says whether that is something else than before. The
// thread's lock is held.
func (t *liveThread) change(p protocol.ThreadSettingsUpdateParams, roots []string) (changed bool, err error) {
	if err := thread.Named(p.Model, nil, p.ServiceTier); err != nil {
		return false, err
	}
	next := t.next
	cwd := next.cwd
	if p.Cwd != nil && *p.Cwd != "" {
		dir := *p.Cwd
		if !filepath.IsAbs(dir) {
			return false, invalid("Invalid request: cwd must be an absolute path: %s", dir)
		}
		cwd = filepath.Clean(dir)
	}
	if err := t.choose(&next, cwd, p.SandboxPolicy, p.Permissions, roots); err != nil {
		return false, err
	}
	if p.ApprovalPolicy != nil {
		next.approval = *p.ApprovalPolicy
		if err := t.cfg.AllowApproval(thread.ApprovalWord(next.approval)); err != nil {
			return false, invalid("invalid thread settings override: %v", err)
		}
	}
	if p.Model != nil {
		next.slug, next.model = *p.Model, lookup(t.cfg, *p.Model)
	}
	if p.Effort != nil {
		next.effort = string(*p.Effort)
	}
	if p.Summary != nil {
		next.summary = string(*p.Summary)
	}
	if p.Personality != nil {
		next.person = string(*p.Personality)
	}
	if p.ServiceTier.Set {
		next.tier, next.askedTier = thread.TierWord(p.ServiceTier), ""
	}
	if m := p.CollaborationMode; m != nil { // it has model and effort of its own
		next.collab = collaboration(m)
		if m.Settings.Model != "" { // which is none
			if err := thread.Named(&m.Settings.Model, nil, protocol.Patch[string]{}); err != nil {
				return false, err
			}
			next.slug, next.model = m.Settings.Model, lookup(t.cfg, m.Settings.Model)
		}
		next.effort = ""
		if e := m.Settings.ReasoningEffort; e != nil {
			next.effort = string(*e)
		}
	}
	if next.tier == "" && next.model.HasTier(next.askedTier) { // now
		next.tier, next.askedTier = next.askedTier, ""
	}
	changed = next.changed(t.next)
	t.next = next
	return changed, nil
}

// settingsOfTurn are the members of a turn/start that stay for later turns.
func settingsOfTurn(p protocol.TurnStartParams) protocol.ThreadSettingsUpdateParams {
	return protocol.ThreadSettingsUpdateParams{Cwd: p.Cwd, ApprovalPolicy: p.ApprovalPolicy, ApprovalsReviewer: p.ApprovalsReviewer,
		SandboxPolicy: p.SandboxPolicy, Permissions: p.Permissions, Model: p.Model, ServiceTier: p.ServiceTier, Effort: p.Effort,
		Summary: p.Summary, CollaborationMode: p.CollaborationMode, Personality: p.Personality}
}

// knownTier is the tier of a thread that begins: one that its model does not have is none.
func (s *settings) knownTier() string {
	if s.model.HasTier(s.tier) {
		return s.tier
	}
	return ""
}

// warnTier says, once, that requests go without the tier that the settings or a client name.
func (t *liveThread) warnTier() {
	s := &t.set
	tier := cmp.Or(s.tier, s.askedTier)
	if tier == "" || tier == "default" || s.model.HasTier(tier) {
		return
	}
	w := fmt.Sprintf("service_tier `%s` is not sent: the model `%s` is not known to have it", tier, s.slug)
	if w != t.toldTier {
		t.toldTier = w
		t.out.notify(protocol.NoteConfigWarning, protocol.ConfigWarningNotification{Path: new(protocol.SessionFlagsPath), Summary: w})
	}
}

// collab is the collaboration mode: its instructions are nil until a client chose it.
type collab struct {
	plan bool
	text *string
}

// collaboration reads a mode. One without instructions gets ours.
func collaboration(m *protocol.CollaborationMode) collab {
	c := collab{plan: m.Mode == protocol.ModeKindPlan, text: m.Settings.DeveloperInstructions}
	if c.text == nil {
		text := instructions.DefaultMode
		if c.plan {
			text = instructions.PlanMode
		}
		c.text = &text
	}
	return c
}

func (c collab) kind() protocol.ModeKind {
	if c.plan {
		return protocol.ModeKindPlan
	}
	return protocol.ModeKindDefault
}

func (c collab) same(o collab) bool {
	return c.plan == o.plan && protocol.Value(c.text) == protocol.Value(o.text)
}

func (s *settings) changed(o settings) bool {
	return s.cwd != o.cwd || s.slug != o.slug || s.effort != o.effort || s.summary != o.summary || s.person != o.person || s.tier != o.tier ||
		!s.collab.same(o.collab) || string(approvalJSON(s.approval)) != string(approvalJSON(o.approval)) ||
		!samePolicy(s.legacy(), o.legacy()) || s.permits.ID != o.permits.ID || s.permits.Extends != o.permits.Extends
}

// settingsForClients are what the next turn will run under.
func (t *liveThread) settingsForClients() protocol.ThreadSettings {
	t.mu.Lock()
	s := t.next
	t.mu.Unlock()
	effort := protocol.Optional(protocol.ReasoningEffort(s.effort))
	return protocol.ThreadSettings{Cwd: s.cwd, ApprovalPolicy: s.approval, ApprovalsReviewer: protocol.ApprovalsReviewerUser, SandboxPolicy: s.sandbox(), ActivePermissionProfile: thread.Active(s.permits.Permissions),
		Model: s.slug, ModelProvider: t.cfg.ProviderID, CollaborationMode: protocol.CollaborationMode{Mode: s.collab.kind(),
			Settings: protocol.Settings{Model: s.slug, DeveloperInstructions: s.collab.text, ReasoningEffort: effort}},
		ServiceTier: protocol.Optional(s.tier), Effort: effort, Summary: protocol.Optional(protocol.ReasoningSummary(s.summary)),
		Personality: new(protocol.Personality(s.personality()))}
}

// settingsUpdate changes what later turns run under; the one that runs goes on as it is.
func (s *Server) settingsUpdate(th *liveThread, r *req, p *protocol.ThreadSettingsUpdateParams) (any, error) {
	th.mu.Lock()
	changed, err := th.change(*p, nil)
	th.mu.Unlock()
	if err != nil {
		return nil, err
	}
	r.After(func() {
		th.userReviews(p.ApprovalsReviewer)
		if changed {
			s.out.settingsUpdated(th)
		}
	})
	return protocol.ThreadSettingsUpdateResponse{}, nil
}

func (e *emitter) settingsUpdated(th *liveThread) {
	e.notify(protocol.NoteThreadSettingsUpdated, protocol.ThreadSettingsUpdatedNotification{ThreadID: th.id, ThreadSettings: th.settingsForClients()})
}
