package protocol

import (
	"encoding/json"

	"codex/pkg/policy"
)

// SandboxPolicyOf is the nearest sandbox mode of a permission profile as clients are told
// it.
func SandboxPolicyOf(l policy.Legacy) SandboxPolicy {
	switch l.Mode {
	case policy.ModeFullAccess:
		return SandboxPolicy{Type: SandboxPolicyDangerFullAccess}
	case policy.ModeExternal:
		return SandboxPolicy{Type: SandboxPolicyExternalSandbox, NetworkAccess: l.Network}
	case policy.ModeWorkspaceWrite:
		return SandboxPolicy{Type: SandboxPolicyWorkspaceWrite, WritableRoots: l.WritableRoots, NetworkAccess: l.Network,
			ExcludeTmpdirEnvVar: l.ExcludeTmpdir, ExcludeSlashTmp: l.ExcludeSlashTmp}
	}
	return SandboxPolicy{Type: SandboxPolicyReadOnly, NetworkAccess: l.Network}
}

// Profile is what the policy grants. An unknown Type grants nothing.
func (p SandboxPolicy) Profile() policy.Profile {
	switch p.Type {
	case SandboxPolicyDangerFullAccess:
		return policy.FullAccess()
	case SandboxPolicyExternalSandbox:
		return policy.Profile{Type: policy.External, Network: p.NetworkAccess}
	case SandboxPolicyWorkspaceWrite:
		return policy.WorkspaceWrite(policy.WriteOptions{WritableRoots: p.WritableRoots, Network: p.NetworkAccess,
			ExcludeTmpdir: p.ExcludeTmpdirEnvVar, ExcludeSlashTmp: p.ExcludeSlashTmp})
	case SandboxPolicyReadOnly:
		out := policy.ReadOnly()
		out.Network = p.NetworkAccess
		return out
	}
	return policy.Profile{Type: policy.Managed}
}

// PlainPermissions is for params whose permissions member is an object, as clients of the
// commit that we follow write it: {"type":"profile","id":"NAME"}. It gives them with the
// name alone, which 0.133 takes; false when there is no such member.
func PlainPermissions(params json.RawMessage) (json.RawMessage, bool) {
	var all map[string]json.RawMessage
	var profile struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	}
	if json.Unmarshal(params, &all) != nil || json.Unmarshal(all["permissions"], &profile) != nil || profile.Type != "profile" {
		return nil, false
	}
	id, err := json.Marshal(profile.ID)
	if err != nil {
		return nil, false
	}
	all["permissions"] = id
	out, err := json.Marshal(all)
	return out, err == nil
}
