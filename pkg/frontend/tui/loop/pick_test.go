package loop

import (
	"cmp"
	"testing"

	"codex/pkg/config"
	"codex/pkg/protocol"
)

// TestPlanEffort holds that plan_mode_reasoning_effort counts while planning, and what was
// there before comes back.
func TestPlanEffort(t *testing.T) {
	l := &Loop{Options: Options{Config: &config.Config{PlanReasoningEffort: "high"}}}
	l.state.Thread.Mode, l.state.Thread.Effort = protocol.ModeKindDefault, "low"
	for _, step := range []struct {
		mode protocol.ModeKind
		then string // somebody chooses it afterwards
		want string
	}{
		{protocol.ModeKindPlan, "", "high"},
		{protocol.ModeKindPlan, "", "high"},
		{protocol.ModeKindDefault, "", "low"},
		{protocol.ModeKindPlan, "medium", "high"},
		{protocol.ModeKindDefault, "", "medium"},
	} {
		if got := l.effortIn(step.mode); got != step.want {
			t.Errorf("%s after %s: %q, want %q", step.mode, l.state.Thread.Mode, got, step.want)
		}
		l.state.Thread.Mode, l.state.Thread.Effort = step.mode, cmp.Or(step.then, step.want)
	}
	l.Config.PlanReasoningEffort = ""
	if got := l.effortIn(protocol.ModeKindPlan); got != "medium" {
		t.Errorf("without the key: %q", got)
	}
}
