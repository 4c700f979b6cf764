package turn

import (
	"path/filepath"

	"codex/pkg/jsonrpc"
	"codex/pkg/protocol"
)

// apply takes the overrides of a turn/start: they hold for this turn and later ones,
// but for the output schema. It says whether they changed anything. The thread's lock is
// held and no turn runs.
func (t *thread) apply(p protocol.TurnStartParams) (changed bool, err error) {
	before := t.set
	if err := firstError(approvalWord(p.ApprovalPolicy), word(p.Effort), word(p.Summary), word(p.Personality)); err != nil {
		return false, err
	}
	if m := p.CollaborationMode; m != nil {
		if err := firstError(word(&m.Mode), word(m.Settings.ReasoningEffort)); err != nil {
			return false, err
		}
	}
	if p.Cwd != nil && *p.Cwd != "" {
		dir := *p.Cwd
		if !filepath.IsAbs(dir) {
			return false, jsonrpc.Errorf(jsonrpc.CodeInvalidRequest, "Invalid request: cwd must be an absolute path: %s", dir)
		}
		t.set.cwd = filepath.Clean(dir)
	}
	if p.ApprovalPolicy != nil {
		t.set.approval = *p.ApprovalPolicy
	}
	if p.SandboxPolicy != nil {
		t.set.sandbox = *p.SandboxPolicy
	}
	if p.Model != nil && *p.Model != "" {
		t.set.slug = *p.Model
		t.set.model = lookup(t.cfg, *p.Model)
	}
	if p.Effort != nil {
		t.set.effort = string(*p.Effort)
	}
	if p.Summary != nil {
		t.set.summary = string(*p.Summary)
	}
	if p.Personality != nil {
		t.set.person = string(*p.Personality)
	}
	if m := p.CollaborationMode; m != nil {
		t.set.plan = m.Mode == protocol.ModeKindPlan
		if m.Settings.Model != "" {
			t.set.slug, t.set.model = m.Settings.Model, lookup(t.cfg, m.Settings.Model)
		}
		if e := m.Settings.ReasoningEffort; e != nil {
			t.set.effort = string(*e)
		}
	}
	t.schema = nil
	if len(p.OutputSchema) > 0 && string(p.OutputSchema) != "null" {
		t.schema = compactJSON(p.OutputSchema)
	}
	return t.set.changed(before), nil
}

func (s *settings) changed(o settings) bool {
	return s.cwd != o.cwd || s.slug != o.slug || s.effort != o.effort || s.summary != o.summary || s.person != o.person || s.plan != o.plan ||
		string(approvalJSON(s.approval)) != string(approvalJSON(o.approval)) || !samePolicy(s.legacy(), o.legacy()) || s.sandbox.Type != o.sandbox.Type
}

func (t *thread) settingsForClients() protocol.ThreadSettings {
	s := &t.set
	out := protocol.ThreadSettings{Cwd: s.cwd, ApprovalPolicy: s.approval, ApprovalsReviewer: protocol.ApprovalsReviewerUser, SandboxPolicy: s.sandbox,
		Model: s.slug, ModelProvider: t.cfg.ProviderID, CollaborationMode: protocol.CollaborationMode{Mode: protocol.ModeKindDefault, Settings: protocol.Settings{Model: s.slug}}}
	if s.plan {
		out.CollaborationMode.Mode = protocol.ModeKindPlan
	}
	if s.effort != "" {
		e := protocol.ReasoningEffort(s.effort)
		out.Effort, out.CollaborationMode.Settings.ReasoningEffort = &e, &e
	}
	if s.summary != "" {
		v := protocol.ReasoningSummary(s.summary)
		out.Summary = &v
	}
	p := protocol.Personality(s.personality())
	out.Personality = &p
	return out
}
