package tools

import (
	"errors"
	"fmt"

	"codex/pkg/execpolicy"
)

// wish is what a call of a command tool asks for beyond the turn's sandbox.
type wish struct {
	Sandbox       string    `json:"sandbox_permissions,omitempty" about:"use_default runs inside the sandbox; require_escalated asks the user to run it outside." words:"use_default,require_escalated,with_additional_permissions"`
	Extra         *granting `json:"additional_permissions,omitempty" about:"What this one command needs beyond its sandbox."`
	Justification string    `json:"justification,omitempty" about:"With sandbox_permissions require_escalated only: one short question to the user that says what the command does and why it needs to run outside the sandbox."`
	PrefixRule    []string  `json:"prefix_rule,omitempty" about:"With require_escalated only: the first words of the command, as a rule that the user may accept to allow such commands in future. Keep it narrow, for example [\"npm\",\"test\"]."`
}

// Values of sandbox_permissions.
const (
	escalate = "require_escalated"
	widen    = "with_additional_permissions"
)

// offerWishes fits a command tool's description to what the thread lets it ask for.
func offerWishes(f *Function, o *SpecOptions) *Function {
	p := f.parameters()
	if !o.AllowLogin {
		delete(p, "login")
	}
	if !o.ExtraPermissions {
		delete(p, "additional_permissions")
		return f
	}
	p["sandbox_permissions"].Description += " " + widen + " runs in a sandbox that is wider for this one command."
	return f
}

// grantWishes puts what a call asks for into its command, or says why that is refused:
// verb is how the tool says that it cannot. What was granted before is not asked for
// again.
func (s *Set) grantWishes(t *Turn, w wish, cmd *command, verb string) error {
	cmd.reason, cmd.prefixRule, cmd.escalate = w.Justification, w.PrefixRule, w.Sandbox == escalate
	wider := w.Sandbox == widen || w.Extra != nil
	if wider || cmd.escalate {
		if text := t.asking().EscalationRefusal(verb); text != "" {
			return errors.New(text)
		}
	}
	if !wider {
		return nil
	}
	switch {
	case !s.ExtraPermissions:
		return fmt.Errorf("additional permissions are disabled; enable `features.exec_permission_approvals` before using `%s`", widen)
	case cmd.escalate:
		return fmt.Errorf("`additional_permissions` requires `sandbox_permissions` set to `%s`", widen)
	case w.Extra == nil:
		return fmt.Errorf("missing `additional_permissions`; provide at least one of `network` or `file_system` when using `%s`", widen)
	}
	extra := w.Extra.grant(func(p string) string { return s.resolve(cmd.cwd, p) })
	if extra.empty() {
		return errors.New("`additional_permissions` must include at least one requested permission in `network` or `file_system`")
	}
	if !s.standing(t).covers(extra) {
		cmd.extra = extra
	}
	return nil
}

// asking is the turn's approval policy.
func (t *Turn) asking() execpolicy.Asking {
	return execpolicy.Asking{Policy: t.Approval, Flags: t.Granular}
}
