package execpolicy

import "fmt"

// Policies for approvals.
const (
	Untrusted = "untrusted"
	OnFailure = "on-failure"
	OnRequest = "on-request"
	Never     = "never"
	Granular  = "granular"
)

// Asking is an approval policy. Flags count for Granular only: what may be asked; the
// rest is rejected without a question.
type Asking struct {
	Policy string
	Flags  Flags
}

// Flags are the members of a granular policy.
type Flags struct {
	SandboxApproval, Rules, SkillApproval, RequestPermissions, MCPElicitations bool
}

// DebugName is how messages to the model spell a policy.
func (a Asking) DebugName() string {
	switch a.Policy {
	case Untrusted:
		return "UnlessTrusted"
	case OnFailure:
		return "OnFailure"
	case OnRequest:
		return "OnRequest"
	case Never:
		return "Never"
	}
	f := a.Flags
	return fmt.Sprintf("Granular(GranularApprovalConfig { sandbox_approval: %t, rules: %t, skill_approval: %t, request_permissions: %t, mcp_elicitations: %t })",
		f.SandboxApproval, f.Rules, f.SkillApproval, f.RequestPermissions, f.MCPElicitations)
}

// EscalationRefusal is the answer to a request for escalation that the policy does not
// take, "" when it does. The tools have different words for
// cannot: verb is "cannot" or "should not".
func (a Asking) EscalationRefusal(verb string) string {
	if a.Policy == OnRequest {
		return ""
	}
	n := a.DebugName()
	return fmt.Sprintf("approval policy is %s; reject command — you %s ask for escalated permissions if the approval policy is %s", n, verb, n)
}

// refusal says why a question is not put, "" when it is. A question that a
// rule wants has a flag of its own.
func (a Asking) refusal(byRule bool) string {
	switch {
	case a.Policy == Never:
		return "approval required by policy, but AskForApproval is set to Never"
	case a.Policy == Granular && byRule && !a.Flags.Rules:
		return "approval required by policy rule, but AskForApproval::Granular.rules is false"
	case a.Policy == Granular && !byRule && !a.Flags.SandboxApproval:
		return "approval required by policy, but AskForApproval::Granular.sandbox_approval is false"
	}
	return ""
}
