package execpolicy

import "fmt"

// Verdict is what happens to a command.
type Verdict int

const (
	// Allow runs it.
	Allow Verdict = iota
	// Ask shows it to the user first.
	Ask
	// Forbid rejects it; Decision.Reason says why.
	Forbid
)

// Policies for approvals.
const (
	Untrusted = "untrusted"
	OnFailure = "on-failure"
	OnRequest = "on-request"
	Never     = "never"
	Granular  = "granular"
)

// Call is one shell command to judge.
type Call struct {
	Argv      []string
	Policy    string
	AskUser   bool // under granular: sandbox approvals may be asked for
	Sandboxed bool // it would run in a sandbox
	Escalate  bool // the model asks to run outside of it
	Display   string
}

// Decision is the verdict and what follows from it.
type Decision struct {
	Verdict     Verdict
	Unsandboxed bool     // runs outside the sandbox once allowed
	Reason      string   // for Forbid, as the model sees it
	Amendment   []string // the rule that would allow it from now on
}

// DebugName is how messages to the model spell a policy.
func DebugName(policy string) string {
	switch policy {
	case Untrusted:
		return "UnlessTrusted"
	case OnFailure:
		return "OnFailure"
	case OnRequest:
		return "OnRequest"
	case Never:
		return "Never"
	}
	return "Granular"
}

// EscalationRefusal is the answer to a request for escalation that the policy does not
// take, "" when it does (§8.2 step 1).
func EscalationRefusal(policy string) string {
	if policy == OnRequest {
		return ""
	}
	n := DebugName(policy)
	return fmt.Sprintf("approval policy is %s; reject command — you cannot ask for escalated permissions if the approval policy is %s", n, n)
}

// Decide judges by the heuristics of §8.2 step 4; rules come before it.
func Decide(c Call) Decision {
	cmds, ok := Split(c.Argv)
	if !ok {
		cmds = [][]string{c.Argv}
	}
	d := Decision{Unsandboxed: c.Escalate}
	for _, cmd := range cmds {
		v := one(c, cmd, ok)
		if v > d.Verdict {
			d.Verdict = v
		}
		if v == Ask && d.Amendment == nil {
			d.Amendment = cmd
		}
	}
	if d.Verdict == Ask && c.Policy == Granular && !c.AskUser {
		d.Verdict = Forbid
		d.Reason = "approval required by policy, but AskForApproval::Granular.sandbox_approval is false"
	} else if d.Verdict == Forbid {
		d.Reason = fmt.Sprintf("`%s` rejected: blocked by policy", c.Display)
	}
	return d
}

func one(c Call, cmd []string, plain bool) Verdict {
	if plain && Safe(cmd) && !c.Escalate {
		return Allow
	}
	if Dangerous(cmd) {
		if c.Policy != Never {
			return Ask
		}
		if c.Sandboxed {
			return Forbid
		}
		return Allow
	}
	switch c.Policy {
	case Untrusted:
		return Ask
	case OnRequest, Granular:
		if c.Escalate && c.Sandboxed {
			return Ask
		}
	}
	return Allow
}
