package config

import "maps"

// Requirements are what an administrator allows, as clients see it. A nil list allows
// everything.
type Requirements struct {
	ApprovalPolicies, Reviewers, SandboxModes, WebSearchModes []string
	// Features are switched on or off for good.
	Features map[string]bool
	// Permissions are the permission profiles that may be used.
	Permissions []string
	Network     *NetworkRequirements
	// Tree is the whole file, for what nothing here is made of. Callers must not change
	// it.
	Tree map[string]any
}

// public gives what is set, nil when nothing is.
func (r requirements) public() *Requirements {
	if !r.approval.set && !r.reviewers.set && !r.sandbox.set && !r.web.set && r.features == nil && len(r.tree) == 0 {
		return nil
	}
	return &Requirements{ApprovalPolicies: r.approval.values, Reviewers: r.reviewers.values, SandboxModes: r.sandbox.values, WebSearchModes: r.web.values, Features: maps.Clone(r.features),
		Permissions: r.permissions.values, Network: r.network, Tree: r.tree}
}
